//! Projects and resources: who waits for whom, who wants the same thing, who works on what.

use super::{AGENTS, DEPENDENCIES, PAGE, TASKS, projects as named, reading};
use crate::network::Network;
use crate::resource::{Need, clashes};
use crate::status::OPEN;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get_many, json};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Tasks with resources that are compared.
const NEEDING: u32 = 300;
/// Dependencies that are followed to see whether one task waits for another.
const FOLLOWED: usize = 1_000;
/// Pairs of projects that are shown with their tasks.
const SHOWN: usize = 20;

#[derive(Deserialize)]
struct Ask {
    #[serde(default)]
    project_ids: Vec<Value>,
}

fn within(query: Query, projects: &[String]) -> Result<Query, Fault> {
    if projects.is_empty() { Ok(query) } else { query.filter(json!(["project", "in", projects])) }
}

/// Ready tasks by kind beside the agents that would take them.
fn kinds(projects: &[String]) -> Result<Vec<Value>, Fault> {
    let ready =
        within(Query::of(TASKS).filter(json!(["status", "=", "ready"]))?, projects)?.group_count("agent_type")?;
    let idle = Query::of(AGENTS).filter(json!(["state", "=", "idle"]))?.group_count("specialization")?;
    let of =
        |kind: &str| idle.iter().filter(|(value, _)| value.as_str() == Some(kind)).map(|(_, count)| count).sum::<u64>();
    let everyone: u64 = idle.iter().map(|(_, count)| count).sum();
    let shown = ready.iter().map(|(value, count)| {
        let kind = value.as_str().unwrap_or_default();
        // General tasks are taken by every agent, special ones by their own kind and general agents.
        let takers = if kind == "general" { everyone } else { of(kind) + of("general") };
        json!({"agent_type": kind, "ready_tasks": count, "idle_agents_that_take_them": takers, "short_by": count.saturating_sub(takers)})
    });
    Ok(shown.collect())
}

/// `detect_resource_conflicts`.
pub(super) fn conflicts(given: Value) -> Answer {
    let given: Ask = arguments(given)?;
    let projects = named(&given.project_ids);
    let query = within(
        Query::of(TASKS).filter(json!(["needs_resources", "=", true]))?.filter(json!(["status", "in", OPEN]))?,
        &projects,
    )?;
    let page = query.select(&["project", "status", "resources"])?.limit(NEEDING).page()?;
    let needs: Vec<Need> = page
        .rows
        .iter()
        .map(|task| Need {
            task: row::id(task),
            project: row::text(task, "project").to_owned(),
            running: row::text(task, "status") == "running",
            resources: row::texts(task, "resources"),
        })
        .collect();
    let examined = needs.len();
    let (edges, followed) = ways(page.rows.iter().map(row::id).collect())?;
    let (found, more) = clashes(&needs, &edges, 200);
    let shown: Vec<Value> = found
        .iter()
        .map(|clash| json!({"resource": clash.resource, "tasks": [clash.tasks.0, clash.tasks.1], "severity": clash.severity, "across_projects": clash.across}))
        .collect();
    let short: Vec<Value> =
        kinds(&projects)?.into_iter().filter(|kind| row::int(kind, "short_by").is_some_and(|by| by > 0)).collect();
    Ok(
        json!({"conflicts": shown, "shortages": short, "examined": examined, "cut": more || !followed || page.next.is_some()}),
    )
}

/// What some tasks wait for, through others too, as (before, after); and whether all of it was followed.
fn ways(mut frontier: Vec<u64>) -> Result<(Vec<(u64, u64)>, bool), Fault> {
    let mut seen: BTreeSet<u64> = frontier.iter().copied().collect();
    let mut ways = Vec::new();
    while !frontier.is_empty() {
        if ways.len() > FOLLOWED {
            return Ok((ways, false));
        }
        let mut next = Vec::new();
        for part in frontier.chunks(400) {
            let edges = Query::of(DEPENDENCIES)
                .filter(json!(["task", "in", part]))?
                .filter(json!(["open", "=", true]))?
                .filter(json!(["kind", "=", "depends_on"]))?
                .select(&["task", "depends_on"])?
                .limit(PAGE)
                .all(FOLLOWED)?;
            for edge in &edges {
                if let (Some(task), Some(before)) = (row::int(edge, "task"), row::int(edge, "depends_on")) {
                    ways.push((before, task));
                    if seen.insert(before) {
                        next.push(before);
                    }
                }
            }
        }
        frontier = next;
    }
    Ok((ways, true))
}

