//! Runs a search on a session's snapshot: each channel's list for each collection, then fusion.

use super::fuse::{Ranked, fuse};
use super::index::{Kind, Wanted};
use super::{CHANNELS, CONTEXT, GRAPH, Hit, SearchRequest, SearchResults, TEXT, TIME, VECTOR, text};
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
const OVERSAMPLE: usize = 4;
/// Candidates a channel gives at least.
const LEAST: usize = 64;
/// Candidates scored exactly beyond the hits wanted: how far int8 may misplace one.
const MARGIN: usize = 24;
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
            let found = part.run(&mut notes);
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

    /// The rows of hits as JSON, in their order.
    ///
    /// # Errors
    /// When the database fails.
    pub fn hit_rows(&mut self, hits: &[Hit]) -> Result<Vec<String>> {
        let mut rows = Vec::with_capacity(hits.len());
        for hit in hits {
            rows.push(self.get(&hit.collection, hit.id)?.unwrap_or_else(|| "null".into()));
        }
        Ok(rows)
    }
}

type Scored = Vec<(i64, f64)>;

impl Part<'_> {
    fn run(&self, notes: &mut Vec<String>) -> Result<[Scored; CHANNELS.len()]> {
        let weight = |channel: usize| self.request.weights.get(channel).copied().unwrap_or_default() > 0.0;
        let mut found: [Scored; CHANNELS.len()] = Default::default();
        let [text, vector, context, time, graph] = &mut found;
        let sequence = self.collection.spec.sequence.is_some();
        if !self.request.text.is_empty() && !self.collection.searched.is_empty() {
            if weight(TEXT) {
                *text = self.text(false)?;
            }
            if weight(CONTEXT) && sequence {
                *context = self.text(true)?;
            }
        }
        if let (Some(query), Some(_)) = (self.vector, self.collection.embedded) {
            if weight(VECTOR) {
                *vector = self.vector(query, Kind::Own)?;
            }
            if weight(CONTEXT) && sequence {
                let near = self.vector(query, Kind::Context)?;
                *context = join_context(std::mem::take(context), near);
            }
        } else if self.request.wants_vector() && self.collection.embedded.is_none() {
            notes.push(format!("vector: `{}` has no embedded field", self.collection.name()));
        }
        if weight(GRAPH) && !self.request.seeds.is_empty() {
            *graph = self.graph()?;
        }
        if weight(TIME) {
            let others: HashSet<i64> =
                [&*text, &*vector, &*context, &*graph].into_iter().flatten().map(|(id, _)| *id).collect();
            let request = self.request;
            let alone = request.text.is_empty() && request.seeds.is_empty() && request.vector.is_none();
            *time = self.time(others, alone)?;
        }
        Ok(found)
    }

    /// Keeps the eligible ones of some candidates.
    fn eligible(&self, candidates: Scored) -> Result<Scored> {
        if candidates.is_empty() {
            return Ok(candidates);
        }
        let ids: Vec<i64> = candidates.iter().map(|(id, _)| *id).collect();
        let kept: HashSet<i64> = self.ids(Some(&ids))?.into_iter().collect();
        Ok(candidates.into_iter().filter(|(id, _)| kept.contains(id)).collect())
    }

    /// Selects the eligible of some rows, or of all, as of the snapshot.
    fn ids_sql(&self, only: Option<&[i64]>) -> Result<(String, Vec<Sql>)> {
        let only = only.map(|ids| json!(ids).to_string());
        self.eligible.ids_sql(Source { as_of: self.moved_on, overlaid: false }, only.as_deref())
    }

    fn ids(&self, only: Option<&[i64]>) -> Result<Vec<i64>> {
        let (sql, parameters) = self.ids_sql(only)?;
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_map(params_from_iter(&parameters), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    fn unmasked(&self, mut candidates: Scored) -> Scored {
        candidates.retain(|(id, _)| !self.masked.contains(id));
        candidates
    }

    /// Full text: the best by BM25 among all rows, then those that are eligible; if too few are left, the best among
    /// the eligible, which SQLite must then look for row by row.
    fn text(&self, context: bool) -> Result<Scored> {
        let session = self.session;
        let space = session.space();
        let expressions =
            text::expressions(self.connection, &space.indexes.frequencies, self.collection, &self.request.text)?;
        for expression in &expressions {
            let found = self.matching(context, expression)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    fn matching(&self, context: bool, expression: &str) -> Result<Scored> {
        let columns = match context {
            true => "_context".to_owned(),
            false => crate::database::searched_fields(self.collection).collect::<Vec<_>>().join(" "),
        };
        let expression = format!("{{{columns}}} : ({expression})");
        let table = &self.collection.table;
        let best =
            format!("SELECT rowid, -rank FROM \"{table}__text\" WHERE \"{table}__text\" MATCH ? ORDER BY rank LIMIT ?");
        let limit = Sql::Integer(self.wanted as i64);
        let found = self.scored(&best, vec![Sql::Text(expression.clone()), limit.clone()])?;
        let full = found.len() >= self.wanted;
        let mut kept = self.eligible(self.unmasked(found))?;
        if full && kept.len() < self.wanted / OVERSAMPLE {
            let (ids, mut parameters) = self.ids_sql(None)?;
            let sql = format!(
                "SELECT rowid, -rank FROM \"{table}__text\" WHERE \"{table}__text\" MATCH ? AND rowid IN ({ids}) ORDER BY rank LIMIT ?"
            );
            parameters.insert(0, Sql::Text(expression));
            parameters.push(limit);
            kept = self.unmasked(self.scored(&sql, parameters)?);
        }
        Ok(kept)
    }

    fn scored(&self, sql: &str, parameters: Vec<Sql>) -> Result<Scored> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params_from_iter(&parameters), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Nearest vectors: int8 candidates from memory, exact cosines from sqlite-vec's table, then the eligible ones; if
    /// too few are left, a scan of the eligible alone.
    fn vector(&self, query: &[f32], kind: Kind) -> Result<Scored> {
        let mut kept = Vec::new();
        for narrow in [false, true] {
            let allowed = match narrow {
                true => Some(IdSet::new(self.ids(None)?.into_iter().map(i64::unsigned_abs).collect())),
                false => None,
            };
            let (full, found) = self.nearest(query, kind, allowed.as_ref())?;
            kept = found;
            if !full || kept.len() >= self.wanted / OVERSAMPLE {
                break;
            }
        }
        if let Some(least) = self.request.min_similarity {
            kept.retain(|(_, cosine)| *cosine >= least);
        }
        Ok(kept)
    }

    /// The nearest eligible rows with their exact cosines, and whether there were as many candidates as were wanted.
    fn nearest(&self, query: &[f32], kind: Kind, allowed: Option<&IdSet>) -> Result<(bool, Scored)> {
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
        let table = kind.table(self.collection);
        let served = match self.moved_on {
            // The connection sees more than the snapshot: the stored vectors may be newer.
            Some(_) => None,
            None => space.indexes.nearest(space, self.connection, self.seq, self.collection, kind, &wanted)?,
        };
        let (full, mut found) = match served {
            Some(ids) => {
                let full = ids.len() >= self.wanted;
                // Reading a stored vector costs more than all else here: only the best of the eligible are scored exactly.
                let candidates = ids.into_iter().map(|id| (id, f64::NAN)).collect();
                let mut found = Vec::new();
                for (id, _) in
                    self.eligible(self.unmasked(candidates))?.into_iter().take(self.wanted / OVERSAMPLE + MARGIN)
                {
                    if let Some(vector) = load_vector(self.connection, &table, id)? {
                        found.push((id, dot(query, &vector)));
                    }
                }
                (full, found)
            }
            None => {
                let mut sql = format!("SELECT id, distance FROM \"{table}__vec\" WHERE embedding MATCH ? AND k = ?");
                let k = self.wanted.min(MOST_SQLITE_VEC) as i64;
                let mut parameters = vec![Sql::Blob(bytes(query)), Sql::Integer(k)];
                if let Some(allowed) = allowed {
                    sql.push_str(" AND id IN (SELECT value FROM json_each(?))");
                    parameters.push(Sql::Text(json!(allowed.iter().collect::<Vec<u64>>()).to_string()));
                }
                let found = self.scored(&sql, parameters)?;
                let full = found.len() >= self.wanted;
                // Unit vectors: the squared distance is 2 - 2 cos.
                let found = found.into_iter().map(|(id, distance)| (id, 1.0 - distance * distance / 2.0)).collect();
                (full, self.eligible(self.unmasked(found))?)
            }
        };
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        Ok((full, found))
    }

    /// Recency: newest first, of what the other channels found, or of all when nothing else was asked.
    fn time(&self, others: HashSet<i64>, alone: bool) -> Result<Scored> {
        if !alone && others.is_empty() {
            return Ok(Vec::new());
        }
        let others: Vec<i64> = others.into_iter().collect();
        let (sql, mut parameters) = self.ids_sql((!alone).then_some(&others))?;
        let time = self.collection.time_column();
        let sql = sql.replacen("SELECT r.id", &format!("SELECT r.id, CAST(coalesce(r.\"{time}\", 0) AS REAL)"), 1);
        parameters.push(Sql::Integer(self.wanted as i64));
        let found = self.scored(&format!("{sql} ORDER BY r.\"{time}\" DESC LIMIT ?"), parameters)?;
        Ok(self.unmasked(found))
    }

    /// Rows that cite a seed or are cited by one, by how many do.
    fn graph(&self) -> Result<Scored> {
        let sql = "SELECT id, CAST(count(*) AS REAL) FROM (
              SELECT id FROM citations WHERE source IN (SELECT value FROM json_each(?1))
              UNION ALL SELECT source AS id FROM citations WHERE id IN (SELECT value FROM json_each(?1)))
            GROUP BY id ORDER BY 2 DESC LIMIT ?2";
        let seeds = Sql::Text(json!(self.request.seeds).to_string());
        let found = self.scored(sql, vec![seeds, Sql::Integer((self.wanted * OVERSAMPLE) as i64)])?;
        self.eligible(self.unmasked(found))
    }
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

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}
