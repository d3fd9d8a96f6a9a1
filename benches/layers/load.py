"""Fills all layers of a host through its door; what it stores is the same for the same seed and scale."""

from __future__ import annotations

import time
from typing import Any, Callable

from . import facts, repository, threads, work
from .facts import NIGHTLY
from .host import Refused
from .stored import Load, say

# Rows at scale 1, as issue 4 wants them; what it does not name is in a fair proportion.
EVENTS, MEMORIES, ENTITIES, RELATIONS = 100_000, 20_000, 5_000, 20_000
PROCEDURES, EXECUTIONS, CHUNKS = 1_000, 5_000, 5_000
TASKS, GOALS, QUEUED, AGENTS = 5_000, 200, 5_000, 40
SESSIONS, SESSION_EVENTS, ENTRIES = 300, 6_000, 5_000
PLANS, OUTCOMES, CHANGES, METRICS = 200, 500, 500, 2_000
NOTES, ASSOCIATIONS, CONVERSATIONS, MESSAGES, FIRINGS, SOURCES = 5_000, 20_000, 200, 5_000, 3_000, 600
# Apart from the others: what extraction and consolidation are timed on.
NIGHTLY_EVENTS = 1_000
# Working memories; they fade within minutes, so they are stored right before they are measured.
MINDS = 20


def fill(load: Load, share: float) -> None:
    """Stores what is missing to `share` of the whole."""
    steps: list[tuple[str, int, Callable[[Load, int], None]]] = [
        ("nightly events", NIGHTLY_EVENTS, facts.nightly),
        ("document chunks", CHUNKS, facts.chunks),
        ("events", EVENTS, facts.events),
        ("memories", MEMORIES, facts.memories),
        ("entities", ENTITIES, facts.entities),
        ("relations", RELATIONS, facts.relations),
        ("procedures", PROCEDURES, work.procedures),
        ("executions", EXECUTIONS, work.executions),
        ("goals", GOALS, work.goals),
        ("prospective tasks", TASKS, work.tasks),
        ("agents", AGENTS, work.agents),
        ("swarm tasks", QUEUED, work.queue),
        ("metrics", METRICS, work.metrics),
        ("sessions", SESSIONS, work.sessions),
        ("session events", SESSION_EVENTS, work.session_events),
        ("entries", ENTRIES, facts.entries),
        ("plans", PLANS, work.plans),
        ("outcomes", OUTCOMES, work.outcomes),
        ("changes", CHANGES, work.changes),
        ("links of events", EVENTS // 200, facts.links),
        ("notes", NOTES, threads.notes),
        ("associations", ASSOCIATIONS, threads.associations),
        ("conversations", CONVERSATIONS, threads.conversations),
        ("messages", MESSAGES, threads.messages),
        ("firings", FIRINGS, threads.automation),
        ("source files", SOURCES, repository.files),
    ]
    for kind, whole, store in steps:
        wanted = whole if kind == "nightly events" else max(int(whole * load.scale * share), 4)
        missing = wanted - load.stored[kind]
        if missing <= 0:
            continue
        began = time.monotonic()
        load.step(kind, lambda: store(load, missing))
        load.stored[kind] = max(load.stored[kind], wanted)
        took = time.monotonic() - began
        load.seconds[kind] += took
        say(f"  {wanted:>7,} {kind}: {took:.1f} s, {missing / max(took, 1e-9):,.0f} a second")
    derivations: list[tuple[str, Callable[[Load], None]]] = [
        ("communities", communities),
        ("a measure of the memory", measured),
        ("a model of estimates", lambda load: ignore(load.host.call("planning.train_estimation_model"))),
        ("a consolidation run", consolidate),
        ("what schedules keep", kept),
    ]
    for kind, make in derivations:
        began = time.monotonic()
        load.step(kind, lambda: make(load))
        say(f"          {kind}: {time.monotonic() - began:.1f} s")


def ignore(_: object) -> None:
    """An answer nobody needs."""


# What layers keep of a large space; the host calls these by itself, each minute to each ten.
KEEPERS = ["graph.keep_graph_figures", "episodic.index_lists", "episodic.keep_stats", "meta.keep_figures"]
ROUNDS = 500


def again(load: Load, operation: str, rounds: int = ROUNDS) -> None:
    """Calls an operation until it says that nothing is left."""
    for _ in range(rounds):
        answer = load.host.call(operation)
        if not answer.get("more") and not answer.get("computed") and answer.get("done") is not False:
            return


def measured(load: Load) -> None:
    """The first domains, as one minute of the schedule measures them; all would take hours of it."""
    again(load, "meta.measure", 1)
    again(load, "meta.measure_domains", 5)


def kept(load: Load) -> None:
    """As if the load had happened over hours: the schedules have run."""
    for operation in KEEPERS:
        again(load, operation)


def communities(load: Load) -> None:
    """The communities of the whole graph."""
    load.host.call("graph.detect_graph_communities")
    listed = load.host.call("graph.list_communities", limit=50).get("communities", [])
    load.known["community"] = [one["id"] for one in listed if "id" in one]


def consolidate(load: Load) -> None:
    """One run over the nightly events, and pinned recalls."""
    if load.known["run"]:
        return
    began = time.monotonic()
    run = load.host.call("host.consolidate", namespace=NIGHTLY)
    load.seconds["consolidation"] = time.monotonic() - began
    load.known["run"].append(run["run"])
    load.known["pattern"] = derived(load, run["run"])
    for memory in load.known["memory"][:5]:
        pin(load, memory)


def derived(load: Load, run: str) -> list[Any]:
    """Memories that a consolidation run made."""
    rows = load.host.call("consolidation.list_patterns", limit=50)
    found = [one for value in rows.values() if isinstance(value, list) for one in value if isinstance(one, dict) and "id" in one]
    if not found:
        raise KeyError(f"{run} made no memory: {str(rows)[:200]}")
    return [one["id"] for one in found]


def pin(load: Load, memory: Any) -> None:
    """Pins a memory to its own words, where recall finds it by them."""
    row = load.host.call("retrieval.retrieve", ids=[memory])["rows"][0]
    try:
        load.host.call("host.pin", question=str(row["text"])[:200], finds=memory, within=50)
    except Refused as refused:
        if "invalid.pin" not in refused.text:
            raise
