//! `why_not`: walks one memory through the stages of a recall.

use super::pipeline::{collapse, gather, of_kinds, search, spread, why};
use super::recall::with_evidence;
use super::retrieve::{Read, read};
use crate::args::Id;
use crate::confidence::Confidence;
use crate::fit::{Frame, reference, shared};
use crate::request::{LEAST_COSINE, Request};
use crate::terms::Terms;
use crate::text::terms;
use crate::trace::{
    Check, check_kind, check_there, check_time, checks_of_deleted, checks_of_row, checks_of_unknown, verdict,
};
use memstrata_sdk::{Answer, Fault, Hit, Place, Value, arguments, batch::Batch, clock, hits, json, places, rows};
use serde::Deserialize;

/// How deep it looks for the rank.
const DEEP: u32 = 200;

#[derive(Deserialize)]
struct Expected {
    id: Id,
    #[serde(flatten)]
    request: Request,
}

pub(super) fn why_not(given: Value) -> Answer {
    let Expected { id: Id(id), request } = arguments(given)?;
    let (query, now) = (request.check()?, clock::now());
    let known_at = request.known_at.map(|time| time.0);
    let unreadable = || vec![Check::drop("exists", "no memory that recall may read has this id")];
    let (collection, row) = match (read(id, known_at)?, known_at) {
        (Read::Row { collection, row }, _) => (collection, row),
        (Read::Deleted { collection, at }, _) => return Ok(verdict(id, &checks_of_deleted(&collection, at))),
        (Read::Unknown, None) => return Ok(verdict(id, &unreadable())),
        (Read::Unknown, Some(then)) => {
            // What is there now tells an id nobody knows from one that was not there then.
            let checks = match read(id, None)? {
                Read::Row { collection, .. } => checks_of_unknown(then, &collection, None),
                Read::Deleted { collection, at } => checks_of_unknown(then, &collection, Some(at)),
                Read::Unknown => unreadable(),
            };
            return Ok(verdict(id, &checks));
        }
    };
    let mut checks = vec![check_there(&request)];
    checks.extend(checks_of_row(&request, &row, &collection, now));
    if checks.iter().all(|check| check.passed) {
        searched(&request, query, id, &collection, now, &mut checks)?;
    }
    Ok(verdict(id, &checks))
}

/// The stages that need the search.
fn searched(
    request: &Request,
    query: &str,
    id: u64,
    collection: &str,
    now: u64,
    checks: &mut Vec<Check>,
) -> Result<(), Fault> {
    // Alone: the same question against this one row, whatever its rank, time or kind.
    let alone = Request {
        collections: vec![collection.to_owned()],
        since: None,
        from: None,
        until: None,
        to: None,
        min_similarity: Some(-1.0),
        ..request.clone()
    };
    let results =
        search(&alone, query, request.namespace(), now)?.filter(json!(["id", "=", id]))?.limit(1).results()?;
    let view = rows(results.views()?)?.into_iter().next();
    let own = hits(&results)?.into_iter().next();
    if let Some(view) = &view {
        if let Some(time) = view.get("time").and_then(Value::as_u64) {
            checks.push(check_time(request, time));
        }
        checks.push(check_kind(request, view.get("kind").and_then(Value::as_str)));
    }
    if checks.iter().any(|check| !check.passed) {
        return Ok(());
    }

    // What recall itself would fetch; deeper only for the rank of what is not there.
    let mut fetched = gather(request, query, request.fetch(), now, false)?;
    of_kinds(request, &mut fetched.candidates);
    let at = |hits: &mut dyn Iterator<Item = &Place>| {
        hits.enumerate().find(|(_, hit)| hit.id == id).map(|(rank, hit)| (rank, why(hit)))
    };
    let mut place = at(&mut fetched.candidates.iter().map(|candidate| &candidate.hit));
    let (reached, mut looked) = (place.is_some(), fetched.candidates.len());
    if !reached {
        let deep = ranked(request, query, now)?;
        (place, looked) = (at(&mut deep.iter()), deep.len());
    }
    let Some((rank, why)) = place else {
        let (matched, detail) = alone_scores(request, own.as_ref(), query, id, collection);
        checks.push(if matched {
            Check::drop("rank", format!("not among the best {looked}; {detail}"))
        } else {
            Check::drop("match", detail)
        });
        return Ok(());
    };
    checks.push(Check::pass("match", why.clone()));

    // The same steps as recall, from the candidates it would fetch.
    let grouped = collapse(fetched.candidates);
    if let Some(first) = grouped.iter().find(|candidate| candidate.also.contains(&id)) {
        let first = reference(first.hit.id);
        checks.push(Check::drop("repeat", format!("it says nearly the same as {first}, which stands for it")));
        return Ok(());
    }
    let found = grouped.len();
    let chosen = spread(grouped, request.limit());
    if !reached || chosen.iter().all(|candidate| candidate.hit.id != id) {
        let limit = request.limit();
        checks.push(Check::drop("rank", format!("it ranks {} ({why}) and the limit is {limit}", rank + 1)));
        return Ok(());
    }
    checks.push(Check::pass("rank", format!("it ranks {} ({why})", rank + 1)));

    if request.abstain {
        let asked = Terms::of(query);
        let hits: Vec<_> = chosen.iter().map(|candidate| candidate.found(&asked)).collect();
        let sure = Confidence::of(&asked, &hits);
        if sure.abstains() {
            let detail = format!("the answer abstains: the confidence of all hits together is {:.2}", sure.value);
            checks.push(Check::drop("confidence", detail));
            return Ok(());
        }
    }

    let mut chosen = chosen;
    with_evidence(&mut chosen, request.known_at.map(|time| time.0))?;
    let shown: Vec<_> = chosen.iter().map(super::pipeline::Candidate::shown).collect();
    let frame = Frame { found, empty: None, scope: request.scope(now), notes: fetched.notes, confidence: None };
    let answer = shared(&frame, &shown, &terms(query), request.budget(), request.budget_strategy);
    let fits = (answer.get("hits").and_then(Value::as_array).into_iter().flatten())
        .any(|hit| hit.get("id").and_then(Value::as_u64) == Some(id));
    checks.push(if fits {
        Check::pass("budget", "it is recalled")
    } else {
        Check::drop("budget", format!("it is found, but {} tokens do not reach it", request.budget()))
    });
    Ok(())
}

