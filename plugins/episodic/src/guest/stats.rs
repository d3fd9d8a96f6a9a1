//! Statistics: counted now where there are few events, else as they were last kept.

use super::list::query as events_where;
use super::read::first_and_last;
use super::{EVENTS, FIGURES, METRICS, PLACES, RELATIONS, SOURCES, date_range, now, put};
use crate::filter::{Wanted, namespace};
use crate::summary;
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, json, row, write};
use serde::Deserialize;

/// The longest a call takes unless the operator allows more, in ms.
const CALL: u64 = 120_000;

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    fresh: bool,
    #[serde(flatten)]
    wanted: Map<String, Value>,
}

/// `event_stats`.
pub(super) fn answer(given: Value) -> Answer {
    let asked: Asked = arguments(given)?;
    let wanted: Wanted = arguments(asked.wanted.into())?;
    if !asked.fresh && wanted.start.is_none() && wanted.end.is_none() {
        let kept = kept(wanted.within().unwrap_or_default())?;
        if let Some(Value::Object(mut counts)) = kept.as_ref().and_then(|kept| kept.get("counts")).cloned() {
            put(&mut counts, "computed_at", kept.as_ref().and_then(|kept| row::int(kept, "computed_at")));
            return Ok(counts.into());
        }
    }
    Ok(count(&wanted)?.into())
}

/// What is counted beside the events.
const BESIDE: [&str; 4] = [RELATIONS, METRICS, SOURCES, PLACES];

fn beside(collection: &str, within: Option<&str>) -> Result<u64, Fault> {
    Query::of(collection).namespace(within)?.count()
}

/// Whether the answer for a scope is another than the kept one. A row's time of change is the begin of the call that wrote it,
/// which may be up to [`CALL`] before it was to be seen.
fn changed(scope: &str, kept: &Value) -> Result<bool, Fault> {
    let since = row::int(kept, "computed_at").unwrap_or(0).saturating_sub(CALL);
    let events = Query::of(EVENTS).namespace(namespace(scope))?.filter(json!(["updated_at", ">", since]))?;
    if !events.with_deleted().limit(1).ids()?.is_empty() {
        return Ok(true);
    }
    for collection in BESIDE {
        if kept.get("counts").and_then(|counts| row::int(counts, collection))
            != Some(beside(collection, namespace(scope))?)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The figures of a namespace and below; of the whole space if it is empty.
fn kept(scope: &str) -> Result<Option<Value>, Fault> {
    let query = Query::of(FIGURES).filter(json!(["scope", "=", scope]))?;
    let rows = query.page()?.rows;
    // A caller confined to a namespace has rows of its own there only, and means that one.
    Ok(rows.into_iter().find(|kept| super::namespace_of(kept) == scope))
}

fn count(wanted: &Wanted) -> Result<Map<String, Value>, Fault> {
    let window = wanted.window(now())?;
    let of = || events_where(wanted, window);
    let total = of()?.count()?;
    let groups = |field: &str| Ok::<_, Fault>(summary::groups(&of()?.group_count(field)?, 20));
    let sessions = of()?.filter(json!(["session_id", "!=", null]))?.group_count("session_id")?;
    let scored = of()?.filter(json!(["surprise_score", "!=", null]))?.count()?;
    let mut answer = Map::new();
    answer.insert("total_events".into(), json!(total));
    answer.insert("by_type".into(), groups("event_type")?);
    answer.insert("by_outcome".into(), groups("outcome")?);
    answer.insert("by_status".into(), groups("consolidation_status")?);
    answer.insert("sessions".into(), json!(sessions.len()));
    answer.insert("largest_sessions".into(), summary::groups(&sessions, 10));
    put(&mut answer, "avg_confidence", of()?.aggregate("avg", "confidence")?.map(summary::rounded));
    answer.insert("scored_for_surprise".into(), json!(scored));
    put(&mut answer, "date_range", first_and_last(of)?.map(|(first, last)| date_range(first, last)));
    for collection in BESIDE {
        answer.insert(collection.to_owned(), json!(beside(collection, wanted.within())?));
    }
    answer.insert("empty".into(), json!(total == 0));
    Ok(answer)
}

/// `keep_stats`: of the whole space and of its largest namespaces, where there are many events and something changed. A caller
/// confined to a namespace does not see the whole space, and keeps no figures of it.
pub(super) fn keep() -> Answer {
    let mut kept_now = 0;
    let groups = Query::of(EVENTS).group_count("namespace")?;
    let scopes = summary::scopes(&groups, super::home()?.is_empty());
    for scope in &scopes {
        let old = kept(scope)?;
        if let Some(old) = &old
            && !changed(scope, old)?
        {
            continue;
        }
        let wanted = Wanted { namespace: (*scope).to_owned(), ..Wanted::default() };
        let counts = count(&wanted)?;
        let mut figures = Map::new();
        figures.insert("scope".into(), json!(scope));
        figures.insert("counts".into(), counts.into());
        figures.insert("computed_at".into(), json!(now()));
        put(&mut figures, "namespace", namespace(scope));
        write::upsert(FIGURES, "scope", &figures.into())?;
        kept_now += 1;
    }
    // What nobody renews is not told any more: the namespace has few events now, none, or larger ones are before it.
    let mut dropped = 0;
    for old in Query::of(FIGURES).select(&["scope", "namespace"])?.limit(500).page()?.rows {
        let scope = row::text(&old, "scope");
        if !scopes.contains(&scope) || super::namespace_of(&old) != scope {
            write::delete(FIGURES, row::id(&old), None)?;
            dropped += 1;
        }
    }
    Ok(json!({"kept": kept_now, "dropped": dropped}))
}
