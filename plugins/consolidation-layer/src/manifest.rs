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
    use crate::settings::Settings;

    fn operations() -> Map<String, Value> {
        manifest()["operations"].as_object().cloned().unwrap_or_default()
    }

    /// The names, parameters and defaults of requirements 1.12, tool 25, and of consolidation in tools 1 and 28.
    #[test]
    fn the_required_operations_keep_their_parameters_and_defaults() {
        let operations = operations();
        for (name, parameters) in [
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
        ] {
            for (parameter, default) in parameters.as_object().unwrap() {
                let schema = &operations[name]["input"]["properties"][parameter];
                assert!(schema.is_object(), "{name} has no {parameter}");
                assert_eq!(schema.get("default").unwrap_or(&Value::Null), default, "{name}.{parameter}");
            }
        }
    }

    #[test]
    fn texts_are_short_and_every_operation_has_an_example() {
        for (name, operation) in operations() {
            let bytes = ["summary", "description"].map(|key| operation[key].as_str().unwrap_or_default().len());
            assert!(bytes[0] > 0 && bytes[0] + bytes[1] <= 600, "{name}: {bytes:?}");
            assert_eq!(operation["input"]["additionalProperties"], false, "{name}");
            assert!(operation["examples"].as_array().is_some_and(|examples| !examples.is_empty()), "{name}");
        }
    }

    #[test]
    fn settings_defaults_are_those_of_the_code() {
        let properties = manifest()["settings"]["properties"].as_object().cloned().unwrap_or_default();
        let defaults: Map<String, Value> =
            properties.iter().map(|(name, schema)| (name.clone(), schema["default"].clone())).collect();
        assert_eq!(serde_json::from_value::<Settings>(Value::Object(defaults)).ok(), Some(Settings::default()));
    }
}
