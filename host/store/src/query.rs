//! Typed queries: conditions, order, limit, cursor, over the snapshot, its overlay, or the past.

use crate::collection::{Collection, at};
use crate::condition::Condition;
use crate::cursor;
use crate::error::{Result, StoreError};
use crate::namespace::Namespace;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension};
use std::fmt::Write as _;
use std::sync::Arc;

/// Rows in a page when the query does not say.
pub(crate) const DEFAULT_LIMIT: u32 = 100;

/// A typed query over one collection.
#[derive(Debug, Clone)]
pub struct Query {
    pub(crate) collection: Arc<Collection>,
    conditions: Vec<Condition>,
    namespaces: Vec<Namespace>,
    order: Vec<(usize, bool)>,
    pub(crate) limit: u32,
    cursor: Option<String>,
    pub(crate) select: Option<Vec<usize>>,
    with_deleted: bool,
    valid_at: Option<i64>,
    pub(crate) known_at: Option<i64>,
}

/// One page of rows.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The rows as JSON text.
    pub rows: Vec<String>,
    /// Cursor of the rows that follow.
    pub next: Option<String>,
}

/// What to compute over a number field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    /// Their sum.
    Sum,
    /// Their mean.
    Avg,
    /// The least.
    Min,
    /// The greatest.
    Max,
}

impl Aggregate {
    /// Reads its name.
    ///
    /// # Errors
    /// `invalid.argument`.
    pub fn parse(name: &str) -> Result<Self> {
        Ok(match name {
            "sum" => Self::Sum,
            "avg" => Self::Avg,
            "min" => Self::Min,
            "max" => Self::Max,
            _ => {
                return Err(StoreError::Invalid(format!("`{name}` is none of sum, avg, min, max")));
            }
        })
    }

    fn sql(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}

/// Where the rows of a query come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Source {
    /// The rows as of this sequence; the table as the connection sees it otherwise.
    pub(crate) as_of: Option<i64>,
    /// Less the rows the call has changed, with them as they are staged.
    pub(crate) overlaid: bool,
}

impl Source {
    /// The `FROM` item named `r`; its parameters are appended.
    fn sql(self, collection: &Collection, parameters: &mut Vec<Sql>) -> String {
        let table = &collection.table;
        if self == Self::default() {
            return format!("\"{table}\" r");
        }
        let columns = collection.column_list("");
        let unstaged = match self.overlaid {
            true => format!(" AND id NOT IN (SELECT id FROM temp.\"{}\")", collection.staged_table()),
            false => String::new(),
        };
        let mut arms = Vec::new();
        match self.as_of {
            Some(seq) => {
                parameters.extend([Sql::Integer(seq), Sql::Integer(seq), Sql::Integer(seq)]);
                arms.push(format!("SELECT {columns} FROM main.\"{table}\" WHERE _seq <= ?{unstaged}"));
                arms.push(format!(
                    "SELECT {columns} FROM main.\"{table}__history\" WHERE _seq <= ? AND _to_seq > ?{unstaged}"
                ));
            }
            None => arms.push(format!("SELECT {columns} FROM main.\"{table}\" WHERE 1{unstaged}")),
        }
        if self.overlaid {
            let staged = collection.staged_table();
            arms.push(format!("SELECT {columns} FROM temp.\"{staged}\" WHERE NOT _gone"));
        }
        format!("({}) r", arms.join(" UNION ALL "))
    }
}

/// All rows of the table in two arms, each with indexes of its own: those of live rows, and the one of the deleted.
fn live_and_deleted(collection: &Collection) -> String {
    let (table, columns) = (&collection.table, collection.column_list(""));
    // Few rows are deleted: by their ids, for SQLite would rather read the whole table in the order of ids.
    format!(
        "(SELECT {columns} FROM main.\"{table}\" WHERE deleted_at IS NULL
          UNION ALL SELECT {columns} FROM main.\"{table}\" WHERE id IN (SELECT id FROM main.\"{table}\" WHERE deleted_at IS NOT NULL)) r"
    )
}

/// A compiled `FROM .. WHERE ..` with its parameters.
struct Compiled {
    from_where: String,
    parameters: Vec<Sql>,
}

impl Query {
    /// All live rows of a collection.
    #[must_use]
    pub fn new(collection: Arc<Collection>) -> Self {
        Self {
            collection,
            conditions: Vec::new(),
            namespaces: Vec::new(),
            order: Vec::new(),
            limit: DEFAULT_LIMIT,
            cursor: None,
            select: None,
            with_deleted: false,
            valid_at: None,
            known_at: None,
        }
    }

    /// Adds a condition (and).
    ///
    /// # Errors
    /// `invalid.condition` when it does not fit the collection.
    pub fn filter(&mut self, condition: Condition) -> Result<()> {
        condition.sql(&self.collection, &mut Vec::new())?;
        self.conditions.push(condition);
        Ok(())
    }

