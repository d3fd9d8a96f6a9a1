//! The layer's manifest: what it owns, offers and reads (docs/manifest.md).

mod collections;
mod operations;

use memstrata_sdk::{Value, json};

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    json!({
        "manifest": 1,
        "name": "meta",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "What is known about what is known: coverage, quality, gaps, health and progress over all layers.",
        "imports": ["store-read", "store-write", "hints", "clock", "budget"],
        "reads": crate::kept::READ,
        "collections": collections::collections(),
        "operations": operations::operations(),
        "schedules": [{"name": "daily", "every_ms": 86_400_000, "operation": "measure", "arguments": {}},
                      {"name": "domains", "every_ms": 60_000, "operation": "measure_domains", "arguments": {}},
                      {"name": "figures", "every_ms": 300_000, "operation": "keep_figures", "arguments": {}}],
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
        assert_eq!(contract::system_fields(&manifest), BTreeSet::from(["created_at", "namespace"]));
        // these need a row of another layer
        assert_eq!(contract::unshown(&manifest), ["record_transfer"]);
        for (name, operation) in manifest["operations"].as_object().into_iter().flatten() {
            assert!(operation["output"]["required"].as_array().is_some_and(|keys| !keys.is_empty()), "{name}");
        }
    }

    /// `"*"`: must be given; null: no default.
    #[test]
    fn the_required_operations_keep_their_parameters_and_defaults() {
        let wanted = [
            ("analyze_coverage", json!({"domain": null})),
            ("get_expertise", json!({"limit": 10})),
            ("detect_knowledge_gaps", json!({"project_id": null, "gap_type": null})),
            ("get_memory_quality_summary", json!({"project_id": 1})),
            ("score_semantic_memories", json!({"project_id": 1, "limit": 10})),
            ("get_layer_health", json!({"layer": "all"})),
            ("analyze_health_trends", json!({"metric": "overall", "days_back": 30, "project_id": null})),
            ("get_skill_recommendations", json!({"skill_type": "general", "context": null})),
            ("optimize_gap_detector", json!({"project_id": 1, "stability_window": 7, "analyze_contradictions": true})),
            ("optimize_quality_monitor", json!({"project_id": 1, "measure_layers": true, "domain_analysis": true})),
            (
                "optimize_learning_tracker",
                json!({"project_id": 1, "analyze_effectiveness": true, "track_patterns": true}),
            ),
            (
                "learn_from_outcomes",
                json!({"task_id": null, "outcome": "unknown", "actual_duration": null, "estimated_duration": null}),
            ),
            ("improve_estimations", json!({"lookback_days": 30, "project_id": null})),
        ];
        assert_eq!(contract::lacking(&manifest(), &wanted), Vec::<String>::new());
    }
}
