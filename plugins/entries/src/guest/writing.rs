//! Memories added, changed, deleted, taken back, published and expired.

use super::audit::{By, note};
use super::store::{self, New};
use super::{MEMORIES, access, conflicts, number, text};
use crate::access::Wish;
use crate::scope;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, clock, json, settings};
use serde::Deserialize;

/// Memories deleted in one call: each is two rows and an embedding.
const MOST: u32 = 200;
const DAY_MS: u64 = 86_400_000;

#[derive(Deserialize)]
struct Add {
    namespace: String,
    key: String,
    value: Value,
    memory_type: String,
    #[serde(default = "system")]
    created_by: String,
    metadata: Option<Value>,
}

#[derive(Deserialize)]
struct Asked {
    task_id: Option<Value>,
    actor: Option<String>,
}

fn system() -> String {
    "system".to_owned()
}

fn answer(namespace: &str, key: &str, (id, version): (u64, u64)) -> Value {
    json!({"id": id, "namespace": namespace, "key": key, "version": version})
}

fn create(new: &Add, asked: &Asked) -> Answer {
    access::check(asked.actor.as_deref(), &new.created_by, &new.namespace, Wish::Write)?;
    if new.key.trim().is_empty() {
        return Err(Fault::invalid("`key` is blank"));
    }
    if store::current(&new.namespace, &new.key)?.is_some() {
        return Err(Fault::new(
            "conflict.duplicate",
            format!("`{}` has a value in `{}`: update_memory changes it", new.key, new.namespace),
        ));
    }
    let made = store::insert(&New {
        namespace: &new.namespace,
        key: &new.key,
        value: &new.value,
        memory_type: &new.memory_type,
        metadata: new.metadata.clone().filter(|metadata| !metadata.is_null()).unwrap_or_else(|| json!({})),
        created_by: &new.created_by,
        updated_by: &new.created_by,
        requires_review: false,
        published_from: None,
    })?;
    let by = By { actor: &new.created_by, task: asked.task_id.as_ref() };
    note(&by, "add_memory", "create", &new.namespace, made.0, &json!({"key": new.key, "version": made.1}))?;
    Ok(answer(&new.namespace, &new.key, made))
}

pub(super) fn add(given: Value) -> Answer {
    let asked: Asked = arguments(given.clone())?;
    create(&arguments(given)?, &asked)
}

#[derive(Deserialize)]
struct Batch {
    memories: Vec<Add>,
}

pub(super) fn batch(given: Value) -> Answer {
    let asked: Asked = arguments(given.clone())?;
    let given: Batch = arguments(given)?;
    let created = given.memories.iter().map(|new| create(new, &asked)).collect::<Result<Vec<Value>, Fault>>()?;
    Ok(json!({"count": created.len(), "created": created}))
}

#[derive(Deserialize)]
struct Update {
    namespace: String,
    key: String,
    value: Value,
    updated_by: String,
    metadata: Option<Value>,
    base_version: Option<u64>,
    task_id: Option<Value>,
    actor: Option<String>,
}

pub(super) fn update(given: Value) -> Answer {
    let given: Update = arguments(given)?;
    access::check(given.actor.as_deref(), &given.updated_by, &given.namespace, Wish::Write)?;
    let row = store::require(&given.namespace, &given.key)?;
    let known = number(&row, "revision");
    if given.base_version.is_some_and(|base| base > known) {
        return Err(Fault::invalid(format!("`base_version` is beyond the current version {known}")));
    }
    let metadata = given.metadata.filter(|metadata| !metadata.is_null());
    let clash = given.base_version.is_some_and(|base| base < known);
    let kind = clash.then(|| conflicts::kind(&row, &given.value, metadata.as_ref()));
    let review = kind.is_some_and(|kind| kind == "contradictory" || kind == "manual");
    let made = store::follow(&row, &given.value, metadata, &given.updated_by, review)?;
    let by = By { actor: &given.updated_by, task: given.task_id.as_ref() };
    note(
        &by,
        "update_memory",
        "update",
        &given.namespace,
        made.0,
        &json!({"key": given.key, "version": made.1, "from": known}),
    )?;
    let mut shown = answer(&given.namespace, &given.key, made);
    let conflict = kind.map(|kind| conflicts::record(&row, made.0, kind)).transpose()?;
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("conflict".into(), conflict.unwrap_or_default());
    }
    Ok(shown)
}

#[derive(Deserialize)]
struct Of {
    namespace: String,
    key: String,
    deleted_by: String,
    task_id: Option<Value>,
    actor: Option<String>,
}

pub(super) fn delete(given: Value) -> Answer {
    let given: Of = arguments(given)?;
    access::check(given.actor.as_deref(), &given.deleted_by, &given.namespace, Wish::Write)?;
    let row = store::require(&given.namespace, &given.key)?;
    // All versions, or the one before would be current again.
    for row in store::versions(&given.namespace, &given.key)?.filter(json!(["is_deleted", "=", false]))?.all(1_000)? {
        store::remove(&row)?;
    }
    let by = By { actor: &given.deleted_by, task: given.task_id.as_ref() };
    note(&by, "delete_memory", "delete", &given.namespace, number(&row, "id"), &json!({"key": given.key}))?;
    Ok(json!({"deleted": true, "id": number(&row, "id"), "version": number(&row, "revision")}))
}

