// A layer in JavaScript: notes, written and read. The Python twin in ../python answers the same.
import store from "memstrata:plugin/store-read@0.1.0";
import staging from "memstrata:plugin/store-write@0.1.0";
import clock from "memstrata:plugin/clock@0.1.0";

const NOTE = {
  type: "object",
  properties: { id: { type: "integer" }, text: { type: "string" }, noted_at: { type: "integer" } },
  required: ["id", "text", "noted_at"],
  additionalProperties: false,
};

const MANIFEST = {
  manifest: 1,
  name: "notebook_js",
  version: "0.1.0",
  summary: "Notes, written and read by a component in JavaScript.",
  imports: ["store-read", "store-write", "clock"],
  collections: {
    notes: {
      summary: "One note a row.",
      fields: {
        text: { type: "text", required: true, search: true },
        noted_at: { type: "time", required: true },
      },
      recall: { text: "text", time: "noted_at" },
    },
  },
  operations: {
    write: {
      summary: "Writes a note.",
      effect: "write",
      input: {
        type: "object",
        properties: { text: { type: "string", minLength: 1, maxLength: 2000, description: "The note." } },
        required: ["text"],
        additionalProperties: false,
      },
      output: NOTE,
      examples: [{ arguments: { text: "tea at four" } }],
    },
    read: {
      summary: "Reads the newest notes that contain a word.",
      effect: "read",
      input: {
        type: "object",
        properties: {
          word: { type: "string", default: "", description: "All notes if empty." },
          limit: { type: "integer", minimum: 1, maximum: 100, default: 10, description: "At most this many." },
        },
        additionalProperties: false,
      },
      output: {
        type: "object",
        properties: { total: { type: "integer" }, notes: { type: "array", items: NOTE } },
        required: ["total", "notes"],
        additionalProperties: false,
      },
      examples: [
        { arguments: { word: "tea" }, setup: [{ operation: "write", arguments: { text: "tea at four" } }] },
        { note: "An empty notebook is an answer, not a fault.", arguments: {} },
      ],
    },
    cite: {
      summary: "Reads one note by its id.",
      effect: "read",
      input: {
        type: "object",
        properties: { id: { type: "integer", minimum: 1, description: "From write or read." } },
        required: ["id"],
        additionalProperties: false,
      },
      output: NOTE,
      examples: [{ note: "No such note.", arguments: { id: 7 }, fault: "not-found" }],
    },
  },
};

function note(row) {
  return { id: row.id, text: row.text, noted_at: row.noted_at };
}

function write({ text }) {
  const row = { text, noted_at: clock.now() };
  return note({ ...row, id: staging.insert("notes", JSON.stringify(row)) });
}

function read({ word, limit }) {
  // The host drops it with the instance, when the call ends.
  const query = new store.Query("notes");
  if (word !== "") query.filter(JSON.stringify(["text", "contains", word]));
  const total = query.count();
  query.orderBy("noted_at", true);
  query.limit(limit);
  const notes = query.rows().rows.map((row) => note(JSON.parse(row)));
  return { total, notes };
}

function cite({ id }) {
  const row = store.get("notes", id);
  if (row === null) throw fault("not-found", `there is no note ${id}: take an id from \`read\``);
  return note(JSON.parse(row));
}

function fault(code, message) {
  return { code, message, retryAfterMs: null };
}

const OPERATIONS = { write, read, cite };

export function manifest() {
  return JSON.stringify(MANIFEST);
}

export function call(operation, args) {
  const run = OPERATIONS[operation];
  if (run === undefined) throw fault("not-found", `no operation \`${operation}\``);
  return JSON.stringify(run(JSON.parse(args)));
}
