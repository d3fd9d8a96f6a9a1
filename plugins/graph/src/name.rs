//! Names: their normal form, and when two of them are one.

use unicode_normalization::UnicodeNormalization;

/// Words of two names of as many words must be at least so similar, one by one: `East` and `West` are not.
const LEAST_WORD: f64 = 0.7;
/// Names with fewer letters are the same only if they are equal.
const LEAST_LETTERS: usize = 5;
/// Letters at either end of a name that tell which names are compared at all; see [`ends`].
const END: usize = 3;

/// Whether names of this type are identifiers, whose case and every letter count.
#[must_use]
pub fn is_symbol(entity_type: &str) -> bool {
    matches!(entity_type, "File" | "Function")
}

/// The normal form: white space collapsed; but for [`is_symbol`] types also compatibility forms folded (NFKC), letters
/// small, `_` and `-` as blanks, quotes and commas gone.
#[must_use]
pub fn normal(name: &str, entity_type: &str) -> String {
    if is_symbol(entity_type) {
        return name.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    let folded: String = name
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !matches!(c, '"' | '\'' | '`' | '\u{2019}' | ','))
        .map(|c| if matches!(c, '_' | '-') { ' ' } else { c })
        .collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first and the last letters of a normal form: a name is compared with those that share one of the two, since one slip
/// of the pen leaves the other as it is.
#[must_use]
pub fn ends(normal: &str) -> (String, String) {
    let letters: Vec<char> = normal.chars().collect();
    let head = letters.iter().take(END).collect();
    let tail = letters.iter().skip(letters.len().saturating_sub(END)).collect();
    (head, tail)
}

/// How alike two normal forms are, 0 to 1: 1 less the share of letters that an edit changes (optimal string alignment, after
/// Damerau 1964 and Levenshtein 1966), and 0 where numbers or whole words differ.
#[must_use]
pub fn similarity(a: &str, b: &str) -> f64 {
    if a == b {
        return 1.0;
    }
    let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<Vec<_>>();
    let (left, right) = (letters(a), letters(b));
    if left.len().min(right.len()) < LEAST_LETTERS || digits(a) != digits(b) {
        return 0.0;
    }
    if left == right {
        return 1.0;
    }
    let (words, others): (Vec<_>, Vec<_>) = (a.split(' ').collect(), b.split(' ').collect());
    let word_for_word = words.len() == others.len()
        && words.iter().zip(&others).all(|(one, other)| {
            let (one, other): (Vec<_>, Vec<_>) = (one.chars().collect(), other.chars().collect());
            one == other || (one.len().min(other.len()) > 2 && alike(&one, &other) >= LEAST_WORD)
        });
    let (left, right): (Vec<_>, Vec<_>) = (a.chars().collect(), b.chars().collect());
    if word_for_word { alike(&left, &right) } else { 0.0 }
}

fn digits(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_numeric()).filter(|run| !run.is_empty()).collect()
}

#[expect(clippy::cast_precision_loss, reason = "lengths of names")]
fn alike(a: &[char], b: &[char]) -> f64 {
    1.0 - edits(a, b) as f64 / a.len().max(b.len()).max(1) as f64
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn one into the other.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut earlier = None;
    for (row, one) in (1..).zip(a) {
        let mut now = vec![row];
        let mut previous = None;
        for (column, other) in (1..).zip(b) {
            let at = |list: &[usize], place: usize| list.get(place).copied().unwrap_or(usize::MAX - 1);
            let mut least = at(&last, column - 1) + usize::from(one != other);
            least = least.min(at(&last, column) + 1).min(at(&now, column - 1) + 1);
            if column > 1 && earlier == Some(other) && previous == Some(one) {
                least = least.min(at(&before, column - 2) + 1);
            }
            now.push(least);
            previous = Some(other);
        }
        before = std::mem::replace(&mut last, now);
        earlier = Some(one);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_differently_is_one_name() {
        for (a, b) in [("Vector Index", "vector_index"), ("  The  Host ", "the host"), ("“x”", "“X”"), ("ﬁle", "File")]
        {
            assert_eq!(normal(a, "Concept"), normal(b, "Concept"));
        }
        assert_ne!(normal("C++", "Concept"), normal("C", "Concept"));
        assert_ne!(normal("Load", "Function"), normal("load", "Function"));
        assert_eq!(normal(" src/a b.rs", "File"), "src/a b.rs");
    }

    #[test]
    fn slips_are_one_name_and_differences_are_not() {
        let alike = |a: &str, b: &str| similarity(&normal(a, "Concept"), &normal(b, "Concept"));
        for (a, b) in [
            ("Kubernetes", "Kubernets"),
            ("John Smith", "Jon Smith"),
            ("PostgreSQL DB", "Postgre SQL DB"),
            ("Retrieval layer", "Retreival layer"),
        ] {
            assert!(alike(a, b) >= 0.9, "{a} {b} {}", alike(a, b));
        }
        for (a, b) in [
            ("Parser v1", "Parser v2"),
            ("Server production a", "Server production b"),
            ("East region office", "West region office"),
            ("load", "loan"),
            ("Ada", "Ida"),
            ("Project Apollo", "Project Gemini"),
        ] {
            assert!(alike(a, b) < 0.9, "{a} {b} {}", alike(a, b));
        }
    }

    #[test]
    fn edits_count_swaps_once() {
        let count = |a: &str, b: &str| edits(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!((count("kitten", "sitting"), count("ab", "ba"), count("", "abc"), count("abc", "")), (3, 1, 3, 3));
    }

    proptest! {
        #[test]
        fn similarity_is_symmetric_and_one_slip_leaves_an_end(
            a in "[a-z]{7,12}", b in "[a-z]{0,12}", at in 0_usize..7, letter in "[a-z]",
        ) {
            prop_assert!((similarity(&a, &b) - similarity(&b, &a)).abs() < 1e-12);
            prop_assert!((0.0..=1.0).contains(&similarity(&a, &b)));
            let mut slipped = a.clone();
            slipped.replace_range(at..=at, &letter);
            let (one, other) = (ends(&a), ends(&slipped));
            prop_assert!(one.0 == other.0 || one.1 == other.1);
        }
    }
}
