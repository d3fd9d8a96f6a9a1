//! `recall`: one host search, then a summary inside the budget.

use super::pipeline::{Candidate, collapse, evidence, gather, of_kinds, search, spread};
use crate::confidence::{Confidence, NO_ANSWER};
use crate::fit::{Frame, Shown, reference, shared, unbounded};
use crate::found::rounded;
use crate::gist::lean;
use crate::request::{Detail, Request, emptiness};
use crate::terms::Terms;
use crate::text::terms;
use memstrata_sdk::{Answer, Fault, Value, arguments, clock, hints, json};

/// How many rows the scope would have without its namespace: an empty answer names the scope error.
fn elsewhere(request: &Request, query: &str, now: u64) -> Result<Option<u64>, Fault> {
    if request.namespace().is_none() {
        return Ok(None);
    }
    Ok(Some(search(request, query, None, now)?.limit(1).results()?.eligible()?))
}

pub(super) fn recall(given: Value) -> Answer {
    let request: Request = arguments(given)?;
    let (query, now) = (request.check()?, clock::now());
    let fetch = request.fetch();
    let mut gathered = gather(&request, query, fetch, now, request.detail == Detail::Full)?;
    let fetched = gathered.candidates.len();
    let of_other_kinds = of_kinds(&request, &mut gathered.candidates);
    if of_other_kinds > 0 && fetched == fetch as usize {
        gathered.notes.push(format!("kinds: only the best {fetch} matches were looked through"));
    }
    let candidates = collapse(gathered.candidates);
    let mut found = candidates.len();
    let mut chosen = spread(candidates, request.limit());
    let mut scope = request.scope(now);
    let (mut empty, mut confidence) = (None, None);
    if request.abstain && !chosen.is_empty() {
        let asked = Terms::of(query);
        let hits: Vec<_> = chosen.iter().map(|candidate| candidate.found(&asked)).collect();
        let sure = Confidence::of(&asked, &hits);
        confidence = Some((rounded(sure.value), sure.level()));
        if sure.abstains() {
            empty = Some((
                NO_ANSWER,
                format!("{found} memories are near the question and none answers it; without `abstain` they are shown"),
            ));
            chosen.clear();
            found = 0;
        }
    }
    with_evidence(&mut chosen, request.known_at.map(|time| time.0))?;
    if empty.is_none() && chosen.is_empty() {
        // Counting looks at every row of the scope; only an empty answer needs it.
        let eligible = gathered.results.eligible()?;
        let elsewhere = if eligible == 0 { elsewhere(&request, query, now)? } else { None };
        scope.insert("eligible".into(), json!(eligible));
        empty = Some(emptiness(&request, eligible, elsewhere, of_other_kinds));
    }
    let frame = Frame { found, empty, scope, notes: gathered.notes, confidence };
    let answer = match request.detail {
        Detail::Summary => {
            let shown: Vec<Shown> = chosen.iter().map(Candidate::shown).collect();
            shared(&frame, &shown, &terms(query), request.budget(), request.budget_strategy)
        }
        Detail::Ids => unbounded(&frame, chosen.iter().map(as_id).collect()),
        Detail::Full => unbounded(&frame, chosen.iter().map(in_full).collect()),
    };
    touch(&answer)?;
    Ok(answer)
}

/// Gives hits the ids of their evidence.
pub(super) fn with_evidence(chosen: &mut [Candidate], known_at: Option<u64>) -> Result<(), Fault> {
    let hits: Vec<(u64, &str)> = chosen.iter().map(|one| (one.hit.id, one.hit.collection.as_str())).collect();
    let mut found = evidence(&hits, known_at)?;
    for candidate in chosen {
        candidate.sources = found.remove(&candidate.hit.id).unwrap_or_default();
    }
    Ok(())
}

fn as_id(candidate: &Candidate) -> Value {
    let hit = &candidate.hit;
    json!({"id": hit.id, "ref": reference(hit.id), "from": hit.collection, "score": exact(hit.score)})
}

fn in_full(candidate: &Candidate) -> Value {
    let hit = &candidate.hit;
    json!({
        "id": hit.id,
        "ref": reference(hit.id),
        "from": hit.collection,
        "text": candidate.text(),
        "score": exact(hit.score),
        "why": candidate.why(),
        "also": candidate.also.iter().map(|id| reference(*id)).collect::<Vec<_>>(),
        "row": lean(&candidate.row),
    })
}

fn exact(score: f64) -> f64 {
    (score * 1e5).round() / 1e5
}

/// Notes the use of what the answer really shows.
fn touch(answer: &Value) -> Result<(), Fault> {
    let hits = answer.get("hits").and_then(Value::as_array);
    let ids: Vec<u64> = hits.into_iter().flatten().filter_map(|hit| hit.get("id")?.as_u64()).collect();
    if ids.is_empty() { Ok(()) } else { hints::touch(&ids) }
}
