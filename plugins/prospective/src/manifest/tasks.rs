//! Operations on tasks: made, read, changed, moved through their phases.

use super::schema::{self as s, Named, operation};
use crate::vocabulary::PHASES;
use memstrata_sdk::{Map, Value, json};

fn merged(parts: &[Value]) -> Value {
    let all: Map<String, Value> = parts.iter().filter_map(Value::as_object).flat_map(Clone::clone).collect();
    all.into()
}

fn new_task() -> Value {
    json!({
        "content": s::text("What is to be done, in a sentence.", 10_000),
        "key": s::text("A name of your choice, unique in its namespace, usable in place of the id: a letter, then letters, digits, - _ .", 64),
        "active_form": s::words("The same while it is being done: `Writing the notes`."),
        "priority": s::or(s::priority("How urgent."), "medium"),
        "due_at": s::time("When it has to be done."),
        "assignee": s::or(s::text("Who does it.", 200), "user"),
        "tags": s::texts("Labels."),
        "notes": s::words("What else there is to know."),
        "goal_id": s::reference("The goal it serves."),
        "namespace": s::own_namespace(),
        "triggers": s::list(&s::trigger(), 20, "What brings it up: it becomes active when the first of them fires."),
        "depends_on": s::list(&json!({"type": ["integer", "string"]}), 50, "Tasks that block it."),
    })
}

fn created() -> Value {
    s::output(
        &json!({
            "id": {"type": "integer"}, "ref": {"type": "string"}, "status": {"type": "string"}, "phase": {"type": "string"},
            "namespace": {"type": "string"}, "plan": {"type": "object"}, "milestones": {"type": "integer"},
            "triggers": {"type": "array", "items": {"type": "integer"}}, "fired": {"type": "array", "items": {"type": "object"}},
        }),
        &["id", "ref", "status", "phase"],
    )
}

fn creating() -> Vec<Named> {
    let minutes = |default: i64| json!({"estimated_minutes": s::or(s::integer("How long it should take.", 0, 1_000_000), default)});
    let plan = json!({"auto_plan": s::flag("Without steps: make them out of the content's clauses.", true),
                      "steps": s::steps(), "plan_notes": s::words("Notes of the plan.")});
    let estimate = json!({"estimated_minutes": s::integer("How long it should take.", 0, 1_000_000)});
    vec![
        (
            "create_task",
            operation(
                "write",
                "Makes a task.",
                "Use it for what is to be done later. It starts pending in phase planning; without a plan it can be started, or completed, at once. Triggers make it active at a time, on an event, in a context, with a file, or when another task is completed.",
                (s::input(&merged(&[new_task(), estimate]), &["content"]), created()),
                &json!([
                    {"arguments": {"content": "Write the release notes", "key": "notes", "priority": "high", "due_at": "2030-01-31",
                        "triggers": [{"type": "time", "condition": {"daily": {"hour": 9}}}]}},
                    {"arguments": {"content": "Ship", "goal_id": "none"}, "fault": "not-found.goal", "note": "No such goal."},
                    {"arguments": {"content": "Again", "key": "twice"}, "fault": "conflict.duplicate", "note": "Keys are unique.",
                        "setup": [s::made("twice")]},
                    {"arguments": {"content": "Ship", "depends_on": ["m:999999"]}, "fault": "not-found.task", "note": "No such task."},
                ]),
            ),
        ),
        (
            "create_task_with_planning",
            operation(
                "write",
                "Makes a task with a plan.",
                "Give `steps`, or let the clauses of `content` become steps (auto_plan), minutes shared evenly, a verifying step last. validate_task_plan makes it ready; then start_task.",
                (s::input(&merged(&[new_task(), plan, minutes(30)]), &["content"]), created()),
                &json!([{"arguments": {"content": "Read the log; fix the bug, then deploy", "estimated_minutes": 60}},
                    {"arguments": {"content": "Fix the login", "steps": ["Reproduce it", {"content": "Test the fix", "depends_on": [1]}]}}]),
            ),
        ),
        (
            "create_task_with_milestones",
            operation(
                "write",
                "Makes a task with milestones.",
                "Milestones keep their order; update_milestone_progress moves them, and the task's progress with them.",
                (
                    s::input(
                        &merged(&[new_task(), minutes(120), json!({"milestones": s::milestones()})]),
                        &["content"],
                    ),
                    created(),
                ),
                &json!([{"arguments": {"content": "Move to the new database", "milestones": ["Schema", {"title": "Data", "estimated_minutes": 60}]}}]),
            ),
        ),
    ]
}

