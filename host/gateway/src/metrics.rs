//! Counters and times of operations as Prometheus text: the family `memstrata_*`, and `athena_*` for dashboards that exist.
//!
//! Labels are operations of the catalog and built-in tools only, never what a client sent, so a client cannot grow the series.

use memstrata_kernel::Spending;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// The content type of what [`Metrics::text`] gives.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Weight of the newest value in a moving mean.
const NEWEST: f64 = 0.1;

/// Bytes of JSON a token stands for; the usual rule of thumb for English text.
const BYTES_A_TOKEN: f64 = 4.0;

type Float = Gauge<f64, AtomicU64>;
type Times = Family<OfType, Histogram, fn() -> Histogram>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    operation: String,
    outcome: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOperation {
    operation: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfType {
    operation_type: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Status {
    operation_type: String,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Failure {
    operation_type: String,
    error_type: String,
}

/// All series of the gateway.
pub(crate) struct Metrics {
    registry: Registry,
    operations: Family<Of, Counter>,
    seconds: Family<OfOperation, Histogram, fn() -> Histogram>,
    answer_bytes: Family<OfOperation, Counter>,
    limited: Counter,
    in_flight: Gauge,
    sessions: Gauge,
    catalog: Gauge,
    generation: Gauge,
    resident: Gauge,
    prompts: Gauge,
    tokens: Gauge,
    money: Float,
    athena: Athena,
}

/// The second family; its names and labels are given by dashboards and alert rules that exist.
struct Athena {
    operations: Family<Status, Counter>,
    seconds: Times,
    failures: Family<Failure, Counter>,
    // Alert rules take `rate(athena_errors[5m])`, so the name may not get the suffix of a counter.
    errors: Gauge,
    tokens: Family<OfType, Float>,
    milliseconds: Family<OfType, Float>,
    memory: Gauge,
}

fn fine() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 30.0, 120.0])
}

fn coarse() -> Histogram {
    Histogram::new([0.01, 0.05, 0.1, 0.5, 1.0, 5.0])
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            operations: Family::default(),
            seconds: Family::new_with_constructor(fine as fn() -> Histogram),
            answer_bytes: Family::default(),
            limited: Counter::default(),
            in_flight: Gauge::default(),
            sessions: Gauge::default(),
            catalog: Gauge::default(),
            generation: Gauge::default(),
            resident: Gauge::default(),
            prompts: Gauge::default(),
            tokens: Gauge::default(),
            money: Float::default(),
            athena: Athena::new(),
        };
        let registry = &mut metrics.registry;
        registry.register("memstrata_operations", "Calls, by operation and outcome", metrics.operations.clone());
        registry.register("memstrata_operation_seconds", "Time of a call", metrics.seconds.clone());
        registry.register("memstrata_answer_bytes", "Bytes of JSON answered", metrics.answer_bytes.clone());
        registry.register("memstrata_rate_limited", "Calls refused by a rate limit", metrics.limited.clone());
        registry.register("memstrata_calls_in_flight", "Calls that run now", metrics.in_flight.clone());
        registry.register("memstrata_sessions", "Sessions of clients before 2026-07-28", metrics.sessions.clone());
        registry.register("memstrata_catalog_operations", "Operations offered now", metrics.catalog.clone());
        registry.register("memstrata_catalog_generation", "Generation of the catalog", metrics.generation.clone());
        registry.register("memstrata_resident_bytes", "Memory the process holds", metrics.resident.clone());
        // Of all processes on the data directory, and back to 0 at midnight UTC: gauges, not counters of this process.
        registry.register("memstrata_llm_prompts_today", "Prompts of this day (UTC)", metrics.prompts.clone());
        registry.register("memstrata_llm_tokens_today", "Tokens read and produced this day", metrics.tokens.clone());
        registry.register("memstrata_llm_money_today", "Money spent this day, by llm.price_*", metrics.money.clone());
        metrics.athena.register(registry);
        metrics
    }

    /// Notes the end of a call; `outcome` is `ok` or the error's code.
    pub(crate) fn ended(&self, operation: &str, outcome: &str, time: Duration) {
        let of = OfOperation { operation: operation.to_owned() };
        self.operations.get_or_create(&Of { operation: operation.to_owned(), outcome: outcome.to_owned() }).inc();
        self.seconds.get_or_create(&of).observe(time.as_secs_f64());
        self.athena.ended(operation, outcome, time);
    }

    /// Notes the size of an answer.
    pub(crate) fn answered(&self, operation: &str, bytes: usize) {
        self.answer_bytes.get_or_create(&OfOperation { operation: operation.to_owned() }).inc_by(bytes as u64);
        let label = OfType { operation_type: operation.to_owned() };
        mix(&self.athena.tokens.get_or_create(&label), bytes as f64 / BYTES_A_TOKEN);
    }

    /// Notes a call that a rate limit refused.
    pub(crate) fn limited(&self) {
        self.limited.inc();
    }

    /// Counts a call as running until the guard is dropped.
    pub(crate) fn enter(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// Calls that run now.
    pub(crate) fn in_flight(&self) -> i64 {
        self.in_flight.get()
    }

    /// Sessions that are open now.
    pub(crate) fn sessions(&self, count: usize) {
        self.sessions.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// The series as text, with the catalog's state, the process's memory and what language models have used as of now.
    pub(crate) fn text(&self, operations: usize, generation: u64, spending: Option<&Spending>) -> String {
        if let Some(spending) = spending {
            self.prompts.set(i64::try_from(spending.prompts_today).unwrap_or(i64::MAX));
            self.tokens.set(i64::try_from(spending.tokens_today).unwrap_or(i64::MAX));
            self.money.set(spending.money_today.unwrap_or_default());
        }
        self.catalog.set(i64::try_from(operations).unwrap_or(i64::MAX));
        self.generation.set(i64::try_from(generation).unwrap_or(i64::MAX));
        if let Some(bytes) = resident_bytes() {
            self.resident.set(bytes);
            self.athena.memory.set(bytes);
        }
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &self.registry) {
            tracing::error!(%error, "metrics could not be written");
        }
        text
    }
}

