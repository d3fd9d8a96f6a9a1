//! How a row is shown: short for lists, whole for those who ask.

use crate::moment::{rfc3339, whole};
use memstrata_sdk::{Fault, Map, Value, json};

/// Characters of content in a summary.
pub const SUMMARY_CHARS: usize = 200;

/// How much of each event an answer holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Detail {
    /// Only the id.
    Ids,
    /// The first [`SUMMARY_CHARS`] characters and what places the event.
    #[default]
    Summary,
    /// All fields that have a value.
    Full,
}

/// The words for it.
pub const DETAILS: [&str; 3] = ["ids", "summary", "full"];

impl Detail {
    /// By name; absent is `summary`.
    ///
    /// # Errors
    /// `invalid.argument`.
    pub fn named(name: Option<&str>) -> Result<Self, Fault> {
        match name {
            Some("ids") => Ok(Self::Ids),
            None | Some("summary") => Ok(Self::Summary),
            Some("full") => Ok(Self::Full),
            Some(other) => Err(Fault::invalid(format!("`detail` is `{other}`; use one of {}", DETAILS.join(", ")))),
        }
    }
}

/// Fields a summary shows beside content and time.
const SHOWN: [&str; 5] = ["event_type", "outcome", "session_id", "file_path", "tags"];
/// Fields that make the nested `context`.
const CONTEXT: [&str; 5] = ["cwd", "files", "task", "phase", "branch"];
/// System fields that say nothing to a caller.
const HIDDEN: [&str; 3] = ["component", "deleted_at", "updated_at"];

/// An event for an answer.
#[must_use]
pub fn event(row: &Value, detail: Detail) -> Value {
    match detail {
        Detail::Ids => json!({"id": row.get("id")}),
        Detail::Summary => summary(row),
        Detail::Full => full(row),
    }
}

fn summary(row: &Value) -> Value {
    let mut shown = Map::new();
    copy(row, "id", &mut shown);
    time(row, &mut shown);
    for field in SHOWN {
        copy(row, field, &mut shown);
    }
    let content = row.get("content").and_then(Value::as_str).unwrap_or_default();
    let (text, whole_length) = shorten(content, SUMMARY_CHARS);
    shown.insert("content".into(), json!(text));
    if let Some(length) = whole_length {
        shown.insert("content_chars".into(), json!(length));
    }
    shown.into()
}

fn full(row: &Value) -> Value {
    let mut shown = Map::new();
    copy(row, "id", &mut shown);
    time(row, &mut shown);
    for (field, _) in row.as_object().into_iter().flatten() {
        let known = shown.contains_key(field) || HIDDEN.contains(&field.as_str()) || CONTEXT.contains(&field.as_str());
        if !known {
            copy(row, field, &mut shown);
        }
    }
    let mut context = Map::new();
    for field in CONTEXT {
        copy(row, field, &mut context);
    }
    if !context.is_empty() {
        shown.insert("context".into(), context.into());
    }
    shown.into()
}

fn time(row: &Value, shown: &mut Map<String, Value>) {
    if let Some(ms) = row.get("timestamp").and_then(whole) {
        shown.insert("timestamp".into(), json!(ms));
        shown.insert("at".into(), json!(rfc3339(ms)));
    }
}

/// Copies a field that says something: no null, empty text or empty list.
fn copy(row: &Value, field: &str, shown: &mut Map<String, Value>) {
    let value = row.get(field).filter(|value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    });
    if let Some(value) = value {
        shown.insert(field.to_owned(), value.clone());
    }
}

/// The first characters of a text, and how many it has if some are left out.
#[must_use]
pub fn shorten(text: &str, most: usize) -> (String, Option<usize>) {
    match text.char_indices().nth(most) {
        None => (text.to_owned(), None),
        Some((end, _)) => (format!("{}…", text.get(..end).unwrap_or(text).trim_end()), Some(text.chars().count())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Value {
        json!({"id": 3, "timestamp": 1000, "event_type": "action", "content": "é".repeat(300), "outcome": null,
            "tags": [], "session_id": "s", "files": ["a.rs"], "task": "t", "component": "c", "content_hash": "h",
            "namespace": ""})
    }

    #[test]
    fn a_summary_is_short_and_says_so() {
        let shown = event(&row(), Detail::Summary);
        assert_eq!(shown["content"].as_str().unwrap().chars().count(), SUMMARY_CHARS + 1);
        assert_eq!(shown["content_chars"], 300);
        assert_eq!(shown["at"], "1970-01-01T00:00:01Z");
        assert!(shown.get("outcome").is_none() && shown.get("tags").is_none() && shown.get("content_hash").is_none());
        assert!(shown.to_string().len() < 800);
    }

    #[test]
    fn full_nests_the_context_and_hides_the_plumbing() {
        let shown = event(&row(), Detail::Full);
        assert_eq!(shown["context"], json!({"files": ["a.rs"], "task": "t"}));
        assert_eq!(shown["content"].as_str().unwrap().chars().count(), 300);
        assert!(shown.get("component").is_none() && shown.get("files").is_none() && shown.get("namespace").is_none());
    }

    #[test]
    fn short_text_stays_as_it_is() {
        assert_eq!(shorten("abc", 3), ("abc".into(), None));
        assert_eq!(shorten("abcd", 3), ("abc…".into(), Some(4)));
        assert!(Detail::named(Some("all")).is_err());
    }
}