/// The best hits, as deep as it looks. What they say is read only where kinds are asked for, since a kind stands in the row.
fn ranked(request: &Request, query: &str, now: u64) -> Result<Vec<Place>, Fault> {
    if request.kinds.is_empty() {
        let mut found = places(&search(request, query, request.namespace(), now)?.limit(DEEP).results()?);
        found.retain(|hit| request.takes(&hit.collection));
        return Ok(found);
    }
    let mut deep = gather(request, query, DEEP, now, false)?;
    of_kinds(request, &mut deep.candidates);
    Ok(deep.candidates.into_iter().map(|candidate| candidate.hit).collect())
}

/// What each channel makes of a row that was not found: whether any would take it, and in words.
fn alone_scores(request: &Request, own: Option<&Hit>, query: &str, id: u64, collection: &str) -> (bool, String) {
    let score = |channel: &str| {
        let found = own?.found_by.iter().find(|(name, ..)| *name == channel)?;
        Some(found.2).filter(|score| score.is_finite())
    };
    let bm25 = score("text");
    let words = match bm25 {
        Some(bm25) => format!("its words match with BM25 {bm25:.2}"),
        None => "it shares no searched word with the question".into(),
    };
    let least = request.min_similarity.unwrap_or(LEAST_COSINE);
    // The stored vector is that of now: of the past only what the search itself found may be told.
    let stored = || if request.known_at.is_none() { cosine(query, id, collection) } else { None };
    let cosine = score("vector").or_else(stored);
    let meaning = match cosine {
        Some(cosine) if cosine < least => format!("its cosine {cosine:.2} is below min_similarity {least:.2}"),
        Some(cosine) => format!("its cosine is {cosine:.2}"),
        None => "it has no vector to compare".into(),
    };
    (bm25.is_some() || cosine.is_some_and(|cosine| cosine >= least), format!("{words}; {meaning}"))
}

/// The cosine of the question with the stored vector, if the host has vectors and grants them.
fn cosine(query: &str, id: u64, collection: &str) -> Option<f64> {
    let question = Batch::embed(&[query.to_owned()]).ok()?;
    let row = Batch::of_rows(collection, &[id]).ok()?;
    let present = question.present().first() == Some(&true) && row.present().first() == Some(&true);
    let cosine = question.similarities(&row).ok()?.first().copied()?;
    (present && cosine.is_finite()).then_some(f64::from(cosine))
}
