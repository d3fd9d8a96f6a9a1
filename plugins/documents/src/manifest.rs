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
    use memstrata_sdk::contract;
    use std::collections::BTreeSet;

    #[test]
    fn it_keeps_the_contract() {
        let manifest = manifest();
        assert_eq!(contract::faults(&manifest), Vec::<String>::new());
        assert_eq!(contract::system_fields(&manifest), BTreeSet::from(["namespace"]));
        // these need files of a granted folder
        assert_eq!(contract::unshown(&manifest), ["watch_folder", "reindex_document"]);
    }

    /// `"*"`: must be given; null: no default.
    #[test]
    fn the_required_operations_keep_their_parameters_and_defaults() {
        let wanted = [
            ("index_document", json!({"namespace": null, "file_path": "*", "content": null})),
            ("semantic_search", json!({"query": "*", "namespace": null, "limit": 10, "threshold": null})),
            ("search_by_type", json!({"document_type": "*", "limit": 50})),
            ("list_all_documents", json!({"limit": 100})),
            ("get_pending_documents", json!({"limit": 100})),
            ("mark_failed", json!({"id": "*", "error": "*"})),
            ("mark_stale", json!({"id": "*"})),
            ("mark_synced", json!({"id": "*"})),
            ("get_document", json!({"id": "*"})),
            ("get_document_by_path", json!({"file_path": "*"})),
        ];
        assert_eq!(contract::lacking(&manifest(), &wanted), Vec::<String>::new());
    }

    #[test]
    fn the_text_of_a_pdf_from_elsewhere_parts_pages_as_this_layer_does() {
        let examples = manifest()["operations"]["index_document"]["examples"].to_string();
        assert!(examples.contains("Green tea.\\f"), "{examples}");
        let chunks = crate::chunk::split("Green tea.\u{c}Night trains.", "pdf");
        assert_eq!(chunks.iter().filter_map(|chunk| chunk.page).collect::<Vec<_>>(), [1, 2]);
    }
}
