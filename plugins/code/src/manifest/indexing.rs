//! Operations that fill and empty the index.

use super::{boolean, given, integer, object, objects, operation, repo, strings};
use crate::unit::KINDS;
use memstrata_sdk::schema::{self as s, Named};
use memstrata_sdk::{Value, json};

fn tally() -> Value {
    json!({"folders": strings(), "indexed": integer(), "unchanged": integer(), "failed": integer(),
           "removed": integer(), "units": integer(), "left": object(), "more": boolean(), "errors": strings()})
}

const TOLD: [&str; 8] = ["folders", "indexed", "unchanged", "failed", "removed", "left", "more", "errors"];

fn unit() -> Value {
    let line = |what: &str| s::integer(what, 1, 10_000_000);
    json!({"type": "object", "additionalProperties": false, "required": ["name", "file_path"], "properties": {
        "name": s::text("Its name.", 200), "file_path": s::text("Its file.", 1_000),
        "unit_type": s::or(s::choice(&KINDS, "What it is."), "function"),
        "language": s::maybe_text("By the file's name if absent.", 40), "container": s::maybe_text("The type or unit it belongs to.", 200),
        "signature": s::maybe_text("Its head.", 2_000), "docstring": s::maybe_text("Its comment.", 5_000),
        "start_line": s::or(line("First line."), 1), "end_line": line("Last line."),
        "complexity": s::integer("Decision points + 1.", 1, 100_000),
        "calls": s::list(&json!({"type": "string", "minLength": 1, "maxLength": 200}), 500, "Names it calls."),
    }})
}

pub(super) fn operations() -> Vec<Named> {
    vec![
        operation(
            "index_code_repository",
            (
                "write",
                "Indexes the source files of granted folders, and keeps the index fresh from then on.",
                "Works in steps: while `more` is true, call it again with the same arguments; `left` counts what is still to do. Every 30 seconds the folder is looked through for changes. Rust is parsed whole (`exact`), other languages by outline.",
            ),
            (&json!({"repo_path": repo(), "rebuild": s::flag("Read everything again, changed or not.", false)}), &[]),
            (&tally(), &TOLD),
            &json!([{"arguments": {"repo_path": "demo"}, "fault": "not-found.folder", "note": "No folder is granted here."}]),
        ),
        operation(
            "refresh_code_index",
            (
                "write",
                "Looks through the followed folders for new, changed and removed files.",
                "Runs by itself every 30 seconds.",
            ),
            (&json!({}), &[]),
            (&tally(), &TOLD),
            &json!([{"arguments": {}}]),
        ),
        operation(
            "forget_code_repository",
            (
                "destructive",
                "Follows a folder no longer and removes its files from the index.",
                "Works in steps: call it again while `more` is true. Recorded analyses stay.",
            ),
            (&json!({"repo_path": s::text("The folder, or a path in it.", 1_000)}), &["repo_path"]),
            (&json!({"removed": integer(), "stopped": integer(), "more": boolean()}), &["removed", "stopped", "more"]),
            &json!([{"arguments": {"repo_path": "demo"}, "setup": [given()]}, {"arguments": {"repo_path": "nowhere"}, "fault": "not-found.folder"}]),
        ),
        operation(
            "add_code_entities",
            (
                "write",
                "Adds units somebody else has found, for files this layer cannot read.",
                "The units given of a file replace those given of it before. A file that was indexed from its folder is refused.",
            ),
            (&json!({"code_units": s::or(s::list(&unit(), 500, "The units."), json!([])), "repo_path": repo()}), &[]),
            (&json!({"files": objects(), "units": integer(), "edges": integer()}), &["files", "units", "edges"]),
            &json!([{"arguments": super::arguments(&given())}, {"arguments": {}, "fault": "invalid.argument", "note": "Nothing is given."}]),
        ),
    ]
}
