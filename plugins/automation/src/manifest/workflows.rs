//! Operations on workflows.

use super::schema::{self as s, Named, operation, step};
use memstrata_sdk::json;

pub(super) fn operations() -> Vec<Named> {
    let release = step(
        "register_workflow",
        &json!({"workflow_name": "release", "required_params": ["version"], "steps": [
        {"type": "note", "text": "Release {{version}} begins"}, {"type": "call", "operation": "prospective.create_task", "arguments": {"content": "Tag {{version}}"}},
        {"type": "notify", "message": "Tell the team", "if": "public"}]}),
    );
    vec![
        (
            "register_workflow",
            operation(
                "write",
                "Registers a workflow: steps done in order, by name.",
                "Registering a name again replaces it.",
                (
                    s::input(
                        &json!({
                            "workflow_name": s::text("Its name.", 200), "steps": s::actions("The steps."),
                            "required_params": {"type": "array", "items": s::text("", 100), "maxItems": 50, "description": "Parameters each run must give."},
                            "description": s::text("What it is for.", 1_000), "namespace": s::own_namespace(),
                        }),
                        &["workflow_name", "steps"],
                    ),
                    s::output(
                        &json!({"id": s::of("integer"), "ref": s::of("string"), "workflow_name": s::of("string"), "steps": s::of("integer"), "status": {"type": "string", "enum": ["registered", "updated"]}}),
                        &["id", "ref", "workflow_name", "steps", "status"],
                    ),
                ),
                &json!([{"arguments": {"workflow_name": "tidy up", "steps": ["semantic.optimize", "Look at what was pruned"]}}]),
            ),
        ),
        (
            "list_workflows",
            operation(
                "read",
                "Workflows by name, with their steps.",
                "",
                (
                    s::input(
                        &json!({"namespace": s::namespace(), "limit": s::limit(50, 50), "cursor": s::cursor()}),
                        &[],
                    ),
                    s::output(
                        &json!({"workflows": s::objects(), "count": s::of("integer"), "next_cursor": s::maybe("string")}),
                        &["workflows", "count"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": [release]}]),
            ),
        ),
        (
            "remove_workflow",
            operation(
                "destructive",
                "Takes a workflow away; its history stays.",
                "",
                (
                    s::input(
                        &json!({"workflow_name": s::text("Its name.", 200), "namespace": s::own_namespace()}),
                        &["workflow_name"],
                    ),
                    s::output(&json!({"id": s::of("integer"), "removed": s::of("boolean")}), &["id", "removed"]),
                ),
                &json!([
                    {"arguments": {"workflow_name": "release"}, "setup": [release]},
                    {"arguments": {"workflow_name": "nothing"}, "fault": "not-found.workflow"},
                ]),
            ),
        ),
        (
            "execute_automation_workflow",
            operation(
                "write",
                "Runs a workflow: does the steps that can be done here, and answers the others in order in `to_do`.",
                "Parameters fill the templates of the steps. With `occasion` the same one runs once.",
                (
                    s::input(
                        &json!({
                            "workflow_name": s::text("Its name.", 200), "workflow_params": s::or(s::data("What conditions and templates see."), json!({})),
                            "occasion": s::text("Your name of the occasion: the same one fires once.", 200), "parent_firing": s::id("The firing that led here:"),
                            "session_id": s::session(), "namespace": s::own_namespace(),
                        }),
                        &["workflow_name"],
                    ),
                    s::fired(),
                ),
                &json!([
                    {"arguments": {"workflow_name": "release", "workflow_params": {"version": "1.2"}}, "setup": [release]},
                    {"arguments": {"workflow_name": "release"}, "setup": [release], "fault": "invalid.argument"},
                    {"arguments": {"workflow_name": "nothing"}, "fault": "not-found.workflow"},
                ]),
            ),
        ),
    ]
}
