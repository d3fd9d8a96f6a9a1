//! Learning procedures from chains of events.

use super::{PROCEDURES, named, now, put, settings, suggesting, writing};
use crate::chain::{Event, chains};
use crate::manifest::EVENTS;
use crate::pattern::{Pattern, patterns};
use crate::row;
use crate::settings::Settings;
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, budget, json, write};
use serde::Deserialize;
use std::collections::BTreeMap;

const DAY_MS: u64 = 86_400_000;
/// So many events are a whole study.
const WHOLE: usize = 10_000;
/// A call learns no more procedures than this; the next one goes on.
const MOST_LEARNED: usize = 200;
/// A name that is taken gets a number behind it, up to this.
const MOST_NAMESAKES: u32 = 50;

/// What was read of the events.
pub(super) struct Study {
    pub(super) events: usize,
    pub(super) chains: usize,
    pub(super) patterns: Vec<Pattern>,
    pub(super) notes: Vec<String>,
}

/// Reads the events of the last days, newest first, and finds their patterns. Where there is no such layer there are no events.
pub(super) fn study(
    settings: &Settings,
    days: Option<u64>,
    limit: usize,
    namespace: Option<&str>,
) -> Result<Study, Fault> {
    let since = now().saturating_sub(days.unwrap_or(settings.lookback_days).saturating_mul(DAY_MS));
    let mut notes = Vec::new();
    let mut events: Vec<Event> = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let query = Query::of(EVENTS)
            .namespace(namespace)
            .and_then(|query| query.filter(json!(["timestamp", ">", since])))
            .and_then(|query| query.descending("timestamp"))
            .and_then(|query| query.select(&Event::FIELDS))
            .and_then(|query| query.limit(1_000).after(cursor.as_deref()))
            .and_then(|query| query.page());
        let page = match query {
            Ok(page) => page,
            Err(fault) if fault.code == "not-found" || fault.code.starts_with("denied.") => {
                notes.push(format!("no events: {}", fault.message));
                break;
            }
            Err(fault) => return Err(fault),
        };
        events.extend(page.rows.iter().filter_map(Event::of_row));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
        if events.len() >= limit || budget::should_stop() {
            events.truncate(limit);
            notes.push(format!(
                "only the newest {} events were read: older ones may complete more chains",
                events.len()
            ));
            break;
        }
    }
    events.truncate(limit);
    let count = events.len();
    if (count as u64) < settings.least_events {
        return Ok(Study { events: count, chains: 0, patterns: Vec::new(), notes });
    }
    let (found, too_long) =
        chains(events, settings.gap_ms(), usize::try_from(settings.least_chain).unwrap_or(usize::MAX));
    if too_long > 0 {
        notes.push(format!("{too_long} chains of over {} events were left out", crate::chain::MOST));
    }
    Ok(Study { events: count, chains: found.len(), patterns: patterns(found), notes })
}

/// The procedures that have these signatures, deleted ones too; a live one before a deleted one.
pub(super) fn known(signatures: &[&str]) -> Result<BTreeMap<(String, String), Value>, Fault> {
    let mut known = BTreeMap::new();
    for signatures in signatures.chunks(200) {
        let query = Query::of(PROCEDURES).with_deleted().filter(json!(["signature", "in", signatures]))?;
        for stored in query.limit(1_000).all(10_000)? {
            let key = (row::text(&stored, "namespace").to_owned(), row::text(&stored, "signature").to_owned());
            let live = row::int(&stored, "deleted_at").is_none();
            if live || !known.contains_key(&key) {
                known.insert(key, stored);
            }
        }
    }
    Ok(known)
}

/// Stages the procedure of a pattern under a name that is free; answers its id and name.
pub(super) fn learn(pattern: &Pattern, name: Option<&str>) -> Result<(u64, String), Fault> {
    let wanted = name.map_or_else(|| pattern.name(), str::to_owned);
    for number in 1..=MOST_NAMESAKES {
        let tried = if number == 1 { wanted.clone() } else { format!("{wanted} ({number})") };
        match writing::insert(&pattern.row(&tried)?) {
            Ok(id) => return Ok((id, tried)),
            Err(fault) if fault.code == "conflict.name" && name.is_none() => {}
            Err(fault) => return Err(fault),
        }
    }
    Err(Fault::new("conflict.name", format!("{MOST_NAMESAKES} procedures are called `{wanted}` already")))
}

