//! Operations that find units and what hangs together.

use super::{file, given, integer, limit, object_or_null, objects, operation, repo, string, strings};
use memstrata_sdk::schema::{self as s, Named};
use memstrata_sdk::{Value, json};

fn hits() -> Value {
    json!({"results": {"type": "array", "items": {"type": "object", "required": ["id", "kind", "name", "path", "first_line", "last_line", "parser"]}},
           "count": integer(), "notes": strings()})
}

const ANSWERED: [&str; 3] = ["results", "count", "notes"];

fn query() -> Value {
    s::or(json!({"type": "string", "maxLength": 10_000, "description": "What to look for."}), "")
}

pub(super) fn operations() -> Vec<Named> {
    vec![
        operation(
            "search_code_semantically",
            (
                "read",
                "Searches units by meaning and by words.",
                "Searched are names (cut into words), signatures, comments and the names called. Hits by meaning alone have a cosine of at least `min_score`; hits by words are kept.",
            ),
            (
                &json!({"query": query(), "repo_path": repo(), "limit": limit(10), "min_score": s::or(s::number("Least cosine.", 0.0, 1.0), 0.3)}),
                &[],
            ),
            (&hits(), &ANSWERED),
            &json!([{"arguments": {"query": "read the next token"}, "setup": [given()]}, {"arguments": {}, "fault": "invalid.argument", "note": "No query."}]),
        ),
        operation(
            "search_code_by_type",
            (
                "read",
                "Units of a type: function, method, class, struct, enum, trait, interface, type, constant, module, macro, impl, import.",
                "With `query` the best first, else by name. Without a type all.",
            ),
            (
                &json!({"unit_type": s::or(json!({"type": "string", "maxLength": 40, "description": "The type."}), ""), "repo_path": repo(),
                     "query": s::maybe_text("What to look for.", 10_000), "limit": limit(10)}),
                &[],
            ),
            (
                &json!({"results": objects(), "count": integer(), "total": {"type": ["integer", "null"]}, "notes": strings()}),
                &ANSWERED,
            ),
            &json!([{"arguments": {"unit_type": "method"}, "setup": [given()]}, {"arguments": {"unit_type": "gadget"}, "fault": "invalid.argument"},
                    {"arguments": {"unit_type": "function", "query": "read a character"}, "setup": [given()]}]),
        ),
        operation(
            "search_code_by_name",
            (
                "read",
                "Units of a name: equal ones first, then those that begin with it, then those that contain it.",
                "`exact` finds equal names only, in the same case. A qualified name such as `Query::of` is found by its last part and told apart by the rest.",
            ),
            (
                &json!({"name": s::or(json!({"type": "string", "maxLength": 400, "description": "The name."}), ""), "repo_path": repo(),
                     "exact": s::flag("Equal names only.", false), "limit": limit(10)}),
                &[],
            ),
            (&hits(), &ANSWERED),
            &json!([{"arguments": {"name": "token"}, "setup": [given()]}, {"arguments": {"name": "read_char", "exact": true}, "setup": [given()]},
                    {"arguments": {}, "fault": "invalid.argument"}]),
        ),
        operation(
            "find_code_dependencies",
            (
                "read",
                "What a unit or a file calls and imports, and what calls it.",
                "Names are resolved when asked: `resolved` where one unit has the name (and qualifier), `ambiguous` with the number of candidates, else `external`. Give a file, a unit's name, or both.",
            ),
            (
                &json!({"file_path": file(), "entity_name": s::or(json!({"type": "string", "maxLength": 400, "description": "A unit."}), ""), "repo_path": repo()}),
                &[],
            ),
            (
                &json!({"entities": objects(), "file": object_or_null(), "imports": objects(), "calls": objects(), "called_by": objects(), "notes": strings()}),
                &["entities", "imports", "calls", "called_by", "notes"],
            ),
            &json!([{"arguments": {"entity_name": "next_token"}, "setup": [given()]}, {"arguments": {"file_path": "demo/src/parse.py"}, "setup": [given()]},
                    {"arguments": {"entity_name": "nothing"}, "fault": "not-found.unit"}, {"arguments": {}, "fault": "invalid.argument"}]),
        ),
        operation(
            "code_navigation",
            (
                "read",
                "The outline of a file, or what lies in a folder.",
                "Of a file: its units in order, each with its depth. Of a folder, or without a path: folders and files below it with their numbers.",
            ),
            (&json!({"file_path": file(), "repo_path": repo()}), &[]),
            (
                &json!({"place": string(), "file": object_or_null(), "outline": objects(), "imports": objects(), "folders": objects(), "files": objects(), "notes": strings()}),
                &["place", "outline", "folders", "files", "notes"],
            ),
            &json!([{"arguments": {"file_path": "demo/src/parse.py"}, "setup": [given()]}, {"arguments": {}, "setup": [given()]}, {"arguments": {"file_path": "demo/no.py"}, "setup": [given()], "fault": "not-found.file"}]),
        ),
    ]
}
