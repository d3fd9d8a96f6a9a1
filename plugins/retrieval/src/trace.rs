//! Why a memory was not recalled: the stages it has to pass, in order, and the first that drops it.

use crate::request::Request;
use crate::when;
use memstrata_sdk::{Value, json};

/// One stage and what it found.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// `exists`, `deleted`, `collection`, `namespace`, `valid`, `time`, `kind`, `match`, `rank`, `repeat`, `confidence`, `budget`.
    pub stage: &'static str,
    /// Whether the memory passes.
    pub passed: bool,
    /// In words.
    pub detail: String,
}

impl Check {
    /// A stage passed.
    #[must_use]
    pub fn pass(stage: &'static str, detail: impl Into<String>) -> Self {
        Self { stage, passed: true, detail: detail.into() }
    }

    /// A stage that drops the memory.
    #[must_use]
    pub fn drop(stage: &'static str, detail: impl Into<String>) -> Self {
        Self { stage, passed: false, detail: detail.into() }
    }

    fn of(stage: &'static str, passed: bool, detail: String) -> Self {
        Self { stage, passed, detail }
    }
}

/// The first check of a row that can be read.
#[must_use]
pub fn check_there(request: &Request) -> Check {
    Check::pass("exists", if request.known_at.is_some() { "it was known then" } else { "it exists and is live" })
}

/// The checks of a row that was deleted at an instant and lived in a collection.
#[must_use]
pub fn checks_of_deleted(collection: &str, at: u64) -> Vec<Check> {
    vec![
        Check::pass("exists", format!("it lived in `{collection}`")),
        Check::drop("deleted", format!("it was deleted at {}", when::iso(at))),
    ]
}

/// The checks of a row that was not there at the instant asked about, and has been deleted at `deleted` if it is by now.
#[must_use]
pub fn checks_of_unknown(known_at: u64, collection: &str, deleted: Option<u64>) -> Vec<Check> {
    match deleted {
        Some(at) if at <= known_at => checks_of_deleted(collection, at),
        _ => vec![Check::drop("exists", "it was not known then")],
    }
}

/// The checks that need only the row: collection, namespace and valid time.
#[must_use]
pub fn checks_of_row(request: &Request, row: &Value, collection: &str, now: u64) -> Vec<Check> {
    let int = |field: &str| row.get(field).and_then(Value::as_u64);
    let mut checks = Vec::new();
    let listed = request.collections.is_empty()
        || request.collections.iter().any(|name| name == collection || collection.ends_with(&format!(".{name}")));
    let listed = listed && request.takes(collection);
    checks.push(Check::of("collection", listed, format!("it lives in `{collection}`")));
    let namespace = row.get("namespace").and_then(Value::as_str).unwrap_or_default();
    checks.push(Check::of("namespace", request.covers(namespace), format!("its namespace is `{namespace}`")));
    let at = request.valid_at(now);
    let superseded = int("superseded_by").map(|by| format!(", superseded by m:{by}")).unwrap_or_default();
    let (valid, detail) = match (int("valid_from"), int("valid_to")) {
        (Some(from), _) if at < from => (false, format!("it is valid only from {}", when::iso(from))),
        (_, Some(to)) if at >= to => (false, format!("it was valid until {}{superseded}", when::iso(to))),
        _ => (true, format!("valid at {}", when::iso(at))),
    };
    checks.push(Check::of("valid", valid, detail));
    checks
}

/// The check of its recall view's time.
#[must_use]
pub fn check_time(request: &Request, time: u64) -> Check {
    let inside = request.range().is_none_or(|(since, until)| (since..until).contains(&time));
    Check::of("time", inside, format!("its time is {}", when::iso(time)))
}

/// The check of its recall view's kind.
#[must_use]
pub fn check_kind(request: &Request, kind: Option<&str>) -> Check {
    let wanted = request.kinds.is_empty() || kind.is_some_and(|kind| request.kinds.iter().any(|known| known == kind));
    Check::of("kind", wanted, format!("its kind is `{}`", kind.unwrap_or("none")))
}

