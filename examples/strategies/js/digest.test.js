// The rules by themselves: `npm test`. The twins in Rust and Python hold the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { digest } from "./digest.js";

function event(id, minute, event_type, content) {
  return { id, timestamp: minute * 60000, event_type, content, session_id: "monday" };
}

test("a session is told in a few sentences", () => {
  const found = digest(
    [
      event(1, 0, "decision", "Chose SQLite:  one file"),
      event(2, 4, "action", "Wrote the SQLite migration"),
      event(3, 9, "action", "Wrote the SQLite\nmigration"),
    ],
    2,
  );
  assert.equal(
    found.content,
    "Session monday: 3 events in 9 minutes. Kinds: action 2, decision 1. Often: sqlite 3, migration 2. " +
      "Said more than once: 1.\nFirst: Chose SQLite: one file\nLast: Wrote the SQLite migration",
  );
  assert.deepEqual([found.topic, found.repeats, found.tags], ["monday", [[2, 3]], ["action", "decision"]]);
});

test("words are told apart by ASCII and sorted by code points", () => {
  const found = digest([event(1, 0, "action", "\uff5ezebra \u{1f980}crab \u{1f980}crab-\uff5ezebra naïve Naïve")], 3);
  assert.ok(found.content.includes("Often: naïve 2, \uff5ezebra 2, \u{1f980}crab 2."), found.content);
  assert.equal(digest([], 3), null);
});
