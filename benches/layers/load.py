"""Fills all layers of a host through its door; what it stores is the same for the same seed and scale."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Callable

from .host import Host, Object, Refused
from .texts import AREAS, CAUSES, PARTS, PEOPLE, PLACES, TOOLS, Texts

# Rows at scale 1, as issue 4 wants them; what it does not name is in a fair proportion.
EVENTS, MEMORIES, ENTITIES, RELATIONS = 100_000, 20_000, 5_000, 20_000
PROCEDURES, EXECUTIONS, CHUNKS = 1_000, 5_000, 5_000
TASKS, GOALS, QUEUED, AGENTS = 5_000, 200, 5_000, 40
SESSIONS, SESSION_EVENTS, ENTRIES = 300, 6_000, 5_000
PLANS, OUTCOMES, CHANGES, METRICS = 200, 500, 500, 2_000

DAY = 86_400_000
SPAN = 90 * DAY
SESSION_LENGTH = 20
CHUNKS_A_DOCUMENT = 8
# 1,000 events apart from the others: what extraction and consolidation are timed on.
NIGHTLY, NIGHTLY_EVENTS = "project:nightly", 1_000
KINDS = ("conversation", "action", "decision", "error", "success", "file_change", "test_run", "deployment", "refactoring", "debugging")
WORK = (("test_run", "failure"), ("debugging", "ongoing"), ("file_change", "success"), ("test_run", "success"), ("deployment", "success"))
ENTITY_KINDS = ("File", "Function", "Component", "Concept", "Person", "Decision", "Pattern", "Project")
RELATION_KINDS = ("depends_on", "contains", "implements", "tests", "relates_to", "caused_by", "resulted_in")
CATEGORIES = ("git", "refactoring", "debugging", "testing", "deployment", "architecture", "code_review", "performance", "security", "documentation")
SPECIALTIES = ("general", "coder", "tester", "writer", "reviewer")
DEEDS = ("Repair", "Release", "Measure", "Restore", "Review", "Migrate", "Trace", "Restart")


def say(text: str) -> None:
    """Progress, on stderr."""
    print(text, file=sys.stderr, flush=True)


class Load:
    """What has been stored so far; `fill` brings every kind to a share of its whole."""

    def __init__(self, host: Host, seed: int, scale: float, documents: Path, now: int) -> None:
        self.host, self.scale, self.documents, self.now = host, scale, documents, now
        self.known: dict[str, list[Any]] = defaultdict(list)
        self.seconds: dict[str, float] = defaultdict(float)
        self.stored: dict[str, int] = defaultdict(int)
        self.seed = seed
        self.faults: list[str] = []
        self.over: set[Any] = set()
        self.texts: dict[str, Texts] = {}

    def text(self, kind: str) -> Texts:
        """The words of one kind, so that no kind changes another's."""
        if kind not in self.texts:
            self.texts[kind] = Texts(hash_of(f"{self.seed}:{kind}"))
        return self.texts[kind]

    def fill(self, share: float) -> None:
        """Stores what is missing to `share` of the whole."""
        steps: list[tuple[str, int, Callable[[int], None]]] = [
            ("nightly events", NIGHTLY_EVENTS, self.nightly),
            ("document chunks", CHUNKS, self.chunks),
            ("events", EVENTS, self.events),
            ("memories", MEMORIES, self.memories),
            ("entities", ENTITIES, self.entities),
            ("relations", RELATIONS, self.relations),
            ("procedures", PROCEDURES, self.procedures),
            ("executions", EXECUTIONS, self.executions),
            ("goals", GOALS, self.goals),
            ("prospective tasks", TASKS, self.tasks),
            ("agents", AGENTS, self.agents),
            ("swarm tasks", QUEUED, self.queue),
            ("metrics", METRICS, self.metrics),
            ("sessions", SESSIONS, self.sessions),
            ("session events", SESSION_EVENTS, self.session_events),
            ("entries", ENTRIES, self.entries),
            ("plans", PLANS, self.plans),
            ("outcomes", OUTCOMES, self.outcomes),
            ("changes", CHANGES, self.changes),
            ("links of events", EVENTS // 200, self.links),
            ("working memories", 20, self.minds),
        ]
        for kind, whole, store in steps:
            wanted = whole if kind in ("nightly events", "working memories") else max(int(whole * self.scale * share), 4)
            missing = wanted - self.stored[kind]
            if missing <= 0:
                continue
            began = time.monotonic()
            self.step(kind, lambda: store(missing))
            self.stored[kind] = max(self.stored[kind], wanted)
            took = time.monotonic() - began
            self.seconds[kind] += took
            say(f"  {wanted:>7,} {kind}: {took:.1f} s, {missing / max(took, 1e-9):,.0f} a second")
        began = time.monotonic()
        self.step("what is derived", self.derive)
        say(f"  what is derived: {time.monotonic() - began:.1f} s")

    def step(self, kind: str, work: Callable[[], None]) -> None:
        """One kind; a refusal ends it, is told in the report, and does not keep the others from being measured."""
        try:
            work()
        except (Refused, KeyError, IndexError, TimeoutError) as error:
            self.faults.append(f"{kind}: {type(error).__name__} {error}")
            say(f"  {kind} FAILED: {error}")

    # events and memories

    def event(self, words: Texts, number: int) -> Object:
        """The event of this number: its session has a time and a place of its own, whatever was stored before."""
        session, place = divmod(number, SESSION_LENGTH)
        own = Texts(hash_of(f"{self.seed}:session:{session}"))
        begin = self.now - int(own.random.random() ** 1.5 * SPAN)
        area, person = own.pick(AREAS), own.one(PEOPLE)
        kind, outcome = WORK[place % len(WORK)] if own.chance(0.5) else (words.one(KINDS), words.one(("success", "failure", "partial", "ongoing")))
        path = words.path()
        event: Object = {
            "content": words.sentence(), "event_type": kind, "outcome": outcome, "session_id": f"work-{session:06}",
            "timestamp": begin - (SESSION_LENGTH - place) * words.number(20_000, 180_000), "namespace": f"project:{area}",
            "tags": [area, words.one(TOOLS).lower()], "confidence": round(0.5 + words.random.random() / 2, 2),
            "duration_ms": words.number(50, 600_000),
            "context": {"cwd": f"/work/{area}", "files": [path, words.path()], "task": f"{area} {person}", "phase": words.one(("plan", "build", "test"))},
        }
        if kind in ("file_change", "refactoring"):
            event |= {"file_path": path, "symbol_name": words.symbol(), "lines_added": words.number(1, 300), "lines_deleted": words.number(0, 200)}
        if kind == "test_run":
            event |= {"test_name": f"{words.pick(AREAS)}_{words.number(1, 400)}", "test_passed": outcome == "success", "file_path": path}
        if kind == "error":
            event |= {"error_type": words.one(("TimeoutError", "KeyError", "IOError", "Overflow", "Deadlock")), "file_path": path}
        return event

    def record(self, events: list[Object]) -> list[Any]:
        answer = self.host.call("episodic.batch_record_events", events=events)
        bad = [one for one in answer["results"] if one.get("status") == "invalid" or "id" not in one]
        if bad:
            raise ValueError(f"events were refused: {bad[:2]}")
        return [one["id"] for one in answer["results"]]

    def events(self, count: int) -> None:
        words, begin = self.text("events"), self.stored["events"]
        for start in range(begin, begin + count, 500):
            batch = [self.event(words, number) for number in range(start, min(start + 500, begin + count))]
            self.known["event"] += self.record(batch)
            self.known["file"] += [one["file_path"] for one in batch if "file_path" in one][:20]
            self.known["symbol"] += [one["symbol_name"] for one in batch if "symbol_name" in one][:10]
            self.known["work_session"] += sorted({one["session_id"] for one in batch})
            if start % 10_000 == 0 and start > begin:
                say(f"    {start:>7,} events")

    def nightly(self, count: int) -> None:
        """Chains that recur, so that there is something to extract."""
        words, events = self.text("nightly"), []
        for number in range(count):
            chain, place = divmod(number, len(WORK))
            kind, outcome = WORK[place]
            events.append({
                "content": f"{words.sentence()} (night {chain})", "event_type": kind, "outcome": outcome, "session_id": f"night-{chain}",
                "timestamp": self.now - 5 * DAY + number * 300_000 // 2, "namespace": NIGHTLY, "tags": [words.pick(AREAS)], "file_path": words.path(),
            })
        for start in range(0, count, 500):
            self.known["nightly"] += self.record(events[start : start + 500])

    def memories(self, count: int) -> None:
        words = self.text("memories")
        for start in range(0, count, 200):
            items = []
            for _ in range(min(200, count - start)):
                area = words.pick(AREAS)
                item: Object = {
                    "content": words.sentence() + (f" {words.sentence()}" if words.chance(0.3) else ""), "topic": area,
                    "memory_type": words.one(("fact", "pattern", "decision", "context")), "tags": [area, words.one(TOOLS).lower()],
                    "namespace": f"project:{area}" if words.chance(0.7) else f"user:{words.one(PEOPLE).lower()}:notes",
                    "confidence": round(0.4 + words.random.random() * 0.6, 2),
                }
                if words.chance(0.3) and self.known["event"]:
                    item["sources"] = [words.one(self.known["event"]) for _ in range(words.number(1, 3))]
                if words.chance(0.02) and self.known["memory"]:
                    item["supersedes"] = self.known["memory"].pop(words.number(0, len(self.known["memory"]) - 1))
                items.append(item)
            answer = self.host.call("semantic.remember_many", items=items)
            self.known["memory"] += ids_of(answer)

    # the graph

    def entities(self, count: int) -> None:
        words = self.text("entities")
        for start in range(0, count, 250):
            batch = []
            for _ in range(min(250, count - start)):
                kind, area = words.pick(ENTITY_KINDS), words.pick(AREAS)
                name = {"File": f"{words.path()[:-3]}_{words.codename()}.rs", "Function": f"{words.symbol()}_{words.codename()}"}.get(kind)
                entity: Object = {
                    "name": name or f"{area} {words.pick(PARTS)} {words.codename()}", "entity_type": kind, "description": words.sentence(),
                    "namespace": f"project:{area}",
                }
                if words.chance(0.3):
                    entity["observations"] = [words.sentence() for _ in range(words.number(1, 3))]
                batch.append(entity)
            answer = self.host.call("graph.create_entities", entities=batch, resolve=False)
            for entity, number in zip(batch, ids_of(answer), strict=True):
                self.known["entity"].append(number)
                self.known[f"entity in {entity['namespace']}"].append(number)
                if entity["entity_type"] in ("File", "Function"):
                    self.known["code_entity"].append(number)

    def relations(self, count: int) -> None:
        """Most stay within a project; entities that have many get more."""
        words, ends, pairs = self.text("relations"), self.known["relation_end"], self.known["relation_pair"]
        taken, batch = {tuple(pair) for pair in pairs}, []
        places = [self.known[f"entity in project:{area}"] for area in AREAS if len(self.known[f"entity in project:{area}"]) > 2] or [self.known["entity"]]
        for _ in range(count * 3):
            if len(batch) == count:
                break
            place = places[min(int(words.random.expovariate(0.15)), len(places) - 1)]
            origin = words.one(ends) if ends and words.chance(0.4) else words.one(place)
            target = words.one(place) if words.chance(0.85) else words.one(self.known["entity"])
            kind = words.pick(RELATION_KINDS)
            if origin == target or (origin, target, kind) in taken:
                continue
            taken.add((origin, target, kind))
            pairs.append((origin, target, kind))
            ends += [origin, target]
            batch.append({
                "from_entity": origin, "to_entity": target, "relation_type": kind, "strength": round(0.1 + 0.9 * words.random.random(), 2),
                "confidence": round(0.5 + words.random.random() / 2, 2),
            } | ({"valid_from": self.now - words.number(1, 90) * DAY} if words.chance(0.3) else {}))
        for start in range(0, len(batch), 500):
            answer = self.host.call("graph.create_relations", relations=batch[start : start + 500])
            self.known["relation"] += ids_of(answer)

    # procedures, tasks, goals

    def procedures(self, count: int) -> None:
        words, begin, made = self.text("procedures"), self.stored["procedures"], []
        for number in range(begin, begin + count):
            area, part = words.pick(AREAS), words.pick(PARTS)
            made.append({
                "name": f"{words.pick(DEEDS)} the {area} {part} {number}", "category": words.one(CATEGORIES), "description": words.sentence(),
                "trigger_pattern": f"{area} {part}|{words.pick(CAUSES)}", "applicable_contexts": [area, words.one(TOOLS).lower(), words.one(("rust", "python", "sql"))],
                "template": f"run {area}-{{{{mode}}}} on {{{{target}}}}", "parameters": [{"name": "mode", "type": "string", "default": "check"}, {"name": "target", "type": "string", "default": "staging"}],
                "steps": [words.sentence() for _ in range(words.number(2, 6))], "namespace": f"project:{area}",
            })
        answers = self.host.each(lambda one: self.host.call("procedural.create_procedure", **one), made)
        self.known["procedure"] += [id_of(answer) for answer in answers]

    def executions(self, count: int) -> None:
        words = self.text("executions")
        made = [{
            "procedure": words.one(self.known["procedure"]), "outcome": words.pick(("success", "failure", "partial")), "duration_ms": words.number(1_000, 4_000_000),
            "timestamp": self.now - words.number(0, SPAN), "learned": words.sentence(), "session_id": words.one(self.known["work_session"]),
        } for _ in range(count)]
        self.host.each(lambda one: self.host.call("procedural.record_execution", **one), made)

    def goals(self, count: int) -> None:
        words = self.text("goals")
        for _ in range(count):
            goal: Object = {
                "goal_text": words.sentence(), "priority": words.number(1, 10), "deadline": self.now + words.number(1, 120) * DAY,
                "criteria": [words.effect()], "resources": [words.one(PEOPLE)], "namespace": f"project:{words.pick(AREAS)}",
            }
            if self.known["goal"] and words.chance(0.5):
                goal |= {"parent_goal_id": words.one(self.known["goal"][-20:]), "goal_type": "subgoal"}
            self.known["goal"].append(id_of(self.host.call("prospective.set_goal", **goal)))

    def tasks(self, count: int) -> None:
        words, begin, known = self.text("tasks"), self.stored["prospective tasks"], self.known["task"]
        for start in range(begin, begin + count, 250):
            made = []
            for number in range(start, min(start + 250, begin + count)):
                area = words.pick(AREAS)
                task: Object = {
                    "content": words.sentence(), "key": f"task-{number}", "priority": words.one(("critical", "high", "medium", "low")),
                    "due_at": self.now + words.number(-10, 60) * DAY, "assignee": words.one(PEOPLE).lower(), "tags": [area], "namespace": f"project:{area}",
                    "estimated_minutes": words.number(5, 600), "goal_id": words.one(self.known["goal"]),
                }
                if known and words.chance(0.3):
                    task["depends_on"] = [words.one(known[-400:])]
                if words.chance(0.1):
                    task["triggers"] = [{"type": "file", "condition": {"file_pattern": f"src/{area}/**"}}]
                if words.chance(0.05):
                    task["triggers"] = [{"type": "time", "condition": {"due_at": self.now + words.number(2, 40) * DAY}}]
                made.append(task)
            answers = self.host.each(self.create_task, made)
            ids = [id_of(answer) for answer in answers]
            free = [number for number, task in zip(ids, made) if "depends_on" not in task and not planned(task)]
            self.host.each(lambda number: self.host.call("prospective.start_task", task_id=number), free[:100])
            self.host.each(lambda number: self.host.call("prospective.complete_task", task_id=number, actual_minutes=20 + number % 500), free[:70])
            self.host.each(lambda number: self.host.call("prospective.fail_task", task_id=number, reason="It was not needed any more."), free[70:75])
            known += ids

    def create_task(self, task: Object) -> Object:
        """Every eighth has a plan with steps, or milestones."""
        if planned(task):
            return self.host.call("prospective.create_task_with_planning", **task, steps=["look at it", "change it", "test it", "release it"])
        if int(str(task["key"]).split("-")[1]) % 8 == 4:
            return self.host.call("prospective.create_task_with_milestones", **task, milestones=["begun", "half done", "done"])
        return self.host.call("prospective.create_task", **task)

    # the swarm

    def agents(self, count: int) -> None:
        words, begin = self.text("agents"), self.stored["agents"]
        for number in range(begin, begin + count):
            answer = self.host.call("swarm.agent_register", name=f"{words.one(PEOPLE).lower()}-{number}", specialization=SPECIALTIES[number % len(SPECIALTIES)])
            self.known["agent"].append(id_of(answer))

    def queue(self, count: int) -> None:
        words, known = self.text("queue"), self.known["queued"]
        for start in range(0, count, 250):
            made = []
            for _ in range(min(250, count - start)):
                task: Object = {
                    "prompt": words.sentence(), "agent_type": words.one(SPECIALTIES), "priority": words.number(1, 10), "project_id": words.number(1, 10),
                    "estimated_minutes": words.number(5, 240), "resources": [words.path()],
                }
                if known and words.chance(0.3):
                    task["dependencies"] = [words.one([one for one in known[-400:] if one not in self.over])]
                made.append(task)
            known += [id_of(answer) for answer in self.host.each(lambda one: self.host.call("swarm.task_enqueue", **one), made)]
            for turn in range(len(made) // 3):
                self.work(words, self.known["agent"][turn % len(self.known["agent"])])
            for number in known[-len(made) :: 10]:
                self.host.call("swarm.checkpoint_save", task_id=number, iteration=1, state={"done": words.number(0, 9), "note": words.sentence()})
                self.host.call("swarm.state_set", task_id=number, key="phase", value=words.one(("plan", "build", "test")))
                self.known["checkpoint"].append(number)

    def work(self, words: Texts, agent: Any) -> None:
        """An agent takes a task and ends it, mostly well."""
        task = self.host.call("swarm.task_claim", agent_id=agent).get("task")
        if not task:
            return
        if words.chance(0.85):
            self.host.call("swarm.task_complete", task_id=task["id"], agent_id=agent, result_data={"note": words.sentence()})
        else:
            self.over.add(task["id"])
            self.host.call("swarm.task_fail", task_id=task["id"], agent_id=agent, error_message=f"{words.pick(CAUSES)} in {words.path()}", retryable=words.chance(0.5))

    def metrics(self, count: int) -> None:
        words = self.text("metrics")
        made = [{"metric_name": words.one(("tokens", "latency_ms", "cost", "queue_depth")), "value": words.number(1, 5_000), "labels": {"agent": words.one(PEOPLE).lower()},
                 "timestamp": self.now - words.number(0, 30 * DAY)} for _ in range(count)]
        self.host.each(lambda one: self.host.call("swarm.metric_record", **one), made)

    # sessions, entries, documents

    def sessions(self, count: int) -> None:
        words, begin = self.text("sessions"), self.stored["sessions"]
        for number in range(begin, begin + count):
            name = f"talk-{number:04}"
            self.host.call("sessions.create_session", session_id=name, app_name="coder", user_id=words.one(PEOPLE).lower(), project_id=words.pick(AREAS),
                           initial_state={"user:editor": words.one(("helix", "vim", "zed")), "session:topic": words.pick(PARTS)})
            self.known["session"].append(name)

    def session_events(self, count: int) -> None:
        words = self.text("session events")
        made = []
        for _ in range(count):
            event: Object = {"actor": words.one(("user", "agent:coder", "agent:tester", "system")), "event_type": words.one(("message", "action", "tool_call", "reflection")),
                             "content": {"text": words.sentence()}}
            if words.chance(0.1):
                event["state_delta"] = {f"session:{words.pick(PARTS).replace(' ', '_')}": words.number(1, 100)}
            made.append({"session_id": words.one(self.known["session"]), "event": event})
        self.host.each(lambda one: self.host.call("sessions.append_event", **one), made)

    def entries(self, count: int) -> None:
        words, begin, known = self.text("entries"), self.stored["entries"], self.known["entry"]
        for start in range(begin, begin + count, 100):
            batch = []
            for number in range(start, min(start + 100, begin + count)):
                place = words.one((f"user:{words.one(PEOPLE).lower()}:prefs", f"project:{words.pick(AREAS)}", "app:coder", f"session:{words.one(self.known['session'])}"))
                batch.append({"namespace": place, "key": f"{words.pick(PARTS).replace(' ', '-')}-{number}", "value": {"is": words.sentence(), "rank": words.number(1, 9)},
                              "memory_type": words.one(("semantic", "episodic", "procedural"))})
            self.host.call("entries.batch_create", memories=batch)
            known += [(one["namespace"], one["key"]) for one in batch]
            for namespace, key in known[start : start + len(batch) : 5]:
                self.host.call("entries.update_memory", namespace=namespace, key=key, value={"is": words.sentence()}, updated_by="agent:coder")

    def chunks(self, count: int) -> None:
        """A quarter of the documents are files of the granted folder, the others given texts."""
        words, begin, files = self.text("chunks"), len(self.known["page"]), 0
        for number in range(begin, begin + max(count // CHUNKS_A_DOCUMENT, 2)):
            sections = "\n\n".join(f"## {words.pick(PARTS)} of {words.pick(AREAS)}\n\n{words.paragraph(18)}" for _ in range(CHUNKS_A_DOCUMENT))
            name, body = f"{words.pick(AREAS)}/page-{number:04}.md", f"# {words.sentence()}\n\n{sections}\n"
            if number % 4 == 0:
                path = self.documents / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(body, encoding="utf-8")
                files += 1
            else:
                answer = self.host.call("documents.index_document", file_path=name, content=body, namespace=f"project:{name.split('/')[0]}")
                self.known["document"].append(id_of(answer))
            self.known["page"].append(("pages" if number % 4 == 0 else "", name))
        if files:
            self.follow(sum(folder == "pages" for folder, _ in self.known["page"]))

    def follow(self, files: int) -> None:
        """Follows the granted folder until all its files are indexed; the host may do the same meanwhile."""
        self.host.call("documents.watch_folder", folder="pages", namespace="project:pages")
        end = time.monotonic() + 900
        while time.monotonic() < end:
            status = self.host.call("documents.document_status", namespace="project:pages")
            if status["by_status"].get("synced", 0) >= files:
                return
            if not self.host.call("documents.sync_documents").get("more"):
                time.sleep(1)
        raise TimeoutError("the files of the granted folder are not indexed")

    # the rest

    def plans(self, count: int) -> None:
        words, begin = self.text("plans"), self.stored["plans"]
        for number in range(begin, begin + count):
            minutes = [words.number(10, 300) for _ in range(words.number(3, 9))]
            steps = [{"content": words.sentence(), "estimated_minutes": one, "depends_on": [place] if place else []} for place, one in enumerate(minutes)]
            answer = self.host.call("planning.create_plan", title=words.sentence()[:200], steps=steps, key=f"plan-{number}", domain=words.pick(AREAS),
                                    assumptions=[words.sentence()], acceptance_criteria=[words.effect()])
            self.known["plan"].append(id_of(answer))
            if number % 4 == 0:
                self.host.call("planning.create_validation_gate", task_id=self.known["plan"][-1], stakeholders=["ada"])
        for project in range(1, 6):
            for _ in range(2):
                self.host.call("planning.track_budget", project_id=project, total_budget=100_000, spent_amount=words.number(1_000, 90_000))

    def outcomes(self, count: int) -> None:
        words = self.text("outcomes")
        made = [{"description": words.sentence(), "estimated_minutes": words.number(10, 400), "actual_minutes": words.number(10, 600)} for _ in range(count)]
        self.host.each(lambda one: self.host.call("planning.record_outcome", **one), made)

    def changes(self, count: int) -> None:
        words, begin = self.text("changes"), self.stored["changes"]
        if begin == 0:
            for rank, area in enumerate(AREAS):
                self.host.call("safety.create_policy", name=f"care for {area}", pattern=f"deploy {area}|drop {area}", decision=words.one(("allow", "require_approval", "deny")), priority=rank + 1)
            for name in ("before", "after"):
                files = [{"path": words.path(), "content": words.paragraph(5)} for _ in range(100)]
                self.host.call("safety.create_code_snapshot", snapshot_name=name, files=list({one["path"]: one for one in files}.values()))
        for number in range(begin, begin + count):
            change = f"change-{number}"
            self.host.call("safety.evaluate_change_safety", change_type=words.one(("code", "config", "schema", "deployment")), change_description=words.sentence(),
                           affected_components=[words.pick(AREAS)], risk_level=words.one(("low", "medium", "high")), change_id=change)
            self.known["change"].append(change)
            if number % 3 == 0:
                self.host.call("safety.request_approval", change_id=change, change_type="code", description=words.sentence(), requested_by=words.one(PEOPLE).lower())
            if number % 5 == 0:
                self.host.call("safety.monitor_execution", execution_id=f"run-{number}", status="running", progress_percent=words.number(0, 99))

    def links(self, count: int) -> None:
        """Relations, metrics and places of events, sources, transfers."""
        words, events = self.text("links"), self.known["event"]
        for number in range(self.stored["links of events"], self.stored["links of events"] + count):
            first, second = words.one(events), words.one(events)
            if first != second:
                self.host.call("episodic.create_relation", from_event=first, to_event=second, relation_type=words.one(("caused", "related")))
                self.known["linked"].append(first)
            self.host.call("episodic.record_metric", event_id=first, name=words.one(("coverage", "duration", "score")), value=words.number(1, 100))
            self.host.call("episodic.build_spatial_hierarchy", file_path=words.one(self.known["file"]), symbols=[{"name": words.symbol()}])
            if number % 20 == 0:
                self.host.call("episodic.upsert_source", name=f"source-{number}", source_type="github", cursor=str(number))
                self.host.call("meta.record_transfer", from_project=words.pick(AREAS), to_project=words.pick(AREAS), item=words.one(self.known["memory"]))
                self.host.call("episodic.score_surprise", session_id=words.one(self.known["work_session"]))

    def minds(self, count: int) -> None:
        words = self.text("minds")
        for number in range(count):
            name = f"mind-{number}"
            for _ in range(6):
                answer = self.host.call("working_memory.add", content=words.sentence(), session_id=name, importance=1.0,
                                        content_type=words.one(("verbal", "goal", "action", "decision")))
                self.known["item"].append((name, id_of(answer)))
            for _ in range(3):
                self.host.call("working_memory.set_focus", memory_id=words.one(self.known["memory"]), session_id=name)
            self.host.call("working_memory.inhibit", memory_id=words.one(self.known["memory"]), session_id=name)
            self.known["mind"].append(name)

    def derive(self) -> None:
        """What the layers make of it: communities, a snapshot of health, a model, a consolidation run of the nightly events."""
        words = self.text("derive")
        self.host.call("graph.detect_graph_communities")
        self.known["community"] = [one["id"] for one in self.host.call("graph.list_communities", limit=50).get("communities", []) if "id" in one]
        self.host.call("meta.measure")
        self.host.call("planning.train_estimation_model")
        if not self.known["run"]:
            began = time.monotonic()
            run = self.host.call("host.consolidate", namespace=NIGHTLY)
            self.seconds["consolidation"] = time.monotonic() - began
            self.known["run"].append(run["run"])
            for memory in self.known["memory"][:5]:
                self.pin(memory)
        if not self.known["pattern"]:
            self.known["pattern"] = self.derived(self.known["run"][0])

    def derived(self, run: str) -> list[Any]:
        """Memories that a consolidation run made."""
        rows = self.host.call("consolidation.list_patterns", limit=50)
        found = [one for value in rows.values() if isinstance(value, list) for one in value if isinstance(one, dict) and "id" in one]
        if not found:
            raise KeyError(f"{run} made no memory: {str(rows)[:200]}")
        return [one["id"] for one in found]

    def pin(self, memory: Any) -> None:
        """Pins a memory to its own words, where recall finds it by them."""
        row = self.host.call("retrieval.retrieve", ids=[memory])["rows"][0]
        try:
            self.host.call("host.pin", question=str(row["text"])[:200], finds=memory, within=50)
        except Refused as refused:
            if "invalid.pin" not in refused.text:
                raise


def planned(task: Object) -> bool:
    """Whether a task gets a plan: such a one is not started before its plan is validated."""
    return int(str(task["key"]).split("-")[1]) % 8 == 0


def id_of(answer: Object) -> Any:
    """The id in an answer, at the top or in the row it tells."""
    if "id" in answer:
        return answer["id"]
    for value in answer.values():
        if isinstance(value, dict) and "id" in value:
            return value["id"]
    for name, value in answer.items():
        if name.endswith("_id") and isinstance(value, int):
            return value
    raise KeyError(f"no id in {str(answer)[:300]}")


def ids_of(answer: Object) -> list[Any]:
    """The ids of a batch, in its order."""
    if isinstance(answer.get("ids"), list):
        return list(answer["ids"])
    for value in answer.values():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return [id_of(one) for one in value]
    raise KeyError(f"no ids in {str(answer)[:300]}")


def hash_of(text: str) -> int:
    """A number of a text, the same in every process (Python's own hash is not)."""
    number = 0xCBF29CE484222325
    for byte in text.encode():
        number = (number ^ byte) * 0x100000001B3 % (1 << 64)
    return number
