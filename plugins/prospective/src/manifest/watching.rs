//! Operations that tell how work goes.

use super::schema::{self as s, Named, operation};
use memstrata_sdk::{Value, json};

fn counted(properties: &Value, required: &[&str]) -> Value {
    s::output(properties, required)
}

pub(super) fn operations() -> Vec<Named> {
    let scope = || json!({"namespace": s::namespace()});
    let made = json!([s::made("a")]);
    let chain = json!([s::made("a"), s::made("b"), {"operation": "add_dependency", "arguments": {"from_task_id": "a", "to_task_id": "b"}}]);
    let object = || json!({"type": "object"});
    let array = || json!({"type": "array", "items": {"type": "object"}});
    let integer = || json!({"type": "integer"});
    let limited = |default: i64| json!({"namespace": s::namespace(), "limit": s::limit(default)});
    vec![
        (
            "get_task_health",
            operation(
                "read",
                "How healthy a task is, and why not.",
                "Rules: on time, enough time, unblocked, moving, within its estimate, plan valid. `score`: share of those that apply and hold.",
                (
                    s::input(&json!({"task_id": s::reference("The task.")}), &["task_id"]),
                    counted(
                        &json!({"id": integer(), "state": s::choice(&["healthy", "at_risk", "critical", "over"], ""), "score": {"type": "number"}, "issues": array()}),
                        &["id", "state", "score", "issues"],
                    ),
                ),
                &json!([{"arguments": {"task_id": "a"}, "setup": made}]),
            ),
        ),
        (
            "get_workflow_status",
            operation(
                "read",
                "Tasks by phase and status, mean time in each phase, what is overdue.",
                "",
                (
                    s::input(&scope(), &[]),
                    counted(
                        &json!({"total": integer(), "by_phase": object(), "by_status": object(), "phase_durations": object(),
                "mean_actual_minutes": {"type": ["number", "null"]}, "overdue_count": integer(), "overdue": array(), "active": array()}),
                        &["total", "by_phase", "by_status", "phase_durations", "overdue_count"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": made}]),
            ),
        ),
        (
            "get_project_dashboard",
            operation(
                "read",
                "All at a glance: tasks, what is due, blocked, done; goals; what fired.",
                "",
                (
                    s::input(&scope(), &[]),
                    counted(
                        &json!({"by_status": object(), "overdue": array(), "due_within_7_days": array(), "goals": object(),
                "fired_unacknowledged": integer()}),
                        &["by_status", "overdue", "goals", "fired_unacknowledged"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": made}]),
            ),
        ),
        (
            "get_project_status",
            operation(
                "read",
                "Whether work is on track.",
                "",
                (
                    s::input(&scope(), &[]),
                    counted(
                        &json!({"state": {"type": "string"}, "tasks": integer(), "completed": integer(),
                "completion": {"type": ["number", "null"]}, "overdue": integer(), "blocked": integer()}),
                        &["state", "tasks", "completed", "overdue", "blocked"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": made}]),
            ),
        ),
        (
            "analyze_critical_path",
            operation(
                "read",
                "The chain of open tasks that nothing ends sooner than.",
                "Critical path method over blocks and enables, minutes left by estimate and progress; `slack` says how long a task can wait.",
                (
                    s::input(&limited(100), &[]),
                    counted(
                        &json!({"path": array(), "minutes": {"type": "number"}, "tasks": array(), "without_estimate": integer()}),
                        &["path", "minutes", "tasks"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": chain}]),
            ),
        ),
        (
            "detect_bottlenecks",
            operation(
                "read",
                "Open tasks that hold the most others up.",
                "`waiting`: how many wait for it, directly or through others.",
                (s::input(&limited(10), &[]), s::ranking("bottlenecks")),
                &json!([{"arguments": {}, "setup": chain}]),
            ),
        ),
        (
            "analyze_estimation_accuracy",
            operation(
                "read",
                "How well estimates of completed tasks were kept.",
                "Overall and by priority; null where nothing was measured.",
                (
                    s::input(
                        &json!({"namespace": s::namespace(), "days_back": s::or(s::integer("Completed within so many days.", 1, 3650), 30)}),
                        &[],
                    ),
                    counted(
                        &json!({"days_back": integer(), "overall": object(), "by_priority": object()}),
                        &["days_back", "overall", "by_priority"],
                    ),
                ),
                &json!([{"arguments": {}}]),
            ),
        ),
    ]
}