impl Athena {
    fn new() -> Self {
        Self {
            operations: Family::default(),
            seconds: Family::new_with_constructor(coarse as fn() -> Histogram),
            failures: Family::default(),
            errors: Gauge::default(),
            tokens: Family::default(),
            milliseconds: Family::default(),
            memory: Gauge::default(),
        }
    }

    fn register(&self, registry: &mut Registry) {
        registry.register("athena_operations", "Calls, by operation and status", self.operations.clone());
        registry.register("athena_operation_latency_seconds", "Time of a call", self.seconds.clone());
        registry.register("athena_operation_errors", "Failed calls, by error code", self.failures.clone());
        registry.register("athena_errors", "Failed calls since start", self.errors.clone());
        registry.register("athena_tokens_per_op", "Tokens of an answer (bytes / 4), moving mean", self.tokens.clone());
        registry.register("athena_latency_ms", "Time of a call, moving mean", self.milliseconds.clone());
        registry.register("athena_memory_bytes", "Memory the process holds", self.memory.clone());
    }

    fn ended(&self, operation: &str, outcome: &str, time: Duration) {
        let label = OfType { operation_type: operation.to_owned() };
        let status = if outcome == "ok" { "success" } else { "error" };
        self.operations.get_or_create(&Status { operation_type: operation.to_owned(), status }).inc();
        self.seconds.get_or_create(&label).observe(time.as_secs_f64());
        mix(&self.milliseconds.get_or_create(&label), time.as_secs_f64() * 1000.0);
        if status == "error" {
            self.errors.inc();
            let failure = Failure { operation_type: operation.to_owned(), error_type: outcome.to_owned() };
            self.failures.get_or_create(&failure).inc();
        }
    }
}

/// Mixes a value into a moving mean; the first one sets it.
fn mix(mean: &Float, value: f64) {
    let old = mean.get();
    mean.set(if old == 0.0 { value } else { old + NEWEST * (value - old) });
}

/// A running call; see [`Metrics::enter`].
pub(crate) struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The memory this process holds, where the system tells. It is no configuration, so reading it here breaks no floor.
fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_are_written() {
        let metrics = Metrics::new();
        metrics.ended("a.b", "ok", Duration::from_millis(20));
        metrics.ended("a.b", "not-found", Duration::from_millis(2));
        metrics.answered("a.b", 400);
        let spending = Spending {
            model: "m".into(),
            prompts_today: 2,
            tokens_today: 900,
            tokens_per_day: 1_000,
            money_today: Some(0.5),
            money_per_day: None,
        };
        let text = metrics.text(3, 7, Some(&spending));
        for line in [
            r#"memstrata_operations_total{operation="a.b",outcome="ok"} 1"#,
            r#"memstrata_operation_seconds_count{operation="a.b"} 2"#,
            "memstrata_catalog_operations 3",
            "memstrata_llm_prompts_today 2",
            "memstrata_llm_tokens_today 900",
            "memstrata_llm_money_today 0.5",
            r#"athena_operations_total{operation_type="a.b",status="success"} 1"#,
            r#"athena_operation_errors_total{operation_type="a.b",error_type="not-found"} 1"#,
            r#"athena_operation_latency_seconds_bucket{le="0.05",operation_type="a.b"} 2"#,
            "athena_errors 1",
            r#"athena_tokens_per_op{operation_type="a.b"} 100"#,
            r#"athena_latency_ms{operation_type="a.b"}"#,
            "athena_memory_bytes ",
            "# EOF",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn a_call_is_in_flight_until_its_guard_goes() {
        let metrics = Metrics::new();
        let guard = metrics.enter();
        assert_eq!(metrics.in_flight(), 1);
        drop(guard);
        assert_eq!(metrics.in_flight(), 0);
    }
}
