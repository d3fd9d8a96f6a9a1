//! Drill-down and summaries: one event, search, timeline, surroundings, metrics, statistics.

use super::list::{by_bucket, metrics_of, query as events_where};
use super::{EVENTS, METRICS, RELATIONS, date_range, event as live_event, now, put};
use crate::filter::{Wanted, during, namespace};
use crate::moment::{MINUTE, Moment, whole};
use crate::observed::Observed;
use crate::timeframe::Bucket;
use crate::view::{Detail, event as shown};
use crate::{causal, summary};
use memstrata_sdk::{Answer, Fault, Map, Query, Search, Value, arguments, hints, hits, json};
use serde::Deserialize;

#[derive(Deserialize)]
struct One {
    event_id: u64,
    #[serde(default)]
    include: Vec<String>,
}

/// `get_event`.
pub(super) fn event(given: Value) -> Answer {
    let one: One = arguments(given)?;
    let row = live_event(one.event_id)?;
    hints::touch(&[one.event_id])?;
    let mut answer = Map::new();
    answer.insert("event".into(), shown(&row, Detail::Full));
    for part in &one.include {
        let value: Value = match part.as_str() {
            "relations" => relations_of(one.event_id)?.into(),
            "metrics" => metrics_of(one.event_id)?.into(),
            "history" => memstrata_sdk::history(EVENTS, one.event_id)?.into(),
            other => {
                return Err(Fault::invalid(format!("`include` has `{other}`; use relations, metrics or history")));
            }
        };
        answer.insert(part.clone(), value);
    }
    Ok(answer.into())
}

fn relations_of(id: u64) -> Result<Vec<Value>, Fault> {
    let ends = json!({"any": [["from_event", "=", id], ["to_event", "=", id]]});
    let fields = ["from_event", "to_event", "relation_type", "strength", "origin"];
    Ok(Query::of(RELATIONS).filter(ends)?.descending("strength")?.select(&fields)?.limit(50).page()?.rows)
}

#[derive(Deserialize)]
struct Sought {
    #[serde(default)]
    namespace: String,
    query: String,
    limit: Option<u32>,
    confidence_threshold: Option<f64>,
    outcome_filter: Option<String>,
    event_type: Option<String>,
    mode: Option<String>,
    min_similarity: Option<f64>,
    detail: Option<String>,
    start: Option<Moment>,
    end: Option<Moment>,
}

/// `search_events`.
pub(super) fn search(given: Value) -> Answer {
    let sought: Sought = arguments(given)?;
    let mut search = Search::of(&sought.query)
        .collection(EVENTS)?
        .namespace(namespace(&sought.namespace))?
        .limit(sought.limit.unwrap_or(100).clamp(1, crate::filter::MOST));
    for (field, value) in [("outcome", &sought.outcome_filter), ("event_type", &sought.event_type)] {
        if let Some(value) = value {
            search = search.filter(json!([field, "=", value]))?;
        }
    }
    for condition in during(sought.start.map(|m| m.0), sought.end.map(|m| m.0)) {
        search = search.filter(condition)?;
    }
    let off: &[&str] = match sought.mode.as_deref() {
        None | Some("hybrid") => &[],
        Some("text") => &["vector", "context"],
        Some("vector") => &["text", "context"],
        Some(other) => {
            return Err(Fault::invalid(format!("`mode` is `{other}`; use hybrid, text or vector")));
        }
    };
    for channel in off {
        search = search.weight(channel, 0.0)?;
    }
    if let Some(cosine) = sought.min_similarity {
        search = search.min_similarity(cosine);
    }
    let results = search.results()?;
    let rows: Vec<Value> = hits(&results)?.into_iter().map(|hit| hit.row).collect();
    let mut answer = summary::of_search(&rows, sought.confidence_threshold.unwrap_or(0.7));
    let detail = Detail::named(Some(sought.detail.as_deref().unwrap_or("ids")))?;
    if detail != Detail::Ids {
        answer.insert("events".into(), rows.iter().map(|row| shown(row, detail)).collect::<Vec<_>>().into());
    }
    let notes = results.notes();
    put(&mut answer, "notes", (!notes.is_empty()).then_some(notes));
    Ok(answer.into())
}

#[derive(Deserialize)]
struct Timeline {
    #[serde(default)]
    namespace: String,
    start_date: Option<Moment>,
    end_date: Option<Moment>,
    event_type: Option<String>,
    #[serde(default = "day")]
    bucket_by: String,
}

fn day() -> String {
    "day".into()
}

/// Most buckets a summary lists.
const LISTED_BUCKETS: usize = 200;

/// `get_event_timeline`.
pub(super) fn timeline(given: Value) -> Answer {
    let asked: Timeline = arguments(given)?;
    let bucket = Bucket::named(&asked.bucket_by)?;
    let wanted = Wanted {
        namespace: asked.namespace,
        event_type: asked.event_type,
        start: asked.start_date,
        end: asked.end_date,
        ..Wanted::default()
    };
    let (start, end) = wanted.window(now())?;
    let Some((first, last)) = first_and_last(|| events_where(&wanted, (start, end)))? else {
        return Ok(summary::of_buckets(&[], &asked.bucket_by, LISTED_BUCKETS).into());
    };
    let counts = by_bucket(&wanted, bucket, (first, last + 1))?;
    let mut answer = summary::of_buckets(&counts, &asked.bucket_by, LISTED_BUCKETS);
    answer.insert("date_range".into(), date_range(first, last));
    Ok(answer.into())
}

