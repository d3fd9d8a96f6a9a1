//! Operations on whole conversations.

use super::schema::{self as s, Named, operation};
use crate::thread::{STATUSES, UNTITLED};
use memstrata_sdk::{Value, json};

fn one_of_them() -> Value {
    s::input(&json!({"conversation_id": s::conversation()}), &["conversation_id"])
}

pub(super) fn operations() -> Vec<Named> {
    let closed = json!([s::started(), {"operation": "close_conversation", "arguments": {"conversation_id": "talk"}}]);
    let archived =
        json!([s::started(), {"operation": "archive_conversation", "arguments": {"conversation_id": "talk"}}]);
    vec![
        (
            "start_new_conversation",
            operation(
                "write",
                "Starts a conversation.",
                "With a `key` it may be called by that instead of its id.",
                (
                    s::input(
                        &json!({
                            "title": s::or(s::text("What it is about.", 300), UNTITLED),
                            "context": s::context(),
                            "key": s::text("A name of your own, unique in its namespace: a letter, then letters, digits, - _ .", 64),
                            "session_id": s::text("The session it belongs to.", 200),
                            "metadata": s::metadata(),
                            "namespace": {"type": "string", "maxLength": 200, "description": "Where it belongs, such as `project:shop`."},
                        }),
                        &[],
                    ),
                    s::changed(),
                ),
                &json!([
                    {"arguments": {}},
                    {"arguments": {"title": "Lexer bug", "context": {"goal": "fix the last token"}}},
                    {"arguments": {"key": "talk"}, "setup": [s::started()], "fault": "conflict.duplicate"},
                    {"arguments": {"key": "7"}, "fault": "invalid.argument"},
                ]),
            ),
        ),
        (
            "get_conversation",
            operation(
                "read",
                "One conversation with its context, without its messages.",
                "",
                (one_of_them(), s::changed()),
                &json!([
                    {"arguments": {"conversation_id": "talk"}, "setup": s::talk()},
                    {"arguments": {"conversation_id": 999_999_999}, "fault": "not-found.conversation"},
                ]),
            ),
        ),
        (
            "update_conversation",
            operation(
                "write",
                "Changes title, context or metadata of a conversation.",
                "What you give replaces what was there; a null context empties it. Older versions stay in the host's history.",
                (
                    s::input(
                        &json!({
                            "conversation_id": s::conversation(), "title": s::text("What it is about.", 300),
                            "context": s::context(), "metadata": s::metadata(),
                        }),
                        &["conversation_id"],
                    ),
                    s::changed(),
                ),
                &json!([
                    {"arguments": {"conversation_id": "talk", "context": {"goal": "add a test"}}, "setup": [s::started()]},
                    {"arguments": {"conversation_id": "talk"}, "setup": [s::started()], "fault": "invalid.argument"},
                ]),
            ),
        ),
        (
            "resume_conversation_session",
            operation(
                "write",
                "Takes a conversation up again: its context, the newest messages within a budget, and the gist of the older ones.",
                "A closed or archived conversation becomes active. `awaiting_reply` is the user's last message if nobody has answered it. The gist is made of sentences word for word (SumBasic); no model writes it.",
                (
                    s::input(
                        &json!({"conversation_id": s::conversation(), "token_budget": s::tokens()}),
                        &["conversation_id"],
                    ),
                    s::output(
                        &json!({
                            "conversation": s::of("object"), "was": s::of("string"), "messages": s::objects(), "shown": s::of("integer"),
                            "older": s::of("integer"), "gist_of_older": s::objects(), "terms": {"type": "array", "items": {"type": "string"}},
                            "awaiting_reply": s::maybe("object"), "latest_snapshot": s::maybe("object"),
                        }),
                        &["conversation", "was", "messages", "shown", "older", "gist_of_older", "awaiting_reply"],
                    ),
                ),
                &json!([
                    {"arguments": {"conversation_id": "talk"}, "setup": s::talk()},
                    {"arguments": {"conversation_id": "talk", "token_budget": 10}, "setup": s::talk()},
                    {"arguments": {"conversation_id": "talk"}, "setup": archived},
                ]),
            ),
        ),
        (
            "close_conversation",
            operation(
                "write",
                "Ends a conversation; it takes no messages until it is resumed.",
                "",
                (one_of_them(), s::changed()),
                &json!([
                    {"arguments": {"conversation_id": "talk"}, "setup": [s::started()]},
                    {"arguments": {"conversation_id": "talk"}, "setup": closed, "fault": "conflict.status"},
                ]),
            ),
        ),
        (
            "archive_conversation",
            operation(
                "write",
                "Puts a conversation away: it is still found by search and export, and in no list but that of the archived.",
                "",
                (one_of_them(), s::changed()),
                &json!([{"arguments": {"conversation_id": "talk"}, "setup": closed}]),
            ),
        ),
        (
            "delete_conversation",
            operation(
                "destructive",
                "Deletes a conversation with its messages and snapshots.",
                "2,000 rows a call: with `more` true call again. The host's `undo` brings it back.",
                (
                    one_of_them(),
                    s::output(
                        &json!({"id": s::of("integer"), "messages": s::of("integer"), "snapshots": s::of("integer"), "more": s::of("boolean")}),
                        &["id", "messages", "snapshots", "more"],
                    ),
                ),
                &json!([{"arguments": {"conversation_id": "talk"}, "setup": s::talk()}]),
            ),
        ),
        (
            "list_active_conversations",
            operation(
                "read",
                "Active conversations, the one last talked in first.",
                "",
                (
                    s::input(
                        &json!({
                            "limit": s::or(s::integer("At most this many.", 1, 200), 20), "session_id": s::text("Only of this session.", 200),
                            "namespace": s::namespace(), "cursor": s::cursor(),
                        }),
                        &[],
                    ),
                    s::listed(),
                ),
                &json!([{"arguments": {}}, {"arguments": {"limit": 5}, "setup": s::talk()}]),
            ),
        ),
        (
            "list_conversations",
            operation(
                "read",
                "Conversations of any status, the one last talked in first.",
                "",
                (
                    s::input(
                        &json!({
                            "status": s::choice(&STATUSES, "Only such."), "limit": s::or(s::integer("At most this many.", 1, 200), 20),
                            "session_id": s::text("Only of this session.", 200), "namespace": s::namespace(), "cursor": s::cursor(),
                        }),
                        &[],
                    ),
                    s::listed(),
                ),
                &json!([{"arguments": {"status": "closed"}, "setup": closed}]),
            ),
        ),
    ]
}
