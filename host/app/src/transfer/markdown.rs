//! A space as Markdown, for people: what recall shows of each row, a section a collection.

use crate::output::time;
use memstrata_store::{CollectionSpec, RecallView};
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// The heading of a collection.
pub(crate) fn section(name: &str, spec: &CollectionSpec) -> String {
    format!("\n## {name}\n\n{}\n", spec.summary)
}

/// One row: a heading, when and where it is of, its text.
pub(crate) fn entry(view: &RecallView, row: &Map<String, Value>) -> String {
    let field = |name: &str| row.get(name).map(shown).filter(|text| !text.is_empty());
    let id = row.get("id").and_then(Value::as_u64).unwrap_or_default();
    let body = field(&view.text).unwrap_or_default();
    let title = view.title.as_deref().and_then(field).filter(|title| *title != body);
    let mut text = String::new();
    _ = write!(text, "\n### m:{id}");
    if let Some(title) = title {
        _ = write!(text, " {}", one_line(&title));
    }
    let when = view.time.as_deref().and_then(|name| row.get(name)).filter(|value| !value.is_null());
    let when = when.or_else(|| row.get("created_at")).and_then(Value::as_u64).map(time);
    let kind = view.kind.as_deref().and_then(field);
    let about: Vec<String> = [kind, when, field("namespace")].into_iter().flatten().collect();
    _ = write!(text, "\n\n*{}*\n", about.join(" · "));
    // Quoted: a text with headings of its own does not change the document's.
    for line in body.lines() {
        _ = write!(text, "\n> {line}");
    }
    text.push('\n');
    text
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_is_shown_as_recall_would_and_its_headings_stay_its_own() {
        let view = RecallView {
            text: "body".into(),
            title: Some("name".into()),
            time: Some("happened".into()),
            trust: None,
            kind: Some("sort".into()),
        };
        let row = json!({"id": 7, "name": "Tea\ntime", "body": "# Green\ntea", "happened": 0, "created_at": 5, "namespace": "user:ada", "sort": "fact"});
        assert_eq!(
            entry(&view, row.as_object().unwrap()),
            "\n### m:7 Tea time\n\n*fact · 1970-01-01T00:00:00.000Z · user:ada*\n\n> # Green\n> tea\n"
        );
    }
}
