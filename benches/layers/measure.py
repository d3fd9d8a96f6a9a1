"""Times operations one by one, and what several clients do at once."""

from __future__ import annotations

import json
import math
import random
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Callable, Sequence

from .calls import arguments
from .host import Client, Host, Object
from .facts import NIGHTLY
from .load import MINDS, NIGHTLY_EVENTS
from .stored import Load, hash_of
from .texts import Texts
from .work import minds

WARM_UP = 3
LEAST = 5


@dataclass
class Times:
    """What the calls of one operation took, in milliseconds, and what went wrong."""

    name: str
    took: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, Object] = (0.0, {})
    answered: int = 0

    def at(self, share: float) -> float:
        """A percentile by nearest rank; not a number if nothing was measured."""
        if not self.took:
            return math.nan
        ordered = sorted(self.took)
        return ordered[min(math.ceil(share * len(ordered)), len(ordered)) - 1]

    @property
    def mean(self) -> float:
        return sum(self.took) / len(self.took) if self.took else math.nan


@dataclass
class Figure:
    """One figure that is not of a single read operation."""

    what: str
    value: float
    unit: str
    goal: float | None = None
    promise: float | None = None
    promised: str = ""
    more_is_better: bool = False
    note: str = ""


def timed(client: Client, times: Times, name: str, given: Object, *, keep: bool = True) -> None:
    """One call; an answer with an error counts as an error and its time is left out."""
    body, path = json.dumps(given).encode(), f"/tools/{name}"
    began = time.perf_counter()
    status, text = client.raw("POST", path, body)
    took = (time.perf_counter() - began) * 1000
    if status != 200:
        if keep:
            times.errors[f"{status} {text.decode(errors='replace')[:200]} for {json.dumps(given)[:150]}"] += 1
        return
    if keep:
        times.took.append(took)
        times.answered += len(text)
        if took > times.slowest[0]:
            times.slowest = (took, given)


def operation(host: Host, load: Load, described: Object, calls: int, seconds: float) -> Times:
    """Up to so many calls of one operation, fewer if they take longer than so many seconds."""
    name, client = str(described["name"]), host.client()
    times, words = Times(name), Texts(hash_of(f"{load.seed}:call:{name}"))
    made = [arguments(described, words, load.known, load.now) for _ in range(calls + WARM_UP)]
    end = time.monotonic() + seconds
    for number, given in enumerate(made):
        timed(client, times, name, given, keep=number >= WARM_UP)
        if time.monotonic() > end and number >= LEAST + WARM_UP:
            break
    return times


def reads(host: Host, load: Load, only: str, calls: int, seconds: float) -> list[Times]:
    """Every operation whose effect is `read` and whose name begins with `only`."""
    if not load.known["chunk"]:
        hits = host.call("documents.search_documents", query="parser of billing", limit=20).get("results", [])
        load.known["chunk"] = [hit["chunk"] for hit in hits]
    listed = [one for one in host.catalog() if one["effect"] == "read" and str(one["name"]).startswith(only)]
    done = []
    for number, one in enumerate(listed, 1):
        here = [str(each["name"]).startswith("working_memory.") for each in (listed[number - 2], one)]
        if here[1] and (number == 1 or not here[0]):  # what is held fades within minutes
            load.step("working memories", lambda: minds(load, MINDS))
        done.append(operation(host, load, one, calls, seconds))
        last = done[-1]
        wrong = f", {sum(last.errors.values())} errors: {next(iter(last.errors))}" if last.errors else ""
        print(f"  {number:>3}/{len(listed)} {last.name}: p95 {last.at(0.95):.1f} ms of {len(last.took)}{wrong}", file=sys.stderr, flush=True)
    return done


def repeated(host: Host, name: str, given: Callable[[int], Object], calls: int, seconds: float = 30.0) -> Times:
    """One operation again and again, arguments by number."""
    times, client, end = Times(name), host.client(), time.monotonic() + seconds
    for number in range(calls):
        timed(client, times, name, given(number))
        if time.monotonic() > end and number >= LEAST:
            break
    return times


def together(host: Host, clients: int, seconds: float, step: Callable[[Client, random.Random], tuple[int, bytes]]) -> tuple[float, int]:
    """Answers a second that so many clients get at once, and how many were errors."""
    counts, errors, end = [0] * clients, [0] * clients, time.monotonic() + seconds

    def work(number: int) -> None:
        client, chance = Client(host.address), random.Random(number)
        while time.monotonic() < end:
            status, _ = step(client, chance)
            counts[number] += status == 200
            errors[number] += status != 200

    began = time.monotonic()
    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - began), sum(errors)


def posted(client: Client, name: str, given: Object) -> tuple[int, bytes]:
    return client.raw("POST", f"/tools/{name}", json.dumps(given).encode())


