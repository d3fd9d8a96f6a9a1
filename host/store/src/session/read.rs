//! Reads of a session: rows, pages, counts, history.

use super::Session;
use crate::collection::{Collection, at};
use crate::error::{Result, StoreError};
use crate::history::{self, RowVersion};
use crate::query::{Aggregate, Page, Query, Source, sequence_at};
use crate::row::{Values, int, row_json, text, values_json};
use crate::write_set::Verb;
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use std::sync::Arc;

impl Session {
    /// One live row as JSON, or none.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn get(&mut self, collection: &Arc<Collection>, id: u64) -> Result<Option<String>> {
        let row = self.live(collection, id as i64)?;
        self.count_rows(1)?;
        if let Some(row) = &row {
            self.saw(id as i64, int(row, at::VERSION));
        }
        Ok(row.map(|row| values_json(collection, &row)))
    }

    /// A live row's values, as staged or as in the snapshot, inside the caller's scope.
    pub(crate) fn live(&mut self, collection: &Arc<Collection>, id: i64) -> Result<Option<Values>> {
        let row = self.current(collection, id)?;
        let scope = &self.options.scope;
        Ok(row.filter(|row| {
            row.get(at::DELETED) == Some(&Sql::Null) && scope.covers(text(row, at::NAMESPACE).unwrap_or_default())
        }))
    }

    /// A row's values, deleted or not.
    pub(crate) fn current(&mut self, collection: &Arc<Collection>, id: i64) -> Result<Option<Values>> {
        if self.gone.contains(&id) {
            return Ok(None);
        }
        if let Some(change) = self.write.changes.get(&id) {
            return Ok((change.collection.number == collection.number).then(|| change.row.clone()));
        }
        self.begin()?;
        let as_of = self.moved_on();
        let connection = self.begin()?;
        load(connection, collection, id, as_of).map_err(|error| self.blame(error))
    }

    /// Notes the stored version the guest has been shown; a staged row shows the one after it.
    pub(crate) fn saw(&mut self, id: i64, version: Option<i64>) {
        let staged = self.write.changes.get(&id).map(|change| change.verb);
        if let (Some(version), false) = (version, staged == Some(Verb::Insert)) {
            self.seen.insert(id, version - i64::from(staged.is_some()));
        }
    }

    /// The collection of an id, staged or stored.
    ///
    /// # Errors
    /// When the database fails.
    pub fn locate(&mut self, id: u64) -> Result<Option<Arc<Collection>>> {
        let id = id as i64;
        if self.gone.contains(&id) {
            return Ok(None);
        }
        if let Some(change) = self.write.changes.get(&id) {
            return Ok(Some(Arc::clone(&change.collection)));
        }
        let number: Option<i64> = self
            .begin()?
            .prepare_cached("SELECT collection FROM ids WHERE id = ? AND erased_at IS NULL")?
            .query_row([id], |row| row.get(0))
            .optional()?;
        Ok(number.and_then(|number| self.space.collection_by_number(number)))
    }

    /// All versions of a row, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn history(&mut self, collection: &Arc<Collection>, id: u64) -> Result<Vec<RowVersion>> {
        let versions = history::versions(self.begin()?, collection, id as i64)?;
        self.count_rows(versions.len())?;
        let (scope, seq) = (&self.options.scope, self.seq.unwrap_or(i64::MAX).unsigned_abs());
        let visible = |version: &RowVersion| {
            version.seq <= seq
                && version
                    .row
                    .get("namespace")
                    .and_then(|namespace| namespace.as_str())
                    .is_some_and(|namespace| scope.covers(namespace))
        };
        Ok(versions.into_iter().filter(visible).collect())
    }

    /// How often and when last (ms UTC) each row was touched.
    ///
    /// # Errors
    /// When the database fails.
    pub fn usage(&mut self, ids: &[u64]) -> Result<Vec<(u64, u64)>> {
        self.count_rows(ids.len())?;
        self.begin()?;
        let mut usage = Vec::with_capacity(ids.len());
        for id in ids {
            let id = *id as i64;
            let (uses, last): (i64, i64) = self
                .begin()?
                .prepare_cached("SELECT uses, last_at FROM usage WHERE id = ?")?
                .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?
                .unwrap_or_default();
            let (more, later) = self.space.unflushed_usage(id);
            usage.push(((uses + more).unsigned_abs(), last.max(later).unsigned_abs()));
        }
        Ok(usage)
    }

    /// From now on nothing is noted of what is used: whoever measures must not change what is measured.
    pub fn leave_no_trace(&mut self) {
        self.traceless = true;
    }

    /// Notes that rows were used now.
    ///
    /// # Errors
    /// `limit.rows-read` for too many.
    pub fn touch(&mut self, ids: &[u64]) -> Result<()> {
        self.count_rows(ids.len())?;
        if self.traceless {
            return Ok(());
        }
        let ids: Vec<i64> = ids.iter().map(|id| *id as i64).collect();
        self.space.touch(&ids, self.options.now as i64);
        Ok(())
    }

    /// One page of rows.
    ///
    /// # Errors
    /// `invalid.condition`, `invalid.cursor`, `limit.rows-read`, and those of the database.
    pub fn rows(&mut self, query: &Query) -> Result<Page> {
        let all: Vec<usize> = (0..query.collection.columns.len()).collect();
        let columns = query.select.as_ref().unwrap_or(&all).clone();
        let whole = query.select.is_none();
        let collection = Arc::clone(&query.collection);
        let (rows, next) = self.page(query, &columns, |row| {
            let json = row_json(&collection, columns.iter().copied(), |nth| row.get_ref(nth).unwrap_or(ValueRef::Null));
            let version = whole.then(|| Some((row.get(at::ID).ok()?, row.get(at::VERSION).ok()?))).flatten();
            Ok((json, version))
        })?;
        let mut page = Page { rows: Vec::with_capacity(rows.len()), next };
        for (json, version) in rows {
            if let Some((id, version)) = version {
                self.saw(id, Some(version));
            }
            page.rows.push(json);
        }
        Ok(page)
    }

    /// The ids of one page.
    ///
    /// # Errors
    /// As [`Session::rows`].
    pub fn ids(&mut self, query: &Query) -> Result<Vec<u64>> {
        let (ids, _) = self.page(query, &[at::ID], |row| row.get::<_, i64>(0))?;
        Ok(ids.into_iter().map(i64::unsigned_abs).collect())
    }

    /// A number field of one page; null is NaN.
    ///
    /// # Errors
    /// As [`Session::rows`].
    pub fn column(&mut self, query: &Query, field: &str) -> Result<Vec<f64>> {
        let (place, column) = query.collection.column(field)?;
        if column.kind.sql() == "TEXT" {
            return Err(StoreError::Condition(format!("`{field}` is no number")));
        }
        let (values, _) = self.page(query, &[place], |row| row.get::<_, Option<f64>>(0))?;
        Ok(values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect())
    }

    /// Runs a query for one page of some columns, and tells the cursor of the next if there are more.
    pub(crate) fn page<T>(
        &mut self,
        query: &Query,
        columns: &[usize],
        read: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<(Vec<T>, Option<String>)> {
        let limit = query.limit.min(self.options.limits.page_rows).max(1);
        let (out, last) = self.first(query, limit, columns, read)?;
        let next = last.map(|last| self.scoped(query).cursor_after(&self.space.secret, &self.options.binding, &last));
        Ok((out, next))
    }

    /// The first `limit` rows of a query, be it more than a page, and the keys of the last if there are more: one row more is
    /// read to know.
    pub(crate) fn first<T>(
        &mut self,
        query: &Query,
        limit: u32,
        columns: &[usize],
        read: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<(Vec<T>, Option<Vec<Sql>>)> {
        let query = self.scoped(query);
        let source = self.source(&query)?;
        let names = columns.iter().filter_map(|place| query.collection.columns.get(*place));
        let mut list: Vec<_> = names.map(|column| format!("r.\"{}\"", column.name)).collect();
        let keys = query.key_columns();
        list.extend(keys.iter().cloned());
        let secret = self.space.secret.clone();
        let binding = self.options.binding.clone();
        let (sql, parameters) = query.page_sql(source, &list.join(", "), limit + 1, &secret, &binding)?;
        let connection = self.begin()?;
        let run = || -> Result<_> {
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(&parameters))?;
            let mut out = Vec::new();
            let mut last: Option<Vec<Sql>> = None;
            while let Some(row) = rows.next()? {
                if out.len() == limit as usize {
                    return Ok((out, last));
                }
                out.push(read(row)?);
                if out.len() == limit as usize {
                    let keys = (columns.len()..columns.len() + keys.len()).map(|at| row.get::<_, Sql>(at));
                    last = Some(keys.collect::<rusqlite::Result<_>>()?);
                }
            }
            Ok((out, None))
        };
        let (out, last) = run().map_err(|error| self.blame(error))?;
        self.count_rows(out.len())?;
        Ok((out, last))
    }

    /// How many rows match.
    ///
    /// # Errors
    /// As [`Session::rows`].
    pub fn count(&mut self, query: &Query) -> Result<u64> {
        let query = self.scoped(query);
        let (sql, parameters) = query.count_sql(self.source(&query)?)?;
        let count: i64 = self.one(&sql, &parameters, |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// Rows for each value of a field, as JSON, largest first.
    ///
    /// # Errors
    /// As [`Session::rows`].
    pub fn group_count(&mut self, query: &Query, field: &str) -> Result<Vec<(String, u64)>> {
        let mut query = self.scoped(query);
        query.limit = query.limit.min(self.options.limits.page_rows).max(1);
        let (sql, parameters) = query.group_sql(self.source(&query)?, field)?;
        let (place, _) = query.collection.column(field)?;
        let connection = self.begin()?;
        let run = || -> Result<Vec<_>> {
            let mut statement = connection.prepare_cached(&sql)?;
            let groups = statement.query_map(params_from_iter(&parameters), |row| {
                let value =
                    row_json(&query.collection, [place].into_iter(), |_| row.get_ref(0).unwrap_or(ValueRef::Null));
                Ok((value, row.get::<_, i64>(1)?.unsigned_abs()))
            })?;
            Ok(groups.collect::<rusqlite::Result<_>>()?)
        };
        let groups: Vec<(String, u64)> = run().map_err(|error| self.blame(error))?;
        self.count_rows(groups.len())?;
        // `{"field":value}` less its frame is the value.
        let bare = |json: String| json.get(field.len() + 4..json.len() - 1).unwrap_or("null").to_owned();
        Ok(groups.into_iter().map(|(json, count)| (bare(json), count)).collect())
    }

    /// An aggregate over a number field; none over no rows.
    ///
    /// # Errors
    /// As [`Session::rows`].
    pub fn aggregate(&mut self, query: &Query, function: Aggregate, field: &str) -> Result<Option<f64>> {
        let query = self.scoped(query);
        let (sql, parameters) = query.aggregate_sql(self.source(&query)?, function, field)?;
        self.one(&sql, &parameters, |row| row.get(0))
    }

    fn one<T>(
        &mut self,
        sql: &str,
        parameters: &[Sql],
        read: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let connection = self.begin()?;
        let run = || -> Result<T> {
            Ok(connection.prepare_cached(sql)?.query_row(params_from_iter(parameters), |row| read(row))?)
        };
        run().map_err(|error| self.blame(error))
    }

    /// The query inside the caller's scope.
    pub(crate) fn scoped(&self, query: &Query) -> Query {
        let mut query = query.clone();
        query.namespace(self.options.scope.clone());
        query
    }

    /// Where a query reads: the past if it asks for it, else the snapshot with what is staged.
    fn source(&mut self, query: &Query) -> Result<Source> {
        if let Some(time) = query.known_at {
            // Never later than the snapshot, which a new connection may be ahead of.
            let seq = sequence_at(self.begin()?, time)?.min(self.seq.unwrap_or(i64::MAX));
            return Ok(Source { as_of: Some(seq), overlaid: false });
        }
        self.begin()?;
        let overlaid = self.sync_staged(&query.collection)?;
        Ok(Source { as_of: self.moved_on(), overlaid })
    }
}

/// A row's values as a connection sees them, or as of a sequence.
fn load(connection: &Connection, collection: &Collection, id: i64, as_of: Option<i64>) -> Result<Option<Values>> {
    let columns = collection.column_list("");
    let table = &collection.table;
    let read = |row: &rusqlite::Row<'_>| (0..collection.columns.len()).map(|nth| row.get(nth)).collect();
    Ok(match as_of {
        None => connection
            .prepare_cached(&format!("SELECT {columns} FROM \"{table}\" WHERE id = ?"))?
            .query_row([id], read)
            .optional()?,
        Some(seq) => connection
            .prepare_cached(&format!(
                "SELECT {columns} FROM \"{table}\" WHERE id = ?1 AND _seq <= ?2 UNION ALL
                 SELECT {columns} FROM \"{table}__history\" WHERE id = ?1 AND _seq <= ?2 AND _to_seq > ?2"
            ))?
            .query_row([id, seq], read)
            .optional()?,
    })
}
