//! The component: names of operations to functions, and what several of them share.

mod creating;
mod dependencies;
mod firing;
mod goal_conflicts;
mod goal_ranking;
mod goals;
mod listing;
mod milestones;
mod moving;
mod planning;
mod status;
mod triggers;
mod watching;

use crate::row;
use crate::settings::Settings;
use memstrata_sdk::reference::Reference;
use memstrata_sdk::{Answer, Fault, Layer, Map, Query, Value, clock, events, get, json, write};

const TASKS: &str = "tasks";
const PHASES: &str = "phases";
const MILESTONES: &str = "milestones";
const DEPENDENCIES: &str = "dependencies";
const TRIGGERS: &str = "triggers";
const FIRINGS: &str = "firings";
const GOALS: &str = "goals";
const PROGRESS: &str = "progress";
/// The events this layer hears, where there are any.
const EVENTS: &str = "episodic.events";
/// Rows a page of those an operation walks through.
const PAGE: u32 = 500;
/// Rows an operation walks through, at most.
const MOST: usize = 10_000;

struct Prospective;

memstrata_sdk::layer!(Prospective);

impl Layer for Prospective {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "create_task" | "create_task_with_milestones" => creating::create(arguments, false),
            "create_task_with_planning" => creating::create(arguments, true),
            "list_tasks" => listing::list(arguments),
            "get_pending_tasks" => listing::pending(arguments),
            "search_tasks" => listing::search(arguments),
            "get_task" => listing::get_task(arguments),
            "update_task" => status::update_task(arguments),
            "update_task_status" => status::update_status(arguments),
            "start_task" => status::start(arguments),
            "verify_task" => status::verify(arguments),
            "complete_task" => status::complete(arguments),
            "fail_task" => status::fail(arguments),
            "cancel_task" => status::cancel(arguments),
            "reopen_task" => status::reopen(arguments),
            "block_task" => status::block(arguments),
            "unblock_task" => status::unblock(arguments),
            "set_task_phase" => status::set_phase(arguments),
            "set_task_plan" => planning::set_plan(arguments),
            "validate_task_plan" => planning::validate(arguments),
            "update_plan_step" => planning::update_step(arguments),
            "add_milestones" => milestones::add(arguments),
            "update_milestone_progress" => milestones::update(arguments),
            "add_dependency" => dependencies::add(arguments),
            "remove_dependency" => dependencies::remove(arguments),
            "add_trigger" => triggers::add(arguments),
            "list_triggers" => triggers::list(arguments),
            "remove_trigger" => triggers::remove(arguments),
            "rearm_trigger" => triggers::rearm(arguments),
            "evaluate_triggers" => triggers::evaluate(arguments),
            "fire_due_triggers" => triggers::fire_due(),
            "hear_event" => triggers::hear(arguments),
            "list_fired" => triggers::list_fired(arguments),
            "acknowledge_fired" => triggers::acknowledge(arguments),
            "set_goal" | "create_goal" => goals::set(arguments),
            "get_goal" => goals::get_goal(arguments),
            "list_goals" => goals::list(arguments),
            "get_active_goals" => goals::active(arguments),
            "update_goal" => goals::update(arguments),
            "activate_goal" => goals::activate(arguments),
            "record_execution_progress" => goals::record(arguments),
            "complete_goal" => goals::complete(arguments),
            "get_goal_priority_ranking" => goal_ranking::ranking(arguments),
            "recommend_next_goal" => goal_ranking::recommend(arguments),
            "get_progress_metrics" => goal_ranking::metrics(arguments),
            "check_goal_conflicts" => goal_conflicts::check(arguments),
            "resolve_goal_conflicts" => goal_conflicts::resolve(arguments),
            "get_task_health" => watching::task_health(arguments),
            "get_workflow_status" => watching::workflow(arguments),
            "get_project_dashboard" => watching::dashboard(arguments),
            "get_project_status" => watching::project(arguments),
            "analyze_critical_path" => watching::critical_path(arguments),
            "detect_bottlenecks" => watching::bottlenecks(arguments),
            "analyze_estimation_accuracy" => watching::accuracy(arguments),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

/// The one live row a caller names by id or key.
fn named(collection: &str, what: &str, reference: &Reference) -> Result<Value, Fault> {
    let missing = |name: String| {
        Fault::new(&format!("not-found.{what}"), format!("there is no {what} {name}: take an id from `list_{what}s`"))
    };
    match reference {
        Reference::Id(id) => get(collection, *id)?.ok_or_else(|| missing(row::reference(*id))),
        Reference::Key(key) => {
            let found = Query::of(collection).filter(json!(["key", "=", key]))?.limit(2).page()?.rows;
            if found.len() > 1 {
                let ids: Vec<u64> = found.iter().map(row::id).collect();
                let names = row::references(&ids);
                return Err(Fault::invalid(format!(
                    "key `{key}` is used in several namespaces: give an id, {names} .."
                )));
            }
            found.into_iter().next().ok_or_else(|| missing(format!("with the key `{key}`")))
        }
    }
}

fn task(reference: &Reference) -> Result<Value, Fault> {
    named(TASKS, "task", reference)
}

fn goal(reference: &Reference) -> Result<Value, Fault> {
    named(GOALS, "goal", reference)
}

/// Refuses a key that a live row of the namespace has.
fn refuse_twin(collection: &str, key: &str, namespace: Option<&str>) -> Result<(), Fault> {
    let twins = Query::of(collection).filter(json!(["key", "=", key]))?.limit(PAGE).page()?.rows;
    let namespace = namespace.unwrap_or_default();
    match twins.iter().find(|twin| row::text(twin, "namespace") == namespace) {
        Some(twin) => Err(Fault::new(
            "conflict.duplicate",
            format!("{} has the key `{key}` already: take another one", row::reference(row::id(twin))),
        )),
        None => Ok(()),
    }
}

/// Stages a change of a row at the version that was read.
fn patch(collection: &str, id: u64, patch: Map<String, Value>) -> Result<(), Fault> {
    write::update(collection, id, None, &patch.into()).map(|_| ())
}

/// Makes the commit depend on a field of a row still being what was read.
fn unchanged(collection: &str, of: &Value, field: &str) -> Result<(), Fault> {
    let value = of.get(field).cloned().unwrap_or_default();
    let query = Query::of(collection).filter(json!(["id", "=", row::id(of)]))?.filter(json!([field, "=", value]))?;
    write::expect(&query, 1)
}

/// A child row of a task or goal, in its namespace.
fn child(mut fields: Map<String, Value>, parent: &str, of: &Value) -> Value {
    fields.insert(parent.into(), json!(row::id(of)));
    fields.insert("namespace".into(), json!(row::text(of, "namespace")));
    fields.into()
}

fn emit(name: &str, payload: &Value) -> Result<(), Fault> {
    events::emit(name, payload)
}

/// An object as a map.
fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn now() -> u64 {
    clock::now()
}

fn settings() -> Result<Settings, Fault> {
    memstrata_sdk::settings::get()
}
