//! A run as callers see it: the host's record, with what follows from it.

use crate::request;
use crate::row;
use memstrata_sdk::{Map, Value, json};

/// What a record tells as it stands.
const FIELDS: [&str; 22] = [
    "run",
    "strategy",
    "digest",
    "mode",
    "status",
    "trigger",
    "principal",
    "namespace",
    "as_of",
    "started_at",
    "ended_at",
    "units",
    "applied",
    "skipped",
    "failed",
    "created",
    "changed",
    "ended",
    "conflicts",
    "tokens",
    "guest_ms",
    "resumed",
];

/// How long it took, ms; `None` while it goes on.
#[must_use]
pub fn duration(run: &Value) -> Option<u64> {
    Some(row::int(run, "ended_at")?.saturating_sub(row::int(run, "started_at")?))
}

/// It goes on.
#[must_use]
pub fn is_running(run: &Value) -> bool {
    row::text(run, "status") == "running"
}

/// The run for a caller. What the record does not hold is not there.
#[must_use]
pub fn show(run: &Value) -> Map<String, Value> {
    let mut shown = row::some(run, &FIELDS);
    shown.extend(row::some(run, &["error"]));
    if let Some(id) = request::of_trigger(row::text(run, "trigger")) {
        shown.insert("request".into(), json!(row::reference(id)));
    }
    if let Some(duration) = duration(run) {
        shown.insert("duration_ms".into(), json!(duration));
    }
    shown
}

/// A unit for a caller.
#[must_use]
pub fn show_unit(unit: &Value) -> Value {
    let mut shown = row::some(unit, &["unit", "status", "as_of", "patch_hash", "steps", "error"]);
    shown.insert("rows".into(), json!(row::ids(unit, "rows").len()));
    Value::Object(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_tells_its_request_and_its_duration() {
        let run = json!({"run": "r1", "status": "done", "trigger": "event:consolidation.requested#m:4", "error": null,
            "started_at": 10, "ended_at": 25, "created": 0, "id": 3, "measures": {"recall": 1.0}});
        let shown = show(&run);
        assert_eq!(
            (&shown["request"], &shown["duration_ms"], &shown["created"]),
            (&json!("m:4"), &json!(15), &json!(0))
        );
        assert!(!shown.contains_key("error") && !shown.contains_key("measures") && !shown.contains_key("id"));
        let going = json!({"run": "r2", "status": "running", "trigger": "manual", "started_at": 10, "ended_at": null});
        assert!(
            is_running(&going) && !show(&going).contains_key("duration_ms") && !show(&going).contains_key("request")
        );
    }
}
