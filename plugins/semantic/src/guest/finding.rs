//! One or more wordings through the host's search, merged, each hit with its cosine and how it was found.

use super::scope::Scope;
use super::{CLIP_RESULT, MEMORIES, usage};
use crate::score::{round, similarity};
use crate::{lexical, memory, row};
use memstrata_sdk::{Fault, Hit, Map, Value, batch::Batch, hints, hits, json};

/// How the channels are weighed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mode {
    /// BM25 0.6 and vectors 0.4, the weights of Athena's hybrid search.
    Hybrid,
    Semantic,
    Keyword,
}

/// A memory that was found.
pub(super) struct Found {
    pub(super) row: Value,
    /// The host's fused score, the best over the wordings.
    pub(super) fused: f64,
    /// Best rank in each channel that found it, over the wordings.
    pub(super) channels: Vec<(&'static str, u32)>,
    pub(super) cosine: Option<f64>,
    /// What it is ranked by.
    pub(super) score: f64,
    /// 1 - cosine distance / 2.
    pub(super) similarity: Option<f64>,
}

/// What a search found, and over what.
#[derive(Default)]
pub(super) struct Finding {
    pub(super) found: Vec<Found>,
    pub(super) eligible: u64,
    pub(super) notes: Vec<String>,
}

/// Searches each wording and merges the hits, Hit, best fused score first.
pub(super) fn find(
    wordings: &[String],
    scope: &Scope,
    mode: Mode,
    limit: u32,
    min_cosine: Option<f64>,
    now: u64,
) -> Result<Finding, Fault> {
    let (text, vector) = match mode {
        Mode::Hybrid => (0.6, 0.4),
        Mode::Semantic => (0.0, 1.0),
        Mode::Keyword => (1.0, 0.0),
    };
    let mut finding = Finding::default();
    let mut eligible = None;
    for wording in wordings {
        let mut search = scope.search(wording, now)?.limit(limit);
        for (channel, weight) in [("text", text), ("vector", vector), ("context", 0.0), ("time", 0.0), ("graph", 0.0)] {
            search = search.weight(channel, weight)?;
        }
        if let Some(cosine) = min_cosine {
            search = search.min_similarity(cosine);
        }
        let results = search.results()?;
        if eligible.is_none() {
            // The same for every wording.
            eligible = Some(scope.eligible(now)?.map_or_else(|| results.eligible(), Ok)?);
        }
        for note in results.notes() {
            if !finding.notes.contains(&note) {
                finding.notes.push(note);
            }
        }
        for Hit { place, row } in hits(&results)? {
            let at = match finding.found.iter().position(|found| row::id(&found.row) == place.id) {
                Some(at) => at,
                None => {
                    finding.found.push(Found {
                        row,
                        fused: 0.0,
                        channels: Vec::new(),
                        cosine: None,
                        score: 0.0,
                        similarity: None,
                    });
                    finding.found.len() - 1
                }
            };
            let Some(found) = finding.found.get_mut(at) else {
                continue;
            };
            found.fused = found.fused.max(place.score);
            found.score = found.fused;
            for (channel, rank, score) in place.found_by {
                match found.channels.iter_mut().find(|(known, _)| *known == channel) {
                    Some((_, best)) => *best = rank.min(*best),
                    None => found.channels.push((channel, rank)),
                }
                if channel == "vector" && score.is_finite() {
                    found.cosine = Some(found.cosine.map_or(score, |known| known.max(score)));
                }
            }
        }
    }
    finding.eligible = eligible.unwrap_or_default();
    finding.found.sort_by(|a, b| b.fused.total_cmp(&a.fused).then_with(|| row::id(&a.row).cmp(&row::id(&b.row))));
    for found in &mut finding.found {
        found.similarity = found.cosine.map(similarity);
    }
    Ok(finding)
}

/// Gives every hit a similarity. Text hits outside the vector channel's list get their cosine from the stored vectors;
/// where there is none, the share of the question's words that the memory has stands in for it.
pub(super) fn complete(query: &str, finding: &mut Finding) {
    let missing: Vec<u64> =
        finding.found.iter().filter(|found| found.cosine.is_none()).map(|found| row::id(&found.row)).collect();
    if missing.is_empty() {
        return;
    }
    match stored_cosines(query, &missing) {
        Ok(cosines) => {
            let places = finding.found.iter_mut().filter(|found| found.cosine.is_none());
            for (found, cosine) in places.zip(cosines) {
                found.cosine = cosine;
            }
        }
        Err(fault) => {
            finding.notes.push(format!("vectors: {}; similarity of text matches is word overlap", fault.message))
        }
    }
    let question = lexical::stems(query);
    for found in &mut finding.found {
        let content = row::text(&found.row, "content");
        let cosine = found.cosine.unwrap_or_else(|| lexical::coverage(&question, content));
        found.similarity = Some(similarity(cosine));
    }
}

/// The cosine of a text with the stored vectors of rows, none for a row without one.
fn stored_cosines(text: &str, ids: &[u64]) -> Result<Vec<Option<f64>>, Fault> {
    let question = Batch::embed(&[text.to_owned()])?;
    let rows = Batch::of_rows(MEMORIES, ids)?;
    cosines(&question, &rows)
}

/// The cosine of the one entry of a batch with each of another.
pub(super) fn cosines(question: &Batch, rows: &Batch) -> Result<Vec<Option<f64>>, Fault> {
    let known = question.present().first().copied().unwrap_or_default();
    let cosines = question.similarities(rows)?;
    Ok(rows
        .present()
        .into_iter()
        .zip(cosines)
        .map(|(present, cosine)| (present && known && cosine.is_finite()).then_some(f64::from(cosine)))
        .collect())
}

impl Found {
    /// `text #1, vector #3`.
    fn why(&self) -> String {
        self.channels.iter().map(|(channel, rank)| format!("{channel} #{rank}")).collect::<Vec<_>>().join(", ")
    }
}

/// Notes that the hits were used and turns them into the answer. What is returned here is what became labile.
pub(super) fn answer(finding: Finding, wordings: &[String]) -> Result<Map<String, Value>, Fault> {
    let ids: Vec<u64> = finding.found.iter().map(|found| row::id(&found.row)).collect();
    if !ids.is_empty() {
        hints::touch(&ids)?;
    }
    let used = usage(&ids)?;
    let results: Vec<Value> = finding
        .found
        .iter()
        .zip(used)
        .map(|(found, used)| {
            let mut shown = memory::show(&found.row, Some(used), Some(CLIP_RESULT));
            shown.insert("similarity".into(), json!(found.similarity.map(round)));
            shown.insert("score".into(), json!(round(found.score)));
            shown.insert("why".into(), json!(found.why()));
            Value::Object(shown)
        })
        .collect();
    let mut answer = Map::new();
    let empty = results.is_empty();
    answer.insert("count".into(), json!(results.len()));
    answer.insert("empty".into(), json!(empty));
    if empty {
        let reason = if finding.eligible == 0 {
            "nothing eligible: no memory of this layer is in the namespace, types, tags and time asked for"
        } else {
            "nothing matched: try other words, a lower min_similarity or a wider scope"
        };
        answer.insert("reason".into(), json!(reason));
    }
    answer.insert("results".into(), json!(results));
    answer.insert("eligible".into(), json!(finding.eligible));
    if wordings.len() > 1 {
        answer.insert("variants".into(), json!(wordings));
    }
    if !finding.notes.is_empty() {
        answer.insert("notes".into(), json!(finding.notes));
    }
    Ok(answer)
}
