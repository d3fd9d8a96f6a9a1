//! The formats of other memories: the reference MCP memory server, mem0, and data exports of Claude.

use super::format::{Content, Format, instant, push};
use super::{Kind, Record};
use serde_json::{Map, Value, json};

/// Whether an object is a whole document of one of the formats, not a line.
pub(super) fn is_document(object: &Map<String, Value>) -> bool {
    let is_list = |key: &str| object.get(key).is_some_and(Value::is_array);
    is_list("results")
        || is_list("memories")
        || is_list("entities")
        || is_list("chat_messages")
        || object.contains_key("conversations_memory")
}

/// The format of a document.
pub(super) fn of_document(document: &Value) -> Option<Format> {
    let has = |value: &Value, key: &str| value.get(key).is_some();
    let first = document.get(0);
    match document {
        Value::Object(_) if has(document, "entities") => Some(Format::McpMemory),
        Value::Object(_) if has(document, "results") || has(document, "memories") => Some(Format::Mem0),
        Value::Object(_) if has(document, "chat_messages") || has(document, "conversations_memory") => {
            Some(Format::Claude)
        }
        Value::Array(_) => {
            let first = first?;
            match () {
                () if has(first, "chat_messages") || has(first, "conversations_memory") => Some(Format::Claude),
                () if has(first, "memory") => Some(Format::Mem0),
                () if has(first, "text") || has(first, "content") || has(first, "kind") => Some(Format::Jsonl),
                () => None,
            }
        }
        _ => None,
    }
}

fn text<'a>(item: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    item.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// A record of the fields given; what else the item has stays with it, so that nothing is lost unseen.
fn with_rest(kind: Kind, fields: Value, place: String, mut item: Map<String, Value>, taken: &[&str]) -> Record {
    let mut record = record(kind, fields, place);
    item.retain(|name, value| !taken.contains(&name.as_str()) && !value.is_null());
    for (name, value) in item {
        record.fields.entry(name).or_insert(value);
    }
    record
}

fn record(kind: Kind, fields: Value, place: String) -> Record {
    let mut fields = if let Value::Object(fields) = fields { fields } else { Map::new() };
    fields.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()));
    Record { kind, fields, place }
}

/// A line of the reference server's file.
pub(super) fn memory_line(item: Map<String, Value>, place: String) -> Result<Record, String> {
    let needed = |key: &str| text(&item, key).ok_or_else(|| format!("{place}: `{key}` must be a text"));
    match text(&item, "type") {
        Some("entity") => {
            let observations = item.get("observations").cloned().unwrap_or_else(|| json!([]));
            let fields = json!({"name": needed("name")?, "type": needed("entityType")?, "observations": observations});
            Ok(with_rest(
                Kind::Entity,
                fields,
                place.clone(),
                item.clone(),
                &["type", "name", "entityType", "observations"],
            ))
        }
        Some("relation") => {
            let fields = json!({"from": needed("from")?, "to": needed("to")?, "type": needed("relationType")?});
            Ok(with_rest(Kind::Relation, fields, place.clone(), item.clone(), &["type", "from", "to", "relationType"]))
        }
        _ => Err(format!("{place}: `type` must be entity or relation")),
    }
}

/// What the reference server's tool `read_graph` answers: entities and relations in two lists.
pub(super) fn memory_document(document: Value, content: &mut Content) {
    for (list, kind) in [("entities", "entity"), ("relations", "relation")] {
        let items = document.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
        for (at, item) in items.into_iter().enumerate() {
            let place = format!("{list}, item {}", at + 1);
            let line = match item {
                Value::Object(mut item) => {
                    item.insert("type".into(), kind.into());
                    memory_line(item, place)
                }
                _ => Err(format!("{place}: no JSON object")),
            };
            push(line, content);
        }
    }
}

