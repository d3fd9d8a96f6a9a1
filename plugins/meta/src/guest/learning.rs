//! Learning rates, patterns of failure, and estimates.

use super::reader::{Reader, total};
use super::{DAY, flag, integer};
use crate::estimate;
use crate::figures::{round, share};
use memstrata_sdk::{Answer, Fault, Query, Value, clock, json};

/// Kinds of events of ninety days, as kept or counted now, with their failures and those that ended in success or failure.
pub(super) fn kinds(reader: &mut Reader) -> Result<Vec<(String, u64, u64)>, Fault> {
    if let Some(kept) = reader.kept()? {
        return Ok(kept.kinds);
    }
    let since = clock::now().saturating_sub(90 * DAY);
    let mut by = |outcome: &str| {
        reader.of("episodic.events", |query| {
            query
                .filter(json!(["outcome", "=", outcome]))?
                .filter(json!(["timestamp", ">=", since]))?
                .group_count("event_type")
        })
    };
    let (good, bad) = (by("success")?, by("failure")?);
    let mut names: Vec<&str> = good.iter().chain(&bad).filter_map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let of = |name: &str| {
        let failed = total(&bad, &[name]);
        (name.to_owned(), failed, failed + total(&good, &[name]))
    };
    Ok(names.into_iter().map(of).collect())
}

fn window(reader: &mut Reader, collection: &'static str, from: u64, to: u64) -> Result<(u64, u64), Fault> {
    let mut by = |outcome: &str| {
        reader.of(collection, |query| {
            query
                .filter(json!(["outcome", "=", outcome]))?
                .filter(json!(["timestamp", ">=", from]))?
                .filter(json!(["timestamp", "<", to]))?
                .count()
        })
    };
    let good = by("success")?;
    Ok((good, good + by("failure")?))
}

fn rate(reader: &mut Reader, collection: &'static str, now: u64) -> Result<Value, Fault> {
    let (month, before) = (now.saturating_sub(30 * DAY), now.saturating_sub(60 * DAY));
    let recent = window(reader, collection, month, now + 1)?;
    let earlier = window(reader, collection, before, month)?;
    let (is, was) = (share(recent.0, recent.1), share(earlier.0, earlier.1));
    Ok(json!({
        "success": is.map(round), "success_before": was.map(round), "ended": recent.1, "ended_before": earlier.1,
        "learning_rate": is.zip(was).map(|(is, was)| round(is - was)),
    }))
}

/// `get_learning_rates`.
pub(super) fn rates(given: &Value) -> Answer {
    let mut reader = Reader::of_call(given);
    let rates = match reader.kept()? {
        Some(kept) => kept.rates,
        None => rates_now(&mut reader)?,
    };
    Ok(reader.answer(rates))
}

/// The rates, counted now.
pub(super) fn rates_now(reader: &mut Reader) -> Answer {
    let now = clock::now();
    let procedures = rate(reader, "procedural.executions", now)?;
    let events = rate(reader, "episodic.events", now)?;
    let since = now.saturating_sub(30 * DAY);
    let memories =
        reader.of("semantic.memories", |query| query.filter(json!(["created_at", ">=", since]))?.count().map(Some))?;
    let per_day = memories.map(|count| round(count as f64 / 30.0));
    Ok(json!({"procedures": procedures, "events": events, "memories_per_day": per_day}))
}

/// Kinds that fail more often than all do, with at least five that ended.
fn failing(kinds: &[(String, u64, u64)]) -> Vec<Value> {
    let (failed, ended) = kinds.iter().fold((0, 0), |(f, e), kind| (f + kind.1, e + kind.2));
    let Some(base) = share(failed, ended) else { return Vec::new() };
    let shown = |kind: &(String, u64, u64)| {
        let rate = share(kind.1, kind.2).filter(|rate| kind.2 >= 5 && *rate > base)?;
        Some(
            json!({"event_type": kind.0, "failed": kind.1, "ended": kind.2, "failure_rate": round(rate), "lift": round(rate / base)}),
        )
    };
    kinds.iter().filter_map(shown).collect()
}

