//! The catalog of operations: sorted, stable, searched by words.

use crate::api::{Effect, Operation};
use memstrata_runtime::{OperationEffect, OperationSpec};
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

/// Every operation of every layer, as of one generation.
#[derive(Debug, Default)]
pub struct Catalog {
    generation: u64,
    operations: BTreeMap<String, Operation>,
    /// The words of each operation and how often each occurs, for [`Catalog::find`].
    /// Counted when somebody first looks for something.
    words: OnceLock<Vec<Words>>,
}

/// An operation's name, how often each of its words occurs, and their sum.
type Words = (String, HashMap<String, f64>, f64);

/// BM25's saturation and length constants (Robertson and Zaragoza, Foundations and Trends in IR 3(4), 2009).
const K1: f64 = 1.2;
const B: f64 = 0.75;

/// How much a word counts in the name, the summary, and elsewhere.
const NAME: f64 = 3.0;
const SUMMARY: f64 = 2.0;
const ELSEWHERE: f64 = 1.0;

impl Catalog {
    /// A catalog of operations under a generation number.
    #[must_use]
    pub fn new(generation: u64, operations: impl IntoIterator<Item = Operation>) -> Self {
        let operations: BTreeMap<_, _> = operations.into_iter().map(|one| (one.name.clone(), one)).collect();
        Self { generation, operations, words: OnceLock::new() }
    }

    /// Counts up with every change.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// All operations, by name.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.values()
    }

    /// One operation.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Operation> {
        self.operations.get(name)
    }

    /// The operations that best fit a text, best first, with their BM25 scores.
    #[must_use]
    pub fn find(&self, query: &str, most: usize) -> Vec<(&Operation, f64)> {
        let words = self.words.get_or_init(|| self.operations.values().map(count_words).collect());
        let average = words.iter().map(|(_, _, length)| length).sum::<f64>() / words.len().max(1) as f64;
        let terms: Vec<String> = split(query).collect();
        let idf = |term: &String| {
            let with = words.iter().filter(|(_, words, _)| words.contains_key(term)).count() as f64;
            let all = words.len() as f64;
            (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
        };
        let weights: Vec<(&String, f64)> = terms.iter().map(|term| (term, idf(term))).collect();
        let score = |words: &HashMap<String, f64>, length: f64| -> f64 {
            let one = |(term, idf): &(&String, f64)| {
                let count = words.get(*term).copied().unwrap_or_default();
                idf * count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length / average.max(1.0)))
            };
            weights.iter().map(one).sum()
        };
        let mut found: Vec<(&Operation, f64)> = (words.iter())
            .filter_map(|(name, words, length)| Some((self.operations.get(name)?, score(words, *length))))
            .filter(|(_, score)| *score > 0.0)
            .collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.name.cmp(&b.0.name)));
        found.truncate(most);
        found
    }

    /// The names nearest to one that is not there.
    #[must_use]
    pub fn near(&self, name: &str, most: usize) -> Vec<String> {
        if name.len() > crate::layers::MOST_NAME {
            // It is near to nothing, and to find that out takes long.
            return Vec::new();
        }
        let bare = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
        let wanted = bare(name);
        let mut near: Vec<(usize, &String)> = (self.operations.keys())
            .map(|known| (distance(name, known).min(distance(&wanted, &bare(known))), known))
            .filter(|(distance, _)| *distance <= 2 + wanted.len() / 3)
            .collect();
        near.sort();
        near.into_iter().take(most).map(|(_, name)| name.clone()).collect()
    }
}

/// An operation of a manifest, as the catalog shows it.
pub(crate) fn operation(layer: &str, name: &str, spec: &OperationSpec) -> Operation {
    Operation {
        name: format!("{layer}.{name}"),
        layer: layer.to_owned(),
        summary: spec.summary.clone(),
        description: spec.description.clone(),
        effect: match spec.effect {
            OperationEffect::Read => Effect::Read,
            OperationEffect::Write => Effect::Write,
            OperationEffect::Destructive => Effect::Destructive,
        },
        input: spec.input.clone(),
        output: spec.output.clone(),
    }
}

fn count_words(operation: &Operation) -> Words {
    let mut words: HashMap<String, f64> = HashMap::new();
    let mut length = 0.0;
    let properties = operation.input.get("properties").and_then(|properties| properties.as_object());
    let arguments: Vec<&str> = properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    for (text, weight) in [
        (operation.name.as_str(), NAME),
        (operation.summary.as_str(), SUMMARY),
        (operation.description.as_str(), ELSEWHERE),
        (arguments.join(" ").as_str(), ELSEWHERE),
    ] {
        for word in split(text) {
            *words.entry(word).or_default() += weight;
            length += weight;
        }
    }
    (operation.name.clone(), words, length)
}

/// Lower-case words, plurals and common endings cut so that `events` finds `event`.
fn split(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 1).map(|word| {
        let word = word.to_lowercase();
        let stem = ["ies", "ing", "ed", "es", "s"].iter().find_map(|end| {
            word.strip_suffix(end).filter(|stem| stem.len() > 2).map(|stem| match *end {
                "ies" => format!("{stem}y"),
                _ => stem.to_owned(),
            })
        });
        stem.unwrap_or(word)
    })
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in (1..).zip(a.chars()) {
        let mut diagonal = std::mem::replace(row.first_mut().unwrap_or(&mut 0), i);
        let mut left = i;
        for (slot, cb) in row.iter_mut().skip(1).zip(&b) {
            let above = *slot;
            left = (diagonal + usize::from(ca != *cb)).min(left + 1).min(above + 1);
            diagonal = above;
            *slot = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn catalog() -> Catalog {
        let one = |name: &str, summary: &str| Operation {
            name: name.into(),
            layer: name.split('.').next().unwrap().into(),
            summary: summary.into(),
            description: String::new(),
            effect: Effect::Read,
            input: json!({"type": "object", "properties": {"query": {}}}),
            output: json!({"type": "object"}),
        };
        Catalog::new(
            1,
            [
                one("b.timeline", "Events of the last days, by day"),
                one("a.list_memories", "List memories"),
                one("a.forget", "Forget memories by id"),
            ],
        )
    }

    #[test]
    fn is_sorted_and_found_by_words() {
        let catalog = catalog();
        let names: Vec<_> = catalog.operations().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["a.forget", "a.list_memories", "b.timeline"]);
        assert_eq!(catalog.find("what happened on which day? event", 1)[0].0.name, "b.timeline");
        assert_eq!(catalog.find("memory list", 1)[0].0.name, "a.list_memories");
        assert!(catalog.find("zebra", 5).is_empty());
    }

    #[test]
    fn near_names_are_suggested() {
        assert_eq!(catalog().near("a.forgett", 1), ["a.forget"]);
        assert_eq!(catalog().near("timelines", 1), ["b.timeline"]);
        assert!(catalog().near("zzzzzzzzzzzzzzzz", 3).is_empty());
        assert!(catalog().near(&format!("{}.forget", "z".repeat(300)), 3).is_empty(), "too long to be meant");
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
