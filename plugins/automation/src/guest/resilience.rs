//! Breakers, fallbacks and retries, over what clients report.

use super::own::{ours, seen};
use super::{BREAKERS, POLICIES, REPORTS, namespace, now, put, put_some};
use crate::breaker::{Answer as Says, Breaker};
use crate::lineage::{lineage, nearest};
use crate::retry::Policy;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, events, get, json, write};
use serde::Deserialize;
use std::collections::VecDeque;

const HOUR: u64 = 3_600_000;
/// The breaker of a component nobody configured (requirements 1.11).
const THRESHOLD: u64 = 5;
const TIMEOUT_MS: u64 = 60_000;
/// Components of one chain.
const LONGEST: usize = 20;
/// The policy of all that have none of their own.
const ALL: &str = "*";

/// The breaker of a component where the caller writes it.
fn stored(component: &str, within: Option<&str>) -> Result<Option<Value>, Fault> {
    let mut blank = Breaker::new(THRESHOLD, TIMEOUT_MS).row();
    put(&mut blank, "name", component);
    ours(BREAKERS, "name", ("name", component), namespace(within), &blank)
}

/// The namespace of a breaker's row.
fn place(id: u64) -> Result<String, Fault> {
    Ok(get(BREAKERS, id)?.map(|row| row::text(&row, "namespace").to_owned()).unwrap_or_default())
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a time-out")]
fn seconds(milliseconds: u64) -> f64 {
    milliseconds as f64 / 1_000.0
}

#[derive(Deserialize)]
struct Configure {
    component: String,
    failure_threshold: u64,
    timeout_seconds: f64,
    fallbacks: Option<Vec<String>>,
    namespace: Option<String>,
}

/// `configure_circuit_breaker`.
pub(super) fn configure(given: Value) -> Answer {
    let given: Configure = arguments(given)?;
    if given.fallbacks.as_ref().is_some_and(|names| names.contains(&given.component)) {
        return Err(Fault::invalid(format!("`{}` cannot stand in for itself", row::clip(&given.component, 60))));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the schema has 0.001 to 86,400 seconds"
    )]
    let timeout_ms = (given.timeout_seconds * 1_000.0).round() as u64;
    let known = stored(&given.component, given.namespace.as_deref())?;
    let mut patch = json!({"failure_threshold": given.failure_threshold, "timeout_ms": timeout_ms});
    put_some(&mut patch, "fallbacks", given.fallbacks);
    let state = match &known {
        Some(known) => {
            write::update(BREAKERS, row::id(known), None, &patch)?;
            row::text(known, "state")
        }
        None => {
            put(&mut patch, "name", given.component.as_str());
            put(&mut patch, "state", "closed");
            put_some(&mut patch, "namespace", namespace(given.namespace.as_deref()));
            write::upsert(BREAKERS, "name", &patch)?;
            "closed"
        }
    };
    Ok(json!({
        "component": given.component, "state": state, "failure_threshold": given.failure_threshold,
        "timeout_seconds": seconds(timeout_ms),
    }))
}

/// The breaker of a row; one nobody configured is a new one.
fn breaker(known: Option<&Value>) -> Breaker {
    known.map_or_else(|| Breaker::new(THRESHOLD, TIMEOUT_MS), Breaker::of)
}

/// Stages a breaker with these fields beside it; the id of its row.
fn keep(component: &str, breaker: &Breaker, known: Option<&Value>, beside: Value) -> Result<u64, Fault> {
    let mut new = breaker.row();
    if let (Some(new), Value::Object(beside)) = (new.as_object_mut(), beside) {
        new.extend(beside);
    }
    match known {
        Some(known) => write::update(BREAKERS, row::id(known), None, &new).map(|_| row::id(known)),
        None => {
            put(&mut new, "name", component);
            write::upsert(BREAKERS, "name", &new).map(|(id, _)| id)
        }
    }
}

fn total(known: Option<&Value>, field: &str) -> u64 {
    known.and_then(|row| row::int(row, field)).unwrap_or_default()
}

#[derive(Deserialize)]
struct Report {
    component: String,
    ok: bool,
    error: Option<String>,
    execution_time_ms: Option<f64>,
    attempt: u32,
    namespace: Option<String>,
}

