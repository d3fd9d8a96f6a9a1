//! The layer's manifest: what it owns, offers and needs (docs/manifest.md).

mod analyses;
mod collections;
mod history;
mod indexing;
mod searching;

use crate::place::EXCLUDED;
use crate::reading::MOST_BYTES;
use memstrata_sdk::schema::{self as s, Named};
use memstrata_sdk::{Map, Value, json};

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let operations =
        [indexing::operations(), searching::operations(), analyses::operations(), history::operations()].concat();
    let operations: Map<String, Value> =
        operations.into_iter().map(|(name, operation)| (name.to_owned(), operation)).collect();
    json!({
        "manifest": 1,
        "name": "code",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Code: an index of source files of granted folders, what calls what, and facts from their git repositories.",
        "imports": ["store-read", "store-write", "search", "clock", "settings", "budget"],
        "optional_imports": ["files"],
        "collections": collections::collections(),
        "operations": operations,
        "schedules": [{"name": "refresh", "every_ms": 30_000, "operation": "refresh_code_index", "arguments": {}}],
        "settings": {"type": "object", "additionalProperties": false, "properties": {
            "max_bytes": {"type": "integer", "minimum": 1_000, "maximum": MOST_BYTES, "default": MOST_BYTES,
                "description": "A file with more bytes is noted as failed."},
            "exclude": {"type": "array", "items": {"type": "string"}, "default": EXCLUDED, "description": "Files and folders left out."},
        }},
    })
}

/// The argument that names a granted folder.
fn repo() -> Value {
    s::or(
        json!({"type": ["string", "null"], "maxLength": 1_000, "description": "A granted folder, or a path in it as `name/sub`; empty: all."}),
        "",
    )
}

/// The argument of a file.
fn file() -> Value {
    s::or(
        json!({"type": "string", "maxLength": 1_000, "description": "Its path in the folder, or with the folder's name before it."}),
        "",
    )
}

fn project() -> Value {
    s::or(s::project("Accepted; a space is one project.", 200), 1)
}

fn limit(default: i64) -> Value {
    s::integer_or("At most so many.", 1, 100, default)
}

fn integer() -> Value {
    json!({"type": "integer"})
}

fn object() -> Value {
    json!({"type": "object"})
}

fn string() -> Value {
    json!({"type": "string"})
}

fn boolean() -> Value {
    json!({"type": "boolean"})
}

fn object_or_null() -> Value {
    json!({"type": ["object", "null"]})
}

fn strings() -> Value {
    json!({"type": "array", "items": {"type": "string"}})
}

fn objects() -> Value {
    json!({"type": "array", "items": {"type": "object"}})
}

/// Units that examples work with.
fn given() -> Value {
    json!({"operation": "add_code_entities", "arguments": {"repo_path": "demo", "code_units": [
        {"name": "Tokenizer", "unit_type": "class", "file_path": "src/parse.py", "start_line": 1, "end_line": 20, "docstring": "Cuts text into tokens."},
        {"name": "next_token", "unit_type": "method", "container": "Tokenizer", "file_path": "src/parse.py", "signature": "def next_token(self)",
         "docstring": "Reads the next token of the text.", "start_line": 4, "end_line": 12, "complexity": 3, "calls": ["read_char"]},
        {"name": "read_char", "unit_type": "function", "file_path": "src/parse.py", "start_line": 22, "end_line": 24, "complexity": 1},
    ]}})
}

/// The arguments of a step.
fn arguments(step: &Value) -> Value {
    step.get("arguments").cloned().unwrap_or_default()
}

/// An operation from its words, inputs, answers and examples.
fn operation(
    name: &'static str,
    words: (&str, &str, &str),
    input: (&Value, &[&str]),
    answer: (&Value, &[&str]),
    examples: &Value,
) -> Named {
    (name, s::operation_of(words, input, answer, examples))
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
        assert_eq!(contract::system_fields(&manifest), BTreeSet::from(["created_at", "namespace"]));
        // these need files of a granted folder
        assert_eq!(
            contract::unshown(&manifest),
            ["index_code_repository", "get_git_status", "get_recent_files", "get_file_changes"]
        );
    }

    /// `"*"`: must be given; null: no default.
    #[test]
    fn the_required_operations_keep_their_parameters_and_defaults() {
        let wanted = [
            ("search_code_semantically", json!({"query": "", "repo_path": "", "limit": 10, "min_score": 0.3})),
            ("search_code_by_type", json!({"unit_type": "", "repo_path": "", "query": null, "limit": 10})),
            ("search_code_by_name", json!({"name": "", "repo_path": "", "exact": false, "limit": 10})),
            ("analyze_code_file", json!({"file_path": "", "repo_path": ""})),
            ("find_code_dependencies", json!({"file_path": "", "entity_name": "", "repo_path": ""})),
            ("index_code_repository", json!({"repo_path": "", "rebuild": false})),
            ("get_code_statistics", json!({"repo_path": ""})),
            (
                "record_code_analysis",
                json!({"repo_path": "*", "analysis_results": {}, "duration_ms": 0, "file_count": 0, "unit_count": 0}),
            ),
            ("store_code_insights", json!({"analysis_results": {}, "repo_path": "", "tags": null})),
            ("add_code_entities", json!({"code_units": [], "repo_path": ""})),
            ("extract_code_patterns", json!({"days_back": 7})),
            ("analyze_repository", json!({"repo_path": "*", "language": "python", "include_memory": true})),
            ("get_analysis_metrics", json!({"repo_path": "", "days_back": 7})),
            ("analyze_project_codebase", json!({"project_id": 1, "analysis_type": "full", "project_path": "."})),
            ("store_project_analysis", json!({"project_id": 1, "analysis_data": {}})),
            ("code_navigation", json!({"file_path": ""})),
            ("analyze_project_with_skill", json!({"analysis_type": "structure", "project_id": 1})),
            ("get_git_status", json!({})),
            ("get_recent_files", json!({"limit": 10})),
            ("get_file_changes", json!({"file_path": "*", "limit": 20})),
            ("forget_code_repository", json!({"repo_path": "*"})),
        ];
        assert_eq!(contract::lacking(&manifest(), &wanted), Vec::<String>::new());
    }

    /// After a change run the tests with `UPDATE_MANIFEST=1`.
    #[test]
    fn the_text_in_the_component_is_this_manifest() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/manifest.json");
        if std::env::var_os("UPDATE_MANIFEST").is_some() {
            std::fs::write(path, manifest().to_string()).unwrap();
        }
        let text = std::fs::read_to_string(path).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), manifest(), "run the tests with UPDATE_MANIFEST=1");
    }
}
