//! Units and files as answers show them.

use memstrata_sdk::path::join;
use memstrata_sdk::row::{clip, text};
use memstrata_sdk::{Value, json};

/// Characters of a comment in a list.
const MOST_DOC: usize = 300;

/// Fields of a unit that are told in lists.
pub(super) const UNIT: [&str; 13] = [
    "folder",
    "path",
    "kind",
    "name",
    "qualified",
    "owner",
    "signature",
    "doc",
    "first_line",
    "last_line",
    "complexity",
    "parser",
    "container",
];

/// A unit in a list.
pub(super) fn unit(row: &Value) -> Value {
    json!({
        "id": row.get("id"), "kind": row.get("kind"), "name": row.get("name"), "qualified": row.get("qualified"),
        "path": join(text(row, "folder"), text(row, "path")), "first_line": row.get("first_line"), "last_line": row.get("last_line"),
        "signature": row.get("signature"), "doc": clip(text(row, "doc"), MOST_DOC), "complexity": row.get("complexity"), "parser": row.get("parser"),
    })
}

/// A unit as others name it.
pub(super) fn short(row: &Value) -> Value {
    json!({
        "id": row.get("id"), "kind": row.get("kind"), "qualified": row.get("qualified"),
        "path": join(text(row, "folder"), text(row, "path")), "first_line": row.get("first_line"),
    })
}

/// A file.
pub(super) fn file(row: &Value) -> Value {
    json!({
        "id": row.get("id"), "path": join(text(row, "folder"), text(row, "path")), "language": row.get("language"), "parser": row.get("parser"),
        "state": row.get("state"), "error": row.get("error"), "lines": row.get("lines"), "units": row.get("units"),
        "complexity": row.get("complexity"), "notes": row.get("notes"), "modified": row.get("modified"),
    })
}
