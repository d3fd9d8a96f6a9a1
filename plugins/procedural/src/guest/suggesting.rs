//! Suggestions: improvements of procedures, patterns that may become some, and applying either.

use super::extracting::{known, learn, study};
use super::naming::Key;
use super::{put, runs, settings, writing};
use crate::chain::Event;
use crate::improve::{LEAST, suggest};
use crate::words::{clip, one_line};
use crate::{procedure, row};
use memstrata_sdk::{Answer, Fault, Map, Value, arguments, json};
use serde::Deserialize;

/// Patterns are looked for among so many events, the newest.
const MOST_EVENTS: usize = 10_000;

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
}

pub(super) fn patterns(given: Value) -> Answer {
    let given: Patterns = arguments(given)?;
    let settings = settings()?;
    let mut study = study(&settings, given.lookback_days, MOST_EVENTS, given.namespace.as_deref())?;
    // What occurred once is no pattern.
    study.patterns.retain(|pattern| pattern.chains.len() > 1);
    study.patterns.truncate(given.limit.unwrap_or(10));
    let signatures: Vec<&str> = study.patterns.iter().map(|pattern| pattern.signature.as_str()).collect();
    let known = known(&signatures)?;
    let shown: Vec<Value> = study
        .patterns
        .iter()
        .map(|pattern| {
            let stored = known.get(&(pattern.namespace.clone(), pattern.signature.clone()));
            let live = stored.filter(|stored| row::int(stored, "deleted_at").is_none());
            let newest: Vec<&Event> = pattern.chains.last().map(|chain| chain.0.iter().collect()).unwrap_or_default();
            json!({
                "signature": pattern.signature,
                "namespace": pattern.namespace,
                "name": pattern.name(),
                "occurrences": pattern.chains.len(),
                "success_rate": row::round(pattern.success_rate()),
                "tries": pattern.tries,
                "newest": newest.iter().take(10).map(|event| json!({"id": event.id, "content": clip(&one_line(&event.content), 120)})).collect::<Vec<_>>(),
                "lacks": pattern.lacks(&settings),
                "known": live.map(|stored| json!({"id": row::id(stored), "name": row::text(stored, "name")})),
            })
        })
        .collect();
    Ok(json!({"count": shown.len(), "patterns": shown, "events": study.events, "notes": study.notes}))
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
