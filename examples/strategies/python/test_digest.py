"""The rules by themselves: `python -m unittest`. The twins in Rust and JavaScript hold the same."""

import unittest
from typing import Any

from digest import digest


def event(id: int, minute: int, event_type: str, content: str) -> dict[str, Any]:
    return {
        "id": id,
        "timestamp": minute * 60_000,
        "event_type": event_type,
        "content": content,
        "session_id": "monday",
    }


class Digests(unittest.TestCase):
    def test_a_session_is_told_in_a_few_sentences(self) -> None:
        events = [
            event(1, 0, "decision", "Chose SQLite:  one file"),
            event(2, 4, "action", "Wrote the SQLite migration"),
            event(3, 9, "action", "Wrote the SQLite\nmigration"),
        ]
        found = digest(events, 2)
        assert found is not None
        self.assertEqual(
            found.content,
            "Session monday: 3 events in 9 minutes. Kinds: action 2, decision 1. Often: sqlite 3, migration 2. "
            "Said more than once: 1.\nFirst: Chose SQLite: one file\nLast: Wrote the SQLite migration",
        )
        self.assertEqual((found.topic, found.repeats, found.tags), ("monday", [[2, 3]], ["action", "decision"]))

    def test_words_are_told_apart_by_ascii_and_sorted_by_code_points(self) -> None:
        text = "\uff5ezebra \U0001f980crab \U0001f980crab-\uff5ezebra naïve Naïve"
        found = digest([event(1, 0, "action", text)], 3)
        assert found is not None
        self.assertIn("Often: naïve 2, \uff5ezebra 2, \U0001f980crab 2.", found.content)
        self.assertIsNone(digest([], 3))


if __name__ == "__main__":
    unittest.main()
