// The strategy `session_digest`: one memory a session, that says what happened in it. The rules are in digest.js.
import store from "memstrata:plugin/store-read@0.1.0";
import consolidation from "memstrata:plugin/consolidation@0.1.0";
import settings from "memstrata:plugin/settings@0.1.0";
import { digest } from "./digest.js";

const MANIFEST = {
  manifest: 1,
  name: "session_digest",
  version: "0.1.0",
  summary: "One memory a session: what happened in it, how often, and what was said twice.",
  imports: ["consolidation", "store-read", "settings"],
  reads: ["episodic.events", "semantic.memories"],
  writes: ["episodic.events", "semantic.memories"],
  settings: {
    type: "object",
    properties: {
      min_events: { type: "integer", minimum: 1, default: 2 },
      top_words: { type: "integer", minimum: 0, maximum: 20, default: 5 },
    },
    additionalProperties: false,
  },
  strategy: {
    collection: "episodic.events",
    filter: ["consolidation_status", "=", "unconsolidated"],
    units: { by: "field", field: "session_id", order: "timestamp" },
    max_rows: 200,
  },
};

export function manifest() {
  return JSON.stringify(MANIFEST);
}

// One unit of a consolidation. A fault of the host is thrown, `{ code, message, retryAfterMs }`: let it pass.
function propose(text) {
  const job = JSON.parse(text);
  const { min_events, top_words } = JSON.parse(settings.get());
  // A row that is gone since is no row.
  const rows = store.getMany(job.collection, job.ids).filter((row) => row !== null);
  const events = rows.map((row) => JSON.parse(row));
  const patch = new consolidation.Patch();
  patch.measure("events", events.length);
  if (events.length < min_events) return patch;
  const found = digest(events, top_words);
  const ids = events.map((event) => event.id);
  const reason = `they are one session of ${ids.length} events`;
  const known = knownMemory(found.topic, found.content);
  if (known !== undefined) {
    // Said already: it gains evidence. A second row of the same content would be refused.
    patch.link(`m:${known}`, ids, ids, reason);
  } else {
    const row = { content: found.content, memory_type: "pattern", topic: found.topic, tags: found.tags };
    patch.create("semantic.memories", JSON.stringify(row), ids, reason);
  }
  for (const group of found.repeats) {
    patch.flagConflict(group, "simple", "low", `the same was recorded ${group.length} times`);
  }
  patch.mark(ids, JSON.stringify({ consolidation_status: "consolidated" }));
  patch.measure("repeats", found.repeats.length);
  return patch;
}

// The id of the memory that says this already.
function knownMemory(topic, content) {
  // The host drops it with the instance, when the call ends.
  const query = new store.Query("semantic.memories");
  query.filter(JSON.stringify(["topic", "=", topic]));
  query.filter(JSON.stringify(["content", "=", content]));
  query.limit(1);
  return query.ids()[0];
}

export const proposing = { propose };
