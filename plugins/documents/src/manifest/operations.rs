//! The operations, each with its schemas and examples.

use super::collections::STATUSES;
use crate::kind::KINDS;
use memstrata_sdk::schema::{self as s, Named, operation_of as operation};
use memstrata_sdk::{Value, json};

const TEA: &str = "# Tea\n\nGreen tea grows in Uji.\n\n# Trains\n\nThe night train to Kyoto leaves at nine.\n";

fn indexed() -> Value {
    json!({"operation": "index_document", "arguments": {"file_path": "notes/tea.md", "content": TEA}})
}

fn namespace() -> Value {
    s::maybe_text("Only this namespace and below.", 500)
}

fn id() -> Value {
    json!({"type": ["integer", "string"], "description": "The document."})
}

fn document() -> Value {
    json!({"type": "object", "required": ["id", "file_path", "document_type", "status", "chunk_count"]})
}

fn changed() -> Value {
    json!({"id": {"type": "integer"}, "status": {"type": "string"}, "chunk_count": {"type": "integer"},
           "unchanged": {"type": "boolean"}, "error": {"type": ["string", "null"]}, "document_type": {"type": "string"}})
}

fn listed() -> Value {
    json!({"documents": {"type": "array", "items": document()}, "count": {"type": "integer"}, "next_cursor": {"type": ["string", "null"]}})
}

fn found() -> Value {
    json!({"results": {"type": "array", "items": {"type": "object", "required": ["chunk", "document", "file_path", "score", "snippet"]}},
           "count": {"type": "integer"}, "notes": {"type": "array", "items": {"type": "string"}}})
}

pub(super) fn operations() -> Vec<Named> {
    [indexing(), marking(), reading(), searching()].concat()
}

fn indexing() -> Vec<Named> {
    let path = || s::text("Its path; of a file, relative to the granted folder.", 1_000);
    let cursor_free =
        json!({"folder": {"type": "string"}, "path": {"type": "string"}, "namespace": {"type": ["string", "null"]}});
    vec![
        (
            "index_document",
            operation(
                (
                    "write",
                    "Indexes a document: a text you give, or a file of a granted folder.",
                    "It is cut into chunks of at most 512 tokens (four bytes each) along its headings, paragraphs and sentences, 50 of them repeated. The same content is not indexed again; other content replaces the chunks at once. A file that cannot be read leaves a document `failed` with the reason.",
                ),
                (
                    &json!({"namespace": s::maybe_text("Where it belongs.", 500), "file_path": path(),
                            "content": {"type": ["string", "null"], "maxLength": 1_000_000, "description": "Its text; none: the file is read."},
                            "folder": s::maybe_text("A granted folder; the only one if absent.", 100), "title": s::maybe_text("Its title.", 500),
                            "document_type": {"type": ["string", "null"], "enum": [KINDS[0], KINDS[1], KINDS[2], KINDS[3], null], "description": "What it is; by its name if absent."},
                            "metadata": s::maybe_object("Anything else.")}),
                    &["file_path"],
                ),
                (&changed(), &["id", "status", "chunk_count", "unchanged"]),
                &json!([
                    {"arguments": {"file_path": "notes/tea.md", "content": TEA}},
                    {"arguments": {"file_path": "notes/tea.md", "content": TEA}, "setup": [indexed()], "note": "Unchanged."},
                    {"arguments": {"file_path": "page.html", "content": "<title>A</title><p>Words</p>", "namespace": "project:web"}},
                    {"arguments": {"file_path": "gone.md"}, "fault": "not-found.folder", "note": "No folder is granted here."},
                ]),
            ),
        ),
        (
            "watch_folder",
            operation(
                (
                    "write",
                    "Follows a granted folder: its files are indexed, and again when they change.",
                    "Each space follows its own. Every ten seconds the folder is looked through, in slices; a file is taken when it has not changed for five seconds.",
                ),
                (
                    &json!({"folder": s::text("A granted folder.", 100), "path": {"type": "string", "maxLength": 1_000, "default": "", "description": "A folder in it; all if empty."},
                            "namespace": s::maybe_text("Where its documents belong.", 500)}),
                    &["folder"],
                ),
                (&json!({"id": {"type": "integer"}, "new": {"type": "boolean"}}), &["id", "new"]),
                &json!([{"arguments": {"folder": "docs"}, "fault": "not-found.folder"}]),
            ),
        ),
        (
            "unwatch_folder",
            operation(
                ("destructive", "Follows a folder no longer.", "Its documents stay, as they are."),
                (
                    &json!({"folder": s::text("The folder.", 100), "path": {"type": "string", "maxLength": 1_000, "default": ""}, "namespace": s::maybe_text("As it was given.", 500)}),
                    &["folder"],
                ),
                (&json!({"stopped": {"type": "integer"}}), &["stopped"]),
                &json!([{"arguments": {"folder": "docs"}}]),
            ),
        ),
        (
            "sync_documents",
            operation(
                (
                    "write",
                    "Looks through the followed folders for new, changed and removed files.",
                    "It does what fits into one call and goes on there the next time; `more` says that something is left. It also runs by itself every ten seconds.",
                ),
                (
                    &json!({"retry": {"type": "boolean", "default": false, "description": "Failed files at once, without their pause."}}),
                    &[],
                ),
                (
                    &json!({"folders": {"type": "array", "items": {"type": "object", "properties": cursor_free}}, "indexed": {"type": "integer"}, "unchanged": {"type": "integer"},
                            "failed": {"type": "integer"}, "stale": {"type": "integer"}, "more": {"type": "boolean"}, "errors": {"type": "array", "items": {"type": "string"}}}),
                    &["indexed", "unchanged", "failed", "stale", "more", "errors"],
                ),
                &json!([{"arguments": {}}]),
            ),
        ),
        (
            "reindex_document",
            operation(
                (
                    "write",
                    "Reads a file again, whether it has changed or not.",
                    "Of a document whose text was given, give the text again to `index_document`.",
                ),
                (&json!({"id": id()}), &["id"]),
                (&changed(), &["id", "status", "chunk_count"]),
                &json!([{"arguments": {"id": 1}, "setup": [indexed()], "fault": "invalid.argument"}]),
            ),
        ),
        (
            "delete_document",
            operation(
                (
                    "destructive",
                    "Deletes a document and its chunks.",
                    "A file that is followed comes back with its next change; unwatch its folder or exclude it.",
                ),
                (&json!({"id": id()}), &["id"]),
                (&json!({"deleted": {"type": "integer"}, "chunks": {"type": "integer"}}), &["deleted", "chunks"]),
                &json!([{"arguments": {"id": 1}, "setup": [indexed()]}, {"arguments": {"id": 999_999_999}, "fault": "not-found.document"}]),
            ),
        ),
    ]
}

