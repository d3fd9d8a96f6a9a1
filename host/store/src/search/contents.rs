//! What the in-memory indexes are filled with: vectors from sqlite-vec's tables, texts from the rows and their contexts.

use super::follow::{Follower, Namespaces, Renewed};
use super::index::Kind;
use crate::collection::Collection;
use crate::database::searched_fields;
use crate::error::Result;
use crate::postings::TextIndex;
use crate::space::Space;
use crate::vector::VectorIndex;
use crate::writer::load_vector;
use rusqlite::{Connection, Row};
use std::borrow::Cow;
use std::collections::HashMap;

/// Vectors loaded together.
const BATCH: usize = 4096;

impl Follower for VectorIndex {
    const SORT: &'static str = "vector";

    fn table(collection: &Collection, kind: Kind) -> String {
        format!("{}__vec_rowids", kind.table(collection))
    }

    fn load(
        space: &Space,
        connection: &Connection,
        collection: &Collection,
        kind: Kind,
        namespaces: &mut Namespaces,
    ) -> Result<Self> {
        let mut index = Self::new(space.options.dimension);
        let rows: HashMap<i64, (String, i64)> = connection
            .prepare(&format!("SELECT id, namespace, _seq FROM \"{}\" WHERE deleted_at IS NULL", collection.table))?
            .query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?
            .collect::<rusqlite::Result<_>>()?;
        let mut statement =
            connection.prepare(&format!("SELECT id, embedding FROM \"{}__vec\"", kind.table(collection)))?;
        let mut vectors = statement.query([])?;
        let (mut ids, mut numbers, mut born, mut values) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        loop {
            let row = vectors.next()?;
            if let Some(row) = row {
                let id: i64 = row.get(0)?;
                let Some((namespace, row_seq)) = rows.get(&id) else {
                    continue;
                };
                ids.push(id.unsigned_abs());
                numbers.push(namespaces.number(namespace));
                born.push(row_seq.unsigned_abs());
                let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
                values.extend(bytes.as_chunks::<4>().0.iter().map(|chunk| f32::from_le_bytes(*chunk)));
            }
            if row.is_none() || ids.len() == BATCH {
                index.bulk_load(&ids, &numbers, &born, &values);
                ids.clear();
                numbers.clear();
                born.clear();
                values.clear();
            }
            if row.is_none() {
                return Ok(index);
            }
        }
    }

    fn renew(&mut self, connection: &Connection, collection: &Collection, kind: Kind, row: &Renewed) -> Result<()> {
        let (id, seq) = (row.id.unsigned_abs(), row.seq.unsigned_abs());
        match load_vector(connection, &kind.table(collection), row.id)? {
            Some(vector) => self.insert(id, row.namespace, seq, &vector),
            None => self.remove(id, seq),
        }
        Ok(())
    }

    fn remove(&mut self, id: u64, dead: u64) {
        Self::remove(self, id, dead);
    }

    fn erase(&mut self, id: u64) {
        Self::erase(self, id);
    }

    fn compact(&mut self, oldest: u64, _all: bool) {
        Self::compact(self, oldest);
    }

    fn bytes(&self) -> usize {
        Self::bytes(self)
    }
}

impl Follower for TextIndex {
    const SORT: &'static str = "text";

    fn table(collection: &Collection, kind: Kind) -> String {
        kind.table(collection)
    }

    fn load(
        _: &Space,
        connection: &Connection,
        collection: &Collection,
        kind: Kind,
        namespaces: &mut Namespaces,
    ) -> Result<Self> {
        let mut index = Self::default();
        let mut statement = connection.prepare(&text_sql(collection, kind, "r.namespace, r._seq, r.id"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let namespace = namespaces.number(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?);
            let (seq, id): (i64, i64) = (row.get(2)?, row.get(3)?);
            index.insert(id.unsigned_abs(), namespace, seq.unsigned_abs(), &text(row)?);
        }
        Ok(index)
    }

    fn renew(&mut self, connection: &Connection, collection: &Collection, kind: Kind, row: &Renewed) -> Result<()> {
        let (id, seq) = (row.id.unsigned_abs(), row.seq.unsigned_abs());
        let sql = format!("{} AND r.id = ?", text_sql(collection, kind, "r.id"));
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([row.id])?;
        match rows.next()? {
            Some(found) => self.insert(id, row.namespace, seq, &text(found)?),
            None => self.remove(id, seq),
        }
        Ok(())
    }

    fn remove(&mut self, id: u64, dead: u64) {
        Self::remove(self, id, dead);
    }

    fn erase(&mut self, id: u64) {
        Self::erase(self, id);
    }

    fn compact(&mut self, oldest: u64, all: bool) {
        Self::compact(self, oldest, all);
    }

    fn is_outdated(&self) -> bool {
        Self::is_outdated(self)
    }

    fn bytes(&self) -> usize {
        Self::bytes(self)
    }
}

/// Selects the texts of rows that are not deleted: the searched fields of each, or what its neighbours say.
fn text_sql(collection: &Collection, kind: Kind, more: &str) -> String {
    let table = &collection.table;
    let (text, join) = match kind {
        Kind::Own => {
            let fields = searched_fields(collection).map(|field| format!("coalesce(r.\"{field}\", '')"));
            (fields.collect::<Vec<_>>().join(" || ' ' || "), String::new())
        }
        Kind::Context => ("c._context".to_owned(), format!(" JOIN \"{table}__context\" c USING(id)")),
    };
    format!("SELECT {text}, {more} FROM \"{table}\" r{join} WHERE r.deleted_at IS NULL")
}

fn text<'a>(row: &'a Row<'_>) -> Result<Cow<'a, str>> {
    let text = row.get_ref(0)?.as_bytes_or_null().map_err(rusqlite::Error::from)?;
    Ok(String::from_utf8_lossy(text.unwrap_or_default()))
}
