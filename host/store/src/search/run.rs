//! Runs a search on a session's snapshot: each channel's list for each collection, then fusion.

use super::fuse::{fuse, merge};
use super::index::{Kind, Snapshot};
use super::lanes::{Candidates, Lane};
use super::text::terms;
use super::{CHANNELS, CONTEXT, GRAPH, SearchRequest, SearchResults, TEXT, TIME, VECTOR};
use crate::collection::Collection;
use crate::condition::Condition;
use crate::database::Embedding;
use crate::entries::IdSet;
use crate::error::Result;
use crate::query::{Query, Source};
use crate::session::Session;
use crate::write_set::unit;
use crate::writer::load_vector;
use rusqlite::params_from_iter;
use rusqlite::types::Value as Sql;
use serde_json::json;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Candidates a channel gives for each hit wanted, before conditions and fusion.
pub(super) const OVERSAMPLE: usize = 2;
/// Candidates a channel gives at least.
const LEAST: usize = 64;
/// One collection's part of a search.
pub(super) struct Part<'a> {
    pub(super) snapshot: Snapshot<'a>,
    pub(super) request: &'a SearchRequest,
    pub(super) query: &'a Sought,
    /// The snapshot's sequence, if the connection sees more than the snapshot did.
    pub(super) moved_on: Option<i64>,
    pub(super) collection: &'a Arc<Collection>,
    /// Collection, conditions, namespaces, times: what makes a row eligible.
    eligible: Query,
    pub(super) masked: IdSet,
    pub(super) wanted: usize,
    /// Full-text expressions, once the index in memory could not serve.
    pub(super) expressions: OnceCell<Vec<String>>,
    /// The ids of all eligible rows, once there were too few of them among the best.
    pub(super) allowed: OnceCell<IdSet>,
}

/// What is looked for, in every collection.
pub(super) struct Sought {
    pub(super) words: Vec<String>,
    /// The query's vector at unit length, if this space can be searched by it.
    pub(super) vector: Option<Vec<f32>>,
    /// How often what is derived from rows had been made anew, by the snapshot.
    renewals: i64,
}

impl Session {
    /// Searches the snapshot. Rows this call has changed are masked.
    ///
    /// # Errors
    /// `invalid.condition` when a condition does not fit one of the collections, and those of the database.
    pub fn search(&mut self, request: &SearchRequest) -> Result<SearchResults> {
        self.begin()?;
        let mut notes = Vec::new();
        let space = Arc::clone(self.space());
        let embedding = Embedding::of(self.connection()?)?;
        let mut vector = request.vector.clone();
        if let Some(reason) = embedding.refusal(space.name(), &space.options.model, space.options.dimension) {
            if request.wants_vector() {
                notes.push(format!("vector: {reason}; text only"));
            }
            vector = None;
        }
        space.fits(vector.as_ref().map(Vec::len).filter(|length| *length != space.options.dimension))?;
        let query = Sought { words: terms(&request.text), vector: vector.and_then(unit), renewals: embedding.renewals };
        let limit = request.limit.min(self.options().limits.hits).max(1) as usize;
        let mut lists: [Vec<(Arc<Collection>, Scored)>; CHANNELS.len()] = Default::default();
        for collection in &request.collections {
            let found = match request.known_at {
                Some(_) => self.past(request, &query, collection, &mut notes),
                None => self.part(request, &query, collection, limit)?.run(),
            };
            for (list, own) in lists.iter_mut().zip(found.map_err(|error| self.blame(error))?) {
                list.push((Arc::clone(collection), own));
            }
        }
        let mut nth = 0..CHANNELS.len();
        let lists = lists.map(|list| merge(nth.next().unwrap_or_default(), list));
        let mut hits = fuse(lists, request.weights, request.by_scores);
        hits.truncate(limit);
        self.count_rows(hits.len())?;
        notes.dedup();
        Ok(SearchResults { hits, notes })
    }

    /// How many rows are eligible for a search, whether or not they match.
    ///
    /// # Errors
    /// As [`Session::search`].
    pub fn eligible(&mut self, request: &SearchRequest) -> Result<u64> {
        let mut count = 0;
        for collection in &request.collections {
            let query = self.eligible_query(request, collection)?;
            count += self.count(&query)?;
        }
        Ok(count)
    }

