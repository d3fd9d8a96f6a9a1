//! Operations on agents, checkpoints, state, metrics and audit.

use super::collections::MEMORY_OPERATIONS;
use super::schema::{self as s, Named, operation};
use crate::status::AGENT_STATES;
use memstrata_sdk::{Value, json};

pub(super) fn operations() -> Vec<Named> {
    let mut all = agents();
    all.extend(keeping());
    all.extend(measuring());
    all
}

fn one(id: &str) -> Value {
    s::output(&[(id, "integer"), ("state", "string"), ("name", "string")])
}

fn agents() -> Vec<Named> {
    let usage = s::object("What it uses, such as memory and tokens.");
    let ann = json!([s::agent("ann")]);
    vec![
        (
            "agent_register",
            operation(
                "write",
                "Makes an agent known; it is idle.",
                "A name is taken once in a namespace; a terminated agent of the name comes back to life.",
                (
                    s::input(
                        &json!({"name": s::text("A letter, then letters, digits, - _ .", 64), "specialization": s::or(s::text("The agent_type it takes; `general` takes all.", 100), "general"),
                        "model": s::text("The language model it uses.", 200), "session_id": s::text("Its session.", 200), "resource_usage": usage, "namespace": s::own_namespace()}),
                        &["name"],
                    ),
                    one("agent_id"),
                ),
                &json!([{"arguments": {"name": "ann", "specialization": "tester"}},
                    {"arguments": {"name": "ann"}, "fault": "conflict.duplicate", "setup": ann}]),
            ),
        ),
        (
            "agent_update",
            operation(
                "write",
                "Changes an agent: working or waiting with a task, idle or waiting without; what it is and uses.",
                "",
                (
                    s::input(
                        &json!({"agent_id": s::reference("The agent"), "state": s::choice(&["idle", "working", "waiting"], "Its new state."),
                        "specialization": s::text("What it takes.", 100), "model": s::text("Its model.", 200), "resource_usage": usage}),
                        &["agent_id"],
                    ),
                    one("agent_id"),
                ),
                &json!([{"arguments": {"agent_id": "ann", "state": "waiting"}, "setup": ann},
                    {"arguments": {"agent_id": "ann", "state": "working"}, "setup": ann, "fault": "conflict.transition", "note": "It has no task: task_claim."}]),
            ),
        ),
        (
            "agent_get",
            operation(
                "read",
                "One agent and its task.",
                "",
                (s::input(&json!({"agent_id": s::reference("The agent")}), &["agent_id"]), one("agent_id")),
                &json!([{"arguments": {"agent_id": "ann"}, "setup": ann}, {"arguments": {"agent_id": "bob"}, "fault": "not-found.agent"}]),
            ),
        ),
        (
            "agent_list",
            operation(
                "read",
                "Lists agents, last heard of first.",
                "",
                (
                    s::input(
                        &json!({"state": s::choice(&AGENT_STATES, "Only these."), "specialization": s::text("Only these.", 100), "session_id": s::text("Only of this session.", 200),
                        "namespace": s::namespace(), "limit": s::limit(50), "cursor": s::cursor()}),
                        &[],
                    ),
                    s::output(&[("count", "integer"), ("agents", "array"), ("next_cursor", "string|null")]),
                ),
                &json!([{"arguments": {"state": "idle"}, "setup": ann}]),
            ),
        ),
        (
            "agent_terminate",
            operation(
                "write",
                "Ends an agent; its task goes back to the queue.",
                "The attempt counts as a failure of kind `terminated`, but not as a retry.",
                (
                    s::input(
                        &json!({"agent_id": s::reference("The agent"), "reason": s::text("Why.", 2000)}),
                        &["agent_id"],
                    ),
                    one("agent_id"),
                ),
                &json!([{"arguments": {"agent_id": "ann"}, "setup": [s::queued("fix"), s::agent("ann"), s::claimed("ann")]}]),
            ),
        ),
    ]
}