/// What to do about the stage that drops it.
#[must_use]
pub fn advice(stage: &str) -> &'static str {
    match stage {
        "exists" => "check the id and `known_at`; it may belong to another space or to a layer recall may not read",
        "deleted" => "restore it with its layer's restore operation",
        "collection" => "leave out `collections` and `layers`, or add this one",
        "namespace" => "leave out `namespace` or use one that covers it",
        "confidence" => "leave out `abstain`, or ask closer to its words",
        "valid" => "ask with `as_of` inside its valid time",
        "time" => "widen `since` and `until`",
        "kind" => "leave out `kinds` or add this one",
        "match" => "use words it contains, or lower `min_similarity`",
        "rank" => "raise `limit`, or ask more precisely",
        "repeat" => "nothing: the hit that stands for it lists it under `also`",
        "budget" => "raise `budget`",
        _ => "nothing: it is recalled",
    }
}

/// The answer of `why_not`.
#[must_use]
pub fn verdict(id: u64, checks: &[Check]) -> Value {
    let dropped = checks.iter().find(|check| !check.passed);
    let stage = dropped.map_or("none", |check| check.stage);
    let reason = dropped.or(checks.last()).map_or("", |check| check.detail.as_str());
    json!({
        "id": id,
        "ref": crate::fit::reference(id),
        "recalled": dropped.is_none(),
        "stage": stage,
        "reason": reason,
        "advice": advice(stage),
        "checks": checks.iter().map(|check| json!({
            "stage": check.stage, "passed": check.passed, "detail": check.detail,
        })).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(request: Value, row: Value) -> String {
        let request: Request = serde_json::from_value(request).unwrap_or_default();
        let checks = checks_of_row(&request, &row, "semantic.memories", 100);
        verdict(1, &checks)["stage"].as_str().unwrap_or_default().to_owned()
    }

    #[test]
    fn names_the_first_stage_that_drops_it() {
        for (request, row, dropped) in [
            (json!({"query": "a"}), json!({}), "none"),
            (json!({"query": "a", "collections": ["memories"]}), json!({}), "none"),
            (json!({"query": "a", "collections": ["episodic.events"]}), json!({}), "collection"),
            (json!({"query": "a", "layers": ["semantic"]}), json!({}), "none"),
            (json!({"query": "a", "layers": ["episodic"]}), json!({}), "collection"),
            (json!({"query": "a", "namespace": "x"}), json!({"namespace": "x2"}), "namespace"),
            (json!({"query": "a"}), json!({"valid_to": 100, "superseded_by": 9}), "valid"),
            (json!({"query": "a", "as_of": 99}), json!({"valid_to": 100}), "none"),
            (json!({"query": "a"}), json!({"valid_from": 101}), "valid"),
            (json!({"query": "a", "known_at": 99}), json!({"valid_to": 100}), "none"),
            (json!({"query": "a", "known_at": 99}), json!({"valid_from": 100}), "valid"),
            (json!({"query": "a", "known_at": 99, "as_of": 100}), json!({"valid_from": 100}), "none"),
        ] {
            assert_eq!(stage(request.clone(), row), dropped, "{request}");
        }
    }

    #[test]
    fn a_row_that_was_not_known_then_is_not_there() {
        for (deleted, stage, reason) in [
            (None, "exists", "it was not known then"),
            (Some(101), "exists", "it was not known then"),
            (Some(100), "deleted", "it was deleted at 1970-01-01"),
        ] {
            let verdict = verdict(1, &checks_of_unknown(100, "semantic.memories", deleted));
            assert_eq!(verdict["stage"], stage, "{deleted:?}");
            assert!(verdict["reason"].as_str().is_some_and(|said| said.starts_with(reason)), "{verdict}");
        }
        let then: Request = serde_json::from_value(json!({"query": "a", "known_at": 99})).unwrap_or_default();
        assert_eq!(check_there(&then), Check::pass("exists", "it was known then"));
        assert_eq!(check_there(&Request::default()), Check::pass("exists", "it exists and is live"));
    }

    #[test]
    fn time_and_kind_come_from_the_view() {
        let request: Request =
            serde_json::from_value(json!({"query": "a", "since": 10, "until": 20, "kinds": ["fact"]}))
                .unwrap_or_default();
        assert!(check_time(&request, 10).passed && !check_time(&request, 20).passed);
        assert!(check_kind(&request, Some("fact")).passed && !check_kind(&request, None).passed);
    }

    #[test]
    fn every_stage_has_advice() {
        let checks = [Check::pass("exists", "yes"), Check::drop("rank", "ranked 57")];
        let verdict = verdict(4, &checks);
        assert_eq!((&verdict["stage"], &verdict["reason"]), (&json!("rank"), &json!("ranked 57")));
        assert_eq!(verdict["recalled"], false);
    }
}
