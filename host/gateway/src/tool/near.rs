//! Names like a mistyped one, so that an error can say what was meant.

/// The most edits that still count as a slip.
const MOST_EDITS: usize = 2;

/// Names of `known` that start like `name` or differ from it by a slip, nearest first.
pub(super) fn near<'a>(name: &str, known: impl Iterator<Item = &'a str>, most: usize) -> Vec<String> {
    let mut found: Vec<(usize, &str)> = known
        .filter_map(|candidate| {
            let alike = !name.is_empty() && (candidate.starts_with(name) || name.starts_with(candidate));
            let edits = if alike { 1 } else { edits(name, candidate) };
            (edits <= MOST_EDITS).then_some((edits, candidate))
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(most).map(|(_, candidate)| candidate.to_owned()).collect()
}

/// Levenshtein distance in characters; names that differ much in length are not compared.
fn edits(left: &str, right: &str) -> usize {
    if left.len().abs_diff(right.len()) > MOST_EDITS {
        return usize::MAX;
    }
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, a) in left.chars().enumerate() {
        let mut diagonal = index;
        let mut before = index + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(&right) {
            let here = (diagonal + usize::from(a != *b)).min(before + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, here);
            before = here;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (left, right, count) in [
            ("recall", "recall", 0),
            ("recal", "recall", 1),
            ("rceall", "recall", 2),
            ("", "ab", 2),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(edits(left, right), count, "{left} {right}");
        }
    }

    #[test]
    fn slips_and_beginnings_are_near() {
        let known = ["recall", "remember", "forget", "status"];
        assert_eq!(near("recal", known.into_iter(), 3), ["recall"]);
        assert_eq!(near("froget", known.into_iter(), 3), ["forget"]);
        assert_eq!(near("remember_this", known.into_iter(), 3), ["remember"]);
        assert!(near("zzz", known.into_iter(), 3).is_empty());
        assert!(near("", known.into_iter(), 3).is_empty());
    }
}
