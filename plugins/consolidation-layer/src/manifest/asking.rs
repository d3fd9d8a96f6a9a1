//! Operations that ask the host for runs: now, when it is worth it, or regularly.

use super::schema::{self as s, Named, operation};
use memstrata_sdk::{Value, json};

fn requested() -> Value {
    s::output(
        &json!({
            "request": {"type": "string"}, "id": {"type": "integer"}, "status": {"type": "string"},
            "strategy": {"type": ["string", "null"], "description": "null: the active one."},
            "asked": {"type": "string"}, "namespace": {"type": "string"}, "since": {"type": ["integer", "null"]},
            "again": {"type": "boolean"}, "dry_run": {"type": "boolean"}, "follow": {"type": "string"}, "notes": s::notes(),
        }),
        &["request", "status", "strategy", "dry_run", "follow"],
    )
}

fn schedule_output() -> Value {
    s::output(
        &json!({
            "frequency": {"type": "string"}, "time_of_day": {"type": ["string", "null"]},
            "strategy": {"type": ["string", "null"]}, "namespace": {"type": "string"},
            "max_age_minutes": {"type": ["integer", "null"]}, "next_due": {"type": ["integer", "null"]},
            "last_request": {"type": ["string", "null"]}, "notes": s::notes(), "below": s::objects(),
        }),
        &["frequency", "time_of_day", "next_due", "namespace"],
    )
}

pub(super) fn operations() -> Vec<Named> {
    vec![
        (
            "run_consolidation",
            operation(
                "write",
                "Asks the host for a consolidation run.",
                "The host runs it in the background, one at a time in a space, and answers nobody: follow it with get_run and the `request` you get here. `force` does again what is done and unchanged. `dry_run` writes nothing.",
                (
                    s::input(
                        &json!({
                            "force": s::flag("Also units done before and unchanged since.", false),
                            "max_age_minutes": s::max_age(),
                            "strategy": s::strategy("balanced"),
                            "dry_run": s::flag("Write nothing.", false),
                            "namespace": s::namespace(),
                        }),
                        &[],
                    ),
                    requested(),
                ),
                &json!([{"arguments": {}}, {"arguments": {"force": true, "max_age_minutes": 0, "strategy": "quality"}}]),
            ),
        ),
        (
            "optimize_consolidation_trigger",
            operation(
                "write",
                "Asks for a run if there is anything to consolidate, with what is known of the last ones.",
                "Counts the events not consolidated yet; with none it asks for nothing and says so. `measure_quality` adds the quality of the latest finished run, `analyze_strategies` how the strategies of the last 24 hours compare.",
                (
                    s::input(
                        &json!({
                            "trigger_reason": {"type": "string", "maxLength": 200, "default": "manual", "description": "Why; kept with the request."},
                            "strategy": s::strategy("auto"),
                            "measure_quality": s::flag("Add the quality of the latest finished run.", true),
                            "analyze_strategies": s::flag("Add a comparison of strategies.", false),
                            "namespace": s::namespace(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({
                            "waiting": {"type": ["integer", "null"]}, "asked": {"type": "boolean"}, "why": {"type": "string"},
                            "request": {"type": ["object", "null"]}, "last_quality": {"type": ["object", "null"]},
                            "strategies": {"type": ["object", "null"]}, "notes": s::notes(),
                        }),
                        &["waiting", "asked", "why", "request"],
                    ),
                ),
                &json!([{"arguments": {"trigger_reason": "session ended", "analyze_strategies": true}}]),
            ),
        ),
        (
            "schedule_consolidation",
            operation(
                "write",
                "Wishes a run every hour or every day.",
                "One wish for a namespace; a new one takes the place of the old, `off` ends it. Times are UTC; `hourly` runs at the minute of `time_of_day`. The layer looks every ten minutes, so a run may begin that much later. Missed times are not made up for: one run covers them.",
                (
                    s::input(
                        &json!({
                            "frequency": s::word("How often.", &["hourly", "daily", "off"], "daily"),
                            "time_of_day": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "default": "02:00", "description": "HH:MM, UTC."},
                            "strategy": s::strategy("balanced"),
                            "max_age_minutes": s::integer("Only rows changed in the last so many minutes; 0: of any age.", 0, 5_256_000, 0),
                            "namespace": s::namespace(),
                        }),
                        &[],
                    ),
                    schedule_output(),
                ),
                &json!([{"arguments": {}}, {"arguments": {"frequency": "hourly", "time_of_day": "00:30"}}]),
            ),
        ),
        (
            "get_schedule",
            operation(
                "read",
                "The wished schedule of a namespace.",
                "`frequency` is `off` where none was wished here; `below` are those of namespaces in this one. The operator may have configured another one in the host.",
                (s::input(&json!({"namespace": s::namespace()}), &[]), schedule_output()),
                &json!([{"arguments": {}, "setup": [{"operation": "schedule_consolidation", "arguments": {}}]}]),
            ),
        ),
        (
            "run_due_schedules",
            operation(
                "write",
                "Asks for the runs that are due; the host calls it every ten minutes.",
                "Does nothing if none is due.",
                (
                    s::input(&json!({}), &[]),
                    s::output(&json!({"requests": {"type": "array", "items": {"type": "string"}}}), &["requests"]),
                ),
                &json!([{"arguments": {}}]),
            ),
        ),
    ]
}
