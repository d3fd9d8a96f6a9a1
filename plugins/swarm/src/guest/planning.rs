//! The execution plan: levels and the critical path of tasks that are not over.

use super::{DEPENDENCIES, MOST, PAGE, TASKS, project, settings, task};
use crate::network::Network;
use crate::status::OPEN;
use memstrata_sdk::reference::Reference;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Open tasks and how they wait for each other.
pub(super) struct Open {
    /// The rows, in the order of the queue.
    pub(super) tasks: Vec<Value>,
    /// Minutes and edges.
    pub(super) network: Network,
    /// Where the minutes of each task are from.
    pub(super) from: BTreeMap<u64, &'static str>,
}

/// Fields that plans need.
const FIELDS: [&str; 4] = ["prompt", "agent_type", "status", "estimated_minutes"];

/// Mean minutes of completed tasks, by agent type, looked up once each.
pub(super) struct Means(BTreeMap<String, Option<f64>>, f64);

impl Means {
    /// None are known yet.
    pub(super) fn new() -> Result<Self, Fault> {
        Ok(Self(BTreeMap::new(), settings()?.default_minutes))
    }

    /// Minutes of a task, and where they are from: `estimate`, `history` or `default`.
    pub(super) fn minutes(&mut self, estimate: Option<f64>, agent_type: &str) -> Result<(f64, &'static str), Fault> {
        if let Some(estimate) = estimate {
            return Ok((estimate, "estimate"));
        }
        if !self.0.contains_key(agent_type) {
            let mean = Query::of(TASKS)
                .filter(json!(["agent_type", "=", agent_type]))?
                .filter(json!(["status", "=", "completed"]))?
                .aggregate("avg", "duration_ms")?;
            self.0.insert(agent_type.to_owned(), mean.map(|ms| ms / 60_000.0));
        }
        Ok(self.0.get(agent_type).copied().flatten().map_or((self.1, "default"), |mean| (mean, "history")))
    }
}

/// The network of some rows.
pub(super) fn open(tasks: Vec<Value>) -> Result<Open, Fault> {
    let mut means = Means::new()?;
    let (mut nodes, mut from) = (Vec::new(), BTreeMap::new());
    for task in &tasks {
        let (minutes, source) = means.minutes(row::number(task, "estimated_minutes"), row::text(task, "agent_type"))?;
        nodes.push((row::id(task), minutes));
        from.insert(row::id(task), source);
    }
    let ids: Vec<u64> = nodes.iter().map(|(id, _)| *id).collect();
    let mut edges = Vec::new();
    for part in ids.chunks(400) {
        let found = Query::of(DEPENDENCIES)
            .filter(json!(["task", "in", part]))?
            .filter(json!(["open", "=", true]))?
            .filter(json!(["kind", "=", "depends_on"]))?
            .select(&["task", "depends_on"])?
            .limit(PAGE)
            .all(MOST)?;
        edges.extend(found.iter().filter_map(|edge| Some((row::int(edge, "depends_on")?, row::int(edge, "task")?))));
    }
    Ok(Open { network: Network::new(&nodes, &edges), tasks, from })
}

/// The first open tasks of the queue, and whether there are more.
pub(super) fn first(query: Query, most: u32, fields: &[&str]) -> Result<(Vec<Value>, bool), Fault> {
    let page = query
        .select(fields)?
        .filter(json!(["status", "in", OPEN]))?
        .ascending("priority")?
        .ascending("submitted_at")?
        .limit(most)
        .page()?;
    Ok((page.rows, page.next.is_some()))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Ask {
    task_ids: Vec<Reference>,
    project_id: Option<Value>,
    limit: Option<u32>,
}

/// `task_execution_plan`.
pub(super) fn plan(given: Value) -> Answer {
    let given: Ask = arguments(given)?;
    let (tasks, cut) = if given.task_ids.is_empty() {
        let project = given.project_id.as_ref().filter(|id| !id.is_null()).map(|id| project(Some(id)));
        first(Query::of(TASKS).filter_if("project", "=", project)?, given.limit.unwrap_or(200), &FIELDS)?
    } else {
        let tasks: Vec<Value> = given.task_ids.iter().map(task).collect::<Result<_, _>>()?;
        (tasks, false)
    };
    let open = open(tasks)?;
    let levels = open.network.levels();
    let critical = open.network.critical();
    let rows: BTreeMap<u64, &Value> = open.tasks.iter().map(|task| (row::id(task), task)).collect();
    let shown: Vec<Value> = levels
        .iter()
        .map(|level| level.iter().filter_map(|id| Some(planned(rows.get(id)?, &open, *id))).collect())
        .collect();
    let total: f64 = rows.keys().map(|id| open.network.minutes(*id)).sum();
    Ok(json!({
        "levels": shown,
        "critical_path": critical.tasks,
        "critical_minutes": row::round(critical.minutes),
        "total_minutes": row::round(total),
        "max_parallelism": levels.iter().map(Vec::len).max().unwrap_or_default(),
        "cut": cut,
    }))
}

fn planned(task: &Value, open: &Open, id: u64) -> Value {
    let waits: Vec<u64> = open.network.before(id).collect();
    json!({
        "id": id, "prompt": row::clip(row::text(task, "prompt"), 80), "status": task.get("status"), "agent_type": task.get("agent_type"),
        "minutes": row::round(open.network.minutes(id)), "minutes_from": open.from.get(&id), "waits_for": waits,
    })
}
