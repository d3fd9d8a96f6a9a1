//! What is kept of runs: collections of the host itself, in each space, that layers may read by grant (`host.*`).

use indexmap::IndexMap;
use memstrata_store::CollectionSpec;
use serde_json::{Value, json};

/// The layer name of the host's own collections; no component may have it.
pub(crate) const HOST: &str = "host";
pub(crate) const RUNS: &str = "host.runs";
pub(crate) const UNITS: &str = "host.units";
pub(crate) const CONFLICTS: &str = "host.conflicts";

/// Their declarations, as a manifest would make them.
pub(crate) fn collections() -> Result<IndexMap<String, CollectionSpec>, serde_json::Error> {
    let fields = |list: &[(&str, &str)]| -> Value {
        list.iter()
            .map(|(name, kind)| ((*name).to_owned(), json!({ "type": kind })))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    serde_json::from_value(json!({
        "runs": {
            "summary": "Consolidation runs: what ran, over what, and how it ended.",
            "fields": fields(&[
                ("run", "text"), ("strategy", "text"), ("digest", "text"), ("mode", "text"), ("status", "text"),
                ("trigger", "text"), ("principal", "text"), ("as_of", "integer"), ("started_at", "time"), ("ended_at", "time"),
                ("units", "integer"), ("applied", "integer"), ("skipped", "integer"), ("failed", "integer"),
                ("created", "integer"), ("changed", "integer"), ("ended", "integer"), ("conflicts", "integer"),
                ("tokens", "integer"), ("money", "number"), ("guest_ms", "number"), ("measures", "json"), ("error", "text"),
            ]),
            "indexes": [["status"], ["started_at"]],
            "unique": { "run": ["run"] },
        },
        "units": {
            "summary": "Units of runs: with what inputs each was proposed, and the hash of its patch.",
            "fields": fields(&[
                ("run", "text"), ("unit", "text"), ("strategy", "text"), ("digest", "text"), ("rows", "json"), ("rows_hash", "text"), ("scope", "text"), ("settings", "text"), ("model", "text"),
                ("status", "text"), ("as_of", "integer"), ("now", "time"), ("seed", "text"), ("answers", "json"),
                ("patch_hash", "text"), ("steps", "integer"), ("error", "text"),
            ]),
            "indexes": [["digest", "rows_hash"]],
            "unique": { "unit": ["run", "unit"] },
        },
        "conflicts": {
            "summary": "Rows that contradict each other, for somebody to decide.",
            "fields": fields(&[
                ("rows", "list"), ("kind", "text"), ("severity", "text"), ("reason", "text"), ("status", "text"),
                ("strategy", "text"), ("run", "text"),
            ]),
            "indexes": [["status"]],
        },
    }))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_declarations_are_sound() {
        for (name, spec) in super::collections().unwrap() {
            assert_eq!(spec.faults(&name), Vec::<String>::new(), "{name}");
        }
    }
}
