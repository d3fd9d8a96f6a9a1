//! Thin names over the other host interfaces: writes, hints, events, model, clock, log, settings, budget.

/// Staged writes.
pub mod write {
    use crate::bindings::memstrata::plugin::store_write as wit;
    use crate::{Fault, Query, Value};

    /// Ids for rows still to be inserted.
    pub fn new_ids(count: u32) -> Result<Vec<u64>, Fault> {
        Ok(wit::new_ids(count)?)
    }
    /// Stages a row; answers its id.
    pub fn insert(collection: &str, row: &Value) -> Result<u64, Fault> {
        Ok(wit::insert(collection, &row.to_string())?)
    }
    /// Stages many rows.
    pub fn insert_many(collection: &str, rows: &[Value]) -> Result<Vec<u64>, Fault> {
        let rows: Vec<String> = rows.iter().map(Value::to_string).collect();
        Ok(wit::insert_many(collection, &rows)?)
    }
    /// Stages a row unless a live one has the same unique key; answers the id and whether it is new.
    pub fn insert_or_get(collection: &str, key: &str, row: &Value) -> Result<(u64, bool), Fault> {
        Ok(wit::insert_or_get(collection, key, &row.to_string())?)
    }
    /// Stages a row, or changes to the live one with the same unique key.
    pub fn upsert(collection: &str, key: &str, row: &Value) -> Result<(u64, bool), Fault> {
        Ok(wit::upsert(collection, key, &row.to_string())?)
    }
    /// Stages a change of the named fields; answers the new version.
    pub fn update(collection: &str, id: u64, version: Option<u64>, patch: &Value) -> Result<u64, Fault> {
        Ok(wit::update(collection, id, version, &patch.to_string())?)
    }
    /// Adds to a number field, whatever the version.
    pub fn add(collection: &str, id: u64, field: &str, amount: f64) -> Result<(), Fault> {
        Ok(wit::add(collection, id, field, amount)?)
    }
    /// Raises a number field, whatever the version.
    pub fn max(collection: &str, id: u64, field: &str, value: f64) -> Result<(), Fault> {
        Ok(wit::max(collection, id, field, value)?)
    }
    /// Marks a row deleted.
    pub fn delete(collection: &str, id: u64, version: Option<u64>) -> Result<(), Fault> {
        Ok(wit::delete(collection, id, version)?)
    }
    /// Brings a deleted row back.
    pub fn restore(collection: &str, id: u64) -> Result<(), Fault> {
        Ok(wit::restore(collection, id)?)
    }
    /// Erases a row's content for good.
    pub fn erase(collection: &str, id: u64) -> Result<(), Fault> {
        Ok(wit::erase(collection, id)?)
    }
    /// The namespace that rows of this caller are placed in where none is named: the one it is confined to, or none. Only the
    /// host knows it, so a row is placed and taken back; that stages nothing, and takes an id.
    pub fn home(collection: &str, row: &Value) -> Result<String, Fault> {
        let id = insert(collection, row)?;
        let placed = crate::get(collection, id)?.unwrap_or_default();
        delete(collection, id, None)?;
        Ok(crate::row::text(&placed, "namespace").to_owned())
    }
    /// Makes the commit depend on a count.
    pub fn expect(query: &Query, count: u64) -> Result<(), Fault> {
        Ok(wit::expect(&query.0, count)?)
    }
}

/// Vectors by batch; see `vectors.wit`.
pub mod batch {
    pub use crate::bindings::memstrata::plugin::vectors::{Batch, Neighbour, Pair};
}

/// Access statistics.
pub mod hints {
    use crate::Fault;
    use crate::bindings::memstrata::plugin::hints as wit;

    /// Notes that these rows were used now.
    pub fn touch(ids: &[u64]) -> Result<(), Fault> {
        Ok(wit::touch(ids)?)
    }
    /// Count and last time (ms UTC, 0 for never) of each.
    pub fn usage(ids: &[u64]) -> Result<Vec<(u64, u64)>, Fault> {
        Ok(wit::usage(ids)?)
    }
}

/// Events, kept with the write-set.
pub mod events {
    use crate::bindings::memstrata::plugin::events as wit;
    use crate::{Fault, Value};

    /// Emits an event when the call commits.
    pub fn emit(name: &str, payload: &Value) -> Result<(), Fault> {
        Ok(wit::emit(name, &payload.to_string())?)
    }
}

/// The operator's language model.
pub mod llm {
    pub use crate::bindings::memstrata::plugin::llm::Prompt;
}

/// The call's frozen clock.
pub mod clock {
    /// Milliseconds UTC.
    pub fn now() -> u64 {
        crate::bindings::memstrata::plugin::clock::now()
    }
}

/// Randomness from the call's seed.
pub mod random {
    pub use crate::bindings::memstrata::plugin::random::{bytes, next};
}

/// The host's log.
pub mod log {
    use crate::bindings::memstrata::plugin::log as wit;

    /// A line the operator should see.
    pub fn warn(message: &str) {
        wit::write("warn", message);
    }
    /// A line for those who look.
    pub fn info(message: &str) {
        wit::write("info", message);
    }
}

/// The component's settings.
pub mod settings {
    use crate::Fault;

    /// Reads the settings into a type.
    pub fn get<T: serde::de::DeserializeOwned>() -> Result<T, Fault> {
        let text = crate::bindings::memstrata::plugin::settings::get();
        serde_json::from_str(&text).map_err(|e| Fault::new("invalid.settings", e.to_string()))
    }
}

/// What is left of the call, and how far it is.
pub mod budget {
    pub use crate::bindings::memstrata::plugin::budget::{remaining_ms, should_stop};
    pub use crate::bindings::memstrata::plugin::progress::report;
}
