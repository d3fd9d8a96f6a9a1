//! Reads a limit of time as callers write it: `no_limit`, `90`, `90 minutes`, `2h`, `1 day`.

/// Minutes; `None` is no limit.
///
/// # Errors
/// A sentence that says what may be written.
pub fn minutes(text: &str) -> Result<Option<f64>, String> {
    let text = text.trim().to_ascii_lowercase();
    if matches!(text.as_str(), "" | "no_limit" | "none" | "no limit" | "unlimited") {
        return Ok(None);
    }
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "" | "m" | "min" | "mins" | "minute" | "minutes" => 1.0,
        "h" | "hour" | "hours" => 60.0,
        "d" | "day" | "days" => 1440.0,
        "s" | "sec" | "second" | "seconds" => 1.0 / 60.0,
        _ => f64::NAN,
    };
    match number.parse::<f64>() {
        Ok(number) if number > 0.0 && factor.is_finite() => Ok(Some(number * factor)),
        _ => Err(format!("`{text}` is no limit of time: write `no_limit`, `90 minutes`, `2 hours` or `1 day`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read() {
        for (text, wanted) in [
            ("no_limit", Some(None)),
            ("90", Some(Some(90.0))),
            ("90 minutes", Some(Some(90.0))),
            ("1.5h", Some(Some(90.0))),
            ("1 day", Some(Some(1440.0))),
            ("soon", None),
            ("0", None),
            ("3 weeks", None),
            ("1.2.3", None),
        ] {
            assert_eq!(minutes(text).ok(), wanted, "{text}");
        }
    }
}
