//! Permissions: looked up, granted, revoked.

use super::{AUDIT, GRANTS, text};
use crate::access::{self, Grant, Wish};
use crate::scope;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, clock, json, settings, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct Settings {
    enforce_permissions: bool,
}

/// Checks the actor who is named, or, where the settings say so, the one who signs the write.
pub(super) fn check(actor: Option<&str>, signed: &str, namespace: &str, wish: Wish) -> Result<(), Fault> {
    scope::check(namespace)?;
    let actor = match actor {
        Some(actor) => actor,
        None if settings::get::<Settings>()?.enforce_permissions => signed,
        None => return Ok(()),
    };
    let rows = Query::of(GRANTS)
        .filter(json!(["actor", "=", actor]))?
        .filter(json!(["scope", "in", access::scopes(namespace)]))?
        .page()?
        .rows;
    let grants: Vec<Grant> = rows
        .iter()
        .map(|row| Grant { can_write: row.get("can_write").and_then(Value::as_bool).unwrap_or(false) })
        .collect();
    access::check(actor, namespace, wish, &grants)
}

/// Whether the actor may read it.
pub(super) fn may_read(actor: Option<&str>, namespace: &str) -> Result<bool, Fault> {
    match check(actor, "", namespace, Wish::Read) {
        Ok(()) => Ok(true),
        Err(fault) if fault.code == "denied.read" => Ok(false),
        Err(fault) => Err(fault),
    }
}

#[derive(Deserialize)]
struct Granting {
    actor: String,
    scope: String,
    #[serde(default)]
    can_write: bool,
    #[serde(default)]
    granted_by: String,
}

pub(super) fn grant(given: Value) -> Answer {
    let given: Granting = arguments(given)?;
    if given.scope != "app" && (scope::check(&given.scope).is_err() || scope::owner(&given.scope) != given.scope) {
        return Err(Fault::invalid("`scope` is `app` or a prefix with an owner, such as `project:apollo`"));
    }
    let row = json!({"actor": given.actor, "scope": given.scope, "can_write": given.can_write});
    let (id, created) = write::upsert(GRANTS, "grant", &row)?;
    note(&given.granted_by, "grant_access", &row)?;
    Ok(json!({"id": id, "created": created}))
}

fn note(by: &str, action: &str, data: &Value) -> Result<(), Fault> {
    let row =
        json!({"timestamp": clock::now(), "actor": by, "action_type": action, "action_data": data, "result": "ok"});
    write::insert(AUDIT, &row).map(|_| ())
}

pub(super) fn revoke(given: Value) -> Answer {
    let given: Granting = arguments(given)?;
    let found = Query::of(GRANTS)
        .filter(json!(["actor", "=", given.actor]))?
        .filter(json!(["scope", "=", given.scope]))?
        .ids()?;
    for id in &found {
        write::delete(GRANTS, *id, None)?;
        note("system", "revoke_access", &json!({"actor": given.actor, "scope": given.scope}))?;
    }
    Ok(json!({"revoked": !found.is_empty()}))
}

#[derive(Deserialize)]
struct List {
    actor: Option<String>,
    scope: Option<String>,
}

pub(super) fn list(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let rows = Query::of(GRANTS)
        .filter_if("actor", "=", given.actor)?
        .filter_if("scope", "=", given.scope)?
        .limit(500)
        .page()?
        .rows;
    let grants: Vec<Value> = rows
        .iter()
        .map(|row| json!({"actor": text(row, "actor"), "scope": text(row, "scope"), "can_write": row.get("can_write")}))
        .collect();
    Ok(json!({"count": grants.len(), "grants": grants}))
}
