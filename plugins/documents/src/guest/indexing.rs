//! Documents come, change and go.

use super::{CHUNKS, DOCUMENTS, One, Settings, chunks_of, document, folder, number, text};
use crate::{chunk, html, kind, pdf, watched};
use memstrata_sdk::args::Id;
use memstrata_sdk::path::parent;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, budget, clock, files, json, sha256, write};
use serde::Deserialize;

/// Characters of a chunk's title.
const MOST_TITLE: usize = 500;
/// Chunks handed over at once.
const ROWS: usize = 500;
/// Guest time left when a PDF is begun, ms, at least.
const PDF_MS: u64 = 2_000;
/// Guest time kept back for its chunks, ms.
const REST_MS: u64 = 1_000;

/// A document to be indexed.
#[derive(Deserialize)]
struct Index {
    namespace: Option<String>,
    file_path: String,
    content: Option<String>,
    folder: Option<String>,
    title: Option<String>,
    document_type: Option<String>,
    metadata: Option<Value>,
}

/// Where a document is found.
pub(super) struct Place<'a> {
    pub(super) namespace: &'a str,
    /// The granted folder; empty where the text was given.
    pub(super) folder: &'a str,
    pub(super) path: &'a str,
}

/// What is known of a document beside its text.
#[derive(Default)]
pub(super) struct Known {
    pub(super) title: Option<String>,
    pub(super) document_type: Option<String>,
    pub(super) metadata: Option<Value>,
    /// Of a file: when it was changed last.
    pub(super) modified: Option<u64>,
}

pub(super) fn index(given: Value) -> Answer {
    let Index { namespace, file_path, content, folder: named, title, document_type, metadata } = arguments(given)?;
    let known = Known { title, document_type, metadata, modified: None };
    match content {
        Some(content) => {
            let namespace = placed(namespace, "", &file_path)?;
            let place = Place { namespace: &namespace, folder: "", path: &file_path };
            keep(&place, Content::of(&place, &known, content), known, false)
        }
        None => {
            let folder = folder(named.as_deref())?;
            let namespace = placed(namespace, &folder, &file_path)?;
            let place = Place { namespace: &namespace, folder: &folder, path: &file_path };
            file(&place, Known { modified: modified(&place), ..known }, false)
        }
    }
}

/// The namespace a document lies in: the one that is named, else the caller's own. Only the host knows that, so the document is
/// placed now, if it is new, and written after.
fn placed(named: Option<String>, folder: &str, path: &str) -> Result<String, Fault> {
    if let Some(named) = named.filter(|named| !named.is_empty()) {
        return Ok(named);
    }
    let kind = kind::of(path).0;
    let row = json!({"folder": folder, "file_path": path, "parent": parent(path), "document_type": kind, "status": "pending"});
    let (id, _) = write::insert_or_get(DOCUMENTS, "path", &row)?;
    let row = memstrata_sdk::get(DOCUMENTS, id)?.unwrap_or_default();
    Ok(text(&row, "namespace").to_owned())
}

pub(super) fn reindex(given: Value) -> Answer {
    let One { id: Id(id) } = arguments(given)?;
    let row = document(id)?;
    if text(&row, "folder").is_empty() {
        return Err(Fault::new(
            "invalid.argument",
            format!("the text of m:{id} was given: give it to index_document again"),
        ));
    }
    let place =
        Place { namespace: text(&row, "namespace"), folder: text(&row, "folder"), path: text(&row, "file_path") };
    let kind = text(&row, "document_type").to_owned();
    file(&place, Known { modified: modified(&place), document_type: Some(kind), ..Known::default() }, true)
}

/// When a file was changed last, if it can be seen.
fn modified(place: &Place<'_>) -> Option<u64> {
    files::about(place.folder, place.path).ok().map(|about| number(&about, "modified"))
}

/// What a document says.
struct Content {
    kind: String,
    /// Of the bytes it was read from.
    hash: String,
    bytes: usize,
    text: String,
    /// The title it says it has.
    title: Option<String>,
    /// What of it could not be read.
    lacks: Option<String>,
}

impl Content {
    /// A text that was given, or a file's.
    fn of(place: &Place<'_>, known: &Known, text: String) -> Self {
        let kind = known.document_type.as_deref().unwrap_or_else(|| kind::of(place.path).0).to_owned();
        Self { kind, hash: sha256(text.as_bytes()), bytes: text.len(), text, title: None, lacks: None }
    }

