//! Which run, strategy and unit wrote a version of a memory: told by the digest of the component and the instant.

use crate::row;
use memstrata_sdk::Value;
use std::collections::BTreeSet;

/// The run that wrote with this component at this instant (ms UTC). One run goes on at a time in a space, so it is the only one.
#[must_use]
pub fn run_of<'a>(runs: &'a [Value], component: &str, at: u64) -> Option<&'a Value> {
    runs.iter().find(|run| {
        !component.is_empty()
            && row::text(run, "digest") == component
            && row::int(run, "started_at").is_some_and(|started| started <= at)
            && row::int(run, "ended_at").is_none_or(|ended| at <= ended)
    })
}

/// The unit a memory came from: of the run's applied units, the one with most of its evidence among its rows.
#[must_use]
pub fn unit_of<'a>(units: &'a [Value], sources: &[u64]) -> Option<&'a Value> {
    let sources: BTreeSet<u64> = sources.iter().copied().collect();
    units
        .iter()
        .filter(|unit| row::text(unit, "status") == "applied")
        .map(|unit| (row::ids(unit, "rows").iter().filter(|id| sources.contains(id)).count(), unit))
        .filter(|(shared, _)| *shared > 0)
        .max_by(|a, b| a.0.cmp(&b.0).then_with(|| row::text(b.1, "unit").cmp(row::text(a.1, "unit"))))
        .map(|(_, unit)| unit)
}

/// When a version was written, as the writer's clock had it.
#[must_use]
pub fn written_at(version: &Value) -> u64 {
    row::int(version, "updated_at").or_else(|| row::int(version, "at")).unwrap_or_default()
}

/// What a version did to the version before it.
#[must_use]
pub fn what_changed(before: Option<&Value>, version: &Value) -> &'static str {
    let Some(before) = before else { return "created" };
    let field = |row: &Value, name: &str| row.get(name).cloned().unwrap_or_default();
    if row::text(version, "verb") == "delete"
        || (version.get("deleted_at").is_some_and(Value::is_u64)
            && !before.get("deleted_at").is_some_and(Value::is_u64))
    {
        "deleted"
    } else if field(before, "valid_to").is_null() && !field(version, "valid_to").is_null() {
        "ended"
    } else if !field(before, "valid_to").is_null() && field(version, "valid_to").is_null() {
        "revived"
    } else if row::ids(version, "sources").len() > row::ids(before, "sources").len() {
        "linked"
    } else {
        "changed"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    #[test]
    fn a_run_is_found_by_component_and_instant() {
        let runs = [
            json!({"run": "r1", "digest": "d", "started_at": 10, "ended_at": 20}),
            json!({"run": "r2", "digest": "d", "started_at": 30, "ended_at": null}),
            json!({"run": "r3", "digest": "e", "started_at": 10, "ended_at": 40}),
        ];
        let found = |component, at| run_of(&runs, component, at).map(|run| row::text(run, "run"));
        assert_eq!(
            (found("d", 10), found("d", 20), found("d", 25), found("d", 99)),
            (Some("r1"), Some("r1"), None, Some("r2"))
        );
        assert_eq!((found("e", 15), found("x", 15), found("", 15)), (Some("r3"), None, None));
    }

    #[test]
    fn the_unit_is_the_one_that_holds_the_evidence() {
        let units = [
            json!({"unit": "a", "status": "applied", "rows": [1, 2, 3]}),
            json!({"unit": "b", "status": "applied", "rows": [3, 4]}),
            json!({"unit": "c", "status": "failed", "rows": [3, 4, 5]}),
        ];
        let found = |sources: &[u64]| unit_of(&units, sources).map(|unit| row::text(unit, "unit"));
        assert_eq!((found(&[3, 4]), found(&[1, 3]), found(&[9]), found(&[5])), (Some("b"), Some("a"), None, None));
    }

    #[test]
    fn versions_say_what_they_changed() {
        let first = json!({"verb": "insert", "sources": [1], "valid_to": null});
        let linked = json!({"verb": "update", "sources": [1, 2], "valid_to": null});
        let ended = json!({"verb": "update", "sources": [1, 2], "valid_to": 9});
        for (before, version, what) in [
            (None, &first, "created"),
            (Some(&first), &linked, "linked"),
            (Some(&linked), &ended, "ended"),
            (Some(&ended), &linked, "revived"),
            (Some(&first), &first, "changed"),
            (Some(&first), &json!({"verb": "delete", "sources": [1]}), "deleted"),
        ] {
            assert_eq!(what_changed(before, version), what);
        }
        assert_eq!((written_at(&json!({"updated_at": 4, "at": 5})), written_at(&json!({"at": 5}))), (4, 5));
    }
}
