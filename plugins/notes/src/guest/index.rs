//! The hierarchical index: a tree of topics with Luhmann numbers.

use super::{ASSIGNMENTS, TOPICS, topic};
use crate::luhmann;
use memstrata_sdk::args::Id;
use memstrata_sdk::row::{self, int, text};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json, write};
use serde::Deserialize;

/// A topic as callers see it.
pub(super) fn shown(topic: &Value) -> Value {
    json!({"index_id": row::id(topic), "luhmann_id": text(topic, "place"), "label": text(topic, "label")})
}

fn label(given: &str) -> Result<&str, Fault> {
    let label = given.trim();
    if label.is_empty() { Err(Fault::invalid("`label` is blank: give it words")) } else { Ok(label) }
}

#[derive(Deserialize)]
struct Create {
    #[serde(default)]
    parent_id: Option<Id>,
    label: String,
    #[serde(default)]
    namespace: Option<String>,
}

pub(super) fn create(given: Value) -> Answer {
    let given: Create = arguments(given)?;
    let label = label(&given.label)?;
    let parent = given.parent_id.map(|Id(id)| id);
    let above = parent.map(topic).transpose()?;
    let wanted = given.namespace.filter(|namespace| !namespace.is_empty());
    let namespace = match &above {
        Some(above) if wanted.as_deref().is_some_and(|wanted| wanted != text(above, "namespace")) => {
            return Err(Fault::invalid("a topic lives in the namespace of its parent: leave `namespace` out"));
        }
        Some(above) => Some(text(above, "namespace").to_owned()),
        None => wanted,
    };
    // The numbers of deleted topics are not given again: somebody may have written them down.
    let siblings = Query::of(TOPICS).filter(json!(["parent", "=", parent]))?.with_deleted();
    let siblings = siblings.filter_if("namespace", "=", namespace.as_deref())?;
    let last = siblings.descending("nth")?.first()?;
    let highest = last.as_ref().and_then(|row| int(row, "nth")).unwrap_or_default();
    let place = luhmann::next(above.as_ref().map(|row| text(row, "place")), highest).ok_or_else(|| {
        Fault::new("limit.depth", format!("the tree is {} levels deep here: choose a higher parent", luhmann::DEEPEST))
    })?;
    let row = json!({
        "place": place, "label": label, "parent": parent, "nth": highest + 1, "namespace": namespace.unwrap_or_default(),
    });
    let id = write::insert(TOPICS, &row)?;
    if let Some(parent) = parent {
        // It is not deleted meanwhile.
        write::expect(&Query::of(TOPICS).filter(json!(["id", "=", parent]))?, 1)?;
    }
    Ok(json!({"index_id": id, "luhmann_id": place, "label": label, "parent_id": parent}))
}

#[derive(Deserialize)]
struct Below {
    #[serde(default)]
    parent_id: Option<Id>,
    #[serde(default)]
    namespace: Option<String>,
    limit: u32,
    #[serde(default)]
    cursor: Option<String>,
}

pub(super) fn below(given: Value) -> Answer {
    let given: Below = arguments(given)?;
    let parent = given.parent_id.map(|Id(id)| id);
    parent.map(topic).transpose()?;
    let query = Query::of(TOPICS)
        .namespace(given.namespace.as_deref())?
        .filter(json!(["parent", "=", parent]))?
        .ascending("nth")?;
    let page = query.limit(given.limit).after(given.cursor.as_deref())?.page()?;
    let mut topics = Vec::with_capacity(page.rows.len());
    for row in &page.rows {
        let (children, memories) = inside(row::id(row))?;
        let mut topic = shown(row);
        if let Some(fields) = topic.as_object_mut() {
            fields.insert("children".into(), children.into());
            fields.insert("memories".into(), memories.into());
        }
        topics.push(topic);
    }
    Ok(json!({"parent_id": parent, "topics": topics, "count": topics.len(), "next_cursor": page.next}))
}

/// How many topics and memories are directly under a topic.
fn inside(id: u64) -> Result<(u64, u64), Fault> {
    let children = Query::of(TOPICS).filter(json!(["parent", "=", id]))?.count()?;
    Ok((children, Query::of(ASSIGNMENTS).filter(json!(["topic", "=", id]))?.count()?))
}

#[derive(Deserialize)]
struct Rename {
    index_id: Id,
    label: String,
}

pub(super) fn rename(given: Value) -> Answer {
    let Rename { index_id: Id(id), label: new } = arguments(given)?;
    let old = topic(id)?;
    let label = label(&new)?;
    write::update(TOPICS, id, None, &json!({"label": label}))?;
    Ok(json!({"index_id": id, "luhmann_id": text(&old, "place"), "label": label}))
}

#[derive(Deserialize)]
struct One {
    index_id: Id,
}

pub(super) fn delete(given: Value) -> Answer {
    let Id(id) = arguments::<One>(given)?.index_id;
    topic(id)?;
    let (children, memories) = inside(id)?;
    if children + memories > 0 {
        return Err(Fault::new(
            "conflict.in-use",
            format!("{children} topics and {memories} memories are under it: delete and unassign them first"),
        ));
    }
    // Nobody puts anything under it meanwhile.
    write::expect(&Query::of(TOPICS).filter(json!(["parent", "=", id]))?, 0)?;
    write::expect(&Query::of(ASSIGNMENTS).filter(json!(["topic", "=", id]))?, 0)?;
    write::delete(TOPICS, id, None)?;
    Ok(json!({"deleted": id}))
}
