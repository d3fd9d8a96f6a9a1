//! What a channel of a search looks its candidates up by: the indexes in memory, or the tables where those cannot serve.

use super::index::{Kind, Wanted};
use super::run::{OVERSAMPLE, Part, Scored};
use super::text;
use crate::entries::IdSet;
use crate::error::Result;
use crate::writer::{bytes, neighbours};
use rusqlite::params_from_iter;
use rusqlite::types::Value as Sql;
use serde_json::json;
use std::collections::HashMap;

/// sqlite-vec gives at most so many.
const MOST_SQLITE_VEC: usize = 4096;

/// What a list of candidates was looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// The row's own text, or its neighbours'.
    Text(Kind),
    /// The row's own vector, or its neighbours'.
    Near(Kind),
    /// Citations from and to the seeds.
    Cited,
}

/// A lane's candidates, best first, some of them perhaps not eligible.
pub(super) struct Candidates {
    pub(super) lane: Lane,
    pub(super) found: Scored,
    /// There may be more that match.
    pub(super) more: bool,
}

impl Part<'_> {
    /// The best of a lane among all rows.
    pub(super) fn candidates(&self, lane: Lane) -> Result<Candidates> {
        let (found, more) = match lane {
            Lane::Text(kind) => self.matching(kind, false)?,
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
    pub(super) fn narrowed(&self, lane: Lane) -> Result<Scored> {
        let found = match lane {
            Lane::Text(kind) => self.matching(kind, true)?.0,
            Lane::Near(kind) => self.nearest(kind, Some(self.allowed()?))?,
            Lane::Cited => Vec::new(),
        };
        Ok(self.unmasked(found))
    }

    /// The ids of all eligible rows.
    fn allowed(&self) -> Result<&IdSet> {
        if let Some(allowed) = self.allowed.get() {
            return Ok(allowed);
        }
        let (sql, parameters) = self.ids_sql(None)?;
        let mut statement = self.snapshot.connection.prepare_cached(&sql)?;
        let ids = statement.query_map(params_from_iter(&parameters), |row| row.get::<_, i64>(0))?;
        let ids = ids.map(|id| id.map(i64::unsigned_abs)).collect::<rusqlite::Result<IdSet>>()?;
        Ok(self.allowed.get_or_init(|| ids))
    }

    fn wanted<'a>(&'a self, allowed: Option<&'a IdSet>) -> Wanted<'a> {
        Wanted {
            candidates: self.wanted,
            namespaces: &self.request.namespaces,
            allowed,
            masked: (!self.masked.is_empty()).then_some(&self.masked),
        }
    }

    /// The best by BM25 of all rows or of the eligible, and whether there may be more that match: from the index in memory,
    /// or from FTS5 where that cannot serve this snapshot.
    fn matching(&self, kind: Kind, narrowed: bool) -> Result<(Scored, bool)> {
        let indexes = &self.snapshot.space.indexes;
        // Where the connection sees more than the snapshot, neither the index nor the stored words are its own.
        if self.moved_on.is_none() {
            let allowed = if narrowed { Some(self.allowed()?) } else { None };
            let (words, wanted) = (&self.query.words, self.wanted(allowed));
            if let Some(found) = indexes.matching(&self.snapshot, self.collection, kind, words, &wanted)? {
                let more = found.len() >= self.wanted;
                return Ok((found, more));
            }
        }
        let expressions = self.expressions()?;
        for expression in expressions {
            let found = match kind {
                Kind::Own => self.matching_own(expression, narrowed)?,
                Kind::Context => self.matching_contexts(expression, narrowed)?,
            };
            if !found.is_empty() {
                let more = found.len() >= self.wanted || expressions.len() > 1;
                return Ok((found, more));
            }
        }
        Ok((Vec::new(), false))
    }

    /// Full-text expressions for the query, the next for when one finds nothing.
    fn expressions(&self) -> Result<&[String]> {
        if let Some(expressions) = self.expressions.get() {
            return Ok(expressions);
        }
        let frequencies = &self.snapshot.space.indexes.frequencies;
        let (connection, words) = (self.snapshot.connection, &self.query.words);
        let expressions = text::expressions(connection, frequencies, self.collection, words)?;
        Ok(self.expressions.get_or_init(|| expressions))
    }

    /// The best by FTS5 of all rows, or of the eligible.
    fn matching_own(&self, expression: &str, narrowed: bool) -> Result<Scored> {
        let table = &self.collection.table;
        let mut sql = format!("SELECT rowid, -rank FROM \"{table}__text\" WHERE \"{table}__text\" MATCH ?");
        let mut parameters = vec![Sql::Text(expression.to_owned())];
        if narrowed {
            let (ids, more) = self.ids_sql(None)?;
            sql.push_str(&format!(" AND rowid IN ({ids})"));
            parameters.extend(more);
        }
        sql.push_str(" ORDER BY rank LIMIT ?");
        parameters.push(Sql::Integer(self.wanted as i64));
        self.scored(&sql, parameters)
    }

    /// The rows beside the best by FTS5, each with the sum of its neighbours' scores, until there are as many as are wanted. Not
    /// BM25 over what they say together, as the index in memory has it, but near: FTS5 holds no contexts, for each new row
    /// changes four of them.
    fn matching_contexts(&self, expression: &str, narrowed: bool) -> Result<Scored> {
        let allowed = if narrowed { Some(self.allowed()?) } else { None };
        let (table, connection) = (&self.collection.table, self.snapshot.connection);
        let sql = format!("SELECT rowid, -rank FROM \"{table}__text\" WHERE \"{table}__text\" MATCH ? ORDER BY rank");
        let mut statement = connection.prepare_cached(&sql)?;
        let mut matches = statement.query([expression])?;
        let mut scores: HashMap<i64, f64> = HashMap::new();
        while let Some(hit) = matches.next()? {
            let (id, score): (i64, f64) = (hit.get(0)?, hit.get(1)?);
            for neighbour in neighbours(connection, self.collection, id)? {
                if allowed.is_none_or(|allowed| allowed.contains(neighbour.unsigned_abs())) {
                    *scores.entry(neighbour).or_default() += score;
                }
            }
            if scores.len() >= self.wanted {
                break;
            }
        }
        let mut found: Scored = scores.into_iter().collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        Ok(found)
    }

    /// The nearest rows with their cosines: from the index in memory, or from sqlite-vec where that cannot serve this snapshot.
    fn nearest(&self, kind: Kind, allowed: Option<&IdSet>) -> Result<Scored> {
        let Some(query) = &self.query.vector else { return Ok(Vec::new()) };
        let wanted = self.wanted(allowed);
        // As for words.
        if self.moved_on.is_none()
            && let Some(found) =
                self.snapshot.space.indexes.nearest(&self.snapshot, self.collection, kind, query, &wanted)?
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
