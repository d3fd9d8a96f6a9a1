//! Operations on the queue.

use super::schema::{self as s, Named, operation};
use crate::status::FAILURE_KINDS;
use memstrata_sdk::{Value, json};

fn moved() -> Value {
    s::output(&[("id", "integer"), ("ref", "string"), ("status", "string"), ("changed_tasks", "array")])
}

pub(super) fn operations() -> Vec<Named> {
    let mut all = feeding();
    all.extend(reading());
    all.extend(working());
    all
}

fn feeding() -> Vec<Named> {
    let new = json!({
        "prompt": s::text("What is to be done.", 20_000),
        "agent_type": s::or(s::text("The kind of agent that should do it.", 100), "general"),
        "priority": s::or(s::integer("1 is the highest, 10 the lowest.", 1, 10), 5),
        "input_data": s::object("What the agent needs."),
        "max_retries": s::or(s::integer("How often it is tried again after a failure.", 0, 100), 3),
        "max_execution_timeout_seconds": s::or(s::integer("How long an attempt may run.", 1, 604_800), 3600),
        "estimated_minutes": s::number("How long it should take: plans use it.", 0.0, 100_000.0),
        "resources": s::texts("What it needs for itself: files, machines. detect_resource_conflicts compares them."),
        "parent_task_id": s::reference("The task it is a part of"),
        "dependencies": s::list(&json!({"type": ["integer", "string"]}), 100, "Tasks that must be completed before."),
        "session_id": s::text("The session it belongs to.", 200),
        "created_by": s::text("Who queued it.", 200),
        "project_id": s::or(s::project("Its project.", 100), 1),
        "key": s::text("A name of your choice, unique in its namespace, usable in place of the id: a letter, then letters, digits, - _ .", 64),
        "namespace": s::own_namespace(),
    });
    vec![
        (
            "task_enqueue",
            operation(
                "write",
                "Puts a task into the queue.",
                "It is ready at once, or blocked until all its dependencies are completed. Agents take ready tasks with task_claim: priority 1 first, then the oldest.",
                (
                    s::input(&new, &["prompt"]),
                    s::output(&[
                        ("id", "integer"),
                        ("ref", "string"),
                        ("status", "string"),
                        ("open_dependencies", "integer"),
                    ]),
                ),
                &json!([
                    {"arguments": {"prompt": "Fix the parser", "priority": 2, "input_data": {"file": "parser.rs"}}},
                    {"arguments": {"prompt": "Test the parser", "dependencies": ["fix"]}, "setup": [s::queued("fix")]},
                    {"arguments": {"prompt": "Test", "dependencies": ["m:999999"]}, "fault": "not-found.task", "note": "No such task."},
                    {"arguments": {"prompt": "Again", "key": "fix"}, "fault": "conflict.duplicate", "setup": [s::queued("fix")], "note": "Keys are unique."},
                ]),
            ),
        ),
        (
            "task_cancel",
            operation(
                "write",
                "Cancels a task that is not over, and those that wait for it.",
                "With cancel_dependents false they stay blocked and are named in `left_blocked`.",
                (
                    s::input(
                        &json!({"task_id": s::reference("The task"), "reason": s::text("Why.", 2000),
                        "cancel_dependents": s::flag("Cancel also what waits for it, directly or through others.", true)}),
                        &["task_id"],
                    ),
                    s::output(&[
                        ("id", "integer"),
                        ("status", "string"),
                        ("cancelled", "array"),
                        ("left_blocked", "array"),
                    ]),
                ),
                &json!([
                    {"arguments": {"task_id": "fix", "reason": "not needed"}, "setup": [s::queued("fix"), s::after("test", "fix")]},
                    {"arguments": {"task_id": "fix"}, "setup": [s::queued("fix"), s::after("test", "fix"), s::after("ship", "test")], "note": "All three."},
                    {"arguments": {"task_id": "fix", "cancel_dependents": false}, "setup": [s::queued("fix"), s::after("test", "fix")]},
                    {"arguments": {"task_id": "nothing"}, "fault": "not-found.task"},
                ]),
            ),
        ),
        (
            "task_retry",
            operation(
                "write",
                "Puts a failed or cancelled task back into the queue.",
                "Its count of retries starts anew. One that waits for a failed or cancelled task is refused: put that back first.",
                (s::input(&json!({"task_id": s::reference("The task")}), &["task_id"]), moved()),
                &json!([
                    {"arguments": {"task_id": "fix"}, "setup": [s::queued("fix"), s::cancelled("fix")]},
                    {"arguments": {"task_id": "fix"}, "fault": "conflict.transition", "setup": [s::queued("fix")], "note": "It waits already."},
                    {"arguments": {"task_id": "test"}, "fault": "conflict.dependency", "setup": [s::queued("fix"), s::after("test", "fix"), s::cancelled("fix")],
                     "note": "What it waits for was cancelled too."},
                    {"arguments": {"task_id": "test"}, "setup": [s::queued("fix"), s::after("test", "fix"), s::cancelled("fix"),
                        {"operation": "task_retry", "arguments": {"task_id": "fix"}}]},
                ]),
            ),
        ),
    ]
}