/// The evidence of a learned procedure that has changed; nothing if it is as it was.
fn news(stored: &Value, pattern: &Pattern) -> Map<String, Value> {
    let mut evidence = pattern.evidence();
    evidence.retain(|field, value| match (field.as_str(), stored.get(field.as_str())) {
        ("sources", _) => row::ids(stored, "sources") != pattern.sources(),
        (_, Some(Value::Number(known))) => known.as_f64() != value.as_f64(),
        (_, known) => known.unwrap_or(&Value::Null) != value,
    });
    evidence
}

fn told(pattern: &Pattern, id: Option<u64>, name: &str) -> Map<String, Value> {
    let mut told = Map::new();
    if let Some(id) = id {
        told.insert("id".into(), json!(id));
        told.insert("ref".into(), json!(row::reference(id)));
    }
    told.insert("name".into(), json!(name));
    told.insert("signature".into(), json!(pattern.signature));
    told.insert("occurrences".into(), json!(pattern.chains.len()));
    told.insert("success_rate".into(), json!(row::round(pattern.success_rate())));
    told
}

#[derive(Deserialize)]
struct Extract {
    #[serde(default)]
    lookback_days: Option<u64>,
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    namespace: Option<String>,
}

pub(super) fn extract(given: Value) -> Answer {
    let given: Extract = arguments(given)?;
    let settings = settings()?;
    let mut study = study(&settings, given.lookback_days, given.limit.unwrap_or(WHOLE), given.namespace.as_deref())?;
    let found = study.patterns.len();
    if !given.dry_run && given.lookback_days.is_none() && given.limit.is_none_or(|limit| limit >= WHOLE) {
        suggesting::keep(&study, &settings, named(given.namespace.as_deref()))?;
    }
    study.patterns.retain(|pattern| pattern.lacks(&settings).is_empty());
    let qualified = study.patterns.len();
    let signatures: Vec<&str> = study.patterns.iter().map(|pattern| pattern.signature.as_str()).collect();
    let known = known(&signatures)?;
    let (mut created, mut updated, mut skipped, mut unchanged) = (Vec::new(), Vec::new(), Vec::new(), 0_u64);
    for pattern in &study.patterns {
        if created.len() + updated.len() >= MOST_LEARNED || budget::should_stop() {
            study.notes.push("there are more patterns than one call learns: call it again".to_owned());
            break;
        }
        match known.get(&(pattern.namespace.clone(), pattern.signature.clone())) {
            Some(stored) if row::int(stored, "deleted_at").is_some() => {
                let id = row::id(stored);
                skipped.push(json!({"signature": pattern.signature,
                    "reason": format!("m:{id} was learned from it and deleted: `restore_procedure` brings it back")}));
            }
            Some(stored) => {
                let (id, news) = (row::id(stored), news(stored, pattern));
                if news.is_empty() {
                    unchanged += 1;
                    continue;
                }
                let mut told = told(pattern, Some(id), row::text(stored, "name"));
                told.insert("changed".into(), json!(news.keys().collect::<Vec<_>>()));
                updated.push(told);
                if !given.dry_run {
                    write::update(PROCEDURES, id, None, &Value::Object(news))?;
                }
            }
            None => {
                let sources = pattern.sources();
                let mut told = if given.dry_run {
                    let row = Value::Object(pattern.row(&pattern.name())?);
                    let mut told = told(pattern, None, row::text(&row, "name"));
                    for field in ["category", "template", "parameters", "steps", "applicable_contexts"] {
                        told.insert(field.into(), row.get(field).cloned().unwrap_or_default());
                    }
                    told
                } else {
                    let (id, name) = learn(pattern, None)?;
                    told(pattern, Some(id), &name)
                };
                told.insert("sources".into(), json!(sources.len()));
                created.push(told);
            }
        }
    }
    let mut answer = json!({
        "dry_run": given.dry_run, "events": study.events, "chains": study.chains, "patterns": found,
        "created": created, "updated": updated, "unchanged": unchanged, "skipped": skipped,
    });
    let (events, least) = (study.events as u64, settings.least_events);
    if events < least {
        put(&mut answer, "reason", json!(format!("{least} events are needed, there are {events}")));
    } else if qualified == 0 {
        put(
            &mut answer,
            "reason",
            json!("no chain recurred often enough and went well: get_pattern_suggestions says what each lacks"),
        );
    }
    if !study.notes.is_empty() {
        put(&mut answer, "notes", json!(study.notes));
    }
    Ok(answer)
}
