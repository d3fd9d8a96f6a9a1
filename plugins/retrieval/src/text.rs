//! What text costs in tokens, and how it is cut: on character boundaries, at word ends, around what was asked.

/// What a text takes up. Costs of texts with something other than a letter or digit between them add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    bytes: usize,
    words: usize,
}

impl Cost {
    /// The cost of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut words = 0;
        let mut in_word = false;
        for c in text.chars() {
            let part = if c.is_ascii() { c.is_ascii_alphanumeric() } else { c.is_alphanumeric() };
            words += usize::from(part && !in_word);
            in_word = part;
        }
        Self { bytes: text.len(), words }
    }

    /// An upper estimate of its tokens: the larger of a quarter of its bytes and 1.3 for each word.
    ///
    /// A quarter of the length is the usual rule for English (Athena's `len(JSON)/4`); bytes instead of characters keep it on
    /// the safe side for other scripts, and counting every run of letters or digits as a word does so for JSON full of
    /// short keys and numbers.
    #[must_use]
    pub fn tokens(self) -> usize {
        self.bytes.div_ceil(4).max((self.words * 13).div_ceil(10))
    }
}

impl std::ops::Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { bytes: self.bytes + other.bytes, words: self.words + other.words }
    }
}

/// The tokens of a text, see [`Cost::tokens`].
#[must_use]
pub fn tokens(text: &str) -> usize {
    Cost::of(text).tokens()
}

/// One line: runs of white space become one blank.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

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

/// The words of a text, lower case: runs of letters and digits.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// The words worth looking for in a text: four letters or more, or with a digit, cut to five letters so that other
/// endings of the word are found too. Shorter words are kept if there are no others.
#[must_use]
pub fn terms(query: &str) -> Vec<String> {
    let worth = |word: &String| word.chars().count() > 3 || word.chars().any(|c| c.is_ascii_digit());
    let mut terms: Vec<String> = words(query).filter(worth).map(|word| word.chars().take(5).collect()).collect();
    if terms.is_empty() {
        terms = words(query).collect();
    }
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// The part of a text, at most `most` characters, that has the most of the terms: what a reader would underline. A part
/// from the middle starts with an ellipsis. Ties go to the earlier part.
#[must_use]
pub fn excerpt(text: &str, terms: &[String], most: usize) -> String {
    if text.chars().nth(most).is_none() || terms.is_empty() {
        return clip(text, most);
    }
    // Character offset and term of each word that begins with a term.
    let mut hits: Vec<(usize, usize)> = Vec::new();
    let mut starts: Vec<(usize, usize)> = Vec::new();
    let mut in_word = false;
    for (nth, (at, c)) in text.char_indices().enumerate() {
        if c.is_alphanumeric() && !in_word {
            starts.push((nth, at));
            let word: String = text.get(at..).unwrap_or_default().chars().take(12).collect::<String>().to_lowercase();
            if let Some(term) = terms.iter().position(|term| word.starts_with(term.as_str())) {
                hits.push((nth, term));
            }
        }
        in_word = c.is_alphanumeric();
    }
    let seen_from = |from: usize| {
        let mut seen: Vec<usize> =
            hits.iter().filter(|(at, _)| (from..from + most * 4 / 5).contains(at)).map(|(_, term)| *term).collect();
        seen.sort_unstable();
        seen.dedup();
        seen.len()
    };
    let lead = most / 5;
    let mut best = (seen_from(0), 0);
    for (at, _) in &hits {
        let from = at.saturating_sub(lead);
        let seen = seen_from(from);
        if seen > best.0 {
            best = (seen, from);
        }
    }
    match starts.iter().find(|(nth, _)| *nth >= best.1) {
        Some((nth, at)) if *nth > 0 && best.1 > 0 => {
            format!("…{}", clip(text.get(*at..).unwrap_or_default(), most.saturating_sub(1)))
        }
        _ => clip(text, most),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tokens_are_not_underestimated() {
        assert_eq!(tokens(""), 0);
        assert_eq!(tokens("abcdefgh"), 2);
        assert_eq!(tokens("a b c d"), 6, "words count where they are short");
        assert_eq!(tokens("{\"id\":42}"), 3);
        assert!(tokens("机器学习") >= 3);
    }

    #[test]
    fn an_excerpt_is_cut_around_the_terms() {
        let text = "We met in the morning and talked about many things before Ada explained why she prefers tabs.";
        let excerpt = excerpt(text, &terms("does Ada prefer tabs?"), 40);
        assert!(excerpt.starts_with('…') && excerpt.contains("prefers tabs"), "{excerpt}");
        assert_eq!(super::excerpt("short text", &terms("other"), 40), "short text");
        assert!(super::excerpt(text, &terms("morning"), 40).starts_with("We met"));
    }

    proptest! {
        #[test]
        fn cuts_keep_their_length(text in "\\PC{0,200}", query in "\\PC{0,30}", most in 2usize..80) {
            prop_assert!(clip(&text, most).chars().count() <= most);
            prop_assert!(excerpt(&text, &terms(&query), most).chars().count() <= most);
        }
    }
}
