"""Goals of issue 4, promises of requirements 4.1, and a page that shows the figures beside them."""

from __future__ import annotations

import math
from typing import Sequence

from .measure import Figure, Times

READ = 20.0
# Goal and promise of operations that have one of their own: p95 in ms, promise in ms, its words.
PATHS = (50.0, 100.0, "graph queries < 100 ms")
TASK = (5.0, 50.0, "task retrieval < 50 ms")
ENTRY = (10.0, 50.0, "namespace query < 50 ms")
SESSION = (10.0, 10.0, "session retrieval < 10 ms")
HYBRID = (20.0, 100.0, "hybrid search < 100 ms P95")
MEANING = (20.0, 500.0, "semantic search < 500 ms")
MEMORY = (20.0, 20.0, "memory retrieval < 20 ms")
METRICS = (20.0, 100.0, "metrics calculation < 100 ms")
SUMMARY = (20.0, 300.0, "recall, summary < 300 ms")
HYDE = (20.0, 200.0, "query generation < 200 ms")
OWN = {
    "graph.find_path": PATHS, "graph.find_all_paths": PATHS, "graph.find_weighted_path": PATHS, "graph.find_memory_path": PATHS,
    "prospective.get_task": TASK, "prospective.list_tasks": TASK, "prospective.get_pending_tasks": TASK, "swarm.task_get": TASK, "swarm.task_list": TASK,
    "entries.get_memory": ENTRY, "entries.search_memories": ENTRY, "entries.list_namespaces": ENTRY, "entries.resolve_key": ENTRY,
    "sessions.get_session": SESSION, "sessions.get_state": SESSION, "sessions.list_events": SESSION,
    "retrieval.hybrid_search": HYBRID, "retrieval.search": HYBRID, "documents.search_documents": HYBRID, "semantic.search": HYBRID, "semantic.recall": HYBRID,
    "retrieval.semantic_search": MEANING, "documents.semantic_search": MEANING, "semantic.get_memory": MEMORY, "episodic.get_event": MEMORY,
    "retrieval.retrieve": MEMORY, "retrieval.recall": SUMMARY, "retrieval.query_expansion": HYDE, "swarm.metric_query": METRICS,
}


def target(name: str) -> tuple[float, float, str]:
    """Goal and promise of an operation: p95 in ms, and where the promise is from."""
    if name in OWN:
        return OWN[name]
    if name.startswith("meta."):
        return METRICS
    if name.startswith("graph."):
        return READ, 100.0, "graph queries < 100 ms"
    return READ, 50.0, "P95 < 50 ms"


def holds(figure: Figure, bound: float) -> bool:
    return figure.value >= bound if figure.more_is_better else figure.value <= bound


def verdict(met: bool | None) -> str:
    return "" if met is None else "met" if met else "**missed**"


def spare(value: float, bound: float, more_is_better: bool = False) -> str:
    """How many times better than promised."""
    if math.isnan(value) or value <= 0:
        return ""
    factor = value / bound if more_is_better else bound / value
    return f"{factor:.1f}x" if factor < 100 else f"{factor:.0f}x"


def number(value: float) -> str:
    if math.isnan(value):
        return "none"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def figures(rows: Sequence[Figure]) -> list[str]:
    lines = ["| what | measured | goal | | promise (4.1) | to spare | |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        goal = "" if row.goal is None else f"{'>=' if row.more_is_better else '<='} {row.goal:g}"
        met = None if row.goal is None else holds(row, row.goal)
        factor = "" if row.promise is None else spare(row.value, row.promise, row.more_is_better)
        lines.append(f"| {row.what} | {number(row.value)} {row.unit} | {goal} | {verdict(met)} | {row.promised} | {factor} | {cell(row.note)} |")
    return lines


def operations(times: Sequence[Times], before: dict[str, Times]) -> list[str]:
    """A row an operation; `growth` is p95 with all data over p95 with a tenth of it."""
    lines = ["| operation | p50 | p95 | p99 | goal | | promise (4.1) | to spare | growth | errors |", "|---|---|---|---|---|---|---|---|---|---|"]
    for one in times:
        goal, promise, words = target(one.name)
        met = one.at(0.95) <= goal if one.took else False
        early = before.get(one.name)
        growth = f"{one.at(0.95) / early.at(0.95):.1f}x" if early and early.took and one.took else ""
        wrong = f"{sum(one.errors.values())} of {len(one.took) + sum(one.errors.values())}" if one.errors else ""
        lines.append(
            f"| `{one.name}` | {number(one.at(0.5))} | {number(one.at(0.95))} | {number(one.at(0.99))} | {goal:g} | {verdict(met)} | {words} | "
            f"{spare(one.at(0.95), promise)} | {growth} | {wrong} |"
        )
    return lines


def growth(times: Sequence[Times], before: dict[str, Times], memory: tuple[float, float, float], share: float) -> list[Figure]:
    """Whether time and memory grow slower than the data."""
    ratios = sorted(one.at(0.95) / before[one.name].at(0.95) for one in times if one.took and before.get(one.name, Times("")).took)
    empty, tenth, whole = memory
    data = 1 / share
    found = [Figure(f"resident memory of the data, {data:g} times as much", (whole - empty) / max(tenth - empty, 0.1), "times", data, note=f"{empty:.0f} MB empty, {tenth:.0f} MB, {whole:.0f} MB")]
    if ratios:
        found += [
            Figure(f"p95 of read operations, {data:g} times as much data, median", ratios[len(ratios) // 2], "times", data),
            Figure("the same, the operation that grows most", ratios[-1], "times", data),
            Figure("operations that grow as the data or faster", sum(ratio >= data for ratio in ratios), f"of {len(ratios)}", 0),
        ]
    return found


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def page(head: str, rows: Sequence[Figure], times: Sequence[Times], before: dict[str, Times], faults: Sequence[str]) -> str:
    missed = [one for one in times if not one.took or one.at(0.95) > target(one.name)[0]]
    missed.sort(key=lambda one: -(one.at(0.95) / target(one.name)[0]) if one.took else -math.inf)
    parts = ["# Performance of the layers", "", head, "", "## Goals and promises", "", *figures(rows), "", "## Read operations", ""]
    parts += [f"{len(times) - len(missed)} of {len(times)} meet their goal. Times are milliseconds at one client, over REST.", ""]
    if missed:
        parts += ["Missed, worst first: " + ", ".join(f"`{one.name}` ({number(one.at(0.95))})" for one in missed) + ".", ""]
    parts += operations(times, before)
    errors = [(one.name, text, count) for one in times for text, count in one.errors.most_common(3)]
    if errors or faults:
        parts += ["", "## What went wrong", ""]
        parts += [f"- while loading, {cell(fault[:500])}" for fault in faults]
        parts += [f"- `{name}`, {count} times: {cell(text)}" for name, text, count in errors]
    return "\n".join(parts) + "\n"
