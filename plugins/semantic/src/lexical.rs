//! Words: splitting, stop words, light stems, and how much of a question a text covers.

/// English words that carry no topic; short on purpose, since BM25 already discounts common words.
const STOP: [&str; 70] = [
    "a", "about", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did", "do",
    "does", "for", "from", "had", "has", "have", "he", "her", "his", "how", "i", "if", "in", "into", "is", "it", "its",
    "me", "my", "of", "on", "or", "our", "she", "should", "so", "than", "that", "the", "their", "them", "then",
    "there", "these", "they", "this", "those", "to", "was", "we", "were", "what", "when", "where", "which", "who",
    "why", "will", "with", "would", "you", "your", "us",
];

/// Whether a lower-case word carries no topic.
#[must_use]
pub fn is_stop(word: &str) -> bool {
    STOP.contains(&word)
}

/// The words of a text, lower case: runs of letters and digits.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// A light English stem: step 1 of M. F. Porter, "An algorithm for suffix stripping" (1980), without its later steps,
/// which would make words a reader does not know. Words of other scripts come back unchanged.
#[must_use]
pub fn stem(word: &str) -> String {
    if word.len() < 4 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return word.to_owned();
    }
    let cut = |suffix: &str, with: &str| word.strip_suffix(suffix).map(|root| format!("{root}{with}"));
    let has_vowel = |root: &str| root.bytes().any(|b| b"aeiouy".contains(&b));
    let plural = cut("sses", "ss")
        .or_else(|| cut("ies", "y"))
        .or_else(|| word.ends_with("ss").then(|| word.to_owned()))
        .or_else(|| {
            word.strip_suffix("s").filter(|root| !root.ends_with('u') && !root.ends_with('i')).map(str::to_owned)
        })
        .unwrap_or_else(|| word.to_owned());
    for suffix in ["ing", "ed"] {
        let Some(root) = plural.strip_suffix(suffix).filter(|root| root.len() >= 3 && has_vowel(root)) else {
            continue;
        };
        let mut ends = root.bytes().rev();
        let (last, before) = (ends.next().unwrap_or_default(), ends.next().unwrap_or_default());
        // `stopped` -> `stop`, but `rolled` -> `roll`.
        if last == before && !b"lsz".contains(&last) {
            return root.get(..root.len() - 1).unwrap_or(root).to_owned();
        }
        return root.to_owned();
    }
    plural
}

/// The distinct topic-carrying stems of a text, in order. If all its words are stop words they count after all.
#[must_use]
pub fn stems(text: &str) -> Vec<String> {
    let mut content = Vec::new();
    let mut all = Vec::new();
    for word in words(text) {
        let stem = stem(&word);
        if !is_stop(&word) && !content.contains(&stem) {
            content.push(stem.clone());
        }
        if !all.contains(&stem) {
            all.push(stem);
        }
    }
    if content.is_empty() { all } else { content }
}

/// The share (0 to 1) of a question's stems that a text has: stands in for a cosine where there is no vector.
#[must_use]
pub fn coverage(question: &[String], text: &str) -> f64 {
    if question.is_empty() {
        return 0.0;
    }
    let text = stems(text);
    let shared = question.iter().filter(|stem| text.contains(stem)).count();
    #[expect(clippy::cast_precision_loss, reason = "word counts are small")]
    let share = shared as f64 / question.len() as f64;
    share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_join_the_forms_of_a_word() {
        for (word, stemmed) in [
            ("memories", "memory"),
            ("deploys", "deploy"),
            ("deployed", "deploy"),
            ("deploying", "deploy"),
            ("stopped", "stop"),
            ("rolled", "roll"),
            ("classes", "class"),
            ("glass", "glass"),
            ("status", "status"),
            ("sing", "sing"),
            ("ids", "ids"),
            ("straße", "straße"),
        ] {
            assert_eq!(stem(word), stemmed, "{word}");
        }
    }

    #[test]
    fn coverage_counts_topic_words_only() {
        let question = stems("What does Ada like?");
        assert_eq!(question, ["ada", "like"]);
        assert!((coverage(&question, "Ada likes tabs") - 1.0).abs() < 1e-9);
        assert!((coverage(&question, "What does Bob have?")).abs() < 1e-9);
        assert_eq!(stems("who are you"), ["who", "are", "you"]);
    }
}
