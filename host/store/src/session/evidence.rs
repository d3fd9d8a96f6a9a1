//! What derived rows stand on: how many there are, what they cite, how far they are believed, which are in dispute.

use super::Session;
use crate::collection::Collection;
use crate::error::Result;
use crate::query::{Query, Source};
use rusqlite::params_from_iter;
use rusqlite::types::Value as Sql;
use std::sync::Arc;

/// Derived rows, in numbers. A row is derived if it cites a row.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Evidence {
    /// Derived rows.
    pub derived: u64,
    /// Citations of all of them.
    pub citations: u64,
    /// Rows they cite, each counted once.
    pub cited: u64,
    /// Of those, the ones that the query of raw rows matches.
    pub covered: u64,
    /// Derived rows that a disputing row cites.
    pub disputed: u64,
    /// Mean of the trust fields of those that have one.
    pub trust: Option<f64>,
}

/// A statement under way: common table expressions first, then what is asked of them.
#[derive(Default)]
struct Parts {
    arms: Vec<String>,
    parameters: Vec<Sql>,
}

impl Session {
    /// Counts what the rows of `derived` that cite something stand on, as far as the caller may see them; `raw` are the rows
    /// they could stand on, `disputes` rows that cite what is in dispute.
    ///
    /// Answered from the table of citations as it is now: what the call has staged is not counted.
    ///
    /// # Errors
    /// As [`Session::rows`].
    pub fn evidence(&mut self, derived: &[Query], raw: &Query, disputes: Option<&Query>) -> Result<Evidence> {
        if derived.is_empty() {
            return Ok(Evidence::default());
        }
        let mut parts = Parts::default();
        for query in derived {
            let trust = trust_column(&query.collection);
            let (sql, parameters) =
                self.scoped(query).columns_sql(Source::default(), &format!("r.id, {trust} AS trust"), None)?;
            parts.arms.push(format!("{sql} AND r.id IN (SELECT id FROM citations)"));
            parts.parameters.extend(parameters);
        }
        let derived = format!("WITH d AS MATERIALIZED ({})", parts.arms.join(" UNION ALL "));
        let (raw, raw_parameters) = self.scoped(raw).columns_sql(Source::default(), "r.id", None)?;
        let (disputes, dispute_parameters) = match disputes {
            Some(query) => self.scoped(query).columns_sql(Source::default(), "r.id", None)?,
            None => ("SELECT NULL WHERE 0".to_owned(), Vec::new()),
        };
        let sql = format!(
            "{derived}, s AS MATERIALIZED (SELECT DISTINCT c.source FROM d JOIN citations c ON c.id = d.id)
             SELECT (SELECT count(*) FROM d), (SELECT avg(trust) FROM d),
               (SELECT count(*) FROM d JOIN citations c ON c.id = d.id), (SELECT count(*) FROM s),
               (SELECT count(*) FROM s WHERE source IN ({raw})),
               (SELECT count(*) FROM d WHERE id IN (SELECT source FROM citations WHERE id IN ({disputes})))"
        );
        let mut parameters = parts.parameters;
        parameters.extend(raw_parameters);
        parameters.extend(dispute_parameters);
        let connection = self.begin()?;
        let run = || -> Result<Evidence> {
            Ok(connection.prepare_cached(&sql)?.query_row(params_from_iter(&parameters), |row| {
                let count = |at: usize| row.get::<_, i64>(at).map(i64::unsigned_abs);
                Ok(Evidence {
                    derived: count(0)?,
                    trust: row.get(1)?,
                    citations: count(2)?,
                    cited: count(3)?,
                    covered: count(4)?,
                    disputed: count(5)?,
                })
            })?)
        };
        run().map_err(|error| self.blame(error))
    }

    /// How many rows of a query the commits after a sequence wrote, and when the newest of them was (ms UTC).
    ///
    /// # Errors
    /// As [`Session::rows`].
    pub fn written_after(&mut self, query: &Query, sequence: u64) -> Result<(u64, Option<u64>)> {
        let (sql, mut parameters) =
            self.scoped(query).columns_sql(Source::default(), "count(*), max(r.updated_at)", None)?;
        parameters.push(Sql::Integer(i64::try_from(sequence).unwrap_or(i64::MAX)));
        let connection = self.begin()?;
        let run = || -> Result<(u64, Option<u64>)> {
            Ok(connection.prepare_cached(&format!("{sql} AND r._seq > ?"))?.query_row(
                params_from_iter(&parameters),
                |row| {
                    let newest: Option<i64> = row.get(1)?;
                    Ok((row.get::<_, i64>(0)?.unsigned_abs(), newest.map(i64::unsigned_abs)))
                },
            )?)
        };
        run().map_err(|error| self.blame(error))
    }
}

/// The column that says how far to believe a row.
fn trust_column(collection: &Arc<Collection>) -> String {
    let field = collection.spec().recall.as_ref().and_then(|view| view.trust.as_ref());
    field.map_or_else(|| "NULL".to_owned(), |field| format!("r.\"{field}\""))
}
