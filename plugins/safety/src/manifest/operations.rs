//! The operations.

use super::collections::{APPROVALS, OUTCOMES};
use super::schema::{self as s, Named, operation};
use crate::execution::STATUSES;
use crate::policy::DECISIONS;
use crate::risk::{SCOPES, STATED};
use memstrata_sdk::{Value, json};

pub(super) fn operations() -> Vec<Named> {
    let mut all = changes();
    all.extend(approvals());
    all.extend(policies());
    all.extend(watching());
    all.extend(security());
    all
}

fn names(list: &[(&'static str, i32)]) -> Vec<&'static str> {
    list.iter().map(|(name, _)| *name).collect()
}

fn change_id() -> Value {
    json!({"type": ["string", "integer"], "minLength": 1, "maxLength": 200, "description": "The change's name or number."})
}

fn evaluated(id: &str) -> Value {
    json!({"operation": "evaluate_change_safety", "arguments": {"change_id": id, "change_type": "schema", "change_description": "Drop the old users table in production"}})
}

fn asked(id: &str) -> Value {
    json!({"operation": "request_approval", "arguments": {"change_id": id, "change_type": "schema", "description": "Drop the old users table", "requested_by": "ann"}})
}

fn page(name: &str) -> Value {
    s::output(&[("count", "integer"), (name, "array"), ("next_cursor", "string|null")])
}

fn risk() -> Vec<(&'static str, &'static str)> {
    vec![
        ("score", "integer"),
        ("level", "string"),
        ("rules", "array"),
        ("similar_changes", "array"),
        ("advice", "array"),
    ]
}

fn changes() -> Vec<Named> {
    let systems = |description: &str| s::or(s::texts(description), json!([]));
    let mut evaluation = risk();
    evaluation.extend([("change_id", "string"), ("decision", "string"), ("policies", "array")]);
    vec![
        (
            "evaluate_change_safety",
            operation(
                "write",
                "Scores a change by named rules and the policies in force, and keeps it.",
                "decision: allow, require_approval (request_approval) or deny. record_change_outcome says later how it went, and later scores learn from that.",
                (
                    s::input(
                        &json!({"change_type": s::text("Such as code, schema, config, deployment.", 100), "change_description": s::text("What is changed, where, how it is undone.", 10_000),
                        "affected_components": systems("What it touches; `all` is everything."), "risk_level": s::or(s::choice(&names(&STATED), "How risky you think it is."), "medium"),
                        "change_id": change_id(), "user": s::or(s::text("Who asks.", 200), "system")}),
                        &["change_type", "change_description"],
                    ),
                    s::output(&evaluation),
                ),
                &json!([{"arguments": {"change_type": "schema", "change_description": "Drop the old users table in production", "affected_components": ["db", "api"]}},
                    {"arguments": {"change_type": "code", "change_description": "Again", "change_id": "c1"}, "setup": [evaluated("c1")], "note": "Evaluated anew."}]),
            ),
        ),
        (
            "analyze_change_risk",
            operation(
                "read",
                "The score of a change by named rules and by how similar changes went; keeps nothing.",
                "Similar: a quarter of the words in common. Each rule says its points and why it held.",
                (
                    s::input(
                        &json!({"change_description": s::text("What is changed.", 10_000), "scope": s::or(s::choice(&names(&SCOPES), "How far it reaches."), "medium"),
                        "affected_systems": systems("What it touches.")}),
                        &["change_description"],
                    ),
                    s::output(&risk()),
                ),
                &json!([{"arguments": {"change_description": "Drop the users table in production", "affected_systems": ["db"]},
                    "setup": [evaluated("c1"), {"operation": "record_change_outcome", "arguments": {"change_id": "c1", "outcome": "rolled_back"}}]}]),
            ),
        ),
        (
            "record_change_outcome",
            operation(
                "write",
                "Says how an evaluated change went.",
                "",
                (
                    s::input(
                        &json!({"change_id": change_id(), "outcome": s::choice(&OUTCOMES, "How it went."), "notes": s::text("More.", 5000), "user": s::or(s::text("Who says so.", 200), "system")}),
                        &["change_id", "outcome"],
                    ),
                    s::output(&[("change_id", "string"), ("outcome", "string")]),
                ),
                &json!([{"arguments": {"change_id": "c1", "outcome": "success"}, "setup": [evaluated("c1")]},
                    {"arguments": {"change_id": "c9", "outcome": "success"}, "fault": "not-found.change"}]),
            ),
        ),
    ]
}

fn approvals() -> Vec<Named> {
    let statuses: Vec<&str> = APPROVALS.iter().copied().chain(["expired"]).collect();
    vec![
        (
            "request_approval",
            operation(
                "write",
                "Asks for the approval of a change.",
                "One that is pending and not past its deadline is not asked for twice.",
                (
                    s::input(
                        &json!({"change_id": change_id(), "change_type": s::text("Such as schema.", 100), "description": s::text("What is to be approved.", 10_000),
                        "requested_by": s::or(s::text("Who asks.", 200), "system"), "deadline": s::time("When an answer comes too late.")}),
                        &["change_id", "change_type", "description"],
                    ),
                    s::output(&[("approval_id", "integer"), ("change_id", "string"), ("status", "string")]),
                ),
                &json!([{"arguments": {"change_id": "c1", "change_type": "schema", "description": "Drop the old table", "deadline": "2040-01-01"}},
                    {"arguments": {"change_id": "c1", "change_type": "schema", "description": "Drop it"}, "setup": [asked("c1")], "fault": "conflict.duplicate"},
                    {"arguments": {"change_id": "c1", "change_type": "schema", "description": "Drop it", "deadline": "2001-01-01"}, "fault": "invalid.argument"}]),
            ),
        ),
        (
            "decide_approval",
            operation(
                "write",
                "Approves or rejects a change.",
                "Whoever asked may not decide, and not after the deadline.",
                (
                    s::input(
                        &json!({"change_id": change_id(), "decision": s::choice(&["approved", "rejected"], "What is decided."), "decided_by": s::text("Who decides.", 200), "reason": s::text("Why.", 5000)}),
                        &["change_id", "decision", "decided_by"],
                    ),
                    s::output(&[("approval_id", "integer"), ("change_id", "string"), ("status", "string")]),
                ),
                &json!([{"arguments": {"change_id": "c1", "decision": "approved", "decided_by": "bob"}, "setup": [asked("c1")]},
                    {"arguments": {"change_id": "c1", "decision": "approved", "decided_by": "ann"}, "setup": [asked("c1")], "fault": "denied.self-approval"},
                    {"arguments": {"change_id": "c1", "decision": "approved", "decided_by": "bob"}, "fault": "not-found.approval"}]),
            ),
        ),
        (
            "list_approvals",
            operation(
                "read",
                "Lists approvals, newest first.",
                "",
                (
                    s::input(
                        &json!({"status": s::choice(&statuses, "Only these."), "change_id": change_id(), "limit": s::limit(50), "cursor": s::cursor()}),
                        &[],
                    ),
                    page("approvals"),
                ),
                &json!([{"arguments": {"status": "pending"}, "setup": [asked("c1")]}]),
            ),
        ),
    ]
}

fn policies() -> Vec<Named> {
    let made = json!([{"operation": "create_policy", "arguments": {"name": "no-drop", "policy_type": "data", "pattern": "drop table|truncate", "decision": "deny", "reason": "Data is kept"}}]);
    vec![
        (
            "create_policy",
            operation(
                "write",
                "Makes a policy, or changes the one of that name.",
                "pattern: alternatives separated by `|`; a phrase is found as whole words anywhere, one with `*` must fit the whole action.",
                (
                    s::input(
                        &json!({"name": s::text("Its name.", 100), "policy_type": s::or(s::text("Such as data, deployment, access.", 100), "general"), "pattern": s::text("Which actions.", 1000),
                        "decision": s::choice(&DECISIONS, "What holds for them."), "priority": s::or(s::integer("1 is looked at first.", 1, 1000), 100), "reason": s::text("Why.", 2000),
                        "enabled": {"type": "boolean", "default": true, "description": "False: it is kept, and does not hold."}, "user": s::or(s::text("Who makes it.", 200), "system")}),
                        &["name", "pattern", "decision"],
                    ),
                    s::output(&[("id", "integer"), ("name", "string"), ("created", "boolean")]),
                ),
                &json!([{"arguments": {"name": "ask-before-deploy", "policy_type": "deployment", "pattern": "deploy *", "decision": "require_approval"}}, {"arguments": {"name": "no-drop", "pattern": "drop", "decision": "deny"}, "setup": made}]),
            ),
        ),
        (
            "list_policies",
            operation(
                "read",
                "Lists policies, first rank first.",
                "",
                (
                    s::input(
                        &json!({"policy_type": s::text("Only these.", 100), "limit": s::limit(100), "cursor": s::cursor()}),
                        &[],
                    ),
                    page("policies"),
                ),
                &json!([{"arguments": {}, "setup": made}]),
            ),
        ),
        (
            "delete_policy",
            operation(
                "destructive",
                "Deletes a policy.",
                "Its history stays, and undo brings it back.",
                (
                    s::input(
                        &json!({"name": s::text("Its name.", 100), "user": s::or(s::text("Who deletes it.", 200), "system")}),
                        &["name"],
                    ),
                    s::output(&[("id", "integer"), ("name", "string")]),
                ),
                &json!([{"arguments": {"name": "no-drop"}, "setup": made}, {"arguments": {"name": "none"}, "fault": "not-found.policy"}]),
            ),
        ),
        (
            "check_safety_policy",
            operation(
                "read",
                "What the policies say about an action.",
                "Of those that fit, the lowest priority number decides, then the strictest. Without any, the operator's default (`by`: default).",
                (
                    s::input(
                        &json!({"action": s::text("What is to be done.", 5000), "policy_type": s::text("Only policies of this type.", 100)}),
                        &["action"],
                    ),
                    s::output(&[
                        ("decision", "string"),
                        ("allowed", "boolean"),
                        ("by", "string"),
                        ("policies", "array"),
                    ]),
                ),
                &json!([{"arguments": {"action": "DROP TABLE users"}, "setup": made}, {"arguments": {"action": "read a file"}}]),
            ),
        ),
    ]
}

fn watching() -> Vec<Named> {
    let files = s::list(
        &json!({"type": "object", "additionalProperties": false, "required": ["path", "content"],
            "properties": {"path": s::text("Its path.", 1000), "content": {"type": "string", "maxLength": 1_000_000, "description": "Its text."}}}),
        1_000,
        "Files and their texts; only hashes are kept.",
    );
    let taken = |name: &str, content: &str| json!({"operation": "create_code_snapshot", "arguments": {"snapshot_name": name, "files": [{"path": "src/a.rs", "content": content}]}});
    vec![
        (
            "monitor_execution",
            operation(
                "write",
                "Reports how far an execution is; answers what is left at this rate.",
                "An execution that is over stays so.",
                (
                    s::input(
                        &json!({"execution_id": {"type": ["string", "integer"], "minLength": 1, "maxLength": 200, "description": "Its name or number."}, "status": s::or(s::choice(&STATUSES, "Its state."), "running"),
                        "error_message": s::text("What went wrong.", 10_000), "progress_percent": s::or(json!({"type": "number", "minimum": 0, "maximum": 100, "description": "How far it is."}), 0)}),
                        &["execution_id"],
                    ),
                    s::output(&[
                        ("execution_id", "string"),
                        ("status", "string"),
                        ("progress_percent", "number"),
                        ("elapsed_ms", "integer"),
                        ("remaining_seconds", "number|null"),
                        ("warnings", "array"),
                    ]),
                ),
                &json!([{"arguments": {"execution_id": "deploy-7", "progress_percent": 40}},
                    {"arguments": {"execution_id": "deploy-7"}, "fault": "conflict.transition", "setup": [{"operation": "monitor_execution", "arguments": {"execution_id": "deploy-7", "status": "completed", "progress_percent": 100}}]}]),
            ),
        ),
        (
            "list_executions",
            operation(
                "read",
                "Lists executions, last reported first.",
                "",
                (
                    s::input(
                        &json!({"status": s::choice(&STATUSES, "Only these."), "limit": s::limit(50), "cursor": s::cursor()}),
                        &[],
                    ),
                    page("executions"),
                ),
                &json!([{"arguments": {}, "setup": [{"operation": "monitor_execution", "arguments": {"execution_id": 7}}]}]),
            ),
        ),
        (
            "create_code_snapshot",
            operation(
                "write",
                "Keeps the hashes of files under a name.",
                "Give `files` with their texts, or none: then those of the granted folders, as `folder/path`, are read; hidden folders and build output are left out, files over 1 MiB and links named in `skipped`. components: `all`, or folders and files.",
                (
                    s::input(
                        &json!({"snapshot_name": s::text("Its name, used once.", 200), "description": s::text("What it is for.", 5000), "components": s::or(s::texts("Which of the files."), json!(["all"])), "files": files,
                        "user": s::or(s::text("Who takes it.", 200), "system")}),
                        &["snapshot_name"],
                    ),
                    s::output(&[("id", "integer"), ("name", "string"), ("files", "integer"), ("hash", "string")]),
                ),
                &json!([{"arguments": {"snapshot_name": "before", "files": [{"path": "src/a.rs", "content": "fn a() {}"}, {"path": "b.md", "content": "# B"}], "components": ["src"]}},
                    {"arguments": {"snapshot_name": "empty"}, "fault": "invalid.argument", "note": "No files."},
                    {"arguments": {"snapshot_name": "x", "files": [{"path": "a", "content": ""}]}, "setup": [taken("x", "1")], "fault": "conflict.duplicate"}]),
            ),
        ),
        (
            "compare_code_snapshots",
            operation(
                "read",
                "Which files two snapshots differ in.",
                "",
                (
                    s::input(
                        &json!({"from": s::text("The earlier one's name.", 200), "to": s::text("The later one's name.", 200)}),
                        &["from", "to"],
                    ),
                    s::output(&[("equal", "boolean"), ("added", "array"), ("removed", "array"), ("changed", "array")]),
                ),
                &json!([{"arguments": {"from": "x", "to": "y"}, "setup": [taken("x", "1"), taken("y", "2")]}, {"arguments": {"from": "x", "to": "y"}, "fault": "not-found.snapshot"}]),
            ),
        ),
        (
            "list_code_snapshots",
            operation(
                "read",
                "Lists snapshots, newest first.",
                "",
                (s::input(&json!({"limit": s::limit(50), "cursor": s::cursor()}), &[]), page("snapshots")),
                &json!([{"arguments": {}, "setup": [taken("x", "1")]}]),
            ),
        ),
        (
            "get_audit_trail",
            operation(
                "read",
                "What was done in this layer and by whom, newest first.",
                "",
                (
                    s::input(
                        &json!({"limit": s::limit(100), "action_type": s::text("Such as approval_decided.", 100), "user": s::text("By whom.", 200), "days_back": s::integer("Not older.", 1, 36_500),
                        "change_id": change_id(), "cursor": s::cursor()}),
                        &[],
                    ),
                    page("entries"),
                ),
                &json!([{"arguments": {"user": "ann"}, "setup": [asked("c1")]}]),
            ),
        ),
    ]
}

fn security() -> Vec<Named> {
    vec![
        (
            "analyze_code_security",
            operation(
                "read",
                "Finds risky patterns in code: line, rule, CWE and what to do instead.",
                "Rules read single lines and follow no data: a finding is a place to look at. file_path names the language by its end; without code it is read from a granted folder.",
                (
                    s::input(
                        &json!({"code": {"type": "string", "maxLength": 1_000_000, "default": "", "description": "The code."}, "file_path": {"type": "string", "maxLength": 1000, "default": "", "description": "Its name, such as `src/app.py`."}, "limit": s::limit(200)}),
                        &[],
                    ),
                    s::output(&[
                        ("findings", "array"),
                        ("count", "integer"),
                        ("lines", "integer"),
                        ("by_severity", "object"),
                        ("cut", "boolean"),
                    ]),
                ),
                &json!([{"arguments": {"code": "import os\nos.system('ls ' + name)\n", "file_path": "a.py"}}, {"arguments": {}, "fault": "invalid.argument", "note": "No code."}]),
            ),
        ),
        (
            "track_sensitive_data",
            operation(
                "read",
                "Finds keys, tokens, passwords, e-mail addresses and card numbers (Luhn) in memories; shows them masked.",
                "Newest memories first, `limit` rows a call; next_cursor goes on. `unreadable`: collections that are not there or not granted.",
                (
                    s::input(
                        &json!({"project_id": s::or(s::project("A space is one project: taken and not used.", 100), 1), "limit": s::limit(200), "collection": s::text("Only this one, such as `semantic.memories`.", 100), "cursor": s::cursor()}),
                        &[],
                    ),
                    s::output(&[
                        ("findings", "array"),
                        ("by_kind", "object"),
                        ("examined", "integer"),
                        ("unreadable", "array"),
                        ("next_cursor", "string|null"),
                    ]),
                ),
                &json!([{"arguments": {}}, {"arguments": {"collection": "safety.changes"}, "setup": [{"operation": "evaluate_change_safety", "arguments": {"change_type": "config", "change_description": "Mail ann@shop.example.com about it"}}]}]),
            ),
        ),
    ]
}
