//! Operations that study the events themselves, and change nothing.

use super::schema::{self as s, Named, operation};
use crate::grouping::Method;
use crate::orchestration::TYPES;
use memstrata_sdk::{Value, json};

/// How many events are studied: a reader is answered soon, and may ask for more.
fn most_events() -> Value {
    s::integer("So many events are looked at, the latest; more take longer.", 1, 5_000, 400)
}

pub(super) fn operations() -> Vec<Named> {
    vec![
        (
            "extract_consolidation_patterns",
            operation(
                "read",
                "Patterns that recent events show, by rules; nothing is stored.",
                "Test-driven cycles, error recoveries, refactorings, decisions, deployments, and what recurs. A run stores them: this is a look before. `frequency` counts occurrences over all groups. Events consolidated before are looked at too. Other types are System 2's: only a run finds them. Looks at the latest `most_events`.",
                (
                    s::input(
                        &json!({
                            "min_frequency": s::integer("Seen at least so often.", 1, 10_000, 2),
                            "max_age_minutes": s::integer("Only events of the last so many minutes; 0: of any age.", 0, 5_256_000, 1440),
                            "pattern_type": s::word("Which.", &["all", "tdd-cycle", "error-recovery", "refactoring", "decision", "deployment", "recurring"], "all"),
                            "namespace": s::namespace(),
                            "limit": s::limit(50),
                            "most_events": most_events(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"patterns": s::objects(), "count": {"type": "integer"}, "rarer": {"type": "integer"}, "events": {"type": "integer"}, "groups": {"type": "integer"}, "notes": s::notes()}),
                        &["patterns", "count", "rarer", "events", "notes"],
                    ),
                ),
                &json!([{"arguments": {"min_frequency": 1}}]),
            ),
        ),
        (
            "cluster_consolidation_events",
            operation(
                "read",
                "The groups consolidation would make of events; nothing is stored.",
                "session; temporal (pauses of an hour); spatial (place: similarity of 1 - distance_threshold; runs use 0.3); surprise (cut at 3.5); semantic (vectors: cosine of 1 - distance_threshold, the latest 300 events). Groups over max_cluster_size are cut in order of time. Looks at the latest `most_events`.",
                (
                    s::input(
                        &json!({
                            "clustering_method": s::word("How.", &Method::NAMES, "session"),
                            "max_cluster_size": s::integer("Longer groups are cut.", 1, 10_000, 100),
                            "distance_threshold": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5, "description": "For semantic and spatial."},
                            "max_age_minutes": s::integer("Only events of the last so many minutes; 0: of any age.", 0, 5_256_000, 0),
                            "unconsolidated_only": s::flag("Only what no run has worked on.", false),
                            "namespace": s::namespace(),
                            "limit": s::limit(50),
                            "most_events": most_events(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"clusters": s::objects(), "count": {"type": "integer"}, "events": {"type": "integer"}, "left_out": {"type": "integer"}, "notes": s::notes()}),
                        &["clusters", "count", "events", "left_out", "notes"],
                    ),
                ),
                &json!([{"arguments": {}}, {"arguments": {"clustering_method": "semantic"}}]),
            ),
        ),
        (
            "analyze_project_patterns",
            operation(
                "read",
                "What a project's events and derived memories amount to.",
                "A project is a space, or a `namespace` in it. Counts by type, outcome, task and file, what fails, what recurs, and derived memories by kind, of the last `days_back` days: of the latest `most_events` of them, and the latest `most_memories`.",
                (
                    s::input(
                        &json!({
                            "days_back": s::integer("Days.", 1, 3650, 30),
                            "namespace": s::namespace(),
                            "most_events": most_events(),
                            "most_memories": s::integer("So many derived memories are counted; more take longer.", 1, 5_000, 100),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"since": {"type": "integer"}, "activity": {"type": "object"}, "derived": s::objects(), "notes": s::notes()}),
                        &["since", "activity", "derived", "notes"],
                    ),
                ),
                &json!([{"arguments": {}}]),
            ),
        ),
        (
            "discover_orchestration_patterns",
            operation(
                "read",
                "How work is put together: steps in sequence, sessions in parallel, tasks handed on.",
                "sequence: types of events that follow each other in sessions, twice or more, with how often the last one succeeded. parallel: sessions at the same time. handoff: a task one session left and a later one took up. Looks at the latest `most_events`.",
                (
                    s::input(
                        &json!({"time_window": s::integer("Hours back.", 1, 87_600, 24), "pattern_type": s::word("Which.", &TYPES, "all"), "namespace": s::namespace(), "most_events": most_events()}),
                        &[],
                    ),
                    s::output(
                        &json!({"since": {"type": "integer"}, "patterns": s::objects(), "count": {"type": "integer"}, "events": {"type": "integer"}, "notes": s::notes()}),
                        &["since", "patterns", "count", "events", "notes"],
                    ),
                ),
                &json!([{"arguments": {"pattern_type": "sequence"}}]),
            ),
        ),
    ]
}
