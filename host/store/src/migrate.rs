//! Collections of a file: read, made, and extended by fields that are new. Any other change is refused with the reason.

use crate::collection::{Collection, CollectionSpec};
use crate::database::{self, FORMAT, meta};
use crate::error::{Result, StoreError};
use indexmap::IndexMap;
use rusqlite::{Connection, params};
use std::sync::Arc;

/// The collections a file declares, by their full names.
pub(crate) fn load_collections(connection: &Connection) -> Result<IndexMap<String, Arc<Collection>>> {
    let mut statement = connection.prepare("SELECT number, layer, name, spec FROM collections ORDER BY number")?;
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?))
    })?;
    let mut collections = IndexMap::new();
    for row in rows {
        let (number, layer, name, spec) = row?;
        let spec = serde_json::from_str(&spec).map_err(|error| {
            StoreError::Incompatible(format!("collection `{layer}.{name}` was made by a newer memstrata: {error}"))
        })?;
        let collection = Collection::new(number, &layer, &name, spec);
        collections.insert(collection.name.clone(), Arc::new(collection));
    }
    Ok(collections)
}

/// How long an upgrade by another process is waited for.
const UPGRADE: std::time::Duration = std::time::Duration::from_secs(600);

/// Brings a file of an older format to this one, whole or not at all.
pub(crate) fn upgrade(connection: &Connection, space: &str) -> Result<()> {
    let format =
        |connection: &Connection| Ok::<_, rusqlite::Error>(meta::<i64>(connection, "format")?.unwrap_or_default());
    if format(connection)? >= FORMAT {
        return Ok(());
    }
    // Another process may be at it, and a large file takes minutes.
    connection.busy_timeout(UPGRADE)?;
    let begun = connection.execute_batch("BEGIN IMMEDIATE");
    connection.busy_timeout(database::BUSY)?;
    begun?;
    let done = (|| {
        // Another process may have been quicker.
        let old = format(connection)?;
        if old >= FORMAT {
            return Ok(());
        }
        tracing::info!(space, "the file is brought to format {FORMAT}: its indexes are made anew");
        for collection in load_collections(connection)?.values() {
            if old < 2 {
                for (name, statement) in database::live_indexes(collection) {
                    connection.execute_batch(&format!("DROP INDEX IF EXISTS \"{name}\"; {statement}"))?;
                }
            }
            if collection.spec.sequence.is_some() {
                let (table, statements) = (&collection.table, database::text_ddl(collection));
                connection.execute_batch(&format!(
                    "DROP TABLE IF EXISTS \"{table}__text\"; DROP VIEW IF EXISTS \"{table}__live\"; {statements}
                     INSERT INTO \"{table}__text\"(\"{table}__text\") VALUES('rebuild');"
                ))?;
            }
        }
        connection.execute("UPDATE meta SET value = ? WHERE key = 'format'", [FORMAT])?;
        Ok(())
    })();
    match done {
        Ok(()) => Ok(connection.execute_batch("COMMIT")?),
        Err(error) => {
            // SQLite may have rolled back by itself; what went wrong first is what counts.
            _ = connection.execute_batch("ROLLBACK");
            Err(error)
        }
    }
}

/// Makes or extends a layer's collections; all that cannot be done is told at once, and nothing is then done.
pub(crate) fn migrate(
    connection: &Connection,
    layer: &str,
    specs: &IndexMap<String, CollectionSpec>,
    dimension: usize,
) -> Result<()> {
    let known = load_collections(connection)?;
    let mut faults = Vec::new();
    for (name, spec) in specs {
        faults.extend(spec.faults(name));
        if let Some(old) = known.get(&format!("{layer}.{name}")) {
            let breaks = old.spec.breaks(spec);
            faults.extend(breaks.into_iter().map(|fault| format!("collection `{layer}.{name}`: {fault}")));
        }
    }
    if !faults.is_empty() {
        return Err(StoreError::Invalid(format!("the collections cannot be changed: {}", faults.join("; "))));
    }
    for (name, spec) in specs {
        let text = serde_json::to_string(spec).map_err(|error| StoreError::Invalid(error.to_string()))?;
        let number = match known.get(&format!("{layer}.{name}")) {
            Some(old) if old.spec == *spec => continue,
            Some(old) => {
                add_columns(connection, old, spec)?;
                connection.execute("UPDATE collections SET spec = ? WHERE number = ?", params![text, old.number])?;
                old.number
            }
            None => connection.query_row(
                "INSERT INTO collections(layer, name, spec) VALUES(?, ?, ?) RETURNING number",
                params![layer, name, text],
                |row| row.get(0),
            )?,
        };
        let collection = Collection::new(number, layer, name, spec.clone());
        connection.execute_batch(&database::collection_ddl(&collection, dimension))?;
    }
    Ok(())
}

fn add_columns(connection: &Connection, old: &Collection, spec: &CollectionSpec) -> Result<()> {
    for (field, declared) in spec.fields.iter().filter(|(field, _)| !old.spec.fields.contains_key(*field)) {
        let default = match &declared.default {
            Some(value) => match crate::row::to_sql(field, declared, value)? {
                rusqlite::types::Value::Text(text) => {
                    format!(" DEFAULT '{}'", text.replace('\'', "''"))
                }
                rusqlite::types::Value::Integer(integer) => format!(" DEFAULT {integer}"),
                rusqlite::types::Value::Real(real) => format!(" DEFAULT {real:e}"),
                _ => String::new(),
            },
            None => String::new(),
        };
        for table in [old.table.clone(), format!("{}__history", old.table)] {
            connection.execute_batch(&format!(
                "ALTER TABLE \"{table}\" ADD COLUMN \"{field}\" {}{default}",
                declared.kind.sql()
            ))?;
        }
    }
    Ok(())
}
