//! How callers name a memory: by its id, or by its id and where it lives.

use memstrata_sdk::args::parse_id;
use serde::de::{Deserialize, Deserializer, Error};

/// `42` or `"m:42"`; or `"semantic.memories:42"` or `"semantic:42"`, which is refused if it lives elsewhere.
///
/// Ids are unique in a space, so the place adds nothing but a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryId {
    /// The id.
    pub id: u64,
    place: Option<String>,
}

/// Whether a text may name a layer or a collection of one.
fn is_place(text: &str) -> bool {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    text.split_once('.').map_or_else(|| is_name(text), |(layer, collection)| is_name(layer) && is_name(collection))
}

impl MemoryId {
    /// Reads what a caller wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(id) = parse_id(text) {
            return Some(Self { id, place: None });
        }
        let (place, id) = text.rsplit_once(':')?;
        let id = id.parse().ok().filter(|id| *id > 0)?;
        is_place(place).then(|| Self { id, place: Some(place.to_owned()) })
    }

    /// Whether a row of this collection (`layer.collection`) is what the caller meant.
    #[must_use]
    pub fn fits(&self, collection: &str) -> bool {
        let layer = collection.split('.').next();
        self.place.as_deref().is_none_or(|place| place == collection || Some(place) == layer)
    }
}

impl<'de> Deserialize<'de> for MemoryId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Number(f64),
            Text(String),
        }
        let read = match Raw::deserialize(deserializer)? {
            Raw::Number(number) => Self::parse(&number.to_string()),
            Raw::Text(text) => Self::parse(&text),
        };
        read.ok_or_else(|| D::Error::custom("a memory is an id: `42`, `m:42`, or `semantic.memories:42`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::{Value, json};

    fn read(given: &Value) -> Option<MemoryId> {
        serde_json::from_value(given.clone()).ok()
    }

    #[test]
    fn ids_stand_alone_or_with_their_place() {
        for (given, id) in [
            (json!(42), 42),
            (json!(42.0), 42),
            (json!("42"), 42),
            (json!("m:42"), 42),
            (json!("semantic:42"), 42),
            (json!(" semantic.memories:7 "), 7),
        ] {
            assert_eq!(read(&given).map(|read| read.id), Some(id), "{given}");
        }
        for bad in [
            json!(0),
            json!(1.5),
            json!("m:"),
            json!("a b:1"),
            json!("a.b.c:1"),
            json!("semantic:0"),
            json!(":1"),
            json!(true),
        ] {
            assert_eq!(read(&bad), None, "{bad}");
        }
    }

    #[test]
    fn a_place_is_checked_where_it_is_given() {
        for (given, fits) in [
            ("42", true),
            ("semantic:42", true),
            ("semantic.memories:42", true),
            ("semantic.updates:42", false),
            ("graph:42", false),
        ] {
            assert_eq!(MemoryId::parse(given).unwrap().fits("semantic.memories"), fits, "{given}");
        }
    }
}
