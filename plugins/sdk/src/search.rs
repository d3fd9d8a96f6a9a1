//! Ranked search.

use crate::bindings::memstrata::plugin::search as wit;
pub use crate::bindings::memstrata::plugin::search::Results;
use crate::{Fault, Value};

/// Where a hit stands: its score, and its rank in each channel that found it.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The row's id.
    pub id: u64,
    /// `layer.collection`.
    pub collection: String,
    /// The fused score.
    pub score: f64,
    /// Channel, rank from 1, and the channel's own score.
    pub found_by: Vec<(&'static str, u32, f64)>,
}

/// One hit with its row as JSON.
pub struct Hit {
    /// Where it stands.
    pub place: Place,
    /// The row.
    pub row: Value,
}

impl std::ops::Deref for Hit {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.place
    }
}

/// A search request, see `search.request` in the WIT.
pub struct Search(wit::Request);

/// The channels a hit may come from.
pub const CHANNELS: [&str; 5] = ["text", "vector", "context", "time", "graph"];

impl Search {
    /// A search for a text in all readable collections with a recall view, until [`Search::collection`] narrows it.
    pub fn of(text: &str) -> Self {
        Self(wit::Request::new(text))
    }

    /// Adds a collection.
    pub fn collection(self, name: &str) -> Result<Self, Fault> {
        self.0.collection(name)?;
        Ok(self)
    }

    /// Sets a channel's weight; 0 switches it off.
    pub fn weight(self, channel: &str, weight: f64) -> Result<Self, Fault> {
        self.0.weight(channel, weight)?;
        Ok(self)
    }

    /// Adds a condition (and).
    pub fn filter(self, condition: Value) -> Result<Self, Fault> {
        self.0.filter(&condition.to_string())?;
        Ok(self)
    }

    /// Only this namespace and below, if there is one.
    pub fn namespace(self, prefix: Option<&str>) -> Result<Self, Fault> {
        if let Some(prefix) = prefix.filter(|prefix| !prefix.is_empty()) {
            self.0.namespace(prefix)?;
        }
        Ok(self)
    }

    /// Rows valid at this instant (ms UTC).
    pub fn valid_at(self, time: Option<u64>) -> Self {
        if let Some(time) = time {
            self.0.valid_at(time);
        }
        self
    }

    /// Rows as they were known at this instant (ms UTC).
    pub fn known_at(self, time: Option<u64>) -> Self {
        if let Some(time) = time {
            self.0.known_at(time);
        }
        self
    }

    /// Rows whose recall time is in `[start, end)`.
    pub fn between(self, start: u64, end: u64) -> Self {
        self.0.between(start, end);
        self
    }

    /// Drops vector hits below this cosine.
    pub fn min_similarity(self, cosine: f64) -> Self {
        self.0.min_similarity(cosine);
        self
    }

    /// Rows whose neighbours make the `graph` channel.
    pub fn seeds(self, ids: &[u64]) -> Self {
        self.0.seeds(ids);
        self
    }

    /// `rrf` or `scores`.
    pub fn fusion(self, method: &str) -> Result<Self, Fault> {
        self.0.fusion(method)?;
        Ok(self)
    }

    /// At most this many hits.
    pub fn limit(self, hits: u32) -> Self {
        self.0.limit(hits);
        self
    }

    /// Runs it. For notes, views and the eligible count use [`Search::results`].
    pub fn hits(self) -> Result<Vec<Hit>, Fault> {
        hits(&self.results()?)
    }

    /// Runs it and answers the host's resource.
    pub fn results(self) -> Result<Results, Fault> {
        Ok(self.0.run()?)
    }
}

/// Reads the hits out of a result, with their rows.
pub fn hits(results: &Results) -> Result<Vec<Hit>, Fault> {
    let rows = crate::rows(results.rows()?)?;
    Ok(places(results).into_iter().zip(rows).map(|(place, row)| Hit { place, row }).collect())
}

/// Reads the hits out of a result, without their rows.
pub fn places(results: &Results) -> Vec<Place> {
    let channels: Vec<_> =
        CHANNELS.iter().map(|channel| (*channel, results.ranks(channel), results.channel_scores(channel))).collect();
    let hits = results.ids().into_iter().zip(results.collections()).zip(results.scores()).enumerate();
    hits.map(|(at, ((id, collection), score))| Place {
        id,
        collection,
        score,
        found_by: channels
            .iter()
            .filter_map(|(channel, ranks, scores)| {
                let rank = ranks.get(at).copied().filter(|rank| *rank > 0)?;
                Some((*channel, rank, scores.get(at).copied().unwrap_or(f64::NAN)))
            })
            .collect(),
    })
    .collect()
}
