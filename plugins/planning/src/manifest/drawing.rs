//! Operations that make plans: kept by hand, decomposed, generated, recommended.

use super::schema::{self as s, Named, operation};
use crate::strategy::STRATEGIES;
use memstrata_sdk::{Value, json};

fn description() -> Value {
    s::text("What is to be done; steps it names (a list, sentences, `then`) become steps.", 20_000)
}

fn model() -> Value {
    s::flag("Ask the language model where neither words nor records tell the steps, if there is one.", true)
}

fn drawn() -> Value {
    json!({"steps": {"type": "array"}, "basis": {"type": "string"}, "strategy": {"type": "string"}})
}

const HOW: &str = "Without numbers of its own. Steps come from the description, else a matching procedure, else a similar recorded plan, else a model; `basis` says which. Stores nothing: `create_plan` does.";

pub(super) fn operations() -> Vec<Named> {
    let names: Vec<&str> = STRATEGIES.iter().map(|(name, _)| *name).collect();
    let kept = json!({"id": {"type": "integer"}, "title": {"type": "string"}, "steps": {"type": "array"}, "outline": {"type": "object"}});
    let words = json!([{"arguments": {"task_description": "Write the parser, then test it and then ship it"}}]);
    let plans = |more: Value| {
        let mut all = json!({"assumptions": s::assumptions(), "constraints": s::constraints(), "acceptance_criteria": s::texts("When all is done."),
            "milestones": s::milestones(), "deadline": {"type": ["integer", "string"], "maxLength": 40, "description": "ISO date or time, or ms UTC."}});
        if let (Some(all), Some(more)) = (all.as_object_mut(), more.as_object()) {
            all.extend(more.clone());
        }
        all
    };
    let alternatives = json!({"alternatives": {"type": "array"}, "basis": {"type": "string"}});
    vec![
        operation(
            "create_plan",
            "write",
            "Stores a plan.",
            "Steps are texts (one after another) or objects; dependencies by number from 1. Circles are refused.",
            &plans(
                json!({"title!": s::named("What it is for."), "steps!": s::steps("In order."), "key": s::named("A name in place of the id."), "task_id": s::task_or_none(),
                "strategy": s::text("How it was made.", 100), "domain": s::text("Its field.", 100), "namespace": s::text("Where it belongs, such as `project:shop`.", 200)}),
            ),
            &kept,
            &json!([{"arguments": {"title": "Ship it", "steps": ["Build", "Test"]}},
                {"arguments": {"title": "x", "steps": [{"content": "a", "depends_on": [2]}, {"content": "b", "depends_on": [1]}]}, "fault": "conflict.cycle"}]),
        ),
        operation(
            "get_plan",
            "read",
            "One plan, with its outline, gates and replans.",
            "",
            &json!({"plan_id!": s::task()}),
            &kept,
            &json!([{"arguments": {"plan_id": "p"}, "setup": s::given()}, {"arguments": {"plan_id": "nobody"}, "fault": "not-found.plan"}]),
        ),
        operation(
            "list_plans",
            "read",
            "Plans, newest change first.",
            "",
            &json!({"status": s::choice(&["draft", "active", "completed", "abandoned"], "Only these."),
                "namespace": s::text("Only this and below.", 200), "limit": s::or(s::integer("At most.", 1, 200), 20), "cursor": s::text("`next_cursor` of the page before.", 4096)}),
            &json!({"plans": {"type": "array"}, "next_cursor": {"type": ["string", "null"]}}),
            &json!([{"arguments": {}, "setup": s::given()}]),
        ),
        operation(
            "update_plan",
            "write",
            "Changes a plan: its parts, its status, or one step.",
            "`step` with `step_status` and `actual_minutes` notes progress; `violated_assumption` marks one by number. A plan all of whose steps are over is completed, and its minutes become history.",
            &plans(
                json!({"plan_id!": s::task(), "title": s::named("New title."), "steps": s::steps("All of them anew."), "status": s::choice(&["draft", "active", "completed", "abandoned"], "New status."),
                "step": s::integer("A step.", 1, 100), "step_status": s::choice(&crate::plan::STATUSES, "How far it is."), "actual_minutes": s::minutes("What the step took."),
                "violated_assumption": s::integer("An assumption, from 1.", 1, 50)}),
            ),
            &kept,
            &json!([{"arguments": {"plan_id": "p", "step": 1, "step_status": "completed", "actual_minutes": 120}, "setup": s::given()},
                {"arguments": {"plan_id": "p", "step": 9, "step_status": "completed"}, "setup": s::given(), "fault": "not-found.step"}]),
        ),
        operation(
            "delete_plan",
            "destructive",
            "Deletes a plan.",
            "What was found about it stays.",
            &json!({"plan_id!": s::task()}),
            &json!({"id": {"type": "integer"}, "deleted": {"type": "boolean"}}),
            &json!([{"arguments": {"plan_id": "p"}, "setup": s::given()}]),
        ),
        operation(
            "decompose_hierarchically",
            "read",
            "Parts of a task, and parts of those.",
            HOW,
            &json!({"task_description": s::or(description(), ""), "complexity_level": s::or(s::integer("Up to 3 one level, up to 6 two, else three.", 1, 10), 5), "domain": s::or(s::text("Its field.", 100), "general"), "use_model": model()}),
            &drawn(),
            &words,
        ),
        operation(
            "decompose_with_strategy",
            "read",
            "Steps of a task, ordered by a strategy.",
            HOW,
            &json!({"task_description": s::or(description(), ""), "strategy": s::or(s::choice(&names, "The strategy."), "HIERARCHICAL"), "use_model": model()}),
            &drawn(),
            &json!([{"arguments": {"task_description": "Write docs, then paint a logo", "strategy": "PARALLEL"}}, {"arguments": {}, "fault": "invalid.argument", "note": "No words."}]),
        ),
        operation(
            "decompose_task",
            "read",
            "A task as a tree of parts.",
            HOW,
            &json!({"task_description!": description(), "target_depth": s::or(s::integer("Levels.", 1, 5), 3), "max_subtasks": s::or(s::integer("Parts of each.", 1, 50), 10), "use_model": model()}),
            &json!({"steps": {"type": "array"}, "tree": {"type": "array"}, "total_tasks": {"type": "integer"}, "decomposition_depth": {"type": "integer"}, "basis": {"type": "string"}}),
            &words,
        ),
        operation(
            "get_task_structure",
            "read",
            "A plan in numbers.",
            "Counts by status and priority, effort, critical path.",
            &json!({"task_id!": s::task(), "include_subtasks": s::flag("The steps too.", true)}),
            &json!({"total_tasks": {"type": "integer"}, "decomposition_depth": {"type": "integer"}, "top_level_tasks": {"type": "integer"}, "tasks_by_status": {"type": "object"}, "dependencies_count": {"type": "integer"},
                "tasks_by_priority": {"type": "object"}, "effort_by_priority": {"type": "object"}, "total_estimated_effort": {"type": ["number", "null"]}, "critical_path_length": {"type": "integer"}}),
            &s::on_plan(&json!({})),
        ),
        operation(
            "get_dependency_graph",
            "read",
            "Who waits for whom.",
            "Of a plan's steps, and of the task among tasks.",
            &json!({"task_id!": s::task()}),
            &json!({"nodes": {"type": "array"}, "edges": {"type": "array"}, "blocking": {"type": "integer"}, "blocked_by": {"type": "integer"}}),
            &s::on_plan(&json!({})),
        ),
        operation(
            "generate_task_plan",
            "write",
            "Makes and stores the plan of a task.",
            "Steps as in decompose_hierarchically; each gets minutes only where similar work is recorded.",
            &json!({"task_id!": s::task(), "task_description!": description(), "key": s::named("A key for the plan."), "use_model": model()}),
            &kept,
            &json!([{"arguments": {"task_id": 0, "task_description": "- Build\n- Test", "key": "q"}}, {"arguments": {"task_id": 999_999, "task_description": "x"}, "fault": "not-found.task"}]),
        ),
        operation(
            "generate_lightweight_plan",
            "read",
            "A short form of a plan.",
            "minimal_steps: without what is optional, twice, or off the paths to verifying steps; critical_path: only that; quick_wins: short steps first. `resource_limit` caps minutes.",
            &json!({"task_id!": s::task(), "strategy": s::or(s::choice(&["minimal_steps", "critical_path", "quick_wins"], "How."), "minimal_steps"), "resource_limit": s::or(s::minutes("Minutes there are."), 100)}),
            &json!({"steps": {"type": "array"}, "left_out": {"type": "array"}, "fits": {"type": ["boolean", "null"]}}),
            &s::on_plan(&json!({})),
        ),
        operation(
            "generate_alternative_plans",
            "read",
            "The same work planned in other ways.",
            "Each strategy and refinement that changes the plan, with its critical path; scaled to `base_estimate` minutes if that is given.",
            &json!({"task_id!": s::task(), "base_estimate": s::minutes("Minutes of the plan as it is.")}),
            &alternatives,
            &s::on_plan(&json!({"base_estimate": 300})),
        ),
        operation(
            "generate_alternative_plans_impl",
            "read",
            "So many other ways.",
            "As generate_alternative_plans, the shortest first.",
            &json!({"task_id!": s::task(), "num_alternatives": s::or(s::integer("How many.", 1, 10), 3)}),
            &alternatives,
            &s::on_plan(&json!({})),
        ),
        operation(
            "suggest_planning_strategy",
            "read",
            "Which strategy suits, by rules that are told.",
            "",
            &json!({"task_description": s::or(description(), ""), "domain": s::or(s::text("Its field.", 100), "general"), "complexity": s::or(s::integer("1 to 10.", 1, 10), 5), "time_available": s::or(s::text("Such as 4_hours, 1_day, 2_weeks.", 40), "1_day")}),
            &json!({"recommended": {"type": "object"}, "others": {"type": "array"}}),
            &json!([{"arguments": {"task_description": "Investigate the crash"}}, {"arguments": {"time_available": "soon"}, "fault": "invalid.argument"}]),
        ),
        operation(
            "recommend_strategy",
            "read",
            "Which strategy suits, with what was tried before.",
            "`tried`: plans of each strategy, and how many were completed.",
            &json!({"task_id": s::task_or_none(), "description": s::or(description(), ""), "task_type": s::or(s::text("Such as bug_fix.", 100), "feature_implementation")}),
            &json!({"recommended": {"type": "object"}, "others": {"type": "array"}, "tried": {"type": "array"}}),
            &json!([{"arguments": {"description": "Refactor the parser"}}]),
        ),
        operation(
            "recommend_planning_patterns",
            "read",
            "Plans and procedures that fit a task.",
            "Rules for the strategy, and what was recorded.",
            &json!({"task_description": s::or(description(), ""), "project_context": {"type": "object", "maxProperties": 50, "default": {}, "description": "complexity, time_available, task_type are used."}}),
            &json!({"strategies": {"type": "array"}, "plans": {"type": "array"}, "procedures": {"type": "array"}}),
            &json!([{"arguments": {"task_description": "Ship the importer"}, "setup": s::given()}]),
        ),
        operation(
            "planning_assistance",
            "read",
            "Help with a plan: what is missing, and what to do next.",
            "The plan there is, or a draft; its findings; a strategy; a forecast.",
            &json!({"task_id": s::task_or_none(), "task_description": description(), "context": s::text("More words.", 4000)}),
            &json!({"next_actions": {"type": "array"}, "findings": {"type": "array"}, "strategy": {"type": "object"}, "forecast": {"type": "object"}}),
            &json!([{"arguments": {"task_id": "p"}, "setup": s::given()}, {"arguments": {"task_description": "Build, then test"}}]),
        ),
    ]
}
