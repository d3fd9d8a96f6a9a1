//! The component: names of operations to functions, and what several of them share.

mod indexing;
mod reading;
mod searching;
mod sync;
mod walk;

use memstrata_sdk::args::Id;
use memstrata_sdk::row::text;
use memstrata_sdk::{Answer, Fault, Layer, Query, Value, files, get, json, settings};
use serde::Deserialize;

/// Documents.
const DOCUMENTS: &str = "documents";
/// Their pieces.
const CHUNKS: &str = "chunks";
/// Followed folders.
const WATCHED: &str = "watched";

struct Documents;

memstrata_sdk::layer!(Documents);

impl Layer for Documents {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "index_document" => indexing::index(arguments),
            "reindex_document" => indexing::reindex(arguments),
            "delete_document" => indexing::delete(arguments),
            "mark_synced" => indexing::mark(arguments, "synced"),
            "mark_stale" => indexing::mark(arguments, "stale"),
            "mark_failed" => indexing::mark(arguments, "failed"),
            "watch_folder" => sync::watch(arguments),
            "unwatch_folder" => sync::unwatch(arguments),
            "sync_documents" => sync::sync(arguments),
            "get_document" => reading::get(arguments),
            "get_document_by_path" => reading::by_path(arguments),
            "read_chunk" => reading::chunk(arguments),
            "list_documents" | "list_all_documents" | "search_by_type" => reading::list(arguments),
            "get_pending_documents" => reading::pending(arguments),
            "document_status" => reading::status(arguments),
            "search_documents" => searching::hybrid(arguments),
            "semantic_search" => searching::semantic(arguments),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

/// The operator's settings.
#[derive(Deserialize)]
struct Settings {
    max_bytes: u64,
    include: Vec<String>,
    exclude: Vec<String>,
}

impl Settings {
    fn read() -> Result<Self, Fault> {
        settings::get()
    }
}

/// Arguments with an id alone.
#[derive(Deserialize)]
struct One {
    id: Id,
}

/// A number field; 0 if it is missing.
fn number(row: &Value, field: &str) -> u64 {
    row.get(field).and_then(Value::as_u64).unwrap_or_default()
}

fn document(id: u64) -> Result<Value, Fault> {
    get(DOCUMENTS, id)?.ok_or_else(|| {
        Fault::new("not-found.document", format!("no document m:{id}: list_documents and search_documents show ids"))
    })
}

/// The chunks of a document, in order.
fn chunks_of(document: u64) -> Result<Query, Fault> {
    Query::of(CHUNKS).filter(json!(["document", "=", document]))?.ascending("ordinal")
}

/// A granted folder: the one that is named, or the only one.
fn folder(named: Option<&str>) -> Result<String, Fault> {
    let granted = files::folders();
    let told = if granted.is_empty() {
        "none is granted: the operator adds it to `folders` of this layer".to_owned()
    } else {
        format!("granted are: {}", granted.join(", "))
    };
    match (named, granted.as_slice()) {
        (Some(name), granted) if granted.iter().any(|known| known == name) => Ok(name.to_owned()),
        (Some(name), _) => Err(Fault::new("not-found.folder", format!("no folder `{name}`; {told}"))),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(Fault::new("not-found.folder", format!("name a folder, or give the content; {told}"))),
    }
}