fn page_of_tasks() -> Value {
    s::page("tasks")
}

fn reading() -> Vec<Named> {
    let whole = s::output(
        &json!({"id": {"type": "integer"}, "content": {"type": "string"}, "status": {"type": "string"}, "phase": {"type": "string"},
                "phase_metrics": {"type": "array"}, "milestones": {"type": "array"}, "dependencies": {"type": "array"},
                "triggers": {"type": "array"}, "allowed_phases": {"type": "array"}}),
        &["id", "content", "status", "phase", "phase_metrics", "milestones", "dependencies", "triggers"],
    );
    vec![
        (
            "list_tasks",
            operation(
                "read",
                "Lists tasks, most urgent first.",
                "`sort_by`: priority; due (only those with a due time); recent (last changed).",
                (
                    s::input(
                        &json!({
                            "status": s::status("Only this status."), "priority": s::priority("Only this priority."),
                            "phase": s::choice(&PHASES, "Only this phase."), "goal_id": s::reference("Only those that serve this goal."),
                            "assignee": s::text("Only theirs.", 200), "tag": s::text("Only with this tag.", 500),
                            "overdue": s::flag("Only what should be done by now.", false),
                            "sort_by": s::or(s::choice(&["priority", "due", "recent"], "Order."), "priority"),
                            "namespace": s::namespace(), "limit": s::limit(20), "cursor": s::cursor(),
                        }),
                        &[],
                    ),
                    page_of_tasks(),
                ),
                &json!([{"arguments": {"status": "pending", "priority": "medium"}, "setup": [s::made("a")]}]),
            ),
        ),
        (
            "get_pending_tasks",
            operation(
                "read",
                "The tasks that wait, most urgent first.",
                "Neither active, blocked nor over.",
                (
                    s::input(&json!({"namespace": s::namespace(), "limit": s::limit(20), "cursor": s::cursor()}), &[]),
                    page_of_tasks(),
                ),
                &json!([{"arguments": {"limit": 5}, "setup": [s::made("a")]}]),
            ),
        ),
        (
            "search_tasks",
            operation(
                "read",
                "Finds tasks by words and meaning.",
                "Over content, notes and lessons learned.",
                (
                    s::input(
                        &json!({"query": s::text("What to look for.", 10_000), "status": s::status("Only this status."),
                "namespace": s::namespace(), "limit": s::or(s::integer("At most this many.", 1, 100), 20)}),
                        &["query"],
                    ),
                    s::ranking("tasks"),
                ),
                &json!([{"arguments": {"query": "release"}, "setup": [s::made("a")]}]),
            ),
        ),
        (
            "get_task",
            operation(
                "read",
                "One task with its plan, phases, milestones, dependencies and triggers.",
                "`phase_metrics`: the time spent in each phase it left. `allowed_phases`: what may follow.",
                (s::input(&json!({"task_id": s::reference("The task.")}), &["task_id"]), whole),
                &json!([{"arguments": {"task_id": "a"}, "setup": [s::made("a")]},
                    {"arguments": {"task_id": 999_999}, "fault": "not-found.task", "note": "No such task."}]),
            ),
        ),
    ]
}

/// An operation on one task with notes.
fn on_task(summary: &str, description: &str, more: &Value, required: &[&str], examples: &Value) -> Value {
    let properties = merged(&[
        json!({"task_id": s::reference("The task."), "notes": s::words("Added to its notes.")}),
        more.clone(),
    ]);
    let required: Vec<&str> = std::iter::once("task_id").chain(required.iter().copied()).collect();
    operation("write", summary, description, (s::input(&properties, &required), s::changed()), examples)
}

