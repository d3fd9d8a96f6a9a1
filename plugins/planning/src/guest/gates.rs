//! Gates a plan must pass: checks of the rules, and the word of stakeholders.

use super::checking::{all_levels, findings};
use super::{joined, planned, target, text};
use crate::args::parse_id;
use crate::plan::Plan;
use crate::row;
use memstrata_sdk::{Answer, Fault, Query, Value, clock, get, json, write};

const GATES: &str = "gates";

fn checks(plan: &Plan, kind: &str) -> Result<(bool, Value), Fault> {
    match kind {
        "basic" => findings(plan, &["structure".to_owned()], false),
        "standard" => findings(plan, &all_levels(), false),
        _ => findings(plan, &all_levels(), true),
    }
}

pub(super) fn create(given: &Value) -> Answer {
    let found = planned(given)?;
    let kind = text(given, "gate_type");
    let (passes, checks) = checks(&found.plan, kind)?;
    let stakeholders = row::texts(given, "stakeholders");
    // Without stakeholders the checks decide, now.
    let status = match (stakeholders.is_empty(), passes) {
        (true, true) => "passed",
        (true, false) => "failed",
        _ => "open",
    };
    let stored = json!({"plan": found.id, "task": found.task_id(), "gate_type": kind, "stakeholders": stakeholders, "status": status, "checks": checks, "decisions": [],
        "namespace": found.namespace(), "decided_at": (status != "open").then(clock::now)});
    let id = write::insert(GATES, &stored)?;
    Ok(
        json!({"id": id, "gate_type": kind, "status": status, "checks_pass": passes, "checks": checks, "waiting_for": stakeholders}),
    )
}

fn find(given: &Value) -> Result<Value, Fault> {
    let missing = || {
        Fault::new("not-found.gate", "there is no such gate, nor an open one of that plan: see `list_validation_gates`")
    };
    let id = row::field(given, "gate_id")
        .as_u64()
        .or_else(|| row::field(given, "gate_id").as_str().and_then(parse_id))
        .filter(|id| *id > 0);
    if let Some(gate) = id.map(|id| get(GATES, id)).transpose()?.flatten() {
        return Ok(gate);
    }
    let found = target(given, "gate_id")
        .map_err(|fault| if fault.code == "not-found.task" { missing() } else { fault })?
        .ok_or_else(missing)?;
    let (field, id) = found.id.map(|id| ("plan", id)).or(found.task_id().map(|id| ("task", id))).ok_or_else(missing)?;
    let open = Query::of(GATES).filter(json!([field, "=", id]))?.filter(json!(["status", "=", "open"]))?;
    open.descending("created_at")?.first()?.ok_or_else(missing)
}

pub(super) fn decide(given: &Value) -> Answer {
    let gate = find(given)?;
    if row::text(&gate, "status") != "open" {
        return Err(Fault::new(
            "conflict.decided",
            "the gate is decided: make a new one with `create_validation_gate`",
        ));
    }
    let (who, approve) = (text(given, "stakeholder"), given.get("approve").and_then(Value::as_bool).unwrap_or(true));
    let stakeholders = row::texts(&gate, "stakeholders");
    if !stakeholders.iter().any(|known| known == who) {
        return Err(Fault::new(
            "denied.stakeholder",
            format!("`{who}` decides nothing here: {} do", stakeholders.join(", ")),
        ));
    }
    let mut decisions: Vec<Value> = row::field(&gate, "decisions")
        .as_array()
        .into_iter()
        .flatten()
        .filter(|one| row::field(one, "stakeholder") != who)
        .cloned()
        .collect();
    decisions.push(json!({"stakeholder": who, "approve": approve, "note": text(given, "note"), "at": clock::now()}));
    // The plan may have changed since: the checks run again.
    let (plan, task) = (row::int(&gate, "plan"), row::int(&gate, "task"));
    let found = planned(&json!({"task_id": plan.or(task).unwrap_or_default()}))?;
    let (passes, checks) = checks(&found.plan, row::text(&gate, "gate_type"))?;
    let agreed = |name: &&String| {
        decisions
            .iter()
            .any(|one| row::field(one, "stakeholder") == name.as_str() && row::field(one, "approve") == true)
    };
    let waiting: Vec<&String> = stakeholders
        .iter()
        .filter(|name| !decisions.iter().any(|one| row::field(one, "stakeholder") == name.as_str()))
        .collect();
    let status = match () {
        () if decisions.iter().any(|one| row::field(one, "approve") == false) => "failed",
        () if stakeholders.iter().all(|name| agreed(&name)) => {
            if passes {
                "passed"
            } else {
                "failed"
            }
        }
        () => "open",
    };
    let mut change = json!({"status": status, "checks": checks, "decisions": decisions});
    if status != "open" {
        change = joined(change, json!({"decided_at": clock::now()}));
    }
    write::update(GATES, row::id(&gate), row::int(&gate, "version"), &change)?;
    Ok(
        json!({"id": row::id(&gate), "status": status, "checks_pass": passes, "checks": checks, "decisions": decisions, "waiting_for": waiting}),
    )
}

pub(super) fn list(given: &Value) -> Answer {
    let mut query = Query::of(GATES).filter_if("status", "=", given.get("status").and_then(Value::as_str))?;
    if let Some(found) = target(given, "task_id")? {
        query = match (found.id, found.task_id()) {
            (Some(plan), Some(task)) => query.filter(json!({"any": [["plan", "=", plan], ["task", "=", task]]}))?,
            (Some(plan), None) => query.filter(json!(["plan", "=", plan]))?,
            (None, task) => query.filter(json!(["task", "=", task]))?,
        };
    }
    let rows = query.descending("created_at")?.limit(row::int(given, "limit").unwrap_or(20) as u32).page()?.rows;
    Ok(json!({"gates": rows}))
}
