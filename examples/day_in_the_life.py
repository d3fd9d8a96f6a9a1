"""A day of a coding agent, played over REST against a host of its own; then ten questions that need different layers.

    python examples/day_in_the_life.py [--binary PATH] [--commits N] [--write FILE]

The day is made of this repository: its commits become episodes, its pages documents; a task is worked on, a test fails, is
mended and passes. Each question has an expectation; `--write` keeps questions, answers and evidence as Markdown. Standard
library only.
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

Object = dict[str, Any]
REPOSITORY = Path(__file__).resolve().parent.parent
HOUR = 3_600_000
SESSION = "day-1"


class Failed(Exception):
    """An expectation that did not hold."""


class Host:
    """A serving host that may read this repository's pages."""

    def __init__(self, binary: Path, folder: Path) -> None:
        pages = json.dumps(str(REPOSITORY / "docs"))
        (folder / "memstrata.toml").write_text(f"[layers.documents]\nfolders = {{ pages = {pages} }}\n", encoding="utf-8")
        command = [str(binary), "--config", str(folder / "memstrata.toml"), "--data", str(folder / "data"), "serve", "--bind", "127.0.0.1:0"]
        self.log = (folder / "serve.log").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(command, stderr=self.log)

    def __enter__(self) -> Host:
        end = time.monotonic() + 300
        while time.monotonic() < end and self.process.poll() is None:
            for line in Path(self.log.name).read_text(encoding="utf-8").splitlines():
                if " serves http://" in line:
                    address = line.split(" serves http://")[1].split("/")[0]
                    self.http = http.client.HTTPConnection(address, timeout=120)
                    return self
            time.sleep(0.05)
        raise Failed("the host did not start:\n" + Path(self.log.name).read_text(encoding="utf-8"))

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)

    def call(self, operation: str, **arguments: Any) -> Object:
        """One operation; a refusal ends the day."""
        self.http.request("POST", f"/tools/{operation}", json.dumps(arguments), {"Content-Type": "application/json"})
        response = self.http.getresponse()
        text = response.read().decode()
        if response.status != 200:
            raise Failed(f"{operation} answered {response.status}: {text[:500]}")
        return dict(json.loads(text))


def commits(count: int) -> list[Object]:
    """This repository's last commits, oldest first."""
    log = ["git", "-C", str(REPOSITORY), "log", f"-{count}", "--reverse", "--no-merges", "--name-only", "--format=%x1e%H%x1f%ct%x1f%s%x1f"]
    done = subprocess.run(log, capture_output=True, text=True, check=True)
    found = []
    for record in done.stdout.split("\x1e")[1:]:
        digest, seconds, subject, files = record.split("\x1f")
        found.append({"hash": digest, "time": int(seconds) * 1000, "subject": subject, "files": files.split()[:50]})
    return found


