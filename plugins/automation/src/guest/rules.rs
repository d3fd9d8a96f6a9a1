//! Rules: registering, listing, switching, and the events that set them off.

use super::firing::Engine;
use super::registering::{actions, condition, known, remove as removed, store};
use super::{MOST, MOST_RULES, RULES, namespace, now, put};
use crate::event;
use memstrata_sdk::args::Id;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Query, Value, arguments, json, write};
use serde::Deserialize;

const NAMED: (&str, &str) = ("rule_name", "rule");

#[derive(Deserialize)]
struct Register {
    rule_name: String,
    trigger_event: String,
    action: Value,
    condition: Option<Value>,
    description: Option<String>,
    enabled: bool,
    cooldown_seconds: u64,
    namespace: Option<String>,
}

/// Who says that an event came.
fn heard(trigger_event: &str) -> &'static str {
    let layer = trigger_event.split('.').next().unwrap_or_default();
    if trigger_event.starts_with("hook.") {
        "when the hook is triggered"
    } else if layer == "episodic" && trigger_event.contains('.') {
        "within 45 seconds after an episode of the type is recorded"
    } else if crate::manifest::HEARD
        .iter()
        .any(|name| event::waited_for(name).iter().any(|waited| waited == trigger_event))
    {
        "when the layer emits it"
    } else {
        "when you trigger it, or an action emits it"
    }
}

/// `register_automation_rule`.
pub(super) fn register(given: Value) -> Answer {
    let given: Register = arguments(given)?;
    event::check(&given.trigger_event)?;
    let name = given.rule_name.trim();
    let mut rule = json!({
        "rule_name": name, "trigger_event": given.trigger_event, "actions": actions(&given.action)?,
        "condition": condition(given.condition)?, "description": given.description, "enabled": given.enabled,
        "cooldown_seconds": given.cooldown_seconds, "since": now(),
    });
    if let Some(namespace) = given.namespace {
        put(&mut rule, "namespace", namespace);
    }
    let of_event = Query::of(RULES).filter(json!(["trigger_event", "=", given.trigger_event]))?;
    let (id, status) = store(RULES, "name", &rule, &[(of_event, MOST as u64), (Query::of(RULES), MOST_RULES as u64)])?;
    Ok(json!({
        "id": id, "ref": row::reference(id), "rule_name": name, "status": status, "heard": heard(&given.trigger_event),
    }))
}

#[derive(Deserialize)]
struct One {
    rule_name: String,
    #[serde(default)]
    enabled: bool,
    namespace: Option<String>,
}

/// `set_automation_rule_enabled`.
pub(super) fn enable(given: Value) -> Answer {
    let given: One = arguments(given)?;
    let rule = known(RULES, NAMED, &given.rule_name, given.namespace.as_deref())?;
    let mut patch = json!({"enabled": given.enabled});
    if given.enabled && rule.get("enabled") == Some(&json!(false)) {
        put(&mut patch, "since", now());
    }
    write::update(RULES, row::id(&rule), None, &patch)?;
    Ok(json!({"id": row::id(&rule), "rule_name": given.rule_name, "enabled": given.enabled}))
}

/// `remove_automation_rule`.
pub(super) fn remove(given: Value) -> Answer {
    let given: One = arguments(given)?;
    let rule = removed(RULES, NAMED, &given.rule_name, given.namespace.as_deref())?;
    Ok(json!({"id": row::id(&rule), "removed": true}))
}

#[derive(Deserialize)]
struct List {
    trigger_event: Option<String>,
    enabled: Option<bool>,
    namespace: Option<String>,
    limit: u32,
    cursor: Option<String>,
}

/// `list_automation_rules`.
pub(super) fn list(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let query = Query::of(RULES)
        .namespace(given.namespace.as_deref())?
        .filter_if("trigger_event", "=", given.trigger_event.as_deref())?
        .filter_if("enabled", "=", given.enabled)?
        .ascending("rule_name")?
        .limit(given.limit);
    let total = query.count()?;
    let page = query.after(given.cursor.as_deref())?.page()?;
    let fields = [
        "id",
        "rule_name",
        "trigger_event",
        "description",
        "condition",
        "actions",
        "enabled",
        "cooldown_seconds",
        "times_fired",
        "last_fired_at",
        "namespace",
    ];
    let rules: Vec<Value> = page.rows.iter().map(|rule| super::history::compact(rule, &fields)).collect();
    Ok(json!({"count": rules.len(), "rules": rules, "total": total, "next_cursor": page.next}))
}

#[derive(Deserialize)]
struct Trigger {
    event_type: String,
    event_data: Value,
    occasion: Option<String>,
    parent_firing: Option<Id>,
    session_id: Option<String>,
    namespace: Option<String>,
}

/// `trigger_automation_event`.
pub(super) fn trigger(given: Value) -> Answer {
    let given: Trigger = arguments(given)?;
    event::check_triggered(&given.event_type)?;
    let occasion = Engine::after(given.parent_firing.map(|id| id.0), given.occasion)?;
    let mut engine = Engine::new(given.session_id, given.namespace)?;
    let outcome = engine.happen(&[given.event_type], &given.event_data, &occasion, true)?;
    Ok(engine.answer(outcome))
}
