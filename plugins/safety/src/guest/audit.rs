//! The audit: a line in the transaction of each deed, and asking for them.

use super::{AUDIT, name_of, now, page};
use crate::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json, write};
use serde::Deserialize;

/// Stages a line. `subject` is the name of what it was done to.
pub(super) fn note(action: &str, user: &str, subject: &str, data: &Value) -> Result<(), Fault> {
    let line = json!({"at": now(), "action_type": action, "user": user, "subject": subject, "data": data});
    write::insert(AUDIT, &line).map(|_| ())
}

#[derive(Deserialize)]
struct Ask {
    limit: Option<u32>,
    action_type: Option<String>,
    user: Option<String>,
    days_back: Option<u64>,
    change_id: Option<Value>,
    cursor: Option<String>,
}

/// `get_audit_trail`. The first instant is a whole day, so that a cursor fits the next call.
pub(super) fn trail(given: Value) -> Answer {
    let given: Ask = arguments(given)?;
    let since = given.days_back.map(|days| {
        let day = 86_400_000;
        (now() / day).saturating_sub(days) * day
    });
    let query = Query::of(AUDIT)
        .filter_if("action_type", "=", given.action_type)?
        .filter_if("user", "=", given.user)?
        .filter_if("subject", "=", given.change_id.as_ref().map(|id| name_of(Some(id))))?
        .filter_if("at", ">=", since)?
        .descending("at")?;
    page(query, "entries", given.limit, given.cursor.as_deref(), |line| {
        json!({"id": row::id(line), "timestamp": line.get("at"), "action_type": line.get("action_type"), "user": line.get("user"),
               "subject": line.get("subject"), "data": line.get("data")})
    })
}