/// `discover_patterns`.
pub(super) fn patterns(given: &Value) -> Answer {
    let mut reader = Reader::of_call(given);
    let failing = failing(&kinds(&mut reader)?);
    let errors = match reader.kept()? {
        Some(kept) => kept.errors,
        None => errors_now(&mut reader)?,
    };
    Ok(reader.answer(json!({"failing": failing, "errors": errors})))
}

/// Errors of ninety days that came more than once, counted now.
pub(super) fn errors_now(reader: &mut Reader) -> Result<Vec<Value>, Fault> {
    let since = clock::now().saturating_sub(90 * DAY);
    let errors = reader.of("episodic.events", |query| {
        query
            .filter(json!(["error_type", ">", ""]))?
            .filter(json!(["timestamp", ">=", since]))?
            .group_count("error_type")
    })?;
    let errors: Vec<Value> = errors
        .iter()
        .filter(|(_, n)| *n > 1)
        .take(10)
        .map(|(error, n)| json!({"error_type": error, "times": n}))
        .collect();
    Ok(errors)
}

/// `optimize_learning_tracker`.
pub(super) fn tracker(given: &Value) -> Answer {
    let mut reader = Reader::of_call(given);
    let all = kinds(&mut reader)?;
    let shown = |kind: &(String, u64, u64)| json!({"event_type": kind.0, "ended": kind.2, "success": share(kind.2 - kind.1, kind.2).map(round)});
    let effectiveness: Vec<Value> =
        if flag(given, "analyze_effectiveness") { all.iter().map(shown).collect() } else { Vec::new() };
    let patterns = if flag(given, "track_patterns") { failing(&all) } else { Vec::new() };
    Ok(reader.answer(json!({"effectiveness": effectiveness, "patterns": patterns})))
}

/// `improve_estimations`: completed tasks, and outcomes recorded here of tasks that are not among them.
pub(super) fn estimations(given: &Value) -> Answer {
    let mut reader = Reader::of_call(given);
    let since = clock::now().saturating_sub(integer(given, "lookback_days") * DAY);
    let tasks = reader.of("prospective.tasks", |query| {
        query
            .filter(json!(["status", "=", "completed"]))?
            .filter(json!(["completed_at", ">=", since]))?
            .descending("completed_at")?
            .limit(300)
            .select(&["estimated_minutes", "actual_duration_minutes"])?
            .page()
            .map(|page| page.rows)
    })?;
    let pair =
        |row: &Value, estimated: &str, actual: &str| Some((row.get(estimated)?.as_f64()?, row.get(actual)?.as_f64()?));
    let usable: Vec<(u64, (f64, f64))> = tasks
        .iter()
        .filter_map(|row| Some((integer(row, "id"), pair(row, "estimated_minutes", "actual_duration_minutes")?)))
        .collect();
    let outcomes = Query::of("outcomes")
        .filter(json!(["created_at", ">=", since]))?
        .descending("created_at")?
        .limit(200)
        .page()?
        .rows;
    let others = outcomes.iter().filter(|row| {
        let task = integer(row, "task");
        task == 0 || !usable.iter().any(|(id, _)| *id == task)
    });
    let mut cases: Vec<(f64, f64)> = usable.iter().map(|(_, case)| *case).collect();
    cases.extend(others.filter_map(|row| pair(row, "estimated", "actual")));
    let lesson = estimate::learn(&cases);
    let of = |value: Option<f64>| value.map(round);
    Ok(reader.answer(json!({
        "cases": lesson.as_ref().map_or(0, |lesson| lesson.cases),
        "factor": of(lesson.as_ref().map(|lesson| lesson.factor)), "error": of(lesson.as_ref().map(|lesson| lesson.error)),
        "error_after": of(lesson.as_ref().and_then(|lesson| lesson.error_after)),
    })))
}
