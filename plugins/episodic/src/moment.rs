//! Points in time: integer milliseconds UTC inside, RFC 3339 text accepted from callers.

use memstrata_sdk::Fault;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// A second in milliseconds.
pub const SECOND: i64 = 1_000;
/// A minute in milliseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// An hour in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// A day in milliseconds.
pub const DAY: i64 = 24 * HOUR;
/// The last millisecond of the year 9999.
pub const LAST: i64 = 253_402_300_799_999;

/// A point in time, milliseconds UTC from 0 to [`LAST`]. Reads an integer or RFC 3339 text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

impl Moment {
    /// A number of milliseconds, if it is in range.
    ///
    /// # Errors
    /// `invalid.argument`.
    pub fn of(ms: i64) -> Result<Self, Fault> {
        if (0..=LAST).contains(&ms) {
            return Ok(Self(ms));
        }
        Err(Fault::invalid(format!("time {ms} is out of range; use milliseconds UTC from 1970 to 9999")))
    }

    /// RFC 3339 text; a missing offset means UTC, a date alone its midnight.
    ///
    /// # Errors
    /// `invalid.argument`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let ms = read(text.trim()).ok_or_else(|| {
            Fault::invalid(format!(
                "`{text}` is no time; use milliseconds UTC or RFC 3339 such as 2026-08-21T10:00:00Z"
            ))
        })?;
        Self::of(ms)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let moment = match (whole(&value), value.as_str()) {
            (Some(ms), _) => Self::of(ms),
            (None, Some(text)) => Self::parse(text),
            (None, None) => Err(Fault::invalid(format!("{value} is no time; use milliseconds UTC or RFC 3339"))),
        };
        moment.map_err(|fault| D::Error::custom(fault.message))
    }
}

/// An integer, also when it is written as `1.0`.
pub fn whole(value: &serde_json::Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        // 2^53 - 1 is the host's limit for integers, so the conversion is exact.
        (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_991.0).then_some(number as i64)
    })
}

fn read(text: &str) -> Option<i64> {
    let days = date(text.get(..10)?)?;
    let rest = text.get(10..)?;
    if rest.is_empty() {
        return Some(days * DAY);
    }
    let (clock, offset) = split_offset(rest.strip_prefix(['T', 't', ' '])?)?;
    Some(days * DAY + time_of_day(clock)? - offset)
}

fn date(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (year, month, day) = (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let days = days_from_civil(year, month, day);
    // 30 February maps onto some day in March: only a true date comes back as itself.
    (parts.next().is_none() && (1..=12).contains(&month) && civil(days) == (year, month, day)).then_some(days)
}

fn time_of_day(text: &str) -> Option<i64> {
    let (clock, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let mut parts = clock.split(':');
    let hour = digits(parts.next()?, 2)?;
    let minute = digits(parts.next()?, 2)?;
    let second = parts.next().map_or(Some(0), |s| digits(s, 2))?;
    // 60 is a leap second; it counts as the next second.
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some(hour * HOUR + minute * MINUTE + second * SECOND + thousandths(fraction)?)
}

fn thousandths(fraction: &str) -> Option<i64> {
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let three: String = fraction.chars().chain("000".chars()).take(3).collect();
    three.parse().ok()
}

fn split_offset(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = text.rfind(['+', '-']) else {
        return Some((text, 0));
    };
    let (clock, offset) = text.split_at_checked(at)?;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let plain: String = offset.chars().skip(1).filter(|c| *c != ':').collect();
    let (hours, minutes) = match plain.len() {
        2 => (digits(&plain, 2)?, 0),
        4 => (digits(plain.get(..2)?, 2)?, digits(plain.get(2..)?, 2)?),
        _ => return None,
    };
    (hours <= 23 && minutes <= 59).then_some((clock, sign * (hours * HOUR + minutes * MINUTE)))
}

fn digits(text: &str, count: usize) -> Option<i64> {
    (text.len() == count && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms").
#[must_use]
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01; the inverse of [`days_from_civil`].
#[must_use]
pub fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// RFC 3339 in UTC, with milliseconds only where there are some.
#[must_use]
pub fn rfc3339(ms: i64) -> String {
    let (year, month, day) = civil(ms.div_euclid(DAY));
    let rest = ms.rem_euclid(DAY);
    let (hour, minute) = (rest / HOUR, rest % HOUR / MINUTE);
    let (second, thousandth) = (rest % MINUTE / SECOND, rest % SECOND);
    let fraction = if thousandth == 0 { String::new() } else { format!(".{thousandth:03}") };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_are_read() {
        let cases = [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-08-21", 1_787_270_400_000),
            ("2026-08-21T10:00:00Z", 1_787_306_400_000),
            ("2026-08-21 10:00", 1_787_306_400_000),
            ("2026-08-21T12:00:00+02:00", 1_787_306_400_000),
            ("2026-08-21T09:30:00.250-0030", 1_787_306_400_250),
            ("2024-02-29T00:00:00z", 1_709_164_800_000),
        ];
        for (text, ms) in cases {
            assert_eq!(Moment::parse(text), Ok(Moment(ms)), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in
            ["", "yesterday", "2026-02-30", "2026-13-01", "2026-08-21T25:00", "2026-08-21T10:00+99", "1969-12-31"]
        {
            assert!(Moment::parse(text).is_err(), "{text}");
        }
        assert!(serde_json::from_str::<Moment>("-1").is_err());
        assert!(serde_json::from_str::<Moment>("1.5").is_err());
        assert_eq!(serde_json::from_str::<Moment>("5.0").unwrap(), Moment(5));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(ms in 0..=LAST) {
            prop_assert_eq!(Moment::parse(&rfc3339(ms)), Ok(Moment(ms)));
        }

        #[test]
        fn any_text_is_answered(text in ".{0,30}") {
            let _ = Moment::parse(&text);
        }
    }
}
