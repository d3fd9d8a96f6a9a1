//! `calibrate_uncertainty`: how far a text or a memory may be believed, by what else is remembered.

use super::around::{WORDS, seen};
use super::find::{by_question, find};
use crate::args::Id;
use crate::confidence::{Confidence, WEIGHTS, support};
use crate::found::{Found, rounded};
use crate::request::Request;
use crate::terms::Terms;
use crate::text::clip;
use memstrata_sdk::{Answer, Fault, Value, arguments, clock, json};
use serde::Deserialize;

/// Evidence looked at.
const EVIDENCE: usize = 10;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Calibrate {
    result_text: String,
    result_id: Option<Id>,
    query: Option<String>,
    namespace: Option<String>,
}

pub(super) fn calibrate_uncertainty(given: Value) -> Answer {
    let given: Calibrate = arguments(given)?;
    let row = given.result_id.map(|Id(id)| seen(id)).transpose()?;
    let mut text = given.result_text.trim().to_owned();
    let itself = text.is_empty();
    if itself {
        text = row.as_ref().map(|row| row.found.text.clone()).unwrap_or_default();
    }
    if text.trim().is_empty() {
        return Err(Fault::invalid("give `result_text`, the text to judge, or `result_id`, a memory that has text"));
    }
    let text = clip(&text, 4_000);
    let terms = Terms::of(&text);
    let request = Request { query: text.clone(), namespace: given.namespace, ..Request::default() };
    let mut evidence = find(&request, &terms.rarest(WORDS * 2), &terms, EVIDENCE + 1, clock::now())?.found;
    by_question(&mut evidence, &text, &terms);
    // A memory is no evidence for itself, but it is for a text drawn from it.
    evidence.retain(|hit| !itself || row.as_ref().is_none_or(|row| row.found.id != hit.id));
    evidence.truncate(EVIDENCE);
    let mut cited: Vec<Found> = Vec::new();
    for id in row.iter().flat_map(|row| row.found.sources.iter().take(5)) {
        if let Ok(source) = seen(*id) {
            cited.push(source.found);
        }
    }
    for source in &mut cited {
        source.fit(&terms);
        if evidence.iter().all(|hit| hit.id != source.id) {
            evidence.push(source.clone());
        }
    }
    let mut confidence = Confidence::of(&terms, &evidence);
    if let Some(row) = &row {
        confidence = confidence.of_memory(row.found.trust.unwrap_or(1.0), itself);
    }
    let texts: Vec<&str> = evidence.iter().map(|hit| hit.text.as_str()).collect();
    let judged = support(&text, &texts);
    let relevant = given.query.as_deref().map(|query| Terms::of(query).coverage(&text));
    let mut ranked = evidence.clone();
    ranked.sort_by(|a, b| b.relevance.total_cmp(&a.relevance).then(a.id.cmp(&b.id)));
    let named: Vec<Value> = ranked.iter().take(5).map(Found::json).collect();
    Ok(json!({
        "confidence": confidence.json(),
        "level": confidence.level(),
        "abstain": confidence.abstains(),
        "weights": {"likeness": WEIGHTS[0], "coverage": WEIGHTS[1], "agreement": WEIGHTS[2], "trust": WEIGHTS[3]},
        "self_rag": {
            "relevant": relevant.map(|share| if share >= crate::confidence::LOW { "relevant" } else { "irrelevant" }),
            "supported": judged.verdict,
            "supported_share": rounded(judged.share),
            "unsupported": judged.unsupported.iter().take(5).map(|sentence| clip(sentence, 200)).collect::<Vec<_>>(),
        },
        "evidence": named,
        "cites": cited.len(),
    }))
}
