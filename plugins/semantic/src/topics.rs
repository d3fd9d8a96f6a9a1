//! What a set of memories is about: tag counts, and names for clusters of vectors.

use crate::lexical::{is_stop, stem, words};
use crate::row;
use memstrata_sdk::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Counts less others of the same names, largest first; what is used up is left out.
#[must_use]
pub fn less(counts: Vec<(String, u64)>, gone: &[(String, u64)]) -> Vec<(String, u64)> {
    let mut away: BTreeMap<&str, u64> = BTreeMap::new();
    gone.iter().for_each(|(name, count)| *away.entry(name).or_default() += count);
    let left = |(name, count): (String, u64)| {
        let count = count.saturating_sub(away.get(name.as_str()).copied().unwrap_or_default());
        (count > 0).then_some((name, count))
    };
    let mut counts: Vec<(String, u64)> = counts.into_iter().filter_map(left).collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}

/// In how many of some texts each stem is: counted once, for the labels of all clusters of them.
#[derive(Debug, Default)]
pub struct Documents {
    texts: usize,
    having: BTreeMap<String, usize>,
}

impl Documents {
    /// Of these texts.
    #[must_use]
    pub fn of(all: &[&str]) -> Self {
        let mut having: BTreeMap<String, usize> = BTreeMap::new();
        for text in all {
            let distinct: BTreeSet<String> = words(text).map(|word| stem(&word)).collect();
            for stem in distinct {
                *having.entry(stem).or_default() += 1;
            }
        }
        Self { texts: all.len(), having }
    }
}

/// The words that set a cluster apart, best first: term frequency in the cluster times inverse document frequency over
/// all (K. Spärck Jones, 1972). Of the forms of a word the most frequent stands for all.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "word counts are small")]
pub fn label(cluster: &[&str], all: &Documents, most: usize) -> Vec<String> {
    let mut forms: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for text in cluster {
        for word in words(text).filter(|word| !is_stop(word) && word.chars().count() > 2) {
            *forms.entry(stem(&word)).or_default().entry(word).or_default() += 1;
        }
    }
    let mut scored: Vec<(f64, String)> = forms
        .into_iter()
        .filter_map(|(stem, forms)| {
            let frequency: usize = forms.values().sum();
            let seen_in = all.having.get(&stem).copied().unwrap_or(1);
            let rarity = (1.0 + all.texts as f64 / seen_in as f64).ln();
            let word = forms.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)))?.0;
            Some((frequency as f64 * rarity, word))
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    scored.into_iter().take(most).map(|(_, word)| word).collect()
}

/// Clusters of at least two rows, largest first, each with its words, size, examples and mean usefulness. `numbers` are
/// the host's cluster numbers, one for each row.
#[must_use]
pub fn clusters(rows: &[Value], numbers: &[u32], most: usize) -> Vec<Value> {
    let mut members: BTreeMap<u32, Vec<&Value>> = BTreeMap::new();
    for (row, number) in rows.iter().zip(numbers) {
        members.entry(*number).or_default().push(row);
    }
    let all = Documents::of(&rows.iter().map(|row| row::text(row, "content")).collect::<Vec<_>>());
    let mut clusters: Vec<Vec<&Value>> = members.into_values().filter(|rows| rows.len() > 1).collect();
    clusters.sort_by_key(|rows| std::cmp::Reverse(rows.len()));
    clusters
        .into_iter()
        .take(most)
        .map(|rows| {
            let texts: Vec<&str> = rows.iter().map(|row| row::text(row, "content")).collect();
            let useful: Vec<f64> = rows.iter().filter_map(|row| row::number(row, "usefulness_score")).collect();
            json!({
                "words": label(&texts, &all, 4),
                "size": rows.len(),
                "ids": rows.iter().take(5).map(|row| row::id(row)).collect::<Vec<_>>(),
                "avg_usefulness": crate::spread::mean(&useful).map(crate::score::round),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_names_what_sets_a_cluster_apart() {
        let databases = ["the database index was slow", "indexes on the database table"];
        let all = ["the database index was slow", "indexes on the database table", "tea was cold", "slow tea"];
        let label = label(&databases, &Documents::of(&all), 2);
        assert_eq!(label.len(), 2);
        assert!(label.contains(&"database".to_owned()), "{label:?}");
    }

    #[test]
    fn what_is_gone_is_taken_off() {
        let counts =
            |all: &[(&str, u64)]| all.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect::<Vec<_>>();
        let all = counts(&[("a", 5), ("b", 4), ("c", 1)]);
        assert_eq!(less(all.clone(), &counts(&[("a", 2), ("c", 1), ("a", 1)])), counts(&[("b", 4), ("a", 2)]));
        assert_eq!(less(all.clone(), &[]), all);
    }

    #[test]
    fn clusters_of_one_are_no_topic() {
        let row = |id: u64, content: &str| json!({"id": id, "content": content, "usefulness_score": 0.5});
        let rows = [row(1, "red apples"), row(2, "green apples"), row(3, "trains")];
        let clusters = clusters(&rows, &[0, 0, 1], 10);
        assert_eq!(clusters.len(), 1);
        assert_eq!(clusters.first().map(|cluster| &cluster["ids"]), Some(&json!([1, 2])));
        assert_eq!(clusters.first().map(|cluster| &cluster["words"][0]), Some(&json!("apples")));
    }
}
