//! Argument types that take what a language model writes: ids as `42` or `"m:42"`, times as milliseconds or ISO dates.

use crate::when;
use serde::de::{Deserialize, Deserializer, Error};

/// A row's id, given as `42`, `"42"` or `"m:42"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id(pub u64);

/// An instant in ms UTC, given as a number or as an ISO 8601 date or date and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub u64);

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Raw {
    Number(f64),
    Text(String),
}

/// The largest integer JSON carries exactly.
const MOST: f64 = 9_007_199_254_740_991.0;

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be whole and in range")]
fn whole(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..=MOST).contains(&number)).then_some(number as u64)
}

/// Reads `42` or `m:42`.
#[must_use]
pub fn parse_id(text: &str) -> Option<u64> {
    let text = text.trim();
    text.strip_prefix("m:").unwrap_or(text).parse().ok().filter(|id| *id > 0)
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = match Raw::deserialize(deserializer)? {
            Raw::Number(number) => whole(number).filter(|id| *id > 0),
            Raw::Text(text) => parse_id(&text),
        };
        id.map(Self).ok_or_else(|| D::Error::custom("an id is a positive integer or a text such as `m:42`"))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let time = match Raw::deserialize(deserializer)? {
            Raw::Number(number) => whole(number),
            Raw::Text(text) => when::parse(&text),
        };
        time.map(Self).ok_or_else(|| {
            D::Error::custom(
                "a time is integer milliseconds UTC or a text such as `2026-11-21` or `2026-11-21T09:30:00Z`",
            )
        })
    }
}

/// The ids of a list, in order, each once.
#[must_use]
pub fn distinct(ids: &[Id]) -> Vec<u64> {
    let mut seen = Vec::with_capacity(ids.len());
    for Id(id) in ids {
        if !seen.contains(id) {
            seen.push(*id);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn ids_are_numbers_or_references() {
        for (given, id) in [(json!(42), 42), (json!(42.0), 42), (json!("42"), 42), (json!("m:42"), 42)] {
            assert_eq!(serde_json::from_value::<Id>(given).ok(), Some(Id(id)));
        }
        for bad in [json!(0), json!(-1), json!(1.5), json!("m:"), json!("x"), json!(null), json!(1e300)] {
            assert!(serde_json::from_value::<Id>(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_are_milliseconds_or_dates() {
        for (given, time) in [(json!(1000), 1000), (json!("1970-01-02"), 86_400_000)] {
            assert_eq!(serde_json::from_value::<Time>(given).ok(), Some(Time(time)));
        }
        assert!(serde_json::from_value::<Time>(json!("soon")).is_err());
    }

    #[test]
    fn distinct_keeps_the_first_of_each() {
        assert_eq!(distinct(&[Id(3), Id(1), Id(3)]), [3, 1]);
    }
}
