//! When a wished schedule is due: every hour, or once a day, UTC.

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    /// Never.
    Off,
    /// Every hour, at the minute of the time of day.
    Hourly,
    /// Every day, at the time of day.
    Daily,
}

impl Frequency {
    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "off" => Some(Self::Off),
            "hourly" => Some(Self::Hourly),
            "daily" => Some(Self::Daily),
            _ => None,
        }
    }
}

/// Reads `02:00`: ms since midnight.
#[must_use]
pub fn time_of_day(text: &str) -> Option<u64> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |part: &str, most: u64| {
        let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|value: &u64| digits && *value <= most)
    };
    Some(two(hours, 23)? * HOUR_MS + two(minutes, 59)? * MINUTE_MS)
}

/// The first due instant after `now` (ms UTC); `None` if it is off.
#[must_use]
pub fn next(frequency: Frequency, time_of_day: u64, now: u64) -> Option<u64> {
    let (every, offset) = match frequency {
        Frequency::Off => return None,
        Frequency::Hourly => (HOUR_MS, time_of_day % HOUR_MS),
        Frequency::Daily => (DAY_MS, time_of_day),
    };
    let last = now - now % every + offset;
    Some(if last > now { last } else { last + every })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T00:00:00Z.
    const MIDNIGHT: u64 = 1_795_219_200_000;

    #[test]
    fn times_of_day_are_exact() {
        assert_eq!((time_of_day("02:00"), time_of_day("23:59")), (Some(2 * HOUR_MS), Some(DAY_MS - MINUTE_MS)));
        for bad in ["24:00", "2:00", "02:60", "0200", "", "02:00:00", "+2:00", "ab:cd"] {
            assert_eq!(time_of_day(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_next_is_always_later() {
        assert_eq!(MIDNIGHT % DAY_MS, 0);
        let two = 2 * HOUR_MS;
        for (frequency, now, due) in [
            (Frequency::Daily, MIDNIGHT, MIDNIGHT + two),
            (Frequency::Daily, MIDNIGHT + two, MIDNIGHT + DAY_MS + two),
            (Frequency::Daily, MIDNIGHT + 3 * HOUR_MS, MIDNIGHT + DAY_MS + two),
            (Frequency::Hourly, MIDNIGHT + 1, MIDNIGHT + HOUR_MS),
            (Frequency::Hourly, MIDNIGHT, MIDNIGHT + HOUR_MS),
        ] {
            assert_eq!(next(frequency, two, now), Some(due), "{frequency:?} {now}");
        }
        assert_eq!(next(Frequency::Hourly, two + 30 * MINUTE_MS, MIDNIGHT), Some(MIDNIGHT + 30 * MINUTE_MS));
        assert_eq!(next(Frequency::Off, two, MIDNIGHT), None);
    }
}
