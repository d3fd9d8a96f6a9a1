//! Agents: made known, changed, shown, ended.

use super::{AGENTS, TASKS, agent, audit, check_session, finishing, map, namespace, now, patch, settings, show};
use memstrata_sdk::reference::{Reference, is_key};
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get, json, write};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Given {
    agent_id: Option<Reference>,
    name: String,
    specialization: Option<String>,
    model: Option<String>,
    session_id: Option<String>,
    resource_usage: Option<Value>,
    state: Option<String>,
    reason: Option<String>,
    namespace: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

fn shown(id: u64) -> Answer {
    let found = get(AGENTS, id)?.unwrap_or_default();
    Ok(show::agent(&found, now(), settings()?.silent_seconds))
}

fn meant(given: &Given) -> Result<Value, Fault> {
    given.agent_id.as_ref().map_or_else(|| Err(Fault::invalid("give an agent_id")), agent)
}

/// `agent_register`.
pub(super) fn register(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    if !is_key(&given.name) {
        return Err(Fault::invalid(format!("`{}` is no name: a letter, then letters, digits, - _ .", given.name)));
    }
    check_session(given.session_id.as_deref(), &settings()?)?;
    let now = now();
    let specialization = given.specialization.as_deref().unwrap_or("general");
    let mut new = map(json!({
        "name": given.name, "specialization": specialization, "state": "idle", "model": given.model, "spawned_at": now, "heartbeat_at": now,
        "resource_usage": given.resource_usage, "session_id": given.session_id,
    }));
    if let Some(namespace) = namespace(given.namespace.as_deref()) {
        new.insert("namespace".into(), json!(namespace));
    }
    let (id, created) = write::insert_or_get(AGENTS, "name", &Value::Object(new.clone()))?;
    if !created {
        let known = get(AGENTS, id)?.unwrap_or_default();
        if row::text(&known, "state") != "terminated" {
            let (name, id) = (&given.name, row::reference(id));
            return Err(Fault::new(
                "conflict.duplicate",
                format!("{id} is the agent `{name}` already: take another name, or agent_update"),
            ));
        }
        new.remove("namespace");
        new.insert("terminated_at".into(), Value::Null);
        new.insert("task".into(), Value::Null);
        patch(AGENTS, id, &new.into())?;
    }
    audit::note("agent_registered", None, Some(id), &json!({"specialization": specialization, "again": !created}))?;
    shown(id)
}

/// `agent_update`.
pub(super) fn update(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let agent = meant(&given)?;
    let (id, busy) = (row::id(&agent), row::int(&agent, "task").is_some());
    let refused = |sentence: &str| Err(Fault::new("conflict.transition", sentence));
    if row::text(&agent, "state") == "terminated" {
        return refused("the agent is terminated: agent_register revives it");
    }
    match (given.state.as_deref(), busy) {
        (Some("working"), false) => return refused("it has no task to work on: task_claim gives it one"),
        (Some("idle"), true) => return refused("it has a task: end it with task_complete or task_fail"),
        _ => {}
    }
    let mut fields = map(json!({"heartbeat_at": now()}));
    for (name, value) in [
        ("state", json!(given.state)),
        ("specialization", json!(given.specialization)),
        ("model", json!(given.model)),
        ("resource_usage", json!(given.resource_usage)),
    ] {
        if !value.is_null() {
            fields.insert(name.into(), value);
        }
    }
    patch(AGENTS, id, &fields.into())?;
    audit::note("agent_updated", None, Some(id), &json!({"state": given.state}))?;
    shown(id)
}

/// `agent_get`.
pub(super) fn one(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let agent = meant(&given)?;
    let mut answer = show::agent(&agent, now(), settings()?.silent_seconds);
    if let (Some(fields), Some(task)) = (answer.as_object_mut(), row::int(&agent, "task")) {
        fields.insert("task".into(), get(TASKS, task)?.as_ref().map(show::brief).unwrap_or_default());
    }
    Ok(answer)
}

/// `agent_list`.
pub(super) fn list(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let page = Query::of(AGENTS)
        .namespace(namespace(given.namespace.as_deref()))?
        .filter_if("state", "=", given.state.as_deref())?
        .filter_if("specialization", "=", given.specialization.as_deref())?
        .filter_if("session_id", "=", given.session_id.as_deref())?
        .descending("heartbeat_at")?
        .limit(given.limit.unwrap_or(50))
        .after(given.cursor.as_deref())?
        .page()?;
    let (now, silent) = (now(), settings()?.silent_seconds);
    let agents: Vec<Value> = page.rows.iter().map(|agent| show::agent(agent, now, silent)).collect();
    Ok(json!({"count": agents.len(), "agents": agents, "next_cursor": page.next}))
}

/// `agent_terminate`.
pub(super) fn terminate(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let agent = meant(&given)?;
    let id = row::id(&agent);
    if row::text(&agent, "state") == "terminated" {
        return Err(Fault::new("conflict.transition", "the agent is terminated already"));
    }
    let held = row::int(&agent, "task").map(|task| get(TASKS, task)).transpose()?.flatten();
    if let Some(task) = held.filter(|task| row::text(task, "status") == "running") {
        let message = given.reason.as_deref().unwrap_or("the agent was terminated");
        finishing::attempt_failed(&task, "terminated", message, true, false)?;
    }
    patch(AGENTS, id, &json!({"state": "terminated", "terminated_at": now(), "task": null}))?;
    audit::note("agent_terminated", None, Some(id), &json!({"reason": given.reason}))?;
    shown(id)
}
