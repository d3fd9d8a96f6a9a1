//! Workflows: registering, listing, running.

use super::firing::Engine;
use super::registering::{actions, known, remove as removed, store};
use super::{MOST_RULES, WORKFLOWS, namespace, put};
use memstrata_sdk::args::Id;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Query, Value, arguments, json};
use serde::Deserialize;

const NAMED: (&str, &str) = ("workflow_name", "workflow");

#[derive(Deserialize)]
struct Register {
    workflow_name: String,
    steps: Value,
    #[serde(default)]
    required_params: Vec<String>,
    description: Option<String>,
    namespace: Option<String>,
}

/// `register_workflow`.
pub(super) fn register(given: Value) -> Answer {
    let given: Register = arguments(given)?;
    let steps = actions(&given.steps)?;
    let count = steps.as_array().map_or(0, Vec::len);
    let name = given.workflow_name.trim();
    let mut workflow = json!({
        "workflow_name": name, "steps": steps, "required_params": given.required_params, "description": given.description,
    });
    if let Some(namespace) = given.namespace {
        put(&mut workflow, "namespace", namespace);
    }
    let (id, status) = store(WORKFLOWS, "name", &workflow, &[(Query::of(WORKFLOWS), MOST_RULES as u64)])?;
    Ok(json!({"id": id, "ref": row::reference(id), "workflow_name": name, "steps": count, "status": status}))
}

#[derive(Deserialize)]
struct List {
    namespace: Option<String>,
    limit: u32,
    cursor: Option<String>,
}

/// `list_workflows`.
pub(super) fn list(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let page = Query::of(WORKFLOWS)
        .namespace(given.namespace.as_deref())?
        .ascending("workflow_name")?
        .limit(given.limit)
        .after(given.cursor.as_deref())?
        .page()?;
    let fields =
        ["id", "workflow_name", "description", "steps", "required_params", "times_run", "last_run_at", "namespace"];
    let workflows: Vec<Value> = page.rows.iter().map(|row| super::history::compact(row, &fields)).collect();
    Ok(json!({"count": workflows.len(), "workflows": workflows, "next_cursor": page.next}))
}

#[derive(Deserialize)]
struct One {
    workflow_name: String,
    #[serde(default)]
    workflow_params: Value,
    occasion: Option<String>,
    parent_firing: Option<Id>,
    session_id: Option<String>,
    namespace: Option<String>,
}

/// `remove_workflow`.
pub(super) fn remove(given: Value) -> Answer {
    let given: One = arguments(given)?;
    let workflow = removed(WORKFLOWS, NAMED, &given.workflow_name, given.namespace.as_deref())?;
    Ok(json!({"id": row::id(&workflow), "removed": true}))
}

/// `execute_automation_workflow`.
pub(super) fn execute(given: Value) -> Answer {
    let given: One = arguments(given)?;
    let workflow = known(WORKFLOWS, NAMED, &given.workflow_name, given.namespace.as_deref())?;
    let occasion = Engine::after(given.parent_firing.map(|id| id.0), given.occasion)?;
    let mut engine = Engine::new(given.session_id, given.namespace)?;
    let outcome = engine.workflow(&workflow, &given.workflow_params, &occasion)?;
    Ok(engine.answer(outcome))
}
