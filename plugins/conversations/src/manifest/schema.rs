//! Small builders for the JSON Schemas and operations of this manifest.

pub(super) use memstrata_sdk::schema::{
    Named, choice, cursor, id, input, integer, maybe, namespace, objects, of, operation, or, output, text,
};
use memstrata_sdk::{Value, json};

/// A conversation.
pub(super) fn conversation() -> Value {
    json!({"type": ["integer", "string"], "maxLength": 80, "description": "The conversation: 42, \"m:42\" or its key."})
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

/// A budget of tokens.
pub(super) fn tokens() -> Value {
    integer("Messages of at most so many tokens, the newest first; the setting `token_budget` if absent.", 1, 1_000_000)
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
