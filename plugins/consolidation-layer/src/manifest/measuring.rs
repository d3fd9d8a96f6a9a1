//! Operations that tell how well and how fast a run was.

use super::schema::{self as s, Named, operation};
use memstrata_sdk::{Value, json};

/// How many memories of a run are looked at: a reader is answered soon, and may ask for more.
fn most_memories(default: u32) -> Value {
    s::integer("So many of its memories are looked at; more take longer.", 1, 2_000, default)
}

/// What an answer about a run has.
fn about_run(more: &Value, required: &[&str]) -> Value {
    let mut properties = json!({"run": {"type": "string"}, "strategy": {"type": "string"}, "status": {"type": "string"}, "notes": s::notes()});
    if let (Some(all), Some(more)) = (properties.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    s::output(&properties, &[&["run", "strategy", "status"], required].concat())
}

pub(super) fn operations() -> Vec<Named> {
    vec![
        (
            "measure_consolidation_quality",
            operation(
                "read",
                "The quality of a run: compression, recall of evidence, consistency, density.",
                "As its strategy measured it while it ran, the mean over its units; `overall` is the mean of the four. `space` is what the host saw of the space before and after. What was not measured is null with a word why.",
                (
                    s::input(
                        &json!({
                            "consolidation_id": s::run(),
                            "metric_types": s::words("compression, recall, consistency, density, or any other name a strategy measures.", &["compression", "recall", "consistency", "density"]),
                        }),
                        &[],
                    ),
                    about_run(
                        &json!({"metrics": {"type": "object"}, "overall": {"type": "object"}, "space": {"type": ["object", "null"]}}),
                        &["metrics", "overall", "space"],
                    ),
                ),
                &s::no_run(&json!({})),
            ),
        ),
        (
            "measure_advanced_consolidation_metrics",
            operation(
                "read",
                "More of a run: hallucination, diversity, System 2, cohesion, throughput, use in searches.",
                "`measured` is what the strategy said of the whole run. `memories` looks anew at those it made that still hold (the first `most_memories`), only those of `domain` (in topic, tags or namespace) if given: `search_impact` is the share that was recalled since.",
                (
                    s::input(
                        &json!({"consolidation_id": s::run(), "domain": s::text("Only memories about this.", 200), "most_memories": most_memories(200)}),
                        &[],
                    ),
                    about_run(
                        &json!({"domain": {"type": ["string", "null"]}, "measured": {"type": "object"}, "throughput": {"type": "object"}, "memories": {"type": "object"}}),
                        &["measured", "throughput", "memories"],
                    ),
                ),
                &s::no_run(&json!({"domain": "parser"})),
            ),
        ),
        (
            "analyze_validation_effectiveness",
            operation(
                "read",
                "Whether what a run made stands up to its evidence, checked anew.",
                "Each memory the run made (the first `most_memories`) is held against the events it cites. `hallucination_rate`: mean risk by confidence (below .6: 1, below .75: .5). `grounding_score`: mean share of words borne out. `validation_efficiency`: the share with a grounding of .7 or more.",
                (
                    s::input(
                        &json!({
                            "consolidation_id": s::run(),
                            "metric_types": s::words("Which.", &["hallucination_rate", "grounding_score", "validation_efficiency"]),
                            "most_memories": most_memories(50),
                        }),
                        &[],
                    ),
                    about_run(
                        &json!({"metrics": {"type": "object"}, "checked": {"type": "integer"}, "weakest": s::objects(), "system2": {"type": "object"}}),
                        &["metrics", "checked", "weakest"],
                    ),
                ),
                &s::no_run(&json!({})),
            ),
        ),
        (
            "analyze_consolidation_performance",
            operation(
                "read",
                "How long a run took, and what it spent.",
                "From the host's clock and counts. `rows` are those of units that were applied or failed; skipped ones are not recorded. Aim: 2 to 5 s for 1,000 events.",
                (
                    s::input(&json!({"consolidation_id": s::run()}), &[]),
                    about_run(
                        &json!({
                            "duration_ms": {"type": "object"}, "guest_ms": {"type": "object"}, "guest_share": {"type": "object"},
                            "ms_per_unit": {"type": "object"}, "rows": {"type": "integer"}, "rows_per_second": {"type": "object"},
                            "ms_per_1000_rows": {"type": "object"}, "within_target": {"type": ["boolean", "null"]}, "tokens": {"type": ["integer", "null"]},
                        }),
                        &["duration_ms", "rows", "rows_per_second", "within_target", "tokens"],
                    ),
                ),
                &s::no_run(&json!({"consolidation_id": "r18f"})),
            ),
        ),
        (
            "analyze_strategy_effectiveness",
            operation(
                "read",
                "Compares strategies by their runs and shadow comparisons of a span of time.",
                "session, temporal and semantic are groupings: the setting `strategies` says which strategy each is. Metrics are means weighed by units applied. `best` needs measured runs of two.",
                (
                    s::input(
                        &json!({
                            "time_window": s::integer("Hours back.", 1, 87_600, 24),
                            "compare_strategies": s::words("Names as for run_consolidation.", &["session", "temporal", "semantic"]),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"since": {"type": "integer"}, "runs": {"type": "integer"}, "strategies": s::objects(), "best": {"type": "object"}, "notes": s::notes()}),
                        &["since", "runs", "strategies", "best"],
                    ),
                ),
                &json!([{"arguments": {"time_window": 168}}]),
            ),
        ),
    ]
}
