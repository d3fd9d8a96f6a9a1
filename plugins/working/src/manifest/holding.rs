//! Operations on what is held: get, add, update, rehearse, search, let go, bind into a chunk, load.

use super::schema::{self as s, Named, adding, operation};
use crate::item::{COMPONENTS, MOST_IN_CHUNK};
use memstrata_sdk::{Value, json};

fn chunk() -> Value {
    s::texts("What a chunk of the episodic buffer binds together, five at most.", MOST_IN_CHUNK as u32, 2_000)
}

fn add() -> Value {
    let full: Vec<Value> = (1..=7)
        .map(|nth| json!({"operation": "add", "arguments": {"content": format!("Fact {nth}"), "auto_consolidate": false}}))
        .collect();
    let filling: Vec<Value> = (1..=6).map(|nth| adding(&format!("Fact number {nth}"), "verbal")).collect();
    operation(
        "write",
        "Takes one thing into working memory.",
        "It starts at activation 1 and halves with its half-life (verbal 30 s, spatial 45, action 20, decision 60; slower the more important). The same content again rehearses it. From the soft limit of its component on (6; episodic buffer 4) the weakest is consolidated to make room and named in `consolidated` with the call that keeps it. With `auto_consolidate` false a component takes items up to its hard limit (7; 5) and then refuses as `limit.capacity`.",
        (
            s::input(
                &json!({
                    "content": s::text("What to hold in mind.", 10_000),
                    "content_type": s::content_type(true),
                    "component": s::choice(&COMPONENTS, "Which component holds it; that of its type if absent."),
                    "importance": s::share_or("0 to 1; the more important, the slower it fades.", 0.5),
                    "session_id": s::session(),
                    "chunk": chunk(),
                    "tags": s::texts("Labels, kept when it is consolidated.", 50, 100),
                    "metadata": {"type": "object", "description": "Anything else."},
                    "namespace": {"type": "string", "maxLength": 200, "description": "Where it belongs, such as `user:alice`."},
                    "auto_consolidate": s::flag("Let the weakest make room.", true),
                }),
                &["content"],
            ),
            s::output(
                &json!({
                    "id": s::of("integer"), "ref": s::of("string"),
                    "created": {"type": "boolean", "description": "False: it was held already and has been rehearsed."},
                    "component": s::of("string"), "held": s::of("integer"), "soft_limit": s::of("integer"),
                    "hard_limit": s::of("integer"), "zone": s::of("string"), "gone_in_s": s::of("integer"),
                    "warning": s::of("string"), "consolidated": s::objects(), "faded": s::of("integer"),
                }),
                &["id", "ref", "created", "component", "held", "soft_limit", "hard_limit", "zone", "consolidated"],
            ),
        ),
        &json!([
            {"arguments": {"content": "The failing test is test_login_timeout", "importance": 0.8}},
            {"arguments": {"content": "Release notes", "content_type": "episodic", "chunk": ["fixed login", "new icons"]}},
            {"arguments": {"content": "Fact number 7"}, "setup": filling, "note": "The weakest makes room."},
            {"arguments": {"content": "Fact 8", "auto_consolidate": false}, "setup": full, "fault": "limit.capacity"},
        ]),
    )
}

fn shown() -> Value {
    json!({"type": "array", "items": {"type": "object", "properties": {
        "id": {"type": "integer"}, "content": {"type": "string"}, "activation": {"type": "number"},
        "component": {"type": "string"}, "gone_in_s": {"type": "integer"},
    }, "required": ["id", "content"]}})
}

