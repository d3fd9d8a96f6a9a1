//! Runs a search on a session's snapshot: each channel's list for each collection, then fusion.

use super::fuse::{Ranked, fuse};
use super::index::{Kind, Wanted};
use super::{CHANNELS, CONTEXT, GRAPH, SearchRequest, SearchResults, TEXT, TIME, VECTOR, text};
use crate::collection::Collection;
use crate::condition::Condition;
use crate::database::Embedding;
use crate::error::Result;
use crate::query::{Query, Source};
use crate::session::Session;
use crate::vector::IdSet;
use crate::write_set::unit;
use crate::writer::{bytes, load_vector};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params_from_iter};
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Candidates a channel gives for each hit wanted, before conditions and fusion.
const OVERSAMPLE: usize = 2;
/// Candidates a channel gives at least.
const LEAST: usize = 64;
/// sqlite-vec gives at most so many.
const MOST_SQLITE_VEC: usize = 4096;

/// One collection's part of a search.
struct Part<'a> {
    session: &'a Session,
    connection: &'a Connection,
    request: &'a SearchRequest,
    /// The query's vector at unit length, if this space can be searched by it.
    vector: Option<&'a [f32]>,
    renewals: i64,
    /// The snapshot's sequence, if the connection sees more than the snapshot did.
    moved_on: Option<i64>,
    collection: &'a Arc<Collection>,
    /// Collection, conditions, namespaces, times: what makes a row eligible.
    eligible: Query,
    masked: Vec<i64>,
    wanted: usize,
    seq: i64,
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
        let vector = vector.and_then(unit);
        let limit = request.limit.min(self.options().limits.hits).max(1) as usize;
        let mut lists: [Ranked; CHANNELS.len()] = Default::default();
        for collection in &request.collections {
            let part = self.part(request, vector.as_deref(), embedding.renewals, collection, limit)?;
            let found = part.run();
            let found = found.map_err(|error| self.blame(error))?;
            for (all, own) in lists.iter_mut().zip(found) {
                all.extend(own.into_iter().map(|(id, score)| (id, Arc::clone(collection), score)));
            }
        }
        for list in &mut lists {
            list.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
        }
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

    fn eligible_query(&self, request: &SearchRequest, collection: &Arc<Collection>) -> Result<Query> {
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
        vector: Option<&'a [f32]>,
        renewals: i64,
        collection: &'a Arc<Collection>,
        limit: usize,
    ) -> Result<Part<'a>> {
        let eligible = self.eligible_query(request, collection)?;
        let masked = self.changed(collection);
        let seq = self.sequence()? as i64;
        self.begin()?;
        let session: &'a Session = self;
        let connection = session.connection()?;
        Ok(Part {
            session,
            connection,
            request,
            vector,
            renewals,
            moved_on: session.moved_on(),
            collection,
            eligible,
            masked,
            wanted: (limit * OVERSAMPLE).max(LEAST),
            seq,
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

type Scored = Vec<(i64, f64)>;

/// What a list of candidates was looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    /// The row's own text, or its neighbours'.
    Text { context: bool },
    /// The row's own vector, or its neighbours'.
    Near(Kind),
    /// Citations from and to the seeds.
    Cited,
}

/// A lane's candidates, best first, some of them perhaps not eligible.
struct Candidates {
    lane: Lane,
    found: Scored,
    /// There may be more that match.
    more: bool,
}

impl Part<'_> {
    /// Each channel's eligible rows, best first: every lane's candidates, one look at which of them are eligible, and a second,
    /// narrower search by those lanes that have too few left.
    fn run(&self) -> Result<[Scored; CHANNELS.len()]> {
        let expressions = self.expressions()?;
        let mut lanes = Vec::new();
        for lane in self.lanes(&expressions) {
            lanes.push(self.candidates(lane, &expressions)?);
        }
        let ids: HashSet<i64> = lanes.iter().flat_map(|lane| &lane.found).map(|(id, _)| *id).collect();
        let mut times = self.times(ids)?;
        let mut narrowed = HashSet::new();
        for lane in &mut lanes {
            lane.found.retain(|(id, _)| times.contains_key(id));
            if lane.more && lane.found.len() < self.wanted / OVERSAMPLE {
                lane.found = self.narrowed(lane.lane, &expressions)?;
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
    fn lanes(&self, expressions: &[String]) -> Vec<Lane> {
        let context = self.weight(CONTEXT) && self.collection.spec.sequence.is_some();
        let near = self.vector.is_some() && self.collection.embedded.is_some();
        let lanes = [
            (Lane::Text { context: false }, self.weight(TEXT) && !expressions.is_empty()),
            (Lane::Text { context: true }, context && !expressions.is_empty()),
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
                Lane::Text { context: false } => *text = lane.found,
                Lane::Near(Kind::Own) => *vector = lane.found,
                Lane::Text { .. } | Lane::Near(_) => *context = join_context(std::mem::take(context), lane.found),
                Lane::Cited => *graph = lane.found,
            }
        }
        Ok(channels)
    }

    fn candidates(&self, lane: Lane, expressions: &[String]) -> Result<Candidates> {
        let (found, more) = match lane {
            Lane::Text { context } => {
                let mut found = Vec::new();
                for expression in expressions {
                    found = self.matching(context, expression, None)?;
                    if !found.is_empty() {
                        break;
                    }
                }
                let more = found.len() >= self.wanted || (expressions.len() > 1 && !found.is_empty());
                (found, more)
            }
            Lane::Near(kind) => {
                let found = self.nearest(kind, None)?;
                let more = found.len() >= self.wanted;
                (found, more)
            }
            Lane::Cited => (self.cited()?, false),
        };
        Ok(Candidates { lane, found: self.unmasked(found), more })
    }

    /// The best of a lane among the eligible rows alone, which costs a look at each of them.
    fn narrowed(&self, lane: Lane, expressions: &[String]) -> Result<Scored> {
        let eligible = self.ids_sql(None)?;
        match lane {
            Lane::Text { context } => {
                for expression in expressions {
                    let found = self.unmasked(self.matching(context, expression, Some(&eligible))?);
                    if !found.is_empty() {
                        return Ok(found);
                    }
                }
                Ok(Vec::new())
            }
            Lane::Near(kind) => {
                let (sql, parameters) = eligible;
                let mut statement = self.connection.prepare_cached(&sql)?;
                let ids = statement.query_map(params_from_iter(&parameters), |row| row.get(0))?;
                let ids: Vec<i64> = ids.collect::<rusqlite::Result<_>>()?;
                let allowed = IdSet::new(ids.into_iter().map(i64::unsigned_abs).collect());
                Ok(self.unmasked(self.nearest(kind, Some(&allowed))?))
            }
            Lane::Cited => Ok(Vec::new()),
        }
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
        Ok(self.unmasked(self.scored(&format!("{sql} ORDER BY 2 DESC LIMIT ?"), parameters)?))
    }

    fn timed_sql(&self, only: Option<&str>) -> Result<(String, Vec<Sql>)> {
        let source = Source { as_of: self.moved_on, overlaid: false };
        let columns = format!("r.id, CAST(coalesce(r.\"{}\", 0) AS REAL)", self.collection.time_column());
        self.eligible.columns_sql(source, &columns, only)
    }

    /// Selects all eligible rows as of the snapshot.
    fn ids_sql(&self, only: Option<&str>) -> Result<(String, Vec<Sql>)> {
        self.eligible.columns_sql(Source { as_of: self.moved_on, overlaid: false }, "r.id", only)
    }

    fn unmasked(&self, mut candidates: Scored) -> Scored {
        candidates.retain(|(id, _)| !self.masked.contains(id));
        candidates
    }

    /// Full-text expressions for the query, the next for when one finds nothing.
    fn expressions(&self) -> Result<Vec<String>> {
        if self.request.text.is_empty() || self.collection.searched.is_empty() {
            return Ok(Vec::new());
        }
        let frequencies = &self.session.space().indexes.frequencies;
        text::expressions(self.connection, frequencies, self.collection, &self.request.text)
    }

    /// The best by BM25 of all rows, or of those a statement selects.
    fn matching(&self, context: bool, expression: &str, among: Option<&(String, Vec<Sql>)>) -> Result<Scored> {
        let columns = match context {
            true => "_context".to_owned(),
            false => crate::database::searched_fields(self.collection).collect::<Vec<_>>().join(" "),
        };
        let table = &self.collection.table;
        let mut sql = format!("SELECT rowid, -rank FROM \"{table}__text\" WHERE \"{table}__text\" MATCH ?");
        let mut parameters = vec![Sql::Text(format!("{{{columns}}} : ({expression})"))];
        if let Some((ids, more)) = among {
            sql.push_str(&format!(" AND rowid IN ({ids})"));
            parameters.extend(more.iter().cloned());
        }
        sql.push_str(" ORDER BY rank LIMIT ?");
        parameters.push(Sql::Integer(self.wanted as i64));
        self.scored(&sql, parameters)
    }

    fn scored(&self, sql: &str, parameters: Vec<Sql>) -> Result<Scored> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params_from_iter(&parameters), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The nearest rows with their cosines: from the index in memory, or from sqlite-vec where that cannot serve this snapshot.
    fn nearest(&self, kind: Kind, allowed: Option<&IdSet>) -> Result<Scored> {
        let Some(query) = self.vector else { return Ok(Vec::new()) };
        let masked = IdSet::new(self.masked.iter().map(|id| id.unsigned_abs()).collect());
        let wanted = Wanted {
            query,
            candidates: self.wanted,
            namespaces: &self.request.namespaces,
            allowed,
            masked: Some(&masked),
            renewals: self.renewals,
        };
        let space = self.session.space();
        // Where the connection sees more than the snapshot, neither the index nor the stored vectors are its own.
        if self.moved_on.is_none()
            && let Some(found) =
                space.indexes.nearest(space, self.connection, self.seq, self.collection, kind, &wanted)?
        {
            return Ok(found);
        }
        let table = kind.table(self.collection);
        let mut sql = format!("SELECT id, distance FROM \"{table}__vec\" WHERE embedding MATCH ? AND k = ?");
        let k = self.wanted.min(MOST_SQLITE_VEC) as i64;
        let mut parameters = vec![Sql::Blob(bytes(query)), Sql::Integer(k)];
        if let Some(allowed) = allowed {
            sql.push_str(" AND id IN (SELECT value FROM json_each(?))");
            parameters.push(Sql::Text(json!(allowed.iter().collect::<Vec<u64>>()).to_string()));
        }
        // Unit vectors: the squared distance is 2 - 2 cos.
        let found = self.scored(&sql, parameters)?;
        Ok(found.into_iter().map(|(id, distance)| (id, 1.0 - distance * distance / 2.0)).collect())
    }

    /// Rows that cite a seed or are cited by one, by how many do.
    fn cited(&self) -> Result<Scored> {
        let sql = "SELECT id, CAST(count(*) AS REAL) FROM (
              SELECT id FROM citations WHERE source IN (SELECT value FROM json_each(?1))
              UNION ALL SELECT source AS id FROM citations WHERE id IN (SELECT value FROM json_each(?1)))
            GROUP BY id ORDER BY 2 DESC LIMIT ?2";
        let seeds = Sql::Text(json!(self.request.seeds).to_string());
        self.scored(sql, vec![seeds, Sql::Integer((self.wanted * OVERSAMPLE) as i64)])
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
