"""Consolidation in one run: preview, apply, evidence, shadow, pinned recalls, promotion while serving, replay, undo.

    python examples/consolidation.py [--binary PATH] [--data commits.jsonl] [--commits N]

Commits become episodes (of this repository, or of a JSONL file: commit, timestamp in seconds, subject, files), a session a
week. It starts a host of its own on a temporary folder, and works on the same folder by the command line, as an operator
would. Standard library only.
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

Object = dict[str, Any]
REPOSITORY = Path(__file__).resolve().parent.parent
WEEK = 7 * 86_400
BATCH = 500

FACTS = [
    ("Ada is allergic to peanuts and carries an adrenaline pen.", "Which food is dangerous for Ada?"),
    ("The staging database listens on port 5433.", "Which port does the staging database use?"),
    ("Production deployments are frozen from 20 December to 3 January.", "When are production deployments frozen?"),
    ("Invoices are sent on the first working day of the month.", "When do invoices go out?"),
    ("Passwords are hashed with Argon2id.", "How are passwords hashed?"),
    ("Customer data must not leave the European Union.", "Where may customer data be stored?"),
    ("The public API allows 600 requests a minute for each key.", "How many API requests are allowed?"),
    ("Greta moved from Oslo to Lisbon in the spring.", "Where does Greta live?"),
    ("The mobile app supports Android 12 and newer.", "Which Android versions are supported?"),
    ("Hiro drinks green tea in the morning.", "What does Hiro drink?"),
]

# What a commit does not tell: a decision, and how its change came to be released. (type, outcome, what)
WORK = [
    ("decision", "success", "Keep every memory in one SQLite file a space"),
    ("file_change", "success", "One file a space"),
    ("test_run", "success", "All tests of the store pass"),
    ("deployment", "success", "Version 2 is out"),
]

# Beside the bundled strategies: one that lets every fact fade at once, as a bad candidate would.
CONFIGURATION = """
[strategies.harsh]
source = "bundled:decay"
interfaces = ["store-read", "hints"]
reads = ["semantic.memories"]
writes = ["semantic.memories"]
settings = { retire_below = 1.0, interval_days = 0.0, most_share = 1.0, most_retired = 8, retention_days = { fact = 0 } }
"""


class Failed(Exception):
    """An expectation that did not hold."""


def expect(holds: bool, message: str) -> None:
    """Stops the run unless it holds."""
    if not holds:
        raise Failed(message)


def say(text: str) -> None:
    print(text, flush=True)


class Operator:
    """The command line on one data directory."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self.binary, self.folder = binary, folder
        (folder / "memstrata.toml").write_text(CONFIGURATION, encoding="utf-8")

    def command(self, *words: str) -> list[str]:
        return [str(self.binary), *words, "--config", str(self.folder / "memstrata.toml"), "--data", str(self.folder / "data")]

    def try_(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(*words), capture_output=True, text=True, check=False, timeout=900)

    def text(self, *words: str) -> str:
        done = self.try_(*words)
        expect(done.returncode == 0, f"`memstrata {' '.join(words)}` failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self.text(*words, "--json"))


class Server:
    """A serving host; its operations over REST."""

    def __init__(self, operator: Operator) -> None:
        command = operator.command("serve", "--bind", "127.0.0.1:0")
        self.log = (operator.folder / "serve.log").open("w+")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)

    def __enter__(self) -> Server:
        end = time.monotonic() + 180
        while time.monotonic() < end and self.process.poll() is None:
            printed = Path(self.log.name).read_text(encoding="utf-8")
            for line in printed.splitlines():
                if " serves http://" in line:
                    self.address = line.split(" serves http://")[1].split()[0].split("/")[0]
                    return self
            time.sleep(0.05)
        raise Failed(f"the host did not start:\n{Path(self.log.name).read_text(encoding='utf-8')}")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)
        self.log.close()

    def call(self, operation: str, **arguments: Any) -> Any:
        connection = http.client.HTTPConnection(self.address, timeout=300)
        connection.request("POST", f"/tools/{operation}", json.dumps(arguments), {"content-type": "application/json"})
        answer = connection.getresponse()
        body = json.loads(answer.read())
        expect(answer.status == 200, f"{operation}: {body}")
        return body

    def value(self, operation: str, **arguments: Any) -> Any:
        body = self.call(operation, **arguments)
        return body.get("value", body)


def own_commits() -> list[Object]:
    form = "%x1e%H%x1f%ct%x1f%s%x1f"
    done = subprocess.run(
        ["git", "-C", str(REPOSITORY), "log", "--reverse", "--name-only", f"--format={form}"],
        capture_output=True, text=True, check=True,
    )
    commits = []
    for entry in done.stdout.split("\x1e")[1:]:
        name, seconds, subject, files = entry.split("\x1f")
        commits.append({"commit": name, "timestamp": int(seconds), "subject": subject, "files": files.split()})
    return commits


def event(one: Object) -> Object:
    return {
        "content": one["subject"] or one["commit"],
        "event_type": "file_change",
        "timestamp": one["timestamp"] * 1000,
        "session_id": f"week:{one['timestamp'] // WEEK}",
        "git_commit": one["commit"],
        "files_changed": len(one["files"]),
        "context": {"files": one["files"][:1000]},
    }


