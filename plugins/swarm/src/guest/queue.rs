//! Putting tasks into the queue.

use super::{DEPENDENCIES, TASKS, audit, check_session, emit, namespace, now, project, settings, task, unchanged};
use crate::status::waiting;
use memstrata_sdk::reference::{Reference, is_key};
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Value, arguments, json, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct New {
    prompt: String,
    agent_type: Option<String>,
    priority: Option<u64>,
    input_data: Option<Value>,
    max_retries: Option<u64>,
    max_execution_timeout_seconds: Option<u64>,
    estimated_minutes: Option<f64>,
    resources: Option<Vec<String>>,
    parent_task_id: Option<Reference>,
    #[serde(default)]
    dependencies: Vec<Reference>,
    session_id: Option<String>,
    created_by: Option<String>,
    project_id: Option<Value>,
    key: Option<String>,
    namespace: Option<String>,
}

/// The row of a new task. What is left out takes the defaults of the requirements.
pub(super) fn row_of(prompt: &str, agent_type: Option<&str>, priority: Option<u64>, project: &str, open: u64) -> Value {
    json!({
        "prompt": prompt, "agent_type": agent_type.unwrap_or("general"), "priority": priority.unwrap_or(5), "status": waiting(open),
        "retry_count": 0, "max_retries": 3, "max_execution_timeout_seconds": 3600, "submitted_at": now(), "open_dependencies": open,
        "project": project,
    })
}

/// The projects of two tasks as one text, if they are two.
pub(super) fn pair(waiter: &str, first: &str) -> Option<String> {
    (waiter != first).then(|| json!([waiter, first]).to_string())
}

/// Stages that a new task waits for another; `projects` are those of both.
pub(super) fn edge(task: u64, before: u64, open: bool, projects: (&str, &str)) -> Result<(), Fault> {
    let edge = json!({"task": task, "depends_on": before, "kind": "depends_on", "open": open, "pair": pair(projects.0, projects.1)});
    write::insert(DEPENDENCIES, &edge).map(|_| ())
}

/// Says that a task is in the queue.
pub(super) fn told(id: u64, agent_type: &str, open: u64) -> Result<(), Fault> {
    audit::note("task_enqueued", Some(id), None, &json!({"agent_type": agent_type, "open_dependencies": open}))?;
    emit("task_enqueued", &json!({"task": id, "agent_type": agent_type, "status": waiting(open)}))
}

/// `task_enqueue`.
pub(super) fn enqueue(given: Value) -> Answer {
    let given: New = arguments(given)?;
    if let Some(key) = given.key.as_deref().filter(|key| !is_key(key)) {
        return Err(Fault::invalid(format!("`{key}` is no key: a letter, then letters, digits, - _ .")));
    }
    check_session(given.session_id.as_deref(), &settings()?)?;
    let project = project(given.project_id.as_ref());
    let mut before: Vec<Value> = Vec::new();
    for reference in &given.dependencies {
        let found = task(reference)?;
        let status = row::text(&found, "status");
        if matches!(status, "failed" | "cancelled") {
            let name = row::reference(row::id(&found));
            return Err(Fault::new(
                "conflict.dependency",
                format!("{name} is {status}: it will not be completed, unless task_retry puts it back first"),
            ));
        }
        if !before.iter().any(|known| row::id(known) == row::id(&found)) {
            before.push(found);
        }
    }
    let is_open = |task: &Value| row::text(task, "status") != "completed";
    let open = before.iter().filter(|task| is_open(task)).count() as u64;
    let parent = given.parent_task_id.as_ref().map(task).transpose()?.map(|parent| row::id(&parent));
    let agent_type = given.agent_type.as_deref().unwrap_or("general");
    let mut new = row_of(&given.prompt, Some(agent_type), given.priority, &project, open);
    if let Some(new) = new.as_object_mut() {
        for (name, value) in [
            ("input_data", json!(given.input_data)),
            ("max_retries", json!(given.max_retries)),
            ("max_execution_timeout_seconds", json!(given.max_execution_timeout_seconds)),
            ("estimated_minutes", json!(given.estimated_minutes)),
            ("resources", json!(given.resources)),
            ("needs_resources", json!(given.resources.as_ref().map(|resources| !resources.is_empty()))),
            ("parent", json!(parent)),
            ("session_id", json!(given.session_id)),
            ("created_by", json!(given.created_by)),
            ("key", json!(given.key)),
            ("namespace", json!(namespace(given.namespace.as_deref()))),
        ] {
            if !value.is_null() {
                new.insert(name.into(), value);
            }
        }
    }
    let id = match &given.key {
        None => write::insert(TASKS, &new)?,
        Some(key) => match write::insert_or_get(TASKS, "key", &new)? {
            (id, true) => id,
            (id, false) => {
                let name = row::reference(id);
                return Err(Fault::new(
                    "conflict.duplicate",
                    format!("{name} has the key `{key}` already: take another"),
                ));
            }
        },
    };
    for task in &before {
        // If it is completed meanwhile this call runs again, and finds it so.
        unchanged(task)?;
        edge(id, row::id(task), is_open(task), (&project, row::text(task, "project")))?;
    }
    told(id, agent_type, open)?;
    Ok(json!({"id": id, "ref": row::reference(id), "status": waiting(open), "open_dependencies": open}))
}
