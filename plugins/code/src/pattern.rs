//! What comes again: counted values, and how names are written.

use memstrata_sdk::row::round;
use memstrata_sdk::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Patterns told of each sort.
const TOP: usize = 15;
/// How often something is seen before it is a pattern.
const LEAST: u64 = 2;
/// Findings taken from one analysis.
const MOST_FINDINGS: usize = 500;

/// How often each value was seen.
#[derive(Debug, Default)]
pub struct Tally {
    counts: BTreeMap<String, u64>,
    of: u64,
}

impl Tally {
    /// Counts one.
    pub fn add(&mut self, value: &str) {
        self.of += 1;
        *self.counts.entry(value.to_owned()).or_default() += 1;
    }

    /// Counts the values of one source, each once.
    pub fn add_each(&mut self, values: Vec<String>) {
        self.of += 1;
        for value in values.into_iter().collect::<BTreeSet<_>>() {
            *self.counts.entry(value).or_default() += 1;
        }
    }

    /// What was seen twice and more, the most frequent first, with the number it was seen of.
    #[must_use]
    pub fn often(&self) -> Vec<Value> {
        let mut list: Vec<(&String, u64)> =
            self.counts.iter().map(|(name, count)| (name, *count)).filter(|(_, count)| *count >= LEAST).collect();
        list.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        list.into_iter()
            .take(TOP)
            .map(|(name, count)| json!({"pattern": name, "count": count, "of": self.of}))
            .collect()
    }
}

/// The findings of a recorded analysis: each text in it with the key it stands under.
#[must_use]
pub fn findings(results: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), results)];
    while let Some((key, value)) = open.pop() {
        if found.len() >= MOST_FINDINGS {
            break;
        }
        match value {
            Value::String(text) => found.push(if key.is_empty() { text.clone() } else { format!("{key}: {text}") }),
            Value::Array(items) => open.extend(items.iter().map(|item| (key.clone(), item))),
            Value::Object(fields) => open.extend(fields.iter().map(|(name, value)| (name.clone(), value))),
            _ => {}
        }
    }
    found
}

/// How a name is written; none for one without a shape, such as a single small word.
#[must_use]
pub fn shape(name: &str) -> Option<&'static str> {
    let name = name.trim_matches('_');
    let has = |wanted: fn(char) -> bool| name.chars().any(wanted);
    let (upper, lower) = (has(char::is_uppercase), has(char::is_lowercase));
    match (name.contains('_'), upper, lower) {
        (true, false, true) => Some("snake_case"),
        (_, true, false) if name.chars().count() > 1 => Some("UPPER_CASE"),
        (false, true, true) if name.starts_with(char::is_uppercase) => Some("PascalCase"),
        (false, true, true) => Some("camelCase"),
        (true, true, true) => Some("Mixed_Case"),
        _ => None,
    }
}

/// Shapes of names by language and kind.
#[derive(Debug, Default)]
pub struct Naming(BTreeMap<(String, String), BTreeMap<&'static str, u64>>);

impl Naming {
    /// Counts a name.
    pub fn add(&mut self, language: &str, kind: &str, name: &str) {
        // An `impl` has the name of its type, which is counted already.
        if let Some(shape) = shape(name).filter(|_| kind != "impl") {
            *self.0.entry((language.to_owned(), kind.to_owned())).or_default().entry(shape).or_default() += 1;
        }
    }

    /// The commonest shape of each language and kind, and its share.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2^53")]
    pub fn told(&self) -> Vec<Value> {
        let told = self.0.iter().filter_map(|((language, kind), shapes)| {
            let of: u64 = shapes.values().sum();
            let (shape, count) = shapes.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0)))?;
            (of >= LEAST).then(|| json!({"language": language, "kind": kind, "pattern": shape, "count": count, "of": of, "share": round(*count as f64 / of as f64)}))
        });
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_shapes() {
        for (name, said) in [
            ("read_page", Some("snake_case")),
            ("readPage", Some("camelCase")),
            ("ReadPage", Some("PascalCase")),
            ("MAX_ROWS", Some("UPPER_CASE")),
            ("__init__", None),
            ("read", None),
            ("T", None),
            ("Read_page", Some("Mixed_Case")),
        ] {
            assert_eq!(shape(name), said, "{name}");
        }
    }

    #[test]
    fn what_is_seen_once_is_no_pattern() {
        let mut tally = Tally::default();
        tally.add_each(vec!["a".into(), "a".into(), "b".into()]);
        tally.add_each(vec!["b".into()]);
        assert_eq!(tally.often(), [json!({"pattern": "b", "count": 2, "of": 2})]);
    }

    #[test]
    fn findings_are_texts_with_their_key() {
        let mut found = findings(&json!({"issues": ["long", {"kind": "deep"}], "n": 3}));
        found.sort();
        assert_eq!(found, ["issues: long", "kind: deep"]);
    }

    #[test]
    fn the_commonest_shape_is_told_with_its_share() {
        let mut naming = Naming::default();
        for name in ["a_b", "c_d", "eF"] {
            naming.add("rust", "function", name);
        }
        assert_eq!(naming.told()[0]["share"], json!(0.667));
    }
}
