//! The component: names of operations to functions, and what several of them share.

mod domains;
mod healths;
mod keeping;
mod learning;
mod measuring;
mod qualities;
mod reader;
mod recording;
mod reflecting;

use memstrata_sdk::{Answer, Fault, Layer, Value};

/// Milliseconds of a day.
const DAY: u64 = 86_400_000;

struct Meta;

memstrata_sdk::layer!(Meta);

impl Layer for Meta {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "memory_health"
            | "get_layer_health"
            | "check_system_health"
            | "get_health_report"
            | "get_system_health"
            | "monitor_system_health_detailed"
            | "aggregate_analytics_summary" => healths::health(operation, &arguments),
            "analyze_health_trends" => healths::trends(&arguments),
            "get_progress" => healths::progress(&arguments),
            "analyze_coverage" => domains::coverage(&arguments),
            "get_expertise" => domains::expertise(&arguments),
            "detect_knowledge_gaps" => domains::gaps(&arguments),
            "optimize_gap_detector" => domains::stable_gaps(&arguments),
            "get_skill_recommendations" => domains::skills(&arguments),
            "evaluate_memory_quality" | "get_memory_quality_summary" => qualities::quality(&arguments),
            "assess_memory_quality" => qualities::assess(&arguments),
            "score_semantic_memories" => qualities::scores(&arguments),
            "get_learning_rates" => learning::rates(&arguments),
            "discover_patterns" => learning::patterns(&arguments),
            "optimize_learning_tracker" => learning::tracker(&arguments),
            "improve_estimations" => learning::estimations(&arguments),
            "get_self_reflection" => reflecting::reflection(&arguments),
            "get_metacognition_insights" => reflecting::insights(&arguments),
            "get_recommendations" => reflecting::recommendations(&arguments),
            "measure" | "optimize_quality_monitor" => measuring::measure(&arguments),
            "keep_figures" => keeping::keep(),
            "measure_domains" => measuring::domains_due(),
            "learn_from_outcomes" => recording::learn(&arguments),
            "record_transfer" => recording::transfer(&arguments),
            "list_transfers" => recording::transfers(&arguments),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

/// A text argument that is there and says something.
fn text<'a>(arguments: &'a Value, name: &str) -> Option<&'a str> {
    arguments.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

fn integer(row: &Value, name: &str) -> u64 {
    row.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// A flag that is true unless it is said to be false.
fn flag(arguments: &Value, name: &str) -> bool {
    arguments.get(name).and_then(Value::as_bool).unwrap_or(true)
}

/// An id as callers write it.
fn id(arguments: &Value, name: &str) -> Result<Option<u64>, Fault> {
    match arguments.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(given) => memstrata_sdk::arguments::<memstrata_sdk::args::Id>(given.clone()).map(|id| Some(id.0)),
    }
}