fn reading() -> Vec<Named> {
    let list = json!({
        "status": s::status(), "agent_type": s::text("Only of this kind.", 100), "project_id": s::project("Only of this project.", 100),
        "session_id": s::text("Only of this session.", 200), "parent_task_id": s::reference("Only parts of this task"),
        "agent_id": s::reference("Only of this agent"), "namespace": s::namespace(), "limit": s::limit(50), "cursor": s::cursor(),
    });
    let plan = json!({
        "task_ids": s::list(&json!({"type": ["integer", "string"]}), 500, "These tasks; all that are not over if empty."),
        "project_id": s::project("Only of this project.", 100), "limit": s::limit(200),
    });
    let status = [
        ("total", "integer"),
        ("by_status", "object"),
        ("ready_by_agent_type", "object"),
        ("oldest_ready_at", "integer|null"),
        ("overdue_running", "integer"),
        ("mean_duration_ms", "number|null"),
        ("agents", "object"),
    ];
    vec![
        (
            "task_get",
            operation(
                "read",
                "One task with what it waits for, what waits for it, and its failures.",
                "",
                (
                    s::input(&json!({"task_id": s::reference("The task")}), &["task_id"]),
                    s::output(&[
                        ("id", "integer"),
                        ("prompt", "string"),
                        ("status", "string"),
                        ("dependencies", "array"),
                        ("dependents", "array"),
                        ("failures", "array"),
                    ]),
                ),
                &json!([{"arguments": {"task_id": "test"}, "setup": [s::queued("fix"), s::after("test", "fix")]},
                    {"arguments": {"task_id": 999_999}, "fault": "not-found.task"}]),
            ),
        ),
        (
            "task_list",
            operation(
                "read",
                "Lists tasks in the order of the queue.",
                "",
                (
                    s::input(&list, &[]),
                    s::output(&[("count", "integer"), ("tasks", "array"), ("next_cursor", "string|null")]),
                ),
                &json!([{"arguments": {"status": "ready", "limit": 5}, "setup": [s::queued("fix")]}]),
            ),
        ),
        (
            "task_queue_status",
            operation(
                "read",
                "How many tasks are in which state, what waits for which kind of agent, and for how long.",
                "",
                (s::input(&json!({"project_id": s::project("Only of this project.", 100)}), &[]), s::output(&status)),
                &json!([{"arguments": {}, "setup": [s::queued("fix"), s::agent("ann"), s::claimed("ann")]}]),
            ),
        ),
        (
            "task_execution_plan",
            operation(
                "read",
                "Levels of tasks that may run at once, and the critical path.",
                "Minutes are the task's estimate, else the mean of completed tasks of its agent type, else the operator's default; `minutes_from` says which. `cut`: there were more tasks than `limit`.",
                (
                    s::input(&plan, &[]),
                    s::output(&[
                        ("levels", "array"),
                        ("critical_path", "array"),
                        ("critical_minutes", "number"),
                        ("total_minutes", "number"),
                        ("max_parallelism", "integer"),
                        ("cut", "boolean"),
                    ]),
                ),
                &json!([{"arguments": {}, "setup": [s::queued("fix"), s::after("test", "fix")]}, {"arguments": {"task_ids": []}}]),
            ),
        ),
    ]
}

