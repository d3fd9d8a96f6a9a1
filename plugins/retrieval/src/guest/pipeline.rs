//! From a request to ordered hits: search, kinds, near-identical hits into one, spread. `recall` and `why_not` share it.

use crate::fit::Shown;
use crate::found::Found;
use crate::gist::sources;
use crate::request::{LEAST_COSINE, Request};
use crate::settings::Settings;
use crate::terms::Terms;
use crate::{route, same, when};
use memstrata_sdk::{Fault, Place, Query, Results, Search, Value, json, places, rows, settings};
use std::collections::BTreeMap;

/// A hit with its recall view.
pub(super) struct Candidate {
    pub(super) hit: Place,
    pub(super) view: Value,
    /// The whole row, where somebody needs it.
    pub(super) row: Value,
    /// The words it says.
    bag: same::Bag,
    /// Ids of near-identical hits that fell into this one.
    pub(super) also: Vec<u64>,
    /// Ids of its evidence, where somebody read them.
    pub(super) sources: Vec<u64>,
}

/// What the host found.
pub(super) struct Gathered {
    pub(super) candidates: Vec<Candidate>,
    pub(super) notes: Vec<String>,
    pub(super) results: Results,
}

/// The search of a request; `namespace` apart, so that the scope can be widened for a hint.
pub(super) fn search(request: &Request, query: &str, namespace: Option<&str>, now: u64) -> Result<Search, Fault> {
    let mut search = Search::of(query)
        .namespace(namespace)?
        .valid_at(Some(request.valid_at(now)))
        .known_at(request.known_at.map(|time| time.0))
        .min_similarity(request.min_similarity.unwrap_or(LEAST_COSINE));
    for collection in &request.collections {
        search = search.collection(collection)?;
    }
    if request.collections.is_empty() {
        for collection in of_layers(request)? {
            search = search.collection(&collection)?;
        }
    }
    for channel in request.channels.off() {
        search = search.weight(channel, 0.0)?;
    }
    if let Some((since, until)) = request.range() {
        search = search.between(since, until);
    }
    Ok(search)
}

/// Whether a collection is there and may be searched.
pub(super) fn readable(collection: &str) -> bool {
    Search::of("").collection(collection).is_ok()
}

/// The collections the routes name of the layers asked for; none if they name none of some layer, which is then told apart among the
/// hits of all.
fn of_layers(request: &Request) -> Result<Vec<String>, Fault> {
    if request.layers.is_empty() {
        return Ok(Vec::new());
    }
    let settings: Settings = settings::get()?;
    let known = route::known(&settings.routes);
    let known: Vec<String> = known.into_iter().filter(|name| request.takes(name) && readable(name)).collect();
    let named = |layer: &String| known.iter().any(|name| name.split('.').next() == Some(layer));
    Ok(if request.layers.iter().all(named) { known } else { Vec::new() })
}

/// Gives hits the ids of their evidence, one read a collection.
pub(super) fn evidence(hits: &[(u64, &str)], known_at: Option<u64>) -> Result<BTreeMap<u64, Vec<u64>>, Fault> {
    let mut by_collection: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (id, collection) in hits {
        by_collection.entry(collection).or_default().push(*id);
    }
    let mut found = BTreeMap::new();
    for (collection, ids) in by_collection {
        let most = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let query = Query::of(collection).filter(json!(["id", "in", ids]))?.known_at(known_at);
        for row in query.select(&["sources"])?.limit(most).page()?.rows {
            if let Some(id) = row.get("id").and_then(Value::as_u64) {
                found.insert(id, sources(&row));
            }
        }
    }
    Ok(found)
}

/// Runs the search. Rows are read only if they are asked for, or if a hit's view does not say what it is.
pub(super) fn gather(request: &Request, query: &str, limit: u32, now: u64, with_rows: bool) -> Result<Gathered, Fault> {
    let results = search(request, query, request.namespace(), now)?.limit(limit).results()?;
    let views = rows(results.views()?)?;
    let silent = |view: &Value| view.get("text").and_then(Value::as_str).is_none_or(str::is_empty);
    let mut whole = Vec::new();
    if with_rows || views.iter().any(silent) {
        whole = rows(results.rows()?)?;
    }
    let whole = whole.into_iter().chain(std::iter::repeat(Value::Null));
    let candidates = places(&results).into_iter().zip(views).zip(whole);
    let candidates = candidates.map(|((hit, view), row)| Candidate::new(hit, view, row)).collect();
    Ok(Gathered { candidates, notes: results.notes(), results })
}

