//! Operations on messages.

use super::schema::{self as s, Named, operation};
use crate::message::ROLES;
use memstrata_sdk::json;

pub(super) fn operations() -> Vec<Named> {
    vec![
        (
            "add_message_to_conversation",
            operation(
                "write",
                "Adds a message at the end of a conversation.",
                "Order is kept also when several clients write at once. With `message_key`, sending it again stores nothing new, and another message under it is refused. Tokens are counted as four characters each unless you give them.",
                (
                    s::input(
                        &json!({
                            "conversation_id": s::conversation(),
                            "role": s::choice(&ROLES, "Who speaks."),
                            "content": s::text("What is said.", 100_000),
                            "tokens": s::integer("Its tokens, if you know them.", 0, 10_000_000),
                            "message_key": s::text("Your own name of the message.", 200),
                            "metadata": s::metadata(),
                        }),
                        &["conversation_id", "role", "content"],
                    ),
                    s::output(
                        &json!({
                            "id": s::of("integer"), "ref": s::of("string"), "conversation": s::of("integer"), "position": s::of("integer"),
                            "tokens": s::of("integer"), "status": {"type": "string", "enum": ["added", "duplicate"]},
                        }),
                        &["id", "ref", "conversation", "position", "tokens", "status"],
                    ),
                ),
                &json!([
                    {"arguments": {"conversation_id": "talk", "role": "user", "content": "Hello"}, "setup": [s::started()]},
                    {"arguments": {"conversation_id": "talk", "role": "user", "content": "Hello", "message_key": "a1"}, "setup": [s::started(),
                        {"operation": "add_message_to_conversation", "arguments": {"conversation_id": "talk", "role": "user", "content": "Hello", "message_key": "a1"}}]},
                    {"arguments": {"conversation_id": "talk", "role": "user", "content": "Goodbye", "message_key": "a1"}, "fault": "conflict.message_key", "setup": [s::started(),
                        {"operation": "add_message_to_conversation", "arguments": {"conversation_id": "talk", "role": "user", "content": "Hello", "message_key": "a1"}}]},
                    {"arguments": {"conversation_id": "talk", "role": "user", "content": "Hello"}, "setup": [s::started(),
                        {"operation": "close_conversation", "arguments": {"conversation_id": "talk"}}], "fault": "conflict.status"},
                    {"arguments": {"conversation_id": "nowhere", "role": "user", "content": "Hello"}, "fault": "not-found.conversation"},
                ]),
            ),
        ),
        (
            "get_conversation_history",
            operation(
                "read",
                "The newest messages of a conversation, oldest of them first.",
                "`before` goes back from a position: give the `before` of the page you have. It is null on the page with the first message. A page ends after `limit` messages or 500 KB.",
                (
                    s::input(
                        &json!({
                            "conversation_id": s::conversation(), "limit": s::or(s::integer("At most this many.", 1, 500), 50),
                            "before": s::integer("Only messages before this position.", 1, 1_000_000_000),
                            "role": s::choice(&ROLES, "Only of this speaker."),
                        }),
                        &["conversation_id"],
                    ),
                    s::output(
                        &json!({
                            "conversation": s::of("object"), "messages": s::objects(), "count": s::of("integer"), "tokens": s::of("integer"),
                            "before": s::maybe("integer"),
                        }),
                        &["conversation", "messages", "count", "tokens", "before"],
                    ),
                ),
                &json!([
                    {"arguments": {"conversation_id": "talk"}, "setup": s::talk()},
                    {"arguments": {"conversation_id": "talk", "limit": 1, "before": 3}, "setup": s::talk()},
                ]),
            ),
        ),
        (
            "search_messages",
            operation(
                "read",
                "Finds messages by words and meaning, also by what was said around them.",
                "`around` adds so many messages before and after each.",
                (
                    s::input(
                        &json!({
                            "query": s::text("What to look for.", 10_000), "conversation_id": s::conversation(),
                            "role": s::choice(&ROLES, "Only of this speaker."), "limit": s::or(s::integer("At most this many.", 1, 50), 10),
                            "around": s::or(s::integer("Messages before and after each.", 0, 5), 0), "namespace": s::namespace(),
                        }),
                        &["query"],
                    ),
                    s::output(&json!({"messages": s::objects(), "count": s::of("integer")}), &["messages", "count"]),
                ),
                &json!([
                    {"arguments": {"query": "lexer"}, "setup": s::talk()},
                    {"arguments": {"query": "last token", "conversation_id": "talk", "role": "user", "around": 1}, "setup": s::talk()},
                ]),
            ),
        ),
    ]
}