fn working() -> Vec<Named> {
    let task = |more: Value| {
        let mut properties = json!({"task_id": s::reference("The task"), "agent_id": s::reference("The agent that runs it; if given, it must be")});
        if let (Some(all), Value::Object(more)) = (properties.as_object_mut(), more) {
            all.extend(more);
        }
        s::input(&properties, &["task_id"])
    };
    let running = json!([s::queued("fix"), s::agent("ann"), s::claimed("ann")]);
    vec![
        (
            "task_claim",
            operation(
                "write",
                "Gives the next ready task to an agent, and to no other.",
                "An agent takes tasks of its specialization and general ones, a general agent all; `agent_type` narrows it. Agents that ask at the same moment take neighbours of one priority. `task` is null if there is none.",
                (
                    s::input(
                        &json!({"agent_id": s::reference("The agent"), "agent_type": s::text("Only tasks of this kind.", 100),
                        "project_id": s::project("Only tasks of this project.", 100), "namespace": s::namespace()}),
                        &["agent_id"],
                    ),
                    s::output(&[("claimed", "boolean"), ("task", "object|null")]),
                ),
                &json!([
                    {"arguments": {"agent_id": "ann"}, "setup": [s::queued("fix"), s::agent("ann")]},
                    {"arguments": {"agent_id": "ann"}, "setup": [s::agent("ann")], "note": "Nothing to do."},
                    {"arguments": {"agent_id": "ann"}, "fault": "conflict.busy", "setup": running, "note": "It has a task."},
                    {"arguments": {"agent_id": "bob"}, "fault": "not-found.agent"},
                ]),
            ),
        ),
        (
            "task_complete",
            operation(
                "write",
                "Ends a running task well; what waited for it alone becomes ready.",
                "",
                (task(json!({"result_data": s::object("What came out.")})), moved()),
                &json!([
                    {"arguments": {"task_id": "fix", "agent_id": "ann", "result_data": {"ok": true}}, "setup": running},
                    {"arguments": {"task_id": "fix"}, "fault": "conflict.transition", "setup": [s::queued("fix")], "note": "Nobody runs it."},
                ]),
            ),
        ),
        (
            "task_fail",
            operation(
                "write",
                "Ends an attempt with an error: the task is ready again, or failed after max_retries.",
                "",
                (
                    task(json!({"error_message": s::text("What went wrong.", 10_000),
                    "retryable": s::flag("False: trying again cannot help.", true)})),
                    moved(),
                ),
                &json!([
                    {"arguments": {"task_id": "fix", "error_message": "timeout after 30 s"}, "setup": running},
                    {"arguments": {"task_id": "fix", "error_message": "no such file", "retryable": false}, "setup": running},
                ]),
            ),
        ),
        (
            "task_heartbeat",
            operation(
                "write",
                "Says that an agent is alive, and how far its task is.",
                "It does not move the task's deadline: `remaining_seconds` says what is left.",
                (
                    s::input(
                        &json!({"agent_id": s::reference("The agent"), "progress_percent": s::number("How far its task is.", 0.0, 100.0),
                        "resource_usage": s::object("What it uses, such as memory.")}),
                        &["agent_id"],
                    ),
                    s::output(&[
                        ("agent_id", "integer"),
                        ("state", "string"),
                        ("task_id", "integer|null"),
                        ("remaining_seconds", "number|null"),
                    ]),
                ),
                &json!([{"arguments": {"agent_id": "ann", "progress_percent": 40}, "setup": running}]),
            ),
        ),
        (
            "requeue_timed_out",
            operation(
                "write",
                "Takes running tasks that are past their deadline from their agents, as failures of kind `timeout`.",
                "The host calls it every 30 s.",
                (
                    s::input(&json!({"limit": s::limit(200)}), &[]),
                    s::output(&[("requeued", "array"), ("failed", "array")]),
                ),
                &json!([{"arguments": {}, "setup": running}]),
            ),
        ),
        (
            "task_failures",
            operation(
                "read",
                "Recorded failures, newest first.",
                "",
                (
                    s::input(
                        &json!({"task_id": s::reference("Only of this task"), "kind": s::choice(&FAILURE_KINDS, "Only these."), "limit": s::limit(50), "cursor": s::cursor()}),
                        &[],
                    ),
                    s::output(&[("count", "integer"), ("failures", "array"), ("next_cursor", "string|null")]),
                ),
                &json!([{"arguments": {"task_id": "fix"}, "setup": [s::queued("fix"), s::agent("ann"), s::claimed("ann"),
                    {"operation": "task_fail", "arguments": {"task_id": "fix", "error_message": "boom"}}]}]),
            ),
        ),
    ]
}
