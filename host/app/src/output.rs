//! Text for people, JSON for programs, and times both ways.

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use std::io::{IsTerminal as _, Write as _};

/// Prints a value as JSON, or as text made by `text`.
pub(crate) fn print<T: Serialize>(json: bool, value: &T, text: impl FnOnce(&T) -> String) -> Result<()> {
    use std::io::Write as _;
    let text = if json { serde_json::to_string_pretty(value)? } else { plain(&text(value)) };
    // A reader that has gone (`| head`) is no failure.
    _ = writeln!(std::io::stdout(), "{}", text.trim_end());
    Ok(())
}

/// Text without control characters but line breaks and tabs: what rows and components say must not steer a terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// Reads a row's id: `42` or `m:42`.
pub(crate) fn id(text: &str) -> Result<u64> {
    let digits = text.strip_prefix("m:").unwrap_or(text);
    digits.parse().with_context(|| format!("`{text}` is no id; write 42 or m:42"))
}

const DAY: i64 = 86_400;

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar (Hinnant, "chrono-compatible date algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days - era * 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1)
}

/// Milliseconds UTC as `2026-11-21T09:00:00.123Z`.
pub(crate) fn time(ms: u64) -> String {
    let seconds = (ms / 1000) as i64;
    let (year, month, day) = civil_from_days(seconds.div_euclid(DAY));
    let of_day = seconds.rem_euclid(DAY);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60,
        ms % 1000
    )
}

/// Milliseconds UTC, now.
pub(crate) fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map(|since| since.as_millis() as u64).unwrap_or_default()
}

/// Reads an instant: milliseconds UTC, `2026-11-21`, or `2026-11-21T09:00:00[.123]Z`.
pub(crate) fn instant(text: &str) -> Result<u64> {
    if let Ok(ms) = text.parse() {
        return Ok(ms);
    }
    let wrong = || format!("`{text}` is no instant; write milliseconds UTC, or like 2026-11-21T09:00:00Z");
    let (date, clock) = text.strip_suffix('Z').unwrap_or(text).split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let numbers = |text: &str, separator: char| -> Option<Vec<f64>> {
        text.split(separator).map(|part| part.parse().ok().filter(|number: &f64| *number >= 0.0)).collect()
    };
    let (Some(date), Some(clock)) = (numbers(date, '-'), numbers(clock, ':')) else { bail!(wrong()) };
    let ([year, month, day], [hour, minute, second @ ..]) = (date.as_slice(), clock.as_slice()) else { bail!(wrong()) };
    let second = second.first().copied().unwrap_or_default();
    if !(1.0..=12.0).contains(month) || !(1.0..=31.0).contains(day) || *hour > 23.0 || *minute > 59.0 || second >= 60.0
    {
        bail!(wrong());
    }
    let days = days_from_civil(*year as i64, *month as i64, *day as i64);
    let ms = (days * DAY) as f64 * 1000.0 + hour * 3_600_000.0 + minute * 60_000.0 + second * 1000.0;
    if ms < 0.0 { bail!(wrong()) } else { Ok(ms.round() as u64) }
}

/// A line of progress on a terminal; elsewhere, a line every tenth.
pub(crate) struct Meter {
    what: &'static str,
    last: Option<u64>,
}

impl Meter {
    pub(crate) fn new(what: &'static str) -> Self {
        Self { what, last: None }
    }

    pub(crate) fn show(&mut self, done: u64, all: u64) {
        let percent = (done * 100).checked_div(all).unwrap_or(100);
        if self.last == Some(percent) {
            return;
        }
        let terminal = std::io::stderr().is_terminal();
        if terminal {
            eprint!("\r{} {percent} % ({done} of {all})", self.what);
            _ = std::io::stderr().flush();
        } else if self.last.is_none_or(|last| percent / 10 > last / 10) {
            eprintln!("{} {percent} % ({done} of {all})", self.what);
        }
        self.last = Some(percent);
    }

    pub(crate) fn end(&self) {
        if std::io::stderr().is_terminal() && self.last.is_some() {
            eprintln!();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]
mod tests {
    use super::*;

    #[test]
    fn times_read_back_as_they_are_written() {
        for ms in [0, 951_782_400_123, 1_795_251_600_000, 4_102_444_799_999] {
            assert_eq!(instant(&time(ms)).unwrap(), ms, "{}", time(ms));
        }
        assert_eq!(time(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(instant("2026-11-21").unwrap(), instant("2026-11-21T00:00:00Z").unwrap());
        for bad in ["", "yesterday", "2026-13-01", "2026-11-21T25:00:00Z", "-5"] {
            assert!(instant(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(plain("a\u{1b}[31m\tb\r\n\u{7}c\u{9b}"), "a[31m\tb\nc");
    }

    #[test]
    fn ids_read_both_ways() {
        assert_eq!(id("42").unwrap(), 42);
        assert_eq!(id("m:42").unwrap(), 42);
        assert!(id("x").is_err());
    }
}
