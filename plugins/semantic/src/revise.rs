//! Changing a memory: reconsolidation inside the labile window, a plain edit outside it, and superseding.
//!
//! A retrieved memory is labile for five minutes (setting `labile_minutes`). What changes in that window is a new
//! understanding of what was just read: it becomes a new row of the next revision, and the old row stays as superseded,
//! with its valid time closed. Outside the window a change is taken for a correction of the record and made in place;
//! the host keeps the earlier version of the row. `mode` overrides either.

use crate::args::Time;
use crate::hash::retired_hash;
use crate::memory::{check_content, check_validity, clean_tags};
use crate::row;
use crate::text::one_line;
use memstrata_sdk::digest;
use memstrata_sdk::{Fault, Map, Value, json};
use serde::Deserialize;

/// What `update_memory` may change.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Changes {
    /// New content.
    pub content: Option<String>,
    /// New type.
    pub memory_type: Option<String>,
    /// New tags, in place of all.
    pub tags: Option<Vec<String>>,
    /// New topic; empty removes it.
    pub topic: Option<String>,
    /// New confidence.
    pub confidence: Option<f64>,
    /// Since when it holds.
    pub valid_from: Option<Time>,
    /// Until when it held.
    pub valid_to: Option<Time>,
}

impl Changes {
    /// The fields that would really change, with the content's hash.
    ///
    /// # Errors
    /// `invalid.argument` for empty content or a valid time that ends before it starts.
    pub fn patch(&self, stored: &Value) -> Result<Map<String, Value>, Fault> {
        let mut wanted = Map::new();
        if let Some(content) = &self.content {
            let content = check_content(content)?;
            wanted.insert("content".into(), json!(content));
        }
        if let Some(memory_type) = &self.memory_type {
            wanted.insert("memory_type".into(), json!(memory_type));
        }
        if let Some(tags) = &self.tags {
            wanted.insert("tags".into(), json!(clean_tags(tags)));
        }
        if let Some(topic) = &self.topic {
            let topic = Some(one_line(topic)).filter(|topic| !topic.is_empty());
            wanted.insert("topic".into(), json!(topic));
        }
        if let Some(confidence) = self.confidence {
            wanted.insert("confidence".into(), json!(confidence));
        }
        for (field, time) in [("valid_from", self.valid_from), ("valid_to", self.valid_to)] {
            if let Some(Time(time)) = time {
                wanted.insert(field.into(), json!(time));
            }
        }
        let from = self.valid_from.map(|t| t.0).or(row::int(stored, "valid_from"));
        let to = self.valid_to.map(|t| t.0).or(row::int(stored, "valid_to"));
        check_validity(from, to)?;
        let now = |field: &str| stored.get(field).unwrap_or(&Value::Null);
        wanted.retain(|field, value| {
            let same_number = value.as_f64().is_some() && value.as_f64() == now(field).as_f64();
            !(same_number || value == now(field))
        });
        if let Some(content) = wanted.get("content").and_then(Value::as_str) {
            let hash = digest(content);
            wanted.insert("content_hash".into(), json!(hash));
        }
        Ok(wanted)
    }
}

/// Whether a memory last retrieved then is still labile now.
#[must_use]
pub fn is_labile(last_access: u64, now: u64, window_ms: u64) -> bool {
    last_access > 0 && now.saturating_sub(last_access) <= window_ms
}

/// What closes a superseded row: the reference, the state, and the end of its valid time, which is where the new row's
/// begins, and never before its own beginning.
#[must_use]
pub fn closing(old: &Value, by: u64, from: u64) -> Map<String, Value> {
    let start = row::int(old, "valid_from").unwrap_or(0);
    let end = row::int(old, "valid_to").map_or(from, |end| end.min(from)).max(start);
    let mut patch = Map::new();
    patch.insert("superseded_by".into(), json!(by));
    patch.insert("consolidation_state".into(), json!("superseded"));
    patch.insert("valid_to".into(), json!(end));
    let hash = retired_hash(row::text(old, "content_hash"), row::id(old));
    patch.insert("content_hash".into(), json!(hash));
    patch
}

/// The next revision of a row: all its fields, the patch over them, valid from now unless the patch says otherwise.
#[must_use]
pub fn next(old: &Value, patch: &Map<String, Value>, now: u64) -> Map<String, Value> {
    let mut new = Map::new();
    for field in [
        "content",
        "content_hash",
        "memory_type",
        "tags",
        "topic",
        "namespace",
        "confidence",
        "usefulness_score",
        "helpful",
        "unhelpful",
        "valid_to",
        "sources",
    ] {
        if let Some(value) = old.get(field).filter(|value| !value.is_null()) {
            new.insert(field.into(), value.clone());
        }
    }
    new.insert("valid_from".into(), json!(now));
    for (field, value) in patch {
        new.insert(field.clone(), value.clone());
    }
    new.insert("supersedes".into(), json!(row::id(old)));
    new.insert("revision".into(), json!(row::int(old, "revision").unwrap_or(1) + 1));
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(stored: &Value, changes: Value) -> Result<Value, Fault> {
        Ok(Value::Object(memstrata_sdk::arguments::<Changes>(changes)?.patch(stored)?))
    }

    #[test]
    fn the_window_is_five_minutes_and_never_read_is_not_labile() {
        let window = 300_000;
        for (last, now, labile) in [
            (1_000, 1_000, true),
            (1_000, 301_000, true),
            (1_000, 301_001, false),
            (0, 100, false),
            (2_000, 1_000, true),
        ] {
            assert_eq!(is_labile(last, now, window), labile, "{last} {now}");
        }
    }

    #[test]
    fn a_patch_has_only_what_changes() -> Result<(), Fault> {
        let stored = json!({"content": "x", "tags": ["a"], "confidence": 1.0, "memory_type": "fact"});
        assert_eq!(patch(&stored, json!({"content": "x ", "tags": ["a"], "confidence": 1}))?, json!({}));
        let changed = patch(&stored, json!({"content": "y", "topic": "t"}))?;
        assert_eq!(changed["content"], "y");
        assert_eq!(changed["content_hash"], digest("y"));
        assert_eq!(changed["topic"], "t");
        assert!(patch(&json!({"valid_from": 10}), json!({"valid_to": 5})).is_err());
        Ok(())
    }

    #[test]
    fn the_old_row_closes_where_the_new_one_begins() {
        for (old, from, end) in [
            (json!({"id": 1, "content_hash": "h"}), 50, 50),
            (json!({"id": 1, "valid_from": 80}), 50, 80),
            (json!({"id": 1, "valid_to": 40}), 50, 40),
        ] {
            assert_eq!(closing(&old, 2, from)["valid_to"], end, "{old}");
        }
        assert_eq!(closing(&json!({"id": 1, "content_hash": "h"}), 2, 5)["content_hash"], "h#1");
    }

    #[test]
    fn the_next_revision_keeps_the_rest() {
        let old = json!({
            "id": 4, "version": 3, "content": "x", "content_hash": "h", "tags": ["a"], "revision": 2,
            "namespace": "p", "created_at": 1, "superseded_by": null, "valid_from": 1
        });
        let mut change = Map::new();
        change.insert("content".into(), json!("y"));
        let new = Value::Object(next(&old, &change, 70));
        assert_eq!(
            new,
            json!({"content": "y", "content_hash": "h", "tags": ["a"], "namespace": "p", "valid_from": 70,
                   "supersedes": 4, "revision": 3})
        );
    }
}
