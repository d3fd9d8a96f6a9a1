//! Rate limits of hooks: a sliding window over the log of firings, exact, with no state beside the log.

/// What a limit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may fire.
    Allowed,
    /// It may fire again after so many ms.
    Limited(u64),
}

/// How many firings must leave the window before there is room for one more; 0 if there is room. A `limit` of 0 is none.
#[must_use]
pub fn surplus(limit: u64, count: u64) -> u64 {
    if limit == 0 { 0 } else { (count + 1).saturating_sub(limit) }
}

/// Decides at `now` (ms) for a hook that fired `count` times within the last `window_ms`. `leaves`: when that one fired with
/// whose leaving the window there is room again.
#[must_use]
pub fn decide(limit: u64, window_ms: u64, count: u64, leaves: Option<u64>, now: u64) -> Verdict {
    if surplus(limit, count) == 0 {
        return Verdict::Allowed;
    }
    let free = leaves.unwrap_or(now).saturating_add(window_ms);
    Verdict::Limited(free.saturating_sub(now).max(1))
}

/// The first instant (ms) that counts: firings after it are in the window.
#[must_use]
pub fn since(window_ms: u64, now: u64) -> u64 {
    now.saturating_sub(window_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_slides() {
        for (limit, count, leaves, expected) in [
            (2, 0, None, Verdict::Allowed),
            (2, 1, Some(900), Verdict::Allowed),
            (2, 2, Some(900), Verdict::Limited(500)),
            (2, 2, Some(400), Verdict::Limited(1)),
            (0, 99, Some(900), Verdict::Allowed),
        ] {
            assert_eq!(decide(limit, 600, count, leaves, 1_000), expected, "{limit} {count} {leaves:?}");
        }
        // A limit that was lowered waits until enough have left, not only the oldest.
        for (limit, count, more) in [(3, 2, 0), (3, 3, 1), (3, 5, 3), (1, 0, 0), (0, 9, 0)] {
            assert_eq!(surplus(limit, count), more, "{limit} {count}");
        }
        assert_eq!(since(600, 1_000), 400);
        assert_eq!(since(600, 100), 0);
    }
}
