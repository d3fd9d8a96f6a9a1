//! Operations that plan who does what, over tasks, agents and projects.

use super::schema::{self as s, Named, operation};
use crate::{definition, failure};
use memstrata_sdk::{Value, json};

pub(super) fn operations() -> Vec<Named> {
    let mut all = orchestrating();
    all.extend(coordinating());
    all
}

fn task_definition() -> Value {
    let part = json!({
        "type": "object", "additionalProperties": false,
        "properties": {
            "name": s::text("Its name; its number from 1 if absent.", 100), "prompt": s::text("What is to be done; the name if absent.", 20_000),
            "agent_type": s::text("Who should do it.", 100), "priority": s::integer("1 highest .. 10.", 1, 10),
            "estimated_minutes": s::number("How long.", 0.0, 100_000.0), "dependencies": s::texts("Names of tasks it waits for."),
        },
    });
    s::or(
        json!({"type": "object", "additionalProperties": false, "description": "The work.",
               "properties": {"prompt": s::text("What all of it is for.", 20_000), "tasks": s::list(&part, definition::MOST, "Its tasks.")}}),
        json!({}),
    )
}

fn orchestrating() -> Vec<Named> {
    let classes: Vec<&str> = ["general", "error", "timeout", "terminated"]
        .into_iter()
        .chain(failure::classes().filter(|c| *c != "timeout"))
        .collect();
    vec![
        (
            "orchestrate_agent_tasks",
            operation(
                "write",
                "Splits a piece of work over agents: who does which task when.",
                "List scheduling, the longest chain first (Hu 1961); never longer than 2 - 1/m times the best (Graham 1969). Minutes without an estimate are the mean of completed tasks of the agent type, else the operator's default. `enqueue` puts the tasks into the queue with their dependencies.",
                (
                    s::input(
                        &json!({"task_definition": task_definition(), "agent_count": s::or(s::integer("How many agents.", 1, 100), 1),
                        "enqueue": s::flag("Also put the tasks into the queue.", false), "project_id": s::or(s::project("Project of queued tasks.", 100), 1), "namespace": s::own_namespace()}),
                        &[],
                    ),
                    s::output(&[
                        ("agents", "array"),
                        ("makespan_minutes", "number"),
                        ("critical_path", "array"),
                        ("lower_bound_minutes", "number"),
                        ("task_ids", "array"),
                    ]),
                ),
                &json!([
                    {"arguments": {"agent_count": 2, "task_definition": {"tasks": [{"name": "build", "estimated_minutes": 20}, {"name": "test", "dependencies": ["build"]}, {"name": "docs"}]}}},
                    {"arguments": {"enqueue": true, "task_definition": {"tasks": [{"name": "build"}, {"name": "test", "dependencies": ["build"]}]}}},
                    {"arguments": {"task_definition": {"tasks": [{"name": "a", "dependencies": ["b"]}, {"name": "b", "dependencies": ["a"]}]}}, "fault": "conflict.cycle"},
                    {"arguments": {}},
                ]),
            ),
        ),
        (
            "analyze_failure_patterns",
            operation(
                "read",
                "Groups recorded failures by what their messages have in common.",
                "With task_id: those of the task, and how many other tasks failed the same way. Over the last 1,000 failures (`examined`). failure_type: general (all), a kind (error, timeout, terminated), or a class of messages.",
                (
                    s::input(
                        &json!({"task_id": {"type": ["integer", "string", "null"], "description": "The task; all of them if absent."}, "failure_type": s::or(s::choice(&classes, "Only these."), "general")}),
                        &[],
                    ),
                    s::output(&[
                        ("examined", "integer"),
                        ("patterns", "array"),
                        ("by_class", "object"),
                        ("by_kind", "object"),
                    ]),
                ),
                &json!([{"arguments": {"task_id": "fix"}, "setup": [s::queued("fix"), s::agent("ann"), s::claimed("ann"),
                    {"operation": "task_fail", "arguments": {"task_id": "fix", "error_message": "timed out after 30 s"}}]}, {"arguments": {}}]),
            ),
        ),
        (
            "recommend_orchestration",
            operation(
                "read",
                "How many agents are worth while for the open tasks, and whether a limit of time can be met.",
                "From list schedules of the first 150 open tasks (`cut`: there are more) for 1 to num_agents agents: the fewest whose makespan is within a tenth of the best.",
                (
                    s::input(
                        &json!({"num_agents": s::or(s::integer("How many there may be.", 1, 50), 1), "task_domains": s::or(s::texts("Only these agent types; all if empty."), json!([])),
                        "time_constraint": s::or(s::text("`no_limit`, `90 minutes`, `2 hours`, `1 day`.", 50), "no_limit")}),
                        &[],
                    ),
                    s::output(&[
                        ("tasks", "integer"),
                        ("pattern", "string"),
                        ("recommended_agents", "integer"),
                        ("makespans", "array"),
                        ("meets_constraint", "boolean|null"),
                        ("agents_by_type", "object"),
                    ]),
                ),
                &json!([{"arguments": {"num_agents": 3, "time_constraint": "2 hours"}, "setup": [s::queued("fix"), s::queued("other"), s::after("test", "fix")]},
                    {"arguments": {"time_constraint": "soon"}, "fault": "invalid.argument"}]),
            ),
        ),
    ]
}

