//! Snapshots of a conversation's context, and what they kept.

use super::{SNAPSHOTS, messages, now, settings, thread};
use crate::message;
use memstrata_sdk::args::Id;
use memstrata_sdk::reference::Reference;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, events, get, json, write};
use serde::Deserialize;

/// Characters of gist and note in a list.
const CLIP: usize = 600;

#[derive(Deserialize)]
struct Create {
    conversation_id: Reference,
    note: Option<String>,
}

/// `create_context_snapshot`.
pub(super) fn create(given: Value) -> Answer {
    let given: Create = arguments(given)?;
    let thread = thread(&given.conversation_id)?;
    let settings = settings()?;
    let newest = messages::newest(row::id(&thread), None, settings.gist_messages)?;
    let told = messages::gist_of(&newest, &settings);
    let gist: Vec<&str> = told.sentences.iter().map(|said| said.text.as_str()).collect();
    let mut snapshot = json!({
        "conversation": row::id(&thread), "taken_at": now(), "position": row::int(&thread, "message_count").unwrap_or_default(),
        "tokens": row::int(&thread, "tokens").unwrap_or_default(), "title": row::text(&thread, "title"),
        "status": row::text(&thread, "status"), "gist": gist.join("\n"), "terms": told.terms,
        "namespace": row::text(&thread, "namespace"),
    });
    if let Some(row) = snapshot.as_object_mut() {
        let context = thread.get("context").filter(|context| !context.is_null());
        row.extend(context.map(|context| ("context".to_owned(), context.clone())));
        row.extend(given.note.map(|note| ("note".to_owned(), json!(note))));
    }
    let id = write::insert(SNAPSHOTS, &snapshot)?;
    if let Some(row) = snapshot.as_object_mut() {
        row.insert("id".into(), json!(id));
    }
    events::emit("snapshot_created", &json!({"conversation": row::id(&thread), "snapshot": id}))?;
    Ok(brief(&snapshot))
}

/// A snapshot as answers show it, without its context.
pub(super) fn brief(snapshot: &Value) -> Value {
    let id = row::id(snapshot);
    let mut shown = json!({"id": id, "ref": row::reference(id)});
    let fields = ["conversation", "taken_at", "position", "tokens", "title", "status", "gist", "terms", "note"];
    if let Some(shown) = shown.as_object_mut() {
        for field in fields {
            if let Some(value) = snapshot.get(field).filter(|value| !value.is_null()) {
                shown.insert(field.into(), value.clone());
            }
        }
    }
    shown
}

/// The newest snapshot of a thread.
pub(super) fn latest(conversation: u64) -> Result<Option<Value>, Fault> {
    Query::of(SNAPSHOTS)
        .filter(json!(["conversation", "=", conversation]))?
        .descending("taken_at")?
        .descending("id")?
        .first()
}

#[derive(Deserialize)]
struct Recover {
    snapshot_id: Option<Id>,
    conversation_id: Option<Reference>,
    token_budget: Option<u64>,
}

/// `recover_conversation_context`.
pub(super) fn recover(given: Value) -> Answer {
    let given: Recover = arguments(given)?;
    let known = given.conversation_id.as_ref().map(thread).transpose()?;
    let missing = |what: String| Fault::new("not-found.snapshot", format!("{what}: see list_context_snapshots"));
    let snapshot = match (given.snapshot_id, &known) {
        (Some(Id(id)), _) => get(SNAPSHOTS, id)?.ok_or_else(|| missing(format!("there is no snapshot m:{id}")))?,
        (None, Some(thread)) => latest(row::id(thread))?
            .ok_or_else(|| missing(format!("{} has no snapshot", crate::thread::name(thread))))?,
        (None, None) => return Err(Fault::invalid("give `snapshot_id`, or `conversation_id` for its latest snapshot")),
    };
    let conversation = row::int(&snapshot, "conversation").unwrap_or_default();
    let thread = match known {
        Some(thread) if row::id(&thread) != conversation => {
            return Err(Fault::invalid(format!(
                "snapshot m:{} is of conversation m:{conversation}, not of {}: leave `conversation_id` out",
                row::id(&snapshot),
                crate::thread::name(&thread)
            )));
        }
        Some(thread) => thread,
        None => thread(&Reference::Id(conversation))?,
    };
    let position = row::int(&snapshot, "position").unwrap_or_default();
    let newest = messages::newest(conversation, Some(position), message::MOST_SHOWN)?;
    let window = message::window(&newest, given.token_budget.unwrap_or(settings()?.token_budget));
    let shown: Vec<Value> = newest.iter().take(window).rev().map(|row| message::show(row, None)).collect();
    Ok(json!({
        "snapshot": brief(&snapshot), "context": snapshot.get("context").cloned().unwrap_or_default(),
        "shown": shown.len(), "older": position.saturating_sub(shown.len() as u64), "messages": shown,
        "later": row::int(&thread, "message_count").unwrap_or_default().saturating_sub(position),
        "conversation": crate::thread::show(&thread, false),
    }))
}

/// A snapshot in a list: long texts are cut.
fn listed(snapshot: &Value) -> Value {
    let mut shown = brief(snapshot);
    for field in ["gist", "note"] {
        if let Some(text) = shown.get_mut(field) {
            *text = row::clip(text.as_str().unwrap_or_default(), CLIP).into();
        }
    }
    shown
}

#[derive(Deserialize)]
struct List {
    conversation_id: Option<Reference>,
    limit: u32,
    namespace: Option<String>,
    cursor: Option<String>,
}

/// `list_context_snapshots`.
pub(super) fn list(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let of = given.conversation_id.as_ref().map(thread).transpose()?.map(|thread| row::id(&thread));
    let page = Query::of(SNAPSHOTS)
        .namespace(given.namespace.as_deref())?
        .filter_if("conversation", "=", of)?
        .descending("taken_at")?
        .limit(given.limit)
        .after(given.cursor.as_deref())?
        .page()?;
    let shown: Vec<Value> = page.rows.iter().map(listed).collect();
    Ok(json!({"count": shown.len(), "snapshots": shown, "next_cursor": page.next}))
}
