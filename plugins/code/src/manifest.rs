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
        let wanted: [(&str, &[(&str, Value)]); 21] = [
            (
                "search_code_semantically",
                &[("query", json!("")), ("repo_path", json!("")), ("limit", json!(10)), ("min_score", json!(0.3))],
            ),
            (
                "search_code_by_type",
                &[("unit_type", json!("")), ("repo_path", json!("")), ("query", Value::Null), ("limit", json!(10))],
            ),
            (
                "search_code_by_name",
                &[("name", json!("")), ("repo_path", json!("")), ("exact", json!(false)), ("limit", json!(10))],
            ),
            ("analyze_code_file", &[("file_path", json!("")), ("repo_path", json!(""))]),
            (
                "find_code_dependencies",
                &[("file_path", json!("")), ("entity_name", json!("")), ("repo_path", json!(""))],
            ),
            ("index_code_repository", &[("repo_path", json!("")), ("rebuild", json!(false))]),
            ("get_code_statistics", &[("repo_path", json!(""))]),
            (
                "record_code_analysis",
                &[
                    ("repo_path", Value::Null),
                    ("analysis_results", json!({})),
                    ("duration_ms", json!(0)),
                    ("file_count", json!(0)),
                    ("unit_count", json!(0)),
                ],
            ),
            (
                "store_code_insights",
                &[("analysis_results", json!({})), ("repo_path", json!("")), ("tags", Value::Null)],
            ),
            ("add_code_entities", &[("code_units", json!([])), ("repo_path", json!(""))]),
            ("extract_code_patterns", &[("days_back", json!(7))]),
            (
                "analyze_repository",
                &[("repo_path", Value::Null), ("language", json!("python")), ("include_memory", json!(true))],
            ),
            ("get_analysis_metrics", &[("repo_path", json!("")), ("days_back", json!(7))]),
            (
                "analyze_project_codebase",
                &[("project_id", json!(1)), ("analysis_type", json!("full")), ("project_path", json!("."))],
            ),
            ("store_project_analysis", &[("project_id", json!(1)), ("analysis_data", json!({}))]),
            ("code_navigation", &[("file_path", json!(""))]),
            ("analyze_project_with_skill", &[("analysis_type", json!("structure")), ("project_id", json!(1))]),
            ("get_git_status", &[]),
            ("get_recent_files", &[("limit", json!(10))]),
            ("get_file_changes", &[("file_path", Value::Null), ("limit", json!(20))]),
            ("forget_code_repository", &[("repo_path", Value::Null)]),
        ];
        let manifest = manifest();
        for (name, parameters) in wanted {
            let properties = &manifest["operations"][name]["input"]["properties"];
            for (parameter, default) in parameters {
                assert!(properties.get(parameter).is_some(), "{name}.{parameter}");
                assert_eq!(properties[parameter].get("default").unwrap_or(&Value::Null), default, "{name}.{parameter}");
            }
        }
    }
}
