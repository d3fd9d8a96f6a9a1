//! Costs, returns, budgets.

use super::{joined, planned, set, settings, target};
use crate::money::{self, Entry};
use crate::{refine, row, strategy};
use memstrata_sdk::{Answer, Query, Value, clock, json, write};

const BUDGETS: &str = "budgets";

pub(super) fn cost(given: &Value) -> Answer {
    let found = target(given, "task_id")?;
    let hours = row::number(given, "estimated_hours").unwrap_or(40.0);
    let mut told = money::cost(hours, &row::texts(given, "team_members"), &settings()?.hourly_rates);
    let known = row::field(&told, "total_cost").is_number();
    let basis = if known {
        "hours shared evenly by the members, at the rates of the settings"
    } else {
        "a rate is missing: set `hourly_rates` in the layer's settings, or name the members"
    };
    set(&mut told, "basis", json!(basis));
    set(&mut told, "estimated_hours", json!(hours));
    set(
        &mut told,
        "planned_hours",
        json!(found.map(|found| row::round(found.plan.effort().0 / 60.0)).filter(|hours| *hours > 0.0)),
    );
    Ok(told)
}

pub(super) fn roi(given: &Value) -> Answer {
    if given.get("task_id").is_some() {
        target(given, "task_id")?;
    }
    let number = |field: &str| row::number(given, field).unwrap_or(0.0);
    Ok(money::roi(number("total_cost"), number("expected_value"), number("annual_benefit")))
}

pub(super) fn savings(given: &Value) -> Answer {
    let found = planned(given)?;
    let plan = &found.plan;
    let cost = row::number(given, "current_cost").unwrap_or(0.0);
    let (effort, unknown) = plan.effort();
    let share = |minutes: f64| (unknown == 0 && effort > 0.0).then(|| row::round(cost * minutes / effort));
    let (compressed, changes) = refine::apply(plan, "compression");
    let mut suggestions = Vec::new();
    let saved = (effort - compressed.effort().0).max(0.0);
    let possible = if changes.is_empty() { Some(0.0) } else { share(saved) };
    if !changes.is_empty() {
        suggestions.push(
            json!({"kind": "compression", "changes": changes, "minutes": row::round(saved), "saves": share(saved)}),
        );
    }
    let (faster, changes) = refine::apply(plan, "parallelization");
    if !changes.is_empty() {
        suggestions.push(json!({"kind": "parallelization", "changes": changes, "saves": 0, "after": strategy::outline(&faster), "note": "time, not effort"}));
    }
    let basis = if unknown == 0 {
        "cost in proportion to estimated minutes"
    } else {
        "steps have no estimate: savings cannot be told"
    };
    Ok(json!({"suggestions": suggestions, "possible_saving": possible, "basis": basis}))
}

fn project(given: &Value) -> String {
    row::field(given, "project_id").as_str().map_or_else(|| row::field(given, "project_id").to_string(), str::to_owned)
}

/// The last 500 records, oldest first.
fn entries(project: &str) -> Result<Vec<Entry>, memstrata_sdk::Fault> {
    let rows = Query::of(BUDGETS).filter(json!(["project", "=", project]))?.descending("at")?.limit(500).page()?.rows;
    let entry = |stored: &Value| {
        Some(Entry {
            id: row::id(stored),
            at: row::int(stored, "at")?,
            total: row::number(stored, "total")?,
            spent: row::number(stored, "spent")?,
        })
    };
    let mut entries: Vec<Entry> = rows.iter().filter_map(entry).collect();
    entries.sort_by_key(|entry| (entry.at, entry.id));
    Ok(entries)
}

pub(super) fn track(given: &Value) -> Answer {
    let (project, now) = (project(given), clock::now());
    let number = |field: &str| row::number(given, field).unwrap_or(0.0);
    let before = entries(&project)?;
    let stored =
        json!({"project": project, "total": number("total_budget"), "spent": number("spent_amount"), "at": now});
    let id = write::insert(BUDGETS, &stored)?;
    let told =
        money::standing(&before, &Entry { id, at: now, total: number("total_budget"), spent: number("spent_amount") });
    Ok(joined(told, json!({"id": id, "project": project})))
}

pub(super) fn anomalies(given: &Value) -> Answer {
    let entries = entries(&project(given))?;
    let basis = if entries.len() < 5 {
        "amounts are judged from five records on"
    } else {
        "amounts against the median of all, in median deviations"
    };
    Ok(json!({"anomalies": money::anomalies(&entries), "records": entries.len(), "basis": basis}))
}
