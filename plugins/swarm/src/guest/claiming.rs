//! Agents take tasks, and say that they are alive.

use super::{AGENTS, TASKS, agent, audit, emit, namespace, now, patch, project, show};
use crate::status::{MOST_NEIGHBOURS, deadline, pick, takes};
use memstrata_sdk::reference::Reference;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get, json};
use serde::Deserialize;

#[derive(Deserialize)]
struct Claim {
    agent_id: Reference,
    agent_type: Option<String>,
    project_id: Option<Value>,
    namespace: Option<String>,
}

/// Agents that asked within so many milliseconds ask at the same moment.
const MOMENT_MS: u64 = 2_000;

/// The first ready tasks, of one type or any.
fn heads(given: &Claim, agent_type: Option<&str>, most: u64) -> Result<Vec<Value>, Fault> {
    let query = Query::of(TASKS)
        .namespace(namespace(given.namespace.as_deref()))?
        .filter(json!(["status", "=", "ready"]))?
        .filter_if("agent_type", "=", agent_type)?
        .filter_if("project", "=", given.project_id.as_ref().filter(|id| !id.is_null()).map(|id| project(Some(id))))?
        .ascending("priority")?
        .ascending("submitted_at")?
        .select(&["priority", "submitted_at"])?
        .limit(u32::try_from(most).unwrap_or(1));
    Ok(query.page()?.rows)
}

/// How many idle agents with smaller ids ask at this moment.
fn rank(agent: u64, now: u64) -> Result<u64, Fault> {
    let before = Query::of(AGENTS)
        .filter(json!(["state", "=", "idle"]))?
        .filter(json!(["heartbeat_at", ">=", now.saturating_sub(MOMENT_MS)]))?
        .filter(json!(["id", "<", agent]))?
        .count()?;
    Ok(before.min(MOST_NEIGHBOURS - 1))
}

/// `task_claim`. The task and the agent are changed at the versions that were read: of two calls for one task, or for one agent, the
/// later one runs again on what the first one left.
pub(super) fn claim(given: Value) -> Answer {
    let given: Claim = arguments(given)?;
    let agent = agent(&given.agent_id)?;
    let (agent_id, name) = (row::id(&agent), row::text(&agent, "name"));
    match row::text(&agent, "state") {
        "terminated" => {
            return Err(Fault::new(
                "conflict.transition",
                format!("agent `{name}` is terminated: agent_register revives it"),
            ));
        }
        state => {
            if let Some(task) = row::int(&agent, "task") {
                let task = row::reference(task);
                return Err(Fault::new(
                    "conflict.busy",
                    format!("agent `{name}` is {state} with {task}: complete or fail it first"),
                ));
            }
        }
    }
    let specialization = row::text(&agent, "specialization");
    let types: Vec<Option<&str>> = match given.agent_type.as_deref() {
        Some(wanted) if takes(specialization, wanted) => vec![Some(wanted)],
        Some(wanted) => {
            return Err(Fault::new(
                "conflict.specialization",
                format!("agent `{name}` takes `{specialization}`, not `{wanted}`: agent_update changes that"),
            ));
        }
        None if specialization == "general" => vec![None],
        None => vec![Some(specialization), Some("general")],
    };
    let now = now();
    let rank = rank(agent_id, now)?;
    let mut places = Vec::new();
    for agent_type in types {
        let field = |task: &Value, name: &str| row::int(task, name).unwrap_or_default();
        let found = heads(&given, agent_type, rank + 1)?;
        places.extend(found.iter().map(|task| (field(task, "priority"), field(task, "submitted_at"), row::id(task))));
    }
    let Some(task) = pick(&places, rank).map(|id| get(TASKS, id)).transpose()?.flatten() else {
        patch(AGENTS, agent_id, &json!({"heartbeat_at": now, "state": "idle"}))?;
        return Ok(json!({"claimed": false, "task": null}));
    };
    let id = row::id(&task);
    let until = deadline(now, row::int(&task, "max_execution_timeout_seconds").unwrap_or(3600));
    patch(
        TASKS,
        id,
        &json!({"status": "running", "agent": agent_id, "started_at": now, "deadline_at": until, "progress_percent": null}),
    )?;
    patch(AGENTS, agent_id, &json!({"state": "working", "task": id, "heartbeat_at": now}))?;
    audit::note(
        "task_claimed",
        Some(id),
        Some(agent_id),
        &json!({"attempt": row::int(&task, "retry_count").unwrap_or_default() + 1}),
    )?;
    emit("task_claimed", &json!({"task": id, "agent": agent_id}))?;
    Ok(json!({"claimed": true, "task": show::whole(&get(TASKS, id)?.unwrap_or_default())}))
}

#[derive(Deserialize)]
struct Beat {
    agent_id: Reference,
    progress_percent: Option<f64>,
    resource_usage: Option<Value>,
}

/// `task_heartbeat`.
#[expect(clippy::cast_precision_loss, reason = "times are below 2^53")]
pub(super) fn heartbeat(given: Value) -> Answer {
    let given: Beat = arguments(given)?;
    let agent = agent(&given.agent_id)?;
    let (id, now) = (row::id(&agent), now());
    if row::text(&agent, "state") == "terminated" {
        return Err(Fault::new("conflict.transition", "the agent is terminated: agent_register revives it"));
    }
    let mut fields = json!({"heartbeat_at": now});
    if let (Some(fields), Some(usage)) = (fields.as_object_mut(), given.resource_usage) {
        fields.insert("resource_usage".into(), usage);
    }
    patch(AGENTS, id, &fields)?;
    let task = row::int(&agent, "task").map(|task| get(TASKS, task)).transpose()?.flatten();
    if let (Some(task), Some(progress)) = (&task, given.progress_percent) {
        patch(TASKS, row::id(task), &json!({"progress_percent": progress}))?;
    }
    let left = task
        .as_ref()
        .and_then(|task| row::int(task, "deadline_at"))
        .map(|until| until.saturating_sub(now) as f64 / 1000.0);
    Ok(
        json!({"agent_id": id, "state": agent.get("state"), "task_id": task.as_ref().map(row::id), "remaining_seconds": left}),
    )
}
