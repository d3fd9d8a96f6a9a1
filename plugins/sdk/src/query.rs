//! Reads: single rows and typed queries.

use crate::bindings::memstrata::plugin::store_read as wit;
use crate::{Fault, Value};

/// One page of rows.
pub struct Page {
    /// The rows, each a JSON object.
    pub rows: Vec<Value>,
    /// Cursor of the rows that follow.
    pub next: Option<String>,
}

/// A typed query, see `store-read.query` in the WIT.
pub struct Query(pub(crate) wit::Query);

impl Query {
    /// All live rows of a collection, by id.
    pub fn of(collection: &str) -> Self {
        Self(wit::Query::new(collection))
    }

    /// Adds a condition (and), such as `json!(["kind", "=", "fact"])`.
    pub fn filter(self, condition: Value) -> Result<Self, Fault> {
        self.0.filter(&condition.to_string())?;
        Ok(self)
    }

    /// Adds a condition if there is a value.
    pub fn filter_if(self, field: &str, operator: &str, value: Option<impl Into<Value>>) -> Result<Self, Fault> {
        match value {
            Some(value) => self.filter(serde_json::json!([field, operator, value.into()])),
            None => Ok(self),
        }
    }

    /// Only this namespace and below; all of them if it is none or empty.
    pub fn namespace(self, prefix: Option<&str>) -> Result<Self, Fault> {
        if let Some(prefix) = prefix.filter(|prefix| !prefix.is_empty()) {
            self.0.namespace(prefix)?;
        }
        Ok(self)
    }

    /// Adds a sort key, ascending.
    pub fn ascending(self, field: &str) -> Result<Self, Fault> {
        self.0.order_by(field, false)?;
        Ok(self)
    }

    /// Adds a sort key, descending.
    pub fn descending(self, field: &str) -> Result<Self, Fault> {
        self.0.order_by(field, true)?;
        Ok(self)
    }

    /// At most this many rows a page.
    pub fn limit(self, rows: u32) -> Self {
        self.0.limit(rows);
        self
    }

    /// Goes on after a page.
    pub fn after(self, cursor: Option<&str>) -> Result<Self, Fault> {
        if let Some(cursor) = cursor {
            self.0.after(cursor)?;
        }
        Ok(self)
    }

    /// Only these fields, and the id.
    pub fn select(self, fields: &[&str]) -> Result<Self, Fault> {
        self.0.select(&fields.iter().map(|f| (*f).to_owned()).collect::<Vec<_>>())?;
        Ok(self)
    }

    /// Soft-deleted rows too.
    pub fn with_deleted(self) -> Self {
        self.0.with_deleted();
        self
    }

    /// Rows valid at this instant (ms UTC).
    pub fn valid_at(self, time: Option<u64>) -> Self {
        if let Some(time) = time {
            self.0.valid_at(time);
        }
        self
    }

    /// Rows as known at this instant (ms UTC).
    pub fn known_at(self, time: Option<u64>) -> Self {
        if let Some(time) = time {
            self.0.known_at(time);
        }
        self
    }

    /// Runs it for one page.
    pub fn page(&self) -> Result<Page, Fault> {
        let page = self.0.rows()?;
        Ok(Page { rows: parse(page.rows)?, next: page.next })
    }

    /// Runs it page after page, for at most `most` rows.
    pub fn all(self, most: usize) -> Result<Vec<Value>, Fault> {
        let mut rows = Vec::new();
        loop {
            let page = self.page()?;
            rows.extend(page.rows);
            match page.next {
                Some(next) if rows.len() < most => self.0.after(&next)?,
                _ => break,
            }
        }
        rows.truncate(most);
        Ok(rows)
    }

    /// The first row.
    pub fn first(self) -> Result<Option<Value>, Fault> {
        Ok(self.limit(1).page()?.rows.into_iter().next())
    }

    /// The ids of one page.
    pub fn ids(&self) -> Result<Vec<u64>, Fault> {
        Ok(self.0.ids()?)
    }

    /// How many rows match.
    pub fn count(&self) -> Result<u64, Fault> {
        Ok(self.0.count()?)
    }

    /// Rows for each value of a field, largest first.
    pub fn group_count(&self, field: &str) -> Result<Vec<(Value, u64)>, Fault> {
        self.0.group_count(field)?.into_iter().map(|(value, count)| Ok((one(&value)?, count))).collect()
    }

    /// `sum`, `avg`, `min` or `max`.
    pub fn aggregate(&self, function: &str, field: &str) -> Result<Option<f64>, Fault> {
        Ok(self.0.aggregate(function, field)?)
    }

    /// A number field of the page.
    pub fn column(&self, field: &str) -> Result<Vec<f64>, Fault> {
        Ok(self.0.column(field)?)
    }
}

fn one(text: &str) -> Result<Value, Fault> {
    serde_json::from_str(text).map_err(|e| Fault::new("internal", e.to_string()))
}

fn parse(texts: Vec<String>) -> Result<Vec<Value>, Fault> {
    texts.iter().map(|text| one(text)).collect()
}

/// Parses rows the host gave as text.
pub fn rows(texts: Vec<String>) -> Result<Vec<Value>, Fault> {
    parse(texts)
}

/// One live row.
pub fn get(collection: &str, id: u64) -> Result<Option<Value>, Fault> {
    wit::get(collection, id)?.map(|text| one(&text)).transpose()
}

/// Many live rows, in the order of the ids.
pub fn get_many(collection: &str, ids: &[u64]) -> Result<Vec<Option<Value>>, Fault> {
    wit::get_many(collection, ids)?.into_iter().map(|row| row.map(|text| one(&text)).transpose()).collect()
}

/// The collection an id belongs to.
pub fn locate(id: u64) -> Result<Option<String>, Fault> {
    Ok(wit::locate(id)?)
}

/// All versions of a row, oldest first.
pub fn history(collection: &str, id: u64) -> Result<Vec<Value>, Fault> {
    parse(wit::history(collection, id)?)
}
