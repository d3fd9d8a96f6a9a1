//! An event as a caller gives it, its checks, and the row it becomes.

use crate::hash::content_hash;
use crate::moment::{Moment, whole};
use crate::place;
use crate::vocabulary::{CODE_EVENT_TYPES, EVENT_TYPES, OUTCOMES, STATUSES, check};
use memstrata_sdk::{Fault, Map, Value};
use serde::{Deserialize, Deserializer};

/// Longest content, in bytes; the host's default for a text field.
pub const MAX_CONTENT: usize = 51_200;
/// Longest list of tags.
pub const MAX_TAGS: usize = 50;
/// Longest list of files.
pub const MAX_FILES: usize = 1_000;

/// Where the agent stood when it happened.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Context {
    /// Working directory.
    pub cwd: Option<String>,
    /// Files at hand.
    pub files: Vec<String>,
    /// The task worked on.
    pub task: Option<String>,
    /// Phase of the task.
    pub phase: Option<String>,
    /// Version-control branch.
    pub branch: Option<String>,
}

/// An event before it is recorded. Absent fields stay absent in the row.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs)] // the fields carry the names of requirements 1.3 and are described in the manifest
pub struct Draft {
    pub namespace: String,
    pub session_id: Option<String>,
    pub timestamp: Option<Moment>,
    pub event_type: Option<String>,
    pub content: String,
    pub outcome: Option<String>,
    pub context: Context,
    #[serde(deserialize_with = "count")]
    pub duration_ms: Option<i64>,
    #[serde(deserialize_with = "count")]
    pub files_changed: Option<i64>,
    #[serde(deserialize_with = "count")]
    pub lines_added: Option<i64>,
    #[serde(deserialize_with = "count")]
    pub lines_deleted: Option<i64>,
    pub learned: Option<String>,
    pub confidence: Option<f64>,
    pub consolidation_status: Option<String>,
    pub consolidated_at: Option<Moment>,
    pub surprise_score: Option<f64>,
    pub surprise_normalized: Option<f64>,
    pub surprise_coherence: Option<f64>,
    pub code_event_type: Option<String>,
    pub file_path: Option<String>,
    pub symbol_name: Option<String>,
    pub symbol_type: Option<String>,
    pub language: Option<String>,
    pub diff: Option<String>,
    pub git_commit: Option<String>,
    pub git_author: Option<String>,
    pub test_name: Option<String>,
    pub test_passed: Option<bool>,
    pub error_type: Option<String>,
    pub stack_trace: Option<String>,
    pub performance_metrics: Option<Value>,
    pub code_quality_score: Option<f64>,
    pub tags: Vec<String>,
    pub metadata: Option<Value>,
    pub source: Option<String>,
    pub external_id: Option<String>,
}

/// An integer that is not negative; `1.0` counts as 1.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    use serde::de::Error as _;
    match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match whole(&value) {
            Some(number) if number >= 0 => Ok(Some(number)),
            _ => Err(D::Error::custom(format!("{value} must be a whole number of at least 0"))),
        },
    }
}

impl Draft {
    /// Reads one event of a batch.
    ///
    /// # Errors
    /// `invalid.argument` naming the field.
    pub fn read(value: Value) -> Result<Self, Fault> {
        memstrata_sdk::arguments(value)
    }

