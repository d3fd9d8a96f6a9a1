//! Step 6 of 7: `store-write`. Everything is staged in the session; the commit comes after the guest has returned.

use super::{Answer, object};
use crate::bindings::memstrata::plugin::store_write::Host;
use crate::capability::QueryHandle;
use crate::state::CallState;
use wasmtime::component::Resource;

const WRITE: &str = "store-write";

impl Host for CallState {
    fn new_ids(&mut self, count: u32) -> Answer<Vec<u64>> {
        Ok(self.granted(WRITE)?.new_ids(count)?)
    }

    fn insert(&mut self, collection: String, row: String) -> Answer<u64> {
        let collection = self.writable(&collection)?;
        let row = object(&row)?;
        Ok(self.granted(WRITE)?.insert(&collection, row)?)
    }

    fn insert_many(&mut self, collection: String, rows: Vec<String>) -> Answer<Vec<u64>> {
        let collection = self.writable(&collection)?;
        let rows = rows.iter().map(|row| object(row)).collect::<Answer<Vec<_>>>()?;
        let session = self.granted(WRITE)?;
        rows.into_iter().map(|row| Ok(session.insert(&collection, row)?)).collect()
    }

    fn insert_or_get(&mut self, collection: String, key: String, row: String) -> Answer<(u64, bool)> {
        let collection = self.writable(&collection)?;
        let row = object(&row)?;
        Ok(self.granted(WRITE)?.insert_or_get(&collection, &key, row)?)
    }

    fn upsert(&mut self, collection: String, key: String, row: String) -> Answer<(u64, bool)> {
        let collection = self.writable(&collection)?;
        let row = object(&row)?;
        Ok(self.granted(WRITE)?.upsert(&collection, &key, row)?)
    }

    fn update(&mut self, collection: String, id: u64, version: Option<u64>, patch: String) -> Answer<u64> {
        let collection = self.writable(&collection)?;
        let patch = object(&patch)?;
        Ok(self.granted(WRITE)?.update(&collection, id, version, &patch)?)
    }

    fn add(&mut self, collection: String, id: u64, field: String, amount: f64) -> Answer<()> {
        let collection = self.writable(&collection)?;
        Ok(self.granted(WRITE)?.add(&collection, id, &field, amount)?)
    }

    fn max(&mut self, collection: String, id: u64, field: String, value: f64) -> Answer<()> {
        let collection = self.writable(&collection)?;
        Ok(self.granted(WRITE)?.max(&collection, id, &field, value)?)
    }

    fn delete(&mut self, collection: String, id: u64, version: Option<u64>) -> Answer<()> {
        let collection = self.writable(&collection)?;
        Ok(self.granted(WRITE)?.delete(&collection, id, version)?)
    }

    fn restore(&mut self, collection: String, id: u64) -> Answer<()> {
        let collection = self.writable(&collection)?;
        Ok(self.granted(WRITE)?.restore(&collection, id)?)
    }

    fn erase(&mut self, collection: String, id: u64) -> Answer<()> {
        let collection = self.writable(&collection)?;
        Ok(self.granted(WRITE)?.erase(&collection, id)?)
    }

    fn expect(&mut self, query: Resource<QueryHandle>, count: u64) -> Answer<()> {
        let query = self.query(&query)?.clone();
        Ok(self.granted(WRITE)?.expect(&query, count)?)
    }
}
