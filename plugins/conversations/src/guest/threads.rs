//! Starting, changing, resuming, ending and listing conversations.

use super::{MESSAGES, SNAPSHOTS, THREADS, messages, now, settings, snapshots, thread};
use crate::thread::{UNTITLED, leave, show};
use crate::{gist, message};
use memstrata_sdk::reference::{Reference, is_key};
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, events, get, json, write};
use serde::{Deserialize, Deserializer};

/// Rows deleted in one call.
const BATCH: u32 = 2_000;

#[derive(Deserialize)]
struct Start {
    title: Option<String>,
    context: Option<Value>,
    key: Option<String>,
    session_id: Option<String>,
    metadata: Option<Value>,
    namespace: Option<String>,
}

/// `start_new_conversation`.
pub(super) fn start(given: Value) -> Answer {
    let given: Start = arguments(given)?;
    let title = given.title.as_deref().map(str::trim).filter(|title| !title.is_empty()).unwrap_or(UNTITLED);
    let at = now();
    let mut row = json!({"title": title, "status": "active", "message_count": 0, "tokens": 0, "resumptions": 0, "last_activity_at": at});
    if let Some(key) = given.key.as_ref().filter(|key| !is_key(key)) {
        return Err(Fault::invalid(format!("`{key}` is no key: use a letter, then letters, digits, - _ .")));
    }
    if let Some(row) = row.as_object_mut() {
        let given = [
            ("context", given.context),
            ("key", given.key.clone().map(Value::from)),
            ("session_id", given.session_id.map(Value::from)),
            ("metadata", given.metadata),
            ("namespace", given.namespace.map(Value::from)),
        ];
        row.extend(given.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?))));
    }
    let (id, new) = match &given.key {
        Some(_) => write::insert_or_get(THREADS, "key", &row)?,
        None => (write::insert(THREADS, &row)?, true),
    };
    if !new {
        let key = given.key.unwrap_or_default();
        return Err(Fault::new(
            "conflict.duplicate",
            format!("{} has the key `{key}` already: resume it, or take another key", row::reference(id)),
        ));
    }
    events::emit("started", &json!({"conversation": id, "title": title}))?;
    Ok(show(&get(THREADS, id)?.unwrap_or(row), true))
}

#[derive(Deserialize)]
struct One {
    conversation_id: Reference,
}

/// `get_conversation`.
pub(super) fn one(given: Value) -> Answer {
    Ok(show(&thread(&arguments::<One>(given)?.conversation_id)?, true))
}

/// A null that was given is told apart from nothing given.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
struct Update {
    conversation_id: Reference,
    title: Option<String>,
    #[serde(default, deserialize_with = "given")]
    context: Option<Value>,
    metadata: Option<Value>,
}

/// `update_conversation`.
pub(super) fn update(given: Value) -> Answer {
    let given: Update = arguments(given)?;
    let known = thread(&given.conversation_id)?;
    let mut patch = serde_json::Map::new();
    let title = given.title.map(|title| title.trim().to_owned()).filter(|title| !title.is_empty());
    patch.extend(title.map(|title| ("title".to_owned(), json!(title))));
    patch.extend(given.context.map(|context| ("context".to_owned(), context)));
    patch.extend(given.metadata.map(|metadata| ("metadata".to_owned(), metadata)));
    if patch.is_empty() {
        return Err(Fault::invalid("nothing to change: give `title`, `context` or `metadata`"));
    }
    let id = row::id(&known);
    write::update(THREADS, id, None, &patch.into())?;
    Ok(show(&get(THREADS, id)?.unwrap_or(known), true))
}

#[derive(Deserialize)]
struct Resume {
    conversation_id: Reference,
    token_budget: Option<u64>,
}

