"""The strategy `session_digest`: one memory a session, that says what happened in it. The rules are in digest.py."""

import json
from typing import Any, Optional

import wit_world
from wit_world import exports
from wit_world.imports import settings, store_read
from wit_world.imports.consolidation import Patch

from digest import digest

MANIFEST: dict[str, Any] = {
    "manifest": 1,
    "name": "session_digest",
    "version": "0.1.0",
    "summary": "One memory a session: what happened in it, how often, and what was said twice.",
    "imports": ["consolidation", "store-read", "settings"],
    "reads": ["episodic.events", "semantic.memories"],
    "writes": ["episodic.events", "semantic.memories"],
    "settings": {
        "type": "object",
        "properties": {
            "min_events": {"type": "integer", "minimum": 1, "default": 2},
            "top_words": {"type": "integer", "minimum": 0, "maximum": 20, "default": 5},
        },
        "additionalProperties": False,
    },
    "strategy": {
        "collection": "episodic.events",
        "filter": ["consolidation_status", "=", "unconsolidated"],
        "units": {"by": "field", "field": "session_id", "order": "timestamp"},
        "max_rows": 200,
    },
}


class WitWorld(wit_world.WitWorld):
    """The component's own export."""

    def manifest(self) -> str:
        return json.dumps(MANIFEST)


class Proposing(exports.Proposing):
    """The interface `proposing`. A fault of the host is raised, `Err(Fault(..))`: let it pass."""

    def propose(self, job: str) -> Patch:
        """One unit of a consolidation."""
        unit = json.loads(job)
        given = json.loads(settings.get())
        # A row that is gone since is no row.
        rows = store_read.get_many(unit["collection"], unit["ids"])
        events = [json.loads(row) for row in rows if row is not None]
        patch = Patch()
        patch.measure("events", len(events))
        found = digest(events, given["top_words"])
        if found is None or len(events) < given["min_events"]:
            return patch
        ids = [event["id"] for event in events]
        reason = f"they are one session of {len(ids)} events"
        known = known_memory(found.topic, found.content)
        if known is not None:
            # Said already: it gains evidence. A second row of the same content would be refused.
            patch.link(f"m:{known}", ids, ids, reason)
        else:
            row = {"content": found.content, "memory_type": "pattern", "topic": found.topic, "tags": found.tags}
            patch.create("semantic.memories", json.dumps(row), ids, reason)
        for group in found.repeats:
            patch.flag_conflict(group, "simple", "low", f"the same was recorded {len(group)} times")
        patch.mark(ids, json.dumps({"consolidation_status": "consolidated"}))
        patch.measure("repeats", len(found.repeats))
        return patch


def known_memory(topic: str, content: str) -> Optional[int]:
    """The id of the memory that says this already."""
    with store_read.Query("semantic.memories") as query:
        query.filter(json.dumps(["topic", "=", topic]))
        query.filter(json.dumps(["content", "=", content]))
        query.limit(1)
        return next(iter(query.ids()), None)
