//! How an item fades: A(t) = A0 · e^(−λt) with λ = ln 2 / half-life, computed when it is read, never by a timer.
//!
//! Athena states half-lives by type but its code used a rate of 0.1 / 30 s (a half-life of 208 s) in one class and
//! e^(−age / half-life) in another. Here a half-life is what the word says: after it, half is left. Its importance
//! multipliers are documented there as "decays 1.5× faster" and "slower", so they multiply the rate, not the half-life.

use crate::settings::Settings;

/// Below this an item is gone: reads do not show it, the next write in its session removes it.
pub const GONE: f64 = 0.05;
/// Above this an item is active; between [`GONE`] and this it is faint.
pub const ACTIVE: f64 = 0.1;
/// What an item starts with, and what rehearsal brings it back to.
pub const FULL: f64 = 1.0;

/// The half-life (ms) of an item of a type, before its importance counts.
#[must_use]
pub fn base_half_life_ms(settings: &Settings, content_type: &str) -> f64 {
    1000.0
        * match content_type {
            "verbal" => settings.half_life_verbal_s,
            "spatial" => settings.half_life_spatial_s,
            "action" => settings.half_life_action_s,
            "decision" => settings.half_life_decision_s,
            _ => settings.half_life_other_s,
        }
}

/// What importance (0 to 1) multiplies the rate of fading by.
///
/// `steps`: 1.5 below .33, 1 below .67, 0.7 from there. `linear`: 1 − 0.5 · importance, Athena's other formula.
#[must_use]
pub fn rate_factor(rule: &str, importance: f64) -> f64 {
    let importance = importance.clamp(0.0, 1.0);
    match rule {
        "linear" => 1.0 - 0.5 * importance,
        _ if importance < 0.33 => 1.5,
        _ if importance < 0.67 => 1.0,
        _ => 0.7,
    }
}

/// The half-life (ms) of an item: its type's, divided by what importance multiplies the rate by.
#[must_use]
pub fn half_life_ms(settings: &Settings, content_type: &str, importance: f64) -> f64 {
    (base_half_life_ms(settings, content_type) / rate_factor(&settings.importance_rule, importance)).max(1.0)
}

/// What is left of an activation after some time (both times ms).
#[must_use]
pub fn activation(start: f64, half_life_ms: f64, elapsed_ms: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century are below 2^53")]
    let elapsed = elapsed_ms as f64;
    let rate = std::f64::consts::LN_2 / half_life_ms.max(1.0);
    (start * (-rate * elapsed).exp()).clamp(0.0, 1.0)
}

/// How long (ms) until an activation has fallen below a threshold; 0 if it is there already.
#[must_use]
pub fn lasts_ms(start: f64, half_life_ms: f64, threshold: f64) -> u64 {
    if start <= threshold {
        return 0;
    }
    let time = half_life_ms.max(1.0) * (start / threshold).log2();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and casts saturate")]
    let time = time.ceil() as u64;
    time
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn after_a_half_life_half_is_left() {
        let settings = Settings::default();
        for (kind, seconds) in [("verbal", 30), ("spatial", 45), ("action", 20), ("decision", 60)] {
            let half_life = half_life_ms(&settings, kind, 0.5);
            assert!(near(activation(1.0, half_life, seconds * 1000), 0.5), "{kind}");
            assert!(near(activation(1.0, half_life, seconds * 2000), 0.25), "{kind}");
        }
    }

    #[test]
    fn importance_slows_fading_and_never_hastens_it() {
        let settings = Settings::default();
        for (importance, factor) in [(0.0, 1.5), (0.32, 1.5), (0.33, 1.0), (0.66, 1.0), (0.67, 0.7), (1.0, 0.7)] {
            assert!(near(rate_factor("steps", importance), factor), "{importance}");
            assert!(near(half_life_ms(&settings, "verbal", importance), 30_000.0 / factor), "{importance}");
        }
        assert!(near(rate_factor("linear", 0.0), 1.0) && near(rate_factor("linear", 1.0), 0.5));
    }

    #[test]
    fn an_item_lasts_until_its_threshold() {
        // log2(1 / 0.05) = 4.32 half-lives of 30 s.
        assert_eq!(lasts_ms(FULL, 30_000.0, GONE), 129_658);
        assert_eq!(lasts_ms(0.04, 30_000.0, GONE), 0);
        let lasts = lasts_ms(0.8, 20_000.0, GONE);
        assert!(activation(0.8, 20_000.0, lasts) <= GONE && activation(0.8, 20_000.0, lasts - 1) > GONE - 1e-6);
    }

    proptest! {
        #[test]
        fn it_only_falls(start in 0.0..1.0_f64, half_life in 1.0..1e9_f64, a in 0_u64..1 << 40, more in 0_u64..1 << 40) {
            let earlier = activation(start, half_life, a);
            let later = activation(start, half_life, a + more);
            prop_assert!(later <= earlier && (0.0..=1.0).contains(&later));
        }

        #[test]
        fn more_important_fades_no_faster(low in 0.0..1.0_f64, more in 0.0..1.0_f64) {
            for rule in ["steps", "linear"] {
                prop_assert!(rate_factor(rule, low + more) <= rate_factor(rule, low));
            }
        }
    }
}