/// `resume_conversation_session`.
pub(super) fn resume(given: Value) -> Answer {
    let given: Resume = arguments(given)?;
    let known = thread(&given.conversation_id)?;
    let (id, was) = (row::id(&known), row::text(&known, "status").to_owned());
    let settings = settings()?;
    let at = now();
    let count = row::int(&known, "message_count").unwrap_or_default();
    let newest = messages::newest(id, None, settings.gist_messages.max(message::MOST_SHOWN))?;
    let window = message::window(&newest, given.token_budget.unwrap_or(settings.token_budget));
    let older = newest.get(window..).unwrap_or_default();
    let told = messages::gist_of(older, &settings);
    let all = messages::gist_of(&newest, &settings);
    let patch = json!({
        "status": "active", "closed_at": null, "archived_at": null, "resumed_at": at, "last_activity_at": at,
        "resumptions": row::int(&known, "resumptions").unwrap_or_default() + 1,
    });
    write::update(THREADS, id, None, &patch)?;
    events::emit("resumed", &json!({"conversation": id, "was": was}))?;
    let shown: Vec<Value> = newest.iter().take(window).rev().map(|row| message::show(row, None)).collect();
    Ok(json!({
        "conversation": show(&get(THREADS, id)?.unwrap_or(known), true), "was": was,
        "shown": shown.len(), "older": count.saturating_sub(shown.len() as u64), "messages": shown,
        "gist_of_older": sentences(&told), "terms": all.terms,
        "awaiting_reply": message::unanswered(&newest).map(|row| message::show(row, Some(1_000))),
        "latest_snapshot": snapshots::latest(id)?.map(|row| snapshots::brief(&row)),
    }))
}

/// The sentences of a gist as answers show them.
fn sentences(gist: &gist::Gist) -> Vec<Value> {
    gist.sentences.iter().map(|said| json!({"position": said.position, "text": said.text})).collect()
}

/// `close_conversation` and `archive_conversation`.
pub(super) fn end(given: Value, status: &str) -> Answer {
    let known = thread(&arguments::<One>(given)?.conversation_id)?;
    leave(&known, status)?;
    let id = row::id(&known);
    write::update(THREADS, id, None, &json!({"status": status, (format!("{status}_at")): now()}))?;
    events::emit(status, &json!({"conversation": id}))?;
    Ok(show(&get(THREADS, id)?.unwrap_or(known), true))
}

/// `delete_conversation`.
pub(super) fn delete(given: Value) -> Answer {
    let known = thread(&arguments::<One>(given)?.conversation_id)?;
    let id = row::id(&known);
    let of = |collection: &str, most: u32| -> Result<Vec<u64>, Fault> {
        let rows = Query::of(collection)
            .filter(json!(["conversation", "=", id]))?
            .select(&["conversation"])?
            .limit(500)
            .all(most as usize)?;
        Ok(rows.iter().map(row::id).collect())
    };
    let said = of(MESSAGES, BATCH)?;
    let kept = of(SNAPSHOTS, BATCH - u32::try_from(said.len()).unwrap_or(BATCH))?;
    let more = said.len() + kept.len() >= BATCH as usize;
    for message in &said {
        write::delete(MESSAGES, *message, None)?;
    }
    for snapshot in &kept {
        write::delete(SNAPSHOTS, *snapshot, None)?;
    }
    // The version read holds: a message added meanwhile makes this run again, and goes with the rest. While some are left, the
    // thread takes no more.
    if more {
        write::update(THREADS, id, None, &json!({"status": "archived", "archived_at": now()}))?;
    } else {
        write::delete(THREADS, id, row::int(&known, "version"))?;
        events::emit("deleted", &json!({"conversation": id}))?;
    }
    Ok(json!({"id": id, "messages": said.len(), "snapshots": kept.len(), "more": more}))
}

#[derive(Deserialize)]
struct List {
    status: Option<String>,
    limit: u32,
    session_id: Option<String>,
    namespace: Option<String>,
    cursor: Option<String>,
}

/// `list_active_conversations` and `list_conversations`.
pub(super) fn list(given: Value, status: Option<&str>) -> Answer {
    let given: List = arguments(given)?;
    let query = Query::of(THREADS)
        .namespace(given.namespace.as_deref())?
        .filter_if("status", "=", status.or(given.status.as_deref()))?
        .filter_if("session_id", "=", given.session_id.as_deref())?
        .descending("last_activity_at")?
        .limit(given.limit);
    let total = query.count()?;
    let page = query.after(given.cursor.as_deref())?.page()?;
    let shown: Vec<Value> = page.rows.iter().map(|row| show(row, false)).collect();
    Ok(json!({"count": shown.len(), "conversations": shown, "total": total, "next_cursor": page.next}))
}
