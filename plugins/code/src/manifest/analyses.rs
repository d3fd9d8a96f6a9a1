//! Operations that measure, and that keep what others measured.

use super::{file, given, integer, object, object_or_null, objects, operation, project, repo, string, strings};
use memstrata_sdk::schema::{self as s, Named};
use memstrata_sdk::{Value, json};

/// Kinds of project analyses.
const KINDS: [&str; 5] = ["full", "structure", "complexity", "dependencies", "documentation"];

fn days() -> Value {
    s::integer_or("Days back.", 1, 3_650, 7)
}

fn results(description: &str) -> Value {
    s::or(json!({"type": "object", "description": description}), json!({}))
}

fn count(description: &str) -> Value {
    s::integer_or(description, 0, 1_000_000_000, 0)
}

fn recorded() -> Value {
    json!({"operation": "record_code_analysis", "arguments": {"repo_path": "demo", "analysis_results": {"issues": ["long method"]}, "duration_ms": 120, "file_count": 1, "unit_count": 3}})
}

fn kept() -> Value {
    json!({"id": integer(), "kind": string()})
}

pub(super) fn operations() -> Vec<Named> {
    let figures = json!({"files": integer(), "units": integer(), "lines": object(), "by_language": objects(), "by_kind": objects(),
        "by_parser": object(), "by_state": object(), "complexity": object(), "most_complex": objects(), "longest_files": objects(), "notes": strings()});
    let analysed = json!({"analysis_type": string(), "place": string(), "structure": object(), "complexity": object(),
        "dependencies": object(), "documentation": object(), "notes": strings()});
    let kind = |default: &str| s::or(s::choice(&KINDS, "What to look at."), default);
    vec![
        operation(
            "analyze_code_file",
            (
                "read",
                "A file's units, lines, complexity and imports, read now.",
                "The file is read from its granted folder, indexed or not; a file whose units were given is told from the index. Complexity is McCabe's: decision points + 1.",
            ),
            (&json!({"file_path": file(), "repo_path": repo()}), &[]),
            (
                &json!({"file": object(), "units": objects(), "imports": objects(), "complexity": object(), "notes": strings()}),
                &["file", "units", "imports", "complexity", "notes"],
            ),
            &json!([{"arguments": {"file_path": "src/parse.py", "repo_path": "demo"}, "setup": [given()]}, {"arguments": {"file_path": "demo/no.py"}, "fault": "not-found.file"}, {"arguments": {}, "fault": "invalid.argument"}]),
        ),
        operation(
            "get_code_statistics",
            ("read", "Figures of the index: files, lines, units by language and kind, complexity.", ""),
            (&json!({"repo_path": repo()}), &[]),
            (
                &figures,
                &[
                    "files",
                    "units",
                    "lines",
                    "by_language",
                    "by_kind",
                    "by_parser",
                    "by_state",
                    "complexity",
                    "most_complex",
                    "longest_files",
                    "notes",
                ],
            ),
            &json!([{"arguments": {"repo_path": "demo"}, "setup": [given()]}, {"arguments": {}}]),
        ),
        operation(
            "analyze_repository",
            (
                "read",
                "A repository as the index has it, of one language, with what was recorded of it.",
                "Where no file is of that language all files are taken, and `notes` says so.",
            ),
            (
                &json!({"repo_path": s::text("A granted folder, or a path in it.", 1_000), "language": s::or(json!({"type": ["string", "null"], "maxLength": 40}), "python"),
                     "include_memory": s::flag("With recorded analyses.", true)}),
                &["repo_path"],
            ),
            (
                &json!({"language": {"type": ["string", "null"]}, "statistics": object(), "memory": objects(), "notes": strings()}),
                &["language", "statistics", "memory", "notes"],
            ),
            &json!([{"arguments": {"repo_path": "demo"}, "setup": [given(), recorded()]}, {"arguments": {"repo_path": "demo", "language": "rust"}, "setup": [given()]},
                    {"arguments": {"repo_path": "nowhere"}, "fault": "not-found.folder"}]),
        ),
        operation(
            "analyze_project_codebase",
            (
                "read",
                "The indexed code of this project: structure, complexity, dependencies, documentation.",
                "`project_path` is a granted folder or a path in it; `.` is all.",
            ),
            (
                &json!({"project_id": project(), "analysis_type": kind("full"), "project_path": s::or(json!({"type": "string", "maxLength": 1_000}), ".")}),
                &[],
            ),
            (&analysed, &["analysis_type", "place", "notes"]),
            &json!([{"arguments": {}, "setup": [given()]}, {"arguments": {"project_path": "demo/src", "analysis_type": "dependencies"}, "setup": [given()]},
                    {"arguments": {"project_path": "nowhere"}, "fault": "not-found.folder"}]),
        ),
        operation(
            "analyze_project_with_skill",
            (
                "read",
                "One look at the indexed code of this project.",
                "`structure`, `complexity`, `dependencies`, `documentation`, or all of them: `full`.",
            ),
            (&json!({"analysis_type": kind("structure"), "project_id": project()}), &[]),
            (&analysed, &["analysis_type", "place", "notes"]),
            &json!([{"arguments": {}, "setup": [given()]}, {"arguments": {"analysis_type": "documentation"}, "setup": [given()]}]),
        ),
        operation(
            "record_code_analysis",
            ("write", "Keeps the results of an analysis of a repository.", ""),
            (
                &json!({"repo_path": s::text("What was analysed.", 1_000), "analysis_results": results("What was found."), "duration_ms": count("How long it took."),
                     "file_count": count("Files looked at."), "unit_count": count("Units found.")}),
                &["repo_path"],
            ),
            (&kept(), &["id", "kind"]),
            &json!([{"arguments": super::arguments(&recorded())}]),
        ),
        operation(
            "store_code_insights",
            ("write", "Keeps insights about code, with tags.", ""),
            (
                &json!({"analysis_results": results("The insights."), "repo_path": repo(), "tags": {"type": ["array", "null"], "items": {"type": "string", "minLength": 1, "maxLength": 100}, "maxItems": 50}}),
                &[],
            ),
            (&kept(), &["id", "kind"]),
            &json!([{"arguments": {"analysis_results": {"insight": "parsers are recursive"}, "repo_path": "demo", "tags": ["parser"]}}, {"arguments": {}, "fault": "invalid.argument", "note": "Nothing to keep."}]),
        ),
        operation(
            "store_project_analysis",
            ("write", "Keeps an analysis of the whole project.", ""),
            (&json!({"project_id": project(), "analysis_data": results("What was found.")}), &[]),
            (&kept(), &["id", "kind"]),
            &json!([{"arguments": {"analysis_data": {"health": "good"}}}, {"arguments": {}, "fault": "invalid.argument"}]),
        ),
        operation(
            "get_analysis_metrics",
            ("read", "How many analyses were recorded, how long they took, and how files and units changed.", ""),
            (&json!({"repo_path": repo(), "days_back": days()}), &[]),
            (
                &json!({"analyses": integer(), "by_kind": object(), "duration_ms": object(), "first": object_or_null(), "latest": object_or_null(), "change": object_or_null()}),
                &["analyses", "by_kind", "duration_ms", "first", "latest", "change"],
            ),
            &json!([{"arguments": {"repo_path": "demo"}, "setup": [recorded()]}, {"arguments": {}}]),
        ),
        operation(
            "extract_code_patterns",
            (
                "read",
                "What comes again: in recorded analyses, in names, imports and calls of files indexed in these days.",
                "Each pattern with how often it was seen and of how many. At most the latest 300 files are looked at.",
            ),
            (&json!({"days_back": days(), "repo_path": repo()}), &[]),
            (
                &json!({"tags": objects(), "findings": objects(), "naming": objects(), "imports": objects(), "calls": objects(), "files": integer(), "analyses": integer(), "notes": strings()}),
                &["tags", "findings", "naming", "imports", "calls", "files", "analyses", "notes"],
            ),
            &json!([{"arguments": {}, "setup": [given(), recorded()]}]),
        ),
    ]
}