/// Times of the first and last event, over the index of time.
pub(super) fn first_and_last(query: impl Fn() -> Result<Query, Fault>) -> Result<Option<(i64, i64)>, Fault> {
    let time = |row: Option<Value>| row.as_ref().and_then(|row| row.get("timestamp")).and_then(whole);
    let first = time(query()?.ascending("timestamp")?.first()?);
    let last = time(query()?.descending("timestamp")?.first()?);
    Ok(first.zip(last))
}

#[derive(Deserialize)]
struct Around {
    event_id: u64,
    window_minutes: Option<i64>,
    #[serde(default)]
    same_session: bool,
}

/// Events on each side that the causal rules are tried on.
const NEIGHBOURS: u32 = 50;

/// `get_event_causality`.
pub(super) fn causality(given: Value) -> Answer {
    let around: Around = arguments(given)?;
    let row = live_event(around.event_id)?;
    let center = Observed::of(&row);
    let reach = around.window_minutes.unwrap_or(30) * MINUTE;
    let (from, at, to) = (center.timestamp - reach, center.timestamp, center.timestamp + reach + 1);
    let near = |start: i64, end: i64| -> Result<Query, Fault> {
        let session = center.session.as_deref().filter(|_| around.same_session);
        let mut query =
            Query::of(EVENTS).filter(json!(["id", "!=", around.event_id]))?.filter_if("session_id", "=", session)?;
        for condition in during(Some(start), Some(end)) {
            query = query.filter(condition)?;
        }
        Ok(query)
    };
    let (before, after) = (near(from, at)?.count()?, near(at, to)?.count()?);
    let neighbours = |query: Query| -> Result<Vec<Observed>, Fault> {
        // The rules hold inside a session only, whatever the window counts.
        let Some(session) = center.session.as_deref() else {
            return Ok(Vec::new());
        };
        let rows = query.filter(json!(["session_id", "=", session]))?.limit(NEIGHBOURS).page()?.rows;
        Ok(rows.iter().map(Observed::of).collect())
    };
    let causes = neighbours(near(from, at)?.descending("timestamp")?)?;
    let effects = neighbours(near(at, to)?.ascending("timestamp")?)?;
    Ok(json!({
        "events_before": before,
        "events_after": after,
        "total_nearby": before + after,
        "nearby_event_types": summary::groups(&near(from, to)?.group_count("event_type")?, 20),
        "before_outcomes": summary::groups(&near(from, at)?.group_count("outcome")?, 10),
        "after_outcomes": summary::groups(&near(at, to)?.group_count("outcome")?, 10),
        "likely_causes": likely(causes.iter().map(|other| (other, &center)), true),
        "likely_effects": likely(effects.iter().map(|other| (&center, other)), false),
    }))
}

/// The five nearest pairs for which a causal rule holds.
fn likely<'a>(pairs: impl Iterator<Item = (&'a Observed, &'a Observed)>, show_cause: bool) -> Vec<Value> {
    let found = pairs.filter_map(|(cause, effect)| {
        if effect.timestamp - cause.timestamp >= crate::moment::HOUR {
            return None;
        }
        let rule = causal::rule(cause, effect)?;
        let id = if show_cause { cause.id } else { effect.id };
        Some(json!({"id": id, "rule": rule, "strength": summary::rounded(causal::strength(cause, effect))}))
    });
    found.take(5).collect()
}

#[derive(Deserialize)]
struct Measured {
    event_id: Option<u64>,
    name: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// `event_metrics`.
pub(super) fn metrics(given: Value) -> Answer {
    let measured: Measured = arguments(given)?;
    if measured.event_id.is_none() && measured.name.is_none() {
        return Err(Fault::invalid(
            "give event_id for the metrics of an event, or name for one metric over all events",
        ));
    }
    if let Some(id) = measured.event_id {
        live_event(id)?;
    }
    let of = || -> Result<Query, Fault> {
        Query::of(METRICS).filter_if("event_id", "=", measured.event_id)?.filter_if(
            "name",
            "=",
            measured.name.as_deref(),
        )
    };
    let page = of()?
        .descending("recorded_at")?
        .select(&["event_id", "name", "value", "recorded_at"])?
        .limit(measured.limit.unwrap_or(50).clamp(1, 200))
        .after(measured.cursor.as_deref())?
        .page()?;
    let mut answer = Map::new();
    answer.insert("count".into(), json!(page.rows.len()));
    answer.insert("metrics".into(), page.rows.into());
    if measured.name.is_some() {
        answer.insert("total".into(), json!(of()?.count()?));
        for function in ["avg", "min", "max"] {
            put(&mut answer, function, of()?.aggregate(function, "value")?);
        }
    }
    put(&mut answer, "next_cursor", page.next);
    Ok(answer.into())
}