    pub(super) fn eligible_query(&self, request: &SearchRequest, collection: &Arc<Collection>) -> Result<Query> {
        let mut query = Query::new(Arc::clone(collection));
        for condition in &request.conditions {
            query.filter(condition.clone())?;
        }
        for namespace in &request.namespaces {
            query.namespace(namespace.clone());
        }
        if let Some(time) = request.valid_at {
            query.valid_at(time);
        }
        if let Some(time) = request.known_at {
            query.known_at(time);
        }
        if let Some((start, end)) = request.between {
            let time = collection.time_column();
            let bound = |operator: &str, value: u64| Condition::Compare {
                field: time.to_owned(),
                operator: operator.to_owned(),
                value: json!(value),
            };
            query.filter(bound(">=", start))?;
            query.filter(bound("<", end))?;
        }
        Ok(self.scoped(&query))
    }

    fn part<'a>(
        &'a mut self,
        request: &'a SearchRequest,
        query: &'a Sought,
        collection: &'a Arc<Collection>,
        limit: usize,
    ) -> Result<Part<'a>> {
        let eligible = self.eligible_query(request, collection)?;
        let masked = self.changed(collection).into_iter().map(i64::unsigned_abs).collect();
        let seq = self.sequence()? as i64;
        self.begin()?;
        let session: &'a Session = self;
        let (space, connection) = (session.space(), session.connection()?);
        Ok(Part {
            snapshot: Snapshot { space, connection, seq, renewals: query.renewals },
            request,
            query,
            moved_on: session.moved_on(),
            collection,
            eligible,
            masked,
            wanted: (limit * OVERSAMPLE).max(LEAST),
            expressions: OnceCell::new(),
            allowed: OnceCell::new(),
        })
    }

    /// The stored vectors of rows, in the order of the ids; none where there is none, or the caller may not see the row.
    ///
    /// # Errors
    /// When the database fails.
    pub fn vectors(&mut self, collection: &Arc<Collection>, ids: &[u64]) -> Result<Vec<Option<Vec<f32>>>> {
        self.count_rows(ids.len())?;
        let changed = self.changed(collection);
        let mut vectors = Vec::with_capacity(ids.len());
        for id in ids {
            let id = *id as i64;
            let visible = !changed.contains(&id) && self.live(collection, id)?.is_some();
            vectors.push(match (visible, collection.embedded) {
                (true, Some(_)) => load_vector(self.begin()?, &collection.table, id)?,
                _ => None,
            });
        }
        Ok(vectors)
    }
}

pub(super) type Scored = Vec<(i64, f64)>;