/// An export of mem0: a list of memories, alone or under `results` or `memories`; relations of its graph beside them.
pub(super) fn mem0(document: Value, content: &mut Content) {
    let under = |key: &str| document.get(key).and_then(Value::as_array).cloned();
    let items = document.as_array().cloned().or_else(|| under("results")).or_else(|| under("memories"));
    for (at, item) in items.unwrap_or_default().into_iter().enumerate() {
        let place = format!("item {}", at + 1);
        let made = match item {
            Value::Object(item) => mem0_item(item, place),
            _ => Err(format!("{place}: no JSON object")),
        };
        push(made, content);
    }
    for (at, item) in under("relations").unwrap_or_default().into_iter().enumerate() {
        let place = format!("relations, item {}", at + 1);
        let part = |name: &str| item.get(name).and_then(Value::as_str);
        let made = match (part("source"), part("relationship"), part("destination").or_else(|| part("target"))) {
            (Some(from), Some(kind), Some(to)) => {
                Ok(record(Kind::Relation, json!({"from": from, "type": kind, "to": to}), place))
            }
            _ => Err(format!("{place}: needs `source`, `relationship` and `destination`")),
        };
        push(made, content);
    }
}

/// One memory of mem0. Who it is of becomes its namespace.
pub(super) fn mem0_item(item: Map<String, Value>, place: String) -> Result<Record, String> {
    let said = text(&item, "memory").or_else(|| text(&item, "text")).or_else(|| text(&item, "content"));
    let said = said.ok_or_else(|| format!("{place}: `memory` must be a text"))?;
    let whose = [("user_id", "user"), ("agent_id", "agent"), ("run_id", "run")];
    let owner = whose.iter().find_map(|(key, kind)| Some((*key, format!("{kind}:{}", segment(text(&item, key)?)))));
    let (owned_by, namespace) = owner.map_or((None, None), |(key, namespace)| (Some(key), Some(namespace)));
    let time = item.get("created_at").map(instant);
    let tags = item.get("categories").cloned().unwrap_or_default();
    let fields = json!({"text": said, "namespace": namespace, "time": time, "tags": tags});
    let mut taken = vec!["memory", "text", "content", "created_at", "categories"];
    taken.extend(owned_by);
    Ok(with_rest(Kind::Memory, fields, place, item, &taken))
}

/// A text as one part of a namespace. What may not stand there becomes its number, so that two ids stay two.
fn segment(id: &str) -> String {
    let part = |c: char| {
        if c.is_alphanumeric() || "._@/-".contains(c) { c.to_string() } else { format!("_{:x}_", u32::from(c)) }
    };
    id.chars().map(part).collect()
}

/// A data export of Claude: conversations become events, what it remembers of them becomes memories.
pub(super) fn claude(document: Value, content: &mut Content) {
    let items = match document {
        Value::Array(items) => items,
        other => vec![other],
    };
    for (at, item) in items.iter().enumerate() {
        let place = format!("item {}", at + 1);
        if let Some(messages) = item.get("chat_messages").and_then(Value::as_array) {
            conversation(item, messages, &place, content);
        } else if item.get("conversations_memory").is_some() || item.get("project_memories").is_some() {
            remembered(item, &place, content);
        } else {
            content.faults.push(format!("{place}: neither `chat_messages` nor `conversations_memory`"));
        }
    }
}

fn conversation(item: &Value, messages: &[Value], place: &str, content: &mut Content) {
    let session = item.get("uuid").cloned().unwrap_or_default();
    let title = item.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
    for (at, message) in messages.iter().enumerate() {
        let of = |key: &str| message.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        // Newer exports have the text in parts; tools' parts have none.
        let parts = message.get("content").and_then(Value::as_array).into_iter().flatten();
        let parts: Vec<&str> = parts.filter_map(|part| part.get("text").and_then(Value::as_str)).collect();
        let said = of("text").map(str::to_owned).unwrap_or_else(|| parts.join("\n"));
        if said.trim().is_empty() {
            content.empty += 1;
            continue;
        }
        let who = of("sender").unwrap_or("unknown");
        let fields = json!({
            "text": format!("{who}: {said}"), "time": message.get("created_at").map(instant), "session": session,
            "event_type": "conversation", "sender": who, "conversation": title, "message": message.get("uuid"),
        });
        content.records.push(record(Kind::Event, fields, format!("{place}, message {}", at + 1)));
    }
}

