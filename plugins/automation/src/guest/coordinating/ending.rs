//! The end of a session: what it was, what came back in it, and what is not consolidated.

use super::super::looking::{Missing, counts, of};
use super::super::{EVENTS, TOOL_USES, now};
use super::{DAY, Moment, answered};
use crate::runs;
use crate::spread::mean;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json, row};

/// Episodes of a session that are looked at.
const MOST_EVENTS: usize = 1_000;

/// `optimize_session_end`.
pub(in crate::guest) fn session_end(given: Value) -> Answer {
    let moment: Moment = arguments(given)?;
    let mut missing = Missing::default();
    let at = now();
    let mut events = Vec::new();
    let session = missing.look(EVENTS, || {
        events = session_events(&moment, at)?;
        Ok(summary(&events))
    })?;
    let here = !session.is_null();
    let patterns = if moment.extract_patterns && here { patterns(&events) } else { Value::Null };
    let quality = if moment.measure_quality && here { quality(&events) } else { Value::Null };
    let unconsolidated = missing.look(EVENTS, || {
        let left = of(EVENTS, moment.within())?.filter(json!(["consolidation_status", "=", "unconsolidated"]))?;
        Ok(json!(left.filter_if("session_id", "=", moment.session_id.as_deref())?.count()?))
    })?;
    let uses = Query::of(TOOL_USES).filter_if("session_id", "=", moment.session_id.as_deref())?;
    let uses = match moment.session_id {
        Some(_) => uses,
        None => uses.filter(json!(["at", ">=", at.saturating_sub(DAY)]))?,
    };
    let uses = json!({"count": uses.count()?, "by_result": counts(&uses, "result")?});
    let mut engine = moment.engine()?;
    let context = json!({
        "session_id": moment.session_id, "session": session, "quality": quality, "unconsolidated": unconsolidated,
    });
    let outcome = moment.fire(&mut engine, "session_end", &context)?;
    let found = vec![
        ("session", session),
        ("patterns", patterns),
        ("quality", quality),
        ("unconsolidated", unconsolidated),
        ("tool_uses", uses),
    ];
    Ok(answered(engine, outcome, found, missing))
}

/// The newest episodes of the session, or of the last 24 hours, oldest first.
fn session_events(moment: &Moment, at: u64) -> Result<Vec<Value>, Fault> {
    let query = of(EVENTS, moment.within())?.filter_if("session_id", "=", moment.session_id.as_deref())?;
    let query = match moment.session_id {
        Some(_) => query,
        None => query.filter(json!(["timestamp", ">=", at.saturating_sub(DAY)]))?,
    };
    let fields = ["timestamp", "event_type", "outcome", "learned", "confidence"];
    let mut events = query.descending("timestamp")?.select(&fields)?.limit(500).all(MOST_EVENTS)?;
    events.reverse();
    Ok(events)
}

fn tally(events: &[Value], field: &str) -> Value {
    let mut counts = std::collections::BTreeMap::<&str, u64>::new();
    for event in events {
        let value = row::text(event, field);
        if !value.is_empty() {
            *counts.entry(value).or_default() += 1;
        }
    }
    json!(counts)
}

fn summary(events: &[Value]) -> Value {
    let at = |event: Option<&Value>| event.and_then(|event| row::int(event, "timestamp"));
    let (first, last) = (at(events.first()), at(events.last()));
    let minutes = first.zip(last).map(|(first, last)| row::round(last.saturating_sub(first) as f64 / 60_000.0));
    json!({
        "events": events.len(), "complete": events.len() < MOST_EVENTS, "first_at": first, "last_at": last,
        "minutes": minutes, "by_type": tally(events, "event_type"), "by_outcome": tally(events, "outcome"),
    })
}

fn patterns(events: &[Value]) -> Value {
    let label = |event: &Value| match row::text(event, "outcome") {
        "" => row::text(event, "event_type").to_owned(),
        outcome => format!("{}:{outcome}", row::text(event, "event_type")),
    };
    let labels: Vec<String> = events.iter().map(label).collect();
    runs::runs(&labels, 10).iter().map(|run| json!({"steps": run.steps, "times": run.times})).collect()
}

/// Shares over the episodes; null over none.
fn quality(events: &[Value]) -> Value {
    let share = |part: usize, of: usize| (of > 0).then(|| row::round(part as f64 / of as f64));
    let with = |field: &str| events.iter().filter(|event| !row::text(event, field).is_empty()).count();
    let ended =
        events.iter().filter(|event| ["success", "failure", "partial"].contains(&row::text(event, "outcome"))).count();
    let well = events.iter().filter(|event| row::text(event, "outcome") == "success").count();
    let sure: Vec<f64> = events.iter().filter_map(|event| row::number(event, "confidence")).collect();
    json!({
        "success_rate": share(well, ended), "with_outcome": share(with("outcome"), events.len()),
        "with_learning": share(with("learned"), events.len()), "mean_confidence": mean(&sure).map(row::round),
    })
}
