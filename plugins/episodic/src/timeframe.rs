//! Named windows of time and the buckets of a timeline, all in UTC with weeks that start on Monday.

use crate::moment::{DAY, HOUR, civil, days_from_civil};
use memstrata_sdk::Fault;

/// The windows a caller may name.
pub const TIMEFRAMES: [&str; 5] = ["today", "yesterday", "this_week", "last_week", "this_month"];

/// The buckets a timeline may have.
pub const BUCKETS: [&str; 4] = ["hour", "day", "week", "month"];

/// A half-open window `[start, end)` in milliseconds UTC.
pub type Window = (i64, i64);

/// The window a timeframe names at an instant.
///
/// Windows end with the day, week or month and not with `now`, so that a cursor holds while the clock runs.
///
/// # Errors
/// `invalid.argument` for a name that is not in [`TIMEFRAMES`].
pub fn window(timeframe: &str, now: i64) -> Result<Window, Fault> {
    let (day, week) = (Bucket::Day.start(now), Bucket::Week.start(now));
    match timeframe {
        "today" => Ok((day, day + DAY)),
        "yesterday" => Ok((day - DAY, day)),
        "this_week" => Ok((week, week + 7 * DAY)),
        "last_week" => Ok((week - 7 * DAY, week)),
        "this_month" => Ok((Bucket::Month.start(now), Bucket::Month.next(Bucket::Month.start(now)))),
        other => Err(Fault::invalid(format!("`timeframe` is `{other}`; use one of {}", TIMEFRAMES.join(", ")))),
    }
}

/// The last `days` days with the whole of today: from midnight, that many days ago, to the next midnight.
#[must_use]
pub fn last_days(days: i64, now: i64) -> Window {
    let today = Bucket::Day.start(now);
    ((today - days.max(0) * DAY).max(0), today + DAY)
}

/// The width of a timeline's bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// From the full hour.
    Hour,
    /// From midnight.
    Day,
    /// From Monday's midnight.
    Week,
    /// From the first of the month.
    Month,
}

impl Bucket {
    /// By name.
    ///
    /// # Errors
    /// `invalid.argument` for a name that is not in [`BUCKETS`].
    pub fn named(name: &str) -> Result<Self, Fault> {
        match name {
            "hour" => Ok(Self::Hour),
            "day" => Ok(Self::Day),
            "week" => Ok(Self::Week),
            "month" => Ok(Self::Month),
            other => Err(Fault::invalid(format!("bucket is `{other}`; use one of {}", BUCKETS.join(", ")))),
        }
    }

    /// Start of the bucket an instant lies in.
    #[must_use]
    pub fn start(self, ms: i64) -> i64 {
        let days = ms.div_euclid(DAY);
        match self {
            Self::Hour => ms.div_euclid(HOUR) * HOUR,
            Self::Day => days * DAY,
            // 1970-01-01 was a Thursday, three days after Monday.
            Self::Week => (days - (days + 3).rem_euclid(7)) * DAY,
            Self::Month => {
                let (year, month, _) = civil(days);
                days_from_civil(year, month, 1) * DAY
            }
        }
    }

    /// Start of the bucket after the one that starts here.
    #[must_use]
    pub fn next(self, start: i64) -> i64 {
        match self {
            Self::Hour => start + HOUR,
            Self::Day => start + DAY,
            Self::Week => start + 7 * DAY,
            Self::Month => {
                let (year, month, _) = civil(start.div_euclid(DAY));
                let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
                days_from_civil(year, month, 1) * DAY
            }
        }
    }

    /// A short name of the bucket that starts here; a week goes by its Monday.
    #[must_use]
    pub fn label(self, start: i64) -> String {
        let (year, month, day) = civil(start.div_euclid(DAY));
        match self {
            Self::Hour => format!("{year:04}-{month:02}-{day:02}T{:02}", start.rem_euclid(DAY) / HOUR),
            Self::Day | Self::Week => format!("{year:04}-{month:02}-{day:02}"),
            Self::Month => format!("{year:04}-{month:02}"),
        }
    }

    /// The buckets that cover `[start, end)`, cut to it.
    ///
    /// # Errors
    /// `invalid.argument` when there would be more than `most`.
    pub fn cover(self, (start, end): Window, most: usize) -> Result<Vec<(String, Window)>, Fault> {
        let mut buckets = Vec::new();
        let mut at = self.start(start);
        while at < end {
            if buckets.len() == most {
                return Err(Fault::invalid(format!(
                    "more than {most} buckets; use a wider bucket or a shorter range of dates"
                )));
            }
            let next = self.next(at);
            buckets.push((self.label(at), (at.max(start), next.min(end))));
            at = next;
        }
        Ok(buckets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moment::{Moment, rfc3339};

    fn ms(text: &str) -> i64 {
        Moment::parse(text).unwrap().0
    }

    #[test]
    fn timeframes_at_a_friday() {
        let now = ms("2026-08-21T10:30:00Z");
        let cases = [
            ("today", "2026-08-21", "2026-08-22"),
            ("yesterday", "2026-08-20", "2026-08-21"),
            ("this_week", "2026-08-17", "2026-08-24"),
            ("last_week", "2026-08-10", "2026-08-17"),
            ("this_month", "2026-08-01", "2026-09-01"),
        ];
        for (name, start, end) in cases {
            assert_eq!(window(name, now), Ok((ms(start), ms(end))), "{name}");
        }
        assert!(window("tomorrow", now).is_err());
        assert_eq!(last_days(7, now), (ms("2026-08-14"), ms("2026-08-22")));
    }

    #[test]
    fn weeks_start_on_monday_even_on_sunday_and_monday() {
        assert_eq!(rfc3339(Bucket::Week.start(ms("2026-08-23T23:59:59Z"))), "2026-08-17T00:00:00Z");
        assert_eq!(rfc3339(Bucket::Week.start(ms("2026-08-24"))), "2026-08-24T00:00:00Z");
    }

    #[test]
    fn buckets_cover_the_range_without_gaps() {
        let range = (ms("2025-11-30T22:30:00Z"), ms("2026-02-03T01:00:00Z"));
        for name in BUCKETS {
            let buckets = Bucket::named(name).unwrap().cover(range, 5_000).unwrap();
            assert_eq!(buckets.first().unwrap().1.0, range.0);
            assert_eq!(buckets.last().unwrap().1.1, range.1);
            assert!(buckets.windows(2).all(|pair| pair[0].1.1 == pair[1].1.0), "{name}");
        }
        let months = Bucket::Month.cover(range, 10).unwrap();
        let labels: Vec<_> = months.iter().map(|(label, _)| label.as_str()).collect();
        assert_eq!(labels, ["2025-11", "2025-12", "2026-01", "2026-02"]);
        assert!(Bucket::Hour.cover(range, 10).is_err());
    }
}
