//! Adding, reading and finding messages.

use super::{MESSAGES, THREADS, now, thread};
use crate::gist::{self, Gist};
use crate::message::{estimate, same, show};
use crate::room::{self, Room, size};
use crate::settings::Settings;
use crate::thread::takes_messages;
use memstrata_sdk::reference::Reference;
use memstrata_sdk::{Answer, Fault, Query, Search, Value, arguments, events, get_many, json, row, write};
use serde::Deserialize;

/// Characters of a message in a list of hits, and of one next to it.
const CLIP: usize = 1_000;
const CLIP_AROUND: usize = 300;
/// Rows asked for at once: large ones do not fill the guest's memory.
const STEP: usize = 50;

#[derive(Deserialize)]
struct Add {
    conversation_id: Reference,
    role: String,
    content: String,
    tokens: Option<u64>,
    message_key: Option<String>,
    metadata: Option<Value>,
}

/// `add_message_to_conversation`.
pub(super) fn add(given: Value) -> Answer {
    let given: Add = arguments(given)?;
    if given.content.trim().is_empty() {
        return Err(Fault::invalid("`content` is empty: give the text of the message"));
    }
    let thread = thread(&given.conversation_id)?;
    let id = row::id(&thread);
    if let Some(key) = &given.message_key {
        let twin =
            Query::of(MESSAGES).filter(json!(["conversation", "=", id]))?.filter(json!(["key", "=", key]))?.first()?;
        if let Some(twin) = twin {
            if !same(&twin, &given.role, &given.content) {
                let twin = row::reference(row::id(&twin));
                return Err(Fault::new(
                    "conflict.message_key",
                    format!("{twin} has this key and says something else: take another `message_key`"),
                ));
            }
            return Ok(added(&twin, "duplicate"));
        }
    }
    takes_messages(&thread)?;
    let count = |field: &str| row::int(&thread, field).unwrap_or_default();
    let (position, at) = (count("message_count") + 1, now());
    let tokens = given.tokens.unwrap_or_else(|| estimate(&given.content));
    let mut message = json!({
        "conversation": id, "position": position, "role": given.role, "content": given.content, "tokens": tokens, "at": at,
        "namespace": row::text(&thread, "namespace"),
    });
    if let Some(row) = message.as_object_mut() {
        row.extend(given.message_key.map(|key| ("key".to_owned(), json!(key))));
        row.extend(given.metadata.map(|metadata| ("metadata".to_owned(), metadata)));
    }
    let stored = write::insert(MESSAGES, &message)?;
    // At the version that was read: of two that add at once, one runs again and takes the next position.
    let patch = json!({"message_count": position, "tokens": count("tokens") + tokens, "last_activity_at": at});
    write::update(THREADS, id, None, &patch)?;
    events::emit(
        "message_added",
        &json!({"conversation": id, "message": stored, "role": given.role, "position": position}),
    )?;
    if let Some(row) = message.as_object_mut() {
        row.insert("id".into(), json!(stored));
    }
    Ok(added(&message, "added"))
}

fn added(message: &Value, status: &str) -> Value {
    let id = row::id(message);
    json!({
        "id": id, "ref": row::reference(id), "conversation": row::int(message, "conversation"),
        "position": row::int(message, "position"), "tokens": row::int(message, "tokens"), "status": status,
    })
}

/// Rows of a query until the room is full; whether there are more.
pub(super) fn read(mut query: Query, room: &mut Room) -> Result<(Vec<Value>, bool), Fault> {
    let mut rows = Vec::new();
    loop {
        // One more than there is room for, to know whether there are more.
        query = query.limit(u32::try_from(room.rows().min(STEP - 1) + 1).unwrap_or(1));
        let page = query.page()?;
        for row in page.rows {
            if !room.takes(size(&row)) {
                return Ok((rows, true));
            }
            rows.push(row);
        }
        let Some(next) = page.next else { return Ok((rows, false)) };
        query = query.after(Some(&next))?;
    }
}

/// The newest messages of a thread up to a position, newest first.
pub(super) fn newest(conversation: u64, up_to: Option<u64>, most: usize) -> Result<Vec<Value>, Fault> {
    let query = Query::of(MESSAGES)
        .filter(json!(["conversation", "=", conversation]))?
        .filter_if("position", "<=", up_to)?
        .descending("position")?;
    Ok(read(query, &mut Room::new(most, room::MESSAGES))?.0)
}