fn marking() -> Vec<Named> {
    let mark = |name: &'static str, summary: &str, more: Value| -> Named {
        let mut input = json!({"id": id()});
        if let (Some(input), Some(more)) = (input.as_object_mut(), more.as_object()) {
            input.extend(more.clone());
        }
        let of = |id: u64| match more.get("error") {
            Some(_) => json!({"id": id, "error": "unreadable"}),
            None => json!({"id": id}),
        };
        let required: &[&str] = if more.get("error").is_some() { &["id", "error"] } else { &["id"] };
        (
            name,
            operation(
                ("write", summary, ""),
                (&input, required),
                (&changed(), &["id", "status"]),
                &json!([{"arguments": of(1), "setup": [indexed()]}, {"arguments": of(999_999_999), "fault": "not-found.document"}]),
            ),
        )
    };
    vec![
        mark("mark_synced", "Says that a document is up to date.", json!({})),
        mark("mark_stale", "Says that a document is out of date; a followed file is read again.", json!({})),
        mark(
            "mark_failed",
            "Says that a document could not be read, and why.",
            json!({"error": s::text("Why.", 1_000)}),
        ),
    ]
}

fn reading() -> Vec<Named> {
    let listing = |more: Value| {
        let mut input = json!({"namespace": namespace(), "limit": s::integer_or("At most so many.", 1, 500, 100), "cursor": s::maybe_text("Where the last page ended.", 2_000)});
        if let (Some(input), Some(more)) = (input.as_object_mut(), more.as_object()) {
            input.extend(more.clone());
        }
        input
    };
    let list = |name: &'static str, summary: &str, more: Value| -> Named {
        let answered = ["documents", "count", "next_cursor"];
        (
            name,
            operation(
                ("read", summary, ""),
                (&listing(more), &[]),
                (&listed(), &answered),
                &json!([{"arguments": {}}, {"arguments": {"limit": 1}, "setup": [indexed()]}]),
            ),
        )
    };
    vec![
        (
            "get_document",
            operation(
                ("read", "One document.", ""),
                (&json!({"id": id()}), &["id"]),
                (&json!({"document": document()}), &["document"]),
                &json!([{"arguments": {"id": 1}, "setup": [indexed()]}, {"arguments": {"id": 999_999_999}, "fault": "not-found.document"}]),
            ),
        ),
        (
            "get_document_by_path",
            operation(
                ("read", "The document of a path.", "The newest, where several folders have one."),
                (
                    &json!({"file_path": s::text("Its path.", 1_000), "folder": s::maybe_text("Of this folder.", 100), "namespace": namespace()}),
                    &["file_path"],
                ),
                (&json!({"document": document()}), &["document"]),
                &json!([{"arguments": {"file_path": "notes/tea.md"}, "setup": [indexed()]}, {"arguments": {"file_path": "no.md"}, "fault": "not-found.document"}]),
            ),
        ),
        (
            "read_chunk",
            operation(
                ("read", "A chunk with its neighbours in the document.", ""),
                (
                    &json!({"id": {"type": ["integer", "string"], "description": "The chunk."}, "before": s::integer_or("Chunks before it.", 0, 10, 1), "after": s::integer_or("Chunks after it.", 0, 10, 1)}),
                    &["id"],
                ),
                (
                    &json!({"document": document(), "chunks": {"type": "array", "items": {"type": "object"}}, "text": {"type": "string"}}),
                    &["document", "chunks", "text"],
                ),
                &json!([{"arguments": {"id": 2}, "setup": [indexed()]}, {"arguments": {"id": 999_999_999}, "fault": "not-found.chunk"}]),
            ),
        ),
        list(
            "list_documents",
            "Documents, newest first.",
            json!({
            "status": {"type": ["string", "null"], "enum": [STATUSES[0], STATUSES[1], STATUSES[2], STATUSES[3], null]},
            "document_type": {"type": ["string", "null"], "enum": [KINDS[0], KINDS[1], KINDS[2], KINDS[3], null]}, "folder": s::maybe_text("Of this folder.", 100)}),
        ),
        list("list_all_documents", "All documents, newest first.", json!({})),
        list("get_pending_documents", "Documents that are not up to date: pending, stale or failed.", json!({})),
        (
            "document_status",
            operation(
                ("read", "How many documents are in which state, and the latest errors.", ""),
                (&json!({"namespace": namespace()}), &[]),
                (
                    &json!({"total": {"type": "integer"}, "chunks": {"type": "integer"}, "by_status": {"type": "object"}, "by_type": {"type": "object"},
                            "errors": {"type": "array", "items": {"type": "object"}}, "folders": {"type": "array", "items": {"type": "string"}}, "watched": {"type": "array", "items": {"type": "object"}}}),
                    &["total", "chunks", "by_status", "by_type", "errors", "folders", "watched"],
                ),
                &json!([{"arguments": {}}, {"arguments": {}, "setup": [indexed()]}]),
            ),
        ),
    ]
}

