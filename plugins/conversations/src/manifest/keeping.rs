//! Operations on snapshots, and the export.

use super::schema::{self as s, Named, operation};
use crate::transcript::FORMATS;
use memstrata_sdk::{Value, json};

fn snapshot() -> Value {
    json!({
        "id": s::of("integer"), "ref": s::of("string"), "conversation": s::of("integer"), "position": s::of("integer"),
        "tokens": s::of("integer"), "taken_at": s::of("integer"), "gist": s::of("string"),
        "terms": {"type": "array", "items": {"type": "string"}},
    })
}

pub(super) fn operations() -> Vec<Named> {
    let mut kept = s::talk();
    if let Some(steps) = kept.as_array_mut() {
        steps.push(json!({"operation": "create_context_snapshot", "arguments": {"conversation_id": "talk"}}));
        steps.push(s::said("assistant", "There is none yet."));
    }
    vec![
        (
            "create_context_snapshot",
            operation(
                "write",
                "Keeps a conversation's context as it is now: its context object, the gist so far, and up to which message it goes.",
                "For the moment before a model's window is cleared. Messages are not copied: what is deleted later is gone from snapshots too.",
                (
                    s::input(
                        &json!({"conversation_id": s::conversation(), "note": s::text("Why it is taken.", 2_000)}),
                        &["conversation_id"],
                    ),
                    s::output(&snapshot(), &["id", "ref", "conversation", "position", "taken_at"]),
                ),
                &json!([
                    {"arguments": {"conversation_id": "talk", "note": "before the window is cleared"}, "setup": s::talk()},
                    {"arguments": {"conversation_id": "talk"}, "setup": [s::started()]},
                ]),
            ),
        ),
        (
            "recover_conversation_context",
            operation(
                "read",
                "What a snapshot kept: the context then, its gist, and the messages before it within a budget.",
                "Give the snapshot, or the conversation for its latest one. `later` counts messages that came after. Nothing is changed: to put the context back call update_conversation.",
                (
                    s::input(
                        &json!({
                            "snapshot_id": s::id("The snapshot; the conversation's latest if absent."), "conversation_id": s::conversation(),
                            "token_budget": s::tokens(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({
                            "snapshot": s::of("object"), "context": {}, "messages": s::objects(), "shown": s::of("integer"), "older": s::of("integer"),
                            "later": s::of("integer"), "conversation": s::of("object"),
                        }),
                        &["snapshot", "context", "messages", "shown", "older", "later", "conversation"],
                    ),
                ),
                &json!([
                    {"arguments": {"conversation_id": "talk"}, "setup": kept},
                    {"arguments": {"conversation_id": "talk"}, "setup": [s::started()], "fault": "not-found.snapshot"},
                    {"arguments": {"snapshot_id": 999_999_999}, "fault": "not-found.snapshot"},
                    {"arguments": {}, "fault": "invalid.argument"},
                ]),
            ),
        ),
        (
            "list_context_snapshots",
            operation(
                "read",
                "Snapshots, newest first.",
                "",
                (
                    s::input(
                        &json!({
                            "conversation_id": s::conversation(), "limit": s::or(s::integer("At most this many.", 1, 100), 20),
                            "namespace": s::namespace(), "cursor": s::cursor(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"snapshots": s::objects(), "count": s::of("integer"), "next_cursor": s::maybe("string")}),
                        &["snapshots", "count", "next_cursor"],
                    ),
                ),
                &json!([{"arguments": {"conversation_id": "talk"}, "setup": kept}, {"arguments": {}}]),
            ),
        ),
        (
            "export_conversation_data",
            operation(
                "read",
                "Conversations with all their messages, in pages.",
                "`json`: objects; `markdown` and `jsonl`: a text. All conversations, or one. A page ends after `limit` messages or 500 KB, also within a conversation: go on with `next_cursor`. Conversations without messages come last.",
                (
                    s::input(
                        &json!({
                            "conversation_id": s::conversation(), "format": s::or(s::choice(&FORMATS, "How it is written."), "json"),
                            "limit": s::or(s::integer("Messages a page.", 1, 500), 500), "namespace": s::namespace(), "cursor": s::cursor(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({
                            "format": s::of("string"), "conversations": s::objects(), "text": s::of("string"), "conversation_count": s::of("integer"),
                            "message_count": s::of("integer"), "next_cursor": s::maybe("string"),
                        }),
                        &["format", "conversation_count", "message_count", "next_cursor"],
                    ),
                ),
                &json!([
                    {"arguments": {}},
                    {"arguments": {}, "setup": s::talk()},
                    {"arguments": {"conversation_id": "talk", "format": "markdown"}, "setup": s::talk()},
                    {"arguments": {"format": "jsonl", "limit": 2}, "setup": s::talk()},
                    {"arguments": {"cursor": "1.2"}, "setup": s::talk(), "note": "Goes on behind the second message of conversation 1."},
                    {"arguments": {"cursor": "mine"}, "fault": "invalid.cursor"},
                ]),
            ),
        ),
    ]
}
