//! GraphRAG's order: what an entity says itself, how near it is to what was found, what its community is about.

use std::collections::BTreeMap;

/// The weights of the three parts; the requirements give 0.6, 0.2 and 0.2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Of the entity's own likeness to the question.
    pub similarity: f64,
    /// Of its nearness in the graph to what was found.
    pub nearness: f64,
    /// Of its community's likeness to the question.
    pub community: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self { similarity: 0.6, nearness: 0.2, community: 0.2 }
    }
}

/// An entity with the parts of its score, each 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// The entity.
    pub id: u64,
    /// The weighted sum over the sum of the weights.
    pub score: f64,
    /// Its own likeness.
    pub similarity: f64,
    /// 1 for what was found itself, `1 / (1 + steps)` for the rest.
    pub nearness: f64,
    /// Its community's likeness.
    pub community: f64,
}

/// Scores over the best of them, so that the best is 1.
#[must_use]
pub fn relative(scores: &BTreeMap<u64, f64>) -> BTreeMap<u64, f64> {
    let most = scores.values().copied().fold(0.0, f64::max);
    scores.iter().map(|(id, score)| (*id, if most > 0.0 { score / most } else { 0.0 })).collect()
}

/// Ranks all entities that were found or reached. `found`: likeness of an entity; `steps`: how many steps it is from what
/// was found; `communities`: likeness of its community. All likenesses relative to the best.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "steps are few")]
pub fn rank(
    found: &BTreeMap<u64, f64>,
    steps: &BTreeMap<u64, usize>,
    communities: &BTreeMap<u64, f64>,
    weights: Weights,
) -> Vec<Ranked> {
    let whole = (weights.similarity + weights.nearness + weights.community).max(f64::MIN_POSITIVE);
    let mut ids: Vec<u64> = found.keys().chain(steps.keys()).chain(communities.keys()).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    let mut ranked: Vec<Ranked> = ids
        .into_iter()
        .map(|id| {
            let similarity = found.get(&id).copied().unwrap_or(0.0);
            let nearness = steps.get(&id).map_or(0.0, |steps| 1.0 / (1.0 + *steps as f64));
            let community = communities.get(&id).copied().unwrap_or(0.0);
            let sum = weights.similarity * similarity + weights.nearness * nearness + weights.community * community;
            Ranked { id, score: sum / whole, similarity, nearness, community }
        })
        .collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
    ranked
}

/// Whether walking farther than `walked` steps can no longer change the first `first` of a ranking: all that is not reached yet
/// scores less than the last of them, whatever is found next.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "steps are few")]
pub fn settled(
    ranked: &[Ranked],
    steps: &BTreeMap<u64, usize>,
    communities: &BTreeMap<u64, f64>,
    weights: Weights,
    (first, walked): (usize, usize),
) -> bool {
    let whole = (weights.similarity + weights.nearness + weights.community).max(f64::MIN_POSITIVE);
    let unreached = communities.iter().filter(|(id, _)| !steps.contains_key(id));
    let lent = unreached.map(|(_, share)| *share).fold(0.0, f64::max);
    let most = (weights.nearness / (2.0 + walked as f64) + weights.community * lent) / whole;
    let last = first.checked_sub(1).and_then(|last| ranked.get(last));
    last.is_some_and(|last| last.score > most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ranking_is_settled_when_nothing_farther_can_enter_it() {
        let found = BTreeMap::from([(1, 1.0), (2, 0.5)]);
        let (steps, communities) = (BTreeMap::from([(1, 0), (2, 0), (3, 1)]), BTreeMap::from([(9, 1.0), (3, 1.0)]));
        let of = |communities: &BTreeMap<u64, f64>, first| {
            let ranked = rank(&found, &steps, communities, Weights::default());
            settled(&ranked, &steps, communities, Weights::default(), (first, 1))
        };
        // 9 may come to 0.2 / 3 + 0.2; the second has 0.5, the third 0.3, a fourth that is reached there is not.
        assert_eq!([1, 2, 3, 4].map(|first| of(&communities, first)), [true, true, true, false]);
        // The third has 0.1 only where no community lends to it.
        assert!(!of(&BTreeMap::from([(9, 1.0)]), 3) && of(&BTreeMap::new(), 3));
    }

    #[test]
    fn the_three_parts_weigh_as_they_should() {
        let found = relative(&BTreeMap::from([(1, 4.0), (2, 2.0)]));
        let steps = BTreeMap::from([(1, 0), (2, 0), (3, 1)]);
        let communities = BTreeMap::from([(3, 1.0), (2, 0.5)]);
        let ranked = rank(&found, &steps, &communities, Weights::default());
        let scores: Vec<(u64, f64)> =
            ranked.iter().map(|one| (one.id, (one.score * 1000.0).round() / 1000.0)).collect();
        assert_eq!(scores, [(1, 0.8), (2, 0.6), (3, 0.3)]);
    }

    #[test]
    fn nothing_found_ranks_nothing_and_does_not_divide_by_nothing() {
        assert!(rank(&BTreeMap::new(), &BTreeMap::new(), &BTreeMap::new(), Weights::default()).is_empty());
        assert_eq!(relative(&BTreeMap::from([(1, 0.0)])), BTreeMap::from([(1, 0.0)]));
        let none = Weights { similarity: 0.0, nearness: 0.0, community: 0.0 };
        assert!(rank(&BTreeMap::from([(1, 1.0)]), &BTreeMap::new(), &BTreeMap::new(), none)[0].score.is_finite());
    }
}