impl Candidate {
    fn new(hit: Place, view: Value, row: Value) -> Self {
        let mut candidate = Self { hit, view, row, bag: same::Bag::default(), also: Vec::new(), sources: Vec::new() };
        candidate.bag = same::bag(candidate.text());
        candidate
    }

    fn said(&self, field: &str) -> Option<&str> {
        self.view.get(field).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(super) fn text(&self) -> &str {
        self.said("text").unwrap_or_else(|| crate::gist::gist(&self.row))
    }

    pub(super) fn kind(&self) -> Option<&str> {
        self.said("kind")
    }

    pub(super) fn time(&self) -> Option<u64> {
        self.view.get("time").and_then(Value::as_u64)
    }

    pub(super) fn why(&self) -> String {
        why(&self.hit)
    }

    pub(super) fn shown(&self) -> Shown {
        Shown {
            id: self.hit.id,
            from: self.hit.collection.clone(),
            text: self.text().to_owned(),
            title: self.said("title").map(str::to_owned),
            kind: self.kind().map(str::to_owned),
            when: self.time().map(when::iso),
            trust: self.view.get("trust").and_then(Value::as_f64),
            why: self.why(),
            also: self.also.clone(),
            sources: self.sources.clone(),
        }
    }

    /// As the searching operations take it.
    pub(super) fn found(&self, terms: &Terms) -> Found {
        let score = |channel: &str| {
            let found = self.hit.found_by.iter().find(|(name, ..)| *name == channel)?;
            Some(found.2).filter(|score| score.is_finite())
        };
        let mut found = Found {
            id: self.hit.id,
            from: self.hit.collection.clone(),
            text: self.text().to_owned(),
            kind: self.kind().map(str::to_owned),
            time: self.time(),
            trust: self.view.get("trust").and_then(Value::as_f64),
            score: self.hit.score,
            cosine: score("vector"),
            bm25: score("text"),
            why: self.why(),
            sources: self.sources.clone(),
            relevance: 0.0,
        };
        found.fit(terms);
        found
    }
}

/// `text #1, vector #3`. Recency only settles ties, so it is named only where nothing else found the hit.
pub(super) fn why(hit: &Place) -> String {
    let found = &hit.found_by;
    let telling = |channel: &str| channel != "time" || found.len() == 1;
    let channels: Vec<String> = found
        .iter()
        .filter(|(channel, ..)| telling(channel))
        .map(|(channel, rank, _)| format!("{channel} #{rank}"))
        .collect();
    channels.join(", ")
}

/// Drops other kinds and layers and says how many there were.
pub(super) fn of_kinds(request: &Request, candidates: &mut Vec<Candidate>) -> usize {
    let before = candidates.len();
    candidates.retain(|candidate| request.takes(&candidate.hit.collection));
    if request.kinds.is_empty() {
        return before - candidates.len();
    }
    candidates.retain(|candidate| candidate.kind().is_some_and(|kind| request.kinds.iter().any(|k| k == kind)));
    before - candidates.len()
}

/// Near-identical hits fall into the best of them.
pub(super) fn collapse(candidates: Vec<Candidate>) -> Vec<Candidate> {
    let bags: Vec<_> = candidates.iter().map(|candidate| &candidate.bag).collect();
    let groups = same::collapse(&bags);
    let mut places: Vec<Option<Candidate>> = candidates.into_iter().map(Some).collect();
    let mut kept = Vec::with_capacity(groups.len());
    for (first, repeats) in groups {
        let also = repeats.iter().filter_map(|at| Some(places.get(*at)?.as_ref()?.hit.id)).collect();
        if let Some(mut candidate) = places.get_mut(first).and_then(Option::take) {
            candidate.also = also;
            kept.push(candidate);
        }
    }
    kept
}

/// The best `most`, look-alikes spread out.
pub(super) fn spread(candidates: Vec<Candidate>, most: usize) -> Vec<Candidate> {
    let bags: Vec<_> = candidates.iter().map(|candidate| &candidate.bag).collect();
    let scores: Vec<f64> = candidates.iter().map(|candidate| candidate.hit.score).collect();
    let order = same::spread(&scores, &bags, most);
    let mut places: Vec<Option<Candidate>> = candidates.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| places.get_mut(at).and_then(Option::take)).collect()
}
