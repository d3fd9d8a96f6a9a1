//! The layer's formulas: similarity, composite rank, usefulness and the prune rule.
//!
//! They come from Athena's semantic layer (requirements 1.5). What it left open is settled at each function.

use crate::settings::Settings;

/// One day in ms.
pub const DAY_MS: f64 = 86_400_000.0;

/// Athena's similarity: `1 - cosine_distance / 2`, with distance `1 - cosine`. It maps cosine -1..1 to 0..1, so
/// unrelated texts (cosine near 0) score about 0.5, not 0.
#[must_use]
pub fn similarity(cosine: f64) -> f64 {
    (1.0 - (1.0 - cosine) / 2.0).clamp(0.0, 1.0)
}

/// Age in days, 0 for what lies in the future.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit 2^53")]
pub fn age_days(now: u64, then: u64) -> f64 {
    now.saturating_sub(then) as f64 / DAY_MS
}

/// 1 now, falling linearly to 0 at `days`.
#[must_use]
pub fn recency(age_days: f64, days: f64) -> f64 {
    if days <= 0.0 { 0.0 } else { (1.0 - age_days / days).clamp(0.0, 1.0) }
}

/// Composite rank: `0.7 similarity + 0.1 recency + 0.2 usefulness` by default.
#[must_use]
pub fn composite(settings: &Settings, similarity: f64, age_days: f64, usefulness: f64) -> f64 {
    settings.weight_similarity * similarity
        + settings.weight_recency * recency(age_days, settings.recency_days)
        + settings.weight_usefulness * usefulness.clamp(0.0, 1.0)
}

/// How much a type is worth keeping: decision 1.0, pattern 0.9, fact 0.7, context 0.5. The aliases count as the
/// nearest of these: procedural as pattern, semantic as fact, episodic as context.
#[must_use]
pub fn type_weight(memory_type: &str) -> f64 {
    match memory_type {
        "decision" => 1.0,
        "pattern" | "procedural" => 0.9,
        "context" | "episodic" => 0.5,
        _ => 0.7,
    }
}

/// What usefulness is computed from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Use {
    /// Times it was retrieved.
    pub accesses: u64,
    /// Days since it was created.
    pub age_days: f64,
    /// Days since it was last retrieved or created.
    pub idle_days: f64,
    /// Times a caller said it helped.
    pub helpful: u64,
    /// Times a caller said it did not.
    pub unhelpful: u64,
}

/// `0.4 accesses per day + 0.3 recency + 0.3 type weight`, within 0 to 1.
///
/// Accesses per day are capped at 1 and the first day counts whole; recency is that of the last access. Feedback moves
/// the result by up to 0.3 either way (ours: Athena has none): `0.3 (helpful - unhelpful) / (helpful + unhelpful + 1)`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub fn usefulness(settings: &Settings, memory_type: &str, used: Use) -> f64 {
    let per_day = (used.accesses as f64 / used.age_days.max(1.0)).min(1.0);
    let (helpful, unhelpful) = (used.helpful as f64, used.unhelpful as f64);
    let feedback = 0.3 * (helpful - unhelpful) / (helpful + unhelpful + 1.0);
    let score = 0.4 * per_day
        + 0.3 * recency(used.idle_days, settings.recency_days)
        + 0.3 * type_weight(memory_type)
        + feedback;
    round(score.clamp(0.0, 1.0))
}

/// The score a memory starts with: the formula on its first day.
#[must_use]
pub fn first_usefulness(memory_type: &str) -> f64 {
    usefulness(&Settings::default(), memory_type, Use::default())
}

/// Whether `optimize` prunes: usefulness below 0.2 and 90 days without access. By the formula alone only context ages
/// below 0.2 (0.15); the other types get there by negative feedback.
#[must_use]
pub fn prunes(settings: &Settings, usefulness: f64, idle_days: f64) -> bool {
    usefulness < settings.prune_below && idle_days >= settings.prune_idle_days
}

/// Three decimals: what an answer shows.
#[must_use]
pub fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn similarity_maps_cosine_to_zero_one() {
        assert!(near(similarity(1.0), 1.0) && near(similarity(0.0), 0.5) && near(similarity(-1.0), 0.0));
    }

    #[test]
    fn composite_weighs_seven_one_two() {
        let settings = Settings::default();
        assert!(near(composite(&settings, 1.0, 0.0, 1.0), 1.0));
        assert!(near(composite(&settings, 0.8, 45.0, 0.5), 0.56 + 0.05 + 0.1));
        assert!(near(composite(&settings, 0.0, 90.0, 0.0), 0.0));
    }

    #[test]
    fn usefulness_by_the_formula() {
        let settings = Settings::default();
        let with = |memory_type, accesses, age_days, idle_days| {
            usefulness(&settings, memory_type, Use { accesses, age_days, idle_days, ..Use::default() })
        };
        assert!(near(with("decision", 0, 0.0, 0.0), 0.6));
        assert!(near(with("fact", 5, 10.0, 45.0), 0.2 + 0.15 + 0.21));
        assert!(near(with("context", 0, 200.0, 200.0), 0.15));
        assert!(near(with("decision", 900, 1.0, 0.0), 1.0));
        assert!(near(first_usefulness("fact"), 0.51));
    }

    #[test]
    fn feedback_moves_the_score_both_ways() {
        let settings = Settings::default();
        let with = |helpful, unhelpful| usefulness(&settings, "fact", Use { helpful, unhelpful, ..Use::default() });
        assert!(near(with(1, 0), 0.66) && near(with(0, 1), 0.36) && near(with(3, 3), 0.51));
    }

    #[test]
    fn prunes_only_the_useless_and_idle() {
        let settings = Settings::default();
        for (usefulness, idle, pruned) in [(0.19, 90.0, true), (0.2, 90.0, false), (0.1, 89.9, false)] {
            assert_eq!(prunes(&settings, usefulness, idle), pruned);
        }
    }

    proptest! {
        #[test]
        fn scores_stay_in_range(accesses in 0u64..1_000_000, age in 0.0f64..1e5, idle in 0.0f64..1e5,
                                helpful in 0u64..1000, unhelpful in 0u64..1000) {
            let used = Use { accesses, age_days: age, idle_days: idle, helpful, unhelpful };
            let score = usefulness(&Settings::default(), "pattern", used);
            prop_assert!((0.0..=1.0).contains(&score));
        }
    }
}
