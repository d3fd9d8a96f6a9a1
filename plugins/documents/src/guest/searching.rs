//! Chunks found by words and by meaning, with what was found marked.

use super::{CHUNKS, DOCUMENTS, number, text};
use crate::snippet::snippet;
use memstrata_sdk::{Answer, Fault, Search, Value, arguments, get_many, json};
use serde::Deserialize;

#[derive(Deserialize)]
struct Hybrid {
    query: String,
    namespace: Option<String>,
    limit: u32,
    exact_weight: f64,
    semantic_weight: f64,
    document_type: Option<String>,
}

#[derive(Deserialize)]
struct Semantic {
    query: String,
    namespace: Option<String>,
    limit: u32,
    threshold: Option<f64>,
}

pub(super) fn hybrid(given: Value) -> Answer {
    let asked: Hybrid = arguments(given)?;
    if asked.exact_weight + asked.semantic_weight <= 0.0 {
        return Err(Fault::invalid("exact_weight and semantic_weight are both 0: give one of them a weight"));
    }
    let mut search = Search::of(&asked.query)
        .collection(CHUNKS)?
        .weight("text", asked.exact_weight)?
        .weight("vector", asked.semantic_weight)?
        .namespace(asked.namespace.as_deref())?;
    if let Some(kind) = asked.document_type {
        search = search.filter(json!(["document_type", "=", kind]))?;
    }
    found(search.limit(asked.limit), &asked.query)
}

pub(super) fn semantic(given: Value) -> Answer {
    let asked: Semantic = arguments(given)?;
    let search = |text: f64| {
        Search::of(&asked.query)
            .collection(CHUNKS)?
            .weight("text", text)?
            .weight("context", 0.0)?
            .namespace(asked.namespace.as_deref())
            .map(|search| search.min_similarity(asked.threshold.unwrap_or(-1.0)).limit(asked.limit))
    };
    let answer = found(search(0.0)?, &asked.query)?;
    let down = answer.get("notes").and_then(Value::as_array).is_some_and(|notes| !notes.is_empty());
    if answer.get("count") == Some(&json!(0)) && down { found(search(1.0)?, &asked.query) } else { Ok(answer) }
}

fn found(search: Search, query: &str) -> Answer {
    let results = search.results()?;
    let hits = memstrata_sdk::hits(&results)?;
    let owners: Vec<u64> = hits.iter().map(|hit| number(&hit.row, "document")).collect();
    let documents = get_many(DOCUMENTS, &owners)?;
    let results_told: Vec<Value> = hits
        .iter()
        .zip(documents)
        .map(|(hit, document)| {
            let similarity = hit.found_by.iter().find(|(channel, ..)| *channel == "vector").map(|(.., cosine)| *cosine);
            json!({
                "chunk": hit.id, "document": number(&hit.row, "document"), "file_path": text(&hit.row, "file_path"),
                "title": hit.row.get("title"), "document_type": text(&hit.row, "document_type"),
                "first_line": number(&hit.row, "first_line"), "last_line": number(&hit.row, "last_line"),
                "page": hit.row.get("page"),
                "status": document.as_ref().map(|document| text(document, "status")),
                "score": hit.score, "similarity": similarity, "snippet": snippet(text(&hit.row, "text"), query),
            })
        })
        .collect();
    Ok(json!({"count": results_told.len(), "results": results_told, "notes": results.notes()}))
}
