//! Small builders for the JSON Schemas and operations of this manifest.

use memstrata_sdk::{Value, json};

/// A named operation.
pub(super) type Named = (&'static str, Value);

/// An input: these properties and no others.
pub(super) fn input(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// An output: at least these.
pub(super) fn output(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}

/// Text of a length.
pub(super) fn text(description: &str, most: u32) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": most, "description": description})
}

/// The same schema with a default.
pub(super) fn or(mut schema: Value, default: impl Into<Value>) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("default".into(), default.into());
    }
    schema
}

/// An integer in a range.
pub(super) fn integer(description: &str, least: i64, most: i64) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most, "description": description})
}

/// One of a list.
pub(super) fn choice(values: &[&str], description: &str) -> Value {
    json!({"type": "string", "enum": values, "description": description})
}

/// A conversation.
pub(super) fn conversation() -> Value {
    json!({"type": ["integer", "string"], "maxLength": 80, "description": "The conversation: 42, \"m:42\" or its key."})
}

/// A row by id.
pub(super) fn id(description: &str) -> Value {
    json!({"type": ["integer", "string"], "maxLength": 40, "description": format!("{description} 42 or \"m:42\".")})
}

/// What a client keeps with a conversation.
pub(super) fn context() -> Value {
    json!({"type": ["object", "string", "null"], "maxLength": 100_000,
           "description": "What the conversation stands on: goals, files, decisions; any object, or a text."})
}

/// Free data beside it.
pub(super) fn metadata() -> Value {
    json!({"type": "object", "description": "Data of your own, kept as given."})
}

/// A namespace to look in.
pub(super) fn namespace() -> Value {
    json!({"type": "string", "maxLength": 200, "description": "Only this namespace and below, such as `project:shop`; all if absent."})
}

/// A cursor.
pub(super) fn cursor() -> Value {
    text("`next_cursor` of the page before, with the same other arguments.", 4096)
}

/// A budget of tokens.
pub(super) fn tokens() -> Value {
    integer("Messages of at most so many tokens, the newest first; the setting `token_budget` if absent.", 1, 1_000_000)
}

/// A property of a kind in an answer.
pub(super) fn of(kind: &str) -> Value {
    json!({ "type": kind })
}

/// A property of a kind, or null.
pub(super) fn maybe(kind: &str) -> Value {
    json!({ "type": [kind, "null"] })
}

/// Objects in an answer.
pub(super) fn objects() -> Value {
    json!({"type": "array", "items": {"type": "object"}})
}

/// A list of conversations in an answer.
pub(super) fn listed() -> Value {
    output(
        &json!({"conversations": objects(), "count": of("integer"), "total": of("integer"), "next_cursor": maybe("string")}),
        &["conversations", "count", "total"],
    )
}

/// A thread whose state changed.
pub(super) fn changed() -> Value {
    output(
        &json!({"id": of("integer"), "ref": of("string"), "status": of("string"), "title": of("string")}),
        &["id", "ref", "status"],
    )
}

/// An operation of the manifest.
pub(super) fn operation(
    effect: &str,
    summary: &str,
    description: &str,
    (input, output): (Value, Value),
    examples: &Value,
) -> Value {
    json!({
        "summary": summary,
        "description": description,
        "effect": effect,
        "input": input,
        "output": output,
        "examples": examples,
    })
}

/// An example's step that starts a conversation with the key `talk`.
pub(super) fn started() -> Value {
    json!({"operation": "start_new_conversation", "arguments": {
        "title": "Lexer bug", "key": "talk", "context": {"files": ["src/lexer.rs"], "goal": "fix the last token"}}})
}

/// An example's step that says something in `talk`.
pub(super) fn said(role: &str, content: &str) -> Value {
    json!({"operation": "add_message_to_conversation", "arguments": {"conversation_id": "talk", "role": role, "content": content}})
}

/// Example steps: a short conversation.
pub(super) fn talk() -> Value {
    json!([
        started(),
        said("user", "The parser drops the last token of a file. Can you fix it?"),
        said("assistant", "The lexer stops one byte early, so the parser never sees the last token."),
        said("user", "Is there a test for the last token?"),
    ])
}

/// The settings an operator may give.
pub(super) fn settings() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "token_budget": or(integer("Tokens of messages that resuming and recovering answer, where the caller names no budget.", 1, 1_000_000), 4_000),
            "gist_messages": or(integer("Newest messages a gist is made of.", 1, 1_000), 200),
            "gist_sentences": or(integer("Sentences of a gist.", 1, 20), 5),
        },
    })
}
