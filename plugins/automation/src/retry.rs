//! Retries: how long to wait before each, growing by a factor (exponential backoff).

/// No wait is longer, in seconds.
pub const LONGEST: f64 = 3_600.0;

/// When to try again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// Retries after the first try.
    pub max_retries: u32,
    /// Seconds before the first retry.
    pub backoff_seconds: f64,
    /// What each wait is multiplied by for the next.
    pub multiplier: f64,
}

impl Default for Policy {
    /// 3 retries after 1, 2 and 4 seconds (requirements 1.11).
    fn default() -> Self {
        Self { max_retries: 3, backoff_seconds: 1.0, multiplier: 2.0 }
    }
}

impl Policy {
    /// Seconds to wait before retry `nth`, from 1; none if there is no such retry.
    #[must_use]
    pub fn wait(&self, nth: u32) -> Option<f64> {
        if nth == 0 || nth > self.max_retries {
            return None;
        }
        let exponent = i32::try_from(nth - 1).unwrap_or(i32::MAX);
        Some((self.backoff_seconds * self.multiplier.powi(exponent)).min(LONGEST))
    }

    /// All waits in order.
    #[must_use]
    pub fn waits(&self) -> Vec<f64> {
        (1..=self.max_retries).filter_map(|nth| self.wait(nth)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        assert_eq!(Policy::default().waits(), [1.0, 2.0, 4.0]);
        assert_eq!(Policy::default().wait(4), None);
        assert_eq!(Policy::default().wait(0), None);
        let steep = Policy { max_retries: 20, backoff_seconds: 10.0, multiplier: 10.0 };
        assert_eq!(steep.wait(20), Some(LONGEST));
        assert_eq!(Policy { max_retries: 0, ..steep }.waits(), Vec::<f64>::new());
    }
}
