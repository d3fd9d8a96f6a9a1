//! The actions themselves: rows written here and in other layers where that is granted; all others are left to the client.

use super::firing::Engine;
use super::{EVENTS, NOTES, TASKS, is_absent, put, put_some};
use crate::action::Action;
use crate::{episode, task};
use memstrata_sdk::{Fault, Value, json, write};

/// What the actions of one firing came to.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub(super) outcome: &'static str,
    pub(super) reason: Option<String>,
    pub(super) done: Vec<Value>,
    pub(super) to_do: Vec<Value>,
}

impl Default for Done {
    fn default() -> Self {
        Self { outcome: "fired", reason: None, done: Vec::new(), to_do: Vec::new() }
    }
}

impl Done {
    /// Notes what an action did.
    pub(super) fn did(&mut self, action: &Action, what: Value) {
        let mut did = json!({"type": action.kind(), "status": "done"});
        if let (Some(did), Value::Object(what)) = (did.as_object_mut(), what) {
            did.extend(what);
        }
        self.done.push(did);
    }

    /// Notes that an action failed.
    pub(super) fn failed(&mut self, action: &Action, reason: &str) {
        self.done.push(json!({"type": action.kind(), "status": "failed", "reason": reason}));
    }

    /// Takes in what a hook of this name came to.
    pub(super) fn add(&mut self, hook: &str, other: Self) {
        for mut did in other.done {
            put(&mut did, "hook", hook);
            self.done.push(did);
        }
        self.to_do.extend(other.to_do);
    }
}

/// Does an action that ends here.
pub(super) fn act(
    engine: &Engine,
    action: &Action,
    (firing, place): (u64, usize),
    all: &mut Done,
) -> Result<(), Fault> {
    let within = |mut row: Value| {
        put(&mut row, "namespace", engine.namespace.clone());
        row
    };
    match action {
        Action::Note { text } => {
            let note = within(json!({"text": text, "subject": "automation", "firing": firing, "sources": [firing]}));
            let id = write::insert(NOTES, &note)?;
            all.did(action, json!({ "id": id }));
        }
        Action::RecordEvent { content, event_type, outcome } => {
            let mut event = within(episode::row(content, event_type, outcome.as_deref(), firing, place, engine.now));
            put_some(&mut event, "session_id", engine.session.clone());
            insert(EVENTS, &event, action, all)?;
        }
        Action::CreateTask { content, priority } => {
            insert(TASKS, &within(task::row(content, priority, firing, engine.now)), action, all)?;
        }
        other => leave(other, None, all),
    }
    Ok(())
}

/// Writes into another layer; where it is not here, or not granted, the client is asked to make the call.
fn insert(collection: &str, new: &Value, action: &Action, all: &mut Done) -> Result<(), Fault> {
    match write::insert(collection, new) {
        Ok(id) => all.did(action, json!({"id": id, "collection": collection})),
        Err(fault) if is_absent(&fault) => leave(action, Some(fault.message), all),
        Err(fault) => return Err(fault),
    }
    Ok(())
}

/// Puts an action on the caller's list.
fn leave(action: &Action, reason: Option<String>, all: &mut Done) {
    let mut left = json!({"type": action.kind()});
    if let Some((operation, arguments)) = action.as_call() {
        put(&mut left, "operation", operation);
        put(&mut left, "arguments", arguments);
    }
    if let Action::Notify { message } = action {
        put(&mut left, "message", message.as_str());
    }
    put_some(&mut left, "message", reason.map(|reason| format!("not done here: {reason}")));
    all.to_do.push(left);
}