def overhead(host: Host, calls: int) -> list[Figure]:
    """What the client and the doors cost: requests that do nothing."""
    client, health, mcp = host.client(), Times("health"), Times("mcp")
    for _ in range(calls):
        began = time.perf_counter()
        client.raw("GET", "/nothing")
        health.took.append((time.perf_counter() - began) * 1000)
    nothing = repeated(host, "planning.calculate_roi", lambda n: {"total_cost": 100, "expected_value": 200 + n}, calls)
    for number in range(calls):
        began = time.perf_counter()
        status, text = client.mcp("planning.calculate_roi", {"total_cost": 100, "expected_value": 200 + number})
        if status == 200 and b'"error"' not in text[:200]:
            mcp.took.append((time.perf_counter() - began) * 1000)
        else:
            mcp.errors[text.decode(errors="replace")[:200]] += 1
    return [
        Figure("overhead: a request for a page that is not there, p95", health.at(0.95), "ms", note="client and HTTP alone; in every figure"),
        Figure("overhead: an operation that reads nothing (planning.calculate_roi), p95", nothing.at(0.95), "ms", note=wrong(nothing)),
        Figure("the same over MCP, p95", mcp.at(0.95), "ms", None, 100, "MCP operation < 100 ms", note=wrong(mcp)),
    ]


def wrong(times: Times) -> str:
    return f"{sum(times.errors.values())} errors: {next(iter(times.errors))[:120]}" if times.errors else ""


def writes(host: Host, load: Load, calls: int) -> list[Figure]:
    """Durable writes, and what is derived of events."""
    words, known, now = Texts(hash_of(f"{load.seed}:writes:{time.time_ns()}")), load.known, load.now
    append = repeated(host, "sessions.append_event", lambda n: {"session_id": words.one(known["session"]), "event": {"actor": "user", "content": {"text": words.sentence()}}}, calls)
    remember = repeated(host, "remember", lambda n: {"content": f"{words.sentence()} ({words.codename()})"}, calls)
    event = repeated(host, "episodic.record_event", lambda n: {"content": words.sentence(), "session_id": "work-now", "namespace": "project:written"}, calls)
    task = repeated(host, "prospective.create_task", lambda n: {"content": words.sentence()}, calls)
    entry = repeated(host, "entries.add_memory", lambda n: {"namespace": "user:ada:written", "key": f"{words.codename()}-{n}", "value": words.sentence(), "memory_type": "semantic"}, calls)
    extract = repeated(host, "procedural.extract_procedures", lambda n: {"namespace": NIGHTLY, "lookback_days": 30, "dry_run": n > 0}, 5, 60)
    communities = repeated(host, "graph.detect_graph_communities", lambda n: {}, 5, 60)
    optimize = repeated(host, "semantic.optimize", lambda n: {"dry_run": True}, 3, 60)
    found = [
        Figure("session append, durable (sessions.append_event), p95", append.at(0.95), "ms", 10, 20, "session operations < 20 ms p99", note=wrong(append)),
        Figure("session append, p99", append.at(0.99), "ms", None, 20, "session operations < 20 ms p99"),
        Figure("remember, durable, p95", remember.at(0.95), "ms", None, 50, "memory operations < 50 ms p99", note=wrong(remember)),
        Figure("remember, p99", remember.at(0.99), "ms", None, 50, "memory operations < 50 ms p99"),
        Figure("episodic.record_event, p95", event.at(0.95), "ms", None, 50, "P95 < 50 ms", note=wrong(event)),
        Figure("prospective.create_task, p95", task.at(0.95), "ms", None, 50, "P95 < 50 ms", note=wrong(task)),
        Figure("entries.add_memory, p95", entry.at(0.95), "ms", None, 50, "memory operations < 50 ms p99", note=wrong(entry)),
        Figure(f"procedure extraction, {NIGHTLY_EVENTS:,} events (procedural.extract_procedures)", extract.at(1), "ms", 1_000, 5_000, "< 5 s for 1,000 events", note=wrong(extract)),
        Figure("communities of the whole graph (graph.detect_graph_communities)", communities.at(1), "ms", 1_000, 100, "graph queries < 100 ms", note=wrong(communities)),
        Figure("optimize (semantic.optimize over all memories, dry run)", optimize.at(1), "ms", None, 10_000, "< 10 s a run", note=wrong(optimize)),
    ]
    if "consolidation" in load.seconds:
        found.append(Figure(f"consolidation of {NIGHTLY_EVENTS:,} events (dual_process)", load.seconds["consolidation"] * 1000, "ms", None, 5_000, "2 to 5 s for 1,000 events"))
    return found


