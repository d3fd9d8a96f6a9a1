//! Approvals: asked for, decided by somebody else, in time.

use super::{APPROVALS, audit, emit, name_of, now, page, patch};
use crate::row;
use memstrata_sdk::args::Time;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct Given {
    change_id: Option<Value>,
    change_type: Option<String>,
    description: Option<String>,
    requested_by: Option<String>,
    deadline: Option<Time>,
    decision: Option<String>,
    decided_by: Option<String>,
    reason: Option<String>,
    status: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

fn is_late(approval: &Value, now: u64) -> bool {
    row::text(approval, "status") == "pending" && row::int(approval, "deadline").is_some_and(|deadline| deadline <= now)
}

fn pending(change: &str) -> Result<Query, Fault> {
    Query::of(APPROVALS).filter(json!(["change_id", "=", change]))?.filter(json!(["status", "=", "pending"]))
}

/// `request_approval`.
pub(super) fn request(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let (change, now) = (name_of(given.change_id.as_ref()), now());
    let deadline = given.deadline.map(|time| time.0);
    if deadline.is_some_and(|deadline| deadline <= now) {
        return Err(Fault::invalid("the deadline is over: give a time to come"));
    }
    let open = pending(&change)?;
    // Two requests at once: the later one runs again and finds the first.
    write::expect(&open, open.count()?)?;
    if let Some(known) = open.limit(50).page()?.rows.iter().find(|known| !is_late(known, now)) {
        let id = row::reference(row::id(known));
        return Err(Fault::new(
            "conflict.duplicate",
            format!("{id} asks for `{change}` already: decide_approval answers it"),
        ));
    }
    let by = given.requested_by.as_deref().unwrap_or("system");
    let id = write::insert(
        APPROVALS,
        &json!({"change_id": change, "change_type": given.change_type, "description": given.description, "requested_by": by,
                "requested_at": now, "deadline": deadline, "status": "pending"}),
    )?;
    audit::note("approval_requested", by, &change, &json!({"approval": id, "deadline": deadline}))?;
    emit("approval_requested", &json!({"approval": id, "change_id": change, "requested_by": by}))?;
    Ok(json!({"approval_id": id, "change_id": change, "status": "pending"}))
}

/// `decide_approval`.
pub(super) fn decide(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let (change, now) = (name_of(given.change_id.as_ref()), now());
    let approval = pending(&change)?.descending("requested_at")?.first()?.ok_or_else(|| {
        Fault::new(
            "not-found.approval",
            format!("nothing pending asks for `{change}`: list_approvals shows what was asked"),
        )
    })?;
    let by = given.decided_by.as_deref().unwrap_or_default();
    if by == row::text(&approval, "requested_by") {
        return Err(Fault::new("denied.self-approval", format!("`{by}` asked for it: somebody else must decide")));
    }
    if is_late(&approval, now) {
        return Err(Fault::new("conflict.expired", "its deadline is over: request_approval asks anew"));
    }
    let (id, status) = (row::id(&approval), given.decision.as_deref().unwrap_or_default());
    patch(APPROVALS, id, &json!({"status": status, "decided_by": by, "decided_at": now, "reason": given.reason}))?;
    audit::note("approval_decided", by, &change, &json!({"approval": id, "status": status, "reason": given.reason}))?;
    emit("approval_decided", &json!({"approval": id, "change_id": change, "status": status}))?;
    Ok(json!({"approval_id": id, "change_id": change, "status": status}))
}

/// `list_approvals`.
pub(super) fn list(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let now = now();
    let mut query =
        Query::of(APPROVALS).filter_if("change_id", "=", given.change_id.as_ref().map(|id| name_of(Some(id))))?;
    query = match given.status.as_deref() {
        Some("expired") => query.filter(json!(["status", "=", "pending"]))?.filter(json!(["deadline", "<=", now]))?,
        Some("pending") => query
            .filter(json!(["status", "=", "pending"]))?
            .filter(json!({"any": [["deadline", "=", null], ["deadline", ">", now]]}))?,
        status => query.filter_if("status", "=", status)?,
    };
    page(query.descending("requested_at")?, "approvals", given.limit, given.cursor.as_deref(), |approval| {
        let status = if is_late(approval, now) { "expired" } else { row::text(approval, "status") };
        json!({"approval_id": row::id(approval), "change_id": approval.get("change_id"), "change_type": approval.get("change_type"),
               "description": approval.get("description"), "requested_by": approval.get("requested_by"), "requested_at": approval.get("requested_at"),
               "deadline": approval.get("deadline"), "status": status, "decided_by": approval.get("decided_by"),
               "decided_at": approval.get("decided_at"), "reason": approval.get("reason")})
    })
}