/// `report_outcome`.
pub(super) fn report(given: Value) -> Answer {
    let given: Report = arguments(given)?;
    let at = now();
    let known = stored(&given.component, given.namespace.as_deref())?;
    let known = known.as_ref();
    let mut breaker = breaker(known);
    let changed = breaker.report(given.ok, at);
    let which = if given.ok { "successes_total" } else { "failures_total" };
    let mut beside = json!({"last_report_at": at});
    if known.is_none() {
        put_some(&mut beside, "namespace", namespace(given.namespace.as_deref()));
    }
    put(&mut beside, which, total(known, which) + 1);
    put_some(&mut beside, "last_error", given.error.as_deref().map(|error| row::clip(error, 2_000)));
    if changed && breaker.state == "open" {
        put(&mut beside, "opened_times", total(known, "opened_times") + 1);
    }
    let here = place(keep(&given.component, &breaker, known, beside)?)?;
    let mut report = json!({"name": given.component, "ok": given.ok, "at": at, "namespace": here});
    put_some(&mut report, "error", given.error);
    put_some(&mut report, "execution_time_ms", given.execution_time_ms);
    write::insert(REPORTS, &report)?;
    if changed {
        events::emit("breaker_changed", &json!({"component": given.component, "state": breaker.state}))?;
    }
    let wait = policy_of(&given.component, &here)?.wait(given.attempt.saturating_add(1));
    let (wait, reason) = match (given.ok, breaker.state, wait) {
        (true, _, _) => (None, "it went well"),
        (_, "open", _) => (None, "its breaker is open: ask `allow` later, or use a fallback"),
        (_, _, None) => (None, "its retries are used up"),
        (_, _, wait) => (wait, "try again after the wait"),
    };
    Ok(json!({
        "component": given.component, "state": breaker.state, "changed": changed, "failures": breaker.failures,
        "retry": wait.is_some(), "retry_in_seconds": wait, "reason": reason,
    }))
}

#[derive(Deserialize)]
struct One {
    component: String,
    namespace: Option<String>,
}

/// `allow`.
pub(super) fn allow(given: Value) -> Answer {
    let One { component, namespace: within } = arguments(given)?;
    let at = now();
    let known = stored(&component, within.as_deref())?;
    let mut breaker = breaker(known.as_ref());
    let says = breaker.allow(at);
    let (mut after, mut fallback) = (None, None);
    match says {
        Says::Allowed => {}
        // At the version that was read: of two that ask at once, one is the trial.
        Says::Trial => {
            keep(&component, &breaker, known.as_ref(), json!({}))?;
        }
        Says::Refused(milliseconds) => {
            after = Some(milliseconds);
            if let Some(known) = &known {
                write::add(BREAKERS, row::id(known), "refused_total", 1.0)?;
            }
            let here = known.as_ref().map(|known| row::text(known, "namespace")).unwrap_or_default();
            fallback = walk(&component, here, at)?.chosen.filter(|chosen| *chosen != component);
        }
    }
    Ok(json!({
        "component": component, "allowed": after.is_none(), "trial": says == Says::Trial, "state": breaker.state,
        "retry_after_ms": after, "fallback": fallback,
    }))
}

/// A component, what stands in for it, and what stands in for that.
struct Chain {
    links: Vec<Value>,
    chosen: Option<String>,
    loops: Vec<String>,
}

/// Walks the fallbacks within one namespace breadth first, each once.
fn walk(component: &str, here: &str, at: u64) -> Result<Chain, Fault> {
    let mut queue = VecDeque::from([(component.to_owned(), 0_u32)]);
    let mut seen = vec![component.to_owned()];
    let mut chain = Chain { links: Vec::new(), chosen: None, loops: Vec::new() };
    while let Some((name, level)) = queue.pop_front() {
        let known =
            Query::of(BREAKERS).filter(json!(["name", "=", name]))?.filter(json!(["namespace", "=", here]))?.first()?;
        let breaker = breaker(known.as_ref());
        let says = breaker.would_allow(at);
        let allowed = !matches!(says, Says::Refused(_));
        let after = if let Says::Refused(milliseconds) = says { Some(milliseconds) } else { None };
        chain.links.push(json!({
            "component": name, "level": level, "state": breaker.state, "allowed": allowed, "trial": says == Says::Trial,
            "retry_after_ms": after, "configured": known.is_some(),
        }));
        if allowed && chain.chosen.is_none() {
            chain.chosen = Some(name.clone());
        }
        for next in known.map(|row| row::texts(&row, "fallbacks")).unwrap_or_default() {
            if seen.contains(&next) {
                chain.loops.push(format!("{name} -> {next}"));
            } else if seen.len() < LONGEST {
                seen.push(next.clone());
                queue.push_back((next, level + 1));
            }
        }
    }
    Ok(chain)
}

/// `test_fallback_chain`.
pub(super) fn chain(given: Value) -> Answer {
    let One { component, namespace: within } = arguments(given)?;
    let Some(known) = seen(BREAKERS, "name", &component, namespace(within.as_deref()))? else {
        let name = row::clip(&component, 60);
        return Err(Fault::new(
            "not-found.component",
            format!(
                "nothing is known of `{name}`: call configure_circuit_breaker with its `fallbacks`, or report_outcome"
            ),
        ));
    };
    let chain = walk(&component, row::text(&known, "namespace"), now())?;
    Ok(json!({"chain": chain.links, "chosen": chain.chosen, "loops": chain.loops}))
}

