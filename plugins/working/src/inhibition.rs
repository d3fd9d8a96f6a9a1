//! Memories held back from attention: proactive, retroactive or selective, half as strong after each half-life.

/// Old learning holds back new, new holds back old, or the caller does.
pub const KINDS: [&str; 3] = ["proactive", "retroactive", "selective"];
/// A strength halves in this time (1800 s), in ms.
pub const HALF_LIFE_MS: f64 = 1_800_000.0;
/// From here on a memory is inhibited.
pub const INHIBITED: f64 = 0.3;
/// Below this a record is removed at the next write.
pub const PURGE: f64 = 0.01;

/// One record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hold {
    /// 0 to 1, at the start.
    pub strength: f64,
    /// When it started (ms UTC).
    pub at: u64,
    /// When it ends in any case (ms UTC).
    pub until: Option<u64>,
}

/// What is left of a record; 0 once its end has come.
#[must_use]
pub fn left(hold: Hold, now: u64) -> f64 {
    if hold.until.is_some_and(|until| until <= now) {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century are below 2^53")]
    let halvings = now.saturating_sub(hold.at) as f64 / HALF_LIFE_MS;
    hold.strength.clamp(0.0, 1.0) * 0.5_f64.powf(halvings)
}

/// The strength of all records on one memory: their sum, 1 at most.
#[must_use]
pub fn strength(holds: &[Hold], now: u64) -> f64 {
    holds.iter().map(|hold| left(*hold, now)).sum::<f64>().min(1.0)
}

/// When a record falls below [`PURGE`], or ends (ms UTC).
#[must_use]
pub fn gone_at(hold: Hold) -> u64 {
    let lasts = crate::decay::lasts_ms(hold.strength.clamp(0.0, 1.0), HALF_LIFE_MS, PURGE);
    let fades = hold.at.saturating_add(lasts);
    hold.until.map_or(fades, |until| until.min(fades))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Hold = Hold { strength: 0.6, at: 1000, until: None };

    #[test]
    fn halves_in_half_an_hour() {
        assert!((left(START, 1000) - 0.6).abs() < 1e-9);
        assert!((left(START, 1000 + 1_800_000) - 0.3).abs() < 1e-9);
        assert!(left(START, 1000 + 1_800_001) < INHIBITED);
    }

    #[test]
    fn records_add_up_to_one_at_most() {
        assert!((strength(&[START, Hold { strength: 0.1, ..START }], 1000) - 0.7).abs() < 1e-9);
        assert!((strength(&[START, START], 1000) - 1.0).abs() < 1e-9);
        assert!(strength(&[], 1000).abs() < 1e-9);
    }

    #[test]
    fn an_end_is_an_end() {
        let ending = Hold { until: Some(5000), ..START };
        assert!(left(ending, 4999) > 0.5 && left(ending, 5000).abs() < 1e-9);
        assert_eq!(gone_at(ending), 5000);
    }

    #[test]
    fn it_is_gone_below_a_hundredth() {
        let gone = gone_at(START);
        assert!(left(START, gone) <= PURGE + 1e-9 && left(START, gone - 1000) > PURGE);
    }
}