pub(super) fn rollback(given: Value) -> Answer {
    let given: Of = arguments(given)?;
    access::check(given.actor.as_deref(), &given.deleted_by, &given.namespace, Wish::Write)?;
    let row = store::require(&given.namespace, &given.key)?;
    let before = store::versions(&given.namespace, &given.key)?
        .filter(json!(["is_deleted", "=", false]))?
        .filter(json!(["revision", "<", number(&row, "revision")]))?
        .descending("revision")?
        .first()?
        .ok_or_else(|| {
            Fault::new(
                "not-found.version",
                format!("`{}` has no version before this: delete_memory removes it", given.key),
            )
        })?;
    store::remove(&row)?;
    let text = crate::words::text(&given.key, before.get("value").unwrap_or(&Value::Null));
    memstrata_sdk::write::update(MEMORIES, number(&before, "id"), None, &json!({"is_current": true, "text": text}))?;
    let by = By { actor: &given.deleted_by, task: given.task_id.as_ref() };
    let data = json!({"key": given.key, "from": number(&row, "revision"), "to": number(&before, "revision")});
    note(&by, "rollback_memory", "update", &given.namespace, number(&before, "id"), &data)?;
    Ok(answer(&given.namespace, &given.key, (number(&before, "id"), number(&before, "revision"))))
}

#[derive(Deserialize)]
struct Publish {
    from_namespace: String,
    to_namespace: String,
    key: String,
    published_by: String,
    task_id: Option<Value>,
    actor: Option<String>,
}

pub(super) fn publish(given: Value) -> Answer {
    let given: Publish = arguments(given)?;
    if given.from_namespace == given.to_namespace {
        return Err(Fault::invalid("`to_namespace` is where it is already: name another"));
    }
    access::check(given.actor.as_deref(), &given.published_by, &given.from_namespace, Wish::Read)?;
    access::check(given.actor.as_deref(), &given.published_by, &given.to_namespace, Wish::Write)?;
    let row = store::require(&given.from_namespace, &given.key)?;
    let value = row.get("value").cloned().unwrap_or_default();
    let there = store::current(&given.to_namespace, &given.key)?;
    let made = store::insert(&New {
        namespace: &given.to_namespace,
        key: &given.key,
        value: &value,
        memory_type: text(&row, "memory_type"),
        metadata: row.get("metadata").cloned().unwrap_or_default(),
        created_by: text(&row, "created_by"),
        updated_by: &given.published_by,
        requires_review: false,
        published_from: Some(&given.from_namespace),
    })?;
    if let Some(there) = there {
        memstrata_sdk::write::update(
            MEMORIES,
            number(&there, "id"),
            None,
            &json!({"is_current": false, "text": null}),
        )?;
    }
    let by = By { actor: &given.published_by, task: given.task_id.as_ref() };
    let data = json!({"key": given.key, "from_namespace": given.from_namespace, "source": number(&row, "id")});
    note(&by, "publish", "publish", &given.to_namespace, made.0, &data)?;
    Ok(answer(&given.to_namespace, &given.key, made))
}

/// Deletes one page of memories softly.
fn sweep(query: &Query, action: &str) -> Result<(u64, bool), Fault> {
    let page = query.page()?;
    let by = By { actor: "system", task: None };
    let mut deleted = 0;
    for row in &page.rows {
        for version in store::versions(text(row, "namespace"), text(row, "key"))?
            .filter(json!(["is_deleted", "=", false]))?
            .all(100)?
        {
            store::remove(&version)?;
        }
        note(&by, action, "delete", text(row, "namespace"), number(row, "id"), &json!({"key": text(row, "key")}))?;
        deleted += 1;
    }
    Ok((deleted, page.next.is_some()))
}

#[derive(Deserialize)]
struct Cleanup {
    ttl_days: Option<u64>,
    namespace: Option<String>,
}

#[derive(Deserialize)]
struct Settings {
    episodic_ttl_days: u64,
}

pub(super) fn cleanup(given: Value) -> Answer {
    let given: Cleanup = arguments(given)?;
    let days = match given.ttl_days {
        Some(days) => days,
        None => settings::get::<Settings>()?.episodic_ttl_days,
    };
    let query = Query::of(MEMORIES)
        .namespace(given.namespace.as_deref().and_then(scope::pattern))?
        .filter(json!(["memory_type", "=", "episodic"]))?
        .filter(json!(["is_current", "=", true]))?
        .filter(json!(["written_at", "<=", clock::now().saturating_sub(days * DAY_MS)]))?
        .ascending("written_at")?
        .limit(MOST);
    let (deleted, more) = sweep(&query, "cleanup_expired_memories")?;
    Ok(json!({"deleted": deleted, "more": more}))
}

#[derive(Deserialize)]
struct End {
    session_id: Option<String>,
    turn_only: Option<bool>,
    payload: Option<Value>,
}

pub(super) fn end_session(given: Value) -> Answer {
    let given: End = arguments(given)?;
    let heard = given.payload.as_ref().map(|payload| text(payload, "session_id").to_owned());
    let session = given.session_id.or(heard).unwrap_or_default();
    let scopes: &[&str] = if given.turn_only.unwrap_or(false) { &["temp"] } else { &["temp", "session"] };
    let (mut deleted, mut more) = (0, false);
    for prefix in scopes {
        let namespace = format!("{prefix}:{session}");
        // Ids of sessions may have characters that no namespace has: then nothing was stored for it.
        if scope::check(&namespace).is_ok() {
            let query =
                Query::of(MEMORIES).namespace(Some(&namespace))?.filter(json!(["is_current", "=", true]))?.limit(MOST);
            let (gone, left) = sweep(&query, "end_session")?;
            deleted += gone;
            more |= left;
        }
    }
    Ok(json!({"deleted": deleted, "more": more}))
}
