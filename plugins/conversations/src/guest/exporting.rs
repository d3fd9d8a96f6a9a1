//! The export: a walk over all messages in the order of conversation and position, then over conversations without any.

use super::messages::read;
use super::{MESSAGES, THREADS, thread};
use crate::export::Place;
use crate::room::{self, Room, size};
use crate::{message, transcript};
use memstrata_sdk::reference::Reference;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get, json, row};
use serde::Deserialize;

#[derive(Deserialize)]
struct Export {
    conversation_id: Option<Reference>,
    format: String,
    limit: u32,
    namespace: Option<String>,
    cursor: Option<String>,
}

/// A conversation with those of its messages that are on the page.
type Part = (Value, Vec<Value>);

/// `export_conversation_data`.
pub(super) fn export(given: Value) -> Answer {
    let given: Export = arguments(given)?;
    let place = Place::read(given.cursor.as_deref())?;
    let one = given.conversation_id.as_ref().map(thread).transpose()?.map(|thread| row::id(&thread));
    // A line of JSON is text in the answer, so its quotes are escaped twice.
    let bytes = if given.format == "jsonl" { room::MESSAGES / 2 } else { room::MESSAGES };
    let mut said = Room::new(given.limit as usize, bytes);
    let mut threads = Room::new(usize::MAX, room::THREADS);
    let (mut parts, mut next) = (Vec::new(), None);
    if let Place::Message(conversation, position) = place {
        let (rows, more) = messages(&given, one, (conversation, position), &mut said)?;
        let last = |rows: &[Value]| rows.last().map(|row| (of(row), row::int(row, "position").unwrap_or_default()));
        let end = last(&rows);
        let (taken, whole) = grouped(rows, &mut threads)?;
        parts = taken;
        let reached = if whole { end } else { parts.last().and_then(|(_, said): &Part| last(said)) };
        next = reached.filter(|_| more || !whole).map(|(id, position)| Place::Message(id, position));
    }
    let count = parts.iter().map(|(_, said)| said.len()).sum::<usize>();
    if next.is_none() {
        let after = if let Place::Empty(after) = place { after } else { 0 };
        next = empty(&given, one, after, (&mut said, &mut threads), &mut parts)?.map(Place::Empty);
    }
    let mut answer = json!({
        "format": given.format, "conversation_count": parts.len(), "message_count": count,
        "next_cursor": next.map(Place::cursor),
    });
    let (field, content) = written(&given.format, &parts);
    if let Some(answer) = answer.as_object_mut() {
        answer.insert(field.into(), content);
    }
    Ok(answer)
}

fn written(format: &str, parts: &[Part]) -> (&'static str, Value) {
    match format {
        "markdown" => {
            let texts: Vec<String> = parts.iter().map(|(thread, said)| transcript::markdown(thread, said)).collect();
            ("text", json!(texts.join("\n")))
        }
        "jsonl" => {
            ("text", json!(parts.iter().map(|(thread, said)| transcript::lines(thread, said)).collect::<String>()))
        }
        _ => ("conversations", parts.iter().map(|(thread, said)| whole(thread, said)).collect()),
    }
}

fn of(message: &Value) -> u64 {
    row::int(message, "conversation").unwrap_or_default()
}

/// Messages behind a place: the rest of its conversation, then those that follow; whether there are more.
fn messages(
    given: &Export,
    one: Option<u64>,
    (conversation, position): (u64, u64),
    room: &mut Room,
) -> Result<(Vec<Value>, bool), Fault> {
    let query = || Query::of(MESSAGES).namespace(given.namespace.as_deref());
    let rest = query()?
        .filter(json!(["conversation", "=", one.unwrap_or(conversation)]))?
        .filter(json!(["position", ">", position]))?
        .ascending("position")?;
    let (mut rows, more) = read(rest, room)?;
    if more || one.is_some() {
        return Ok((rows, more));
    }
    let others = query()?
        .filter(json!(["conversation", ">", conversation]))?
        .ascending("conversation")?
        .ascending("position")?;
    let (others, more) = read(others, room)?;
    rows.extend(others);
    Ok((rows, more))
}

/// Messages with their conversations, in their order, and whether all of them found room. Messages whose conversation is being
/// deleted are left out.
fn grouped(rows: Vec<Value>, room: &mut Room) -> Result<(Vec<Part>, bool), Fault> {
    let mut parts: Vec<Part> = Vec::new();
    let mut gone = None;
    for message in rows {
        let conversation = of(&message);
        if gone == Some(conversation) {
            continue;
        }
        match parts.last_mut() {
            Some((thread, said)) if row::id(thread) == conversation => said.push(message),
            _ => match get(THREADS, conversation)? {
                Some(thread) if !room.takes(size(&thread)) => return Ok((parts, false)),
                Some(thread) => parts.push((thread, vec![message])),
                None => gone = Some(conversation),
            },
        }
    }
    Ok((parts, true))
}

/// Adds conversations without messages; the last of them if there are more.
fn empty(
    given: &Export,
    one: Option<u64>,
    after: u64,
    (rows, bytes): (&mut Room, &mut Room),
    parts: &mut Vec<Part>,
) -> Result<Option<u64>, Fault> {
    let mut last = after;
    loop {
        let page = Query::of(THREADS)
            .namespace(given.namespace.as_deref())?
            .filter(json!(["message_count", "=", 0]))?
            .filter_if("id", "=", one)?
            .filter(json!(["id", ">", last]))?
            .ascending("id")?
            .limit(20)
            .page()?;
        for thread in page.rows {
            if !rows.takes(0) || !bytes.takes(size(&thread)) {
                return Ok(Some(last));
            }
            last = row::id(&thread);
            parts.push((thread, Vec::new()));
        }
        if page.next.is_none() {
            return Ok(None);
        }
    }
}

fn whole(thread: &Value, said: &[Value]) -> Value {
    let mut shown = crate::thread::show(thread, true);
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("messages".into(), said.iter().map(|row| message::show(row, None)).collect());
    }
    shown
}