/// `analyze_project_coordination`.
pub(super) fn projects(given: Value) -> Answer {
    let given: Ask = arguments(given)?;
    let mut names = named(&given.project_ids);
    if names.is_empty() {
        let all = Query::of(TASKS).group_count("project")?;
        names = all.iter().filter_map(|(value, _)| value.as_str().map(str::to_owned)).take(50).collect();
        names.sort();
    }
    let mut shown = Vec::new();
    for name in &names {
        let groups = Query::of(TASKS).filter(json!(["project", "=", name]))?.group_count("status")?;
        let count = |status: &str| {
            groups.iter().find(|(value, _)| value.as_str() == Some(status)).map_or(0, |(_, count)| *count)
        };
        let total: u64 = groups.iter().map(|(_, count)| count).sum();
        let done = total
            .checked_sub(count("cancelled"))
            .filter(|wanted| *wanted > 0)
            .map(|wanted| share(count("completed"), wanted));
        shown.push(
            json!({"project_id": name, "total": total, "by_status": reading::counts(groups), "completed_share": done}),
        );
    }
    // Between any two projects: the named ones may wait for others.
    let pairs = Query::of(DEPENDENCIES)
        .filter(json!(["pair", "!=", null]))?
        .filter(json!(["open", "=", true]))?
        .group_count("pair")?;
    let mut between: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (text, count) in &pairs {
        let read = text.as_str().and_then(|text| serde_json::from_str::<(String, String)>(text).ok());
        if let Some(pair) = read.filter(|(waiter, first)| names.contains(waiter) || names.contains(first)) {
            between.insert(pair, *count);
        }
    }
    let mut waits = Vec::new();
    for ((waiter, first), count) in between.iter().take(SHOWN) {
        let edges = Query::of(DEPENDENCIES)
            .filter(json!(["pair", "=", json!([waiter, first]).to_string()]))?
            .filter(json!(["open", "=", true]))?
            .select(&["task", "depends_on"])?
            .limit(10)
            .page()?
            .rows;
        let tasks: Vec<Value> = edges
            .iter()
            .map(|edge| json!({"task": row::int(edge, "task"), "waits_for": row::int(edge, "depends_on")}))
            .collect();
        waits.push(json!({"project_id": waiter, "waits_for_project": first, "count": count, "tasks": tasks}));
    }
    let pairs: Vec<&(String, String)> = between.keys().collect();
    Ok(json!({"projects": shown, "waits": waits, "circles": circles(&pairs), "cut": between.len() > SHOWN}))
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn share(part: u64, whole: u64) -> f64 {
    row::round(part as f64 / whole as f64)
}

/// Projects that wait for each other: no fault, as tasks do not, but neither can be finished before the other.
fn circles(waits: &[&(String, String)]) -> Vec<Vec<String>> {
    let names: BTreeSet<&String> = waits.iter().flat_map(|(a, b)| [a, b]).collect();
    let number: BTreeMap<&String, u64> = names.iter().copied().zip(1..).collect();
    let nodes: Vec<(u64, f64)> = number.values().map(|number| (*number, 1.0)).collect();
    let edges: Vec<(u64, u64)> = waits.iter().filter_map(|(a, b)| Some((*number.get(b)?, *number.get(a)?))).collect();
    let name = |wanted: u64| number.iter().find(|(_, number)| **number == wanted).map(|(name, _)| (*name).clone());
    Network::new(&nodes, &edges)
        .circle()
        .map(|circle| circle.into_iter().filter_map(name).collect())
        .into_iter()
        .collect()
}

/// `get_resource_allocation`.
pub(super) fn allocation() -> Answer {
    let groups = Query::of(AGENTS).group_count("state")?;
    let count =
        |state: &str| groups.iter().find(|(value, _)| value.as_str() == Some(state)).map_or(0, |(_, count)| *count);
    let alive = count("idle") + count("working") + count("waiting");
    let busy = Query::of(AGENTS).filter(json!(["task", "!=", null]))?.filter(json!(["state", "!=", "terminated"]))?;
    let held = busy.count()?;
    let working = busy.limit(200).select(&["name", "specialization", "task", "state", "resource_usage"])?.page()?.rows;
    let ids: Vec<u64> = working.iter().filter_map(|agent| row::int(agent, "task")).collect();
    let tasks = get_many(TASKS, &ids)?;
    let running: Vec<Value> = working
        .iter()
        .zip(&tasks)
        .map(|(agent, task)| {
            let of = |field: &str| task.as_ref().and_then(|task| task.get(field)).cloned().unwrap_or_default();
            json!({"agent_id": row::id(agent), "agent": agent.get("name"), "state": agent.get("state"), "task_id": row::int(agent, "task"),
                   "project_id": of("project"), "started_at": of("started_at"), "progress_percent": of("progress_percent"), "resources": of("resources"),
                   "resource_usage": agent.get("resource_usage")})
        })
        .collect();
    let utilization = (alive > 0).then(|| share(held, alive));
    Ok(
        json!({"agents": reading::counts(groups), "utilization": utilization, "running": running, "by_agent_type": kinds(&[])?}),
    )
}
