"""Stores what hangs on memories and work: notes, associations, conversations, automation."""

from __future__ import annotations

from typing import Any

from .stored import Load, id_of
from .texts import AREAS, CAUSES, PARTS, TOOLS, Texts

HOOKS = ("session_start", "session_end", "user_prompt_submit", "task_started", "task_completed", "error_occurred", "post_tool_use")
EVENTS = tuple(f"{area}.changed" for area in AREAS)
COMMANDS = ("cargo test", "cargo clippy", "git push", "psql", "terraform plan", "npm run build")
ROLES = ("user", "assistant", "assistant", "tool")


def notes(load: Load, count: int) -> None:
    words, begin = load.text("notes"), load.stored["notes"]
    made = [{"title": f"{words.pick(AREAS)} {words.pick(PARTS)} {number}", "text": words.paragraph(3), "tags": [words.pick(AREAS), words.one(TOOLS).lower()]}
            for number in range(begin, begin + count)]
    fresh = [id_of(answer) for answer in load.host.each(lambda one: load.host.call("notes.create_note", **one), made)]
    load.known["note"] += fresh
    for note in fresh:
        if note != (other := words.one(load.known["note"])):
            load.host.call("notes.link_notes", from_id=note, to_id=other)
    for note in fresh[::5]:
        load.host.call("notes.create_memory_version", memory_id=note, content=words.paragraph(3))
        load.host.call("notes.compute_memory_attributes", memory_id=note)
        load.known["versioned"].append(note)
    topics(load, words, fresh[::2])


def topics(load: Load, words: Texts, filed: list[Any]) -> None:
    """A tree of three levels, and notes filed in it."""
    if not load.known["topic"]:
        for area in AREAS[:8]:
            root = load.host.call("notes.create_hierarchical_index", label=area)["index_id"]
            below = [load.host.call("notes.create_hierarchical_index", label=part, parent_id=root)["index_id"] for part in PARTS[:5]]
            load.known["topic"] += [root, *below]
    for note in filed:
        load.host.call("notes.assign_memory_to_index", memory_id=note, index_id=words.one(load.known["topic"]))


def associations(load: Load, count: int) -> None:
    """Memories that were active together, some of them often; cues; what was primed last."""
    words, memories = load.text("associations"), load.known["memory"]
    often = memories[:: max(len(memories) // 200, 1)]
    made = [{"memory_ids": list({words.one(often), *(words.one(memories) for _ in range(4))}), "gap_ms": words.number(0, 30_000)} for _ in range(count // 10)]
    load.host.each(lambda one: load.host.call("associations.record_coactivation", **one), made, threads=4)
    load.known["linked_memory"] = often
    for area in AREAS:
        cue = id_of(load.host.call("associations.add_cue", text=area))
        load.host.call("associations.strengthen", from_id=cue, to_id=words.one(often))
    load.host.call("associations.prime", memory_ids=[words.one(often) for _ in range(10)])


def conversations(load: Load, count: int) -> None:
    words, begin = load.text("conversations"), load.stored["conversations"]
    for number in range(begin, begin + count):
        thread = load.host.call("conversations.start_new_conversation", title=words.sentence()[:100], key=f"thread-{number}", session_id=words.one(load.known["session"]),
                                context={"goal": words.question()}, namespace=f"project:{words.pick(AREAS)}")
        load.known["conversation"].append(id_of(thread))


def messages(load: Load, count: int) -> None:
    """One client a conversation at a time: each message takes the next position of its thread."""
    words, threads = load.text("messages"), load.known["conversation"]
    if not threads:
        raise KeyError("no conversations")
    made = [(threads[number % len(threads)], words.one(ROLES), words.paragraph(words.number(1, 4))) for number in range(count)]
    turns = [made[start : start + len(threads)] for start in range(0, len(made), len(threads))]
    for turn in turns:
        load.host.each(lambda one: load.host.call("conversations.add_message_to_conversation", conversation_id=one[0], role=one[1], content=one[2]), turn)
    for thread in threads[::4]:
        load.known["context"].append(id_of(load.host.call("conversations.create_context_snapshot", conversation_id=thread, note=words.sentence()[:80])))


def automation(load: Load, count: int) -> None:
    """Hooks and rules, and what fired; breakers with reported outcomes."""
    words, begin = load.text("automation"), load.stored["firings"]
    if begin == 0:
        register(load, words)
    made = [{"event_type": words.pick(EVENTS), "event_data": {"tool": words.one(COMMANDS), "exit_code": words.number(0, 1), "area": words.pick(AREAS), "cause": words.pick(CAUSES)}}
            for _ in range(count)]
    fired = load.host.each(lambda one: load.host.call("automation.trigger_automation_event", **one), made, threads=4)
    load.known["firing"] += [answer["firing"] for answer in fired if answer["firing"] is not None]
    for _ in range(count // 10):
        load.host.call("automation.report_outcome", component=words.one(load.known["guarded"]), ok=words.chance(0.9), execution_time_ms=words.number(1, 5_000))
        load.host.call("automation.optimize_post_tool_use", tool_name=words.one(COMMANDS), execution_time_ms=words.number(10, 60_000), tool_result=words.one(("success", "failure")))


def register(load: Load, words: Texts) -> None:
    for kind in HOOKS:
        for name in ("note", "gaps"):
            load.host.call("automation.register_hook", hook_type=kind, name=f"{kind} {name}", actions=[{"type": "note", "text": "{{tool}} ended with {{exit_code}}"}])
    for number, event in enumerate(EVENTS):
        for part in PARTS[:4]:
            load.host.call("automation.register_automation_rule", rule_name=f"{event} {part}", trigger_event=event, action={"type": "notify", "message": words.sentence()[:200]},
                           condition="exit_code != 0" if number % 2 else None)
        load.host.call("automation.register_workflow", workflow_name=f"release {event}", steps=[{"type": "note", "text": words.sentence()}])
    for component in AREAS[:12]:
        load.host.call("automation.configure_circuit_breaker", component=component, fallbacks=["cache", "nothing"])
        load.known["guarded"].append(component)
    load.host.call("automation.configure_rate_limiting", hook_type="post_tool_use", rate_limit=100_000)
