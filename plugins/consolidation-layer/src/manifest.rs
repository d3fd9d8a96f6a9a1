//! The layer's manifest: what it owns, offers and needs (docs/manifest.md).

mod asking;
mod collections;
mod deciding;
mod looking;
mod measuring;
mod schema;
mod studying;

use memstrata_sdk::{Map, Value, json};

/// How often the component looks whether a wished schedule is due. Each look opens each space, so it is not every minute.
pub const LOOK_MS: u64 = 600_000;

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let mut operations = Map::new();
    let parts = [
        asking::operations(),
        looking::operations(),
        measuring::operations(),
        studying::operations(),
        deciding::operations(),
    ];
    for (name, operation) in parts.concat() {
        operations.insert(name.to_owned(), operation);
    }
    json!({
        "manifest": 1,
        "name": "consolidation",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Asks for consolidation runs, and tells what they did, how well, and why a memory is what it is.",
        "imports": ["store-read", "store-write", "events", "hints", "clock", "settings"],
        "optional_imports": ["vectors"],
        "reads": ["*"],
        "writes": ["semantic.memories"],
        "collections": collections::collections(),
        "operations": operations,
        "schedules": [{"name": "due", "every_ms": LOOK_MS, "operation": "run_due_schedules", "arguments": {}}],
        "settings": schema::settings(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::contract;
    use std::collections::BTreeSet;

    #[test]
    fn it_keeps_the_contract() {
        let manifest = manifest();
        assert_eq!(contract::faults(&manifest), Vec::<String>::new());
        assert_eq!(contract::system_fields(&manifest), BTreeSet::from(["namespace"]));
        // these need what a run of the host leaves behind
        assert_eq!(
            contract::unshown(&manifest),
            [
                "get_pattern",
                "explain_memory",
                "measure_consolidation_quality",
                "measure_advanced_consolidation_metrics",
                "analyze_validation_effectiveness",
                "analyze_consolidation_performance",
                "resolve_conflict"
            ]
        );
    }

    /// The names, parameters and defaults of requirements 1.12, tool 25, and of consolidation in tools 1 and 28.
    #[test]
    fn the_required_operations_keep_their_parameters_and_defaults() {
        let wanted = [
            (
                "run_consolidation",
                json!({"force": false, "max_age_minutes": 1440, "strategy": "balanced", "dry_run": false}),
            ),
            (
                "extract_consolidation_patterns",
                json!({"min_frequency": 2, "max_age_minutes": 1440, "pattern_type": "all"}),
            ),
            (
                "cluster_consolidation_events",
                json!({"clustering_method": "session", "max_cluster_size": 100, "distance_threshold": 0.5}),
            ),
            (
                "measure_consolidation_quality",
                json!({"consolidation_id": "latest", "metric_types": ["compression", "recall", "consistency", "density"]}),
            ),
            ("measure_advanced_consolidation_metrics", json!({"consolidation_id": "latest", "domain": null})),
            (
                "analyze_strategy_effectiveness",
                json!({"time_window": 24, "compare_strategies": ["session", "temporal", "semantic"]}),
            ),
            ("analyze_project_patterns", json!({"days_back": 30})),
            (
                "analyze_validation_effectiveness",
                json!({"consolidation_id": "latest", "metric_types": ["hallucination_rate", "grounding_score", "validation_efficiency"]}),
            ),
            ("discover_orchestration_patterns", json!({"time_window": 24, "pattern_type": "all"})),
            ("analyze_consolidation_performance", json!({"consolidation_id": "latest"})),
            ("schedule_consolidation", json!({"frequency": "daily", "time_of_day": "02:00"})),
            (
                "optimize_consolidation_trigger",
                json!({"trigger_reason": "manual", "strategy": "auto", "measure_quality": true, "analyze_strategies": false}),
            ),
        ];
        assert_eq!(contract::lacking(&manifest(), &wanted), Vec::<String>::new());
    }

    #[test]
    fn settings_defaults_are_those_of_the_code() {
        let stated: Result<crate::settings::Settings, _> = serde_json::from_value(contract::defaults(&manifest()));
        assert_eq!(stated.ok(), Some(crate::settings::Settings::default()));
    }
}
