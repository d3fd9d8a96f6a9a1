//! The arithmetic of learning, spreading and priming (requirements 1.11).

/// Learning rate.
pub const ETA: f64 = 0.1;
/// A weaker link is pruned, a weaker activation does not spread.
pub const LEAST: f64 = 0.1;
/// What a hop leaves of an activation, before the link's weight.
pub const HOP: f64 = 0.7;
/// Hops an activation spreads.
pub const HOPS: u32 = 3;
/// What strengthening adds to a weight.
pub const STRENGTHEN: f64 = 0.1;
/// What weakening takes of it.
pub const WEAKEN: f64 = -0.05;
/// Sums of tenths miss by less than this.
const SLACK: f64 = 1e-9;
/// How long a memory stays primed, in ms.
pub const PRIMED_MS: u64 = 60 * 60_000;

/// The weight after two memories were active `gap_ms` apart: `w + eta a b (1 - w) t`, where `t` falls from 1 to 0.5 in
/// 60 s and stays there (Hebb 1949, with an upper bound as in Oja 1982; the numbers are the requirements').
#[must_use]
pub fn learn(weight: f64, first: f64, second: f64, gap_ms: u32) -> f64 {
    let temporal = (1.0 - 0.5 * f64::from(gap_ms) / 60_000.0).max(0.5);
    ETA.mul_add(first * second * (1.0 - weight) * temporal, weight)
}

/// The weight plus a step, within 0 and 1.
#[must_use]
pub fn step(weight: f64, by: f64) -> f64 {
    (weight + by).clamp(0.0, 1.0)
}

/// Whether a link is below what is kept.
#[must_use]
pub fn is_weak(weight: f64) -> bool {
    weight < LEAST - SLACK
}

/// The activation that arrives over a link; none if it is below [`LEAST`].
#[must_use]
pub fn arriving(activation: f64, weight: f64) -> Option<f64> {
    Some(activation * weight * HOP).filter(|arrived| !is_weak(*arrived))
}

/// The weight a link needs to pass an activation on.
#[must_use]
pub fn needed(activation: f64) -> f64 {
    (LEAST - SLACK) / (activation.max(SLACK) * HOP)
}

/// The factor of a memory primed so long ago: 2 below 5 minutes, 1.5 below 30, 1.2 below 60, then 1.
#[must_use]
pub const fn boost(age_ms: u64) -> f64 {
    match age_ms / 60_000 {
        0..5 => 2.0,
        5..30 => 1.5,
        30..60 => 1.2,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} {b}");
    }

    #[test]
    fn learning_slows_near_one_and_with_the_gap() {
        near(learn(0.0, 1.0, 1.0, 0), 0.1);
        near(learn(0.5, 1.0, 0.5, 30_000), 0.518_75);
        near(learn(0.0, 1.0, 1.0, 600_000), 0.05);
        near(learn(1.0, 1.0, 1.0, 0), 1.0);
    }

    #[test]
    fn steps_stay_within_bounds() {
        near(step(0.95, STRENGTHEN), 1.0);
        near(step(0.02, WEAKEN), 0.0);
    }

    #[test]
    fn a_sum_of_tenths_is_not_weak_by_its_last_digit() {
        let back = step(step(step(0.1, STRENGTHEN), WEAKEN), WEAKEN);
        assert!(!is_weak(back), "{back}");
        assert!(is_weak(step(back, WEAKEN)));
    }

    #[test]
    fn activation_fades_with_hop_and_weight() {
        assert_eq!(arriving(0.2, 0.5), None);
        near(arriving(1.0, 0.5).unwrap_or_default(), 0.35);
        for active in [1.0, 0.7, 0.2] {
            assert!(arriving(active, needed(active) + 1e-6).is_some());
            assert!(arriving(active, needed(active) - 1e-6).is_none());
        }
    }

    #[test]
    fn priming_fades_in_steps() {
        let found = [0, 299_999, 300_000, 1_800_000, PRIMED_MS - 1, PRIMED_MS].map(boost);
        for (a, b) in found.into_iter().zip([2.0, 2.0, 1.5, 1.2, 1.2, 1.0]) {
            near(a, b);
        }
    }
}
