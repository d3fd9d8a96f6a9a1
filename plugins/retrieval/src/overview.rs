//! What was found, as counts and ids instead of texts: answers of under 300 tokens (requirements 1.14).

use crate::found::Found;
use crate::text::tokens;
use memstrata_sdk::{Map, Value, json};
use std::collections::BTreeMap;

/// Tokens such an answer may cost.
pub const MOST_TOKENS: usize = 300;

/// For each layer how many hits (at most `limit`), how many of them at least `threshold`, and the best ids. Fewer ids are named
/// where the answer would cost more than [`MOST_TOKENS`].
#[must_use]
pub fn by_layer(found: &[Found], limit: usize, threshold: f64, notes: &[String]) -> Value {
    let mut layers: BTreeMap<&str, Vec<&Found>> = BTreeMap::new();
    for hit in found {
        let of_layer = layers.entry(hit.layer()).or_default();
        if of_layer.len() < limit {
            of_layer.push(hit);
        }
    }
    let mut answer = json!({});
    for ids in [5, 3, 1, 0] {
        let shown: Map<String, Value> = layers
            .iter()
            .map(|(layer, hits)| {
                let high = hits.iter().filter(|hit| hit.relevance >= threshold).count();
                let top: Vec<u64> = hits.iter().take(ids).map(|hit| hit.id).collect();
                ((*layer).to_owned(), json!({"count": hits.len(), "high_confidence": high, "top_ids": top}))
            })
            .collect();
        let total: usize = layers.values().map(Vec::len).sum();
        answer = json!({"total_found": total, "layers": shown, "empty": total == 0});
        if let Some(answer) = answer.as_object_mut()
            && let Some(note) = notes.first()
            && ids > 1
        {
            answer.insert("notes".into(), json!([crate::text::clip(note, 120)]));
        }
        if tokens(&answer.to_string()) < MOST_TOKENS {
            break;
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(id: u64, layer: &str, relevance: f64) -> Found {
        Found { id, relevance, from: format!("{layer}.rows"), kind: Some("fact".into()), ..Found::default() }
    }

    #[test]
    fn layers_are_counted_up_to_the_limit() {
        let found = [hit(1, "a", 0.9), hit(2, "a", 0.6), hit(3, "a", 0.5), hit(4, "b", 0.7)];
        let answer = by_layer(&found, 2, 0.7, &[]);
        assert_eq!(answer["layers"]["a"], json!({"count": 2, "high_confidence": 1, "top_ids": [1, 2]}));
        assert_eq!((&answer["total_found"], &answer["empty"]), (&json!(3), &json!(false)));
    }

    #[test]
    fn many_layers_stay_under_three_hundred_tokens() {
        let found: Vec<Found> =
            (0..200).map(|n| hit((1 << 50) + n, &format!("layer_number_{}", n % 14), 0.5)).collect();
        let answer = by_layer(&found, 10, 0.7, &["a note".to_owned()]);
        assert!(tokens(&answer.to_string()) < MOST_TOKENS, "{answer}");
        assert_eq!(answer["layers"].as_object().map(Map::len), Some(14));
    }
}
