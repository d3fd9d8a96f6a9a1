//! The collections: files, units, edges, recorded analyses, followed repositories.

use crate::unit::{KINDS, PARSERS};
use memstrata_sdk::{Value, json};

/// States of a file.
const STATES: [&str; 3] = ["indexed", "failed", "given"];
/// Kinds of edges.
pub(super) const EDGES: [&str; 3] = ["calls", "imports", "contains"];
/// Kinds of recorded analyses.
const ANALYSES: [&str; 3] = ["analysis", "insight", "project"];

pub(super) fn collections() -> Value {
    json!({
        "repositories": {
            "summary": "Folders this space follows, and how far the walk is.",
            "fields": {
                "folder": {"type": "text", "required": true},
                "path": {"type": "text", "required": true},
                "stack": {"type": "json"},
                "walked_at": {"type": "time"},
                "rebuild_at": {"type": "time"},
            },
            "unique": {"place": ["namespace", "folder", "path"]},
        },
        "files": {
            "summary": "Source files and how they were read.",
            "fields": {
                "folder": {"type": "text", "required": true},
                "path": {"type": "text", "required": true},
                "parent": {"type": "text", "required": true},
                "language": {"type": "text", "required": true},
                "parser": {"type": "text", "values": PARSERS},
                "digest": {"type": "text"},
                "bytes": {"type": "integer", "default": 0},
                "lines": {"type": "integer", "default": 0},
                "code_lines": {"type": "integer", "default": 0},
                "comment_lines": {"type": "integer", "default": 0},
                "blank_lines": {"type": "integer", "default": 0},
                "units": {"type": "integer", "default": 0},
                "edges": {"type": "integer", "default": 0},
                "complexity": {"type": "integer", "default": 0},
                "state": {"type": "text", "required": true, "values": STATES},
                "error": {"type": "text"},
                "notes": {"type": "list"},
                "modified": {"type": "time"},
                "retry_at": {"type": "time"},
                "indexed_at": {"type": "time"},
            },
            "unique": {"place": ["namespace", "folder", "path"]},
            "indexes": [["folder", "parent"], ["folder", "language"], ["path"], ["state"], ["indexed_at"]],
        },
        "units": {
            "summary": "Declarations: functions, types, constants, modules.",
            "fields": {
                "file": {"type": "ref", "required": true},
                "folder": {"type": "text", "required": true},
                "path": {"type": "text", "required": true},
                "language": {"type": "text", "required": true},
                "kind": {"type": "text", "required": true, "values": KINDS},
                "name": {"type": "text", "required": true},
                "name_key": {"type": "text", "required": true},
                "qualified": {"type": "text", "required": true},
                "owner": {"type": "text"},
                "container": {"type": "ref"},
                "signature": {"type": "text"},
                "doc": {"type": "text"},
                "first_line": {"type": "integer", "required": true},
                "last_line": {"type": "integer", "required": true},
                "complexity": {"type": "integer"},
                "parser": {"type": "text", "required": true, "values": PARSERS},
                "text": {"type": "text", "required": true, "search": true, "embed": true},
            },
            "indexes": [["file", "first_line"], ["name"], ["name_key"], ["kind", "name"], ["folder", "path"], ["folder", "kind"], ["complexity"]],
            "recall": {"text": "text", "title": "qualified", "kind": "kind"},
        },
        "edges": {
            "summary": "What calls, imports and contains what, by name.",
            "fields": {
                "kind": {"type": "text", "required": true, "values": EDGES},
                "file": {"type": "ref", "required": true},
                "folder": {"type": "text", "required": true},
                "source": {"type": "ref"},
                "name": {"type": "text", "required": true},
                "qualifier": {"type": "text"},
                "target": {"type": "ref"},
                "count": {"type": "integer", "default": 1},
                "line": {"type": "integer"},
            },
            "indexes": [["name", "kind"], ["source"], ["file"], ["folder", "kind"]],
        },
        "analyses": {
            "summary": "Results of analyses somebody recorded.",
            "fields": {
                "kind": {"type": "text", "required": true, "values": ANALYSES},
                "repo_path": {"type": "text"},
                "project": {"type": "text"},
                "results": {"type": "json", "required": true},
                "text": {"type": "text", "search": true},
                "tags": {"type": "list"},
                "duration_ms": {"type": "integer", "default": 0},
                "file_count": {"type": "integer", "default": 0},
                "unit_count": {"type": "integer", "default": 0},
            },
            "indexes": [["repo_path", "created_at"], ["kind", "created_at"]],
        },
    })
}
