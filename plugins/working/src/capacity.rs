//! How many items a component holds, and what happens to one more.
//!
//! Seven, plus or minus two: G. A. Miller (1956). Four chunks, plus or minus one, in the episodic buffer: N. Cowan,
//! "The magical number 4 in short-term memory" (2001).

use crate::settings::Settings;

/// The limits of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From here on the weakest makes room.
    pub soft: usize,
    /// There is no room beyond.
    pub hard: usize,
}

/// The limits of a component. A soft limit above the hard one counts as the hard one.
#[must_use]
pub fn limits(settings: &Settings, component: &str) -> Limits {
    let (soft, hard) = if component == "episodic_buffer" {
        (settings.buffer_soft_limit, settings.buffer_hard_limit)
    } else {
        (settings.soft_limit, settings.hard_limit)
    };
    let whole = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX).max(1);
    Limits { soft: whole(soft).min(whole(hard)), hard: whole(hard) }
}

/// What happens to one more item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// There is room.
    Fits,
    /// There is room, and it is getting narrow: warn.
    Narrow,
    /// So many of the weakest must go to a long-term layer first.
    MakeRoom(usize),
    /// There is none.
    Full,
}

/// Decides on one more item where `held` are held. With `consolidate` the weakest make room from the soft limit on;
/// without, items are taken up to the hard limit and then refused.
#[must_use]
pub fn admit(limits: Limits, held: usize, consolidate: bool) -> Admission {
    if consolidate && held >= limits.soft {
        Admission::MakeRoom(held + 1 - limits.soft)
    } else if held >= limits.hard {
        Admission::Full
    } else if held + 1 >= limits.soft {
        Admission::Narrow
    } else {
        Admission::Fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffer_is_smaller() {
        let settings = Settings::default();
        assert_eq!(limits(&settings, "phonological_loop"), Limits { soft: 6, hard: 7 });
        assert_eq!(limits(&settings, "episodic_buffer"), Limits { soft: 4, hard: 5 });
        let odd = Settings { soft_limit: 9, hard_limit: 7, ..settings };
        assert_eq!(limits(&odd, "central_executive"), Limits { soft: 7, hard: 7 });
    }

    #[test]
    fn eight_items_consolidate_or_are_refused_at_seven() {
        let seven = Limits { soft: 6, hard: 7 };
        let refused: Vec<_> = (0..8).map(|held| admit(seven, held, false)).collect();
        use Admission::{Fits, Full, MakeRoom, Narrow};
        assert_eq!(refused, [Fits, Fits, Fits, Fits, Fits, Narrow, Narrow, Full]);
        let consolidated: Vec<_> = (4..9).map(|held| admit(seven, held, true)).collect();
        assert_eq!(consolidated, [Fits, Narrow, MakeRoom(1), MakeRoom(2), MakeRoom(3)]);
    }
}
