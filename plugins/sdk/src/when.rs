//! Times as callers write them: ISO 8601 in, milliseconds UTC out, and back to a short ISO text.

const DAY_MS: u64 = 86_400_000;

/// Days from 1970-01-01 to a civil date (proleptic Gregorian), after H. Hinnant, "chrono-compatible low-level date algorithms".
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The civil date of a day number; the inverse of [`days`], same source.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

fn field(text: &str, most: i64) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|value| digits && *value <= most)
}

fn date(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 || month.len() != 2 || day.len() != 2 {
        return None;
    }
    let (year, month, day) = (field(year, 9999)?, field(month, 12)?, field(day, 31)?);
    let days = days(year, month, day);
    (civil(days) == (year, month, day)).then_some(days)
}

/// Seconds of day and milliseconds of `10`, `10:05`, `10:05:30` or `10:05:30.250`.
fn clock(text: &str) -> Option<i64> {
    let (text, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = text.split(':');
    let hour = field(parts.next()?, 23)?;
    let minute = parts.next().map_or(Some(0), |part| field(part, 59))?;
    let second = parts.next().map_or(Some(0), |part| field(part, 59))?;
    let millis = match fraction.get(..fraction.len().min(3)) {
        Some("") => 0,
        Some(digits) => field(&format!("{digits:0<3}"), 999)?,
        None => return None,
    };
    parts.next().is_none().then_some(((hour * 60 + minute) * 60 + second) * 1000 + millis)
}

/// Reads `2026-11-21`, `2026-11-21T09:30`, `2026-11-21 09:30:00.5Z`, `2026-11-21T09:30:00+02:00`, or bare milliseconds.
/// Without an offset the time is UTC. Times before 1970 are refused.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    if let Ok(millis) = text.parse::<u64>() {
        return (text.len() > 8).then_some(millis);
    }
    let (day, rest) = match text.split_once(['T', 't', ' ']) {
        Some((day, rest)) => (day, rest.trim_end_matches(['Z', 'z'])),
        None => (text, ""),
    };
    let (time, offset) = match rest.rfind(['+', '-']) {
        Some(at) => {
            let minutes = clock(rest.get(at + 1..)?)?;
            (rest.get(..at)?, if rest.get(at..=at)? == "+" { minutes } else { -minutes })
        }
        None => (rest, 0),
    };
    let of_day = if time.is_empty() { 0 } else { clock(time)? };
    u64::try_from(date(day)? * 86_400_000 + of_day - offset).ok()
}

/// `2026-11-21T09:30Z`, or `2026-11-21` at midnight: seconds would only cost a reader tokens.
#[must_use]
pub fn iso(time: u64) -> String {
    let (year, month, day) = civil(i64::try_from(time / DAY_MS).unwrap_or_default());
    let minutes = time % DAY_MS / 60_000;
    let date = format!("{year:04}-{month:02}-{day:02}");
    if minutes == 0 { date } else { format!("{date}T{:02}:{:02}Z", minutes / 60, minutes % 60) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        for (text, time) in [
            ("1970-01-01", Some(0)),
            ("2026-11-21", Some(1_795_219_200_000)),
            ("2026-11-21T09:30", Some(1_795_253_400_000)),
            ("2026-11-21 09:30:00.5Z", Some(1_795_253_400_500)),
            ("2026-11-21T11:30:00+02:00", Some(1_795_253_400_000)),
            ("2026-11-21T04:30-05", Some(1_795_253_400_000)),
            ("1795253400000", Some(1_795_253_400_000)),
            ("2024-02-29", Some(1_709_164_800_000)),
            ("2026-02-29", None),
            ("2026-13-01", None),
            ("1969-12-31", None),
            ("2026", None),
            ("yesterday", None),
            ("2026-11-21T25:00", None),
            ("2026-11-21T1é:00", None),
            ("", None),
        ] {
            assert_eq!(parse(text), time, "{text}");
        }
    }

    proptest! {
        #[test]
        fn iso_reads_back_to_the_minute(time in 0u64..250_000_000_000_000) {
            prop_assert_eq!(parse(&iso(time)), Some(time - time % 60_000));
        }

        #[test]
        fn parse_never_panics(text in "\\PC{0,30}") {
            let _ = parse(&text);
        }
    }
}