    /// Narrows it to a namespace and below.
    pub fn namespace(&mut self, namespace: Namespace) {
        self.namespaces.push(namespace);
    }

    /// Adds a sort key.
    ///
    /// # Errors
    /// `invalid.condition` for an unknown field.
    pub fn order_by(&mut self, field: &str, descending: bool) -> Result<()> {
        let (place, _) = self.collection.column(field)?;
        self.order.push((place, descending));
        Ok(())
    }

    /// Rows in a page.
    pub fn limit(&mut self, rows: u32) {
        self.limit = rows;
    }

    /// Goes on after a page.
    pub fn after(&mut self, cursor: &str) {
        self.cursor = Some(cursor.to_owned());
    }

    /// Only these fields, and the id.
    ///
    /// # Errors
    /// `invalid.condition` for an unknown field.
    pub fn select(&mut self, fields: &[String]) -> Result<()> {
        let mut places = vec![at::ID];
        for field in fields {
            let (place, _) = self.collection.column(field)?;
            if !places.contains(&place) {
                places.push(place);
            }
        }
        self.select = Some(places);
        Ok(())
    }

    /// Soft-deleted rows too.
    pub fn with_deleted(&mut self) {
        self.with_deleted = true;
    }

    /// Rows valid at an instant.
    pub fn valid_at(&mut self, time: u64) {
        self.valid_at = i64::try_from(time).ok();
    }

    /// Rows as known at an instant.
    pub fn known_at(&mut self, time: u64) {
        self.known_at = i64::try_from(time).ok();
    }

    /// What the cursor is bound to besides the call: all that shapes the result but the limit.
    fn shape(&self) -> String {
        format!(
            "{}|{:?}|{:?}|{:?}|{}|{:?}|{:?}",
            self.collection.name,
            self.conditions,
            self.namespaces,
            self.order,
            self.with_deleted,
            self.valid_at,
            self.known_at
        )
    }

    fn compile(&self, source: Source, only: Option<&str>) -> Result<Compiled> {
        let mut parameters = Vec::new();
        let from = match self.with_deleted && source == Source::default() {
            true => live_and_deleted(&self.collection),
            false => source.sql(&self.collection, &mut parameters),
        };
        let mut sql = format!(" FROM {from} WHERE 1");
        if !self.with_deleted {
            sql.push_str(" AND r.deleted_at IS NULL");
        }
        for namespace in &self.namespaces {
            if let Some((condition, values)) = namespace.sql("r.namespace") {
                _ = write!(sql, " AND {condition}");
                parameters.extend(values.map(Sql::Text));
            }
        }
        if let Some(time) = self.valid_at {
            sql.push_str(" AND (r.valid_from IS NULL OR r.valid_from <= ?) AND (r.valid_to IS NULL OR r.valid_to > ?)");
            parameters.extend([Sql::Integer(time), Sql::Integer(time)]);
        }
        for condition in &self.conditions {
            let condition = condition.sql(&self.collection, &mut parameters)?;
            _ = write!(sql, " AND {condition}");
        }
        if let Some(only) = only {
            sql.push_str(" AND r.id IN (SELECT value FROM json_each(?))");
            parameters.push(Sql::Text(only.to_owned()));
        }
        Ok(Compiled { from_where: sql, parameters })
    }

    /// The sort keys, with the id last.
    fn keys(&self) -> Vec<(usize, bool)> {
        let mut keys = self.order.clone();
        if !keys.iter().any(|(place, _)| *place == at::ID) {
            keys.push((at::ID, keys.first().is_some_and(|(_, descending)| *descending)));
        }
        keys
    }

    /// Where a page goes on: rows after the last one, with null as the least value as in SQLite.
    fn seek(&self, keys: &[(usize, bool)], last: &[Sql], compiled: &mut Compiled) -> Result<()> {
        if last.len() != keys.len() {
            return Err(StoreError::Cursor);
        }
        let name = |place: usize| {
            let column = self.collection.columns.get(place).map_or("", |column| column.name.as_str());
            format!("r.\"{column}\"")
        };
        let mut ways = Vec::new();
        for (nth, ((place, descending), value)) in keys.iter().zip(last).enumerate() {
            let mut way = String::new();
            for ((place, _), value) in keys.iter().zip(last).take(nth) {
                _ = write!(way, "{} IS ? AND ", name(*place));
                compiled.parameters.push(value.clone());
            }
            let column = name(*place);
            match (value, descending) {
                (Sql::Null, false) => _ = write!(way, "{column} IS NOT NULL"),
                (Sql::Null, true) => way.push('0'),
                (value, false) => {
                    _ = write!(way, "{column} > ?");
                    compiled.parameters.push(value.clone());
                }
                (value, true) if self.collection.is_never_null(*place) => {
                    _ = write!(way, "{column} < ?");
                    compiled.parameters.push(value.clone());
                }
                (value, true) => {
                    _ = write!(way, "({column} < ? OR {column} IS NULL)");
                    compiled.parameters.push(value.clone());
                }
            }
            ways.push(format!("({way})"));
        }
        _ = write!(compiled.from_where, " AND ({})", ways.join(" OR "));
        // A plain bound on the first key lets its index skip what was read.
        if let (Some((place, descending)), Some(value)) = (keys.first(), last.first()) {
            let column = name(*place);
            match (value, descending) {
                (Sql::Null, _) => {}
                (value, false) => {
                    _ = write!(compiled.from_where, " AND {column} >= ?");
                    compiled.parameters.push(value.clone());
                }
                (value, true) if self.collection.is_never_null(*place) => {
                    _ = write!(compiled.from_where, " AND {column} <= ?");
                    compiled.parameters.push(value.clone());
                }
                (value, true) => {
                    _ = write!(compiled.from_where, " AND ({column} <= ? OR {column} IS NULL)");
                    compiled.parameters.push(value.clone());
                }
            }
        }
        Ok(())
    }

