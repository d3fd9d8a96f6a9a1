//! Operations that read memories without searching: one, many, their history, what they are about.

use super::schema::{self as s, Named, operation};
use memstrata_sdk::{Value, json};

fn detail(setup: &Value) -> Value {
    operation(
        "read",
        "One memory in full.",
        "All fields, with access statistics and, while it is labile, until when. Counts as a retrieval. `known_at` shows it as the store knew it then.",
        (
            s::input(&json!({"id": s::id("The memory."), "known_at": s::time("As known then.")}), &["id"]),
            s::output(
                &json!({"id": {"type": "integer"}, "ref": {"type": "string"}, "content": {"type": "string"},
                        "memory_type": {"type": "string"}, "current": {"type": "boolean"},
                        "labile_until": {"type": "integer"}}),
                &["id", "ref", "content", "current"],
            ),
        ),
        &json!([{"arguments": {"id": 1}, "setup": setup}, {"arguments": {"id": 999_999_999}, "fault": "not-found"}]),
    )
}

pub(super) fn operations() -> Vec<Named> {
    let setup = json!([
        {"operation": "remember", "arguments": {"content": "Apples are red.", "tags": ["fruit"], "topic": "food"}},
        {"operation": "remember", "arguments": {"content": "Apples are sweet.", "tags": ["fruit"], "topic": "food"}},
    ]);
    vec![
        ("get_memory", detail(&setup)),
        (
            "list_memories",
            operation(
                "read",
                "Lists memories page by page.",
                "`sort_by` useful, recent (last changed), created, or accessed (last retrieved, among the 1000 last changed). Content is clipped to 400 characters; get_memory has it whole. Superseded and ended memories are left out unless asked for. Go on with `next_cursor`.",
                (
                    s::input(
                        &json!({
                            "limit": s::integer("Rows a page.", 1, 1000, 20),
                            "cursor": s::text("`next_cursor` of the page before, with the same other arguments.", 4096),
                            "sort_by": {"type": "string", "enum": ["useful", "recent", "created", "accessed"],
                                        "default": "useful"},
                            "namespace": s::namespace(),
                            "memory_types": s::memory_types(),
                            "tags": s::tags("Only memories with one of these tags."),
                            "topic": s::text("Only this topic.", 200),
                            "as_of": s::time("What was true at this time."),
                            "known_at": s::time("What the store knew at this time."),
                            "include_superseded": s::flag("Superseded and ended memories too.", false),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({
                            "memories": {"type": "array", "items": {"type": "object"}},
                            "count": {"type": "integer"},
                            "next_cursor": {"type": ["string", "null"]},
                            "notes": {"type": "array", "items": {"type": "string"}},
                        }),
                        &["memories", "count", "next_cursor"],
                    ),
                ),
                &json!([{"arguments": {"limit": 1, "sort_by": "created"}, "setup": setup}]),
            ),
        ),
        (
            "memory_history",
            operation(
                "read",
                "How a memory came to be what it is.",
                "`revisions`: the chain of memories it superseded and was superseded by, oldest first. `versions`: the stored versions of this row, last 50. `updates`: the last 100 records of what was done and why.",
                (
                    s::input(&json!({"id": s::id("Any memory of the chain.")}), &["id"]),
                    s::output(
                        &json!({
                            "id": {"type": "integer"},
                            "current": {"type": "integer", "description": "The memory that holds now."},
                            "revisions": {"type": "array", "items": {"type": "object"}},
                            "versions": {"type": "array", "items": {"type": "object"}},
                            "updates": {"type": "array", "items": {"type": "object"}},
                        }),
                        &["id", "current", "revisions", "versions", "updates"],
                    ),
                ),
                &json!([{"arguments": {"id": 1}, "setup": setup}, {"arguments": {"id": 999_999_999}, "fault": "not-found"}]),
            ),
        ),
        (
            "stats",
            operation(
                "read",
                "Counts and averages of the layer.",
                "Memories by type, state, namespace and topic (the 20 largest each), how many are current, mean usefulness and confidence, oldest and newest.",
                (
                    s::input(&json!({"namespace": s::namespace()}), &[]),
                    s::output(
                        &json!({
                            "total": {"type": "integer"}, "current": {"type": "integer"},
                            "superseded": {"type": "integer"}, "by_type": {"type": "object"},
                            "by_state": {"type": "object"}, "by_namespace": {"type": "object"},
                            "by_topic": {"type": "object"}, "avg_usefulness": {"type": ["number", "null"]},
                            "avg_confidence": {"type": ["number", "null"]}, "oldest": {"type": ["integer", "null"]},
                            "newest": {"type": ["integer", "null"]}, "updates": {"type": "integer"},
                        }),
                        &["total", "current", "superseded", "by_type"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": setup}]),
            ),
        ),
        (
            "topics",
            operation(
                "read",
                "What the memories are about.",
                "`tags`: counts over the 1000 memories last changed. `topics`: counts over all. `clusters`: the most useful `clustered` (more take longer, with the square) grouped by the nearness of their vectors (average link, cosine at least `threshold`), each named by the words that set it apart.",
                (
                    s::input(
                        &json!({
                            "namespace": s::namespace(),
                            "limit": s::integer("At most this many of each.", 1, 100, 20),
                            "clusters": s::flag("Cluster by vectors too.", true),
                            "threshold": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5},
                            "clustered": s::integer("So many memories are clustered.", 2, 300, 50),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({
                            "topics": {"type": "object"}, "tags": {"type": "object"},
                            "clusters": {"type": "array", "items": {"type": "object"}},
                            "scanned": {"type": "integer"}, "notes": {"type": "array", "items": {"type": "string"}},
                        }),
                        &["topics", "tags", "clusters", "scanned"],
                    ),
                ),
                &json!([{"arguments": {"limit": 5}, "setup": setup}]),
            ),
        ),
    ]
}
