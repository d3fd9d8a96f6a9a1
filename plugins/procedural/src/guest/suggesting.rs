//! Suggestions: improvements of procedures, patterns that may become some, and applying either.

use super::extracting::{Study, known, learn, study};
use super::naming::Key;
use super::{STUDIES, named, now, put, runs, settings, writing};
use crate::chain::Event;
use crate::improve::{LEAST, suggest};
use crate::kept::{MOST, choose};
use crate::manifest::EVENTS;
use crate::pattern::{Pattern, name_of};
use crate::settings::Settings;
use crate::words::{clip, one_line};
use crate::{procedure, row};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, get_many, json, write};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Patterns are looked for among so many events, the newest, where somebody waits for it ..
const MOST_EVENTS: usize = 10_000;
/// .. and among so many where nothing was kept and the caller wants to know soon.
const FEW_EVENTS: usize = 200;

#[derive(Deserialize)]
struct One {
    procedure: Key,
}

pub(super) fn improvements(given: Value) -> Answer {
    let stored = arguments::<One>(given)?.procedure.live()?;
    let (id, runs) = (row::id(&stored), runs(row::id(&stored), &[])?);
    let suggestions = suggest(&stored, &runs, settings()?.wanted_success);
    let mut answer = json!({
        "id": id,
        "name": row::text(&stored, "name"),
        "suggestions": suggestions.iter().map(crate::improve::Suggestion::show).collect::<Vec<_>>(),
        "looked_at": runs.len(),
    });
    if runs.len() < LEAST {
        put(&mut answer, "reason", json!(format!("{LEAST} recorded executions are needed, there are {}", runs.len())));
    } else if suggestions.is_empty() {
        put(&mut answer, "reason", json!("the recorded executions suggest no change"));
    }
    Ok(answer)
}

#[derive(Deserialize)]
struct Patterns {
    #[serde(default)]
    lookback_days: Option<u64>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    fresh: bool,
}

/// What recurs, as it is told and kept. What occurred once is no pattern.
fn told(patterns: &[Pattern], settings: &Settings, most: usize) -> Vec<Value> {
    let recurring = patterns.iter().filter(|pattern| pattern.chains.len() > 1).take(most);
    let one = |pattern: &Pattern| {
        let newest: Vec<&Event> = pattern.chains.last().map(|chain| chain.0.iter().collect()).unwrap_or_default();
        json!({
            "signature": pattern.signature,
            "namespace": pattern.namespace,
            "name": pattern.name(),
            "occurrences": pattern.chains.len(),
            "success_rate": row::round(pattern.success_rate()),
            "tries": pattern.tries,
            "newest": newest.iter().take(10).map(|event| json!({"id": event.id, "content": clip(&one_line(&event.content), 120)})).collect::<Vec<_>>(),
            "lacks": pattern.lacks(settings),
        })
    };
    recurring.map(one).collect()
}

/// Keeps what a whole study found, in the namespace studied (a caller confined to one studies that): reading events takes long, and
/// many ask.
pub(super) fn keep(study: &Study, settings: &Settings, namespace: Option<&str>) -> Result<(), Fault> {
    let mut found = told(&study.patterns, settings, MOST);
    // Ids only: what events say is read when it is told, so that nothing outlives an event that is erased.
    for one in &mut found {
        let newest = one.get_mut("newest").and_then(Value::as_array_mut);
        newest.into_iter().flatten().for_each(|event| put(event, "content", Value::Null));
        put(one, "name", Value::Null);
    }
    let mut study = json!({
        "computed_at": now(), "events": study.events, "patterns": found,
        "notes": study.notes,
    });
    // Without one the host puts it into the caller's own.
    if let Some(namespace) = namespace {
        put(&mut study, "namespace", json!(namespace));
    }
    write::upsert(STUDIES, "namespace", &study).map(|_| ())
}

/// The newest study kept that answers for a namespace; for the whole space if none is named. A caller confined to a namespace sees
/// none of the whole space.
fn kept(namespace: Option<&str>) -> Result<Option<Value>, Fault> {
    let wanted = namespace.unwrap_or_default();
    let studies = Query::of(STUDIES).filter(json!(["namespace", "in", ["", wanted]]))?.limit(2).page()?.rows;
    Ok(choose(&studies, wanted))
}

/// Fills in what the events of kept patterns say now, and the names made of it.
fn fill(patterns: &mut [Value]) -> Result<(), Fault> {
    let events = |one: &Value| {
        one.get("newest").and_then(Value::as_array).into_iter().flatten().map(row::id).collect::<Vec<u64>>()
    };
    let ids: Vec<u64> = patterns.iter().flat_map(events).collect();
    let mut said = BTreeMap::new();
    for ids in ids.chunks(500) {
        let read = match get_many(EVENTS, ids) {
            Err(fault) if fault.code == "not-found" || fault.code.starts_with("denied.") => Vec::new(),
            other => other?,
        };
        said.extend(read.iter().flatten().map(|event| (row::id(event), row::text(event, "content").to_owned())));
    }
    for one in patterns {
        let first = events(one).first().and_then(|id| said.get(id)).map(|content| name_of(content));
        put(one, "name", json!(first));
        for event in one.get_mut("newest").and_then(Value::as_array_mut).into_iter().flatten() {
            let content = said.get(&row::id(event)).map(|content| clip(&one_line(content), 120));
            put(event, "content", json!(content));
        }
    }
    Ok(())
}

