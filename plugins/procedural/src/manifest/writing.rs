//! Operations that write: create, update, delete, restore, record an execution.

use super::schema::{self as s, Named, operation};
use crate::outcomes::Outcome;
use memstrata_sdk::{Value, json};

/// A procedure examples work on.
pub(super) fn release() -> Value {
    json!({"operation": "create_procedure", "arguments": tagging()})
}

/// What creates it.
fn tagging() -> Value {
    json!({
        "name": "Tag a release", "category": "git", "description": "Tags the commit of a release and pushes the tag.",
        "trigger_pattern": "release | tag version", "applicable_contexts": ["git", "release"],
        "template": "git tag v{{version}}\ngit push {{remote}} v{{version}}",
        "parameters": [{"name": "version", "description": "such as 1.2.0"}, {"name": "remote", "default": "origin"}],
        "steps": ["Run the tests", {"action": "Tag v{{version}}", "expect": "git tag shows it"}, "Push the tag to {{remote}}"],
        "examples": [{"variables": {"version": "1.2.0"}, "note": "A minor release."}]})
}

/// An execution of it.
pub(super) fn executed(outcome: &str, more: &Value) -> Value {
    json!({"operation": "record_execution", "arguments": execution(outcome, more)})
}

/// What tells it.
fn execution(outcome: &str, more: &Value) -> Value {
    let more: Vec<(&str, Value)> =
        more.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value.clone())).collect();
    s::with(json!({"procedure": "Tag a release", "outcome": outcome, "duration_ms": 4000}), &more)
}

fn written() -> Value {
    s::output(
        &json!({
            "id": {"type": "integer"}, "ref": {"type": "string"}, "name": {"type": "string"},
            "category": {"type": "string"}, "version": {"type": "integer"},
            "parameters": {"type": "array", "items": {"type": "object"}},
            "inferred": {"type": "array", "items": {"type": "string"}, "description": "Variables nobody declared."},
            "changed": {"type": "array", "items": {"type": "string"}},
        }),
        &["id", "ref", "name"],
    )
}

fn create() -> Value {
    let more = [
        ("created_by", s::created_by()),
        (
            "namespace",
            json!({"type": "string", "maxLength": 200, "description": "Where it belongs, such as `project:web`."}),
        ),
        ("sources", s::ids("Memories it rests on.", 100)),
    ];
    let properties = s::with(s::fields(), &more);
    operation(
        "write",
        "Stores how something is done.",
        "Use it when you have found a way that works and will be needed again. `template` is text to fill in, `steps` are what to do; both may hold {{variables}}, typed in `parameters`. Fails as `conflict.name` if the namespace has that name: update that one, or choose another.",
        (s::input(&properties, &["name"]), written()),
        &json!([
            {"arguments": tagging(), "note": "A template, typed variables, steps and an example."},
            {"arguments": {"name": "Review a change", "steps": ["Read the description", "Run the tests", "Comment"]}},
            {"arguments": {"name": "Tag a release"}, "setup": [release()], "fault": "conflict.name"},
            {"arguments": {"name": "x", "template": "{{not a name}}"}, "fault": "invalid.template"},
        ]),
    )
}

fn update() -> Value {
    let properties = s::with(
        s::fields(),
        &[
            ("procedure", s::procedure()),
            (
                "version",
                json!({"type": "integer", "minimum": 1,
        "description": "The version you read: `conflict.version` if it has changed since."}),
            ),
        ],
    );
    operation(
        "write",
        "Changes a procedure; earlier versions stay in its history.",
        "Give only what changes; empty text or an empty list clears a field. Everything is checked again as a whole. Executions keep the version they were done by, so get_procedure_effectiveness can compare before and after. Whether a call wins over another is told by `version`.",
        (s::input(&properties, &["procedure"]), written()),
        &json!([
            {"arguments": {"procedure": "Tag a release", "description": "Tags and pushes.", "version": 1}, "setup": [release()]},
            {"arguments": {"procedure": "Tag a release", "description": "x", "version": 9}, "setup": [release()], "fault": "conflict.version"},
            {"arguments": {"procedure": "No such thing", "description": "x"}, "fault": "not-found.procedure"},
        ]),
    )
}

fn record() -> Value {
    operation(
        "write",
        "Records that a procedure was done, and how it ended.",
        "Call it after you followed a procedure: success rate, usage and mean time run on, and suggestions are made from what you tell. `variables` as they were; `failed_step` counts from 1; `learned` is what to do differently. Concurrent calls all count.",
        (
            s::input(
                &json!({
                    "procedure": s::procedure(),
                    "outcome": {"type": "string", "enum": Outcome::NAMES, "default": "success"},
                    "duration_ms": s::duration("How long it took, ms."),
                    "timestamp": s::time("When; now if absent."),
                    "variables": s::variables("What it was done with.", crate::execution::MOST_VARIABLES),
                    "learned": s::text("What was learned.", 5_000),
                    "failed_step": {"type": "integer", "minimum": 1, "maximum": 100, "description": "The step it failed at."},
                    "session_id": s::text("The session it was done in.", 200),
                }),
                &["procedure"],
            ),
            s::output(
                &json!({
                    "id": {"type": "integer", "description": "The execution."}, "ref": {"type": "string"},
                    "procedure": {"type": "integer"}, "usage_count": {"type": "integer"},
                    "success_rate": {"type": "number"}, "avg_completion_time_ms": {"type": ["number", "null"]},
                }),
                &["id", "ref", "procedure", "usage_count", "success_rate"],
            ),
        ),
        &json!([
            {"arguments": execution("failure", &json!({"failed_step": 3, "learned": "Log in to the remote first.",
                "variables": {"version": "1.2.0"}})), "setup": [release(), executed("success", &json!({}))]},
            {"arguments": {"procedure": "m:999999999"}, "fault": "not-found.procedure"},
            {"arguments": {"procedure": "Tag a release", "failed_step": 9, "outcome": "failure"}, "setup": [release()],
             "fault": "invalid.argument"},
        ]),
    )
}

pub(super) fn operations() -> Vec<Named> {
    vec![
        ("create_procedure", create()),
        ("update_procedure", update()),
        (
            "delete_procedure",
            operation(
                "destructive",
                "Deletes a procedure; `restore_procedure` brings it back.",
                "Its executions stay as evidence. A learned procedure that was deleted is not learned again.",
                (
                    s::input(&json!({"procedure": s::procedure()}), &["procedure"]),
                    s::output(
                        &json!({"deleted": {"type": "integer"}, "name": {"type": "string"}, "executions_kept": {"type": "integer"}}),
                        &["deleted", "name"],
                    ),
                ),
                &json!([
                    {"arguments": {"procedure": "Tag a release"}, "setup": [release()]},
                    {"arguments": {"procedure": 999_999_999}, "fault": "not-found.procedure"},
                ]),
            ),
        ),
        (
            "restore_procedure",
            operation(
                "write",
                "Brings a deleted procedure back, with its running figures.",
                "By id, or by a name that one deleted procedure has. Fails as `conflict.name` if its name has been given away.",
                (s::input(&json!({"procedure": s::procedure()}), &["procedure"]), written()),
                &json!([
                    {"arguments": {"procedure": "Tag a release"},
                     "setup": [release(), {"operation": "delete_procedure", "arguments": {"procedure": "Tag a release"}}]},
                    {"arguments": {"procedure": "m:999999999"}, "fault": "not-found.procedure"},
                ]),
            ),
        ),
        ("record_execution", record()),
    ]
}
