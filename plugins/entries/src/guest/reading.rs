//! Memories read: one, its history, those of a namespace.

use super::{MEMORIES, access, store, text};
use crate::access::Wish;
use crate::scope;
use memstrata_sdk::{Answer, Fault, Query, Search, Value, arguments, json};
use serde::Deserialize;

#[derive(Deserialize)]
struct Get {
    namespace: String,
    key: String,
    version: Option<u64>,
    actor: Option<String>,
}

pub(super) fn get(given: Value) -> Answer {
    let given: Get = arguments(given)?;
    access::check(given.actor.as_deref(), "", &given.namespace, Wish::Read)?;
    let row = match given.version {
        Some(version) => {
            store::versions(&given.namespace, &given.key)?.filter(json!(["revision", "=", version]))?.first()?
        }
        None => store::current(&given.namespace, &given.key)?,
    };
    Ok(json!({"found": row.is_some(), "memory": row.as_ref().map(store::show)}))
}

#[derive(Deserialize)]
struct Versions {
    namespace: String,
    key: String,
    limit: u32,
    actor: Option<String>,
}

pub(super) fn history(given: Value) -> Answer {
    let given: Versions = arguments(given)?;
    access::check(given.actor.as_deref(), "", &given.namespace, Wish::Read)?;
    let rows = store::versions(&given.namespace, &given.key)?.descending("revision")?.limit(given.limit).page()?.rows;
    let versions: Vec<Value> = rows.iter().map(store::show).collect();
    Ok(json!({"count": versions.len(), "versions": versions}))
}

#[derive(Deserialize)]
struct Find {
    namespace_prefix: String,
    memory_type: Option<String>,
    limit: u32,
    query: Option<String>,
    cursor: Option<String>,
    actor: Option<String>,
}

/// Current memories in and below a namespace that match a text best.
pub(super) fn matching(prefix: Option<&str>, kind: Option<&str>, query: &str, limit: u32) -> Result<Vec<Value>, Fault> {
    let mut search = Search::of(query)
        .collection(MEMORIES)?
        .namespace(prefix)?
        .filter(json!(["is_current", "=", true]))?
        .limit(limit);
    if let Some(kind) = kind {
        search = search.filter(json!(["memory_type", "=", kind]))?;
    }
    Ok(search.hits()?.into_iter().map(|hit| hit.row).collect())
}

/// Current memories in and below a namespace, the newest first.
pub(super) fn newest(prefix: Option<&str>, kind: Option<&str>, limit: u32) -> Result<Query, Fault> {
    Ok(Query::of(MEMORIES)
        .namespace(prefix)?
        .filter(json!(["is_current", "=", true]))?
        .filter_if("memory_type", "=", kind)?
        .descending("written_at")?
        .limit(limit))
}

pub(super) fn search(given: Value) -> Answer {
    let given: Find = arguments(given)?;
    let (prefix, kind) = (scope::pattern(&given.namespace_prefix), given.memory_type.as_deref());
    let (mut rows, next) = match given.query.as_deref() {
        Some(query) => (matching(prefix, kind, query, given.limit)?, None),
        None => {
            let page = newest(prefix, kind, given.limit)?.after(given.cursor.as_deref())?.page()?;
            (page.rows, page.next)
        }
    };
    // A page holds few owners; each is looked up once.
    let mut asked: Vec<(String, bool)> = Vec::new();
    for row in &rows {
        let owner = scope::owner(text(row, "namespace"));
        if !asked.iter().any(|(known, _)| known == owner) {
            asked.push((owner.to_owned(), access::may_read(given.actor.as_deref(), owner)?));
        }
    }
    rows.retain(|row| asked.iter().any(|(owner, may)| *may && owner == scope::owner(text(row, "namespace"))));
    let memories: Vec<Value> = rows.iter().map(store::show).collect();
    Ok(json!({"count": memories.len(), "memories": memories, "next_cursor": next}))
}

#[derive(Deserialize)]
struct Below {
    namespace_prefix: Option<String>,
}

pub(super) fn namespaces(given: Value) -> Answer {
    let given: Below = arguments(given)?;
    let mut groups: Vec<(String, u64)> = Query::of(MEMORIES)
        .namespace(given.namespace_prefix.as_deref().and_then(scope::pattern))?
        .filter(json!(["is_current", "=", true]))?
        .group_count("namespace")?
        .into_iter()
        .filter_map(|(namespace, count)| Some((namespace.as_str()?.to_owned(), count)))
        .collect();
    groups.sort();
    let namespaces: Vec<Value> =
        groups.iter().map(|(namespace, count)| json!({"namespace": namespace, "count": count})).collect();
    Ok(json!({"count": namespaces.len(), "namespaces": namespaces}))
}
