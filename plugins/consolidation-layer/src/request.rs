//! A request: how a layer that cannot run anything asks the host for a run, and how the run is found again.

use crate::row;
use memstrata_sdk::{Map, Value, json};

/// The event the host's trigger hears; with this layer's name before it.
pub const EVENT: &str = "requested";
/// What `host.runs.trigger` begins with for a run that a request set off.
const TRIGGER: &str = "event:consolidation.requested#m:";
/// After so long without a run, something is wrong.
const LATE_MS: u64 = 60_000;

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// What the caller called the strategy.
    pub asked: String,
    /// The configured strategy; none is the active one.
    pub strategy: Option<String>,
    /// Only rows of this namespace and below.
    pub namespace: String,
    /// Only rows changed since (ms UTC).
    pub since: Option<u64>,
    /// Also what is done already.
    pub again: bool,
    /// Nothing is to be written.
    pub dry_run: bool,
    /// Why, in the caller's word: `manual`, `schedule`, ..
    pub reason: String,
}

impl Request {
    /// The row that keeps it.
    #[must_use]
    pub fn row(&self) -> Value {
        let mut row = json!({
            "asked": self.asked, "strategy": self.strategy, "since": self.since, "again": self.again,
            "dry_run": self.dry_run, "reason": self.reason,
        });
        if let Some(row) = row.as_object_mut() {
            row.retain(|_, value| !value.is_null());
            if !self.namespace.is_empty() {
                row.insert("namespace".into(), json!(self.namespace));
            }
        }
        row
    }

    /// What the event carries.
    #[must_use]
    pub fn payload(&self, id: u64) -> Value {
        let mut payload = Map::new();
        payload.insert("request".into(), json!(row::reference(id)));
        payload.insert("namespace".into(), json!(self.namespace));
        payload.insert("again".into(), json!(self.again));
        payload.insert("dry_run".into(), json!(self.dry_run));
        if let Some(strategy) = &self.strategy {
            payload.insert("strategy".into(), json!(strategy));
        }
        if let Some(since) = self.since {
            payload.insert("since".into(), json!(since));
        }
        Value::Object(payload)
    }

    /// What the caller is told.
    #[must_use]
    pub fn answer(&self, id: u64) -> Value {
        let mut notes = Vec::new();
        if self.dry_run {
            notes.push("a dry run changes nothing; `memstrata consolidate --dry-run` prints what it would change");
        }
        json!({
            "request": row::reference(id), "id": id, "status": "requested", "strategy": self.strategy,
            "asked": self.asked, "namespace": self.namespace, "since": self.since, "again": self.again,
            "dry_run": self.dry_run, "notes": notes,
            "follow": format!("the host starts it in the background: call get_run with request \"m:{id}\""),
        })
    }
}

/// The instant that is so many minutes back; 0 minutes are no bound.
#[must_use]
pub fn since(now: u64, minutes: u64) -> Option<u64> {
    (minutes > 0).then(|| now.saturating_sub(minutes.saturating_mul(60_000)))
}

/// The trigger of the runs a request set off.
#[must_use]
pub fn trigger(id: u64) -> String {
    format!("{TRIGGER}{id}")
}

/// The request that a run's trigger names.
#[must_use]
pub fn of_trigger(trigger: &str) -> Option<u64> {
    trigger.strip_prefix(TRIGGER)?.parse().ok()
}

/// What is to say of a request no run has come of yet.
#[must_use]
pub fn waiting(request: &Value, now: u64) -> String {
    let asked = row::int(request, "created_at").unwrap_or(now);
    if request.get("dry_run").and_then(Value::as_bool) == Some(true) {
        "a dry run writes nothing, and may leave no record: `memstrata consolidate --dry-run` prints one".to_owned()
    } else if now.saturating_sub(asked) < LATE_MS {
        "the host has not begun it: ask again in a second".to_owned()
    } else {
        "no run came of it for a minute: another run may be going on (list_runs with status `running`), the host's log \
         says more, or the host does not listen for `consolidation.requested` (see docs/consolidation.md)"
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_says_what_the_host_needs() {
        let request = Request {
            asked: "balanced".into(),
            namespace: "user:a".into(),
            since: Some(5),
            again: true,
            ..Request::default()
        };
        let expected = json!({"request": "m:9", "namespace": "user:a", "again": true, "dry_run": false, "since": 5});
        assert_eq!(request.payload(9), expected, "the active strategy is not named");
        let named = Request { strategy: Some("decay".into()), ..Request::default() };
        let expected =
            json!({"request": "m:9", "namespace": "", "again": false, "dry_run": false, "strategy": "decay"});
        assert_eq!(named.payload(9), expected);
        assert!(named.row().get("namespace").is_none() && named.row().get("since").is_none());
        assert_eq!(request.row()["namespace"], "user:a");
    }

    #[test]
    fn a_run_names_its_request() {
        assert_eq!(trigger(12), "event:consolidation.requested#m:12");
        assert_eq!(of_trigger(&trigger(12)), Some(12));
        for other in ["manual", "schedule", "event:other.requested#m:1", "event:consolidation.requested#m:x"] {
            assert_eq!(of_trigger(other), None, "{other}");
        }
    }

    #[test]
    fn ages_are_bounds_unless_they_are_none() {
        assert_eq!((since(1_000_000, 10), since(1_000, 10), since(1_000, 0)), (Some(400_000), Some(0), None));
    }

    #[test]
    fn a_late_request_is_told_from_a_young_one() {
        let request = json!({"created_at": 1_000});
        assert!(waiting(&request, 2_000).contains("in a second"));
        assert!(waiting(&request, 61_000).contains("another run"));
        assert!(waiting(&json!({"created_at": 0, "dry_run": true}), 0).contains("--dry-run"));
    }
}
