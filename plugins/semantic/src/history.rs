//! The record of changes (`updates`), and how the versions of a row are shown.
//!
//! A record names rows, fields and reasons and never copies content, so that erasing a memory leaves nothing behind here.

use crate::{row, text};
use memstrata_sdk::{Map, Value, json};

/// What happened to a memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A newer memory took its place.
    Superseded,
    /// Changed while labile: a new revision.
    Reconsolidated,
    /// Changed in place.
    Edited,
    /// Told again, with something to add.
    Repeated,
    /// Deleted by a caller.
    Forgotten,
    /// Brought back.
    Restored,
    /// Deleted by `optimize`.
    Pruned,
    /// Judged by a caller.
    Feedback,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Superseded,
        Self::Reconsolidated,
        Self::Edited,
        Self::Repeated,
        Self::Forgotten,
        Self::Restored,
        Self::Pruned,
        Self::Feedback,
    ];

    /// Its name in the row.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Superseded => "superseded",
            Self::Reconsolidated => "reconsolidated",
            Self::Edited => "edited",
            Self::Repeated => "repeated",
            Self::Forgotten => "forgotten",
            Self::Restored => "restored",
            Self::Pruned => "pruned",
            Self::Feedback => "feedback",
        }
    }
}

/// A record about a memory, for `updates`.
#[must_use]
pub fn record(memory: &Value, action: Action, other: Option<u64>, changed: &[&str], reason: Option<&str>) -> Value {
    let mut record = Map::new();
    record.insert("memory".into(), json!(row::id(memory)));
    record.insert("action".into(), json!(action.name()));
    record.insert("revision".into(), json!(row::int(memory, "revision").unwrap_or(1)));
    record.insert("namespace".into(), json!(row::text(memory, "namespace")));
    if let Some(other) = other {
        record.insert("other".into(), json!(other));
    }
    if !changed.is_empty() {
        record.insert("changed".into(), json!(changed));
    }
    if let Some(reason) = reason.map(str::trim).filter(|reason| !reason.is_empty()) {
        record.insert("reason".into(), json!(text::clip(reason, 500)));
    }
    Value::Object(record)
}

/// The names of the fields a patch changes, as callers know them.
#[must_use]
pub fn changed(patch: &Map<String, Value>) -> Vec<&str> {
    patch.keys().map(String::as_str).filter(|field| *field != "content_hash").collect()
}

/// One of the host's versions of a row, short.
#[must_use]
pub fn show_version(version: &Value) -> Value {
    json!({
        "version": row::int(version, "version"),
        "at": row::int(version, "at").or(row::int(version, "updated_at")),
        "verb": version.get("verb").cloned().unwrap_or(Value::Null),
        "content": text::clip(row::text(version, "content"), 400),
        "confidence": row::number(version, "confidence"),
        "consolidation_state": row::text(version, "consolidation_state"),
        "valid_to": row::int(version, "valid_to"),
        "component": version.get("component").cloned().unwrap_or(Value::Null),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_copies_no_content() {
        let memory = json!({"id": 9, "content": "secret", "revision": 2, "namespace": "a"});
        let mut patch = Map::new();
        patch.insert("content".into(), json!("other secret"));
        patch.insert("content_hash".into(), json!("h"));
        let record = record(&memory, Action::Edited, None, &changed(&patch), Some(" typo "));
        assert_eq!(
            record,
            json!({"memory": 9, "action": "edited", "revision": 2, "namespace": "a", "changed": ["content"],
                   "reason": "typo"})
        );
        assert!(!record.to_string().contains("secret"));
    }
}
