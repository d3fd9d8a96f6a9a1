//! The layer's manifest: what it owns, offers, hears and needs (docs/manifest.md).

mod collections;
mod coordinating;
mod history;
mod hooks;
mod resilience;
mod rules;
mod schema;
mod workflows;

use memstrata_sdk::{Map, Value, json};

/// Emitted events of other layers that rules may wait for. Few and rare ones: each costs a call and a commit.
pub const HEARD: [&str; 7] = [
    "prospective.task_created",
    "prospective.task_started",
    "prospective.task_completed",
    "prospective.task_blocked",
    "prospective.trigger_fired",
    "prospective.goal_completed",
    "conversations.closed",
];

/// How often new episodes are heard (see `heard`).
pub const HEAR_MS: u64 = 30_000;

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let mut operations = Map::new();
    let parts = [
        hooks::operations(),
        rules::operations(),
        workflows::operations(),
        history::operations(),
        coordinating::operations(),
        resilience::operations(),
    ];
    for (name, operation) in parts.concat() {
        operations.insert(name.to_owned(), operation);
    }
    let heard = |name: &&str| json!({"name": name.replace('.', "_"), "on": name, "operation": "hear_event"});
    let events: Vec<Value> = HEARD.iter().map(heard).collect();
    json!({
        "manifest": 1,
        "name": "automation",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Hooks, rules (event, condition, action) and workflows with their history; circuit breakers and retries for clients.",
        "imports": ["store-read", "store-write", "events", "clock"],
        "reads": [
            "episodic.events", "prospective.tasks", "prospective.dependencies", "prospective.goals", "prospective.firings",
            "conversations.threads",
        ],
        "writes": ["episodic.events", "prospective.tasks"],
        "collections": collections::collections(),
        "operations": operations,
        "schedules": [
            {"name": "tidy", "every_ms": 600_000, "operation": "tidy", "arguments": {}},
            {"name": "hear", "every_ms": HEAR_MS, "operation": "hear_new_episodes", "arguments": {}},
        ],
        "events": events,
    })
}

#[cfg(test)]
mod tests;
