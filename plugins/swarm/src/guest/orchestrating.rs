//! Who does what: a piece of work over agents, how many agents are worth while, and what fails.

use super::planning::{self, Means};
use super::{AGENTS, FAILURES, PAGE, TASKS, id_of, namespace, project, queue, reading, task};
use crate::constraint;
use crate::definition::{Definition, Part, name_of};
use crate::failure::{Failure, advice, patterns};
use crate::network::Network;
use crate::schedule::{enough, schedule};
use memstrata_sdk::reference::Reference;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json, write};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Failures that are looked at.
const LAST: usize = 1_000;
/// Open tasks a recommendation is made of, the first of the queue.
const LOOKED_AT: u32 = 150;
/// How much longer than the best a schedule may be, to save agents.
const SLACK: f64 = 0.1;

#[derive(Deserialize)]
struct Orchestrate {
    #[serde(default)]
    task_definition: Definition,
    agent_count: Option<usize>,
    #[serde(default)]
    enqueue: bool,
    project_id: Option<Value>,
    namespace: Option<String>,
}

/// `orchestrate_agent_tasks`.
#[expect(clippy::cast_precision_loss, reason = "at most 100 agents")]
pub(super) fn orchestrate(given: Value) -> Answer {
    let given: Orchestrate = arguments(given)?;
    let agents = given.agent_count.unwrap_or(1).clamp(1, 100);
    let (parts, edges) = given.task_definition.parts().map_err(|(code, sentence)| Fault::new(code, sentence))?;
    let mut means = Means::new()?;
    let (mut nodes, mut from) = (Vec::new(), Vec::new());
    for (number, part) in (1..).zip(&parts) {
        let (minutes, source) =
            means.minutes(part.estimated_minutes, part.agent_type.as_deref().unwrap_or("general"))?;
        nodes.push((number, minutes));
        from.push(source);
    }
    let network = Network::new(&nodes, &edges);
    let plan = schedule(&network, agents);
    let mut shares: Vec<Vec<Value>> = vec![Vec::new(); agents];
    for slot in &plan.slots {
        let source = usize::try_from(slot.task).ok().and_then(|number| from.get(number.checked_sub(1)?));
        if let Some(share) = shares.get_mut(slot.agent) {
            share.push(json!({"task": name_of(&parts, slot.task), "start_minute": row::round(slot.start), "end_minute": row::round(slot.end), "minutes_from": source}));
        }
    }
    let shown: Vec<Value> = (1..).zip(shares).map(|(number, tasks)| json!({"agent": number, "tasks": tasks})).collect();
    let critical = network.critical();
    let work: f64 = nodes.iter().map(|(_, minutes)| minutes).sum();
    let path: Vec<&str> = critical.tasks.iter().filter_map(|number| name_of(&parts, *number)).collect();
    let ids = if given.enqueue {
        enqueue(&parts, &edges, &project(given.project_id.as_ref()), namespace(given.namespace.as_deref()))?
    } else {
        Vec::new()
    };
    Ok(json!({
        "agents": shown, "makespan_minutes": row::round(plan.makespan), "critical_path": path,
        "lower_bound_minutes": row::round(critical.minutes.max(work / agents as f64)), "task_ids": ids,
    }))
}

/// Puts the parts into the queue; answers their ids, in their order.
fn enqueue(parts: &[Part], edges: &[(u64, u64)], project: &str, namespace: Option<&str>) -> Result<Vec<u64>, Fault> {
    let mut ids = Vec::with_capacity(parts.len());
    for (number, part) in (1_u64..).zip(parts) {
        let open = edges.iter().filter(|(_, after)| *after == number).count() as u64;
        let mut new = queue::row_of(&part.prompt, part.agent_type.as_deref(), part.priority, project, open);
        if let Some(new) = new.as_object_mut() {
            new.insert("created_by".into(), json!("orchestrate_agent_tasks"));
            if let Some(minutes) = part.estimated_minutes {
                new.insert("estimated_minutes".into(), json!(minutes));
            }
            if let Some(namespace) = namespace {
                new.insert("namespace".into(), json!(namespace));
            }
        }
        let id = write::insert(TASKS, &new)?;
        queue::told(id, part.agent_type.as_deref().unwrap_or("general"), open)?;
        ids.push(id);
    }
    let id = |number: u64| usize::try_from(number).ok().and_then(|number| ids.get(number.checked_sub(1)?)).copied();
    for (before, after) in edges {
        if let (Some(before), Some(after)) = (id(*before), id(*after)) {
            queue::edge(after, before, true, (project, project))?;
        }
    }
    Ok(ids)
}

#[derive(Deserialize)]
struct Ask {
    task_id: Option<Reference>,
    failure_type: Option<String>,
}

fn read(row_: &Value) -> Failure {
    Failure {
        task: row::int(row_, "task").unwrap_or_default(),
        agent_type: row::text(row_, "agent_type").to_owned(),
        signature: row::text(row_, "signature").to_owned(),
        class: row::text(row_, "class").to_owned(),
        at: row::int(row_, "at").unwrap_or_default(),
    }
}

