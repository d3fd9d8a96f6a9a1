//! Lists of events, page by page.

use super::{EVENTS, METRICS, mention, now, put};
use crate::filter::{Wanted, during};
use crate::mention::{condition, open, seal};
use crate::timeframe::Bucket;
use crate::view::{Detail, event};
use memstrata_sdk::{Answer, Fault, Map, Query, Search, Value, arguments, hints, json};

/// A sort key and whether it falls.
pub(super) type Order = (&'static str, bool);
pub(super) const NEWEST: Order = ("timestamp", true);
pub(super) const OLDEST: Order = ("timestamp", false);
pub(super) const SURPRISING: Order = ("surprise_score", true);

/// Most buckets of a timeline.
pub(super) const MOST_BUCKETS: usize = 1_000;

/// A list operation without extras.
pub(super) fn plain(given: Value, limit: u32, order: Order) -> Answer {
    let mut wanted: Wanted = arguments(given)?;
    if order == SURPRISING {
        wanted.threshold.get_or_insert(crate::surprise::Options::EVENTS.threshold);
    }
    Ok(page(&wanted, limit, order)?.into())
}

/// `events_between`.
pub(super) fn between(given: Value) -> Answer {
    let wanted: Wanted = arguments(given)?;
    let order = if wanted.order.as_deref() == Some("newest") { NEWEST } else { OLDEST };
    Ok(page(&wanted, 50, order)?.into())
}

/// `get_timeframe`.
pub(super) fn timeframe(given: Value) -> Answer {
    let wanted: Wanted = arguments(given)?;
    let mut answer = page(&wanted, 50, NEWEST)?;
    bounds(&wanted, &mut answer)?;
    Ok(answer.into())
}

/// `get_timeline`.
pub(super) fn timeline(given: Value) -> Answer {
    let mut wanted: Wanted = arguments(given)?;
    wanted.days.get_or_insert(7);
    let mut answer = page(&wanted, 20, NEWEST)?;
    let (start, end) = bounds(&wanted, &mut answer)?;
    if let Some(name) = &wanted.bucket {
        let counts = by_bucket(&wanted, Bucket::named(name)?, (start, end))?;
        let filled = counts.into_iter().filter(|(_, count)| *count > 0).map(|(label, count)| (label, json!(count)));
        answer.insert("buckets".into(), filled.collect::<Map<_, _>>().into());
    }
    Ok(answer.into())
}

/// `code_events`.
pub(super) fn code(given: Value) -> Answer {
    let wanted: Wanted = arguments(given)?;
    if wanted.conditions()?.is_empty() {
        return Err(Fault::invalid(
            "name what to look for: file_path, symbol_name, symbol_type, test_name, test_passed, error_type, code_event_type, language or git_commit",
        ));
    }
    Ok(page(&wanted, 20, NEWEST)?.into())
}

/// `recall_events`: ranked with a query, else newest first.
pub(super) fn recall(given: Value) -> Answer {
    let wanted: Wanted = arguments(given)?;
    let mut answer = match wanted.query.as_deref().map(str::trim).filter(|query| !query.is_empty()) {
        Some(query) => ranked(&wanted, query)?,
        None => page(&wanted, 10, NEWEST)?,
    };
    if wanted.metrics {
        let events = answer.get_mut("events").and_then(Value::as_array_mut);
        add_metrics(events.map_or(&mut [], |events| events.as_mut_slice()))?;
    }
    Ok(answer.into())
}

fn ranked(wanted: &Wanted, query: &str) -> Result<Map<String, Value>, Fault> {
    if wanted.cursor.is_some() {
        return Err(Fault::invalid("a ranked answer has no further pages; raise `limit` or leave out `query`"));
    }
    let mut search = Search::of(query).collection(EVENTS)?.namespace(wanted.within())?.limit(wanted.page(10));
    for condition in wanted.conditions()? {
        search = search.filter(condition)?;
    }
    if let (Some(start), Some(end)) = wanted.window(now())? {
        search = search.between(start.unsigned_abs(), end.unsigned_abs());
    }
    let rows: Vec<Value> = search.hits()?.into_iter().map(|hit| hit.row).collect();
    shown(&rows, wanted, None)
}

/// The events a caller wants, in no order yet.
pub(super) fn query(wanted: &Wanted, window: (Option<i64>, Option<i64>)) -> Result<Query, Fault> {
    with(wanted, wanted.conditions()?, window)
}

/// The conditions for the events a caller wants, but for the window of time: tags and files by the rows that mention them.
pub(super) fn conditions(wanted: &Wanted) -> Result<Vec<Value>, Fault> {
    Ok(mentioned(wanted, None)?.0)
}

/// The same, and up to which id they know all, for the cursor of a page.
fn mentioned(wanted: &Wanted, cursor: Option<(Option<u64>, &str)>) -> Result<(Vec<Value>, Option<u64>), Fault> {
    let lists = wanted.in_lists();
    let (asked, known) = mention::conditions(&lists, wanted.within(), cursor)?;
    let by = |named: &_| {
        let at = lists.iter().position(|list| list == named);
        at.and_then(|at| asked.get(at)).cloned().unwrap_or_else(|| condition(named, None))
    };
    Ok((wanted.conditions_by(by)?, known))
}

pub(super) fn with(
    wanted: &Wanted,
    conditions: Vec<Value>,
    window: (Option<i64>, Option<i64>),
) -> Result<Query, Fault> {
    let mut query = Query::of(EVENTS).namespace(wanted.within())?;
    for condition in conditions.into_iter().chain(during(window.0, window.1)) {
        query = query.filter(condition)?;
    }
    Ok(query)
}

fn page(wanted: &Wanted, limit: u32, (field, falling): Order) -> Result<Map<String, Value>, Fault> {
    // The mentions are the same ones for each page.
    let cursor = wanted.cursor.as_deref().map(open);
    let (conditions, known) = mentioned(wanted, cursor)?;
    let query = with(wanted, conditions, wanted.window(now())?)?;
    let query = if falling { query.descending(field)? } else { query.ascending(field)? };
    let page = query.limit(wanted.page(limit)).after(cursor.map(|(_, rest)| rest))?.page()?;
    shown(&page.rows, wanted, seal(known, page.next))
}

fn shown(rows: &[Value], wanted: &Wanted, next: Option<String>) -> Result<Map<String, Value>, Fault> {
    let detail = Detail::named(wanted.detail.as_deref())?;
    let ids: Vec<u64> = rows.iter().filter_map(|row| row.get("id")?.as_u64()).collect();
    if !ids.is_empty() {
        hints::touch(&ids)?;
    }
    let mut answer = Map::new();
    answer.insert("events".into(), rows.iter().map(|row| event(row, detail)).collect::<Vec<_>>().into());
    answer.insert("count".into(), json!(rows.len()));
    put(&mut answer, "next_cursor", next);
    Ok(answer)
}

fn bounds(wanted: &Wanted, answer: &mut Map<String, Value>) -> Result<(i64, i64), Fault> {
    let (start, end) = wanted.window(now())?;
    let (start, end) = (start.unwrap_or(0), end.unwrap_or(crate::moment::LAST));
    answer.insert("start".into(), json!(start));
    answer.insert("end".into(), json!(end));
    Ok((start, end))
}

/// Counts by bucket, each over an index: exact for any number of events.
pub(super) fn by_bucket(wanted: &Wanted, bucket: Bucket, window: (i64, i64)) -> Result<Vec<(String, u64)>, Fault> {
    let mut counts = Vec::new();
    for (label, (start, end)) in bucket.cover(window, MOST_BUCKETS)? {
        counts.push((label, query(wanted, (Some(start), Some(end)))?.count()?));
    }
    Ok(counts)
}

fn add_metrics(events: &mut [Value]) -> Result<(), Fault> {
    for event in events {
        let Some(id) = event.get("id").and_then(Value::as_u64) else {
            continue;
        };
        let metrics = metrics_of(id)?;
        if let (Some(event), false) = (event.as_object_mut(), metrics.is_empty()) {
            event.insert("metrics".into(), metrics.into());
        }
    }
    Ok(())
}

/// Metrics of an event by name, at most a hundred.
pub(super) fn metrics_of(id: u64) -> Result<Map<String, Value>, Fault> {
    let rows = Query::of(METRICS).filter(json!(["event_id", "=", id]))?.limit(100).page()?.rows;
    let pairs =
        rows.into_iter().filter_map(|row| Some((row.get("name")?.as_str()?.to_owned(), row.get("value")?.clone())));
    Ok(pairs.collect())
}
