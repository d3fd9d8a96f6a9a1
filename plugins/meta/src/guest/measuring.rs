//! The daily measure: snapshot, coverage, gaps, and quality of the newest memories.

use super::reader::Reader;
use super::{DAY, domains, flag, healths, integer, keeping, qualities, text};
use crate::health;
use crate::kept::{STEP, WHOLE, next};
use memstrata_sdk::{Answer, Fault, Query, Value, budget, clock, json, write};

/// What is measured is of the whole space, and its rows have one key in it: a caller confined to a namespace would give its own
/// figures out for those of all, and see later ones of all.
fn of_all() -> Result<(), Fault> {
    if keeping::sees_all()? {
        return Ok(());
    }
    Err(Fault::new(
        "denied.namespace",
        "what is measured is of the whole space, and this caller is confined to a namespace: the readings count its own rows at each call",
    ))
}

/// Deletes rows that callers confined to a namespace once wrote: they hold keys of the whole space.
fn clear(collection: &str) -> Result<(), Fault> {
    for id in Query::of(collection).filter(json!(["namespace", ">", WHOLE]))?.limit(500).ids()? {
        write::delete(collection, id, None)?;
    }
    Ok(())
}

/// `measure` and `optimize_quality_monitor`.
pub(super) fn measure(given: &Value) -> Answer {
    of_all()?;
    for collection in ["snapshots", "quality", "gaps"] {
        clear(collection)?;
    }
    let mut reader = Reader::of_now();
    let now = clock::now();
    let day = now / DAY;
    let mut overall = None;
    if flag(given, "measure_layers") {
        let figures = reader.figures()?;
        let layers = health::layers(&figures);
        overall = health::overall(&layers);
        let mut row = json!({"day": day, "taken_at": now, "overall": overall, "counts": healths::counts(&figures)});
        if let Some(fields) = row.as_object_mut() {
            fields.extend(layers.iter().map(|layer| (layer.layer.to_owned(), json!(layer.score))));
        }
        write::upsert("snapshots", "day", &row)?;
    }
    let memories = qualities::newest(&mut reader)?;
    for row in &memories {
        write::upsert("quality", "memory", row)?;
    }
    let mut done = Done::default();
    if flag(given, "domain_analysis") {
        let topics = domains::topics(&mut reader, domains::TOPICS)?;
        done = some(&mut reader, &topics, None)?;
    }
    Ok(reader.answer(json!({
        "day": day, "health": overall, "domains": done.measured, "gaps": done.gaps, "memories": memories.len(),
        "more": done.more,
    })))
}

/// `measure_domains`: the next domains that were not measured since the snapshot of today was taken.
pub(super) fn domains_due() -> Answer {
    of_all()?;
    let mut reader = Reader::default();
    let day = clock::now() / DAY;
    let mut done = Done::default();
    let whole = Query::of("snapshots").filter(json!(["namespace", "=", WHOLE]))?;
    if whole.filter(json!(["day", "=", day]))?.first()?.is_some() {
        let topics = domains::topics(&mut reader, domains::TOPICS)?;
        done = some(&mut Reader::of_now(), &topics, Some(day * DAY))?;
    }
    Ok(reader.answer(json!({"domains": done.measured, "gaps": done.gaps, "more": done.more})))
}

/// What was measured of the domains.
#[derive(Default)]
struct Done {
    measured: u64,
    gaps: u64,
    more: bool,
}

/// Measures domains, those measured longest ago first: all in a small space, some in a large one or when time runs out.
fn some(reader: &mut Reader, topics: &[String], before: Option<u64>) -> Result<Done, Fault> {
    let now = clock::now();
    let whole = Query::of("coverage").filter(json!(["namespace", "=", WHOLE]))?;
    let rows = whole.select(&["domain", "measured_at"])?.limit(1_000).all(5_000)?;
    let known: Vec<(String, u64)> =
        rows.iter().filter_map(|row| Some((text(row, "domain")?.to_owned(), integer(row, "measured_at")))).collect();
    let most = if keeping::is_large(reader)? { STEP } else { topics.len() };
    let (due, more) = next(topics, &known, before, most);
    let mut done = Done { more, ..Done::default() };
    for topic in due {
        if done.measured > 0 && budget::should_stop() {
            done.more = true;
            break;
        }
        let row = domains::row(&domains::of(reader, topic, false)?, now);
        write::upsert("coverage", "domain", &row)?;
        done.measured += 1;
        for kind in row.get("gaps").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            seen(topic, kind, now / DAY)?;
            done.gaps += 1;
        }
    }
    Ok(done)
}

/// A gap that is there today: one more day, if it was not seen today already; anew, if it was away.
fn seen(domain: &str, kind: &str, day: u64) -> Result<(), Fault> {
    let key = format!("{kind}:{domain}");
    let whole = Query::of("gaps").filter(json!(["namespace", "=", WHOLE]))?;
    let old = whole.filter(json!(["key", "=", key]))?.first()?;
    let (first, days) = match &old {
        Some(row) if integer(row, "last_day") == day => (integer(row, "first_day"), integer(row, "days_seen")),
        Some(row) if integer(row, "last_day") + 1 == day => (integer(row, "first_day"), integer(row, "days_seen") + 1),
        _ => (day, 1),
    };
    let severity = old.as_ref().and_then(|row| text(row, "severity")).unwrap_or("medium");
    let row = json!({
        "key": key, "domain": domain, "kind": kind, "severity": severity, "first_day": first, "last_day": day, "days_seen": days,
    });
    write::upsert("gaps", "key", &row).map(|_| ())
}
