//! Step 6 of 7: `store-read`.

use super::Answer;
use crate::bindings::memstrata::plugin::store_read::{Host, HostQuery, Page};
use crate::error::HostError;
use crate::state::CallState;
use memstrata_store::{Aggregate, Condition, Namespace, Query};
use wasmtime::component::Resource;

/// What one more part of a request counts for, bytes.
pub(super) const ITEM: usize = 64;

/// A query being built, or why its collection cannot be read: a constructor cannot fail, its first use can.
pub struct QueryHandle(pub(crate) Result<Query, (String, String)>);

impl CallState {
    pub(crate) fn query(&mut self, handle: &Resource<QueryHandle>) -> Answer<&mut Query> {
        self.granted("store-read")?;
        let refused = |(code, message): &mut (String, String)| HostError::fault(code.clone(), message.clone());
        self.table.get_mut(handle)?.0.as_mut().map_err(refused)
    }

    fn session_query(&mut self, handle: &Resource<QueryHandle>) -> Answer<(&mut memstrata_store::Session, Query)> {
        let query = self.query(handle)?.clone();
        Ok((self.granted("store-read")?, query))
    }
}

impl Host for CallState {
    fn get(&mut self, collection: String, id: u64) -> Answer<Option<String>> {
        let collection = self.readable("store-read", &collection)?;
        Ok(self.granted("store-read")?.get(&collection, id)?)
    }

    fn get_many(&mut self, collection: String, ids: Vec<u64>) -> Answer<Vec<Option<String>>> {
        let collection = self.readable("store-read", &collection)?;
        // More than its memory holds, the guest cannot take; the host must not gather it.
        let most = self.limiter.memory_bytes;
        let session = self.granted("store-read")?;
        let (mut rows, mut bytes) = (Vec::new(), 0);
        for id in ids {
            let row = session.get(&collection, id)?;
            bytes += row.as_ref().map_or(0, String::len);
            if bytes > most {
                return Err(HostError::fault(
                    "limit.read-bytes",
                    format!("the rows have more than {most} bytes together; ask for fewer at once"),
                ));
            }
            rows.push(row);
        }
        Ok(rows)
    }

    fn locate(&mut self, id: u64) -> Answer<Option<String>> {
        let found = self.granted("store-read")?.locate(id)?;
        let identity = &self.identity;
        let may_read = |name: &String| identity.may_read(name);
        Ok(found.map(|collection| collection.name().to_owned()).filter(may_read))
    }

    fn history(&mut self, collection: String, id: u64) -> Answer<Vec<String>> {
        let collection = self.readable("store-read", &collection)?;
        let versions = self.granted("store-read")?.history(&collection, id)?;
        let flat = versions.into_iter().map(|version| {
            let mut row = version.row;
            if let Some(fields) = row.as_object_mut() {
                fields.insert("seq".into(), version.seq.into());
                fields.insert("at".into(), version.at.into());
                fields.insert("verb".into(), version.verb.into());
            }
            row.to_string()
        });
        Ok(flat.collect())
    }
}

impl HostQuery for CallState {
    fn new(&mut self, collection: String) -> wasmtime::Result<Resource<QueryHandle>> {
        let query = match self.readable("store-read", &collection) {
            Ok(collection) => Ok(Query::new(collection)),
            Err(HostError::Fault(fault)) => Err((fault.code, fault.message)),
            Err(HostError::Trap(trap)) => return Err(trap),
        };
        Ok(self.table.push(QueryHandle(query))?)
    }

    fn filter(&mut self, query: Resource<QueryHandle>, condition: String) -> Answer<()> {
        self.keep(&query, condition.len() * 4)?;
        let condition = Condition::parse(&condition)?;
        Ok(self.query(&query)?.filter(condition)?)
    }

    fn namespace(&mut self, query: Resource<QueryHandle>, prefix: String) -> Answer<()> {
        self.keep(&query, prefix.len())?;
        let namespace = Namespace::parse(&prefix)?;
        self.query(&query)?.namespace(namespace);
        Ok(())
    }

    fn order_by(&mut self, query: Resource<QueryHandle>, field: String, descending: bool) -> Answer<()> {
        self.keep(&query, ITEM)?;
        Ok(self.query(&query)?.order_by(&field, descending)?)
    }

    fn limit(&mut self, query: Resource<QueryHandle>, rows: u32) -> wasmtime::Result<()> {
        if let Ok(query) = &mut self.table.get_mut(&query)?.0 {
            query.limit(rows);
        }
        Ok(())
    }

    fn after(&mut self, query: Resource<QueryHandle>, cursor: String) -> Answer<()> {
        self.keep(&query, cursor.len())?;
        self.query(&query)?.after(&cursor);
        Ok(())
    }

    fn select(&mut self, query: Resource<QueryHandle>, fields: Vec<String>) -> Answer<()> {
        Ok(self.query(&query)?.select(&fields)?)
    }

    fn with_deleted(&mut self, query: Resource<QueryHandle>) -> wasmtime::Result<()> {
        if let Ok(query) = &mut self.table.get_mut(&query)?.0 {
            query.with_deleted();
        }
        Ok(())
    }

    fn valid_at(&mut self, query: Resource<QueryHandle>, time: u64) -> wasmtime::Result<()> {
        if let Ok(query) = &mut self.table.get_mut(&query)?.0 {
            query.valid_at(time);
        }
        Ok(())
    }

    fn known_at(&mut self, query: Resource<QueryHandle>, time: u64) -> wasmtime::Result<()> {
        if let Ok(query) = &mut self.table.get_mut(&query)?.0 {
            query.known_at(time);
        }
        Ok(())
    }

    fn rows(&mut self, query: Resource<QueryHandle>) -> Answer<Page> {
        let (session, query) = self.session_query(&query)?;
        let page = session.rows(&query)?;
        Ok(Page { rows: page.rows, next: page.next })
    }

    fn ids(&mut self, query: Resource<QueryHandle>) -> Answer<Vec<u64>> {
        let (session, query) = self.session_query(&query)?;
        Ok(session.ids(&query)?)
    }

    fn count(&mut self, query: Resource<QueryHandle>) -> Answer<u64> {
        let (session, query) = self.session_query(&query)?;
        Ok(session.count(&query)?)
    }

    fn group_count(&mut self, query: Resource<QueryHandle>, field: String) -> Answer<Vec<(String, u64)>> {
        let (session, query) = self.session_query(&query)?;
        Ok(session.group_count(&query, &field)?)
    }

    fn aggregate(&mut self, query: Resource<QueryHandle>, function: String, field: String) -> Answer<Option<f64>> {
        let function = Aggregate::parse(&function)?;
        let (session, query) = self.session_query(&query)?;
        Ok(session.aggregate(&query, function, &field)?)
    }

    fn column(&mut self, query: Resource<QueryHandle>, field: String) -> Answer<Vec<f64>> {
        let (session, query) = self.session_query(&query)?;
        Ok(session.column(&query, &field)?)
    }

    fn drop(&mut self, query: Resource<QueryHandle>) -> wasmtime::Result<()> {
        self.held.let_go(query.rep());
        self.table.delete(query)?;
        Ok(())
    }
}
