//! The component: names of operations to functions, and what several of them share.

mod access;
mod audit;
mod conflicts;
mod context;
mod reading;
mod store;
mod writing;

use memstrata_sdk::row::text;
use memstrata_sdk::{Answer, Fault, Layer, Value};

/// Versions of memories.
const MEMORIES: &str = "memories";
/// Conflicts of values.
const CONFLICTS: &str = "conflicts";
/// What was written.
const AUDIT: &str = "audit";
/// Permissions beyond one's own.
const GRANTS: &str = "grants";

struct Entries;

memstrata_sdk::layer!(Entries);

impl Layer for Entries {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "add_memory" => writing::add(arguments),
            "update_memory" => writing::update(arguments),
            "delete_memory" => writing::delete(arguments),
            "rollback_memory" => writing::rollback(arguments),
            "batch_create" => writing::batch(arguments),
            "publish" => writing::publish(arguments),
            "cleanup_expired_memories" => writing::cleanup(arguments),
            "end_session" => writing::end_session(arguments),
            "get_memory" => reading::get(arguments),
            "resolve_key" => context::resolve(arguments),
            "search_memories" => reading::search(arguments),
            "get_memory_history" => reading::history(arguments),
            "list_namespaces" => reading::namespaces(arguments),
            "synthesize_context" => context::synthesize(arguments),
            "list_conflicts" => conflicts::list(arguments),
            "resolve_conflict" => conflicts::resolve(arguments),
            "consolidate_memories" => conflicts::consolidate(arguments),
            "query_audit" => audit::query(arguments),
            "grant_access" => access::grant(arguments),
            "revoke_access" => access::revoke(arguments),
            "list_grants" => access::list(arguments),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

/// An unsigned field; 0 if it is missing.
fn number(row: &Value, field: &str) -> u64 {
    row.get(field).and_then(Value::as_u64).unwrap_or_default()
}

/// A name that may be given as a number.
fn name(given: Option<&Value>) -> Option<String> {
    match given {
        Some(Value::String(name)) => Some(name.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    }
}
