//! One hit as the searching operations answer it, and how well it fits the question.

use crate::confidence::Grade;
use crate::fit::reference;
use crate::terms::Terms;
use crate::text::{clip, one_line};
use crate::when;
use memstrata_sdk::{Map, Value, json};

/// Characters of a hit's text in an answer; the whole is read with `retrieve`.
const CLIP: usize = 400;
/// Evidence named for each hit.
const MOST_SOURCES: usize = 5;

/// A hit of a search.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Its id.
    pub id: u64,
    /// `layer.collection`.
    pub from: String,
    /// What it says.
    pub text: String,
    /// What sort of memory.
    pub kind: Option<String>,
    /// When, ms UTC.
    pub time: Option<u64>,
    /// How far to believe it; 1 if nothing is said.
    pub trust: Option<f64>,
    /// The score it is ordered by; what it means depends on the strategy.
    pub score: f64,
    /// Cosine with the question, if the vector channel found it.
    pub cosine: Option<f64>,
    /// BM25, if the text channel found it.
    pub bm25: Option<f64>,
    /// Channels and ranks in words.
    pub why: String,
    /// Ids of its evidence.
    pub sources: Vec<u64>,
    /// How well it fits the question, 0 to 1, see [`Found::fit`].
    pub relevance: f64,
}

impl Found {
    /// The layer it comes from.
    #[must_use]
    pub fn layer(&self) -> &str {
        self.from.split_once('.').map_or(self.from.as_str(), |(layer, _)| layer)
    }

    /// Sets `relevance`: the larger of the cosine and the share of the question's words the text has. Either alone is
    /// evidence: a paraphrase shares no word, a rare name has no vector.
    pub fn fit(&mut self, terms: &Terms) {
        self.relevance = self.cosine.unwrap_or_default().clamp(0.0, 1.0).max(terms.coverage(&self.text));
    }

    /// As answers show what no question was asked for: without score, relevance and grade.
    #[must_use]
    pub fn told(&self) -> Value {
        let mut hit = self.json();
        if let Some(hit) = hit.as_object_mut() {
            for field in ["score", "relevance", "grade"] {
                hit.remove(field);
            }
        }
        hit
    }

    /// As answers show it.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut hit = Map::new();
        hit.insert("id".into(), json!(self.id));
        hit.insert("ref".into(), json!(reference(self.id)));
        hit.insert("layer".into(), json!(self.layer()));
        hit.insert("from".into(), json!(self.from));
        hit.insert("text".into(), json!(clip(&one_line(&self.text), CLIP)));
        if let Some(kind) = &self.kind {
            hit.insert("kind".into(), json!(kind));
        }
        if let Some(time) = self.time {
            hit.insert("when".into(), json!(when::iso(time)));
        }
        hit.insert("score".into(), json!(rounded(self.score)));
        hit.insert("relevance".into(), json!(rounded(self.relevance)));
        hit.insert("grade".into(), json!(Grade::of(self.relevance).name()));
        if !self.why.is_empty() {
            hit.insert("why".into(), json!(self.why));
        }
        if !self.sources.is_empty() {
            hit.insert("sources".into(), json!(self.sources.iter().take(MOST_SOURCES).collect::<Vec<_>>()));
        }
        Value::Object(hit)
    }
}

/// Four places: more would only cost tokens.
#[must_use]
pub fn rounded(score: f64) -> f64 {
    (score * 1e4).round() / 1e4
}

/// Orders by score, best first, ties by id.
pub fn order(found: &mut [Found]) {
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
}

/// Keeps the first `most` of each layer.
pub fn per_layer(found: &mut Vec<Found>, most: usize) {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    found.retain(|hit| {
        let count = counts.entry(hit.layer().to_owned()).or_default();
        *count += 1;
        *count <= most
    });
}

/// Only the fields asked for of each shown hit, and its id; all of them if none is asked for.
#[must_use]
pub fn select(hits: Vec<Value>, fields: &[String]) -> Vec<Value> {
    if fields.is_empty() {
        return hits;
    }
    let keep = |name: &str| name == "id" || fields.iter().any(|field| field == name);
    let of = |hit| match hit {
        Value::Object(hit) => Value::Object(hit.into_iter().filter(|(name, _)| keep(name)).collect()),
        other => other,
    };
    hits.into_iter().map(of).collect()
}

/// Lists of hits for several wordings as one, by reciprocal rank fusion with k = 60 (G. Cormack, C. Clarke, S. Büttcher,
/// SIGIR 2009); each hit keeps its best relevance.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "ranks")]
pub fn fuse(lists: Vec<Vec<Found>>) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    for list in lists {
        for (rank, found) in list.into_iter().enumerate() {
            let share = 1.0 / (61.0 + rank as f64);
            if let Some(known) = all.iter_mut().find(|known| known.id == found.id) {
                known.score += share;
                known.relevance = known.relevance.max(found.relevance);
                known.cosine = match (known.cosine, found.cosine) {
                    (Some(a), Some(b)) => Some(a.max(b)),
                    (a, b) => a.or(b),
                };
            } else {
                all.push(Found { score: share, ..found });
            }
        }
    }
    order(&mut all);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(id: u64, relevance: f64) -> Found {
        Found { id, relevance, from: "semantic.memories".into(), ..Found::default() }
    }

    #[test]
    fn what_several_lists_have_comes_first() {
        let fused = fuse(vec![vec![found(1, 0.9), found(2, 0.2)], vec![found(2, 0.5), found(3, 0.1)]]);
        assert_eq!(fused.iter().map(|hit| hit.id).collect::<Vec<_>>(), [2, 1, 3]);
        assert!((fused[0].relevance - 0.5).abs() < 1e-12);
        assert!((fused[0].score - (1.0 / 62.0 + 1.0 / 61.0)).abs() < 1e-12);
    }

    #[test]
    fn words_or_meaning_make_it_relevant() {
        let terms = Terms::of("Ada's indentation");
        let mut hit = Found { text: "Ada likes tabs".into(), cosine: Some(0.3), ..found(1, 0.0) };
        hit.fit(&terms);
        assert!((hit.relevance - 0.5).abs() < 1e-12);
        hit.cosine = Some(0.8);
        hit.fit(&terms);
        assert!((hit.relevance - 0.8).abs() < 1e-12);
    }

    #[test]
    fn each_layer_has_its_share() {
        let other = Found { from: "episodic.events".into(), ..found(4, 0.1) };
        let mut hits = vec![found(1, 0.9), found(2, 0.8), found(3, 0.7), other];
        per_layer(&mut hits, 2);
        assert_eq!(hits.iter().map(|hit| hit.id).collect::<Vec<_>>(), [1, 2, 4]);
    }

    #[test]
    fn fields_are_chosen() {
        let hit = json!({"id": 1, "text": "a", "score": 2});
        assert_eq!(select(vec![hit.clone()], &["text".to_owned()]), [json!({"id": 1, "text": "a"})]);
        assert_eq!(select(vec![hit.clone()], &[]), [hit]);
    }

    #[test]
    fn a_hit_names_its_layer_and_evidence() {
        let hit = Found { sources: vec![4, 5], ..found(1, 0.5) }.json();
        assert!(Found::default().told().get("grade").is_none());
        assert_eq!((&hit["layer"], &hit["sources"]), (&json!("semantic"), &json!([4, 5])));
    }
}