/// `analyze_failure_patterns`.
pub(super) fn failure_patterns(given: Value) -> Answer {
    let given: Ask = arguments(given)?;
    let task = id_of(given.task_id.as_ref(), task)?;
    let kind = given.failure_type.as_deref().unwrap_or("general");
    let of = |query: Query| match kind {
        "general" => Ok(query),
        "error" | "timeout" | "terminated" => query.filter(json!(["kind", "=", kind])),
        class => query.filter(json!(["class", "=", class])),
    };
    let query = of(Query::of(FAILURES).filter_if("task", "=", task)?)?;
    let by_kind = reading::counts(query.group_count("kind")?);
    let by_class = reading::counts(query.group_count("class")?);
    let rows = query
        .descending("at")?
        .select(&["task", "agent_type", "signature", "class", "at", "message"])?
        .limit(PAGE)
        .all(LAST)?;
    let failures: Vec<Failure> = rows.iter().map(read).collect();
    let mut shown = Vec::new();
    for pattern in patterns(&failures).into_iter().take(20) {
        let example = rows
            .iter()
            .find(|row_| row::text(row_, "signature") == pattern.signature)
            .map(|row_| row::clip(row::text(row_, "message"), 300));
        let mut one = super::map(json!({
            "signature": pattern.signature, "class": pattern.class, "count": pattern.count, "tasks": pattern.tasks.iter().take(20).collect::<Vec<_>>(),
            "agent_types": pattern.agent_types, "first_at": pattern.first, "last_at": pattern.last, "example": example,
            "advice": advice(&pattern.class),
        }));
        if let Some(task) = task {
            let elsewhere = Query::of(FAILURES)
                .filter(json!(["signature", "=", pattern.signature]))?
                .filter(json!(["task", "!=", task]))?
                .count()?;
            one.insert("failures_of_other_tasks".into(), json!(elsewhere));
        }
        shown.push(Value::Object(one));
    }
    Ok(json!({"examined": failures.len(), "patterns": shown, "by_class": by_class, "by_kind": by_kind}))
}

#[derive(Deserialize)]
struct Recommend {
    num_agents: Option<usize>,
    #[serde(default)]
    task_domains: Vec<String>,
    time_constraint: Option<String>,
}

/// `recommend_orchestration`.
pub(super) fn recommend(given: Value) -> Answer {
    let given: Recommend = arguments(given)?;
    let most = given.num_agents.unwrap_or(1).clamp(1, 50);
    let limit = constraint::minutes(given.time_constraint.as_deref().unwrap_or("no_limit")).map_err(Fault::invalid)?;
    let mut query = Query::of(TASKS);
    if !given.task_domains.is_empty() {
        query = query.filter(json!(["agent_type", "in", given.task_domains]))?;
    }
    let (tasks, cut) = planning::first(query, LOOKED_AT, &["agent_type", "estimated_minutes"])?;
    let open = planning::open(tasks)?;
    let (mut fewest, makespans) = enough(&open.network, most, SLACK);
    let meets = limit.map(|limit| makespans.iter().any(|makespan| *makespan <= limit));
    if let Some(needed) = limit.and_then(|limit| makespans.iter().position(|makespan| *makespan <= limit)) {
        // With a limit, as many as it takes to meet it are enough.
        fewest = needed + 1;
    }
    let levels = open.network.levels();
    let width = levels.iter().map(Vec::len).max().unwrap_or_default();
    let depth = levels.len();
    let pattern = match (open.tasks.len(), fewest) {
        (0, _) => "none",
        (_, 1) => "sequential",
        _ if depth <= 1 => "parallel",
        _ => "levels",
    };
    let mut by_type: BTreeMap<String, u64> = BTreeMap::new();
    for task in &open.tasks {
        *by_type.entry(row::text(task, "agent_type").to_owned()).or_default() += 1;
    }
    let mut agents_by_type = BTreeMap::new();
    for (agent_type, count) in &by_type {
        let idle = Query::of(AGENTS)
            .filter(json!(["state", "=", "idle"]))?
            .filter(json!(["specialization", "in", [agent_type, "general"]]))?
            .count()?;
        agents_by_type.insert(agent_type, json!({"open_tasks": count, "idle_agents_that_take_them": idle}));
    }
    let shown: Vec<Value> = (1..)
        .zip(&makespans)
        .map(|(agents, makespan)| json!({"agents": agents, "minutes": row::round(*makespan)}))
        .collect();
    Ok(json!({
        "tasks": open.tasks.len(), "pattern": pattern, "recommended_agents": fewest, "makespans": shown, "critical_minutes": row::round(open.network.critical().minutes),
        "max_parallelism": width, "limit_minutes": limit, "meets_constraint": meets, "agents_by_type": agents_by_type, "cut": cut,
    }))
}