    /// A PDF.
    fn pdf(bytes: &[u8], hash: String) -> Result<Self, String> {
        let pdf::Text { title, text, lacks } =
            pdf::read(bytes, &|| budget::remaining_ms() >= REST_MS).map_err(|trouble| trouble.to_string())?;
        Ok(Self { kind: "pdf".into(), hash, bytes: bytes.len(), text, title, lacks })
    }
}

/// Whether there is time to read a PDF, as long as a bad one can take.
pub(super) fn time_for_pdf() -> bool {
    budget::remaining_ms() >= PDF_MS
}

/// Reads a file and indexes it; one that cannot be read leaves a document that says so.
pub(super) fn file(place: &Place<'_>, known: Known, again: bool) -> Answer {
    let most = Settings::read()?.max_bytes;
    let bytes = match files::read(place.folder, place.path, most) {
        Ok(mut bytes) => {
            bytes.shrink_to_fit();
            bytes
        }
        Err(fault) => return failed(place, None, &fault.message, known.modified),
    };
    if !kind::is_pdf(place.path, &bytes) {
        return match kind::text(bytes) {
            Ok(text) => keep(place, Content::of(place, &known, text), known, again),
            Err(reason) => failed(place, None, &reason, known.modified),
        };
    }
    let hash = sha256(&bytes);
    if let Some(answer) = unchanged(place, "pdf", &hash, &known, again)? {
        return Ok(answer);
    }
    if !time_for_pdf() {
        return failed(
            place,
            Some("pdf"),
            "no time was left for this PDF in the call: it is read again",
            known.modified,
        );
    }
    let read = Content::pdf(&bytes, hash);
    drop(bytes);
    match read {
        Ok(content) => keep(place, content, known, again),
        Err(reason) => failed(place, Some("pdf"), &reason, known.modified),
    }
}

fn find(place: &Place<'_>) -> Result<Option<Value>, Fault> {
    Query::of(DOCUMENTS)
        .filter(json!(["file_path", "=", place.path]))?
        .filter(json!(["folder", "=", place.folder]))?
        .filter(json!(["namespace", "=", place.namespace]))?
        .first()
}

/// Writes a document's row; answers its id.
fn put(place: &Place<'_>, old: Option<&Value>, mut row: Value) -> Result<u64, Fault> {
    if let Some(old) = old {
        let id = number(old, "id");
        write::update(DOCUMENTS, id, Some(number(old, "version")), &row)?;
        return Ok(id);
    }
    if let Some(fields) = row.as_object_mut() {
        fields.insert("namespace".into(), json!(place.namespace));
        fields.insert("folder".into(), json!(place.folder));
        fields.insert("file_path".into(), json!(place.path));
        fields.insert("parent".into(), json!(parent(place.path)));
        fields.entry("document_type").or_insert_with(|| json!(kind::of(place.path).0));
    }
    write::insert(DOCUMENTS, &row)
}

/// What there is to say of a document whose content is known already.
fn unchanged(place: &Place<'_>, kind: &str, hash: &str, known: &Known, again: bool) -> Result<Option<Value>, Fault> {
    let same = |row: &Value| {
        text(row, "content_hash") == hash && text(row, "status") == "synced" && text(row, "document_type") == kind
    };
    let Some(row) = find(place)?.filter(|row| !again && same(row)) else { return Ok(None) };
    // A touched file: its new time is noted, so that it is not read again.
    if known.modified.is_some_and(|modified| modified != number(&row, "modified")) {
        write::update(DOCUMENTS, number(&row, "id"), None, &json!({"modified": known.modified}))?;
    }
    Ok(Some(answer(number(&row, "id"), "synced", number(&row, "chunk_count"), true, None, kind)))
}