    /// The statement for one page of `columns`, and its parameters.
    pub(crate) fn page_sql(
        &self,
        source: Source,
        columns: &str,
        rows: u32,
        secret: &[u8],
        binding: &str,
    ) -> Result<(String, Vec<Sql>)> {
        let keys = self.keys();
        let mut compiled = self.compile(source, None)?;
        if let Some(cursor) = &self.cursor {
            let last = cursor::open(secret, &format!("{binding}|{}", self.shape()), cursor)?;
            self.seek(&keys, &last, &mut compiled)?;
        }
        let order: Vec<_> = keys
            .iter()
            .map(|(place, descending)| {
                let column = self.collection.columns.get(*place).map_or("id", |column| column.name.as_str());
                format!("r.\"{column}\"{}", if *descending { " DESC" } else { "" })
            })
            .collect();
        compiled.parameters.push(Sql::Integer(i64::from(rows)));
        let sql = format!("SELECT {columns}{} ORDER BY {} LIMIT ?", compiled.from_where, order.join(", "));
        Ok((sql, compiled.parameters))
    }

    /// The sort keys as columns, to be selected after those asked for.
    pub(crate) fn key_columns(&self) -> Vec<String> {
        let name = |(place, _): &(usize, bool)| {
            self.collection.columns.get(*place).map(|column| format!("r.\"{}\"", column.name))
        };
        self.keys().iter().filter_map(name).collect()
    }

    /// A cursor for the rows after one with these key values.
    pub(crate) fn cursor_after(&self, secret: &[u8], binding: &str, last: &[Sql]) -> String {
        cursor::seal(secret, &format!("{binding}|{}", self.shape()), last)
    }

    /// `SELECT count(*)`.
    pub(crate) fn count_sql(&self, source: Source) -> Result<(String, Vec<Sql>)> {
        let compiled = self.compile(source, None)?;
        Ok((format!("SELECT count(*){}", compiled.from_where), compiled.parameters))
    }

    /// `SELECT` of some columns, of the rows with the given ids (a JSON list) or all, without order.
    pub(crate) fn columns_sql(&self, source: Source, columns: &str, only: Option<&str>) -> Result<(String, Vec<Sql>)> {
        let compiled = self.compile(source, only)?;
        Ok((format!("SELECT {columns}{}", compiled.from_where), compiled.parameters))
    }

    /// `SELECT value, count(*)` for a field.
    pub(crate) fn group_sql(&self, source: Source, field: &str) -> Result<(String, Vec<Sql>)> {
        self.collection.column(field)?;
        let compiled = self.compile(source, None)?;
        let sql = format!(
            "SELECT r.\"{field}\", count(*){} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {}",
            compiled.from_where,
            self.limit.max(1)
        );
        Ok((sql, compiled.parameters))
    }

    /// An aggregate over a number field.
    pub(crate) fn aggregate_sql(&self, source: Source, function: Aggregate, field: &str) -> Result<(String, Vec<Sql>)> {
        let (_, column) = self.collection.column(field)?;
        if column.kind.sql() == "TEXT" {
            return Err(StoreError::Condition(format!("`{field}` is no number")));
        }
        let compiled = self.compile(source, None)?;
        Ok((format!("SELECT {}(r.\"{field}\"){}", function.sql(), compiled.from_where), compiled.parameters))
    }
}

/// The sequence an instant names: the last commit at or before it.
pub(crate) fn sequence_at(connection: &Connection, time: i64) -> Result<i64> {
    Ok(connection
        .prepare_cached("SELECT seq FROM journal WHERE at <= ? ORDER BY at DESC, seq DESC LIMIT 1")?
        .query_row([time], |row| row.get(0))
        .optional()?
        .unwrap_or(0))
}
