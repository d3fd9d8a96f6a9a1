//! When a time trigger is due: once, each day, or each week, on the clock of its offset from UTC.

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// A time of day, in minutes from midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    /// Once, at this instant (ms UTC).
    Once(u64),
    /// Each day at this minute of the day.
    Daily {
        /// Minutes from midnight.
        minute: u32,
    },
    /// Each week at this minute of a weekday.
    Weekly {
        /// 0 is Monday.
        weekday: u32,
        /// Minutes from midnight.
        minute: u32,
    },
}

/// The first occasion after an instant (ms UTC). `offset` is the clock's minutes east of UTC.
/// One that is due once is due at its instant, whether or not that has passed.
#[must_use]
pub fn next(rhythm: Rhythm, after: u64, offset: i64) -> u64 {
    let (step, minute, weekday) = match rhythm {
        Rhythm::Once(at) => return at,
        Rhythm::Daily { minute } => (1, minute, None),
        Rhythm::Weekly { weekday, minute } => (7, minute, Some(weekday)),
    };
    let shift = offset * 60_000;
    let local = i64::try_from(after).unwrap_or(i64::MAX / 2) + shift;
    let mut day = local.div_euclid(DAY);
    if let Some(weekday) = weekday {
        // Day 0, 1970-01-01, was a Thursday.
        day += (i64::from(weekday) - (day + 3)).rem_euclid(7);
    }
    let mut at = day * DAY + i64::from(minute) * 60_000;
    if at <= local {
        at += step * DAY;
    }
    u64::try_from(at - shift).unwrap_or_default()
}

/// How many occasions lie in `(after, now]`: those that one firing stands for.
#[must_use]
pub fn missed(rhythm: Rhythm, after: u64, now: u64) -> u64 {
    let every = match rhythm {
        Rhythm::Once(_) => return 0,
        Rhythm::Daily { .. } => DAY.unsigned_abs(),
        Rhythm::Weekly { .. } => 7 * DAY.unsigned_abs(),
    };
    now.saturating_sub(after) / every
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::when::parse;
    use proptest::prelude::*;

    fn at(text: &str) -> u64 {
        parse(text).unwrap()
    }

    #[test]
    fn daily_is_today_or_tomorrow() {
        let nine = Rhythm::Daily { minute: 540 };
        assert_eq!(next(nine, at("2026-11-21T08:59"), 0), at("2026-11-21T09:00"));
        assert_eq!(next(nine, at("2026-11-21T09:00"), 0), at("2026-11-22T09:00"));
        // 09:00 in Delhi is 03:30 UTC.
        assert_eq!(next(nine, at("2026-11-21T03:00"), 330), at("2026-11-21T03:30"));
        assert_eq!(next(nine, at("2026-11-21T20:00"), -600), at("2026-11-22T19:00"));
    }

    #[test]
    fn weekly_is_on_its_weekday() {
        // 2026-11-21 is a Saturday.
        let monday = Rhythm::Weekly { weekday: 0, minute: 600 };
        assert_eq!(next(monday, at("2026-11-21"), 0), at("2026-11-23T10:00"));
        assert_eq!(next(monday, at("2026-11-23T10:00"), 0), at("2026-11-30T10:00"));
        let saturday = Rhythm::Weekly { weekday: 5, minute: 0 };
        assert_eq!(next(saturday, at("2026-11-21") - 1, 0), at("2026-11-21"));
    }

    #[test]
    fn one_firing_stands_for_what_was_missed() {
        let daily = Rhythm::Daily { minute: 540 };
        assert_eq!(missed(daily, at("2026-11-21T09:00"), at("2026-11-21T09:01")), 0);
        assert_eq!(missed(daily, at("2026-11-21T09:00"), at("2026-11-24T10:00")), 3);
        assert_eq!(missed(Rhythm::Once(5), 5, 500), 0);
    }

    proptest! {
        #[test]
        fn the_next_occasion_is_later_and_within_its_rhythm(
            after in 0u64..4_000_000_000_000, minute in 0u32..1440, weekday in 0u32..7, offset in -840i64..=840,
        ) {
            for (rhythm, most) in [(Rhythm::Daily { minute }, 1), (Rhythm::Weekly { weekday, minute }, 7)] {
                let found = next(rhythm, after, offset);
                // Before 1970 there is no time.
                prop_assume!(after > 14 * 86_400_000);
                prop_assert!(found > after && found <= after + most * 86_400_000, "{rhythm:?}");
                let local = found as i64 + offset * 60_000;
                prop_assert_eq!(local.rem_euclid(DAY), i64::from(minute) * 60_000);
            }
        }
    }
}
