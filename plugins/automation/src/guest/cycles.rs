//! Cycles that registered hooks, rules and workflows would run into.

use super::{FIRINGS, HOOKS, RULES, WORKFLOWS};
use crate::action::{self, workflow_node};
use crate::cycle::{Edge, cycles};
use crate::{event, kind};
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Rows looked at of each collection: no more are registered, see `registering`.
const MOST: usize = 2_600;
/// Events of one component that are named.
const NAMED: usize = 50;

#[derive(Deserialize)]
struct Detect {
    limit: u32,
}

fn rows(collection: &str, fields: &[&str]) -> Result<Vec<Value>, Fault> {
    Query::of(collection).select(fields)?.limit(500).all(MOST)
}

/// What each row leads from and to.
fn edges_of(rows: &[Value], field: &str, what: &str, from: impl Fn(&Value) -> (String, String)) -> Vec<Edge> {
    let mut edges = Vec::new();
    for row in rows.iter().filter(|row| row.get("enabled") != Some(&json!(false))) {
        let (from, name) = from(row);
        for to in action::stored(row, field).iter().filter_map(|step| step.action.leads_to()) {
            edges.push(Edge { from: from.clone(), to, via: format!("{what} {name}") });
        }
    }
    edges
}

/// `detect_hook_cycles`.
pub(super) fn detect(given: Value) -> Answer {
    let limit = arguments::<Detect>(given)?.limit;
    let hooks = rows(HOOKS, &["hook_type", "name", "actions", "enabled"])?;
    let rules = rows(RULES, &["trigger_event", "rule_name", "actions", "enabled"])?;
    let workflows = rows(WORKFLOWS, &["workflow_name", "steps"])?;
    let text = |row: &Value, field: &str| row::text(row, field).to_owned();
    let mut edges = edges_of(&hooks, "actions", "hook", |hook| {
        (kind::event(row::text(hook, "hook_type")), format!("{} {}", text(hook, "hook_type"), text(hook, "name")))
    });
    edges.extend(edges_of(&rules, "actions", "rule", |rule| (text(rule, "trigger_event"), text(rule, "rule_name"))));
    edges.extend(edges_of(&workflows, "steps", "workflow", |workflow| {
        (workflow_node(row::text(workflow, "workflow_name")), text(workflow, "workflow_name"))
    }));
    // An event is heard by rules that wait for all of its layer; an episode also by those that wait for any.
    let waited: BTreeSet<String> = edges.iter().map(|edge| edge.from.clone()).collect();
    let reached: BTreeSet<String> = edges.iter().map(|edge| edge.to.clone()).collect();
    for name in reached {
        let mut heard = event::waited_for(&name);
        if name.starts_with("episodic.") {
            heard.push("episodic.events:insert".into());
        }
        for pattern in heard.into_iter().filter(|pattern| *pattern != name && waited.contains(pattern)) {
            edges.push(Edge { from: name.clone(), to: pattern.clone(), via: format!("heard as {pattern}") });
        }
    }
    let found = cycles(&edges);
    let shown: Vec<Value> = found
        .iter()
        .take(limit as usize)
        .map(|cycle| json!({"events": cycle.events, "via": cycle.via, "all_events": cycle.component.iter().take(NAMED).collect::<Vec<_>>(), "size": cycle.component.len()}))
        .collect();
    let refused = Query::of(FIRINGS).filter(json!(["outcome", "=", "cycle"]))?.descending("fired_at")?.limit(limit);
    let total = refused.count()?;
    let refused: Vec<Value> = refused
        .page()?
        .rows
        .iter()
        .map(|firing| super::history::compact(firing, &["id", "event", "reason", "fired_at", "parent"]))
        .collect();
    let looked = hooks.len() + rules.len() + workflows.len();
    let complete = [&hooks, &rules, &workflows].iter().all(|rows| rows.len() < MOST + 1);
    Ok(json!({
        "cycles": shown, "count": found.len(), "refused": refused, "refused_total": total, "looked_at": looked,
        "complete": complete,
    }))
}