/// The gist of messages given newest first.
pub(super) fn gist_of(newest: &[Value], settings: &Settings) -> Gist {
    let said: Vec<(u64, &str)> = newest
        .iter()
        .take(settings.gist_messages)
        .rev()
        .map(|row| (row::int(row, "position").unwrap_or_default(), row::text(row, "content")))
        .collect();
    gist::gist(&said, settings.gist_sentences)
}

#[derive(Deserialize)]
struct History {
    conversation_id: Reference,
    limit: u32,
    before: Option<u64>,
    role: Option<String>,
}

/// `get_conversation_history`.
pub(super) fn history(given: Value) -> Answer {
    let given: History = arguments(given)?;
    let thread = thread(&given.conversation_id)?;
    let query = Query::of(MESSAGES)
        .filter(json!(["conversation", "=", row::id(&thread)]))?
        .filter_if("position", "<", given.before)?
        .filter_if("role", "=", given.role.as_deref())?
        .descending("position")?;
    let (rows, more) = read(query, &mut Room::new(given.limit as usize, room::MESSAGES))?;
    let before = rows.last().filter(|_| more).and_then(|row| row::int(row, "position"));
    let tokens: u64 = rows.iter().filter_map(|row| row::int(row, "tokens")).sum();
    let shown: Vec<Value> = rows.iter().rev().map(|row| show(row, None)).collect();
    Ok(json!({
        "conversation": crate::thread::show(&thread, false), "count": shown.len(), "tokens": tokens, "messages": shown,
        "before": before,
    }))
}

#[derive(Deserialize)]
struct Find {
    query: String,
    conversation_id: Option<Reference>,
    role: Option<String>,
    limit: u32,
    around: u64,
    namespace: Option<String>,
}

/// `search_messages`.
pub(super) fn search(given: Value) -> Answer {
    let given: Find = arguments(given)?;
    let mut search =
        Search::of(&given.query).collection(MESSAGES)?.namespace(given.namespace.as_deref())?.limit(given.limit);
    if let Some(reference) = &given.conversation_id {
        search = search.filter(json!(["conversation", "=", row::id(&thread(reference)?)]))?;
    }
    if let Some(role) = &given.role {
        search = search.filter(json!(["role", "=", role]))?;
    }
    let hits = search.hits()?;
    let mut threads: Vec<u64> = hits.iter().filter_map(|hit| row::int(&hit.row, "conversation")).collect();
    threads.sort_unstable();
    threads.dedup();
    let titles: Vec<Value> = get_many(THREADS, &threads)?.into_iter().flatten().collect();
    let mut messages = Vec::with_capacity(hits.len());
    for hit in &hits {
        let conversation = row::int(&hit.row, "conversation").unwrap_or_default();
        let title = titles.iter().find(|thread| row::id(thread) == conversation);
        let mut shown = show(&hit.row, Some(CLIP));
        if let Some(shown) = shown.as_object_mut() {
            let by: Vec<&str> = hit.found_by.iter().map(|(channel, _, _)| *channel).collect();
            shown.insert("conversation".into(), json!(conversation));
            shown.insert("title".into(), json!(title.map(|thread| row::text(thread, "title"))));
            shown.insert("score".into(), json!(row::round(hit.score)));
            shown.insert("found_by".into(), json!(by));
            if given.around > 0 {
                shown.insert("around".into(), json!(around(&hit.row, conversation, given.around)?));
            }
        }
        messages.push(shown);
    }
    Ok(json!({"count": messages.len(), "messages": messages}))
}

/// The messages next to one, itself left out, in order.
fn around(message: &Value, conversation: u64, reach: u64) -> Result<Vec<Value>, Fault> {
    let position = row::int(message, "position").unwrap_or_default();
    let rows = Query::of(MESSAGES)
        .filter(json!(["conversation", "=", conversation]))?
        .filter(json!(["position", ">=", position.saturating_sub(reach)]))?
        .filter(json!(["position", "<=", position + reach]))?
        .ascending("position")?
        .page()?
        .rows;
    Ok(rows.iter().filter(|row| row::id(row) != row::id(message)).map(|row| show(row, Some(CLIP_AROUND))).collect())
}
