//! Threads: their states, what may be done in which, and how one is shown.

use memstrata_sdk::row;
use memstrata_sdk::{Fault, Value, json};

/// Being talked in, ended, put away.
pub const STATUSES: [&str; 3] = ["active", "closed", "archived"];

/// The title of a thread that nobody named.
pub const UNTITLED: &str = "Untitled Conversation";

/// Refuses a change of state that is none.
///
/// Any state may be left for another one; `closed` twice is told apart from a change, since two clients may both close.
///
/// # Errors
/// `conflict.status` if the thread is in that state already.
pub fn leave(thread: &Value, to: &str) -> Result<(), Fault> {
    if row::text(thread, "status") != to {
        return Ok(());
    }
    Err(Fault::new("conflict.status", format!("{} is {to} already: nothing was changed", name(thread))))
}

/// Refuses a message to a thread that has ended.
///
/// # Errors
/// `conflict.status` that names the operation to call first.
pub fn takes_messages(thread: &Value) -> Result<(), Fault> {
    match row::text(thread, "status") {
        "active" => Ok(()),
        status => Err(Fault::new(
            "conflict.status",
            format!("{} is {status}: call resume_conversation_session first, or start a new one", name(thread)),
        )),
    }
}

/// How a thread is called in sentences: `m:42 "Title"`.
#[must_use]
pub fn name(thread: &Value) -> String {
    format!("{} \"{}\"", row::reference(row::id(thread)), row::clip(row::text(thread, "title"), 60))
}

/// A thread as answers show it: without empty fields; `whole` with its context and metadata.
#[must_use]
pub fn show(thread: &Value, whole: bool) -> Value {
    let id = row::id(thread);
    let mut shown = json!({"id": id, "ref": row::reference(id)});
    let brief = ["title", "key", "status", "session_id", "message_count", "tokens", "last_activity_at", "resumptions"];
    let rest = ["context", "metadata", "created_at", "closed_at", "archived_at", "resumed_at", "namespace"];
    let rest = rest.into_iter().filter(|_| whole);
    if let Some(shown) = shown.as_object_mut() {
        for field in brief.into_iter().chain(rest) {
            match thread.get(field) {
                Some(value) if !value.is_null() && *value != json!("") => _ = shown.insert(field.into(), value.clone()),
                _ => {}
            }
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_changed_once() {
        let thread = json!({"id": 7, "title": "Release", "status": "closed"});
        assert!(leave(&thread, "archived").is_ok());
        let refused = leave(&thread, "closed").unwrap_err();
        assert_eq!(refused.code, "conflict.status");
        assert!(refused.message.contains("m:7 \"Release\""), "{}", refused.message);
    }

    #[test]
    fn only_active_threads_take_messages() {
        assert!(takes_messages(&json!({"status": "active"})).is_ok());
        for status in ["closed", "archived"] {
            let refused = takes_messages(&json!({"status": status})).unwrap_err();
            assert!(refused.message.contains("resume_conversation_session"), "{status}");
        }
    }

    #[test]
    fn empty_fields_are_not_shown() {
        let thread =
            json!({"id": 7, "title": "t", "status": "active", "key": null, "namespace": "", "context": {"a": 1}});
        assert_eq!(show(&thread, false), json!({"id": 7, "ref": "m:7", "title": "t", "status": "active"}));
        assert_eq!(show(&thread, true)["context"], json!({"a": 1}));
        assert!(show(&thread, true).get("namespace").is_none());
    }
}