pub(super) fn operations() -> Vec<Named> {
    let two = json!([adding("Ada prefers tabs", "verbal"), adding("The diagram is left of the menu", "spatial")]);
    vec![
        (
            "get_working_memory",
            operation(
                "read",
                "What is held in mind now, strongest first.",
                "Activation is computed from the last rehearsal at the moment of reading: above 0.1 an item is active, below 0.05 it is gone and no longer shown. Answers the use of each component, and how many consolidated items still wait for `confirm_consolidated`.",
                (
                    s::input(&json!({"component": s::component_or_all(), "session_id": s::session()}), &[]),
                    s::output(
                        &json!({"items": shown(), "count": s::of("integer"), "active": s::of("integer"), "empty": s::of("boolean"),
                                "components": s::objects(), "zone": s::of("string"), "unconfirmed": s::of("integer")}),
                        &["items", "count", "active", "empty", "components", "zone", "unconfirmed"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": two}, {"arguments": {"component": "visuospatial_sketchpad"}, "setup": two}]),
            ),
        ),
        (
            "get_item",
            operation(
                "read",
                "One item, held or consolidated.",
                "With its text in full, what it binds, and, once consolidated, where it was routed and the call that keeps it.",
                (
                    s::input(
                        &json!({"item_id": s::id("The item; the newest of the session if absent."), "session_id": s::session()}),
                        &[],
                    ),
                    s::output(
                        &json!({"id": s::of("integer"), "content": s::of("string"), "status": s::of("string")}),
                        &["id", "content", "status"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": two}, {"arguments": {"item_id": 999_999_999}, "fault": "not-found"}]),
            ),
        ),
        ("add", add()),
        ("update_working_memory", add()),
        (
            "update_item",
            operation(
                "write",
                "Changes a held item.",
                "What is not given stays. By default a change is also a rehearsal; with `rehearse` false the activation goes on falling from what is left, at the pace of the new type and importance.",
                (
                    s::input(
                        &json!({
                            "item_id": s::id("The item; the newest held one if absent."),
                            "content": s::text("The new text.", 10_000),
                            "content_type": s::content_type(false),
                            "importance": s::share("0 to 1."),
                            "chunk": chunk(),
                            "tags": s::texts("Labels.", 50, 100),
                            "metadata": {"type": "object", "description": "Anything else; replaces what was there."},
                            "rehearse": s::flag("Bring it back to activation 1.", true),
                            "session_id": s::session(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"id": s::of("integer"), "content": s::of("string"), "activation": s::of("number"), "changed": s::notes()}),
                        &["id", "activation", "changed"],
                    ),
                ),
                &json!([
                    {"arguments": {"importance": 0.9, "rehearse": false}, "setup": two},
                    {"arguments": {"item_id": 999_999_999, "importance": 1}, "fault": "not-found"},
                ]),
            ),
        ),
        (
            "rehearse",
            operation(
                "write",
                "Brings held items back to full activation.",
                "By `item_ids`, or all of a component. What has faded below 0.05 is gone and comes back as `missing`: add it again.",
                (
                    s::input(
                        &json!({"item_ids": s::ids("The items.", 100), "component": s::component_or_all(), "session_id": s::session()}),
                        &[],
                    ),
                    s::output(
                        &json!({"rehearsed": s::integers(), "count": s::of("integer"), "missing": s::integers()}),
                        &["rehearsed", "count", "missing"],
                    ),
                ),
                &json!([{"arguments": {"component": "phonological_loop"}, "setup": two}, {"arguments": {"item_ids": [999_999_999]}}]),
            ),
        ),
        (
            "search",
            operation(
                "read",
                "Searches what is held: 0.7 similarity + 0.3 activation.",
                "Similarity is 1 - cosine distance / 2 of the host's vectors; for an item without a vector, the share of the question's words it has. Inhibited items are left out.",
                (
                    s::input(
                        &json!({
                            "query": s::text("What to look for, in plain words.", 10_000),
                            "limit": s::integer("At most this many.", 1, 100, 5),
                            "component": s::component_or_all(),
                            "include_inhibited": s::flag("Inhibited items too.", false),
                            "session_id": s::session(),
                        }),
                        &["query"],
                    ),
                    s::output(
                        &json!({"results": shown(), "count": s::of("integer"), "empty": s::of("boolean"), "reason": s::of("string"),
                                "held": s::of("integer"), "inhibited": s::of("integer"), "notes": s::notes()}),
                        &["results", "count", "empty", "held"],
                    ),
                ),
                &json!([{"arguments": {"query": "what indentation does Ada like"}, "setup": two}]),
            ),
        ),
        (
            "let_go",
            operation(
                "destructive",
                "Drops items without keeping them anywhere.",
                "Frees their places at once. Their history stays, and the transaction can be undone. To keep what they say, use consolidate_working_memory.",
                (
                    s::input(
                        &json!({"item_ids": s::ids("The items; the weakest held one if absent.", 100), "session_id": s::session()}),
                        &[],
                    ),
                    s::output(
                        &json!({"let_go": s::integers(), "count": s::of("integer"), "missing": s::integers()}),
                        &["let_go", "count", "missing"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": two}, {"arguments": {"item_ids": ["m:999999999"]}}]),
            ),
        ),
        (
            "chunk_items",
            operation(
                "write",
                "Binds two to five held items into one chunk of the episodic buffer.",
                "The parts give up their places; the chunk says all of them and names them in its metadata. Without `item_ids`, the up to five weakest outside the buffer. Their importance is the highest among them.",
                (
                    s::input(
                        &json!({
                            "item_ids": s::ids("The parts.", MOST_IN_CHUNK as u32),
                            "content": s::text("What they are together; their texts in a line if absent.", 2_000),
                            "session_id": s::session(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"id": s::of("integer"), "ref": s::of("string"), "chunk": s::notes(), "parts": s::integers(),
                                "held": s::of("integer"), "hard_limit": s::of("integer")}),
                        &["id", "ref", "chunk", "parts", "held", "hard_limit"],
                    ),
                ),
                &json!([
                    {"arguments": {"content": "How Ada works"}, "setup": two},
                    {"arguments": {"item_ids": [1]}, "fault": "invalid.argument"},
                ]),
            ),
        ),
        (
            "check_cognitive_load",
            operation(
                "read",
                "How loaded working memory is, and what to do about it.",
                "Level: critical above 90 % use of the fullest component or 500 ms latency, high above 75 % or 300 ms, medium above 50 % or 100 ms, else low. Zone by items held over all components: 0-1 idle, 2-4 optimal, 5-6 caution, 7 and more overflow.",
                (
                    s::input(
                        &json!({
                            "latency_ms": {"type": "number", "minimum": 0, "maximum": 86_400_000, "description": "How long answers take, as you measured it."},
                            "session_id": s::session(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"level": s::of("string"), "zone": s::of("string"), "utilisation": s::of("number"), "held": s::of("integer"),
                                "active": s::of("integer"), "latency_ms": s::maybe("number"), "components": s::objects(), "advice": s::of("string"),
                                "weakest": s::objects()}),
                        &["level", "zone", "utilisation", "held", "components", "advice"],
                    ),
                ),
                &json!([{"arguments": {"latency_ms": 320}, "setup": two}]),
            ),
        ),
        (
            "tidy",
            operation(
                "destructive",
                "Removes what has faded, in all sessions.",
                "Items below activation 0.05 that were never consolidated, and inhibitions below 0.01. Runs daily; each write in a session does the same for that session. At most 1000 of each a call; `more` says that some are left.",
                (
                    s::input(&json!({}), &[]),
                    s::output(
                        &json!({"items": s::of("integer"), "inhibitions": s::of("integer"), "more": s::of("boolean")}),
                        &["items", "inhibitions", "more"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": two}]),
            ),
        ),
    ]
}
