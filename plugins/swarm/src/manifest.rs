//! The layer's manifest: what it owns, offers and needs (docs/manifest.md).

mod collections;
mod orchestrating;
mod queue;
mod records;
mod schema;

use memstrata_sdk::{Map, Value, json};
use schema::{flag, integer, number, or};

/// How often the host looks for running tasks that are past their deadline.
pub const LOOK_MS: u64 = 30_000;

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let mut operations = Map::new();
    for (name, operation) in [queue::operations(), records::operations(), orchestrating::operations()].concat() {
        operations.insert(name.to_owned(), operation);
    }
    json!({
        "manifest": 1,
        "name": "swarm",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "A swarm of agents: the queue of tasks they claim, their states, checkpoints, metrics and audit, and who works on what.",
        "imports": ["store-read", "store-write", "events", "clock", "settings"],
        "reads": ["sessions.sessions"],
        "collections": collections::collections(),
        "operations": operations,
        "schedules": [{"name": "timeouts", "every_ms": LOOK_MS, "operation": "requeue_timed_out", "arguments": {}}],
        "settings": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "default_minutes": or(number("Minutes of a task without an estimate whose agent type has no completed task.", 0.1, 100_000.0), 30.0),
                "silent_seconds": or(integer("An agent not heard of for so long is shown as silent.", 1, 1_000_000), 300),
                "check_sessions": flag("A session_id must name a session of the layer sessions, where that layer is there.", true),
            },
        },
    })
}

#[cfg(test)]
mod tests;
