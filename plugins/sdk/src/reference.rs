//! How callers name a row they made: by its id, or by the key they gave it.

use crate::args::parse_id;
use serde::de::{Deserialize, Deserializer, Error};

/// Longest key, in bytes.
pub const MOST_KEY: usize = 64;

/// `42`, `"m:42"`, or a key such as `"ship-it"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// The id of a row.
    Id(u64),
    /// A key of the caller's choice, unique in its namespace.
    Key(String),
}

/// Whether a text may be a key: a letter, then letters, digits, `-`, `_` and `.`; so it is never taken for an id.
#[must_use]
pub fn is_key(text: &str) -> bool {
    text.len() <= MOST_KEY
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Raw {
    Number(f64),
    Text(String),
}

impl Reference {
    /// Reads what a caller wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        parse_id(text).map(Self::Id).or_else(|| is_key(text).then(|| Self::Key(text.to_owned())))
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = match Raw::deserialize(deserializer)? {
            Raw::Number(number) => Self::parse(&number.to_string()),
            Raw::Text(text) => Self::parse(&text),
        };
        read.ok_or_else(|| {
            D::Error::custom("give an id (`42` or `m:42`) or a key: a letter, then letters, digits, - _ .")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn ids_and_keys_are_told_apart() {
        let key = |text: &str| Reference::Key(text.to_owned());
        for (given, read) in [
            (json!(42), Some(Reference::Id(42))),
            (json!(42.0), Some(Reference::Id(42))),
            (json!("m:42"), Some(Reference::Id(42))),
            (json!("42"), Some(Reference::Id(42))),
            (json!("ship-it"), Some(key("ship-it"))),
            (json!("v1.2_x"), Some(key("v1.2_x"))),
            (json!(0), None),
            (json!(-1), None),
            (json!(1.5), None),
            (json!("m:"), None),
            (json!("two words"), None),
            (json!(""), None),
            (json!("k".repeat(65)), None),
        ] {
            assert_eq!(serde_json::from_value::<Reference>(given.clone()).ok(), read, "{given}");
        }
    }
}
