//! The component: names of operations to functions.

use crate::link::tidy;
use memstrata_sdk::{Answer, Fault, Layer, Search, Value, arguments, get, json, write};
use serde::Deserialize;

const LINKS: &str = "links";

struct Bookmarks;

memstrata_sdk::layer!(Bookmarks);

impl Layer for Bookmarks {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, given: Value) -> Answer {
        match operation {
            "add" => add(arguments(given)?),
            "find" => find(&arguments(given)?),
            "remove" => remove(&arguments(given)?),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

#[derive(Deserialize)]
struct Add {
    url: String,
    title: String,
    tags: Vec<String>,
    namespace: String,
}

fn add(new: Add) -> Answer {
    let url = tidy(&new.url).map_err(Fault::invalid)?;
    let row = json!({"url": url, "title": new.title, "tags": new.tags, "namespace": new.namespace});
    let (id, created) = write::upsert(LINKS, "page", &row)?;
    Ok(json!({"id": id, "url": url, "created": created}))
}

#[derive(Deserialize)]
struct Find {
    query: String,
    tag: Option<String>,
    namespace: Option<String>,
    limit: u32,
}

fn find(wanted: &Find) -> Answer {
    let mut search = Search::of(&wanted.query).collection(LINKS)?.namespace(wanted.namespace.as_deref())?;
    if let Some(tag) = &wanted.tag {
        search = search.filter(json!(["tags", "has", tag]))?;
    }
    let links: Vec<Value> = search.limit(wanted.limit).hits()?.iter().map(|hit| shown(&hit.row)).collect();
    Ok(json!({"links": links}))
}

fn shown(row: &Value) -> Value {
    json!({"id": row["id"], "url": row["url"], "title": row["title"], "tags": row["tags"]})
}

#[derive(Deserialize)]
struct Remove {
    id: u64,
}

fn remove(given: &Remove) -> Answer {
    let id = given.id;
    let row =
        get(LINKS, id)?.ok_or_else(|| Fault::not_found(format!("there is no link {id}: take an id from `find`")))?;
    write::delete(LINKS, id, None)?;
    Ok(json!({"removed": row["url"]}))
}