fn keeping() -> Vec<Named> {
    let fix = json!([s::queued("fix")]);
    let saved = json!([s::queued("fix"), {"operation": "checkpoint_save", "arguments": {"task_id": "fix", "iteration": 1, "state": {"done": 1}}}]);
    let value = json!({"type": ["object", "array", "string", "number", "boolean", "null"], "description": "Any JSON."});
    vec![
        (
            "checkpoint_save",
            operation(
                "write",
                "Keeps what a task has reached at an iteration, so that another attempt can go on from there.",
                "",
                (
                    s::input(
                        &json!({"task_id": s::reference("The task"), "iteration": s::integer("Its number.", 0, 1_000_000_000), "state": s::object("What is needed to go on."),
                        "session_id": s::text("Its session.", 200), "overwrite": s::flag("Replace the one of this iteration.", false)}),
                        &["task_id", "iteration", "state"],
                    ),
                    s::output(&[
                        ("id", "integer"),
                        ("task_id", "integer"),
                        ("iteration", "integer"),
                        ("replaced", "boolean"),
                    ]),
                ),
                &json!([{"arguments": {"task_id": "fix", "iteration": 1, "state": {"done": 3}}, "setup": fix},
                    {"arguments": {"task_id": "fix", "iteration": 1, "state": {}}, "setup": saved, "fault": "conflict.duplicate"}]),
            ),
        ),
        (
            "checkpoint_get",
            operation(
                "read",
                "The checkpoint of an iteration, or the last one.",
                "",
                (
                    s::input(
                        &json!({"task_id": s::reference("The task"), "iteration": s::integer("Its number; the last if absent.", 0, 1_000_000_000)}),
                        &["task_id"],
                    ),
                    s::output(&[("task_id", "integer"), ("iteration", "integer"), ("state", "object")]),
                ),
                &json!([{"arguments": {"task_id": "fix"}, "setup": saved}, {"arguments": {"task_id": "fix"}, "setup": fix, "fault": "not-found.checkpoint"}]),
            ),
        ),
        (
            "checkpoint_list",
            operation(
                "read",
                "Checkpoints of a task, last first, without their state.",
                "",
                (
                    s::input(
                        &json!({"task_id": s::reference("The task"), "limit": s::limit(50), "cursor": s::cursor()}),
                        &["task_id"],
                    ),
                    s::output(&[("count", "integer"), ("checkpoints", "array"), ("next_cursor", "string|null")]),
                ),
                &json!([{"arguments": {"task_id": "fix"}, "setup": saved}]),
            ),
        ),
        (
            "state_set",
            operation(
                "write",
                "Sets a key of a task's state.",
                "",
                (
                    s::input(
                        &json!({"task_id": s::reference("The task"), "key": s::text("The key.", 200), "value": value}),
                        &["task_id", "key", "value"],
                    ),
                    s::output(&[("task_id", "integer"), ("key", "string"), ("created", "boolean")]),
                ),
                &json!([{"arguments": {"task_id": "fix", "key": "branch", "value": "main"}, "setup": fix}]),
            ),
        ),
        (
            "state_get",
            operation(
                "read",
                "A task's state: one key, or all (500 at most).",
                "",
                (
                    s::input(
                        &json!({"task_id": s::reference("The task"), "key": s::text("The key; all if absent.", 200)}),
                        &["task_id"],
                    ),
                    s::output(&[("task_id", "integer"), ("state", "object")]),
                ),
                &json!([{"arguments": {"task_id": "fix"}, "setup": fix},
                    {"arguments": {"task_id": "fix", "key": "x"}, "setup": fix, "fault": "not-found.state"}]),
            ),
        ),
    ]
}

fn measuring() -> Vec<Named> {
    let labels = json!({"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}, "maxProperties": 20, "description": "Such as {\"agent\": \"ann\"}."});
    let span = |more: Value| {
        let mut all = json!({"since": s::time("Not before."), "until": s::time("Before.")});
        if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
            all.extend(more);
        }
        all
    };
    vec![
        (
            "metric_record",
            operation(
                "write",
                "Records a measured number.",
                "",
                (
                    s::input(
                        &json!({"metric_name": s::text("What was measured.", 200), "value": s::number("Zero or more.", 0.0, 1e300), "labels": labels, "timestamp": s::time("When; now if absent.")}),
                        &["metric_name", "value"],
                    ),
                    s::output(&[("id", "integer"), ("timestamp", "integer")]),
                ),
                &json!([{"arguments": {"metric_name": "tokens", "value": 512, "labels": {"agent": "ann"}}}]),
            ),
        ),
        (
            "metric_query",
            operation(
                "read",
                "Count, sum, mean, least, most and percentiles of a metric.",
                "Percentiles are of the last 1,000 values (`percentiles_of`). Without metric_name: the names and how many values each has.",
                (
                    s::input(
                        &span(
                            json!({"metric_name": s::text("Which.", 200), "labels": labels, "values": s::or(s::integer("So many of the last values, too.", 0, 500), 0)}),
                        ),
                        &[],
                    ),
                    s::output(&[("count", "integer")]),
                ),
                &json!([{"arguments": {"metric_name": "tokens", "values": 2}, "setup": [{"operation": "metric_record", "arguments": {"metric_name": "tokens", "value": 5}}]}, {"arguments": {}}]),
            ),
        ),
        (
            "audit_record",
            operation(
                "write",
                "Writes a line into the audit for something that happened outside of this layer.",
                "",
                (
                    s::input(
                        &json!({"action_type": s::text("What was done.", 100), "agent_id": s::reference("Who"), "task_id": s::reference("For what"), "action_data": s::object("More."),
                        "result": s::or(s::text("How it went.", 2000), "ok"), "memory_operation_type": s::choice(&MEMORY_OPERATIONS, "What was done to a memory."),
                        "memory_namespace": s::text("The memory's namespace.", 200), "memory_entry_id": s::integer("The memory.", 1, 9_007_199_254_740_991)}),
                        &["action_type"],
                    ),
                    s::output(&[("id", "integer")]),
                ),
                &json!([{"arguments": {"action_type": "memory_written", "memory_operation_type": "create", "memory_namespace": "user:alice"}}]),
            ),
        ),
        (
            "audit_query",
            operation(
                "read",
                "Who did what, newest first.",
                "",
                (
                    s::input(
                        &span(
                            json!({"agent_id": s::reference("Who"), "task_id": s::reference("To what"), "action_type": s::text("Such as task_claimed.", 100),
                        "memory_operation_type": s::choice(&MEMORY_OPERATIONS, "Only these."), "memory_namespace": s::text("Exactly this.", 200),
                        "memory_entry_id": s::integer("Only of this memory.", 1, 9_007_199_254_740_991), "limit": s::limit(50), "cursor": s::cursor()}),
                        ),
                        &[],
                    ),
                    s::output(&[("count", "integer"), ("entries", "array"), ("next_cursor", "string|null")]),
                ),
                &json!([{"arguments": {"task_id": "fix"}, "setup": [s::queued("fix")]}]),
            ),
        ),
    ]
}
