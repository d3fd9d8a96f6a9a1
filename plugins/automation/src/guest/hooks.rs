//! Hooks: registering, listing, triggering, limiting.

use super::firing::Engine;
use super::registering::{actions, condition, store};
use super::{HOOK_KINDS, HOOKS, MOST, config, namespace, put, put_some};
use crate::kind::KINDS;
use crate::lineage::{lineage, nearest};
use memstrata_sdk::args::Id;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct Register {
    hook_type: String,
    name: String,
    actions: Value,
    condition: Option<Value>,
    description: Option<String>,
    enabled: bool,
    namespace: Option<String>,
}

/// `register_hook`.
pub(super) fn register(given: Value) -> Answer {
    let given: Register = arguments(given)?;
    let mut hook = json!({
        "hook_type": given.hook_type, "name": given.name.trim(), "actions": actions(&given.actions)?,
        "condition": condition(given.condition)?, "description": given.description, "enabled": given.enabled,
    });
    if let Some(namespace) = given.namespace {
        put(&mut hook, "namespace", namespace);
    }
    let of_kind = Query::of(HOOKS).filter(json!(["hook_type", "=", given.hook_type]))?;
    let (id, status) = store(HOOKS, "name", &hook, &[(of_kind, MOST as u64)])?;
    Ok(json!({
        "id": id, "ref": row::reference(id), "hook_type": given.hook_type, "name": given.name.trim(), "status": status,
    }))
}

#[derive(Deserialize)]
struct Remove {
    hook_type: String,
    name: String,
    namespace: Option<String>,
}

/// `remove_hook`.
pub(super) fn remove(given: Value) -> Answer {
    let given: Remove = arguments(given)?;
    let found = Query::of(HOOKS)
        .filter(json!(["hook_type", "=", given.hook_type]))?
        .filter(json!(["name", "=", given.name]))?
        .filter_if("namespace", "=", given.namespace.as_deref())?
        .limit(2)
        .page()?
        .rows;
    if found.len() > 1 {
        return Err(Fault::invalid(format!(
            "{} `{}` is in several namespaces: give `namespace`",
            given.hook_type, given.name
        )));
    }
    let hook = found.first().ok_or_else(|| {
        let named = format!("there is no {} hook `{}`: see list_hooks", given.hook_type, row::clip(&given.name, 60));
        Fault::new("not-found.hook", named)
    })?;
    write::delete(HOOKS, row::id(hook), None)?;
    Ok(json!({"id": row::id(hook), "removed": true}))
}

#[derive(Deserialize)]
struct List {
    hook_type: Option<String>,
    namespace: Option<String>,
    limit: u32,
    cursor: Option<String>,
}

/// `list_hooks`.
pub(super) fn list(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let config = config::read()?;
    let registered = Query::of(HOOKS)
        .namespace(given.namespace.as_deref())?
        .filter_if("hook_type", "=", given.hook_type.as_deref())?
        .ascending("hook_type")?
        .ascending("name")?
        .limit(given.limit);
    let total = registered.count()?;
    let page = registered.after(given.cursor.as_deref())?.page()?;
    let counts = counted(given.namespace.as_deref())?;
    let mut hooks = Vec::new();
    for kind in KINDS.iter().filter(|kind| given.hook_type.as_deref().is_none_or(|only| only == kind.name)) {
        let of_kind = || counts.rows.iter().filter(|row| row::text(row, "hook_type") == kind.name);
        let of = of_kind().find(|row| row::text(row, "namespace") == counts.of);
        let limit = nearest(of_kind().filter(|row| row::int(row, "rate_limit").is_some()), &counts.of);
        let count = |field: &str| of.and_then(|row| row::int(row, field));
        let limited = |field: &str| limit.and_then(|row| row::int(row, field));
        let own: Vec<Value> = page
            .rows
            .iter()
            .filter(|hook| row::text(hook, "hook_type") == kind.name)
            .map(|hook| {
                super::history::compact(
                    hook,
                    &["id", "name", "description", "condition", "actions", "enabled", "namespace"],
                )
            })
            .collect();
        let window = limited("window_ms").unwrap_or_else(|| config.count("default_window_seconds") * 1_000);
        hooks.push(json!({
            "hook_type": kind.name, "when": kind.when, "registered": own,
            "rate_limit": limited("rate_limit").unwrap_or_else(|| config.count("default_rate_limit")),
            "window_seconds": window / 1_000, "fired": count("fired").unwrap_or_default(),
            "suppressed": count("suppressed").unwrap_or_default(), "last_fired_at": count("last_fired_at"),
        }));
    }
    Ok(json!({
        "count": hooks.len(), "hooks": hooks, "registered": total, "counted_in": counts.of, "next_cursor": page.next,
    }))
}

/// Limits and counts of kinds: those of a namespace, and what is above it.
struct Counted {
    of: String,
    rows: Vec<Value>,
}

/// Of the namespace; without one of the whole space. A caller confined to a namespace sees nothing of the whole space: then of the
/// shortest namespace there is, its own if it has any.
fn counted(within: Option<&str>) -> Result<Counted, Fault> {
    let of = |namespace: &str| -> Result<Counted, Fault> {
        let query = Query::of(HOOK_KINDS).filter(json!(["namespace", "in", lineage(namespace)]))?;
        Ok(Counted { of: namespace.to_owned(), rows: query.limit(1_000).page()?.rows })
    };
    let counted = of(within.unwrap_or_default())?;
    if within.is_some() || !counted.rows.is_empty() {
        return Ok(counted);
    }
    let groups = Query::of(HOOK_KINDS).group_count("namespace")?;
    match groups.iter().filter_map(|(namespace, _)| namespace.as_str()).min_by_key(|namespace| namespace.len()) {
        Some(namespace) => of(namespace),
        None => Ok(counted),
    }
}

#[derive(Deserialize)]
struct Trigger {
    hook_type: String,
    context: Value,
    occasion: Option<String>,
    parent_firing: Option<Id>,
    session_id: Option<String>,
    namespace: Option<String>,
}

/// `trigger_hook`.
pub(super) fn trigger(given: Value) -> Answer {
    let given: Trigger = arguments(given)?;
    let occasion = Engine::after(given.parent_firing.map(|id| id.0), given.occasion)?;
    let mut engine = Engine::new(given.session_id, given.namespace)?;
    let outcome = engine.hook(&given.hook_type, &given.context, &occasion)?;
    Ok(engine.answer(outcome))
}

#[derive(Deserialize)]
struct Limit {
    hook_type: String,
    rate_limit: u64,
    window_seconds: u64,
    namespace: Option<String>,
}

/// `configure_rate_limiting`.
pub(super) fn limit(given: Value) -> Answer {
    let given: Limit = arguments(given)?;
    let window = given.window_seconds * 1_000;
    let mut kind = json!({"hook_type": given.hook_type, "rate_limit": given.rate_limit, "window_ms": window});
    put_some(&mut kind, "namespace", namespace(given.namespace.as_deref()));
    write::upsert(HOOK_KINDS, "hook_type", &kind)?;
    Ok(json!({"hook_type": given.hook_type, "rate_limit": given.rate_limit, "window_seconds": given.window_seconds}))
}
