//! Cues: words and phrases that memories are associated with.

use super::{CUES, PRIMED, links};
use crate::cue::key;
use memstrata_sdk::args::Id;
use memstrata_sdk::row::{self, reference, text};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get, json, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct Add {
    text: String,
    #[serde(default)]
    namespace: Option<String>,
}

pub(super) fn add(given: Value) -> Answer {
    let given: Add = arguments(given)?;
    let key = key(&given.text).ok_or_else(|| Fault::invalid("`text` is blank: give a word or a phrase"))?;
    let cue = json!({"text": given.text.trim(), "key": key, "namespace": given.namespace.unwrap_or_default()});
    let (id, created) = write::insert_or_get(CUES, "key", &cue)?;
    Ok(json!({"id": id, "ref": reference(id), "created": created}))
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    prefix: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
    limit: u32,
    #[serde(default)]
    cursor: Option<String>,
}

pub(super) fn list(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let prefix = given.prefix.as_deref().and_then(key);
    let query =
        Query::of(CUES).namespace(given.namespace.as_deref())?.filter_if("key", "prefix", prefix)?.ascending("key")?;
    let page = query.limit(given.limit).after(given.cursor.as_deref())?.page()?;
    let shown = |cue: &Value| json!({"id": row::id(cue), "ref": reference(row::id(cue)), "text": text(cue, "text"), "namespace": text(cue, "namespace")});
    let cues: Vec<Value> = page.rows.iter().map(shown).collect();
    Ok(json!({"cues": cues, "count": cues.len(), "next_cursor": page.next}))
}

#[derive(Deserialize)]
struct One {
    cue_id: Id,
}

pub(super) fn delete(given: Value) -> Answer {
    let Id(id) = arguments::<One>(given)?.cue_id;
    if get(CUES, id)?.is_none() {
        return Err(Fault::new("not-found.cue", format!("no cue {}: see `list_cues`", reference(id))));
    }
    let links = links::forget(id)?;
    for primed in Query::of(PRIMED).filter(json!(["memory", "=", id]))?.ids()? {
        write::delete(PRIMED, primed, None)?;
    }
    write::delete(CUES, id, None)?;
    Ok(json!({"deleted": id, "links": links}))
}
