//! What hits show: their rows, or the recall views of those, read by one query a collection.

use super::Hit;
use crate::collection::{Collection, at};
use crate::condition::Condition;
use crate::error::Result;
use crate::query::Query;
use crate::row::{row_json, value_json};
use crate::session::Session;
use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;

impl Session {
    /// The rows of hits as JSON, in their order, as they are or as they were known; `null` for one the call has deleted since.
    ///
    /// # Errors
    /// `limit.rows-read`, and those of the database.
    pub fn hit_rows(&mut self, hits: &[Hit], known_at: Option<u64>) -> Result<Vec<String>> {
        let every = |collection: &Collection| (0..collection.columns.len()).map(Some).collect();
        let whole = |collection: &Collection, row: &Row<'_>| {
            row_json(collection, 0..collection.columns.len(), |nth| value(row, nth + KEYS))
        };
        self.of_hits(hits, known_at, every, whole)
    }

    /// The recall views of hits as JSON, in their order: `text`, `title`, `time`, `trust`, `kind`.
    ///
    /// # Errors
    /// As [`Session::hit_rows`].
    pub fn hit_views(&mut self, hits: &[Hit], known_at: Option<u64>) -> Result<Vec<String>> {
        self.of_hits(hits, known_at, view_columns, |collection, row| {
            let mut view = String::from("{");
            let mut nth = KEYS;
            for (name, place) in VIEW.into_iter().zip(view_columns(collection)) {
                view.push_str(if view.len() > 1 { ",\"" } else { "\"" });
                view.push_str(name);
                view.push_str("\":");
                match place.and_then(|place| collection.columns.get(place)) {
                    Some(column) => {
                        value_json(&mut view, column.kind, value(row, nth));
                        nth += 1;
                    }
                    None => view.push_str("null"),
                }
            }
            view.push('}');
            view
        })
    }

    fn of_hits(
        &mut self,
        hits: &[Hit],
        known_at: Option<u64>,
        columns: impl Fn(&Collection) -> Vec<Option<usize>>,
        write: impl Fn(&Collection, &Row<'_>) -> String,
    ) -> Result<Vec<String>> {
        let mut collections: Vec<&Arc<Collection>> = Vec::new();
        for hit in hits {
            if !collections.iter().any(|known| known.number == hit.collection.number) {
                collections.push(&hit.collection);
            }
        }
        let mut written: HashMap<i64, String> = HashMap::with_capacity(hits.len());
        let page = self.options().limits.page_rows.max(1);
        for collection in collections {
            let mut places = vec![at::ID, at::VERSION];
            places.extend(columns(collection).into_iter().flatten());
            let ids: Vec<u64> =
                hits.iter().filter(|hit| hit.collection.number == collection.number).map(|hit| hit.id).collect();
            for ids in ids.chunks(page as usize) {
                let mut query = Query::new(Arc::clone(collection));
                query.filter(Condition::parse(&json!(["id", "in", ids]).to_string())?)?;
                query.limit(page);
                if let Some(time) = known_at {
                    query.known_at(time);
                }
                let (rows, _) = self.page(&query, &places, |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, write(collection, row)))
                })?;
                for (id, version, text) in rows {
                    if known_at.is_none() {
                        self.saw(id, Some(version));
                    }
                    written.insert(id, text);
                }
            }
        }
        Ok(hits.iter().map(|hit| written.remove(&(hit.id as i64)).unwrap_or_else(|| "null".into())).collect())
    }
}

/// Columns read before those asked for: id and version.
const KEYS: usize = 2;
/// What a recall view says.
const VIEW: [&str; 5] = ["text", "title", "time", "trust", "kind"];

/// The columns of [`VIEW`], as far as the collection has them.
fn view_columns(collection: &Collection) -> Vec<Option<usize>> {
    let view = collection.spec.recall.as_ref();
    let place = |field: &str| collection.column(field).ok().map(|(place, _)| place);
    let named = |field: Option<&String>| field.and_then(|field| place(field));
    vec![
        named(view.map(|view| &view.text)),
        named(view.and_then(|view| view.title.as_ref())),
        place(collection.time_column()),
        named(view.and_then(|view| view.trust.as_ref())),
        named(view.and_then(|view| view.kind.as_ref())),
    ]
}

fn value<'a>(row: &'a Row<'_>, nth: usize) -> ValueRef<'a> {
    row.get_ref(nth).unwrap_or(ValueRef::Null)
}
