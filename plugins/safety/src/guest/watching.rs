//! Executions that report how far they are.

use super::{EXECUTIONS, audit, emit, found, name_of, now, page, patch};
use crate::execution::{is_over, may_follow, remaining_seconds};
use crate::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct Given {
    execution_id: Option<Value>,
    status: Option<String>,
    error_message: Option<String>,
    progress_percent: Option<f64>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// `monitor_execution`.
pub(super) fn monitor(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let (name, now) = (name_of(given.execution_id.as_ref()), now());
    let status = given.status.as_deref().unwrap_or("running");
    let progress = given.progress_percent.unwrap_or_default();
    let mut warnings = Vec::new();
    let known = found(EXECUTIONS, "execution_id", &name)?;
    let started = known.as_ref().and_then(|known| row::int(known, "started_at")).unwrap_or(now);
    let ended = is_over(status).then_some(now);
    if let Some(known) = &known {
        let old = row::text(known, "status");
        if !may_follow(old, status) {
            return Err(Fault::new(
                "conflict.transition",
                format!("execution `{name}` is {old}: report a new run under a name of its own"),
            ));
        }
        if progress < row::number(known, "progress_percent").unwrap_or_default() {
            warnings.push("progress went back");
        }
    }
    if status == "completed" && progress < 100.0 {
        warnings.push("it is completed below 100 percent");
    }
    if status == "failed" && given.error_message.is_none() {
        warnings.push("it failed without an error_message");
    }
    let mut fields = json!({"status": status, "progress_percent": progress, "error_message": given.error_message, "reported_at": now, "ended_at": ended});
    if let Some(fields) = fields.as_object_mut() {
        let reports = known.as_ref().and_then(|known| row::int(known, "reports")).unwrap_or_default();
        fields.insert("reports".into(), json!(reports + 1));
    }
    match &known {
        Some(known) => patch(EXECUTIONS, row::id(known), &fields)?,
        None => {
            if let Some(fields) = fields.as_object_mut() {
                fields.insert("execution_id".into(), json!(name));
                fields.insert("started_at".into(), json!(now));
            }
            write::insert(EXECUTIONS, &fields)?;
        }
    }
    if known.as_ref().is_none_or(|known| row::text(known, "status") != status) {
        audit::note("execution_status", "system", &name, &json!({"status": status, "error": given.error_message}))?;
        emit("execution_status", &json!({"execution_id": name, "status": status}))?;
    }
    let elapsed = now.saturating_sub(started);
    let left = if status == "running" { remaining_seconds(elapsed, progress).filter(|_| elapsed > 0) } else { None };
    Ok(
        json!({"execution_id": name, "status": status, "progress_percent": progress, "elapsed_ms": elapsed, "remaining_seconds": left, "warnings": warnings}),
    )
}

/// `list_executions`.
pub(super) fn list(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let query = Query::of(EXECUTIONS).filter_if("status", "=", given.status)?.descending("reported_at")?;
    page(query, "executions", given.limit, given.cursor.as_deref(), |execution| {
        json!({"execution_id": execution.get("execution_id"), "status": execution.get("status"), "progress_percent": execution.get("progress_percent"),
               "error_message": execution.get("error_message"), "started_at": execution.get("started_at"), "reported_at": execution.get("reported_at"),
               "ended_at": execution.get("ended_at"), "reports": execution.get("reports")})
    })
}
