//! The three collections: documents, chunks, watched folders.

use crate::kind::KINDS;
use memstrata_sdk::{Value, json};

/// States of a document.
pub(super) const STATUSES: [&str; 4] = ["pending", "synced", "failed", "stale"];

pub(super) fn collections() -> Value {
    json!({
        "documents": {
            "summary": "Documents and whether they are up to date.",
            "fields": {
                "folder": {"type": "text", "required": true},
                "file_path": {"type": "text", "required": true},
                "parent": {"type": "text", "required": true},
                "title": {"type": "text"},
                "document_type": {"type": "text", "required": true, "values": KINDS},
                "language": {"type": "text"},
                "content_hash": {"type": "text"},
                "chunk_count": {"type": "integer", "default": 0},
                "bytes": {"type": "integer", "default": 0},
                "status": {"type": "text", "required": true, "values": STATUSES},
                "error": {"type": "text"},
                "attempts": {"type": "integer", "default": 0},
                "next_attempt_at": {"type": "time"},
                "modified": {"type": "time"},
                "last_synced_at": {"type": "time"},
                "metadata": {"type": "json"},
            },
            "unique": {"path": ["namespace", "folder", "file_path"]},
            "indexes": [["folder", "parent"], ["status", "next_attempt_at"], ["document_type", "last_synced_at"],
                        ["content_hash"], ["file_path"]],
        },
        "chunks": {
            "summary": "Pieces of documents.",
            "fields": {
                "document": {"type": "ref", "required": true},
                "ordinal": {"type": "integer", "required": true},
                "text": {"type": "text", "required": true, "search": true, "embed": true},
                "title": {"type": "text", "search": true},
                "file_path": {"type": "text", "required": true},
                "document_type": {"type": "text", "required": true, "values": KINDS},
                "begin": {"type": "integer", "required": true},
                "first_line": {"type": "integer", "required": true},
                "last_line": {"type": "integer", "required": true},
                "page": {"type": "integer"},
                "tokens": {"type": "integer", "required": true},
            },
            "indexes": [["document", "ordinal"]],
            "recall": {"text": "text", "title": "title", "kind": "document_type"},
            "sequence": {"key": "document", "order": "ordinal"},
        },
        "watched": {
            "summary": "Folders this space follows, and how far the walk is.",
            "fields": {
                "folder": {"type": "text", "required": true},
                "path": {"type": "text", "required": true},
                "stack": {"type": "json"},
                "walked_at": {"type": "time"},
                "error": {"type": "text"},
            },
            "unique": {"place": ["namespace", "folder", "path"]},
        },
    })
}
