//! How alike two descriptions are: the share of words both have (P. Jaccard, 1901), common words left out.

use crate::risk::words;
use std::collections::BTreeSet;

/// From here on two changes count as similar. Ours.
pub const LEAST: f64 = 0.25;

const COMMON: [&str; 22] = [
    "a", "an", "the", "and", "or", "of", "to", "in", "on", "for", "with", "is", "are", "be", "it", "this", "that",
    "from", "by", "at", "as", "into",
];

fn set(text: &str) -> BTreeSet<String> {
    words(text).into_iter().filter(|word| !COMMON.contains(&word.as_str())).collect()
}

/// 0 to 1.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of words")]
pub fn similarity(a: &str, b: &str) -> f64 {
    let (a, b) = (set(a), set(b));
    let union = a.union(&b).count();
    if union == 0 { 0.0 } else { a.intersection(&b).count() as f64 / union as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_words_do_not_make_alike() {
        assert!(similarity("drop the users table", "drop users table") > 0.99);
        assert!(similarity("the fix is in the parser", "the cake is in the oven") < LEAST);
        assert!(similarity("", "") < LEAST);
    }
}
