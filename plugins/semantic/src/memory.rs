//! A memory: what a caller gives, the row it becomes, and how a row is shown.

use crate::args::{Id, Time, distinct};
use crate::score::{first_usefulness, round};
use crate::{row, text, when};
use memstrata_sdk::digest;
use memstrata_sdk::{Fault, Map, Value, json};
use serde::Deserialize;

/// The types a memory may have. Athena's code has the first four, its validation and Abathur the last three; the given
/// one is stored as it is.
pub const TYPES: [&str; 7] = ["fact", "pattern", "decision", "context", "semantic", "episodic", "procedural"];

/// The states of consolidation a row may say. `labile` is not stored: it follows from the last access.
pub const STATES: [&str; 6] =
    ["unconsolidated", "consolidating", "consolidated", "labile", "reconsolidating", "superseded"];

/// Tags longer or more than this are no tags.
const MOST_TAGS: usize = 50;

/// What `remember` takes.
#[derive(Debug, Clone, Deserialize)]
pub struct NewMemory {
    /// What to remember.
    pub content: String,
    /// One of [`TYPES`]; fact if absent.
    #[serde(default)]
    pub memory_type: Option<String>,
    /// Labels.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The topic, or domain.
    #[serde(default)]
    pub topic: Option<String>,
    /// Where it belongs.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Its evidence.
    #[serde(default)]
    pub sources: Vec<Id>,
    /// How far to believe it.
    #[serde(default)]
    pub confidence: Option<f64>,
    /// Since when it holds.
    #[serde(default)]
    pub valid_from: Option<Time>,
    /// Until when it held.
    #[serde(default)]
    pub valid_to: Option<Time>,
    /// The memory it replaces.
    #[serde(default)]
    pub supersedes: Option<Id>,
}

/// Tags trimmed, each once, in order.
#[must_use]
pub fn clean_tags<'a>(tags: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut clean: Vec<String> = Vec::new();
    for tag in tags {
        let tag = text::one_line(tag);
        if !tag.is_empty() && !clean.contains(&tag) && clean.len() < MOST_TAGS {
            clean.push(tag);
        }
    }
    clean
}

/// Refuses content that says nothing.
///
/// # Errors
/// `invalid.argument`.
pub fn check_content(content: &str) -> Result<&str, Fault> {
    let content = content.trim();
    if content.is_empty() {
        return Err(Fault::invalid("`content` is empty: say in one or more sentences what to remember"));
    }
    Ok(content)
}

/// Refuses a valid time that ends before it starts.
///
/// # Errors
/// `invalid.argument`.
pub fn check_validity(from: Option<u64>, to: Option<u64>) -> Result<(), Fault> {
    match (from, to) {
        (Some(from), Some(to)) if to <= from => Err(Fault::invalid(format!(
            "`valid_to` ({}) must lie after `valid_from` ({}): swap them or leave one out",
            when::iso(to),
            when::iso(from)
        ))),
        _ => Ok(()),
    }
}

impl NewMemory {
    /// Its type.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.memory_type.as_deref().unwrap_or("fact")
    }

    /// The row to store.
    ///
    /// # Errors
    /// `invalid.argument` for empty content or a valid time that ends before it starts.
    pub fn row(&self) -> Result<Map<String, Value>, Fault> {
        let content = check_content(&self.content)?;
        let (from, to) = (self.valid_from.map(|t| t.0), self.valid_to.map(|t| t.0));
        check_validity(from, to)?;
        let mut row = Map::new();
        let mut set = |field: &str, value: Value| {
            if !value.is_null() {
                row.insert(field.to_owned(), value);
            }
        };
        set("content", json!(content));
        set("content_hash", json!(digest(content)));
        set("memory_type", json!(self.kind()));
        set("tags", json!(clean_tags(&self.tags)));
        set("topic", json!(self.topic.as_deref().map(text::one_line).filter(|topic| !topic.is_empty())));
        set("namespace", json!(self.namespace));
        set("confidence", json!(self.confidence.unwrap_or(1.0)));
        set("usefulness_score", json!(first_usefulness(self.kind())));
        set("valid_from", json!(from));
        set("valid_to", json!(to));
        set("supersedes", json!(self.supersedes.map(|id| id.0)));
        set("sources", json!(distinct(&self.sources)));
        Ok(row)
    }
}

/// What a second telling adds to the memory that is there: tags, sources, a topic, a higher confidence. Empty if nothing.
#[must_use]
pub fn additions(existing: &Value, new: &Map<String, Value>) -> Map<String, Value> {
    let new = Value::Object(new.clone());
    let mut patch = Map::new();
    let old_tags = row::texts(existing, "tags");
    let new_tags = row::texts(&new, "tags");
    let tags = clean_tags(old_tags.iter().chain(&new_tags));
    if tags.len() > old_tags.len() {
        patch.insert("tags".into(), json!(tags));
    }
    let old_sources = row::ids(existing, "sources");
    let new_sources = row::ids(&new, "sources");
    let mut sources = old_sources.clone();
    sources.extend(new_sources.iter().filter(|id| !old_sources.contains(id) && **id != row::id(existing)));
    if sources.len() > old_sources.len() {
        patch.insert("sources".into(), json!(sources));
    }
    if row::text(existing, "topic").is_empty() && !row::text(&new, "topic").is_empty() {
        patch.insert("topic".into(), json!(row::text(&new, "topic")));
    }
    if row::number(&new, "confidence") > row::number(existing, "confidence") {
        patch.insert("confidence".into(), json!(row::number(&new, "confidence")));
    }
    patch
}

