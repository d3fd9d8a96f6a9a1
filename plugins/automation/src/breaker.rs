//! A circuit breaker over reported successes and failures.
//!
//! M. Nygard, "Release It!", 2007: closed, it lets calls through and counts failures in a row; at the threshold it opens and refuses;
//! after the time-out it is half open and lets one trial through, whose success closes it and whose failure opens it again.

use memstrata_sdk::row;
use memstrata_sdk::{Value, json};

/// The states, as they are stored.
pub const STATES: [&str; 3] = ["closed", "open", "half_open"];

/// One component's breaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    /// One of [`STATES`].
    pub state: &'static str,
    /// Failures since the last success.
    pub failures: u64,
    /// It opens at so many.
    pub threshold: u64,
    /// How long it stays open, in ms.
    pub timeout_ms: u64,
    /// When it opened.
    pub opened_at: Option<u64>,
    /// When the trial that is under way was let through.
    pub trial_at: Option<u64>,
}

/// What a breaker says to one who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Go on.
    Allowed,
    /// Go on: whether it closes hangs on this one.
    Trial,
    /// Not now; ask again after so many ms.
    Refused(u64),
}

impl Breaker {
    /// A closed one: 5 failures, 60 seconds are the defaults of the requirements.
    #[must_use]
    pub fn new(threshold: u64, timeout_ms: u64) -> Self {
        Self { state: "closed", failures: 0, threshold, timeout_ms, opened_at: None, trial_at: None }
    }

    /// Of a stored row.
    #[must_use]
    pub fn of(stored: &Value) -> Self {
        let state = STATES.into_iter().find(|state| *state == row::text(stored, "state")).unwrap_or("closed");
        Self {
            state,
            failures: row::int(stored, "failures").unwrap_or_default(),
            threshold: row::int(stored, "failure_threshold").unwrap_or(5),
            timeout_ms: row::int(stored, "timeout_ms").unwrap_or(60_000),
            opened_at: row::int(stored, "opened_at"),
            trial_at: row::int(stored, "trial_at"),
        }
    }

    /// The fields of the stored row.
    #[must_use]
    pub fn row(&self) -> Value {
        json!({
            "state": self.state, "failures": self.failures, "failure_threshold": self.threshold, "timeout_ms": self.timeout_ms,
            "opened_at": self.opened_at, "trial_at": self.trial_at,
        })
    }

    /// What it would say at `now`, changing nothing.
    #[must_use]
    pub fn would_allow(&self, now: u64) -> Answer {
        self.clone().allow(now)
    }

    /// What it says at `now`; a trial is noted.
    pub fn allow(&mut self, now: u64) -> Answer {
        let until = |since: Option<u64>| since.unwrap_or_default().saturating_add(self.timeout_ms);
        let free = match self.state {
            "open" => until(self.opened_at),
            // A trial nobody reported on is given up after the time-out.
            "half_open" => self.trial_at.map_or(0, |at| until(Some(at))),
            _ => return Answer::Allowed,
        };
        if now < free {
            return Answer::Refused(free - now);
        }
        self.state = "half_open";
        self.trial_at = Some(now);
        Answer::Trial
    }

    /// Takes a report in; whether the state changed. While it is open, late reports of calls let through before change nothing;
    /// after the time-out a report is that of a trial, also where nobody asked first.
    pub fn report(&mut self, ok: bool, now: u64) -> bool {
        let before = self.state;
        if self.state == "open" && !matches!(self.would_allow(now), Answer::Refused(_)) {
            self.state = "half_open";
        }
        match (self.state, ok) {
            ("open", _) => {}
            (_, true) => {
                self.state = "closed";
                self.failures = 0;
                (self.opened_at, self.trial_at) = (None, None);
            }
            (state, false) => {
                self.failures = self.failures.saturating_add(1);
                if state == "half_open" || self.failures >= self.threshold {
                    self.state = "open";
                    self.opened_at = Some(now);
                    self.trial_at = None;
                }
            }
        }
        self.state != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_opens_at_the_threshold_and_a_success_between_starts_again() {
        let mut breaker = Breaker::new(3, 60_000);
        for (ok, changed) in
            [(false, false), (false, false), (true, false), (false, false), (false, false), (false, true)]
        {
            assert_eq!(breaker.report(ok, 1_000), changed);
        }
        assert_eq!(breaker.state, "open");
        assert_eq!(breaker.allow(31_000), Answer::Refused(30_000));
    }

    #[test]
    fn one_trial_at_a_time_decides() {
        let mut breaker = Breaker::new(1, 60_000);
        breaker.report(false, 0);
        assert_eq!(breaker.would_allow(60_000), Answer::Trial);
        assert_eq!(breaker.state, "open");
        assert_eq!(breaker.allow(60_000), Answer::Trial);
        assert_eq!(breaker.allow(60_001), Answer::Refused(59_999));
        assert!(breaker.report(false, 61_000));
        assert_eq!(breaker.allow(61_000), Answer::Refused(60_000));
        assert_eq!(breaker.allow(121_000), Answer::Trial);
        assert!(breaker.report(true, 122_000));
        assert_eq!(breaker.allow(122_000), Answer::Allowed);
        assert_eq!(breaker.failures, 0);
    }

    #[test]
    fn a_trial_that_nobody_reports_on_is_given_up() {
        let mut breaker = Breaker::new(1, 1_000);
        breaker.report(false, 0);
        assert_eq!(breaker.allow(1_000), Answer::Trial);
        assert_eq!(breaker.allow(2_000), Answer::Trial);
    }

    #[test]
    fn one_who_only_reports_is_heard_after_the_time_out() {
        let mut breaker = Breaker::new(1, 1_000);
        breaker.report(false, 0);
        let mut again = breaker.clone();
        assert!(breaker.report(true, 1_000));
        assert_eq!((breaker.state, breaker.failures), ("closed", 0));
        // A failure opens it anew: the time-out begins again.
        again.report(false, 1_500);
        assert_eq!((again.state, again.allow(2_000)), ("open", Answer::Refused(500)));
    }

    #[test]
    fn late_reports_do_not_close_an_open_one() {
        let mut breaker = Breaker::new(1, 1_000);
        breaker.report(false, 0);
        assert!(!breaker.report(true, 10));
        assert!(!breaker.report(false, 900));
        assert_eq!(breaker.allow(950), Answer::Refused(50));
    }

    proptest! {
        #[test]
        fn it_never_refuses_for_longer_than_the_time_out(steps in prop::collection::vec((0u8..3, 0u64..2_000), 0..60)) {
            let mut breaker = Breaker::new(3, 1_000);
            let mut now = 0;
            for (what, later) in steps {
                now += later;
                match what {
                    0 => { breaker.report(true, now); }
                    1 => { breaker.report(false, now); }
                    _ => if let Answer::Refused(ms) = breaker.allow(now) {
                        prop_assert!(ms <= 1_000 && breaker.state != "closed");
                    },
                }
                prop_assert_eq!(Breaker::of(&breaker.row()), breaker.clone());
                prop_assert!(breaker.state != "closed" || breaker.failures < 3);
            }
        }
    }
}
