//! Hybrid search: full text, vectors, context, time and neighbours as channels, fused, with each hit's rank in each.

mod contents;
mod follow;
mod fuse;
mod index;
mod lanes;
mod past;
mod rows;
mod run;
mod text;

pub(crate) use index::Indexes;

use crate::collection::Collection;
use crate::condition::Condition;
use crate::error::{Result, StoreError};
use crate::namespace::Namespace;
use std::sync::Arc;

/// The channels, in the order of [`Hit::ranks`].
pub(crate) const CHANNELS: [&str; 5] = ["text", "vector", "context", "time", "graph"];
pub(crate) const TEXT: usize = 0;
pub(crate) const VECTOR: usize = 1;
pub(crate) const CONTEXT: usize = 2;
pub(crate) const TIME: usize = 3;
pub(crate) const GRAPH: usize = 4;

/// Weights when the request does not say. Context is measured to help at less than half the weight of a row's own text;
/// time only settles what the others leave open.
const WEIGHTS: [f64; 5] = [1.0, 1.0, 0.4, 0.05, 1.0];

/// Hits when the request does not say.
const DEFAULT_LIMIT: u32 = 10;

/// A search over one or more collections.
#[derive(Debug, Clone)]
pub struct SearchRequest {
    /// The query text; empty searches by the other channels.
    pub text: String,
    /// Its vector, if the embedder gave one.
    pub vector: Option<Vec<f32>>,
    /// Where to search.
    pub collections: Vec<Arc<Collection>>,
    weights: [f64; 5],
    by_scores: bool,
    conditions: Vec<Condition>,
    namespaces: Vec<Namespace>,
    valid_at: Option<u64>,
    known_at: Option<u64>,
    between: Option<(u64, u64)>,
    min_similarity: Option<f64>,
    seeds: Vec<u64>,
    limit: u32,
}

/// One hit.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The row.
    pub id: u64,
    /// Its collection.
    pub collection: Arc<Collection>,
    /// The fused score.
    pub score: f64,
    /// Rank in each channel, from 1; 0 where it was not found.
    pub ranks: [u32; 5],
    /// The channels' own scores; NaN where it was not found.
    pub scores: [f64; 5],
}

/// What a search found.
#[derive(Debug, Clone, Default)]
pub struct SearchResults {
    /// Hits, best first.
    pub hits: Vec<Hit>,
    /// What could not be done, in words.
    pub notes: Vec<String>,
}

impl SearchRequest {
    /// A search for a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            vector: None,
            collections: Vec::new(),
            weights: WEIGHTS,
            by_scores: false,
            conditions: Vec::new(),
            namespaces: Vec::new(),
            valid_at: None,
            known_at: None,
            between: None,
            min_similarity: None,
            seeds: Vec::new(),
            limit: DEFAULT_LIMIT,
        }
    }

    /// Sets a channel's weight.
    ///
    /// # Errors
    /// `invalid.argument` for an unknown channel or a weight that is negative or not finite.
    pub fn weight(&mut self, channel: &str, weight: f64) -> Result<()> {
        let slot = (CHANNELS.iter().position(|known| *known == channel)).and_then(|nth| self.weights.get_mut(nth));
        match slot {
            Some(slot) if weight.is_finite() && weight >= 0.0 => {
                *slot = weight;
                Ok(())
            }
            Some(_) => Err(StoreError::Invalid("a weight is a finite number, 0 or more".into())),
            None => Err(StoreError::Invalid(format!("`{channel}` is none of: {}", CHANNELS.join(", ")))),
        }
    }

    /// How ranks become a score: `rrf` or `scores`.
    ///
    /// # Errors
    /// `invalid.argument`.
    pub fn fusion(&mut self, method: &str) -> Result<()> {
        self.by_scores = match method {
            "rrf" => false,
            "scores" => true,
            _ => {
                return Err(StoreError::Invalid(format!("fusion `{method}` is none of rrf, scores")));
            }
        };
        Ok(())
    }

    /// Adds a condition on fields every searched collection has.
    pub fn filter(&mut self, condition: Condition) {
        self.conditions.push(condition);
    }

    /// Narrows it to a namespace and below.
    pub fn namespace(&mut self, namespace: Namespace) {
        self.namespaces.push(namespace);
    }

    /// Only rows valid at an instant.
    pub fn valid_at(&mut self, time: u64) {
        self.valid_at = Some(time);
    }

    /// Rows as they were known at an instant: a bounded scan, see the notes.
    pub fn known_at(&mut self, time: u64) {
        self.known_at = Some(time);
    }

    /// Only rows whose recall time is in `[start, end)`.
    pub fn between(&mut self, start: u64, end: u64) {
        self.between = Some((start, end));
    }

    /// Drops vector hits below this cosine.
    pub fn min_similarity(&mut self, cosine: f64) {
        self.min_similarity = Some(cosine);
    }

    /// Rows whose neighbours make the graph channel.
    pub fn seeds(&mut self, ids: Vec<u64>) {
        self.seeds = ids;
    }

    /// The instant its hits are to be shown as of, if it is of the past.
    #[must_use]
    pub fn past(&self) -> Option<u64> {
        self.known_at
    }

    /// Hits wanted.
    pub fn limit(&mut self, hits: u32) {
        self.limit = hits;
    }

    /// Whether the vector channels are wanted: the query must then be embedded.
    #[must_use]
    pub fn wants_vector(&self) -> bool {
        let [_, vector, context, ..] = self.weights;
        !self.text.is_empty()
            && vector + context > 0.0
            && self.collections.iter().any(|collection| collection.embedded.is_some())
    }
}

/// The number of a channel.
///
/// # Errors
/// `invalid.argument` for an unknown one.
pub fn channel(name: &str) -> Result<usize> {
    CHANNELS
        .iter()
        .position(|known| *known == name)
        .ok_or_else(|| StoreError::Invalid(format!("`{name}` is none of: {}", CHANNELS.join(", "))))
}
