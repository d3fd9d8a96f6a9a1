//! Step 6 of 7: `search`. The host embeds the query text; without its vector the other channels still answer.

use super::store_read::ITEM;
use super::{Answer, finite};
use crate::bindings::memstrata::plugin::search::{Host, HostRequest, HostResults};
use crate::error::HostError;
use crate::state::CallState;
use memstrata_store::{Condition, Hit, Namespace, SearchRequest, SearchResults, channel};
use std::time::Duration;
use wasmtime::component::Resource;

/// The longest query text.
const MOST_TEXT: usize = 10 * 1024;
/// The longest a remote embedder may take for a query: text search answers without it.
const QUERY_EMBED: Duration = Duration::from_millis(1500);

/// What a hit counts for, bytes.
const HIT: usize = 256;

/// A search being built.
pub struct RequestHandle(SearchRequest);

/// What a search found, and what was searched.
pub struct ResultsHandle {
    results: SearchResults,
    request: SearchRequest,
}

impl CallState {
    fn request(&mut self, handle: &Resource<RequestHandle>) -> Answer<&mut SearchRequest> {
        self.granted("search")?;
        Ok(&mut self.table.get_mut(handle)?.0)
    }

    /// The hits of a result, and the instant they are shown as of.
    fn shown(&self, results: &Resource<ResultsHandle>) -> wasmtime::Result<(Vec<Hit>, Option<u64>)> {
        let handle = self.table.get(results)?;
        Ok((handle.results.hits.clone(), handle.request.past()))
    }

    /// The vector of a text, or why there is none.
    pub(crate) fn embed_query(&self, text: &str) -> Result<Option<Vec<f32>>, String> {
        let Some(embedder) = &self.models.embedder else { return Err("no embedder is configured".into()) };
        let budget = self.deadline.remaining().min(QUERY_EMBED);
        let vectors = embedder.embed(&[text], budget).map_err(|error| error.to_string())?;
        Ok(vectors.into_iter().next().flatten())
    }
}

impl Host for CallState {}

impl HostRequest for CallState {
    fn new(&mut self, text: String) -> wasmtime::Result<Resource<RequestHandle>> {
        let request = self.table.push(RequestHandle(SearchRequest::new(&text)))?;
        self.keep(&request, text.len())?;
        Ok(request)
    }

    fn collection(&mut self, request: Resource<RequestHandle>, name: String) -> Answer<()> {
        self.keep(&request, ITEM)?;
        let collection = self.readable("search", &name)?;
        self.request(&request)?.collections.push(collection);
        Ok(())
    }

    fn weight(&mut self, request: Resource<RequestHandle>, channel: String, weight: f64) -> Answer<()> {
        Ok(self.request(&request)?.weight(&channel, weight)?)
    }

    fn fusion(&mut self, request: Resource<RequestHandle>, method: String) -> Answer<()> {
        Ok(self.request(&request)?.fusion(&method)?)
    }

    fn filter(&mut self, request: Resource<RequestHandle>, condition: String) -> Answer<()> {
        self.keep(&request, condition.len() * 4)?;
        let condition = Condition::parse(&condition)?;
        self.request(&request)?.filter(condition);
        Ok(())
    }

    fn namespace(&mut self, request: Resource<RequestHandle>, prefix: String) -> Answer<()> {
        self.keep(&request, prefix.len())?;
        let namespace = Namespace::parse(&prefix)?;
        self.request(&request)?.namespace(namespace);
        Ok(())
    }

    fn valid_at(&mut self, request: Resource<RequestHandle>, time: u64) -> wasmtime::Result<()> {
        self.table.get_mut(&request)?.0.valid_at(time);
        Ok(())
    }

    fn known_at(&mut self, request: Resource<RequestHandle>, time: u64) -> wasmtime::Result<()> {
        self.table.get_mut(&request)?.0.known_at(time);
        Ok(())
    }

    fn between(&mut self, request: Resource<RequestHandle>, start: u64, end: u64) -> wasmtime::Result<()> {
        self.table.get_mut(&request)?.0.between(start, end);
        Ok(())
    }

    fn min_similarity(&mut self, request: Resource<RequestHandle>, cosine: f64) -> wasmtime::Result<()> {
        if finite(cosine, "similarity").is_ok() {
            self.table.get_mut(&request)?.0.min_similarity(cosine);
        }
        Ok(())
    }

