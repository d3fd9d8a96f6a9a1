//! Fusing ranked lists: reciprocal rank fusion (Cormack, Clarke, Buettcher, SIGIR 2009), or normalised scores.

use super::{CHANNELS, Hit};
use crate::collection::Collection;
use std::collections::HashMap;
use std::sync::Arc;

/// The constant of reciprocal rank fusion: how little the very first ranks differ.
const RRF_K: f64 = 60.0;

/// A channel's list: rows with their scores, best first.
pub(super) type Ranked = Vec<(i64, Arc<Collection>, f64)>;

/// Joins the channels' lists into hits, best first.
///
/// Rows with equal scores share a rank. Ties of the fused score go to the lower id, so that the order is stable.
pub(super) fn fuse(channels: [Ranked; CHANNELS.len()], weights: [f64; CHANNELS.len()], by_scores: bool) -> Vec<Hit> {
    let mut hits: HashMap<i64, Hit> = HashMap::new();
    for (nth, (list, weight)) in channels.into_iter().zip(weights).enumerate() {
        let best = list.first().map_or(0.0, |(_, _, score)| *score);
        let worst = list.last().map_or(0.0, |(_, _, score)| *score);
        let spread = (best - worst).max(f64::MIN_POSITIVE);
        let mut rank = 0;
        let mut previous = f64::NAN;
        for (place, (id, collection, score)) in (1..).zip(list) {
            if score != previous {
                rank = place;
                previous = score;
            }
            let hit = hits.entry(id).or_insert_with(|| Hit {
                id: id.unsigned_abs(),
                collection,
                score: 0.0,
                ranks: [0; CHANNELS.len()],
                scores: [f64::NAN; CHANNELS.len()],
            });
            // The worst of a list still counts for something: it was found.
            let normal = if best == worst { 1.0 } else { 0.1 + 0.9 * (score - worst) / spread };
            hit.score += weight * if by_scores { normal } else { 1.0 / (RRF_K + f64::from(rank)) };
            if let (Some(slot), Some(own)) = (hit.ranks.get_mut(nth), hit.scores.get_mut(nth)) {
                (*slot, *own) = (rank, score);
            }
        }
    }
    let mut hits: Vec<Hit> = hits.into_values().collect();
    hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
    hits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collection::CollectionSpec;

    fn list(ids: &[(i64, f64)]) -> Ranked {
        let spec: CollectionSpec = serde_json::from_str(r#"{"fields":{"a":{"type":"text"}}}"#).unwrap();
        let collection = Arc::new(Collection::new(1, "l", "c", spec));
        ids.iter().map(|(id, score)| (*id, Arc::clone(&collection), *score)).collect()
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