fn coordinating() -> Vec<Named> {
    let two = json!([s::queued("fix"), s::queued("ship")]);
    vec![
        (
            "add_project_dependency",
            operation(
                "write",
                "Lets one task wait for another, of the same or another project.",
                "depends_on: `from` waits for `to`. blocks: `to` waits for `from`. related: no order. Circles are refused, and so is a project that is not the task's.",
                (
                    s::input(
                        &json!({"from_task_id": s::reference("The first task"), "from_project_id": s::or(s::project("Its project.", 100), 1), "to_task_id": s::reference("The other task"),
                        "to_project_id": s::or(s::project("Its project.", 100), 1), "dependency_type": s::or(s::choice(&["depends_on", "blocks", "related"], "How."), "depends_on")}),
                        &["from_task_id", "to_task_id"],
                    ),
                    s::output(&[
                        ("id", "integer"),
                        ("created", "boolean"),
                        ("waiting_task", "integer"),
                        ("status", "string"),
                    ]),
                ),
                &json!([{"arguments": {"from_task_id": "ship", "to_task_id": "fix"}, "setup": two},
                    {"arguments": {"from_task_id": "fix", "to_task_id": "test"}, "fault": "conflict.cycle", "setup": [s::queued("fix"), s::after("test", "fix")]}]),
            ),
        ),
        (
            "detect_resource_conflicts",
            operation(
                "read",
                "Open tasks that name the same resource and may run at once, and kinds of agents that are short.",
                "high: both run now; medium: one does; low: neither. Over up to 300 tasks with resources (`cut`).",
                (
                    s::input(&json!({"project_ids": s::projects(&json!([]))}), &[]),
                    s::output(&[
                        ("conflicts", "array"),
                        ("shortages", "array"),
                        ("examined", "integer"),
                        ("cut", "boolean"),
                    ]),
                ),
                &json!([{"arguments": {}, "setup": [
                    {"operation": "task_enqueue", "arguments": {"prompt": "Migrate", "resources": ["db"]}},
                    {"operation": "task_enqueue", "arguments": {"prompt": "Load", "resources": ["db"], "project_id": 2}}]}]),
            ),
        ),
        (
            "analyze_project_coordination",
            operation(
                "read",
                "How projects stand and which waits for which.",
                "",
                (
                    s::input(&json!({"project_ids": s::projects(&json!([1]))}), &[]),
                    s::output(&[("projects", "array"), ("waits", "array"), ("circles", "array"), ("cut", "boolean")]),
                ),
                &json!([{"arguments": {"project_ids": [1, 2]}, "setup": [s::queued("fix"),
                    {"operation": "task_enqueue", "arguments": {"prompt": "Ship", "project_id": 2, "dependencies": ["fix"]}}]}]),
            ),
        ),
        (
            "get_resource_allocation",
            operation(
                "read",
                "Agents by state and kind, what they run, and how many tasks wait for each kind.",
                "",
                (
                    s::input(&json!({}), &[]),
                    s::output(&[
                        ("agents", "object"),
                        ("utilization", "number|null"),
                        ("running", "array"),
                        ("by_agent_type", "array"),
                    ]),
                ),
                &json!([{"arguments": {}, "setup": [s::queued("fix"), s::agent("ann"), s::claimed("ann")]}]),
            ),
        ),
    ]
}
