//! Triggers: added, listed, evaluated against time, events, places and files; what fired is listed and acknowledged.

use super::firing::{Cause, due, fire};
use super::{EVENTS, FIRINGS, PAGE, TASKS, TRIGGERS, child, firing, map, now, patch, settings, task};
use crate::args::{Id, Time, distinct};
use crate::matching::{Happening, Place, happens, hears, is_at};
use crate::row;
use crate::trigger::{EVERY, NewTrigger, stored_rhythm};
use memstrata_sdk::reference::Reference;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get, get_many, json, write};
use serde::Deserialize;

/// Time triggers one call fires at most: what is left is fired by the next.
const BATCH: usize = 500;

/// Stages a trigger of a task; answers its id, and what it fired at once.
pub(super) fn store(new: &NewTrigger, task: &Value) -> Result<(u64, Option<Value>), Fault> {
    let at = now();
    let mut fields = new.row(at, settings()?.utc_offset_minutes)?;
    let before = new.condition.depends_on_task.as_ref().map(super::task).transpose()?;
    if let Some(before) = &before {
        if row::id(before) == row::id(task) {
            return Err(Fault::new("conflict.cycle", "a task cannot wait for its own completion: name another task"));
        }
        super::unchanged(TASKS, before, "status")?;
        fields.insert("depends_on".into(), json!(row::id(before)));
        fields.insert("condition".into(), json!({"depends_on_task": row::id(before)}));
    }
    let id = write::insert(TRIGGERS, &child(fields, "task", task))?;
    let done = before.filter(|before| row::text(before, "status") == "completed");
    let fired = match (done, get(TRIGGERS, id)?) {
        (Some(before), Some(trigger)) => fire(&trigger, &firing::done(row::id(&before), at), at)?,
        _ => None,
    };
    Ok((id, fired))
}

/// As answers show it.
pub(super) fn shown(trigger: &Value) -> Value {
    json!({
        "id": row::id(trigger), "task": row::int(trigger, "task"), "type": row::text(trigger, "trigger_type"),
        "condition": trigger.get("condition"), "recurring": row::flag(trigger, "recurring"), "armed": row::flag(trigger, "armed"),
        "fired": row::flag(trigger, "fired"), "fired_at": row::int(trigger, "fired_at"),
        "times_fired": row::int(trigger, "times_fired"), "due_at": row::int(trigger, "due_at"),
    })
}

#[derive(Deserialize)]
struct Add {
    task_id: Reference,
    trigger: NewTrigger,
}

/// `add_trigger`.
pub(super) fn add(given: Value) -> Answer {
    let given: Add = arguments(given)?;
    let task = task(&given.task_id)?;
    let status = row::text(&task, "status");
    if crate::phase::is_over(status) {
        return Err(Fault::new(
            "conflict.transition",
            format!("the task is {status}: reopen it before it gets a trigger"),
        ));
    }
    let (id, fired) = store(&given.trigger, &task)?;
    let mut answer = map(shown(&get(TRIGGERS, id)?.unwrap_or_default()));
    answer.insert("firings".into(), json!(fired.into_iter().collect::<Vec<_>>()));
    Ok(answer.into())
}

#[derive(Deserialize)]
struct One {
    trigger_id: Id,
}

fn one(given: Value) -> Result<Value, Fault> {
    let id = arguments::<One>(given)?.trigger_id.0;
    get(TRIGGERS, id)?
        .ok_or_else(|| Fault::new("not-found.trigger", format!("no trigger m:{id}: list_triggers shows them")))
}

/// `remove_trigger`.
pub(super) fn remove(given: Value) -> Answer {
    let id = row::id(&one(given)?);
    write::delete(TRIGGERS, id, None)?;
    Ok(json!({"id": id, "removed": true}))
}