def record(server: Server, commits: list[Object]) -> None:
    for start in range(0, len(commits), BATCH):
        answer = server.value("episodic.batch_record_events", events=[event(one) for one in commits[start : start + BATCH]])
        expect(answer["invalid"] == 0, f"events were refused: {answer['results'][:3]}")
    begin = commits[-1]["timestamp"] * 1000
    work = [
        {
            "content": what,
            "event_type": kind,
            "outcome": outcome,
            "timestamp": begin + nth * 60_000,
            "session_id": "work:release",
            "context": {"cwd": "/work", "files": ["store.rs"]},
        }
        for nth, (kind, outcome, what) in enumerate(WORK, start=1)
    ]
    answer = server.value("episodic.batch_record_events", events=work)
    expect(answer["invalid"] == 0, f"events were refused: {answer['results']}")
    say(f"  {len(commits)} commits are episodes, a session a week, and {len(work)} events of a release")


def pin_facts(server: Server, operator: Operator) -> None:
    for fact, question in FACTS:
        made = server.value("semantic.remember", content=fact)
        operator.text("pin", "add", question, "--finds", str(made["id"]))
    say(f"  {len(FACTS)} facts, each pinned to a question that finds it")


def preview_and_apply(server: Server, operator: Operator) -> Object:
    preview = operator.text("consolidate", "dual_process", "--dry-run")
    say("\n".join("  " + line for line in preview.splitlines()[:12]))
    say(f"  .. {len(preview.splitlines())} lines in all")
    run = operator.json("consolidate", "dual_process")
    expect(run["status"] == "done" and run["created"] > 0, f"the run: {run}")
    say(f"  applied as {run['run']}: {run['units']} units, {run['created']} new memories, {run['changed']} rows marked")
    found = None
    for memory in server.value("semantic.list_memories", limit=100)["memories"]:
        row = server.value("retrieval.retrieve", ids=[memory["id"]])["rows"][0]
        if row.get("sources"):
            found = row
            break
    expect(found is not None, "no memory with evidence is listed")
    assert found is not None
    answer = server.value("recall", query=found["text"], budget=2000)
    expect(any(hit["id"] == found["id"] for hit in answer["hits"]), f"recall does not find {found['ref']}")
    say(f"  recall finds {found['ref']}: {found['text'][:90]}")
    say(f"      it rests on {len(found['sources'])} rows, the first: {json.dumps(found['sources'][0])[:120]}")
    return run


def rows(operator: Operator, since: str) -> list[Object]:
    """What changed since, without what the host records of its own work."""
    told = operator.json("diff", since, "--limit", "100000")
    expect(not told["more"], "there are more differences than were asked for")
    return [change for change in told["changes"] if not change["collection"].startswith("host.")]


def demonstrate(server: Server, operator: Operator, commits: list[Object]) -> None:
    say("remember")
    record(server, commits)
    pin_facts(server, operator)
    time.sleep(0.01)
    before = str(int(time.time() * 1000))

    say("\nshadow: three strategies on one snapshot")
    say(operator.text("shadow", "temporal", "semantic_cluster"))
    expect(not rows(operator, before), "a shadow run changed rows")

    say("preview, then apply")
    run = preview_and_apply(server, operator)
    replayed = operator.text("replay", run["run"])
    say(f"  replay: {replayed.strip()}")

    say("\npromote while serving")
    calls, over = [0], threading.Event()

    def serve_on() -> None:
        while not over.is_set():
            server.value("recall", query=FACTS[calls[0] % len(FACTS)][1])
            calls[0] += 1

    thread = threading.Thread(target=serve_on)
    thread.start()
    try:
        promoted = operator.text("promote", "temporal", "--instead-of", run["run"])
    finally:
        over.set()
        thread.join()
    say("\n".join("  " + line for line in promoted.splitlines()))
    expect(server.value("host.strategies")["active"] == "temporal", "the serving host does not know of it")
    say(f"  {calls[0]} recalls were answered meanwhile, none failed")

    refused = operator.try_("promote", "harsh")
    expect(refused.returncode != 0 and "breaks a pinned recall" in refused.stdout + refused.stderr, f"harsh was not refused:\n{refused.stdout}{refused.stderr}")
    why = next(line for line in refused.stdout.splitlines() if "stays a candidate" in line)
    say(f"  a bad candidate: {why[:160]} ..")
    expect(not [pin for pin in operator.json("pin", "check") if not pin["holds"]], "a pinned recall does not hold")
    operator.text("promote", "--back")

    say("\nundo")
    changed = len(rows(operator, before))
    operator.text("undo", "--run", run["run"])
    left = rows(operator, before)
    expect(changed > 0 and not left, f"{len(left)} of {changed} rows are not as before: {left[:2]}")
    say(f"  {changed} rows had changed; after the undo none differs from before the run")
    say("  " + operator.text("verify").strip().splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=Path, default=REPOSITORY / "target/release/memstrata")
    parser.add_argument("--data", type=Path, help="commits as JSON lines; this repository's own if left out")
    parser.add_argument("--commits", type=int, help="only the newest N")
    asked = parser.parse_args()
    if not asked.binary.exists():
        print(f"{asked.binary} is not there; build it with `cargo build --release`", file=sys.stderr)
        return 2
    text = asked.data.read_text(encoding="utf-8") if asked.data else ""
    commits = [json.loads(line) for line in text.splitlines()] if asked.data else own_commits()
    with tempfile.TemporaryDirectory() as folder:
        operator = Operator(asked.binary.resolve(), Path(folder))
        try:
            with Server(operator) as server:
                demonstrate(server, operator, commits[-asked.commits :] if asked.commits else commits)
        except Failed as failed:
            print(f"FAILED: {failed}", file=sys.stderr)
            return 1
    say("\nall expectations held")
    return 0


if __name__ == "__main__":
    sys.exit(main())
