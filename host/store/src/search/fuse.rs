//! Fusing ranked lists: reciprocal rank fusion (Cormack, Clarke, Buettcher, SIGIR 2009), or normalised scores.
//!
//! Several collections are one list a channel, with two cares. How rare a word is depends on the collection, so BM25 scores of
//! two cannot be compared: the best of each are equals there. And a row must not lose by a channel its collection does not
//! have: what it has counts for the whole.

use super::run::Scored;
use super::{CHANNELS, CONTEXT, Hit, TEXT, VECTOR};
use crate::collection::Collection;
use std::collections::HashMap;
use std::sync::Arc;

/// The constant of reciprocal rank fusion: how little the very first ranks differ.
const RRF_K: f64 = 60.0;

/// A row of a channel's list.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) id: i64,
    pub(super) collection: Arc<Collection>,
    /// The channel's own score.
    pub(super) score: f64,
    /// What rows are ordered by, the most first; equals share a rank.
    pub(super) key: f64,
}

/// A channel's list, best first.
pub(super) type Ranked = Vec<Found>;

/// One list of the lists of several collections.
pub(super) fn merge(channel: usize, lists: Vec<(Arc<Collection>, Scored)>) -> Ranked {
    let comparable = channel != TEXT || lists.iter().filter(|(_, list)| !list.is_empty()).count() < 2;
    let mut all = Vec::new();
    for (collection, list) in lists {
        let (mut place, mut previous) = (0.0, f64::NAN);
        for (nth, (id, score)) in (1_u32..).zip(list) {
            if score != previous {
                (place, previous) = (f64::from(nth), score);
            }
            let key = if comparable { score } else { -place };
            all.push(Found { id, collection: Arc::clone(&collection), score, key });
        }
    }
    all.sort_by(|a, b| b.key.total_cmp(&a.key).then(a.id.cmp(&b.id)));
    all
}

/// Joins the channels' lists into hits, best first.
///
/// Rows with equal scores share a rank. Ties of the fused score go to the lower id, so that the order is stable.
pub(super) fn fuse(channels: [Ranked; CHANNELS.len()], weights: [f64; CHANNELS.len()], by_scores: bool) -> Vec<Hit> {
    let mut hits: HashMap<i64, Hit> = HashMap::new();
    let used = std::array::from_fn(|nth| match channels.get(nth) {
        Some(list) if !list.is_empty() => weights.get(nth).copied().unwrap_or_default(),
        _ => 0.0,
    });
    for (nth, (list, weight)) in channels.into_iter().zip(weights).enumerate() {
        let best = list.first().map_or(0.0, |found| found.key);
        let worst = list.last().map_or(0.0, |found| found.key);
        let spread = (best - worst).max(f64::MIN_POSITIVE);
        let mut rank = 0;
        let mut previous = f64::NAN;
        for (place, Found { id, collection, score, key }) in (1..).zip(list) {
            if key != previous {
                rank = place;
                previous = key;
            }
            let hit = hits.entry(id).or_insert_with(|| Hit {
                id: id.unsigned_abs(),
                collection,
                score: 0.0,
                ranks: [0; CHANNELS.len()],
                scores: [f64::NAN; CHANNELS.len()],
            });
            // The worst of a list still counts for something: it was found.
            let normal = if best == worst { 1.0 } else { 0.1 + 0.9 * (key - worst) / spread };
            hit.score += weight * if by_scores { normal } else { 1.0 / (RRF_K + f64::from(rank)) };
            if let (Some(slot), Some(own)) = (hit.ranks.get_mut(nth), hit.scores.get_mut(nth)) {
                (*slot, *own) = (rank, score);
            }
        }
    }
    let mut hits: Vec<Hit> = hits.into_values().collect();
    hits.iter_mut().for_each(|hit| hit.score *= share(&hit.collection, used));
    hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
    hits
}

/// By how much the score of a collection's rows grows, for the channels it does not have.
fn share(collection: &Collection, used: [f64; CHANNELS.len()]) -> f64 {
    let has = |channel: usize| match channel {
        TEXT => !collection.searched.is_empty(),
        VECTOR => collection.embedded.is_some(),
        CONTEXT => collection.spec.sequence.is_some(),
        _ => true,
    };
    let all: f64 = used.iter().sum();
    let own: f64 = used.iter().enumerate().filter(|(channel, _)| has(*channel)).map(|(_, weight)| weight).sum();
    if own > 0.0 { all / own } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collection::CollectionSpec;
    use serde_json::json;

    fn list(ids: &[(i64, f64)]) -> Ranked {
        merge(0, vec![(collection(1, false), ids.to_vec())])
    }

    fn collection(number: i64, sequence: bool) -> Arc<Collection> {
        let mut spec =
            json!({"fields": {"a": {"type": "text", "search": true, "embed": true}, "n": {"type": "integer"}}});
        if sequence {
            spec["sequence"] = json!({"key": "a", "order": "n"});
        }
        let spec: CollectionSpec = serde_json::from_value(spec).unwrap();
        Arc::new(Collection::new(number, "l", &format!("c{number}"), spec))
    }

    #[test]
    fn a_row_of_a_small_collection_without_context_is_not_crowded_out() {
        let (turns, facts) = (collection(1, true), collection(2, false));
        // Turns score high, for their words are rare among many; the one fact has the words and the meaning.
        let text = merge(
            TEXT,
            vec![(Arc::clone(&turns), vec![(1, 9.0), (2, 8.0), (3, 7.0)]), (Arc::clone(&facts), vec![(9, 0.1)])],
        );
        let vector = merge(VECTOR, vec![(Arc::clone(&turns), vec![(3, 0.4), (2, 0.3)]), (facts, vec![(9, 0.7)])]);
        let context = merge(CONTEXT, vec![(turns, vec![(3, 0.9), (2, 0.8), (1, 0.7)])]);
        let hits = fuse([text, vector, context, vec![], vec![]], [1.0, 1.0, 0.4, 0.0, 0.0], false);
        assert_eq!(hits.first().map(|hit| (hit.id, hit.ranks)), Some((9, [1, 1, 0, 0, 0])));
    }

    #[test]
    fn a_row_found_twice_beats_rows_found_once() {
        let channels = [list(&[(1, 9.0), (2, 8.0)]), list(&[(3, 0.9), (2, 0.8)]), vec![], vec![], vec![]];
        for by_scores in [false, true] {
            let hits = fuse(channels.clone(), [1.0; 5], by_scores);
            if !by_scores {
                assert_eq!(hits.first().unwrap().id, 2);
                assert_eq!(hits.first().unwrap().ranks, [2, 2, 0, 0, 0]);
            }
            assert_eq!(hits.len(), 3);
        }
    }

    #[test]
    fn equal_scores_share_a_rank_and_order_is_stable() {
        let hits = fuse([list(&[(7, 1.0), (5, 1.0), (6, 0.5)]), vec![], vec![], vec![], vec![]], [1.0; 5], false);
        assert_eq!(hits.iter().map(|hit| (hit.id, hit.ranks[0])).collect::<Vec<_>>(), [(5, 1), (7, 1), (6, 3)]);
    }
}
