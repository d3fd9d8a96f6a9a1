"""Sentences of a software team's life, always the same for a seed: every word is drawn by weight, so that some are rare."""

from __future__ import annotations

import random
from bisect import bisect
from itertools import accumulate
from typing import Sequence, TypeVar

Item = TypeVar("Item")

AREAS = (
    "billing", "search", "checkout", "ingest", "gateway", "scheduler", "auth", "reports", "mobile", "sync", "storage", "mailer",
    "catalog", "pricing", "inventory", "exports", "webhooks", "dashboard", "queue", "cache", "importer", "invoices", "sessions", "metrics",
)
PARTS = (
    "parser", "cursor", "index", "retry loop", "token bucket", "migration", "schema", "worker pool", "lock", "journal", "client", "router",
    "template", "formatter", "validator", "planner", "snapshot", "stream", "buffer", "handshake", "timeout", "backoff", "pagination", "digest",
)
VERBS = (
    "fixed", "rewrote", "measured", "traced", "reviewed", "rolled back", "deployed", "split", "merged", "documented", "profiled", "renamed",
    "bisected", "tightened", "removed", "restored", "benchmarked", "verified",
)
CAUSES = (
    "a race between two writers", "an index that was never used", "a clock that went backwards", "a stale cache entry", "an off-by-one at midnight",
    "a certificate that had expired", "an unbounded queue", "a missing null check", "a query that read the whole table", "two retries at once",
    "a wrong time zone", "a truncated upload", "an N+1 query", "a leaked connection", "a flag nobody had switched on", "a float used for money",
)
EFFECTS = (
    "p95 fell from {a} to {b} ms", "memory went from {a} to {b} MB", "{b} of {a} tests failed", "the nightly job took {a} minutes", "{a} customers saw it",
    "throughput rose to {a} a second", "the error rate was {b} per mille", "nothing changed for {a} users",
)
PEOPLE = (
    "Ada", "Grace", "Hiro", "Greta", "Linus", "Mina", "Omar", "Petra", "Quentin", "Rosa", "Sven", "Tara", "Uli", "Vera", "Wei", "Yuki", "Zoe", "Noor",
)
PLACES = ("staging", "production", "the canary", "the Lisbon cluster", "the test bench", "the Oslo region", "a laptop", "the build farm")
TOOLS = ("SQLite", "Kafka", "nginx", "Terraform", "Rust", "Python", "Redis", "Grafana", "Postgres", "WebAssembly", "Kubernetes", "OpenTelemetry")
FOLDERS = ("src", "src/core", "src/http", "src/store", "tests", "scripts", "web/components", "web/pages", "infra", "tools")
ENDINGS = ("rs", "py", "ts", "sql", "md", "toml")
SYLLABLES = ("ka", "ro", "mi", "te", "lo", "va", "su", "ne", "di", "po", "ga", "shi", "ba", "rem", "tol", "qui", "zan", "fe")


class Texts:
    """A seeded source of words; Zipf-like, as words of a team are."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.weights: dict[int, list[float]] = {}

    def pick(self, words: tuple[str, ...]) -> str:
        """One of the words; the first are common, the last rare."""
        weights = self.weights.get(len(words))
        if weights is None:
            weights = list(accumulate(1 / (rank + 2) for rank in range(len(words))))
            self.weights[len(words)] = weights
        return words[min(bisect(weights, self.random.random() * weights[-1]), len(words) - 1)]

    def number(self, least: int, most: int) -> int:
        return self.random.randint(least, most)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def one(self, items: Sequence[Item]) -> Item:
        """One of the items, each as likely."""
        return items[int(self.random.random() * len(items))]

    def codename(self) -> str:
        """A rare word: one of some hundred thousand."""
        return "".join(self.one(SYLLABLES) for _ in range(4))

    def path(self) -> str:
        """One of some thousand file paths."""
        return f"{self.pick(FOLDERS)}/{self.pick(AREAS)}/{self.pick(PARTS).replace(' ', '_')}.{self.pick(ENDINGS)}"

    def symbol(self) -> str:
        return f"{self.pick(VERBS).split()[0]}_{self.pick(AREAS)}_{self.pick(PARTS).replace(' ', '_')}"

    def effect(self) -> str:
        most = self.number(20, 900)
        return self.pick(EFFECTS).format(a=most, b=self.number(1, most))

    def sentence(self) -> str:
        """What somebody did, why, and what came of it."""
        who, verb, area, part = self.one(PEOPLE), self.pick(VERBS), self.pick(AREAS), self.pick(PARTS)
        form = self.number(0, 5)
        if form == 0:
            return f"{who} {verb} the {part} of {area}: {self.pick(CAUSES)}; {self.effect()}."
        if form == 1:
            return f"In {self.pick(PLACES)} the {area} {part} stopped because of {self.pick(CAUSES)}, ticket {self.codename()}."
        if form == 2:
            return f"{who} {verb} {self.path()} so that the {part} works with {self.pick(TOOLS)}; {self.effect()}."
        if form == 3:
            return f"The {part} in {area} uses {self.pick(TOOLS)} since release {self.codename()}, decided by {who}."
        if form == 4:
            return f"{who} prefers {self.pick(TOOLS)} over {self.pick(TOOLS)} for the {area} {part} on {self.pick(PLACES)}."
        return f"When {self.pick(CAUSES)} hits {area}, {who} restarts the {part} and checks {self.pick(PLACES)}."

    def paragraph(self, sentences: int) -> str:
        return " ".join(self.sentence() for _ in range(sentences))

    def question(self) -> str:
        """What somebody may ask of these sentences."""
        form = self.number(0, 5)
        if form == 0:
            return f"why did the {self.pick(AREAS)} {self.pick(PARTS)} stop"
        if form == 1:
            return f"what did {self.one(PEOPLE)} do about {self.pick(CAUSES)}"
        if form == 2:
            return f"{self.pick(AREAS)} {self.pick(PARTS)} {self.pick(TOOLS)}"
        if form == 3:
            return f"who {self.pick(VERBS)} {self.path()}"
        if form == 4:
            return f"how do we handle {self.pick(CAUSES)} in {self.pick(PLACES)}"
        return f"ticket {self.codename()} {self.pick(AREAS)}"