pub(super) fn patterns(given: Value) -> Answer {
    let given: Patterns = arguments(given)?;
    let (settings, namespace) = (settings()?, named(given.namespace.as_deref()));
    let limit = given.limit.unwrap_or(10);
    let ready = if given.fresh || given.lookback_days.is_some() { None } else { kept(namespace)? };
    let (mut shown, events, mut notes, computed_at) = match ready {
        Some(mut study) => {
            let patterns = study.get_mut("patterns").map(Value::take).unwrap_or_default();
            let patterns = if let Value::Array(patterns) = patterns { patterns } else { Vec::new() };
            let mut patterns: Vec<Value> = patterns.into_iter().take(limit).collect();
            fill(&mut patterns)?;
            let notes: Vec<String> = row::texts(&study, "notes");
            (patterns, row::int(&study, "events"), notes, row::int(&study, "computed_at"))
        }
        None => {
            let most = if given.fresh { MOST_EVENTS } else { FEW_EVENTS };
            let study = study(&settings, given.lookback_days, most, namespace)?;
            let shown = told(&study.patterns, &settings, limit);
            let mut notes = study.notes;
            if !given.fresh && study.events == FEW_EVENTS {
                notes.push(format!("`fresh` looks at the newest {MOST_EVENTS} events, and takes longer"));
            }
            (shown, Some(study.events as u64), notes, Some(now()))
        }
    };
    notes.dedup();
    shown.truncate(limit);
    let known = known(&shown.iter().map(|one| row::text(one, "signature")).collect::<Vec<_>>())?;
    for one in &mut shown {
        let stored = known.get(&(row::text(one, "namespace").to_owned(), row::text(one, "signature").to_owned()));
        let live = stored.filter(|stored| row::int(stored, "deleted_at").is_none());
        put(one, "known", json!(live.map(|stored| json!({"id": row::id(stored), "name": row::text(stored, "name")}))));
    }
    Ok(json!({"count": shown.len(), "patterns": shown, "events": events, "computed_at": computed_at, "notes": notes}))
}

#[derive(Deserialize)]
struct Apply {
    #[serde(default)]
    procedure: Option<Key>,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    signature: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
}

fn gone(message: String) -> Fault {
    Fault::new("not-found.suggestion", message)
}

pub(super) fn apply(given: Value) -> Answer {
    let given: Apply = arguments(given)?;
    match (&given.procedure, &given.key, &given.signature) {
        (Some(procedure), Some(key), None) => improve(procedure, key),
        (None, None, Some(signature)) => adopt(signature, &given),
        _ => Err(Fault::invalid(
            "give either `procedure` and `key`, or `signature`: see suggest_procedure_improvements and get_pattern_suggestions",
        )),
    }
}

fn improve(procedure: &Key, key: &str) -> Answer {
    let stored = procedure.live()?;
    let id = row::id(&stored);
    let suggestions = suggest(&stored, &runs(id, &[])?, settings()?.wanted_success);
    let name = row::text(&stored, "name");
    let Some(suggestion) = suggestions.into_iter().find(|suggestion| suggestion.key == key) else {
        let key = clip(key, 80);
        return Err(gone(format!(
            "the executions of `{name}` do not suggest `{key}` now: see suggest_procedure_improvements"
        )));
    };
    let Some(change) = suggestion.change else {
        return Err(Fault::invalid(format!(
            "`{}` says what to look at, not what to write: use update_procedure",
            clip(key, 80)
        )));
    };
    let mut answer = writing::stage(&stored, procedure::patch(&stored, &change)?)?;
    put(&mut answer, "applied", json!(suggestion.key));
    put(&mut answer, "evidence", json!(suggestion.evidence));
    Ok(answer)
}

fn adopt(signature: &str, given: &Apply) -> Answer {
    let settings = settings()?;
    let study = study(&settings, None, MOST_EVENTS, given.namespace.as_deref())?;
    let mut found = study.patterns.iter().filter(|pattern| {
        pattern.signature == signature
            && given.namespace.as_ref().is_none_or(|namespace| *namespace == pattern.namespace)
    });
    let Some(pattern) = found.next() else {
        return Err(gone(format!(
            "no chain of events has the signature `{}`: see get_pattern_suggestions",
            clip(signature, 200)
        )));
    };
    if found.next().is_some() {
        return Err(Fault::invalid("several namespaces have this pattern: give `namespace`"));
    }
    let lacks = pattern.lacks(&settings);
    if !lacks.is_empty() {
        return Err(Fault::invalid(format!("the pattern lacks {}", lacks.join("; and "))));
    }
    let stored = known(&[signature])?;
    if let Some(stored) = stored.get(&(pattern.namespace.clone(), signature.to_owned())) {
        let id = row::id(stored);
        return Err(match row::int(stored, "deleted_at") {
            Some(_) => Fault::new(
                "conflict.signature",
                format!("m:{id} was learned from it and deleted: restore_procedure brings it back"),
            ),
            None => Fault::new("conflict.signature", format!("m:{id} was learned from it already")),
        });
    }
    let (id, name) = learn(pattern, given.name.as_deref())?;
    let answer = Map::from_iter([
        ("id".to_owned(), json!(id)),
        ("ref".to_owned(), json!(row::reference(id))),
        ("name".to_owned(), json!(name)),
        ("applied".to_owned(), json!(signature)),
        ("evidence".to_owned(), json!(pattern.sources())),
    ]);
    Ok(Value::Object(answer))
}