#[derive(Deserialize)]
struct Status {
    component: Option<String>,
    namespace: Option<String>,
    limit: u32,
    cursor: Option<String>,
}

/// `get_resilience_status`.
pub(super) fn status(given: Value) -> Answer {
    let given: Status = arguments(given)?;
    let at = now();
    // `open` sorts after `half_open` and both after `closed`.
    let within = given.namespace.as_deref();
    let of = |collection: &str| super::looking::of(collection, within);
    let page = of(BREAKERS)?
        .filter_if("name", "=", given.component.as_deref())?
        .descending("state")?
        .ascending("name")?
        .limit(given.limit)
        .after(given.cursor.as_deref())?
        .page()?;
    let mut components = Vec::new();
    for known in &page.rows {
        let (name, here) = (row::text(known, "name"), row::text(known, "namespace"));
        let lately = |ok: bool| -> Result<u64, Fault> {
            Query::of(REPORTS)
                .filter(json!(["namespace", "=", here]))?
                .filter(json!(["name", "=", name]))?
                .filter(json!(["ok", "=", ok]))?
                .filter(json!(["at", ">", at.saturating_sub(HOUR)]))?
                .count()
        };
        let breaker = Breaker::of(known);
        let after = if let Says::Refused(milliseconds) = breaker.would_allow(at) { Some(milliseconds) } else { None };
        let mut shown = super::history::compact(
            known,
            &[
                "state",
                "namespace",
                "failures",
                "failure_threshold",
                "fallbacks",
                "successes_total",
                "failures_total",
                "refused_total",
                "opened_times",
                "opened_at",
                "last_error",
                "last_report_at",
            ],
        );
        if let Some(error) = shown.get_mut("last_error") {
            *error = row::clip(error.as_str().unwrap_or_default(), 300).into();
        }
        put(&mut shown, "component", name);
        put(&mut shown, "timeout_seconds", seconds(breaker.timeout_ms));
        put(&mut shown, "allowed", after.is_none());
        put_some(&mut shown, "retry_after_ms", after);
        put(&mut shown, "last_hour", json!({"successes": lately(true)?, "failures": lately(false)?}));
        components.push(shown);
    }
    let policies = of(POLICIES)?.filter_if("name", "in", given.component.map(|name| vec![name, ALL.to_owned()]))?;
    let policies_total = policies.count()?;
    let policies = policies.ascending("name")?.limit(100).page()?.rows;
    let policies: Vec<Value> = policies
        .iter()
        .map(|known| {
            let policy = policy_in(known);
            json!({
                "component": row::text(known, "name"), "namespace": row::text(known, "namespace"),
                "waits_seconds": policy.waits(),
            })
        })
        .collect();
    Ok(json!({
        "count": components.len(), "components": components, "by_state": super::looking::counts(&of(BREAKERS)?, "state")?,
        "policies": policies, "policies_total": policies_total, "next_cursor": page.next,
    }))
}

fn policy_in(known: &Value) -> Policy {
    let default = Policy::default();
    Policy {
        max_retries: row::int(known, "max_retries")
            .and_then(|count| count.try_into().ok())
            .unwrap_or(default.max_retries),
        backoff_seconds: row::number(known, "backoff_seconds").unwrap_or(default.backoff_seconds),
        multiplier: row::number(known, "backoff_multiplier").unwrap_or(default.multiplier),
    }
}

/// The policy of a component in a namespace: its own of the nearest namespace that is this one or above, else that of all, else the
/// default.
fn policy_of(component: &str, here: &str) -> Result<Policy, Fault> {
    let found = Query::of(POLICIES)
        .filter(json!(["name", "in", [component, ALL]]))?
        .filter(json!(["namespace", "in", lineage(here)]))?
        .limit(400)
        .page()?
        .rows;
    let of = |name: &str| nearest(found.iter().filter(|row| row::text(row, "name") == name), here);
    Ok(of(component).or_else(|| of(ALL)).map(policy_in).unwrap_or_default())
}

#[derive(Deserialize)]
struct Retry {
    max_retries: u32,
    backoff_seconds: f64,
    backoff_multiplier: f64,
    component: String,
    namespace: Option<String>,
}

/// `configure_retry_policy`.
pub(super) fn policy(given: Value) -> Answer {
    let given: Retry = arguments(given)?;
    let policy = Policy {
        max_retries: given.max_retries,
        backoff_seconds: given.backoff_seconds,
        multiplier: given.backoff_multiplier,
    };
    let mut new = json!({
        "name": given.component, "max_retries": given.max_retries, "backoff_seconds": given.backoff_seconds,
        "backoff_multiplier": given.backoff_multiplier,
    });
    put_some(&mut new, "namespace", namespace(given.namespace.as_deref()));
    write::upsert(POLICIES, "name", &new)?;
    let waits = policy.waits();
    Ok(json!({"component": given.component, "total_seconds": waits.iter().sum::<f64>(), "waits_seconds": waits}))
}
