//! Policies: made, listed, deleted, asked.

use super::{POLICIES, audit, found, page, settings};
use crate::policy::{Decision, Policy, deciding, matches};
use crate::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json, write};
use serde::Deserialize;

/// Policies that are compared with an action, at most.
const MOST: usize = 2_000;

#[derive(Deserialize)]
struct Given {
    name: Option<String>,
    policy_type: Option<String>,
    pattern: Option<String>,
    decision: Option<String>,
    priority: Option<u64>,
    reason: Option<String>,
    enabled: Option<bool>,
    user: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
    action: Option<String>,
}

/// `create_policy`.
pub(super) fn create(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let (name, pattern) = (given.name.unwrap_or_default(), given.pattern.unwrap_or_default());
    if pattern.split('|').all(|part| part.trim().is_empty()) {
        return Err(Fault::invalid("the pattern names nothing: give words, or `*` for every action"));
    }
    let row = json!({"name": name, "policy_type": given.policy_type.as_deref().unwrap_or("general"), "pattern": pattern, "decision": given.decision,
                     "priority": given.priority.unwrap_or(100), "reason": given.reason, "enabled": given.enabled.unwrap_or(true)});
    let (id, created) = write::upsert(POLICIES, "name", &row)?;
    audit::note(
        "policy_set",
        given.user.as_deref().unwrap_or("system"),
        &name,
        &json!({"pattern": pattern, "decision": given.decision, "created": created}),
    )?;
    Ok(json!({"id": id, "name": name, "created": created}))
}

/// `delete_policy`.
pub(super) fn delete(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let name = given.name.unwrap_or_default();
    let policy = found(POLICIES, "name", &name)?.ok_or_else(|| {
        Fault::new("not-found.policy", format!("there is no policy `{name}`: list_policies names them"))
    })?;
    write::delete(POLICIES, row::id(&policy), None)?;
    audit::note("policy_deleted", given.user.as_deref().unwrap_or("system"), &name, &json!({}))?;
    Ok(json!({"id": row::id(&policy), "name": name}))
}

fn shown(policy: &Value) -> Value {
    json!({"id": row::id(policy), "name": policy.get("name"), "policy_type": policy.get("policy_type"), "pattern": policy.get("pattern"),
           "decision": policy.get("decision"), "priority": policy.get("priority"), "reason": policy.get("reason"), "enabled": policy.get("enabled")})
}

/// `list_policies`.
pub(super) fn list(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let query = Query::of(POLICIES).filter_if("policy_type", "=", given.policy_type)?.ascending("priority")?;
    page(query, "policies", given.limit.or(Some(100)), given.cursor.as_deref(), shown)
}

/// What policies say about an action.
pub(super) struct Checked {
    pub(super) decision: Decision,
    /// The deciding policy's name, or `default`.
    pub(super) by: String,
    /// All that fit.
    pub(super) policies: Vec<Value>,
}

/// Asks the policies in force.
pub(super) fn decide(action: &str, policy_type: Option<&str>) -> Result<Checked, Fault> {
    let rows = Query::of(POLICIES)
        .filter_if("policy_type", "=", policy_type)?
        .filter(json!(["enabled", "=", true]))?
        .ascending("priority")?
        .limit(1_000)
        .all(MOST)?;
    let read = |row_: &Value| {
        Some(Policy {
            id: row::id(row_),
            pattern: row::text(row_, "pattern").to_owned(),
            decision: Decision::parse(row::text(row_, "decision"))?,
            priority: row::int(row_, "priority").unwrap_or_default(),
        })
    };
    let all: Vec<Policy> = rows.iter().filter_map(read).collect();
    let fitting: Vec<&Policy> = all.iter().filter(|policy| matches(&policy.pattern, action)).collect();
    let policies =
        rows.iter().filter(|row_| fitting.iter().any(|policy| policy.id == row::id(row_))).map(shown).collect();
    let Some(first) = deciding(&fitting) else {
        return Ok(Checked { decision: settings()?.default_decision, by: "default".into(), policies });
    };
    let name = rows.iter().find(|row_| row::id(row_) == first.id).map(|row_| row::text(row_, "name").to_owned());
    Ok(Checked { decision: first.decision, by: name.unwrap_or_default(), policies })
}

/// `check_safety_policy`.
pub(super) fn check(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let checked = decide(given.action.as_deref().unwrap_or_default(), given.policy_type.as_deref())?;
    Ok(
        json!({"decision": checked.decision.name(), "allowed": checked.decision == Decision::Allow, "by": checked.by, "policies": checked.policies}),
    )
}