impl Part<'_> {
    /// Each channel's eligible rows, best first: every lane's candidates, one look at which of them are eligible, and a second,
    /// narrower search by those lanes that have too few left.
    fn run(&self) -> Result<[Scored; CHANNELS.len()]> {
        let mut lanes = Vec::new();
        for lane in self.lanes() {
            lanes.push(self.candidates(lane)?);
        }
        let ids: HashSet<i64> = lanes.iter().flat_map(|lane| &lane.found).map(|(id, _)| *id).collect();
        let mut times = self.times(ids)?;
        let mut narrowed = HashSet::new();
        for lane in &mut lanes {
            lane.found.retain(|(id, _)| times.contains_key(id));
            if lane.more && lane.found.len() < self.wanted / OVERSAMPLE {
                lane.found = self.narrowed(lane.lane)?;
                narrowed.extend(lane.found.iter().map(|(id, _)| *id).filter(|id| !times.contains_key(id)));
            }
            if let (Lane::Near(_), Some(least)) = (lane.lane, self.request.min_similarity) {
                lane.found.retain(|(_, cosine)| *cosine >= least);
            }
        }
        times.extend(self.times(narrowed)?);
        self.channels(lanes, &times)
    }

    fn weight(&self, channel: usize) -> bool {
        self.request.weights.get(channel).copied().unwrap_or_default() > 0.0
    }

    /// What this collection can be searched by, for this request.
    fn lanes(&self) -> Vec<Lane> {
        let text = !self.query.words.is_empty() && !self.collection.searched.is_empty();
        let context = self.weight(CONTEXT) && self.collection.spec.sequence.is_some();
        let near = self.query.vector.is_some() && self.collection.embedded.is_some();
        let lanes = [
            (Lane::Text(Kind::Own), self.weight(TEXT) && text),
            (Lane::Text(Kind::Context), context && text),
            (Lane::Near(Kind::Own), self.weight(VECTOR) && near),
            (Lane::Near(Kind::Context), context && near),
            (Lane::Cited, self.weight(GRAPH) && !self.request.seeds.is_empty()),
        ];
        lanes.into_iter().filter_map(|(lane, wanted)| wanted.then_some(lane)).collect()
    }

    fn channels(&self, lanes: Vec<Candidates>, times: &HashMap<i64, f64>) -> Result<[Scored; CHANNELS.len()]> {
        let mut channels: [Scored; CHANNELS.len()] = Default::default();
        let [text, vector, context, time, graph] = &mut channels;
        let alone = self.request.text.is_empty() && self.request.seeds.is_empty() && self.request.vector.is_none();
        if self.weight(TIME) {
            *time = if alone { self.newest()? } else { newest_of(&lanes, times, self.wanted) };
        }
        for lane in lanes {
            match lane.lane {
                Lane::Text(Kind::Own) => *text = lane.found,
                Lane::Near(Kind::Own) => *vector = lane.found,
                Lane::Text(_) | Lane::Near(_) => *context = join_context(std::mem::take(context), lane.found),
                Lane::Cited => *graph = lane.found,
            }
        }
        Ok(channels)
    }

    /// Which of some rows are eligible as of the snapshot, each with its time.
    fn times(&self, ids: HashSet<i64>) -> Result<HashMap<i64, f64>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let mut ids: Vec<i64> = ids.into_iter().collect();
        ids.sort_unstable();
        let only = json!(ids).to_string();
        let (sql, parameters) = self.timed_sql(Some(&only))?;
        Ok(self.scored(&sql, parameters)?.into_iter().collect())
    }

    /// The newest of all eligible rows.
    fn newest(&self) -> Result<Scored> {
        let (sql, mut parameters) = self.timed_sql(None)?;
        parameters.push(Sql::Integer(self.wanted as i64));
        // By the column itself, nulls last, so that its index serves the order.
        let time = self.collection.time_column();
        Ok(self.unmasked(self.scored(&format!("{sql} ORDER BY r.\"{time}\" DESC LIMIT ?"), parameters)?))
    }

    fn timed_sql(&self, only: Option<&str>) -> Result<(String, Vec<Sql>)> {
        let source = Source { as_of: self.moved_on, overlaid: false };
        let columns = format!("r.id, CAST(coalesce(r.\"{}\", 0) AS REAL)", self.collection.time_column());
        self.eligible.columns_sql(source, &columns, only)
    }

    /// Selects all eligible rows as of the snapshot.
    pub(super) fn ids_sql(&self, only: Option<&str>) -> Result<(String, Vec<Sql>)> {
        self.eligible.columns_sql(Source { as_of: self.moved_on, overlaid: false }, "r.id", only)
    }

    pub(super) fn unmasked(&self, mut candidates: Scored) -> Scored {
        candidates.retain(|(id, _)| !self.masked.contains(id.unsigned_abs()));
        candidates
    }

    pub(super) fn scored(&self, sql: &str, parameters: Vec<Sql>) -> Result<Scored> {
        let mut statement = self.snapshot.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params_from_iter(&parameters), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// Recency: the newest of what the lanes found.
fn newest_of(lanes: &[Candidates], times: &HashMap<i64, f64>, wanted: usize) -> Scored {
    let ids: HashSet<i64> = lanes.iter().flat_map(|lane| &lane.found).map(|(id, _)| *id).collect();
    let mut newest: Scored = ids.into_iter().filter_map(|id| Some((id, *times.get(&id)?))).collect();
    newest.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    newest.truncate(wanted);
    newest
}

/// The context channel has two lists; a row's place is the better of the two, as reciprocal ranks.
fn join_context(text: Scored, near: Scored) -> Scored {
    let mut best: HashMap<i64, f64> = HashMap::new();
    for list in [text, near] {
        for (rank, (id, _)) in (1_u32..).zip(list) {
            let score = best.entry(id).or_default();
            *score += 1.0 / f64::from(60 + rank);
        }
    }
    let mut joined: Scored = best.into_iter().collect();
    joined.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    joined
}