    /// Checks the event and makes its row, with hash and namespace; without a timestamp it happened `now`.
    ///
    /// # Errors
    /// `invalid.argument` with the field and what it should be.
    pub fn row(self, now: i64) -> Result<Map<String, Value>, Fault> {
        self.check()?;
        let mut row = Row(Map::new());
        row.put("content", Some(self.content));
        row.put("timestamp", Some(self.timestamp.map_or(now, |moment| moment.0)));
        row.put("event_type", Some(self.event_type.unwrap_or_else(|| "action".into())));
        row.put("session_id", text(self.session_id));
        row.put("outcome", self.outcome);
        row.put("cwd", text(self.context.cwd));
        row.put("files", paths(self.context.files));
        row.put("task", text(self.context.task));
        row.put("phase", text(self.context.phase));
        row.put("branch", text(self.context.branch));
        row.put("duration_ms", self.duration_ms);
        row.put("files_changed", self.files_changed);
        row.put("lines_added", self.lines_added);
        row.put("lines_deleted", self.lines_deleted);
        row.put("learned", text(self.learned));
        row.put("confidence", Some(self.confidence.unwrap_or(1.0)));
        row.put("surprise_score", self.surprise_score);
        row.put("surprise_normalized", self.surprise_normalized);
        row.put("surprise_coherence", self.surprise_coherence);
        row.put("code_event_type", self.code_event_type);
        row.put("file_path", text(text(self.file_path).map(|path| place::normalise(&path))));
        row.put("symbol_name", text(self.symbol_name));
        row.put("symbol_type", text(self.symbol_type));
        row.put("language", text(self.language));
        row.put("diff", text(self.diff));
        row.put("git_commit", text(self.git_commit));
        row.put("git_author", text(self.git_author));
        row.put("test_name", text(self.test_name));
        row.put("test_passed", self.test_passed);
        row.put("error_type", text(self.error_type));
        row.put("stack_trace", text(self.stack_trace));
        row.put("performance_metrics", self.performance_metrics);
        row.put("code_quality_score", self.code_quality_score);
        row.put("tags", tags(self.tags));
        row.put("metadata", self.metadata);
        row.put("source", text(self.source));
        row.put("external_id", text(self.external_id));
        let hash = content_hash(&row.0);
        row.put("content_hash", Some(hash));
        let consolidated = self.consolidation_status.as_deref() == Some("consolidated");
        row.put("consolidation_status", Some(self.consolidation_status.unwrap_or_else(|| "unconsolidated".into())));
        if consolidated {
            row.put("consolidated_at", Some(self.consolidated_at.map_or(now, |moment| moment.0)));
        }
        row.put("namespace", text(Some(self.namespace)));
        Ok(row.0)
    }

    fn check(&self) -> Result<(), Fault> {
        if self.content.trim().is_empty() {
            return Err(Fault::invalid("`content` is empty; say in a sentence what happened"));
        }
        if self.content.len() > MAX_CONTENT {
            return Err(Fault::invalid(format!(
                "`content` has {} bytes; shorten it to {MAX_CONTENT} or record it in parts",
                self.content.len()
            )));
        }
        for (field, word, list) in [
            ("event_type", &self.event_type, EVENT_TYPES.as_slice()),
            ("outcome", &self.outcome, OUTCOMES.as_slice()),
            ("code_event_type", &self.code_event_type, CODE_EVENT_TYPES.as_slice()),
            ("consolidation_status", &self.consolidation_status, STATUSES.as_slice()),
        ] {
            if let Some(word) = word {
                check(field, word, list)?;
            }
        }
        for (field, value, most) in [
            ("confidence", self.confidence, 1.0),
            ("surprise_score", self.surprise_score, f64::MAX),
            ("surprise_normalized", self.surprise_normalized, 1.0),
            ("surprise_coherence", self.surprise_coherence, 1.0),
            ("code_quality_score", self.code_quality_score, 1.0),
        ] {
            if value.is_some_and(|value| !(0.0..=most).contains(&value)) {
                let range = if most > 1.0 { "at least 0" } else { "from 0 to 1" };
                return Err(Fault::invalid(format!("`{field}` must be a number {range}")));
            }
        }
        if self.tags.len() > MAX_TAGS || self.context.files.len() > MAX_FILES {
            return Err(Fault::invalid(format!("at most {MAX_TAGS} tags and {MAX_FILES} files an event")));
        }
        Ok(())
    }
}

struct Row(Map<String, Value>);

