//! Small builders for JSON Schema, so that an operation reads like a list of its arguments.

use memstrata_sdk::{Map, Value, json};

/// A property: its name and schema.
pub(super) type Property = (&'static str, Value);

/// An object that takes these properties and no others.
pub(super) fn object(required: &[&str], properties: impl IntoIterator<Item = Property>) -> Value {
    let mut schema = with_properties(required, &mut properties.into_iter());
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("additionalProperties".into(), json!(false));
    }
    schema
}

/// An object that has at least these properties.
pub(super) fn open(required: &[&str], properties: impl IntoIterator<Item = Property>) -> Value {
    with_properties(required, &mut properties.into_iter())
}

/// Behind `dyn`, or each list of properties would be compiled on its own.
fn with_properties(required: &[&str], properties: &mut dyn Iterator<Item = Property>) -> Value {
    let properties: Map<String, Value> = properties.map(|(name, schema)| (name.to_owned(), schema)).collect();
    let mut schema = Map::new();
    schema.insert("type".into(), json!("object"));
    schema.insert("properties".into(), properties.into());
    if !required.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    schema.into()
}

/// An object with any content.
pub(super) fn any_object(description: &str) -> Value {
    json!({"type": "object", "description": description})
}

/// Names with a count each.
pub(super) fn counts(description: &str) -> Value {
    json!({"type": "object", "additionalProperties": {"type": "integer"}, "description": description})
}

/// A text.
pub(super) fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

/// A text that is not empty.
pub(super) fn filled(description: &str) -> Value {
    json!({"type": "string", "minLength": 1, "description": description})
}

/// One word of a list.
pub(super) fn choice(words: &[&str], description: &str) -> Value {
    json!({"type": "string", "enum": words, "description": description})
}

/// A whole number of at least `least`.
pub(super) fn integer(least: i64, description: &str) -> Value {
    json!({"type": "integer", "minimum": least, "description": description})
}

/// A whole number in a range, with a default.
pub(super) fn integer_or(default: i64, least: i64, most: i64, description: &str) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most, "default": default, "description": description})
}

/// A number from 0 to 1.
pub(super) fn share(description: &str) -> Value {
    json!({"type": "number", "minimum": 0, "maximum": 1, "description": description})
}

/// A number of at least 0.
pub(super) fn amount(description: &str) -> Value {
    json!({"type": "number", "minimum": 0, "description": description})
}

/// Any number.
pub(super) fn number(description: &str) -> Value {
    json!({"type": "number", "description": description})
}

/// True or false.
pub(super) fn flag(description: &str) -> Value {
    json!({"type": "boolean", "description": description})
}

/// A list of at most `most`.
pub(super) fn list(items: Value, most: usize, description: &str) -> Value {
    json!({"type": "array", "items": items, "maxItems": most, "description": description})
}

/// The id of a row.
pub(super) fn id(description: &str) -> Value {
    integer(1, description)
}

/// A point in time.
pub(super) fn moment(description: &str) -> Value {
    json!({"type": ["integer", "string"], "description": format!("{description} (ms UTC or RFC 3339)")})
}

/// The same schema with a default.
pub(super) fn or(mut schema: Value, default: impl Into<Value>) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("default".into(), default.into());
    }
    schema
}

/// `namespace`.
pub(super) fn namespace() -> Property {
    ("namespace", or(text("Scope such as user:alice; covers user:alice:* too. Empty: the whole space."), ""))
}

/// `start` and `end`.
pub(super) fn range() -> [Property; 2] {
    [("start", moment("From this time on")), ("end", moment("Before this time"))]
}

/// `limit`, `cursor` and `detail` of a list.
pub(super) fn paged(default: i64) -> [Property; 3] {
    [
        ("limit", integer_or(default, 1, i64::from(crate::filter::MOST), "Events a page.")),
        ("cursor", text("`next_cursor` of the page before, with the same other arguments.")),
        ("detail", detail("summary")),
    ]
}

/// `detail`.
pub(super) fn detail(default: &str) -> Value {
    or(choice(&crate::view::DETAILS, "ids; summary: first 200 characters; full: every field."), default)
}

/// An event in an answer.
pub(super) fn event() -> Value {
    open(
        &["id"],
        [
            ("id", integer(1, "Id")),
            ("timestamp", integer(0, "ms UTC")),
            ("at", text("RFC 3339")),
            ("event_type", text("Type")),
            ("content", text("What happened; cut in a summary")),
            ("content_chars", integer(0, "Its full length, when cut")),
        ],
    )
}

/// What a list of events answers.
pub(super) fn events_page(more: impl IntoIterator<Item = Property>) -> Value {
    let base = [
        ("events", json!({"type": "array", "items": event()})),
        ("count", integer(0, "Events on this page")),
        ("next_cursor", text("Give it as `cursor` for the next page; absent at the end")),
    ];
    object(&["events", "count"], base.into_iter().chain(more))
}

/// A list without a stated limit, for answers.
pub(super) fn answers(items: Value) -> Value {
    json!({"type": "array", "items": items})
}