/// Indexes a text: its chunks replace those before, in this one call.
fn keep(place: &Place<'_>, content: Content, known: Known, again: bool) -> Answer {
    let Content { kind, hash, bytes, text: content, title: said, lacks } = content;
    let kind = kind.as_str();
    if let Some(answer) = unchanged(place, kind, &hash, &known, again)? {
        return Ok(answer);
    }
    let old = find(place)?;
    let language = kind::of(place.path).1;
    let page = (kind == "html").then(|| html::read(&content));
    let readable = page.as_ref().map_or(&content, |page| &page.text);
    let chunks = chunk::split(readable, kind);
    let cut = chunk::is_cut(readable, &chunks)
        .then(|| format!("it is too long: only its first {} chunks are indexed", chunk::MOST));
    let cut = cut.or(lacks);
    let heading = || first_heading(&chunks).filter(|_| kind != "pdf");
    let title = known.title.clone().or(said).or_else(|| page.as_ref()?.title.clone()).or_else(heading);
    let mut row = json!({
        "title": title, "document_type": kind, "language": language, "content_hash": hash, "chunk_count": chunks.len(),
        "bytes": bytes, "status": "synced", "error": cut, "attempts": 0, "next_attempt_at": null,
        "modified": known.modified, "last_synced_at": clock::now(),
    });
    if let (Some(metadata), Some(fields)) = (known.metadata, row.as_object_mut()) {
        fields.insert("metadata".into(), metadata);
    }
    let id = put(place, old.as_ref(), row)?;
    if old.is_some() {
        drop_chunks(id)?;
    }
    let rows: Vec<Value> = (0..)
        .zip(&chunks)
        .map(|(ordinal, piece): (u64, _)| {
            let title = match (title.as_deref(), piece.heading.as_str()) {
                (Some(title), "") => title.to_owned(),
                (Some(title), heading) if heading.starts_with(title) => heading.to_owned(),
                (Some(title), heading) => format!("{title} > {heading}"),
                (None, heading) => heading.to_owned(),
            };
            let title: String = title.chars().take(MOST_TITLE).collect();
            json!({
                "namespace": place.namespace, "document": id, "ordinal": ordinal, "text": piece.text, "title": title,
                "file_path": place.path, "document_type": kind, "begin": piece.begin, "first_line": piece.first_line,
                "last_line": piece.last_line, "page": piece.page, "tokens": chunk::tokens(&piece.text), "sources": [id],
            })
        })
        .collect();
    // One call of the host takes four megabytes.
    for rows in rows.chunks(ROWS) {
        write::insert_many(CHUNKS, rows)?;
    }
    Ok(answer(id, "synced", rows.len() as u64, false, cut.as_deref(), kind))
}

fn first_heading(chunks: &[chunk::Chunk]) -> Option<String> {
    let heading = chunks.first()?.heading.split(" > ").next()?.to_owned();
    (!heading.is_empty()).then_some(heading)
}

/// Notes that a file could not be read; its chunks stay as they were.
fn failed(place: &Place<'_>, kind: Option<&str>, reason: &str, modified: Option<u64>) -> Answer {
    let old = find(place)?;
    let attempts = old.as_ref().map_or(0, |row| number(row, "attempts")) + 1;
    let mut row = json!({
        "status": "failed", "error": reason.chars().take(500).collect::<String>(), "attempts": attempts,
        "next_attempt_at": clock::now() + watched::pause(attempts), "modified": modified,
    });
    if let (Some(kind), Some(fields)) = (kind, row.as_object_mut()) {
        fields.insert("document_type".into(), json!(kind));
    }
    let id = put(place, old.as_ref(), row)?;
    let count = old.as_ref().map_or(0, |row| number(row, "chunk_count"));
    Ok(answer(id, "failed", count, false, Some(reason), kind.unwrap_or_else(|| kind::of(place.path).0)))
}

fn drop_chunks(document: u64) -> Result<u64, Fault> {
    let mut dropped = 0;
    for row in chunks_of(document)?.select(&["ordinal"])?.limit(1_000).all(chunk::MOST)? {
        write::delete(CHUNKS, number(&row, "id"), None)?;
        dropped += 1;
    }
    Ok(dropped)
}

fn answer(id: u64, status: &str, chunks: u64, unchanged: bool, error: Option<&str>, kind: &str) -> Value {
    json!({"id": id, "status": status, "chunk_count": chunks, "unchanged": unchanged, "error": error, "document_type": kind})
}

pub(super) fn delete(given: Value) -> Answer {
    let One { id: Id(id) } = arguments(given)?;
    document(id)?;
    let chunks = drop_chunks(id)?;
    write::delete(DOCUMENTS, id, None)?;
    Ok(json!({"deleted": id, "chunks": chunks}))
}

/// A state somebody else knows better.
pub(super) fn mark(given: Value, status: &str) -> Answer {
    #[derive(Deserialize)]
    struct Mark {
        id: Id,
        error: Option<String>,
    }
    let Mark { id: Id(id), error } = arguments(given)?;
    let row = document(id)?;
    let mut patch = json!({"status": status, "error": error});
    if let Some(fields) = patch.as_object_mut() {
        match status {
            "synced" => _ = fields.insert("last_synced_at".into(), json!(clock::now())),
            "failed" => {
                let attempts = number(&row, "attempts") + 1;
                fields.insert("attempts".into(), json!(attempts));
                fields.insert("next_attempt_at".into(), json!(clock::now() + watched::pause(attempts)));
            }
            _ => {}
        }
    }
    write::update(DOCUMENTS, id, Some(number(&row, "version")), &patch)?;
    Ok(answer(id, status, number(&row, "chunk_count"), false, error.as_deref(), text(&row, "document_type")))
}