def several(host: Host, load: Load, seconds: float) -> list[Figure]:
    """Many clients at once."""
    known, now = load.known, load.now
    words = Texts(hash_of(f"{load.seed}:several"))
    questions = [words.question() for _ in range(200)]
    sentences = [f"{words.sentence()} ({words.codename()}, {time.time_ns()})" for _ in range(20_000)]

    def sessions(number: int) -> None:
        client = clients[number]
        status, text = posted(client, "sessions.get_session", {"session_id": known["session"][number % len(known["session"])]})
        if status != 200:
            errors.append(text.decode(errors="replace")[:200])

    clients, errors, best = [Client(host.address) for _ in range(50)], list[str](), math.inf
    for _ in range(3):
        threads = [threading.Thread(target=sessions, args=(number,)) for number in range(50)]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        best = min(best, (time.perf_counter() - began) * 1000) if not errors else math.nan

    def recall(client: Client, chance: random.Random) -> tuple[int, bytes]:
        return posted(client, "recall", {"query": chance.choice(questions)})

    def remember(client: Client, chance: random.Random) -> tuple[int, bytes]:
        return posted(client, "remember", {"content": f"{chance.choice(sentences)} {chance.random()}"})

    def mixed(client: Client, chance: random.Random) -> tuple[int, bytes]:
        """Six of ten read, four write."""
        kind = chance.randrange(10)
        if kind < 3:
            return recall(client, chance)
        if kind == 3:
            return posted(client, "prospective.get_task", {"task_id": chance.choice(known["task"])})
        if kind == 4:
            return posted(client, "graph.get_entity_neighbors", {"entity": chance.choice(known["relation_end"])})
        if kind == 5:
            return posted(client, "sessions.get_session", {"session_id": chance.choice(known["session"])})
        if kind < 8:
            return remember(client, chance)
        if kind == 8:
            return posted(client, "sessions.append_event", {"session_id": chance.choice(known["session"]), "event": {"content": chance.choice(sentences)}})
        return posted(client, "episodic.record_event", {"content": chance.choice(sentences), "namespace": "project:written"})

    rates = [(name, count, *together(host, count, seconds, step)) for name, count, step in (
        ("recall", 1, recall), ("remember", 1, remember), ("recall", 8, recall), ("remember", 8, remember), ("mixed", 8, mixed), ("mixed", 100, mixed))]
    promised = {"recall": (10, "recall > 10 a second"), "remember": (10, "remember > 10 a second"), "mixed": (5, "mixed > 5 a second")}
    found = [Figure("50 concurrent session reads", best, "ms", None, 1_000, "< 1 s", note="; ".join(errors[:1]))]
    for name, count, rate, failed in rates:
        promise, text = promised[name]
        if name == "mixed" and count == 100:
            promise, text = 50, "a node: 50 to 100 a second; 100 concurrent operations"
        found.append(Figure(f"{name}, {count} client{'s' if count > 1 else ''}", rate, "a second", None, promise, text, True, f"{failed} errors" if failed else ""))
    return found


def recovery(host: Host, load: Load) -> list[Figure]:
    """The process is killed while it writes, and started again."""
    words, stop = Texts(hash_of(f"{load.seed}:recovery")), threading.Event()

    def write() -> None:
        client = Client(host.address)
        while not stop.is_set():
            try:
                posted(client, "remember", {"content": f"{words.sentence()} ({words.codename()})"})
            except OSError:
                return
            except Exception as error:  # the connection breaks somewhere in the middle: that is what is wanted
                print(f"  the writer ended: {type(error).__name__}", file=sys.stderr)
                return

    thread = threading.Thread(target=write)
    thread.start()
    time.sleep(0.5)
    host.stop(crash=True)
    stop.set()
    thread.join()
    began = time.monotonic()
    host.start()
    answer = host.call("recall", query=words.question())
    took = time.monotonic() - began
    return [Figure("killed while writing: started again, first recall answered", took, "s", None, 30, "chaos recovery < 30 s", note="" if answer.get("hits") else "no hits")]


def over_all(times: Sequence[Times]) -> list[Figure]:
    """All measured calls of all read operations together."""
    every = Times("all", [one for operation in times for one in operation.took])
    analysis = Times("analysis", [one for operation in times if ".analyze_" in operation.name for one in operation.took])
    metrics = Times("metrics", [one for operation in times if operation.name.startswith("meta.") or "metric" in operation.name for one in operation.took])
    wrong_ones = sum(sum(one.errors.values()) for one in times)
    found = [
        Figure("all read calls, mean", every.mean, "ms", None, 500, "average < 500 ms"),
        Figure("all read calls, p50", every.at(0.5), "ms", None, 10, "P50 < 10 ms"),
        Figure("all read calls, p95", every.at(0.95), "ms", 20, 50, "P95 < 50 ms"),
        Figure("all read calls, p99", every.at(0.99), "ms", None, 100, "P99 < 100 ms; all queries in 48 h < 100 ms p99"),
        Figure("metrics calculation, p95 (meta.*, *metric*)", metrics.at(0.95), "ms", None, 100, "metrics calculation < 100 ms"),
        Figure("analysis, p95 (*.analyze_*)", analysis.at(0.95), "ms", None, 2_000, "analysis p95 < 2,000 ms"),
    ]
    found.append(Figure("errors in measured calls", wrong_ones, f"of {len(every.took) + wrong_ones}", 0))
    return found
