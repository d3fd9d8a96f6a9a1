//! The component: names of operations to functions, and how they find the plan that is meant.

mod changing;
mod checking;
mod drawing;
mod estimating;
mod gates;
mod money;
mod plans;
mod recommending;
mod recorded;

use crate::plan::Plan;
use crate::reference::Reference;
use crate::row;
use crate::settings::Settings;
use memstrata_sdk::{Answer, Fault, Layer, Query, Value, clock, get, json};

const PLANS: &str = "plans";
const TASKS: &str = "prospective.tasks";

struct Planning;

memstrata_sdk::layer!(Planning);

impl Layer for Planning {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, given: Value) -> Answer {
        let given = &given;
        match operation {
            "create_plan" => plans::create(given),
            "get_plan" => plans::show(given),
            "list_plans" => plans::list(given),
            "update_plan" => plans::update(given),
            "delete_plan" => plans::delete(given),
            "get_task_structure" => plans::structure(given),
            "get_dependency_graph" => plans::graph(given),
            "decompose_hierarchically" => drawing::hierarchically(given),
            "decompose_with_strategy" => drawing::with_strategy(given),
            "decompose_task" => drawing::tree(given),
            "generate_task_plan" => drawing::generate(given),
            "generate_lightweight_plan" => recommending::lightweight(given),
            "generate_alternative_plans" | "generate_alternative_plans_impl" => recommending::alternatives(given),
            "suggest_planning_strategy" => recommending::suggest(given),
            "recommend_strategy" => recommending::recommend(given),
            "recommend_planning_patterns" => recommending::patterns(given),
            "planning_assistance" => recommending::assist(given),
            "validate_plan" => checking::project(given, false),
            "verify_plan" => checking::project(given, true),
            "validate_plan_comprehensive" => checking::comprehensive(given),
            "verify_plan_properties" => checking::verify(given),
            "validate_plan_with_reasoning" => checking::reasoning(given),
            "validate_plan_with_llm" => checking::with_model(given),
            "simulate_plan_scenarios" => checking::simulate(given),
            "monitor_execution_deviation" => changing::monitor(given),
            "trigger_adaptive_replanning" => changing::adaptive(given),
            "trigger_replanning" => changing::replan(given),
            "refine_plan_automatically" | "optimize_plan" => changing::refine(given),
            "optimize_plan_suggestions" => changing::suggestions(given),
            "extract_planning_patterns" => changing::patterns(given),
            "create_validation_gate" => gates::create(given),
            "decide_validation_gate" => gates::decide(given),
            "list_validation_gates" => gates::list(given),
            "predict_task_duration" => estimating::predict(given),
            "record_outcome" => estimating::record(given),
            "estimate_resources" => estimating::resources(given, false),
            "estimate_task_resources_detailed" => estimating::resources(given, true),
            "analyze_uncertainty" => estimating::uncertainty(given),
            "generate_confidence_scores" => estimating::scores(given),
            "estimate_confidence_interval" => estimating::interval(given),
            "train_estimation_model" => estimating::train(),
            "forecast_resource_needs" => estimating::needs(given),
            "calculate_task_cost" => money::cost(given),
            "estimate_roi" | "calculate_roi" => money::roi(given),
            "suggest_cost_optimizations" => money::savings(given),
            "track_budget" => money::track(given),
            "detect_budget_anomalies" => money::anomalies(given),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

/// What a caller named: a plan, or a task with its newest plan, if it has one.
#[derive(Default)]
struct Target {
    /// The stored plan's id.
    id: Option<u64>,
    /// The task's row.
    task: Option<Value>,
    /// The stored plan's row.
    row: Option<Value>,
    /// The plan; without steps if there is none.
    plan: Plan,
}

impl Target {
    fn task_id(&self) -> Option<u64> {
        let of_plan = self.row.as_ref().and_then(|stored| row::int(stored, "task"));
        self.task.as_ref().map(row::id).or(of_plan)
    }

    fn namespace(&self) -> &str {
        self.row.as_ref().or(self.task.as_ref()).map_or("", |stored| row::text(stored, "namespace"))
    }

    /// Its own words.
    fn words(&self) -> &str {
        match &self.task {
            Some(task) => row::text(task, "content"),
            None => &self.plan.title,
        }
    }
}

/// Reads what may not be there: another layer that is not loaded, or not granted.
fn optional<T: Default>(read: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    match read() {
        Err(fault) if fault.code.starts_with("not-found") || fault.code.starts_with("denied") => Ok(T::default()),
        other => other,
    }
}

fn named(given: &Value, field: &str) -> Result<Reference, Fault> {
    let value = given.get(field).cloned().unwrap_or_default();
    serde_json::from_value(value).map_err(|error| Fault::invalid(format!("`{field}`: {error}")))
}

/// The target a field names; none if it names none.
fn target(given: &Value, field: &str) -> Result<Option<Target>, Fault> {
    let missing =
        |what: String| Fault::new("not-found.task", format!("there is no task and no plan {what}: see `list_plans`"));
    let stored = match named(given, field)? {
        Reference::None => return Ok(None),
        Reference::Key(key) => {
            let found = Query::of(PLANS).filter(json!(["key", "=", key]))?.limit(2).page()?.rows;
            if found.len() > 1 {
                return Err(Fault::invalid(format!("several namespaces have a plan `{key}`: give the id")));
            }
            Some(found.into_iter().next().ok_or_else(|| missing(format!("`{key}`")))?)
        }
        Reference::Id(id) => match get(PLANS, id)? {
            Some(plan) => Some(plan),
            None => {
                let task = optional(|| get(TASKS, id))?.ok_or_else(|| missing(row::reference(id)))?;
                return of_task(task).map(Some);
            }
        },
    };
    let Some(stored) = stored else { return Ok(None) };
    let task = match row::int(&stored, "task") {
        Some(id) => optional(|| get(TASKS, id))?,
        None => None,
    };
    Ok(Some(Target { id: Some(row::id(&stored)), plan: Plan::of(&stored), row: Some(stored), task }))
}

/// A task's newest plan of this layer, else the plan kept with the task itself.
fn of_task(task: Value) -> Result<Target, Fault> {
    let stored = Query::of(PLANS).filter(json!(["task", "=", row::id(&task)]))?.descending("created_at")?.first()?;
    if let Some(stored) = stored {
        return Ok(Target { id: Some(row::id(&stored)), plan: Plan::of(&stored), row: Some(stored), task: Some(task) });
    }
    let mut plan = Plan::of(task.get("plan").unwrap_or(&Value::Null));
    plan.title = row::clip(row::text(&task, "content"), 500);
    plan.deadline = row::int(&task, "due_at");
    Ok(Target { plan, task: Some(task), ..Target::default() })
}

/// The target of `task_id`, which must have steps.
fn planned(given: &Value) -> Result<Target, Fault> {
    let found = target(given, "task_id")?.ok_or_else(|| Fault::invalid("`task_id`: name a task or a plan"))?;
    if found.plan.steps.is_empty() {
        return Err(Fault::new(
            "not-found.plan",
            "the task has no plan: make one with `generate_task_plan` or `create_plan`",
        ));
    }
    Ok(found)
}

fn text<'a>(given: &'a Value, field: &str) -> &'a str {
    row::text(given, field)
}

fn set(answer: &mut Value, field: &str, value: Value) {
    if let Some(answer) = answer.as_object_mut() {
        answer.insert(field.to_owned(), value);
    }
}

/// Both objects' fields; the second's where both have one.
fn joined(mut first: Value, second: Value) -> Value {
    if let (Some(first), Value::Object(second)) = (first.as_object_mut(), second) {
        first.extend(second);
    }
    first
}

fn settings() -> Result<Settings, Fault> {
    memstrata_sdk::settings::get()
}

/// Minutes from now to an instant; 0 if it is past.
fn minutes_until(at: u64) -> f64 {
    row::minutes(clock::now(), at)
}
