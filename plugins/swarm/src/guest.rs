//! The component: names of operations to functions, and what several of them share.

mod agents;
mod audit;
mod claiming;
mod coordinating;
mod finishing;
mod links;
mod metrics;
mod orchestrating;
mod planning;
mod queue;
mod reading;
mod records;
mod show;

use crate::settings::Settings;
use memstrata_sdk::reference::Reference;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Layer, Map, Query, Value, clock, events, get, json, write};

const TASKS: &str = "tasks";
const DEPENDENCIES: &str = "dependencies";
const FAILURES: &str = "failures";
const AGENTS: &str = "agents";
const CHECKPOINTS: &str = "checkpoints";
const STATE: &str = "state";
const METRICS: &str = "metrics";
const AUDIT: &str = "audit";
/// The sessions of the layer that has them, where it is there.
const SESSIONS: &str = "sessions.sessions";
/// Rows a page of those an operation walks through.
const PAGE: u32 = 500;
/// Rows an operation walks through, at most.
const MOST: usize = 5_000;

struct Swarm;

memstrata_sdk::layer!(Swarm);

impl Layer for Swarm {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "task_enqueue" => queue::enqueue(arguments),
            "task_cancel" => finishing::cancel(arguments),
            "task_retry" => finishing::retry(arguments),
            "task_get" => reading::one(arguments),
            "task_list" => reading::list(arguments),
            "task_queue_status" => reading::status(arguments),
            "task_execution_plan" => planning::plan(arguments),
            "task_claim" => claiming::claim(arguments),
            "task_heartbeat" => claiming::heartbeat(arguments),
            "task_complete" => finishing::complete(arguments),
            "task_fail" => finishing::fail(arguments),
            "requeue_timed_out" => finishing::time_out(arguments),
            "task_failures" => reading::failures(arguments),
            "agent_register" => agents::register(arguments),
            "agent_update" => agents::update(arguments),
            "agent_get" => agents::one(arguments),
            "agent_list" => agents::list(arguments),
            "agent_terminate" => agents::terminate(arguments),
            "checkpoint_save" => records::save(arguments),
            "checkpoint_get" => records::checkpoint(arguments),
            "checkpoint_list" => records::checkpoints(arguments),
            "state_set" => records::set(arguments),
            "state_get" => records::state(arguments),
            "metric_record" => metrics::record(arguments),
            "metric_query" => metrics::query(arguments),
            "audit_record" => audit::record(arguments),
            "audit_query" => audit::query(arguments),
            "orchestrate_agent_tasks" => orchestrating::orchestrate(arguments),
            "analyze_failure_patterns" => orchestrating::failure_patterns(arguments),
            "recommend_orchestration" => orchestrating::recommend(arguments),
            "add_project_dependency" => links::add(arguments),
            "detect_resource_conflicts" => coordinating::conflicts(arguments),
            "analyze_project_coordination" => coordinating::projects(arguments),
            "get_resource_allocation" => coordinating::allocation(),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

/// The one live row a caller names by id, or by the text of a field.
fn named(collection: &str, what: &str, field: &str, reference: &Reference) -> Result<Value, Fault> {
    let missing = |name: &str| {
        Fault::new(
            &format!("not-found.{what}"),
            format!("there is no {what} {name}: {what}_list shows those there are"),
        )
    };
    match reference {
        Reference::Id(id) => get(collection, *id)?.ok_or_else(|| missing(&row::reference(*id))),
        Reference::Key(key) => {
            let found = Query::of(collection).filter(json!([field, "=", key]))?.limit(2).page()?.rows;
            if found.len() > 1 {
                let ids: Vec<u64> = found.iter().map(row::id).collect();
                let names = row::references(&ids);
                return Err(Fault::invalid(format!("`{key}` is in several namespaces: give an id, {names} ..")));
            }
            found.into_iter().next().ok_or_else(|| missing(&format!("`{key}`")))
        }
    }
}

fn task(reference: &Reference) -> Result<Value, Fault> {
    named(TASKS, "task", "key", reference)
}

fn agent(reference: &Reference) -> Result<Value, Fault> {
    named(AGENTS, "agent", "name", reference)
}

/// The id of a named row, where one is named.
fn id_of(given: Option<&Reference>, find: impl Fn(&Reference) -> Result<Value, Fault>) -> Result<Option<u64>, Fault> {
    given.map(|reference| find(reference).map(|found| row::id(&found))).transpose()
}

/// Stages a change of a row at the version that was read.
fn patch(collection: &str, id: u64, patch: &Value) -> Result<(), Fault> {
    write::update(collection, id, None, patch).map(|_| ())
}

/// Makes the commit depend on a task still being in the state that was read.
fn unchanged(task: &Value) -> Result<(), Fault> {
    let status = row::text(task, "status");
    let query = Query::of(TASKS).filter(json!(["id", "=", row::id(task)]))?.filter(json!(["status", "=", status]))?;
    write::expect(&query, 1)
}

/// A project as it is stored: `1` for 1, `"1"` and nothing.
fn project(given: Option<&Value>) -> String {
    match given {
        Some(Value::String(text)) if !text.is_empty() => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => "1".to_owned(),
    }
}

/// Projects to look in; none is all of them.
fn projects(given: &[Value]) -> Vec<String> {
    let mut names: Vec<String> = given.iter().map(|one| project(Some(one))).collect();
    names.sort();
    names.dedup();
    names
}

/// Refuses a session that is not there, where the layer of sessions is.
fn check_session(session: Option<&str>, settings: &Settings) -> Result<(), Fault> {
    let Some(session) = session.filter(|_| settings.check_sessions) else { return Ok(()) };
    let Ok(query) = Query::of(SESSIONS).filter(json!(["session_id", "=", session])) else { return Ok(()) };
    match query.count() {
        Ok(0) => Err(Fault::new("not-found.session", format!("there is no session `{session}`: create it first"))),
        // Without the layer there is nothing to check against.
        _ => Ok(()),
    }
}

fn namespace(given: Option<&str>) -> Option<&str> {
    given.filter(|namespace| !namespace.is_empty())
}

/// An object as a map.
fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn emit(name: &str, payload: &Value) -> Result<(), Fault> {
    events::emit(name, payload)
}

fn now() -> u64 {
    clock::now()
}

fn settings() -> Result<Settings, Fault> {
    memstrata_sdk::settings::get()
}