impl Row {
    fn put(&mut self, field: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value.map(Into::into).filter(|value: &Value| !value.is_null()) {
            self.0.insert(field.to_owned(), value);
        }
    }
}

/// Blank text counts as absent, so that `""` and nothing have one hash.
fn text(value: Option<String>) -> Option<String> {
    value.filter(|text| !text.trim().is_empty())
}

fn tags(given: Vec<String>) -> Option<Vec<String>> {
    distinct(given.into_iter().map(|tag| tag.trim().to_owned()))
}

fn paths(given: Vec<String>) -> Option<Vec<String>> {
    distinct(given.into_iter().map(|path| if path.trim().is_empty() { path } else { place::normalise(&path) }))
}

fn distinct(given: impl Iterator<Item = String>) -> Option<Vec<String>> {
    let mut seen = std::collections::HashSet::new();
    let kept: Vec<String> = given.filter(|item| !item.trim().is_empty() && seen.insert(item.clone())).collect();
    (!kept.is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    fn row(value: Value) -> Result<Map<String, Value>, Fault> {
        Draft::read(value)?.row(1_000)
    }

    #[test]
    fn defaults_are_filled_in() {
        let row = row(json!({"content": "Fixed the login"})).unwrap();
        assert_eq!(row["event_type"], "action");
        assert_eq!(row["timestamp"], 1_000);
        assert_eq!(row["confidence"], 1.0);
        assert_eq!(row["consolidation_status"], "unconsolidated");
        assert!(!row.contains_key("outcome") && !row.contains_key("namespace"));
    }

    #[test]
    fn context_is_flattened_and_paths_are_cleaned() {
        let row = row(json!({"content": "x", "timestamp": "1970-01-01T00:00:05Z", "namespace": "user:a",
            "context": {"cwd": "/p", "files": ["./src/a.rs", "src/a.rs", ""], "task": "t", "branch": " "},
            "tags": ["b", " b ", ""], "file_path": "src\\lib.rs"}))
        .unwrap();
        assert_eq!(row["timestamp"], 5_000);
        assert_eq!(row["files"], json!(["src/a.rs"]));
        assert_eq!(row["tags"], json!(["b"]));
        assert_eq!(row["file_path"], "src/lib.rs");
        assert_eq!((&row["cwd"], &row["task"], &row["namespace"]), (&json!("/p"), &json!("t"), &json!("user:a")));
        assert!(!row.contains_key("branch"));
    }

    #[test]
    fn the_same_event_has_the_same_hash_however_it_is_spelled() {
        let a = row(json!({"content": "x", "timestamp": 5000, "outcome": "success"})).unwrap();
        let b = row(json!({"outcome": "success", "timestamp": "1970-01-01T00:00:05Z", "content": "x",
            "event_type": "action", "confidence": 1, "consolidation_status": "consolidated", "namespace": "n"}))
        .unwrap();
        assert_eq!(a["content_hash"], b["content_hash"]);
        assert_eq!(b["consolidated_at"], 1_000);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (event, word) in [
            (json!({"content": " "}), "content"),
            (json!({"content": "x".repeat(MAX_CONTENT + 1)}), "content"),
            (json!({"content": "x", "event_type": "party"}), "event_type"),
            (json!({"content": "x", "outcome": "won"}), "outcome"),
            (json!({"content": "x", "confidence": 1.1}), "confidence"),
            (json!({"content": "x", "surprise_score": -1}), "surprise_score"),
            (json!({"content": "x", "duration_ms": -1}), "at least 0"),
            (json!({"content": "x", "timestamp": -1}), "out of range"),
            (json!({"content": "x", "colour": "red"}), "colour"),
            (json!({"content": "x", "tags": vec!["t"; 51]}), "tags"),
        ] {
            let fault = row(event).unwrap_err();
            assert_eq!(fault.code, "invalid.argument");
            assert!(fault.message.contains(word), "{word}: {}", fault.message);
        }
    }
}
