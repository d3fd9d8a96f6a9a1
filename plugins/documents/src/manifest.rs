//! The layer's manifest: what it owns, offers and needs (docs/manifest.md).

mod collections;
mod operations;

use crate::watched::EXCLUDED;
use memstrata_sdk::{Map, Value, json};

/// Bytes of a file, at most, unless the settings say less.
const MOST_BYTES: u64 = 10_485_760;

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let operations: Map<String, Value> =
        operations::operations().into_iter().map(|(name, operation)| (name.to_owned(), operation)).collect();
    let patterns = |description: &str, default: &[&str]| json!({"type": "array", "items": {"type": "string"}, "default": default, "description": description});
    json!({
        "manifest": 1,
        "name": "documents",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Documents: files of granted folders and given texts, in chunks found by words and by meaning.",
        "imports": ["store-read", "store-write", "search", "clock", "settings", "budget"],
        "optional_imports": ["files"],
        "collections": collections::collections(),
        "operations": operations,
        "schedules": [{"name": "sync", "every_ms": 10_000, "operation": "sync_documents", "arguments": {}}],
        "settings": {"type": "object", "additionalProperties": false, "properties": {
            "max_bytes": {"type": "integer", "minimum": 1_000, "maximum": MOST_BYTES, "default": MOST_BYTES,
                "description": "A file with more bytes fails."},
            "include": patterns("Files wanted; none: all.", &[]),
            "exclude": patterns("Files and folders left out.", &EXCLUDED),
        }},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_keeps_the_rules() {
        for (name, operation) in manifest()["operations"].as_object().into_iter().flatten() {
            let said = |key: &str| operation[key].as_str().unwrap_or_default();
            let length = said("summary").chars().count() + said("description").chars().count();
            assert!(length <= 600 && !said("summary").is_empty(), "{name}: {length}");
            assert_eq!(operation["input"]["additionalProperties"], false, "{name}");
            assert!(operation["examples"].as_array().is_some_and(|examples| !examples.is_empty()), "{name}");
        }
    }

    #[test]
    fn the_operations_of_the_requirement_are_there() {
        let wanted = [
            ("index_document", vec!["namespace", "file_path", "content"]),
            ("semantic_search", vec!["query", "namespace", "limit", "threshold"]),
            ("search_by_type", vec!["document_type", "limit"]),
            ("list_all_documents", vec!["limit"]),
            ("get_pending_documents", vec!["limit"]),
            ("mark_failed", vec!["id", "error"]),
            ("mark_stale", vec!["id"]),
            ("mark_synced", vec!["id"]),
            ("get_document", vec!["id"]),
            ("get_document_by_path", vec!["file_path"]),
        ];
        for (name, parameters) in wanted {
            let properties = manifest()["operations"][name]["input"]["properties"].clone();
            assert!(parameters.iter().all(|parameter| properties.get(parameter).is_some()), "{name}");
        }
    }
}