    fn seeds(&mut self, request: Resource<RequestHandle>, ids: Vec<u64>) -> wasmtime::Result<()> {
        self.keep(&request, ids.len() * 8)?;
        self.table.get_mut(&request)?.0.seeds(ids);
        Ok(())
    }

    fn limit(&mut self, request: Resource<RequestHandle>, hits: u32) -> wasmtime::Result<()> {
        self.table.get_mut(&request)?.0.limit(hits);
        Ok(())
    }

    fn run(&mut self, request: Resource<RequestHandle>) -> Answer<Resource<ResultsHandle>> {
        let mut request = self.request(&request)?.clone();
        if request.text.len() > MOST_TEXT {
            return Err(HostError::fault(
                "limit.text",
                format!("the query has {} bytes, at most {MOST_TEXT} are searched; shorten it", request.text.len()),
            ));
        }
        if request.collections.is_empty() {
            let identity = self.identity.clone();
            let readable = self
                .granted("search")?
                .space()
                .collections()
                .into_iter()
                .filter(|collection| collection.spec().recall.is_some() && identity.may_read(collection.name()));
            request.collections = readable.collect();
        }
        let mut note = None;
        if request.wants_vector() {
            match self.embed_query(&request.text) {
                Ok(vector) => request.vector = vector,
                Err(reason) => note = Some(format!("vector: {reason}; text only")),
            }
        }
        let mut results = self.granted("search")?.search(&request)?;
        results.notes.extend(note);
        let bytes = results.hits.len() * HIT + request.text.len();
        let results = self.table.push(ResultsHandle { results, request })?;
        self.keep(&results, bytes)?;
        Ok(results)
    }

    fn drop(&mut self, request: Resource<RequestHandle>) -> wasmtime::Result<()> {
        self.held.let_go(request.rep());
        self.table.delete(request)?;
        Ok(())
    }
}

impl HostResults for CallState {
    fn ids(&mut self, results: Resource<ResultsHandle>) -> wasmtime::Result<Vec<u64>> {
        Ok(self.table.get(&results)?.results.hits.iter().map(|hit| hit.id).collect())
    }

    fn collections(&mut self, results: Resource<ResultsHandle>) -> wasmtime::Result<Vec<String>> {
        let hits = &self.table.get(&results)?.results.hits;
        Ok(hits.iter().map(|hit| hit.collection.name().to_owned()).collect())
    }

    fn scores(&mut self, results: Resource<ResultsHandle>) -> wasmtime::Result<Vec<f64>> {
        Ok(self.table.get(&results)?.results.hits.iter().map(|hit| hit.score).collect())
    }

    fn ranks(&mut self, results: Resource<ResultsHandle>, name: String) -> wasmtime::Result<Vec<u32>> {
        let hits = &self.table.get(&results)?.results.hits;
        let nth = channel(&name).unwrap_or(usize::MAX);
        Ok(hits.iter().map(|hit| hit.ranks.get(nth).copied().unwrap_or_default()).collect())
    }

    fn channel_scores(&mut self, results: Resource<ResultsHandle>, name: String) -> wasmtime::Result<Vec<f64>> {
        let hits = &self.table.get(&results)?.results.hits;
        let nth = channel(&name).unwrap_or(usize::MAX);
        Ok(hits.iter().map(|hit| hit.scores.get(nth).copied().unwrap_or(f64::NAN)).collect())
    }

    fn rows(&mut self, results: Resource<ResultsHandle>) -> Answer<Vec<String>> {
        let (hits, past) = self.shown(&results)?;
        Ok(self.granted("search")?.hit_rows(&hits, past)?)
    }

    fn views(&mut self, results: Resource<ResultsHandle>) -> Answer<Vec<String>> {
        let (hits, past) = self.shown(&results)?;
        Ok(self.granted("search")?.hit_views(&hits, past)?)
    }

    fn notes(&mut self, results: Resource<ResultsHandle>) -> wasmtime::Result<Vec<String>> {
        Ok(self.table.get(&results)?.results.notes.clone())
    }

    fn eligible(&mut self, results: Resource<ResultsHandle>) -> Answer<u64> {
        let request = self.table.get(&results)?.request.clone();
        Ok(self.granted("search")?.eligible(&request)?)
    }

    fn drop(&mut self, results: Resource<ResultsHandle>) -> wasmtime::Result<()> {
        self.held.let_go(results.rep());
        self.table.delete(results)?;
        Ok(())
    }
}
