//! The circuit breaker: a pure state machine that stops asking a provider which keeps failing.
//!
//! Closed lets all through. After N failures in a row it opens and refuses for a cool-down; then it is half open and
//! lets one probe through, whose outcome closes or re-opens it. Source: M. Nygard, "Release It!" (2007).

use std::time::{Duration, Instant};

/// Time is an argument, so every path can be tested without waiting.
#[derive(Debug)]
pub(super) struct Breaker {
    /// Failures in a row that open it; at least 1.
    limit: u32,
    cooldown: Duration,
    state: State,
}

#[derive(Debug)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
    },
    /// One probe is under way. If it never reports, another may start at `next_probe`.
    HalfOpen {
        next_probe: Instant,
    },
}

impl Breaker {
    pub(super) fn new(limit: u32, cooldown: Duration) -> Self {
        Self { limit: limit.max(1), cooldown, state: State::Closed { failures: 0 } }
    }

    /// May a request go out now? Each that may must be followed by `succeeded` or `failed`. If not: how long to wait.
    pub(super) fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        let opens = match self.state {
            State::Closed { .. } => return Ok(()),
            State::Open { until } => until,
            State::HalfOpen { next_probe } => next_probe,
        };
        if now < opens {
            return Err(opens - now);
        }
        self.state = State::HalfOpen { next_probe: now + self.cooldown };
        Ok(())
    }

    /// The provider answered.
    pub(super) fn succeeded(&mut self) {
        self.state = State::Closed { failures: 0 };
    }

    /// The provider did not answer, or not usably. True if this opened the breaker.
    pub(super) fn failed(&mut self, now: Instant) -> bool {
        let failures = match self.state {
            State::Closed { failures } => failures + 1,
            State::HalfOpen { .. } => self.limit,
            // a request sent before it opened: the cool-down is not prolonged
            State::Open { .. } => return false,
        };
        let open = failures >= self.limit;
        self.state = if open { State::Open { until: now + self.cooldown } } else { State::Closed { failures } };
        open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::new(2, 10 * SECOND);
        assert!(!breaker.failed(now));
        assert!(breaker.failed(now));
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row_only() {
        let now = Instant::now();
        let mut breaker = Breaker::new(2, SECOND);
        for _ in 0..3 {
            assert!(!breaker.failed(now));
            breaker.succeeded();
        }
        assert_eq!(breaker.admit(now), Ok(()));
    }

    #[test]
    fn open_it_refuses_and_says_for_how_long() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert_eq!(breaker.admit(now + 4 * SECOND), Err(6 * SECOND));
    }

    #[test]
    fn half_open_one_probe_decides() {
        let now = Instant::now();
        let later = now + 10 * SECOND;
        let mut breaker = opened(now);
        assert_eq!(breaker.admit(later), Ok(()));
        assert_eq!(breaker.admit(later), Err(10 * SECOND));
        breaker.succeeded();
        assert_eq!(breaker.admit(later), Ok(()));

        let mut breaker = opened(now);
        assert_eq!(breaker.admit(later), Ok(()));
        assert!(breaker.failed(later));
        assert_eq!(breaker.admit(later), Err(10 * SECOND));
    }

    #[test]
    fn a_lost_probe_does_not_block_for_ever() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert_eq!(breaker.admit(now + 10 * SECOND), Ok(()));
        assert_eq!(breaker.admit(now + 20 * SECOND), Ok(()));
    }

    #[test]
    fn a_late_failure_does_not_prolong_the_cool_down() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert!(!breaker.failed(now + 9 * SECOND));
        assert_eq!(breaker.admit(now + 10 * SECOND), Ok(()));
    }
}
