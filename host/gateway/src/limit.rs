//! Step 2 of 7 (rate limit): a token bucket for each principal and rule.

use indexmap::IndexMap;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const ANY: &str = "*";
const MINUTE: Duration = Duration::from_secs(60);

/// What a bucket holds, in calls.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    level: f64,
    at: Instant,
}

/// Limits calls: rule `n` lets a principal make `n` calls at once and `n` a minute on average.
///
/// An operation with a rule of its own has a bucket of its own; all others share the bucket of `*`, if there is one. The
/// clock is an argument. Principals and rules come from the configuration, so the map cannot grow without bound.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    rules: IndexMap<String, u32>,
    buckets: Mutex<HashMap<(String, String), Bucket>>,
}

impl Limiter {
    /// A limiter with calls a minute for each operation, or `*`.
    pub(crate) fn new(rules: IndexMap<String, u32>) -> Self {
        Self { rules, buckets: Mutex::default() }
    }

    /// Takes one call out of the bucket.
    ///
    /// # Errors
    /// The time after which one call will be there again.
    pub(crate) fn take(&self, principal: &str, operation: &str, now: Instant) -> Result<(), Duration> {
        let Some((rule, most)) = self.rules.get_key_value(operation).or_else(|| self.rules.get_key_value(ANY)) else {
            return Ok(());
        };
        let most = f64::from(*most);
        let per_second = most / MINUTE.as_secs_f64();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry((principal.to_owned(), rule.clone())).or_insert(Bucket { level: most, at: now });
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.level = (bucket.level + passed * per_second).min(most);
        bucket.at = now;
        if bucket.level >= 1.0 {
            bucket.level -= 1.0;
            return Ok(());
        }
        // A whole millisecond more, so that a caller who waits exactly that long is let in despite rounding.
        let wait = Duration::from_secs_f64((1.0 - bucket.level) / per_second);
        Err(Duration::from_millis(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(rules: &[(&str, u32)]) -> Limiter {
        Limiter::new(rules.iter().map(|(name, most)| ((*name).to_owned(), *most)).collect())
    }

    #[test]
    fn without_rules_nothing_is_limited() {
        let limiter = limiter(&[]);
        let now = Instant::now();
        for _ in 0..10_000 {
            assert!(limiter.take("a", "x.y", now).is_ok());
        }
    }

    #[test]
    fn a_burst_is_let_in_then_calls_come_back_with_time() {
        let limiter = limiter(&[("*", 6)]);
        let start = Instant::now();
        for _ in 0..6 {
            assert!(limiter.take("a", "x.y", start).is_ok());
        }
        let wait = limiter.take("a", "x.y", start).unwrap_err();
        assert!(wait >= Duration::from_secs(10) && wait < Duration::from_millis(10_010), "{wait:?}");
        assert!(limiter.take("a", "x.y", start + Duration::from_secs(9)).is_err());
        assert!(limiter.take("a", "x.y", start + wait).is_ok());
        assert!(limiter.take("a", "x.y", start + wait).is_err());
    }

    #[test]
    fn principals_and_own_rules_have_own_buckets() {
        let limiter = limiter(&[("*", 1), ("x.y", 1)]);
        let now = Instant::now();
        assert!(limiter.take("a", "x.y", now).is_ok());
        assert!(limiter.take("a", "x.z", now).is_ok());
        assert!(limiter.take("b", "x.y", now).is_ok());
        assert!(limiter.take("a", "x.y", now).is_err());
        assert!(limiter.take("a", "x.w", now).is_err(), "shares the bucket of *");
    }

    #[test]
    fn a_long_pause_never_fills_beyond_the_rule() {
        let limiter = limiter(&[("*", 2)]);
        let start = Instant::now();
        let late = start + Duration::from_secs(3600);
        assert!(limiter.take("a", "x", start).is_ok());
        assert!(limiter.take("a", "x", late).is_ok());
        assert!(limiter.take("a", "x", late).is_ok());
        assert!(limiter.take("a", "x", late).is_err());
    }
}
