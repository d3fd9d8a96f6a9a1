//! Firing: the record, the trigger's next occasion and the task's activation are staged together, so that they commit together or not at all.

use super::{FIRINGS, PAGE, TASKS, TRIGGERS, emit, map, patch};
use crate::occasion::{Rhythm, missed, next};
use crate::phase::Activation;
use crate::row;
use crate::trigger::stored_rhythm;
use memstrata_sdk::{Fault, Query, Value, get, json, write};

/// Why a trigger fires.
pub(super) struct Cause {
    /// What makes the occasion one: a due time, an event, a call. The store keeps at most one firing of a trigger for it.
    pub(super) occasion: String,
    /// In words.
    pub(super) said: String,
    /// The event, if it was one.
    pub(super) event: Option<u64>,
}

/// Fires a trigger. None: this occasion has been dealt with.
pub(super) fn fire(trigger: &Value, cause: &Cause, now: u64) -> Result<Option<Value>, Fault> {
    let (id, task_id) = (row::id(trigger), row::int(trigger, "task").unwrap_or_default());
    let Some(task) = get(TASKS, task_id)? else {
        patch(TRIGGERS, id, map(json!({"armed": false})))?;
        return Ok(None);
    };
    let kind = row::text(trigger, "trigger_type");
    let activation = Activation::of(row::text(&task, "status"));
    let condition = trigger.get("condition").cloned().unwrap_or_default();
    let due = row::int(trigger, "due_at");
    let mut after =
        map(json!({"fired": true, "fired_at": now, "times_fired": row::int(trigger, "times_fired").unwrap_or(0) + 1}));
    let mut passed = 0;
    match stored_rhythm(&condition) {
        Some((Rhythm::Once(_), _)) => _ = after.insert("armed".into(), json!(false)),
        Some((rhythm, offset)) => {
            passed = missed(rhythm, due.unwrap_or(now), now);
            after.insert("due_at".into(), json!(next(rhythm, now, offset)));
        }
        None if !row::flag(trigger, "recurring") => _ = after.insert("armed".into(), json!(false)),
        None => {}
    }
    if activation == Activation::Over {
        after.insert("armed".into(), json!(false));
        patch(TRIGGERS, id, after)?;
        return Ok(None);
    }
    let firing = json!({
        "trigger": id, "occasion": cause.occasion, "task": task_id, "trigger_type": kind, "fired_at": now, "due_at": due,
        "missed": passed, "event": cause.event, "cause": row::clip(&cause.said, 400), "activation": activation.name(),
        "acknowledged": false, "namespace": row::text(&task, "namespace"),
    });
    // The version read holds the trigger: of two that fire it at once, one runs again and finds it fired.
    let (firing_id, new) = write::insert_or_get(FIRINGS, "occasion", &firing)?;
    if !new {
        return Ok(None);
    }
    patch(TRIGGERS, id, after)?;
    match activation {
        Activation::Activated => {
            patch(TASKS, task_id, map(json!({"status": "active"})))?;
            emit("task_activated", &json!({"task": task_id, "trigger": id}))?;
        }
        Activation::WhenUnblocked => patch(TASKS, task_id, map(json!({"wanted": true})))?,
        Activation::Already | Activation::Over => {}
    }
    let told = json!({
        "firing": firing_id, "trigger": id, "task": task_id, "trigger_type": kind, "cause": cause.said,
        "activation": activation.name(), "fired_at": now,
    });
    emit("trigger_fired", &told)?;
    Ok(Some(told))
}

/// Fires the dependency triggers that wait for a task that is completed now.
pub(super) fn completed(task: u64, now: u64) -> Result<Vec<Value>, Fault> {
    let query = Query::of(TRIGGERS).filter(json!(["depends_on", "=", task]))?;
    // One added meanwhile would never fire: then this call runs again.
    write::expect(&query, query.count()?)?;
    let waiting = query.filter(json!(["armed", "=", true]))?.limit(PAGE).all(super::MOST)?;
    let mut fired = Vec::new();
    for trigger in waiting {
        fired.extend(fire(&trigger, &done(task, now), now)?);
    }
    Ok(fired)
}

/// The cause of a dependency trigger.
pub(super) fn done(task: u64, now: u64) -> Cause {
    let said = format!("{} was completed", row::reference(task));
    Cause { occasion: format!("completed:{task}:{now}"), said, event: None }
}

/// Fires the time triggers that are due, the earliest first; whether more are left.
pub(super) fn due(now: u64, most: usize) -> Result<(Vec<Value>, bool), Fault> {
    let mut due = Query::of(TRIGGERS)
        .filter(json!(["armed", "=", true]))?
        .filter(json!(["due_at", "<=", now]))?
        .ascending("due_at")?
        .limit(PAGE)
        .all(most + 1)?;
    let more = due.len() > most;
    due.truncate(most);
    let mut fired = Vec::new();
    for trigger in due {
        let at = row::int(&trigger, "due_at").unwrap_or(now);
        let cause =
            Cause { occasion: format!("due:{at}"), said: format!("due at {}", crate::when::iso(at)), event: None };
        fired.extend(fire(&trigger, &cause, now)?);
    }
    Ok((fired, more))
}
