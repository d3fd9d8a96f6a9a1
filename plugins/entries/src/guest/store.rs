//! Versions of a memory in the store: the current one, a new one, what becomes of the old.

use super::{MEMORIES, number, text};
use crate::words;
use memstrata_sdk::{Fault, Query, Value, clock, json, write};

/// All versions of a key, of exactly this namespace.
pub(super) fn versions(namespace: &str, key: &str) -> Result<Query, Fault> {
    Query::of(MEMORIES).filter(json!(["namespace", "=", namespace]))?.filter(json!(["key", "=", key]))
}

/// The current version: the highest that is not deleted.
pub(super) fn current(namespace: &str, key: &str) -> Result<Option<Value>, Fault> {
    versions(namespace, key)?.filter(json!(["is_deleted", "=", false]))?.descending("revision")?.first()
}

pub(super) fn require(namespace: &str, key: &str) -> Result<Value, Fault> {
    current(namespace, key)?.ok_or_else(|| {
        Fault::new(
            "not-found.memory",
            format!("no memory `{key}` in `{namespace}`: add_memory makes it, search_memories shows what is there"),
        )
    })
}

/// A version to be.
pub(super) struct New<'a> {
    pub(super) namespace: &'a str,
    pub(super) key: &'a str,
    pub(super) value: &'a Value,
    pub(super) memory_type: &'a str,
    pub(super) metadata: Value,
    pub(super) created_by: &'a str,
    pub(super) updated_by: &'a str,
    pub(super) requires_review: bool,
    pub(super) published_from: Option<&'a str>,
}

/// Stages the version that follows the highest there is; answers its id and number.
pub(super) fn insert(new: &New<'_>) -> Result<(u64, u64), Fault> {
    if new.value.to_string().len() > words::MOST_VALUE {
        return Err(Fault::invalid(format!("`value` is over {} bytes: split it over several keys", words::MOST_VALUE)));
    }
    let highest = versions(new.namespace, new.key)?.descending("revision")?.select(&["revision"])?.first()?;
    let revision = highest.map_or(0, |row| number(&row, "revision")) + 1;
    let id = write::insert(
        MEMORIES,
        &json!({
            "namespace": new.namespace, "key": new.key, "value": new.value, "text": words::text(new.key, new.value),
            "memory_type": new.memory_type, "revision": revision, "is_current": true, "is_deleted": false,
            "metadata": new.metadata, "created_by": new.created_by, "updated_by": new.updated_by, "written_at": clock::now(),
            "requires_review": new.requires_review, "published_from": new.published_from,
        }),
    )?;
    Ok((id, revision))
}

/// Stages the version after `row` with another value, keeping what is not said anew.
pub(super) fn follow(
    row: &Value,
    value: &Value,
    metadata: Option<Value>,
    by: &str,
    review: bool,
) -> Result<(u64, u64), Fault> {
    let next = insert(&New {
        namespace: text(row, "namespace"),
        key: text(row, "key"),
        value,
        memory_type: text(row, "memory_type"),
        metadata: metadata.unwrap_or_else(|| row.get("metadata").cloned().unwrap_or_default()),
        created_by: text(row, "created_by"),
        updated_by: by,
        requires_review: review,
        published_from: None,
    })?;
    write::update(MEMORIES, number(row, "id"), None, &json!({"is_current": false, "text": null}))?;
    Ok(next)
}

/// Stages a soft deletion.
pub(super) fn remove(row: &Value) -> Result<(), Fault> {
    let gone = json!({"is_deleted": true, "is_current": false, "text": null});
    write::update(MEMORIES, number(row, "id"), None, &gone).map(|_| ())
}

/// A version as it is shown.
pub(super) fn show(row: &Value) -> Value {
    let fields = [
        "id",
        "namespace",
        "key",
        "value",
        "memory_type",
        "is_current",
        "is_deleted",
        "metadata",
        "created_by",
        "updated_by",
        "written_at",
        "consolidated_into",
        "requires_review",
        "published_from",
        "valid_from",
        "valid_to",
    ];
    let mut shown: memstrata_sdk::Map<String, Value> = fields
        .iter()
        .filter_map(|field| Some(((*field).to_owned(), row.get(*field).filter(|value| !value.is_null())?.clone())))
        .collect();
    shown.insert("value".into(), row.get("value").cloned().unwrap_or_default());
    shown.insert("version".into(), row.get("revision").cloned().unwrap_or_default());
    Value::Object(shown)
}
