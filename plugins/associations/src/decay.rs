//! How a link's weight fades with time, and from when it may be pruned.
//!
//! Nothing is written when a weight fades: it is computed from the weight and the moment of its last change. As all
//! links fade at one rate, their order never changes by fading; [`rank`] is that order, and an index on it lists the
//! strongest at any time.

use crate::hebb::{LEAST, is_weak};

/// Milliseconds of a day.
pub const DAY_MS: u64 = 86_400_000;
/// What a day without use takes of a weight (requirements 1.11: decay .05; the day is our choice). The half-life that
/// follows is ln 0.5 / ln 0.95 = 13.5 days.
pub const LOSS_PER_DAY: f64 = 0.05;
/// Stands for a weight of 0, which has no logarithm.
const FLOOR: f64 = 1e-6;

#[expect(clippy::cast_precision_loss, reason = "times are below 2^53")]
fn days(ms: u64) -> f64 {
    ms as f64 / DAY_MS as f64
}

/// Natural logarithm of what a day leaves.
fn log_left() -> f64 {
    (1.0 - LOSS_PER_DAY).ln()
}

/// What is left of a weight after so many milliseconds without use.
#[must_use]
pub fn faded(weight: f64, elapsed_ms: u64) -> f64 {
    weight * (log_left() * days(elapsed_ms)).exp()
}

/// Orders links by their weight at any one time: of two links the one with the higher rank is the stronger, now and later.
#[must_use]
pub fn rank(weight: f64, at_ms: u64) -> f64 {
    weight.max(FLOOR).ln() - log_left() * days(at_ms)
}

/// When a link may be pruned (ms UTC).
///
/// At once if use has weakened it below [`LEAST`]; else when it has faded below it, and not before `least_age_ms`: a
/// young link has had no time to prove itself.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred days, not negative")]
pub fn prune_at(weight: f64, now: u64, created: u64, least_age_ms: u64, weakened: bool) -> u64 {
    if weakened && is_weak(weight) {
        return now;
    }
    let left = ((LEAST / weight.max(FLOOR)).ln() / log_left()).max(0.0);
    let fades = now.saturating_add((left * days_to_ms()).ceil() as u64);
    fades.max(created.saturating_add(least_age_ms))
}

#[expect(clippy::cast_precision_loss, reason = "a day is below 2^53 ms")]
const fn days_to_ms() -> f64 {
    DAY_MS as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hebb::{STRENGTHEN, WEAKEN, learn, step};

    const NOW: u64 = 1_790_000_000_000;
    const WEEK: u64 = 7 * DAY_MS;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} {b}");
    }

    #[test]
    fn a_day_takes_a_twentieth_and_half_is_left_after_the_half_life() {
        near(faded(0.8, 0), 0.8);
        near(faded(0.8, DAY_MS), 0.76);
        near(faded(0.8, 2 * DAY_MS), 0.722);
        let half = 1_167_540_000; // 13.513 days
        assert!((faded(0.8, half) - 0.4).abs() < 1e-4, "{}", faded(0.8, half));
    }

    #[test]
    fn an_hour_takes_an_hours_share() {
        let hourly = (0..24).fold(0.8, |weight, _| faded(weight, DAY_MS / 24));
        near(hourly, faded(0.8, DAY_MS));
    }

    #[test]
    fn rank_is_the_order_of_the_weights_at_any_time() {
        let links = [(0.9, NOW), (0.5, NOW + DAY_MS), (0.95, NOW - 3 * DAY_MS), (0.1, NOW + 20 * DAY_MS), (0.0, NOW)];
        for later in [20, 25, 400] {
            let at = NOW + later * DAY_MS;
            for a in links {
                for b in links {
                    let by_weight = faded(a.0, at - a.1) > faded(b.0, at - b.1) + 1e-9;
                    assert!(!by_weight || rank(a.0, a.1) > rank(b.0, b.1), "{a:?} {b:?}");
                }
            }
        }
        near(rank(faded(0.8, WEEK), NOW + WEEK), rank(0.8, NOW));
    }

    #[test]
    fn a_link_of_today_is_not_pruned_today() {
        let first = learn(0.0, 1.0, 1.0, 60_000);
        assert!(is_weak(first), "active a minute apart: {first}");
        for weight in [first, step(0.0, STRENGTHEN)] {
            assert_eq!(prune_at(weight, NOW, NOW, WEEK, false), NOW + WEEK);
        }
    }

    #[test]
    fn use_that_weakens_it_below_the_least_prunes_it_at_once() {
        let weak = step(0.1, WEAKEN);
        assert_eq!(prune_at(weak, NOW, NOW, WEEK, true), NOW);
        // Weakened, but still strong enough: only time prunes it.
        assert!(prune_at(step(0.2, WEAKEN), NOW, NOW, WEEK, true) >= NOW + WEEK);
        // Weak, then used again: the weakening is forgotten.
        assert_eq!(prune_at(weak, NOW, NOW, WEEK, false), NOW + WEEK);
    }

    #[test]
    fn an_old_link_is_pruned_when_it_has_faded() {
        let created = NOW - 100 * DAY_MS;
        let when = prune_at(0.8, NOW, created, WEEK, false);
        assert!(is_weak(faded(0.8, when - NOW + 60_000)) && !is_weak(faded(0.8, when - NOW - 60_000)));
        assert_eq!(prune_at(0.05, NOW, created, WEEK, false), NOW);
    }
}
