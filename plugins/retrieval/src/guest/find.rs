//! Searches of the operations beside `recall`: hits with their relevance, and with their evidence once they are chosen.

use super::pipeline::{Candidate, evidence, gather, of_kinds, readable};
use crate::found::Found;
use crate::request::{LEAST_COSINE, Request};
use crate::route::{self, Class};
use crate::settings::Settings;
use crate::terms::Terms;
use memstrata_sdk::{Fault, Value, batch::Batch, hints};
use std::collections::BTreeMap;

/// What a search of one wording brought.
pub(super) struct Search {
    pub(super) found: Vec<Found>,
    pub(super) notes: Vec<String>,
}

/// The hits for one wording, best first, at most `limit`; `terms` are those of the question as it was asked.
pub(super) fn find(request: &Request, query: &str, terms: &Terms, limit: usize, now: u64) -> Result<Search, Fault> {
    let filtered = !request.kinds.is_empty() || !request.layers.is_empty();
    let fetch = u32::try_from(if filtered { (limit * 10).min(500) } else { limit }).unwrap_or(u32::MAX).max(1);
    let mut gathered = gather(request, query, fetch, now, false)?;
    of_kinds(request, &mut gathered.candidates);
    let found = gathered.candidates.iter().take(limit).map(|candidate: &Candidate| candidate.found(terms)).collect();
    Ok(Search { found, notes: gathered.notes })
}

/// Judges hits of another wording by the question itself: what a made-up answer finds is likely to look like it, right or wrong.
pub(super) fn by_question(found: &mut [Found], question: &str, terms: &Terms) {
    let mut ids: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for hit in found.iter() {
        ids.entry(hit.from.clone()).or_default().push(hit.id);
    }
    let mut cosines: BTreeMap<u64, f64> = BTreeMap::new();
    if let Ok(asked) = Batch::embed(&[question.to_owned()]) {
        for (collection, ids) in ids {
            let of_rows = Batch::of_rows(&collection, &ids);
            let Ok((rows, known)) = of_rows.and_then(|rows| asked.similarities(&rows).map(|known| (rows, known)))
            else {
                continue;
            };
            let there = ids.into_iter().zip(rows.present()).zip(known);
            cosines.extend(there.filter(|((_, present), _)| *present).map(|((id, _), cosine)| (id, f64::from(cosine))));
        }
    }
    for hit in found {
        hit.cosine = cosines.get(&hit.id).copied().filter(|cosine| *cosine >= LEAST_COSINE);
        hit.fit(terms);
    }
}

/// Narrows a request to the collections that answer these sorts of question and are there; unless the caller chose, or the sorts are
/// answered by all.
pub(super) fn narrowed(request: &Request, settings: &Settings, classes: &[Class]) -> Request {
    if !request.collections.is_empty() || !request.layers.is_empty() {
        return request.clone();
    }
    let names = route::collections(&settings.routes, classes);
    let collections = names.into_iter().filter(|name| readable(name)).collect();
    Request { collections, ..request.clone() }
}

/// As JSON, with the evidence of each; notes that they were used.
pub(super) fn shown(found: &mut [Found], known_at: Option<u64>) -> Result<Vec<Value>, Fault> {
    let hits: Vec<(u64, &str)> = found.iter().map(|hit| (hit.id, hit.from.as_str())).collect();
    let mut sources = evidence(&hits, known_at)?;
    let ids: Vec<u64> = found.iter().map(|hit| hit.id).collect();
    for hit in found.iter_mut() {
        hit.sources = sources.remove(&hit.id).unwrap_or_default();
    }
    if !ids.is_empty() {
        hints::touch(&ids)?;
    }
    Ok(found.iter().map(Found::json).collect())
}