/// Whether a memory has been replaced.
#[must_use]
pub fn is_superseded(row: &Value) -> bool {
    row::int(row, "superseded_by").is_some() || row::text(row, "consolidation_state") == "superseded"
}

/// Whether an existing row says what the new one says *now*, so that the new one is a duplicate: it is not superseded,
/// and has not ended unless the new one ends at the same time.
#[must_use]
pub fn stands_for(existing: &Value, new: &Map<String, Value>, now: u64) -> bool {
    let end = row::int(existing, "valid_to");
    let same_end = end == new.get("valid_to").and_then(Value::as_u64);
    !is_superseded(existing) && (same_end || end.is_none_or(|end| now < end))
}

/// Uses of a row, from the host's hints.
#[derive(Debug, Clone, Copy, Default)]
pub struct Used {
    /// Times it was retrieved.
    pub count: u64,
    /// When last, ms UTC; 0 for never.
    pub last: u64,
}

/// A row as answers show it; `most` clips the content to so many characters and says so.
#[must_use]
pub fn show(stored: &Value, used: Option<Used>, most: Option<usize>) -> Map<String, Value> {
    let mut shown = Map::new();
    let content = row::text(stored, "content");
    shown.insert("id".into(), json!(row::id(stored)));
    shown.insert("ref".into(), json!(row::reference(row::id(stored))));
    match most {
        Some(most) if text::is_longer(content, most) => {
            shown.insert("content".into(), json!(text::clip(content, most)));
            shown.insert("clipped".into(), json!(true));
        }
        _ => {
            shown.insert("content".into(), json!(content));
        }
    }
    for field in [
        "memory_type",
        "tags",
        "topic",
        "namespace",
        "confidence",
        "consolidation_state",
        "revision",
        "supersedes",
        "superseded_by",
        "valid_from",
        "valid_to",
        "created_at",
        "updated_at",
        "deleted_at",
        "sources",
        "helpful",
        "unhelpful",
        "version",
    ] {
        let value = stored.get(field).unwrap_or(&Value::Null);
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty) || value.as_str() == Some("");
        let zero_feedback = field.ends_with("helpful") && value.as_u64() == Some(0);
        if !(empty || zero_feedback) {
            shown.insert(field.into(), value.clone());
        }
    }
    shown.insert("usefulness_score".into(), json!(row::number(stored, "usefulness_score").map(round)));
    if let Some(used) = used {
        shown.insert("access_count".into(), json!(used.count));
        shown.insert("last_accessed".into(), json!((used.last > 0).then_some(used.last)));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(arguments: Value) -> Result<Map<String, Value>, Fault> {
        memstrata_sdk::arguments::<NewMemory>(arguments)?.row()
    }

    #[test]
    fn a_row_has_what_was_given_and_defaults() {
        let row = new(json!({"content": " Ada likes tabs ", "tags": ["a", " a", ""], "sources": ["m:7", 7, 8]}));
        let row = Value::Object(row.unwrap_or_default());
        assert_eq!(row["content"], "Ada likes tabs");
        assert_eq!(row["memory_type"], "fact");
        assert_eq!(row["tags"], json!(["a"]));
        assert_eq!(row["sources"], json!([7, 8]));
        assert_eq!(row["confidence"], 1.0);
        assert_eq!(row["usefulness_score"], 0.51);
        assert!(row.get("namespace").is_none() && row.get("valid_to").is_none());
    }

    #[test]
    fn refuses_what_says_nothing_or_ends_before_it_starts() {
        for bad in [json!({"content": "  "}), json!({"content": "x", "valid_from": 9, "valid_to": 9})] {
            assert_eq!(new(bad).map_err(|fault| fault.code), Err("invalid.argument".into()));
        }
    }

    #[test]
    fn a_second_telling_only_adds() {
        let existing = json!({"id": 1, "tags": ["a"], "sources": [5], "confidence": 0.6, "topic": null});
        let again = |arguments| Value::Object(additions(&existing, &new(arguments).unwrap_or_default()));
        assert_eq!(again(json!({"content": "x", "tags": ["a"], "confidence": 0.5})), json!({}));
        assert_eq!(
            again(json!({"content": "x", "tags": ["b"], "sources": [6, 1], "confidence": 0.9, "topic": "t"})),
            json!({"tags": ["a", "b"], "sources": [5, 6], "topic": "t", "confidence": 0.9})
        );
    }

    #[test]
    fn only_a_standing_row_is_a_duplicate() {
        let open = new(json!({"content": "x"})).unwrap_or_default();
        let closed = new(json!({"content": "x", "valid_to": 50})).unwrap_or_default();
        for (existing, new, stands) in [
            (json!({}), &open, true),
            (json!({"superseded_by": 2}), &open, false),
            (json!({"consolidation_state": "superseded"}), &open, false),
            (json!({"valid_to": 50}), &open, false),
            (json!({"valid_to": 50}), &closed, true),
            (json!({"valid_to": 200}), &open, true),
        ] {
            assert_eq!(stands_for(&existing, new, 100), stands, "{existing}");
        }
    }

    #[test]
    fn showing_leaves_out_what_is_empty_and_clips() {
        let row = json!({"id": 3, "content": "one two three", "tags": [], "topic": null, "helpful": 0, "unhelpful": 2});
        let shown = Value::Object(show(&row, Some(Used { count: 2, last: 0 }), Some(9)));
        assert_eq!(shown["content"], "one two…");
        assert_eq!(shown["clipped"], true);
        assert_eq!(shown["unhelpful"], 2);
        assert_eq!(shown["last_accessed"], Value::Null);
        assert!(shown.get("tags").is_none() && shown.get("helpful").is_none());
    }
}
