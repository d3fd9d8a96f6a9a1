//! The one row of a name in a namespace, and in the caller's own where none is named.

use super::{HOOK_KINDS, named};
use crate::kind::NAMES;
use memstrata_sdk::{Fault, Query, Value, get, json, row, write};

fn of(collection: &str, field: &str, name: &str, within: Option<&str>) -> Result<Option<Value>, Fault> {
    Query::of(collection).filter(json!([field, "=", name]))?.filter_if("namespace", "=", within)?.first()
}

/// The row of a name to read: in the namespace; without one that of the whole space, else the only one that the caller sees.
pub(super) fn seen(collection: &str, field: &str, name: &str, within: Option<&str>) -> Result<Option<Value>, Fault> {
    match of(collection, field, name, Some(within.unwrap_or_default()))? {
        None if within.is_none() => named(collection, field, name, None),
        found => Ok(found),
    }
}

/// The row of a name to write: in the namespace, else in the caller's own. Where the caller sees only rows of namespaces, its own may
/// be one of them: the host alone knows, and finds or stages `blank` there.
pub(super) fn ours(
    collection: &str,
    key: &str,
    (field, name): (&str, &str),
    within: Option<&str>,
    blank: &Value,
) -> Result<Option<Value>, Fault> {
    let exact = of(collection, field, name, Some(within.unwrap_or_default()))?;
    if exact.is_some() || within.is_some() || of(collection, field, name, None)?.is_none() {
        return Ok(exact);
    }
    let (id, _) = write::insert_or_get(collection, key, blank)?;
    get(collection, id)
}

/// The namespace a caller is confined to; empty if it is to none. The host alone knows, and says it by where it stages a row: that of
/// the counts of a kind, which says nothing while nothing is counted.
pub(super) fn namespace() -> Result<String, Fault> {
    let (id, _) = write::insert_or_get(HOOK_KINDS, "hook_type", &json!({"hook_type": NAMES[0]}))?;
    Ok(get(HOOK_KINDS, id)?.map(|kept| row::text(&kept, "namespace").to_owned()).unwrap_or_default())
}
