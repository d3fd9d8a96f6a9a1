//! Operations on breakers, fallbacks and retries.

use super::schema::{self as s, Named, operation, step};
use memstrata_sdk::{Value, json};

fn component() -> Value {
    s::text("What a client calls: a service, a model, a tool.", 200)
}

fn waits() -> Value {
    json!({"type": "array", "items": {"type": "number"}})
}

pub(super) fn operations() -> Vec<Named> {
    let failing =
        |component: &str| step("report_outcome", &json!({"component": component, "ok": false, "error": "timed out"}));
    let tight = step(
        "configure_circuit_breaker",
        &json!({"component": "search", "failure_threshold": 1, "fallbacks": ["cache", "local"]}),
    );
    vec![
        (
            "configure_circuit_breaker",
            operation(
                "write",
                "Sets a component's breaker, and what stands in for it.",
                "It opens after so many failures in a row, refuses for the time-out, then lets one trial through. What it counted stays. Each namespace has breakers of its own.",
                (
                    s::input(
                        &json!({
                            "component": component(), "failure_threshold": s::or(s::integer("Failures in a row that open it.", 1, 1_000), 5),
                            "timeout_seconds": s::or(s::number("How long it stays open.", 0.001, 86_400.0), 60),
                            "fallbacks": {"type": "array", "items": s::text("", 200), "maxItems": 10, "description": "Components that stand in, first choice first; kept if absent."}, "namespace": s::own_namespace(),
                        }),
                        &["component"],
                    ),
                    s::output(
                        &json!({"component": s::of("string"), "state": s::of("string"), "failure_threshold": s::of("integer"), "timeout_seconds": s::of("number")}),
                        &["component", "state", "failure_threshold", "timeout_seconds"],
                    ),
                ),
                &json!([
                    {"arguments": {"component": "search"}},
                    {"arguments": {"component": "search", "fallbacks": ["search"]}, "fault": "invalid.argument"},
                ]),
            ),
        ),
        (
            "report_outcome",
            operation(
                "write",
                "Reports how a call of a component ended: moves its breaker, and says whether and when to try again.",
                "A component nobody configured gets the default breaker. `attempt`: 0 for the first try, 1 for the first retry.",
                (
                    s::input(
                        &json!({
                            "component": component(), "ok": {"type": "boolean", "description": "Whether it went well."}, "error": s::text("What went wrong.", 2_000),
                            "execution_time_ms": s::number("How long it took.", 0.0, 1e10), "attempt": s::or(s::integer("Which try it was.", 0, 1_000), 0), "namespace": s::own_namespace(),
                        }),
                        &["component", "ok"],
                    ),
                    s::output(
                        &json!({"component": s::of("string"), "state": s::of("string"), "changed": s::of("boolean"), "failures": s::of("integer"), "retry": s::of("boolean"), "retry_in_seconds": s::maybe("number"), "reason": s::of("string")}),
                        &["component", "state", "changed", "failures", "retry", "retry_in_seconds"],
                    ),
                ),
                &json!([
                    {"arguments": {"component": "search", "ok": true}},
                    {"arguments": {"component": "search", "ok": false, "attempt": 3}},
                    {"arguments": {"component": "search", "ok": false}, "setup": [tight], "note": "It opens: no retry."},
                ]),
            ),
        ),
        (
            "allow",
            operation(
                "write",
                "Asks a component's breaker whether to call it now.",
                "Half open, it lets one trial through at a time, which is why asking writes. Refused, it names when to ask again and the first fallback that would be let through.",
                (
                    s::input(&json!({"component": component(), "namespace": s::own_namespace()}), &["component"]),
                    s::output(
                        &json!({"component": s::of("string"), "allowed": s::of("boolean"), "trial": s::of("boolean"), "state": s::of("string"), "retry_after_ms": s::maybe("integer"), "fallback": s::maybe("string")}),
                        &["component", "allowed", "trial", "state", "retry_after_ms", "fallback"],
                    ),
                ),
                &json!([
                    {"arguments": {"component": "search"}},
                    {"arguments": {"component": "search"}, "setup": [tight, failing("search")]},
                ]),
            ),
        ),
        (
            "get_resilience_status",
            operation(
                "read",
                "Breakers with their state and what was reported, and retry policies.",
                "Open ones first. `last_hour`: successes and failures reported.",
                (
                    s::input(
                        &json!({"component": component(), "namespace": s::namespace(), "limit": s::limit(50, 100), "cursor": s::cursor()}),
                        &[],
                    ),
                    s::output(
                        &json!({"components": s::objects(), "count": s::of("integer"), "by_state": s::of("object"), "policies": s::objects(), "policies_total": s::of("integer"), "next_cursor": s::maybe("string")}),
                        &["components", "count", "by_state", "policies", "policies_total", "next_cursor"],
                    ),
                ),
                &json!([{"arguments": {}}, {"arguments": {}, "setup": [tight, failing("search"), failing("mail")]}]),
            ),
        ),
        (
            "test_fallback_chain",
            operation(
                "read",
                "Which of a component and its fallbacks would be let through now, in order, and which is the first.",
                "Fallbacks of fallbacks follow, each once; nothing is called and no trial is taken. `loops` are fallbacks that lead back.",
                (
                    s::input(&json!({"component": component(), "namespace": s::own_namespace()}), &["component"]),
                    s::output(
                        &json!({"chain": s::objects(), "chosen": s::maybe("string"), "loops": {"type": "array", "items": {"type": "string"}}}),
                        &["chain", "chosen", "loops"],
                    ),
                ),
                &json!([
                    {"arguments": {"component": "search"}, "setup": [tight, failing("search")]},
                    {"arguments": {"component": "nobody"}, "fault": "not-found.component"},
                ]),
            ),
        ),
        (
            "configure_retry_policy",
            operation(
                "write",
                "Sets how often and how late failed calls are tried again: each wait is the one before times the multiplier.",
                "For one component, or for all that have no policy of their own, in the namespace and below. A wait is an hour at most.",
                (
                    s::input(
                        &json!({
                            "max_retries": s::or(s::integer("Retries after the first try.", 0, 20), 3), "backoff_seconds": s::or(s::number("Before the first retry.", 0.0, 3_600.0), 1),
                            "backoff_multiplier": s::or(s::number("For each further one.", 1.0, 10.0), 2), "component": s::or(s::text("Only for this one.", 200), "*"), "namespace": s::own_namespace(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"component": s::of("string"), "waits_seconds": waits(), "total_seconds": s::of("number")}),
                        &["component", "waits_seconds", "total_seconds"],
                    ),
                ),
                &json!([{"arguments": {}}, {"arguments": {"max_retries": 5, "backoff_seconds": 0.5, "component": "search"}}]),
            ),
        ),
    ]
}
