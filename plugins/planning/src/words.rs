//! Words of a text for comparing steps, criteria and descriptions: lower case, without the commonest words and plain endings.

use std::collections::BTreeSet;

const COMMON: [&str; 34] = [
    "the", "and", "for", "with", "that", "this", "from", "into", "then", "than", "are", "was", "has", "have", "all",
    "any", "its", "not", "but", "our", "out", "per", "via", "can", "will", "should", "must", "when", "what", "each",
    "also", "new", "use", "step",
];

/// Ends a verifying step's words may begin with.
const VERIFYING: [&str; 7] = ["verif", "test", "check", "review", "validat", "accept", "measur"];
/// Words of steps that cannot simply be done again.
const RISKY: [&str; 10] =
    ["delet", "drop", "migrat", "deploy", "releas", "remov", "overwrit", "truncat", "publish", "erase"];
/// Words of steps that make a risky one safe.
const GUARDING: [&str; 8] = ["backup", "snapshot", "rehears", "stag", "test", "rollback", "approv", "verif"];

fn stem(word: &str) -> String {
    let cut = |end: &str| word.strip_suffix(end).filter(|rest| rest.chars().count() >= 3);
    ["ing", "ed", "es", "s", "e"].iter().find_map(|end| cut(end)).unwrap_or(word).to_owned()
}

/// The words of a text that carry meaning.
#[must_use]
pub fn stems(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    words.filter(|word| word.chars().count() > 2 && !COMMON.contains(&word.as_str())).map(|word| stem(&word)).collect()
}

/// The share of the first text's words that the second has; 1 for a text without words.
#[must_use]
pub fn covered(of: &str, by: &BTreeSet<String>) -> f64 {
    let of = stems(of);
    if of.is_empty() { 1.0 } else { of.intersection(by).count() as f64 / of.len() as f64 }
}

/// Shared words over all words (P. Jaccard, 1912); 0 when neither has any.
#[must_use]
pub fn likeness(a: &str, b: &str) -> f64 {
    let (a, b) = (stems(a), stems(b));
    let all = a.union(&b).count();
    if all == 0 { 0.0 } else { a.intersection(&b).count() as f64 / all as f64 }
}

fn begins(text: &str, with: &[&str]) -> bool {
    let text = text.to_lowercase();
    text.split(|c: char| !c.is_alphanumeric()).any(|word| with.iter().any(|start| word.starts_with(start)))
}

/// Whether a step checks something.
#[must_use]
pub fn verifies(text: &str) -> bool {
    begins(text, &VERIFYING)
}

/// Whether a step does what is hard to undo.
#[must_use]
pub fn risky(text: &str) -> bool {
    begins(text, &RISKY)
}

/// Whether a step guards a risky one.
#[must_use]
pub fn guards(text: &str) -> bool {
    begins(text, &GUARDING)
}

/// The parts of a description: numbered or bulleted lines if there are two or more; else sentences and clauses after `;`, `then`, `and then`,
/// and items after a colon.
#[must_use]
pub fn parts(text: &str) -> Vec<String> {
    let marked: Vec<String> = text.lines().filter_map(bullet).collect();
    if marked.len() >= 2 {
        return marked;
    }
    let text = text.replace('\n', ". ");
    let text = match text.split_once(": ") {
        Some((_, list)) if list.contains(',') => list.replace(", and ", ", ").replace(',', ";"),
        _ => text,
    };
    let mut text =
        text.replace(". ", ";").replace(", and then ", ";").replace(" and then ", ";").replace(", then ", ";");
    text = text.replace(" then ", ";").replace(", and ", ";");
    text.split(';')
        .map(|part| part.trim().trim_end_matches('.').trim())
        .filter(|part| !stems(part).is_empty())
        .map(capital)
        .collect()
}

/// Whether a description states the order of its parts: by `then`, or by numbers.
#[must_use]
pub fn orders(text: &str) -> bool {
    let numbered =
        text.lines().filter(|line| line.trim().starts_with(|c: char| c.is_ascii_digit()) && bullet(line).is_some());
    text.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| word == "then") || numbered.count() >= 2
}

fn bullet(line: &str) -> Option<String> {
    let line = line.trim();
    let rest = ["- ", "* ", "+ "].iter().find_map(|mark| line.strip_prefix(mark)).or_else(|| {
        let (number, rest) = line.split_once(['.', ')'])?;
        (!number.is_empty() && number.chars().all(|c| c.is_ascii_digit())).then_some(rest)
    })?;
    let rest = rest.trim().trim_start_matches("[ ] ").trim();
    (!rest.is_empty()).then(|| capital(rest))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_sentences_and_clauses_are_parts() {
        assert_eq!(parts("Do:\n1. write it\n2) test it\n- ship it"), ["Write it", "Test it", "Ship it"]);
        assert_eq!(
            parts("Write the parser, then test it and then ship it."),
            ["Write the parser", "Test it", "Ship it"]
        );
        assert_eq!(parts("Add login: form, session, and logout"), ["Form", "Session", "Logout"]);
        assert_eq!(parts("Add login"), ["Add login"]);
        assert!(parts(" .; ").is_empty());
    }

    #[test]
    fn an_order_is_stated_by_then_and_by_numbers() {
        assert!(orders("Write it, then test it") && orders("1. a\n2. b"));
        assert!(!orders("- a\n- b") && !orders("Strengthen it"));
    }

    #[test]
    fn kinds_of_steps_go_by_their_words() {
        assert!(verifies("Testing the parser") && !verifies("Write the parser"));
        assert!(risky("Drop the old table") && guards("Make a backup") && !risky("Read it"));
    }

    #[test]
    fn likeness_and_cover_are_shares() {
        assert!((likeness("write parser", "parser writing") - 1.0).abs() < 0.6);
        assert_eq!(covered("", &stems("x")), 1.0);
        assert_eq!(covered("parse dates", &stems("it parses the dates well")), 1.0);
        assert_eq!(likeness("", ""), 0.0);
    }
}
