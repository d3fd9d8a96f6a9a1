"""Stores what is to be done and who does it: procedures, tasks, goals, the swarm, sessions, plans, changes, working memory."""

from __future__ import annotations

from typing import Any

from .host import Object
from .stored import DAY, Load, id_of
from .texts import AREAS, CAUSES, PARTS, PEOPLE, TOOLS, Texts

SPAN = 90 * DAY
CATEGORIES = ("git", "refactoring", "debugging", "testing", "deployment", "architecture", "code_review", "performance", "security", "documentation")
SPECIALTIES = ("general", "coder", "tester", "writer", "reviewer")
DEEDS = ("Repair", "Release", "Measure", "Restore", "Review", "Migrate", "Trace", "Restart")


def procedures(load: Load, count: int) -> None:
    words, begin, made = load.text("procedures"), load.stored["procedures"], []
    for number in range(begin, begin + count):
        area, part = words.pick(AREAS), words.pick(PARTS)
        made.append({
            "name": f"{words.pick(DEEDS)} the {area} {part} {number}", "category": words.one(CATEGORIES), "description": words.sentence(),
            "trigger_pattern": f"{area} {part}|{words.pick(CAUSES)}", "applicable_contexts": [area, words.one(TOOLS).lower(), words.one(("rust", "python", "sql"))],
            "template": f"run {area}-{{{{mode}}}} on {{{{target}}}}", "parameters": [{"name": "mode", "type": "string", "default": "check"}, {"name": "target", "type": "string", "default": "staging"}],
            "steps": [words.sentence() for _ in range(words.number(2, 6))], "namespace": f"project:{area}",
        })
    answers = load.host.each(lambda one: load.host.call("procedural.create_procedure", **one), made)
    load.known["procedure"] += [id_of(answer) for answer in answers]


def executions(load: Load, count: int) -> None:
    words = load.text("executions")
    made = [{
        "procedure": words.one(load.known["procedure"]), "outcome": words.pick(("success", "failure", "partial")), "duration_ms": words.number(1_000, 4_000_000),
        "timestamp": load.now - words.number(0, SPAN), "learned": words.sentence(), "session_id": words.one(load.known["work_session"]),
    } for _ in range(count)]
    load.host.each(lambda one: load.host.call("procedural.record_execution", **one), made)


def goals(load: Load, count: int) -> None:
    words = load.text("goals")
    for _ in range(count):
        goal: Object = {
            "goal_text": words.sentence(), "priority": words.number(1, 10), "deadline": load.now + words.number(1, 120) * DAY,
            "criteria": [words.effect()], "resources": [words.one(PEOPLE)], "namespace": f"project:{words.pick(AREAS)}",
        }
        if load.known["goal"] and words.chance(0.5):
            goal |= {"parent_goal_id": words.one(load.known["goal"][-20:]), "goal_type": "subgoal"}
        load.known["goal"].append(id_of(load.host.call("prospective.set_goal", **goal)))


def tasks(load: Load, count: int) -> None:
    words, begin, known = load.text("tasks"), load.stored["prospective tasks"], load.known["task"]
    for start in range(begin, begin + count, 250):
        made = []
        for number in range(start, min(start + 250, begin + count)):
            area = words.pick(AREAS)
            task: Object = {
                "content": words.sentence(), "key": f"task-{number}", "priority": words.one(("critical", "high", "medium", "low")),
                "due_at": load.now + words.number(-10, 60) * DAY, "assignee": words.one(PEOPLE).lower(), "tags": [area], "namespace": f"project:{area}",
                "estimated_minutes": words.number(5, 600), "goal_id": words.one(load.known["goal"]),
            }
            if known and words.chance(0.3):
                task["depends_on"] = [words.one(known[-400:])]
            if words.chance(0.1):
                task["triggers"] = [{"type": "file", "condition": {"file_pattern": f"src/{area}/**"}}]
            if words.chance(0.05):
                task["triggers"] = [{"type": "time", "condition": {"due_at": load.now + words.number(2, 40) * DAY}}]
            made.append(task)
        answers = load.host.each(lambda one: create_task(load, one), made)
        ids = [id_of(answer) for answer in answers]
        free = [number for number, task in zip(ids, made) if "depends_on" not in task and not planned(task)]
        load.host.each(lambda number: load.host.call("prospective.start_task", task_id=number), free[:100])
        load.host.each(lambda number: load.host.call("prospective.complete_task", task_id=number, actual_minutes=20 + number % 500), free[:70])
        load.host.each(lambda number: load.host.call("prospective.fail_task", task_id=number, reason="It was not needed any more."), free[70:75])
        known += ids