fn searching() -> Vec<Named> {
    let query = || s::text("What to look for.", 10_000);
    let weight = |name: &str, default: f64| json!({"type": "number", "minimum": 0, "maximum": 1, "default": default, "description": format!("Weight of {name}.")});
    let asked = |query: &str| json!([{"arguments": {"query": query}, "setup": [indexed()]}, {"arguments": {"query": "nothing"}}]);
    let answered = ["results", "count", "notes"];
    vec![
        (
            "search_documents",
            operation(
                (
                    "read",
                    "Searches documents by words and by meaning.",
                    "0.3 words and 0.7 meaning unless you weigh otherwise; each hit has its chunk, document, lines and a snippet with the words marked.",
                ),
                (
                    &json!({"query": query(), "namespace": namespace(), "limit": s::integer_or("At most so many.", 1, 100, 10), "exact_weight": weight("words", 0.3), "semantic_weight": weight("meaning", 0.7),
                            "document_type": {"type": ["string", "null"], "enum": [KINDS[0], KINDS[1], KINDS[2], KINDS[3], null]}}),
                    &["query"],
                ),
                (&found(), &answered),
                &asked("when does the train leave"),
            ),
        ),
        (
            "semantic_search",
            operation(
                (
                    "read",
                    "Searches documents by meaning alone.",
                    "Where vectors are not available it searches by words, and `notes` says so.",
                ),
                (
                    &json!({"query": query(), "namespace": namespace(), "limit": s::integer_or("At most so many.", 1, 100, 10),
                            "threshold": {"type": ["number", "null"], "minimum": 0, "maximum": 1, "description": "Hits with a cosine below this are left out."}}),
                    &["query"],
                ),
                (&found(), &answered),
                &asked("hot drinks from Japan"),
            ),
        ),
        (
            "search_by_type",
            operation(
                ("read", "Documents of a type, newest first.", ""),
                (
                    &json!({"document_type": s::choice(&KINDS, "The type."), "limit": s::integer_or("At most so many.", 1, 500, 50), "namespace": namespace(), "cursor": s::maybe_text("Where the last page ended.", 2_000)}),
                    &["document_type"],
                ),
                (&listed(), &["documents", "count", "next_cursor"]),
                &json!([{"arguments": {"document_type": "markdown"}, "setup": [indexed()]}, {"arguments": {"document_type": "code"}}]),
            ),
        ),
    ]
}