fn moving() -> Vec<Named> {
    let made = json!([s::made("a")]);
    let started = json!([s::made("a"), {"operation": "start_task", "arguments": {"task_id": "a"}}]);
    let ended =
        json!([s::made("a"), {"operation": "cancel_task", "arguments": {"task_id": "a", "reason": "not needed"}}]);
    let blocked =
        json!([s::made("a"), {"operation": "block_task", "arguments": {"task_id": "a", "reason": "no key yet"}}]);
    let minutes = json!({"actual_minutes": s::number("How long it took, if not as measured.", 0.0, 1e7), "lessons_learned": s::words("What to remember.")});
    let reason = json!({"reason": s::text("Why.", 4000)});
    vec![
        (
            "update_task_status",
            on_task(
                "Sets a task's status, adds notes.",
                "pending, active, blocked, completed, cancelled; which may follow which is checked. Completing and cancelling move the phase too. Without a status, notes alone are added.",
                &json!({"status": {"type": "string", "enum": ["", "pending", "active", "completed", "cancelled", "blocked"], "default": "", "description": "The new status."}}),
                &[],
                &json!([{"arguments": {"task_id": "a", "status": "active", "notes": "Begun"}, "setup": made},
                    {"arguments": {"task_id": "a", "status": "active"}, "setup": ended, "fault": "conflict.transition", "note": "It was cancelled."}]),
            ),
        ),
        (
            "start_task",
            on_task(
                "Starts a task: phase executing.",
                "Refused while something blocks it, or while its plan is not validated. On a paused task: goes on.",
                &json!({}),
                &[],
                &json!([{"arguments": {"task_id": "a"}, "setup": made},
                {"arguments": {"task_id": "a"}, "setup": blocked, "fault": "conflict.blocked", "note": "Blocked."}]),
            ),
        ),
        (
            "verify_task",
            on_task(
                "Puts a task to the test: phase verifying.",
                "With `mark_complete` it is completed, unless steps or milestones are open.",
                &json!({"completion_notes": s::words("What was found."), "mark_complete": s::flag("Complete it, too.", false)}),
                &[],
                &json!([{"arguments": {"task_id": "a", "mark_complete": true, "completion_notes": "Reads well"}, "setup": started},
                    {"arguments": {"task_id": "a"}, "setup": made, "fault": "conflict.transition", "note": "It was not started."}]),
            ),
        ),
        (
            "complete_task",
            on_task(
                "Completes a task.",
                "Frees the tasks it blocks, fires dependency triggers, moves its goal on. What was left open is told.",
                &minutes,
                &[],
                &json!([{"arguments": {"task_id": "a", "actual_minutes": 25}, "setup": started}]),
            ),
        ),
        (
            "fail_task",
            on_task(
                "Ends a task as failed.",
                "The reason and lessons are kept; reopen_task plans it anew.",
                &merged(&[reason.clone(), minutes.clone()]),
                &["reason"],
                &json!([{"arguments": {"task_id": "a", "reason": "The API was withdrawn"}, "setup": started}]),
            ),
        ),
        (
            "cancel_task",
            on_task(
                "Abandons a task.",
                "Its triggers are disarmed. Tasks it blocks stay blocked: remove the dependency.",
                &reason,
                &[],
                &json!([{"arguments": {"task_id": "a", "reason": "Not needed"}, "setup": made}]),
            ),
        ),
        (
            "reopen_task",
            on_task(
                "Plans a failed or abandoned task anew.",
                "Its triggers stay disarmed: rearm_trigger.",
                &json!({}),
                &[],
                &json!([{"arguments": {"task_id": "a"}, "setup": ended}]),
            ),
        ),
        (
            "block_task",
            on_task(
                "Blocks a task by hand.",
                "It cannot be started until unblock_task.",
                &reason,
                &["reason"],
                &json!([{"arguments": {"task_id": "a", "reason": "Waiting for the key"}, "setup": made}]),
            ),
        ),
        (
            "unblock_task",
            on_task(
                "Takes a block by hand away.",
                "If a trigger fired meanwhile, it becomes active. Dependencies still hold.",
                &json!({}),
                &[],
                &json!([{"arguments": {"task_id": "a"}, "setup": blocked}]),
            ),
        ),
        (
            "set_task_phase",
            on_task(
                "Moves a task to a phase.",
                "What may not follow is refused, naming what may.",
                &json!({"phase": s::choice(&PHASES, "The phase.")}),
                &["phase"],
                &json!([{"arguments": {"task_id": "a", "phase": "executing"}, "setup": made},
                    {"arguments": {"task_id": "a", "phase": "verifying"}, "setup": made, "fault": "conflict.transition", "note": "Not from planning."}]),
            ),
        ),
        (
            "update_task",
            on_task(
                "Changes a task's fields.",
                "An empty `due_at` removes it. Status and phase have operations of their own.",
                &json!({"content": s::text("New content.", 10_000), "active_form": s::words("New active form."), "priority": s::priority("New priority."),
                "due_at": s::time("New due time; empty for none."), "assignee": s::text("Who does it.", 200), "tags": s::texts("All its tags from now on."),
                "goal_id": s::reference("The goal it serves."), "estimated_minutes": s::integer("New estimate.", 0, 1_000_000)}),
                &[],
                &json!([{"arguments": {"task_id": "a", "priority": "critical", "due_at": "2030-01-01"}, "setup": made}]),
            ),
        ),
    ]
}

pub(super) fn operations() -> Vec<Named> {
    [creating(), reading(), moving()].concat()
}
