//! Conflicts among open goals: found, and settled by who yields.

use super::{GOALS, PAGE, PROGRESS, child, emit, goals, map, patch};
use crate::conflict::{Conflict, find, who_yields};
use crate::goal::check_status;
use crate::row;
use memstrata_sdk::{Answer, Value, arguments, json, write};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Given {
    namespace: Option<String>,
    strategy: Option<String>,
    apply: bool,
}

/// `check_goal_conflicts`.
pub(super) fn check(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let fields = ["status", "goal_text", "criteria", "resources", "parent", "deadline", "priority"];
    let open = goals::aimed(given.namespace.as_deref())?.select(&fields)?.limit(PAGE).page()?.rows;
    let conflicts: Vec<Value> = aimed_at(&open).iter().map(Conflict::value).collect();
    Ok(json!({"count": conflicts.len(), "conflicts": conflicts, "goals": open.len()}))
}

/// A suspended goal is in nobody's way.
fn aimed_at(open: &[Value]) -> Vec<Conflict> {
    find(open.iter().filter(|goal| row::text(goal, "status") != "suspended"))
}

/// `resolve_goal_conflicts`: the goal that yields is suspended; of an inversion, the subgoal takes its parent's priority.
pub(super) fn resolve(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let open = goals::open(given.namespace.as_deref())?;
    let by_id: BTreeMap<u64, &Value> = open.iter().map(|goal| (row::id(goal), goal)).collect();
    let conflicts = aimed_at(&open);
    let (mut gone, mut actions, mut left) = (BTreeSet::new(), Vec::new(), Vec::new());
    for conflict in &conflicts {
        let (a, b) = conflict.goals;
        let (Some(a), Some(b)) = (by_id.get(&a), by_id.get(&b)) else { continue };
        if gone.contains(&row::id(a)) || gone.contains(&row::id(b)) {
            continue;
        }
        if conflict.rule == "priority_inversion" {
            let priority = row::int(a, "priority").unwrap_or(5);
            let id = row::id(b);
            if given.apply {
                patch(GOALS, id, map(json!({"priority": priority})))?;
            }
            actions.push(json!({"goal": id, "action": "priority", "priority": priority, "reason": conflict.message}));
            continue;
        }
        let (loser, why) = who_yields(a, b, given.strategy.as_deref() == Some("deadline"));
        let id = row::id(loser);
        if check_status(row::text(loser, "status"), "suspended").is_err() {
            left.push(conflict.value());
            continue;
        }
        let reason = format!("suspended, {why}: {}", conflict.message);
        if given.apply {
            let notes = row::appended(row::text(loser, "notes"), &reason);
            patch(GOALS, id, map(json!({"status": "suspended", "notes": notes})))?;
            let progress = row::number(loser, "progress").unwrap_or_default();
            let entry = map(json!({"progress": progress, "status": "suspended", "notes": reason}));
            write::insert(PROGRESS, &child(entry, "goal", loser))?;
            emit("goal_status", &json!({"goal": id, "status": "suspended"}))?;
        }
        gone.insert(id);
        actions.push(json!({"goal": id, "action": "suspended", "reason": reason}));
    }
    Ok(json!({
        "conflicts": conflicts.iter().map(Conflict::value).collect::<Vec<_>>(), "actions": actions, "applied": given.apply,
        "unresolved": left,
    }))
}
