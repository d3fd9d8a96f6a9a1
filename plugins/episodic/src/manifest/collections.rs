//! The collections: events, relations, metrics, sources, places; and what is kept so that they are read fast.

use crate::vocabulary::{CODE_EVENT_TYPES, EVENT_TYPES, NODE_TYPES, ORIGINS, OUTCOMES, SOURCE_TYPES, STATUSES};
use memstrata_sdk::{Map, Value, json};

/// All collections by name.
pub(super) fn all() -> Value {
    json!({
        "events": events(), "relations": relations(), "metrics": metrics(), "sources": sources(), "places": places(),
        "mentions": mentions(), "figures": figures(), "progress": progress(),
    })
}

fn fields(parts: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    parts.into_iter().map(|(name, field)| (name.to_owned(), field)).collect::<Map<_, _>>().into()
}

fn of(kind: &str) -> Value {
    json!({ "type": kind })
}

fn needed(kind: &str) -> Value {
    json!({"type": kind, "required": true})
}

fn one_of(values: &[&str]) -> Value {
    json!({"type": "text", "values": values})
}

fn searched() -> Value {
    json!({"type": "text", "search": true})
}

fn events() -> Value {
    json!({
        "summary": "What happened, in order of time.",
        "raw": true,
        "marks": ["consolidation_status", "consolidated_at"],
        "fields": fields([
            ("content", json!({"type": "text", "required": true, "search": true, "embed": true})),
            ("timestamp", needed("time")),
            ("event_type", json!({"type": "text", "required": true, "values": EVENT_TYPES})),
            ("session_id", of("text")),
            ("outcome", one_of(&OUTCOMES)),
            ("cwd", of("text")),
            ("files", of("list")),
            ("task", searched()),
            ("phase", of("text")),
            ("branch", of("text")),
            ("duration_ms", of("integer")),
            ("files_changed", of("integer")),
            ("lines_added", of("integer")),
            ("lines_deleted", of("integer")),
            ("learned", searched()),
            ("confidence", json!({"type": "number", "default": 1.0})),
            ("consolidation_status", json!({"type": "text", "values": STATUSES, "default": "unconsolidated"})),
            ("consolidated_at", of("time")),
            ("surprise_score", of("number")),
            ("surprise_normalized", of("number")),
            ("surprise_coherence", of("number")),
            ("code_event_type", one_of(&CODE_EVENT_TYPES)),
            ("file_path", searched()),
            ("symbol_name", searched()),
            ("symbol_type", of("text")),
            ("language", of("text")),
            ("diff", of("text")),
            ("git_commit", of("text")),
            ("git_author", of("text")),
            ("test_name", searched()),
            ("test_passed", of("boolean")),
            ("error_type", searched()),
            ("stack_trace", of("text")),
            ("performance_metrics", of("json")),
            ("code_quality_score", of("number")),
            ("tags", of("list")),
            ("metadata", of("json")),
            ("source", of("text")),
            ("external_id", of("text")),
            ("content_hash", needed("text")),
        ]),
        "unique": {"content": ["namespace", "content_hash"]},
        "indexes": [
            ["timestamp"], ["session_id", "timestamp"], ["session_id", "event_type", "timestamp"],
            ["session_id", "outcome", "timestamp"], ["session_id", "consolidation_status", "timestamp"],
            ["event_type", "timestamp"], ["outcome", "timestamp"], ["consolidation_status", "timestamp"], ["surprise_score"], ["code_event_type", "timestamp"],
            ["file_path", "timestamp"], ["symbol_name", "timestamp"], ["test_name", "timestamp"],
            ["error_type", "timestamp"], ["git_commit"], ["source", "timestamp"], ["namespace", "timestamp"],
        ],
        "recall": {"text": "content", "time": "timestamp", "trust": "confidence", "kind": "event_type"},
        "sequence": {"key": "session_id", "order": "timestamp"},
    })
}

fn relations() -> Value {
    json!({
        "summary": "How two events hang together; at most one of a type between the same two.",
        "fields": fields([
            ("from_event", needed("ref")),
            ("to_event", needed("ref")),
            ("relation_type", needed("text")),
            ("strength", json!({"type": "number", "default": 1.0})),
            ("origin", json!({"type": "text", "values": ORIGINS, "default": "caller"})),
            ("rule", of("text")),
        ]),
        "unique": {"edge": ["from_event", "to_event", "relation_type"]},
        "indexes": [
            ["from_event", "strength"], ["to_event", "strength"], ["relation_type", "strength"],
        ],
    })
}

fn metrics() -> Value {
    json!({
        "summary": "Numbers measured at an event, one of a name for each event.",
        "fields": fields([
            ("event_id", needed("ref")),
            ("name", needed("text")),
            ("value", needed("number")),
            ("recorded_at", needed("time")),
        ]),
        "unique": {"metric": ["event_id", "name"]},
        "indexes": [["event_id"], ["name", "recorded_at"]],
    })
}

fn sources() -> Value {
    json!({
        "summary": "Where events are synchronised from, and how far.",
        "fields": fields([
            ("name", needed("text")),
            ("source_type", json!({"type": "text", "required": true, "values": SOURCE_TYPES})),
            ("cursor", of("text")),
            ("last_sync_at", of("time")),
            ("event_count", json!({"type": "integer", "default": 0})),
            ("enabled", json!({"type": "boolean", "default": true})),
            ("config", of("json")),
            ("last_error", of("text")),
        ]),
        "unique": {"name": ["namespace", "name"]},
        "indexes": [["source_type", "name"]],
    })
}

fn places() -> Value {
    json!({
        "summary": "Folders, files and symbols as a tree; `parent` is the full path above, `words` what search reads.",
        "fields": fields([
            ("name", needed("text")),
            ("full_path", needed("text")),
            ("depth", needed("integer")),
            ("parent", of("text")),
            ("node_type", json!({"type": "text", "required": true, "values": NODE_TYPES})),
            ("symbol_type", of("text")),
            ("words", json!({"type": "text", "required": true, "search": true, "embed": true})),
        ]),
        "unique": {"path": ["namespace", "full_path"]},
        "indexes": [["parent", "name"], ["node_type", "symbol_type"], ["depth"], ["full_path"]],
    })
}

fn mentions() -> Value {
    json!({
        "summary": "Which events name a tag or a file: one row for each value of these lists, the first 500 of a value in a namespace, and up to 64 marks that there are more.",
        "fields": fields([
            ("event_id", needed("ref")),
            ("list", json!({"type": "text", "required": true, "values": ["tags", "files"]})),
            ("value", needed("text")),
            ("more", of("boolean")),
        ]),
        "unique": {},
        "indexes": [["value", "list", "namespace", "more"], ["event_id"]],
    })
}

fn figures() -> Value {
    json!({
        "summary": "What event_stats last counted of a namespace; none for one with few events.",
        "fields": fields([("scope", needed("text")), ("counts", needed("json")), ("computed_at", needed("time"))]),
        "unique": {"scope": ["namespace", "scope"]},
        "indexes": [],
    })
}

fn progress() -> Value {
    json!({
        "summary": "How far work on older events has come: of the whole space, and of a namespace where work was left for later.",
        "fields": fields([("name", needed("text")), ("upto", needed("integer")), ("done", needed("boolean"))]),
        "unique": {"name": ["namespace", "name"]},
        "indexes": [],
    })
}