/// `rearm_trigger`: it may fire again.
pub(super) fn rearm(given: Value) -> Answer {
    let trigger = one(given)?;
    let id = row::id(&trigger);
    let over = get(TASKS, row::int(&trigger, "task").unwrap_or_default())?;
    if over.is_none_or(|task| crate::phase::is_over(row::text(&task, "status"))) {
        return Err(Fault::new("conflict.transition", "its task is over: reopen_task first"));
    }
    let mut fields = map(json!({"armed": true}));
    let condition = trigger.get("condition").cloned().unwrap_or_default();
    if let Some((rhythm, offset)) = stored_rhythm(&condition) {
        if matches!(rhythm, crate::occasion::Rhythm::Once(at) if at <= now()) {
            return Err(Fault::invalid("its time has passed: add_trigger with a later `due_at`"));
        }
        fields.insert("due_at".into(), json!(crate::occasion::next(rhythm, now(), offset)));
    }
    patch(TRIGGERS, id, fields)?;
    Ok(shown(&get(TRIGGERS, id)?.unwrap_or_default()))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct List {
    task_id: Option<Reference>,
    armed: Option<bool>,
    #[serde(rename = "type")]
    kind: Option<String>,
    acknowledged: Option<bool>,
    since: Option<Time>,
    namespace: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

impl List {
    fn query(&self, collection: &str) -> Result<Query, Fault> {
        let task = self.task_id.as_ref().map(task).transpose()?;
        Query::of(collection)
            .namespace(self.namespace.as_deref())?
            .filter_if("task", "=", task.as_ref().map(row::id))?
            .filter_if("armed", "=", self.armed)?
            .filter_if("trigger_type", "=", self.kind.as_deref())?
            .filter_if("acknowledged", "=", self.acknowledged)?
            .filter_if("fired_at", ">=", self.since.map(|since| since.0))?
            .limit(self.limit.unwrap_or(20))
            .after(self.cursor.as_deref())
    }
}

/// `list_triggers`.
pub(super) fn list(given: Value) -> Answer {
    let page = arguments::<List>(given)?.query(TRIGGERS)?.page()?;
    let triggers: Vec<Value> = page.rows.iter().map(shown).collect();
    Ok(json!({"count": triggers.len(), "triggers": triggers, "next_cursor": page.next}))
}

/// `list_fired`: the newest first.
pub(super) fn list_fired(given: Value) -> Answer {
    let page = arguments::<List>(given)?.query(FIRINGS)?.descending("fired_at")?.page()?;
    let tasks: Vec<u64> = page.rows.iter().filter_map(|row| row::int(row, "task")).collect();
    let tasks = get_many(TASKS, &tasks)?;
    let fired: Vec<Value> = page
        .rows
        .iter()
        .zip(tasks)
        .map(|(firing, task)| {
            let task = task.unwrap_or_default();
            json!({
                "id": row::id(firing), "trigger": row::int(firing, "trigger"), "task": row::int(firing, "task"),
                "content": row::clip(row::text(&task, "content"), 200), "task_status": row::text(&task, "status"),
                "trigger_type": row::text(firing, "trigger_type"), "fired_at": row::int(firing, "fired_at"),
                "due_at": row::int(firing, "due_at"), "missed": row::int(firing, "missed"), "event": row::int(firing, "event"),
                "cause": row::text(firing, "cause"), "activation": row::text(firing, "activation"),
                "acknowledged": row::flag(firing, "acknowledged"), "acknowledged_at": row::int(firing, "acknowledged_at"),
            })
        })
        .collect();
    Ok(json!({"count": fired.len(), "fired": fired, "next_cursor": page.next}))
}

#[derive(Deserialize)]
struct Acknowledge {
    ids: Vec<Id>,
}

/// `acknowledge_fired`.
pub(super) fn acknowledge(given: Value) -> Answer {
    let ids = distinct(&arguments::<Acknowledge>(given)?.ids);
    let (mut done, mut missing, mut already) = (Vec::new(), Vec::new(), Vec::new());
    for (id, firing) in ids.iter().zip(get_many(FIRINGS, &ids)?) {
        match firing {
            None => missing.push(*id),
            Some(firing) if row::flag(&firing, "acknowledged") => already.push(*id),
            Some(_) => {
                patch(FIRINGS, *id, map(json!({"acknowledged": true, "acknowledged_at": now()})))?;
                done.push(*id);
            }
        }
    }
    Ok(json!({"acknowledged": done, "already": already, "missing": missing}))
}

/// `fire_due_triggers`: the schedule's operation.
pub(super) fn fire_due() -> Answer {
    let (fired, more) = due(now(), BATCH)?;
    Ok(json!({"count": fired.len(), "fired": fired, "more": more}))
}

/// Whether what happens in a namespace concerns a trigger; without one, it concerns all.
fn in_reach(trigger: &Value, space: Option<&str>) -> bool {
    space.is_none_or(|space| hears(row::text(trigger, "namespace"), space))
}

/// Fires the armed `event` and `file` triggers that something sets off.
fn happened(it: &Happening, space: Option<&str>, cause: &Cause, now: u64) -> Result<Vec<Value>, Fault> {
    let armed = Query::of(TRIGGERS)
        .filter(json!(["armed", "=", true]))?
        .filter(json!(["trigger_type", "in", ["event", "file"]]))?
        .filter(json!(["event_type", "in", [EVERY, it.event_type]]))?
        .limit(PAGE)
        .all(super::MOST)?;
    let mut fired = Vec::new();
    for trigger in armed {
        let condition = trigger.get("condition").cloned().unwrap_or_default();
        let kind = row::text(&trigger, "trigger_type");
        if in_reach(&trigger, space) && happens(kind, &condition, it) {
            fired.extend(fire(&trigger, cause, now)?);
        }
    }
    Ok(fired)
}

#[derive(Deserialize)]
struct Delivery {
    id: u64,
}

/// `hear_event`: one delivery of the host; its acknowledgement commits with what it fires.
pub(super) fn hear(given: Value) -> Answer {
    let id = arguments::<Delivery>(given)?.id;
    let event = match get(EVENTS, id) {
        Ok(event) => event,
        // There is no episodic layer here.
        Err(fault) if fault.code.starts_with("not-found") || fault.code.starts_with("invalid") => None,
        Err(fault) => return Err(fault),
    };
    let Some(event) = event else { return Ok(json!({"count": 0, "fired": []})) };
    let mut files = row::texts(&event, "files");
    files.extend(Some(row::text(&event, "file_path").to_owned()).filter(|path| !path.is_empty()));
    let it = Happening {
        event_type: row::text(&event, "event_type").to_owned(),
        outcome: row::text(&event, "outcome").to_owned(),
        content: row::text(&event, "content").to_owned(),
        files,
    };
    let said = format!("event {}: {}", row::reference(id), row::clip(&it.content, 200));
    let cause = Cause { occasion: format!("event:{id}"), said, event: Some(id) };
    let fired = happened(&it, Some(row::text(&event, "namespace")), &cause, now())?;
    Ok(json!({"count": fired.len(), "fired": fired}))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Evaluate {
    context: Option<Place>,
    files: Vec<String>,
    event: Option<Happening>,
    namespace: Option<String>,
}

/// `evaluate_triggers`.
pub(super) fn evaluate(given: Value) -> Answer {
    let given: Evaluate = arguments(given)?;
    let (at, space) = (now(), given.namespace.as_deref());
    let (mut fired, more) = due(at, BATCH)?;
    let told = |said: String| Cause { occasion: format!("call:{at}"), said, event: None };
    if let Some(place) = &given.context {
        let armed = Query::of(TRIGGERS)
            .filter(json!(["armed", "=", true]))?
            .filter(json!(["trigger_type", "=", "context"]))?
            .limit(PAGE)
            .all(super::MOST)?;
        for trigger in armed {
            let condition = trigger.get("condition").cloned().unwrap_or_default();
            if in_reach(&trigger, space) && is_at(&condition, place) {
                fired.extend(fire(&trigger, &told(format!("context {condition}")), at)?);
            }
        }
    }
    if !given.files.is_empty() {
        let said = format!("files {}", row::clip(&given.files.join(", "), 300));
        let it = Happening { event_type: "file_change".into(), files: given.files, ..Happening::default() };
        fired.extend(happened(&it, space, &told(said), at)?);
    }
    if let Some(it) = &given.event {
        let said = format!("{}: {}", it.event_type, row::clip(&it.content, 200));
        fired.extend(happened(it, space, &told(said), at)?);
    }
    Ok(json!({"count": fired.len(), "fired": fired, "more": more}))
}