/// Claude keeps what it remembers as Markdown: each paragraph becomes a memory, under its heading.
fn remembered(item: &Value, place: &str, content: &mut Content) {
    let whole = item.get("conversations_memory").and_then(Value::as_str).map(|text| ("conversations", text));
    let projects = item.get("project_memories").and_then(Value::as_object).into_iter().flatten();
    let projects = projects.filter_map(|(name, text)| Some((name.as_str(), text.as_str()?)));
    for (name, text) in whole.into_iter().chain(projects) {
        let mut heading = None;
        for (at, paragraph) in text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()).enumerate() {
            let bare = paragraph.trim_matches(['#', '*', ' ']);
            let is_heading =
                !paragraph.contains('\n') && (paragraph.starts_with('#') || paragraph == format!("**{bare}**"));
            if is_heading {
                heading = Some(bare.to_owned());
                continue;
            }
            let fields = json!({"text": paragraph, "topic": heading, "tags": ["claude", name]});
            content.records.push(record(Kind::Memory, fields, format!("{place}, {name}, paragraph {}", at + 1)));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic in a test is its failure")]
mod tests {
    use super::*;

    #[test]
    fn entities_and_relations_of_the_reference_server() {
        let line = |value: Value| memory_line(value.as_object().unwrap().clone(), "line 1".into());
        let entity =
            line(json!({"type": "entity", "name": "Ada", "entityType": "person", "observations": ["likes tea"]}))
                .unwrap();
        assert_eq!(Value::from(entity.fields), json!({"name": "Ada", "type": "person", "observations": ["likes tea"]}));
        let relation =
            line(json!({"type": "relation", "from": "Ada", "to": "Charles", "relationType": "works with"})).unwrap();
        assert_eq!(Value::from(relation.fields), json!({"from": "Ada", "to": "Charles", "type": "works with"}));
        assert!(line(json!({"type": "entity", "name": "Ada"})).unwrap_err().contains("entityType"));
        assert!(line(json!({"type": "thing"})).unwrap_err().contains("entity or relation"));
        let mut content = Content::default();
        let graph = json!({"entities": [{"name": "Ada", "entityType": "person"}], "relations": [{"from": "Ada"}]});
        memory_document(graph, &mut content);
        assert_eq!((content.records.len(), content.faults.len()), (1, 1));
    }

    #[test]
    fn memories_of_mem0_keep_whose_they_are_and_when() {
        let mut content = Content::default();
        mem0(
            json!({"results": [
                {"id": "1", "memory": "Likes tea", "user_id": "ada lovelace", "created_at": "2026-01-01T00:00:00Z", "categories": ["food"]},
                {"id": "2"}
            ], "relations": [{"source": "ada", "relationship": "likes", "destination": "tea"}]}),
            &mut content,
        );
        assert_eq!(
            Value::from(content.records[0].fields.clone()),
            json!({"text": "Likes tea", "id": "1", "namespace": "user:ada_20_lovelace", "time": "2026-01-01T00:00:00Z", "tags": ["food"]})
        );
        assert_eq!(content.records[1].kind, Kind::Relation);
        assert!(content.faults[0].contains("item 2: `memory`"));
    }

    #[test]
    fn conversations_and_memories_of_claude() {
        let mut content = Content::default();
        claude(
            json!([
                {"uuid": "c1", "name": "Tea", "chat_messages": [
                    {"uuid": "m1", "sender": "human", "text": "Which tea?", "created_at": "2026-01-01T00:00:00Z"},
                    {"uuid": "m2", "sender": "assistant", "text": "", "content": [{"type": "text", "text": "Green."}, {"type": "tool_use"}]},
                    {"uuid": "m3", "sender": "human", "text": " "}
                ]},
                {"conversations_memory": "**Work**\n\nAda builds engines.\n\nShe likes tea.", "project_memories": {"p1": "# Aim\n\nA new engine."}},
                {"weather": 1}
            ]),
            &mut content,
        );
        let texts: Vec<&str> = content.records.iter().map(|record| record.fields["text"].as_str().unwrap()).collect();
        assert_eq!(
            texts,
            ["human: Which tea?", "assistant: Green.", "Ada builds engines.", "She likes tea.", "A new engine."]
        );
        assert_eq!(content.records[2].fields["topic"], "Work");
        assert_eq!(content.records[4].fields["topic"], "Aim");
        assert_eq!(content.records[0].fields["session"], "c1");
        assert_eq!(content.faults.len(), 1);
    }
}