def create_task(load: Load, task: Object) -> Object:
    """Every eighth has a plan with steps, or milestones."""
    if planned(task):
        return load.host.call("prospective.create_task_with_planning", **task, steps=["look at it", "change it", "test it", "release it"])
    if int(str(task["key"]).split("-")[1]) % 8 == 4:
        return load.host.call("prospective.create_task_with_milestones", **task, milestones=["begun", "half done", "done"])
    return load.host.call("prospective.create_task", **task)


def agents(load: Load, count: int) -> None:
    words, begin = load.text("agents"), load.stored["agents"]
    for number in range(begin, begin + count):
        answer = load.host.call("swarm.agent_register", name=f"{words.one(PEOPLE).lower()}-{number}", specialization=SPECIALTIES[number % len(SPECIALTIES)])
        load.known["agent"].append(id_of(answer))


def queue(load: Load, count: int) -> None:
    words, known = load.text("queue"), load.known["queued"]
    for start in range(0, count, 250):
        made = []
        for _ in range(min(250, count - start)):
            task: Object = {
                "prompt": words.sentence(), "agent_type": words.one(SPECIALTIES), "priority": words.number(1, 10), "project_id": words.number(1, 10),
                "estimated_minutes": words.number(5, 240), "resources": [words.path()],
            }
            if known and words.chance(0.3):
                task["dependencies"] = [words.one([one for one in known[-400:] if one not in load.over])]
            made.append(task)
        known += [id_of(answer) for answer in load.host.each(lambda one: load.host.call("swarm.task_enqueue", **one), made)]
        for turn in range(len(made) // 3):
            work(load, words, load.known["agent"][turn % len(load.known["agent"])])
        for number in known[-len(made) :: 10]:
            load.host.call("swarm.checkpoint_save", task_id=number, iteration=1, state={"done": words.number(0, 9), "note": words.sentence()})
            load.host.call("swarm.state_set", task_id=number, key="phase", value=words.one(("plan", "build", "test")))
            load.known["checkpoint"].append(number)


def work(load: Load, words: Texts, agent: Any) -> None:
    """An agent takes a task and ends it, mostly well."""
    task = load.host.call("swarm.task_claim", agent_id=agent).get("task")
    if not task:
        return
    if words.chance(0.85):
        load.host.call("swarm.task_complete", task_id=task["id"], agent_id=agent, result_data={"note": words.sentence()})
    else:
        load.over.add(task["id"])
        load.host.call("swarm.task_fail", task_id=task["id"], agent_id=agent, error_message=f"{words.pick(CAUSES)} in {words.path()}", retryable=words.chance(0.5))


def metrics(load: Load, count: int) -> None:
    words = load.text("metrics")
    made = [{"metric_name": words.one(("tokens", "latency_ms", "cost", "queue_depth")), "value": words.number(1, 5_000), "labels": {"agent": words.one(PEOPLE).lower()},
             "timestamp": load.now - words.number(0, 30 * DAY)} for _ in range(count)]
    load.host.each(lambda one: load.host.call("swarm.metric_record", **one), made)


def sessions(load: Load, count: int) -> None:
    words, begin = load.text("sessions"), load.stored["sessions"]
    for number in range(begin, begin + count):
        name = f"talk-{number:04}"
        load.host.call("sessions.create_session", session_id=name, app_name="coder", user_id=words.one(PEOPLE).lower(), project_id=words.pick(AREAS),
                       initial_state={"user:editor": words.one(("helix", "vim", "zed")), "session:topic": words.pick(PARTS)})
        load.known["session"].append(name)


def session_events(load: Load, count: int) -> None:
    words = load.text("session events")
    made = []
    for _ in range(count):
        event: Object = {"actor": words.one(("user", "agent:coder", "agent:tester", "system")), "event_type": words.one(("message", "action", "tool_call", "reflection")),
                         "content": {"text": words.sentence()}}
        if words.chance(0.1):
            event["state_delta"] = {f"session:{words.pick(PARTS).replace(' ', '_')}": words.number(1, 100)}
        made.append({"session_id": words.one(load.known["session"]), "event": event})
    load.host.each(lambda one: load.host.call("sessions.append_event", **one), made)


def plans(load: Load, count: int) -> None:
    words, begin = load.text("plans"), load.stored["plans"]
    for number in range(begin, begin + count):
        minutes = [words.number(10, 300) for _ in range(words.number(3, 9))]
        steps = [{"content": words.sentence(), "estimated_minutes": one, "depends_on": [place] if place else []} for place, one in enumerate(minutes)]
        answer = load.host.call("planning.create_plan", title=words.sentence()[:200], steps=steps, key=f"plan-{number}", domain=words.pick(AREAS),
                                assumptions=[words.sentence()], acceptance_criteria=[words.effect()])
        load.known["plan"].append(id_of(answer))
        if number % 4 == 0:
            load.host.call("planning.create_validation_gate", task_id=load.known["plan"][-1], stakeholders=["ada"])
    for project in range(1, 6):
        for _ in range(2):
            load.host.call("planning.track_budget", project_id=project, total_budget=100_000, spent_amount=words.number(1_000, 90_000))


def outcomes(load: Load, count: int) -> None:
    words = load.text("outcomes")
    made = [{"description": words.sentence(), "estimated_minutes": words.number(10, 400), "actual_minutes": words.number(10, 600)} for _ in range(count)]
    load.host.each(lambda one: load.host.call("planning.record_outcome", **one), made)


def changes(load: Load, count: int) -> None:
    words, begin = load.text("changes"), load.stored["changes"]
    if begin == 0:
        for rank, area in enumerate(AREAS):
            load.host.call("safety.create_policy", name=f"care for {area}", pattern=f"deploy {area}|drop {area}", decision=words.one(("allow", "require_approval", "deny")), priority=rank + 1)
        for name in ("before", "after"):
            files = [{"path": words.path(), "content": words.paragraph(5)} for _ in range(100)]
            load.host.call("safety.create_code_snapshot", snapshot_name=name, files=list({one["path"]: one for one in files}.values()))
    for number in range(begin, begin + count):
        change = f"change-{number}"
        load.host.call("safety.evaluate_change_safety", change_type=words.one(("code", "config", "schema", "deployment")), change_description=words.sentence(),
                       affected_components=[words.pick(AREAS)], risk_level=words.one(("low", "medium", "high")), change_id=change)
        load.known["change"].append(change)
        if number % 3 == 0:
            load.host.call("safety.request_approval", change_id=change, change_type="code", description=words.sentence(), requested_by=words.one(PEOPLE).lower())
        if number % 5 == 0:
            load.host.call("safety.monitor_execution", execution_id=f"run-{number}", status="running", progress_percent=words.number(0, 99))


def minds(load: Load, count: int) -> None:
    words = load.text("minds")
    load.known["item"], load.known["mind"] = [], []
    for number in range(count):
        name = f"mind-{number}"
        for _ in range(6):
            answer = load.host.call("working_memory.add", content=words.sentence(), session_id=name, importance=1.0,
                                    content_type=words.one(("verbal", "goal", "action", "decision")))
            load.known["item"].append((name, id_of(answer)))
        for _ in range(3):
            load.host.call("working_memory.set_focus", memory_id=words.one(load.known["memory"]), session_id=name)
        load.host.call("working_memory.inhibit", memory_id=words.one(load.known["memory"]), session_id=name)
        load.known["mind"].append(name)


def planned(task: Object) -> bool:
    """Whether a task gets a plan: such a one is not started before its plan is validated."""
    return int(str(task["key"]).split("-")[1]) % 8 == 0
