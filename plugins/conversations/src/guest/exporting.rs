//! The export: a walk over all messages in the order of conversation and position, page by page.

use super::{MESSAGES, THREADS, namespace, thread};
use crate::reference::Reference;
use crate::{message, row, transcript};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get_many, json};
use serde::Deserialize;

/// Conversations without messages that the first page lists.
const MOST_EMPTY: u32 = 100;

#[derive(Deserialize)]
struct Export {
    conversation_id: Option<Reference>,
    format: String,
    limit: u32,
    namespace: Option<String>,
    cursor: Option<String>,
}

/// `export_conversation_data`.
pub(super) fn export(given: Value) -> Answer {
    let given: Export = arguments(given)?;
    let one = given.conversation_id.as_ref().map(thread).transpose()?;
    let page = Query::of(MESSAGES)
        .namespace(namespace(given.namespace.as_deref()))?
        .filter_if("conversation", "=", one.as_ref().map(row::id))?
        .ascending("conversation")?
        .ascending("position")?
        .limit(given.limit)
        .after(given.cursor.as_deref())?
        .page()?;
    let mut parts: Vec<(Value, Vec<Value>)> = Vec::new();
    if given.cursor.is_none() {
        for empty in empty(&given, one.as_ref())? {
            parts.push((empty, Vec::new()));
        }
    }
    let count = page.rows.len();
    for (thread, said) in grouped(page.rows)? {
        parts.push((thread, said));
    }
    let mut answer = json!({
        "format": given.format, "conversation_count": parts.len(), "message_count": count, "next_cursor": page.next,
    });
    let content = match given.format.as_str() {
        "markdown" => {
            let texts: Vec<String> = parts.iter().map(|(thread, said)| transcript::markdown(thread, said)).collect();
            ("text", json!(texts.join("\n")))
        }
        "jsonl" => {
            ("text", json!(parts.iter().map(|(thread, said)| transcript::lines(thread, said)).collect::<String>()))
        }
        _ => ("conversations", parts.iter().map(|(thread, said)| whole(thread, said)).collect()),
    };
    if let Some(answer) = answer.as_object_mut() {
        answer.insert(content.0.into(), content.1);
    }
    Ok(answer)
}

fn empty(given: &Export, one: Option<&Value>) -> Result<Vec<Value>, Fault> {
    let query = Query::of(THREADS)
        .namespace(namespace(given.namespace.as_deref()))?
        .filter(json!(["message_count", "=", 0]))?
        .filter_if("id", "=", one.map(row::id))?;
    Ok(query.limit(MOST_EMPTY).page()?.rows)
}

/// Messages with their threads, in their order. Messages whose thread is being deleted are left out.
fn grouped(rows: Vec<Value>) -> Result<Vec<(Value, Vec<Value>)>, Fault> {
    let mut parts: Vec<(u64, Vec<Value>)> = Vec::new();
    for message in rows {
        let conversation = row::int(&message, "conversation").unwrap_or_default();
        match parts.last_mut() {
            Some((id, said)) if *id == conversation => said.push(message),
            _ => parts.push((conversation, vec![message])),
        }
    }
    let ids: Vec<u64> = parts.iter().map(|(id, _)| *id).collect();
    let threads = get_many(THREADS, &ids)?;
    Ok(threads.into_iter().zip(parts).filter_map(|(thread, (_, said))| Some((thread?, said))).collect())
}

fn whole(thread: &Value, said: &[Value]) -> Value {
    let mut shown = crate::thread::show(thread, true);
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("messages".into(), said.iter().map(|row| message::show(row, None)).collect());
    }
    shown
}
