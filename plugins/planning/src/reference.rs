//! How callers name a task or a plan: by an id, or by the key of a plan. 0 and the empty text mean none.

use memstrata_sdk::args::parse_id;
pub use memstrata_sdk::reference::is_key;
use serde::de::{Deserialize, Deserializer, Error};

/// `42`, `"m:42"`, a key such as `"release"`, or none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reference {
    /// `0`, `""`, null or left out.
    #[default]
    None,
    /// A row's id.
    Id(u64),
    /// A plan's key.
    Key(String),
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Raw {
    Number(f64),
    Text(String),
    Null,
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match Raw::deserialize(deserializer)? {
            Raw::Number(number) => number.to_string(),
            Raw::Text(text) => text.trim().to_owned(),
            Raw::Null => String::new(),
        };
        if text.is_empty() || text == "0" {
            return Ok(Self::None);
        }
        let read = parse_id(&text).map(Self::Id).or_else(|| is_key(&text).then(|| Self::Key(text.clone())));
        read.ok_or_else(|| {
            D::Error::custom("give an id (`42` or `m:42`) or a plan's key: a letter, then letters, digits, - _ .")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    #[test]
    fn zero_is_nobody() {
        for (given, read) in [
            (json!(0), Some(Reference::None)),
            (json!(""), Some(Reference::None)),
            (json!(null), Some(Reference::None)),
            (json!("m:4"), Some(Reference::Id(4))),
            (json!(4), Some(Reference::Id(4))),
            (json!("release-1"), Some(Reference::Key("release-1".into()))),
            (json!(-1), None),
            (json!("two words"), None),
        ] {
            assert_eq!(serde_json::from_value::<Reference>(given.clone()).ok(), read, "{given}");
        }
    }
}
