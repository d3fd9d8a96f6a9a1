//! Time windows as callers write them: `7days`, `12 hours`, `2w`.

const HOUR: u64 = 3_600_000;
/// No window is longer: ten years.
const MOST: u64 = 10 * 366 * 24 * HOUR;

/// The milliseconds of a window; none if it cannot be read, is empty, or is longer than ten years.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let text = text.trim().to_lowercase();
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(at);
    let unit = match unit.trim_start_matches([' ', '_', '-']) {
        "m" | "min" | "mins" | "minute" | "minutes" => HOUR / 60,
        "h" | "hour" | "hours" => HOUR,
        "d" | "day" | "days" => 24 * HOUR,
        "w" | "week" | "weeks" => 7 * 24 * HOUR,
        "month" | "months" => 30 * 24 * HOUR,
        "y" | "year" | "years" => 365 * 24 * HOUR,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit).filter(|window| (1..=MOST).contains(window))
}

/// The instant since which there are `wanted` times; none if there are fewer.
#[must_use]
pub fn since(mut times: Vec<u64>, wanted: usize) -> Option<u64> {
    times.sort_unstable_by(|a, b| b.cmp(a));
    times.get(wanted.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_the_last_that_is_wanted() {
        assert_eq!(since(vec![3, 9, 7, 7], 3), Some(7));
        assert_eq!((since(vec![3], 2), since(vec![3], 0)), (None, None));
    }

    #[test]
    fn windows_read_as_written() {
        for (text, hours) in [("7days", Some(168)), ("12 hours", Some(12)), ("2w", Some(336)), ("1_month", Some(720))] {
            assert_eq!(parse(text), hours.map(|hours| hours * HOUR), "{text}");
        }
        for text in ["", "days", "7", "0days", "7 fortnights", "99999999999999999999d", "900years"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
