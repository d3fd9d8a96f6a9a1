//! The component: names of operations to functions, and what several of them share.

mod approvals;
mod assessing;
mod audit;
mod folders;
mod policies;
mod scanning;
mod snapshots;
mod watching;

use crate::settings::Settings;
use memstrata_sdk::{Answer, Fault, Layer, Query, Value, clock, events, json, write};

const CHANGES: &str = "changes";
const APPROVALS: &str = "approvals";
const POLICIES: &str = "policies";
const EXECUTIONS: &str = "executions";
const SNAPSHOTS: &str = "snapshots";
const AUDIT: &str = "audit";

struct Safety;

memstrata_sdk::layer!(Safety);

impl Layer for Safety {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "evaluate_change_safety" => assessing::evaluate(arguments),
            "analyze_change_risk" => assessing::analyze(arguments),
            "record_change_outcome" => assessing::outcome(arguments),
            "request_approval" => approvals::request(arguments),
            "decide_approval" => approvals::decide(arguments),
            "list_approvals" => approvals::list(arguments),
            "create_policy" => policies::create(arguments),
            "list_policies" => policies::list(arguments),
            "delete_policy" => policies::delete(arguments),
            "check_safety_policy" => policies::check(arguments),
            "monitor_execution" => watching::monitor(arguments),
            "list_executions" => watching::list(arguments),
            "create_code_snapshot" => snapshots::create(arguments),
            "compare_code_snapshots" => snapshots::compare(arguments),
            "list_code_snapshots" => snapshots::list(arguments),
            "get_audit_trail" => audit::trail(arguments),
            "analyze_code_security" => scanning::code(arguments),
            "track_sensitive_data" => scanning::memories(arguments),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

/// A name a caller may also give as a number.
fn name_of(given: Option<&Value>) -> String {
    match given {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Stages a change of a row at the version that was read.
fn patch(collection: &str, id: u64, patch: &Value) -> Result<(), Fault> {
    write::update(collection, id, None, patch).map(|_| ())
}

/// The row with this text in a field.
fn found(collection: &str, field: &str, name: &str) -> Result<Option<Value>, Fault> {
    Query::of(collection).filter(json!([field, "=", name]))?.first()
}

/// A page of a query as an answer; `shown` shows a row.
fn page(query: Query, name: &str, limit: Option<u32>, cursor: Option<&str>, shown: impl Fn(&Value) -> Value) -> Answer {
    let page = query.limit(limit.unwrap_or(50)).after(cursor)?.page()?;
    let rows: Vec<Value> = page.rows.iter().map(|row| without_nulls(shown(row))).collect();
    let mut answer = json!({"count": rows.len(), "next_cursor": page.next});
    if let Some(answer) = answer.as_object_mut() {
        answer.insert(name.to_owned(), json!(rows));
    }
    Ok(answer)
}

fn without_nulls(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, field| !field.is_null());
    }
    value
}

fn emit(name: &str, payload: &Value) -> Result<(), Fault> {
    events::emit(name, payload)
}

fn now() -> u64 {
    clock::now()
}

fn settings() -> Result<Settings, Fault> {
    memstrata_sdk::settings::get()
}
