//! Documents and chunks as they are kept.

use super::{CHUNKS, DOCUMENTS, One, WATCHED, chunks_of, document, number, text};
use crate::chunk::joined;
use memstrata_sdk::args::Id;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, files, json};
use serde::Deserialize;

/// Errors told by the status.
const MOST_ERRORS: u32 = 20;

#[derive(Deserialize)]
struct List {
    namespace: Option<String>,
    limit: u32,
    cursor: Option<String>,
    status: Option<String>,
    document_type: Option<String>,
    folder: Option<String>,
}

pub(super) fn get(given: Value) -> Answer {
    let One { id: Id(id) } = arguments(given)?;
    Ok(json!({"document": document(id)?}))
}

pub(super) fn by_path(given: Value) -> Answer {
    #[derive(Deserialize)]
    struct Path {
        file_path: String,
        folder: Option<String>,
        namespace: Option<String>,
    }
    let Path { file_path, folder, namespace } = arguments(given)?;
    let found = Query::of(DOCUMENTS)
        .filter(json!(["file_path", "=", file_path]))?
        .filter_if("folder", "=", folder)?
        .namespace(namespace.as_deref())?
        .descending("id")?
        .first()?;
    let found = found.ok_or_else(|| {
        Fault::new("not-found.document", format!("no document `{file_path}`: list_documents shows all paths"))
    })?;
    Ok(json!({"document": found}))
}

pub(super) fn chunk(given: Value) -> Answer {
    #[derive(Deserialize)]
    struct Around {
        id: Id,
        before: u64,
        after: u64,
    }
    let Around { id: Id(id), before, after } = arguments(given)?;
    let chunk = memstrata_sdk::get(CHUNKS, id)?
        .ok_or_else(|| Fault::new("not-found.chunk", format!("no chunk m:{id}: search_documents shows chunks")))?;
    let (owner, at) = (number(&chunk, "document"), number(&chunk, "ordinal"));
    let chunks = chunks_of(owner)?
        .filter(json!(["ordinal", ">=", at.saturating_sub(before)]))?
        .filter(json!(["ordinal", "<=", at + after]))?
        .page()?
        .rows;
    let place = |chunk: &Value| usize::try_from(number(chunk, "begin")).unwrap_or_default();
    let text = joined(chunks.iter().map(|chunk| (place(chunk), text(chunk, "text"))));
    Ok(json!({"document": document(owner)?, "chunks": chunks, "text": text}))
}

pub(super) fn list(given: Value) -> Answer {
    let List { namespace, limit, cursor, status, document_type, folder } = arguments(given)?;
    let query = Query::of(DOCUMENTS)
        .filter_if("status", "=", status)?
        .filter_if("document_type", "=", document_type)?
        .filter_if("folder", "=", folder)?
        .namespace(namespace.as_deref())?;
    page(query.descending("id")?, limit, cursor.as_deref())
}

pub(super) fn pending(given: Value) -> Answer {
    let List { namespace, limit, cursor, .. } = arguments(given)?;
    let query = Query::of(DOCUMENTS)
        .filter(json!(["status", "in", ["pending", "stale", "failed"]]))?
        .namespace(namespace.as_deref())?;
    page(query.descending("id")?, limit, cursor.as_deref())
}

fn page(query: Query, limit: u32, cursor: Option<&str>) -> Answer {
    let page = query.limit(limit).after(cursor)?.page()?;
    Ok(json!({"count": page.rows.len(), "documents": page.rows, "next_cursor": page.next}))
}

pub(super) fn status(given: Value) -> Answer {
    let namespace = given.get("namespace").and_then(Value::as_str);
    let documents = || Query::of(DOCUMENTS).namespace(namespace);
    let counted = |field: &str| -> Result<Value, Fault> {
        let counts = documents()?.group_count(field)?;
        Ok(counts.into_iter().filter_map(|(value, count)| Some((value.as_str()?.to_owned(), json!(count)))).collect())
    };
    let errors = documents()?.filter(json!(["status", "=", "failed"]))?.descending("id")?.limit(MOST_ERRORS);
    let errors = errors.select(&["file_path", "folder", "error", "attempts", "next_attempt_at"])?.page()?.rows;
    let watched = Query::of(WATCHED).namespace(namespace)?.select(&["folder", "path", "namespace", "walked_at"])?;
    Ok(json!({
        "total": documents()?.count()?, "chunks": Query::of(CHUNKS).namespace(namespace)?.count()?,
        "by_status": counted("status")?, "by_type": counted("document_type")?, "errors": errors,
        "folders": files::folders(), "watched": watched.limit(100).page()?.rows,
    }))
}
