//! What the rows of other layers say: counts and short lists; null, and a name in `missing`, where a layer is not here.

use super::is_absent;
use memstrata_sdk::row;
use memstrata_sdk::{Fault, Query, Value, json};

/// Layers that were not here.
#[derive(Debug, Default)]
pub(super) struct Missing(Vec<String>);

impl Missing {
    /// What a look finds; null where its collection is not here.
    pub(super) fn look(
        &mut self,
        collection: &str,
        find: impl FnOnce() -> Result<Value, Fault>,
    ) -> Result<Value, Fault> {
        match find() {
            Ok(found) => Ok(found),
            Err(fault) if is_absent(&fault) => {
                if !self.0.iter().any(|known| known == collection) {
                    self.0.push(collection.to_owned());
                }
                Ok(Value::Null)
            }
            Err(fault) => Err(fault),
        }
    }

    /// Their names.
    pub(super) fn names(self) -> Vec<String> {
        self.0
    }
}

/// A query over a collection in a namespace.
pub(super) fn of(collection: &str, within: Option<&str>) -> Result<Query, Fault> {
    Query::of(collection).namespace(within)
}

/// Rows for each value of a field, as an object.
pub(super) fn counts(query: &Query, field: &str) -> Result<Value, Fault> {
    let groups = query.group_count(field)?;
    let named = groups.into_iter().filter_map(|(value, count)| Some((value.as_str()?.to_owned(), json!(count))));
    Ok(named.collect::<serde_json::Map<_, _>>().into())
}

/// A task in a list.
pub(super) fn task(task: &Value) -> Value {
    let mut shown = super::history::compact(task, &["id", "status", "priority", "phase", "due_at", "progress"]);
    super::put(&mut shown, "content", row::clip(row::text(task, "content"), 160));
    shown
}

/// Tasks in a list.
pub(super) fn tasks(query: &Query) -> Result<Vec<Value>, Fault> {
    Ok(query.page()?.rows.iter().map(task).collect())
}

/// An episode in a list.
pub(super) fn event(event: &Value) -> Value {
    let mut shown = super::history::compact(event, &["id", "event_type", "outcome", "timestamp"]);
    super::put(&mut shown, "content", row::clip(row::text(event, "content"), 160));
    shown
}
