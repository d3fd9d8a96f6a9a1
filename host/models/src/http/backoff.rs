//! How long to wait before trying again: exponential with jitter, or what the provider asks for.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const MOST: Duration = Duration::from_secs(10);
/// A provider that asks for more is believed to be confused.
const MOST_ASKED: u64 = 24 * 3600;

/// The wait after try number `attempt` (from 0): 200 ms doubled each time, at most 10 s, of which `jitter` in `0..1`
/// takes off up to half, so that callers who failed together do not come back together.
pub(super) fn backoff(attempt: u32, jitter: f64) -> Duration {
    let full = FIRST.saturating_mul(2_u32.saturating_pow(attempt)).min(MOST);
    full.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0)
}

/// A number in `0..1`, unlike the last; not for secrets.
pub(super) fn jitter() -> f64 {
    let bits = RandomState::new().build_hasher().finish();
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// A `Retry-After` header in seconds. The date form is not read: back-off applies then.
pub(super) fn retry_after(header: &str) -> Option<Duration> {
    let seconds: u64 = header.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(MOST_ASKED)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        let waits: Vec<u128> = (0..8).map(|attempt| backoff(attempt, 0.0).as_millis()).collect();
        assert_eq!(waits, [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
        assert_eq!(backoff(u32::MAX, 0.0), MOST);
        assert_eq!(backoff(0, 1.0).as_millis(), 100);
    }

    #[test]
    fn jitter_stays_in_range_and_varies() {
        let drawn: Vec<f64> = (0..100).map(|_| jitter()).collect();
        assert!(drawn.iter().all(|x| (0.0..1.0).contains(x)));
        assert!(drawn.windows(2).any(|pair| pair.first() != pair.last()));
    }

    #[test]
    fn only_seconds_are_read() {
        assert_eq!(retry_after(" 3 "), Some(Duration::from_secs(3)));
        assert_eq!(retry_after("99999999999"), Some(Duration::from_secs(MOST_ASKED)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), None);
        assert_eq!(retry_after("-1"), None);
    }
}
