//! Clips text on character boundaries, at the end of a word where one is near.

/// The longest prefix of at most `most` characters (the ellipsis counted), cut at a word's end if one lies in its last
/// third. Whole text comes back unchanged.
#[must_use]
pub fn clip(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let end = text.char_indices().nth(most.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
    let head = text.get(..end).unwrap_or_default();
    let at_word = head.rfind(char::is_whitespace).filter(|at| *at * 3 >= end * 2).unwrap_or(end);
    format!("{}…", head.get(..at_word).unwrap_or(head).trim_end())
}

/// Whether [`clip`] would shorten the text.
#[must_use]
pub fn is_longer(text: &str, most: usize) -> bool {
    text.chars().nth(most).is_some()
}

/// One line: runs of white space become one blank.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cuts_at_a_word_end() {
        assert_eq!(clip("the quick brown fox", 13), "the quick…");
        assert_eq!(clip("the quick brown fox", 19), "the quick brown fox");
        assert_eq!(clip("Donaudampfschiff", 6), "Donau…");
    }

    proptest! {
        #[test]
        fn never_longer_than_asked(text in "\\PC{0,60}", most in 1usize..70) {
            let clipped = clip(&text, most);
            prop_assert!(clipped.chars().count() <= most);
            prop_assert_eq!(clipped == text, !is_longer(&text, most));
        }
    }
}
