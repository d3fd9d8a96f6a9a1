//! Which memories a search or a list is about.

use super::MEMORIES;
use super::listing::{coming, ended};
use crate::args::Time;
use memstrata_sdk::{Fault, Query, Search, Value, json};
use serde::Deserialize;

/// The scope arguments that searches and lists share.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Scope {
    pub(super) namespace: Option<String>,
    pub(super) memory_types: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) topic: Option<String>,
    pub(super) as_of: Option<Time>,
    pub(super) include_superseded: bool,
    /// One more condition, not from the caller.
    #[serde(skip)]
    pub(super) condition: Option<Value>,
}

/// `{"any": [field operator value, ..]}`.
pub(super) fn any(field: &str, operator: &str, values: &[String]) -> Value {
    json!({"any": values.iter().map(|value| json!([field, operator, value])).collect::<Vec<_>>()})
}

impl Scope {
    fn conditions(&self) -> Vec<Value> {
        let mut conditions: Vec<Value> = self.condition.iter().cloned().collect();
        if !self.memory_types.is_empty() {
            conditions.push(json!(["memory_type", "in", self.memory_types]));
        }
        if !self.tags.is_empty() {
            conditions.push(any("tags", "has", &self.tags));
        }
        if let Some(topic) = &self.topic {
            conditions.push(json!(["topic", "=", topic]));
        }
        conditions
    }

    /// The instant whose valid memories are meant; none if superseded and ended ones are wanted too.
    pub(super) fn valid_at(&self, now: u64) -> Option<u64> {
        (!self.include_superseded).then(|| self.as_of.map_or(now, |time| time.0))
    }

    /// A search in this scope.
    pub(super) fn search(&self, text: &str, now: u64) -> Result<Search, Fault> {
        let mut search =
            Search::of(text).collection(MEMORIES)?.namespace(self.namespace.as_deref())?.valid_at(self.valid_at(now));
        for condition in self.conditions() {
            search = search.filter(condition)?;
        }
        Ok(search)
    }

    /// How many memories are in this scope, where indexes can tell: those not valid are few, and counted by theirs.
    pub(super) fn eligible(&self, now: u64) -> Result<Option<u64>, Fault> {
        let Some(at) = self.valid_at(now).filter(|_| self.conditions().is_empty()) else { return Ok(None) };
        let all = Query::of(MEMORIES).namespace(self.namespace.as_deref())?.count()?;
        Ok(Some(all.saturating_sub(
            ended(self.namespace.as_deref(), at)?.count()? + coming(self.namespace.as_deref(), at)?.count()?,
        )))
    }

    /// A query in this scope.
    pub(super) fn query(&self, now: u64) -> Result<Query, Fault> {
        let mut query = Query::of(MEMORIES).namespace(self.namespace.as_deref())?.valid_at(self.valid_at(now));
        for condition in self.conditions() {
            query = query.filter(condition)?;
        }
        Ok(query)
    }
}