def live(host: Host, count: int) -> Object:
    """The day; answers the ids the questions look for."""
    now = int(time.time() * 1000)
    history = commits(count)
    for commit in history:
        host.call("episodic.record_git_commit", commit_hash=commit["hash"], commit_message=commit["subject"],
                  changed_files=commit["files"], timestamp=commit["time"], session_id="history")
    host.call("documents.watch_folder", folder="pages", namespace="project:memstrata")
    while host.call("documents.sync_documents")["more"]:
        pass

    host.call("sessions.create_session", session_id=SESSION, app_name="coder", user_id="ada", project_id="memstrata",
              initial_state={"user:editor": "helix", "temp:branch": "undo-names"})
    for actor, words in [("user", "Undo should name the run that stands in its way."), ("agent:coder", "I look at how undo refuses.")]:
        host.call("sessions.append_event", session_id=SESSION, event={"actor": actor, "event_type": "message", "content": {"text": words}})
    host.call("entries.add_memory", namespace="user:ada", key="review", value={"wants": "small commits with a reason"},
              memory_type="semantic", created_by="agent:coder")

    first = host.call("prospective.create_task_with_milestones", content="Undo names the run in its way", priority="high",
                      estimated_minutes=90, milestones=["a failing test", "the change", "the page"])["id"]
    second = host.call("prospective.create_task", content="Release notes for undo", priority="low", depends_on=[first])["id"]
    host.call("prospective.start_task", task_id=first)
    host.call("working_memory.update_working_memory", content="undo must name the run", content_type="goal", importance=0.9, session_id=SESSION)

    procedure = host.call("procedural.create_procedure", name="mend a failing test", category="testing",
                          description="Read the failure, find the rule, change it, run the test again",
                          trigger_pattern="a test fails", steps=["read the failure", "change the rule", "run the test"])["id"]
    steps = [
        ("error", "failure", "undo_names_the_run fails: the message has no run", 6, {"test_name": "undo_names_the_run", "test_passed": False}),
        ("debugging", "ongoing", "The journal row has the run, the fault drops it", 5, {"file_path": "host/kernel/src/manage.rs"}),
        ("file_change", "success", "The fault carries the run's name", 4, {"file_path": "host/kernel/src/manage.rs"}),
        ("test_run", "success", "undo_names_the_run passes", 3, {"test_name": "undo_names_the_run", "test_passed": True}),
    ]
    events = [host.call("episodic.record_event", content=content, event_type=kind, outcome=outcome, session_id=SESSION,
                        timestamp=now - hours * HOUR // 10, **more)["id"] for kind, outcome, content, hours, more in steps]
    host.call("procedural.record_execution", procedure=procedure, outcome="success", duration_ms=3 * HOUR // 10, session_id=SESSION,
              learned="The fault is made one floor below the message")
    decision = host.call("remember", content="Undo answers with the run's name, and never undoes a run in part.", memory_type="decision",
                         tags=["undo"], sources=events)["id"]
    for name, kind in [("undo", "Concept"), ("manage.rs", "File"), ("journal", "Component"), ("runs", "Component")]:
        host.call("graph.create_entity", name=name, entity_type=kind)
    for origin, target, kind in [("undo", "manage.rs", "implements"), ("manage.rs", "journal", "depends_on"), ("journal", "runs", "contains")]:
        host.call("graph.create_relation", from_entity=origin, to_entity=target, relation_type=kind)
    host.call("prospective.complete_task", task_id=first, actual_minutes=75)
    host.call("sessions.terminate_session", session_id=SESSION)
    return {"first": first, "second": second, "events": events, "decision": decision, "procedure": procedure, "commits": history}


def brief(value: Any, width: int = 220) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 1] + "…"


def ask(host: Host, day: Object) -> list[tuple[str, str, str, str]]:
    """Ten questions: what is asked, of which operation, the answer, its evidence."""
    asked: list[tuple[str, str, str, str]] = []

    def note(question: str, operation: str, answer: Any, evidence: Any, holds: bool) -> None:
        asked.append((question, operation, brief(answer), brief(evidence)))
        print(f"{len(asked):2}. {question}\n    {operation}: {brief(answer, 110)}\n    evidence: {brief(evidence, 110)}", flush=True)
        if not holds:
            raise Failed(f"question {len(asked)}: the answer is not what the day says")

    hits = host.call("recall", query="what did we decide about undo", budget=600)["hits"]
    top = next((hit for hit in hits if hit["id"] == day["decision"]), None)
    note("What did we decide about undo?", "retrieval.recall", top and top.get("text", top), f"m:{day['decision']}, from events {day['events']}", top is not None)

    failed = host.call("episodic.events_by_type", event_type="error")["events"]
    note("Which test failed today?", "episodic.events_by_type", [event.get("content") for event in failed], [event["id"] for event in failed],
         any(event["id"] == day["events"][0] for event in failed))

    session = host.call("episodic.recall_events_by_session", session_id=SESSION)["events"]
    note("What happened in that session, in order?", "episodic.recall_events_by_session", [event.get("content") for event in session],
         [event["id"] for event in session], [event["id"] for event in session] == day["events"])

    effective = host.call("procedural.get_procedure_effectiveness", procedure="mend a failing test")
    note("Does our way to mend a failing test work?", "procedural.get_procedure_effectiveness", effective, f"m:{day['procedure']}, its executions",
         "1" in json.dumps(effective))

    pending = host.call("prospective.get_pending_tasks")["tasks"]
    note("What is left to do?", "prospective.get_pending_tasks", [task["content"] for task in pending], [task["id"] for task in pending],
         [task["id"] for task in pending] == [day["second"]])

    path = host.call("graph.find_path", from_entity="undo", to_entity="runs")
    note("How is undo connected with runs?", "graph.find_path", path, "graph.relations", "journal" in json.dumps(path))

    found = host.call("documents.search_documents", query="when is an undo refused", limit=2, namespace="project:memstrata")["results"]
    note("Where is it written when an undo is refused?", "documents.search_documents",
         [f"{hit['file_path']}:{hit['first_line']}: {hit['snippet']}" for hit in found], [hit["chunk"] for hit in found], bool(found))

    wants = host.call("entries.get_memory", namespace="user:ada", key="review")["memory"]
    note("How does Ada like her reviews?", "entries.get_memory", wants["value"], f"m:{wants['id']}, version {wants['version']}", "small commits" in json.dumps(wants))

    talk = host.call("sessions.get_session", session_id=SESSION)["session"]
    note("What did Ada ask for, word for word?", "sessions.get_session", [event.get("content") for event in talk["events"]], f"session {SESSION}, {talk.get('status', '')}",
         "stands in its way" in json.dumps(talk))

    subject = day["commits"][-1]["subject"]
    last = host.call("episodic.recall_events", query=subject, limit=3)["events"]
    note("What was committed last, and which files did it touch?", "episodic.recall_events", [event.get("content") for event in last][:1], [event["id"] for event in last],
         any(subject[:40] in json.dumps(event, ensure_ascii=False) for event in last))
    return asked


def written(asked: list[tuple[str, str, str, str]], count: int) -> str:
    head = (
        "# A day in the life\n\nWritten by `python examples/day_in_the_life.py --write docs/day-in-the-life.md`: a coding agent's day on this repository\n"
        f"({count} commits as episodes, the pages under docs/ as documents, a task, a failing and a mended test), then ten questions that need\ndifferent layers. "
        "Ids are of that run.\n"
    )
    parts = [f"\n## {number}. {question}\n\n`{operation}`\n\n> {answer}\n\nEvidence: {evidence}\n"
             for number, (question, operation, answer, evidence) in enumerate(asked, 1)]
    return head + "".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description="a day of a coding agent, and ten questions")
    parser.add_argument("--binary", type=Path, default=REPOSITORY / "target" / "release" / "memstrata", help="the program")
    parser.add_argument("--commits", type=int, default=60, help="commits of this repository to remember")
    parser.add_argument("--write", type=Path, help="a Markdown file for questions and answers")
    options = parser.parse_args()
    if not options.binary.is_file():
        parser.error(f"`{options.binary}` is no file: run `cargo build --release`, or name the program with --binary")
    try:
        with tempfile.TemporaryDirectory(prefix="memstrata-day-") as folder, Host(options.binary.resolve(), Path(folder)) as host:
            day = live(host, options.commits)
            asked = ask(host, day)
    except Failed as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    if options.write:
        options.write.write_text(written(asked, len(day["commits"])), encoding="utf-8")
    print("ok: ten questions, ten answers with their evidence")
    return 0


if __name__ == "__main__":
    sys.exit(main())
