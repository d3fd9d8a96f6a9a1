//! The ten categories, and the one a text is about by its words.

use crate::words::{stem, words};

/// What procedures are about.
pub const CATEGORIES: [&str; 10] = [
    "git",
    "refactoring",
    "debugging",
    "testing",
    "deployment",
    "architecture",
    "code_review",
    "performance",
    "security",
    "documentation",
];

/// The category of a text no keyword of which is known.
pub const FALLBACK: &str = "git";

/// The words of each category, in the order of [`CATEGORIES`]; compared by stem.
const KEYWORDS: [&[&str]; 10] = [
    &["git", "commit", "branch", "merge", "rebase", "push", "pull", "checkout", "cherry", "stash", "tag"],
    &["refactor", "refactoring", "rename", "extract", "inline", "simplify", "restructure", "deduplicate", "cleanup"],
    &[
        "debug",
        "debugging",
        "bug",
        "bugfix",
        "error",
        "crash",
        "trace",
        "stacktrace",
        "breakpoint",
        "diagnose",
        "reproduce",
        "fix",
    ],
    &["test", "test_run", "pytest", "unittest", "coverage", "assert", "fixture", "mock", "regression", "suite"],
    &[
        "deploy",
        "deployment",
        "release",
        "rollout",
        "rollback",
        "publish",
        "ship",
        "docker",
        "kubernetes",
        "staging",
        "production",
    ],
    &["architecture", "architectural", "design", "module", "interface", "component", "layer", "adr", "boundary"],
    &["review", "code_review", "reviewer", "approve", "feedback", "pr"],
    &["performance", "optimize", "optimise", "profile", "benchmark", "latency", "throughput", "cache", "slow", "speed"],
    &[
        "security",
        "vulnerability",
        "cve",
        "auth",
        "authentication",
        "encrypt",
        "secret",
        "sanitize",
        "permission",
        "audit",
    ],
    &["document", "documentation", "docs", "readme", "changelog", "docstring", "tutorial", "guide"],
];

/// The category most words of the text belong to, whole words only; the first of [`CATEGORIES`] among equals. None if no
/// word is a keyword.
#[must_use]
pub fn by_keywords(text: &str) -> Option<&'static str> {
    let mut counts = [0_usize; CATEGORIES.len()];
    for word in words(text) {
        let word = stem(&word);
        for (count, keywords) in counts.iter_mut().zip(KEYWORDS) {
            *count += usize::from(keywords.iter().any(|keyword| stem(keyword) == word));
        }
    }
    let best = counts.iter().copied().max().filter(|count| *count > 0)?;
    counts.iter().zip(CATEGORIES).find(|(count, _)| **count == best).map(|(_, category)| category)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_keywords_win_and_whole_words_count() {
        for (text, category) in [
            ("Run the test suite and check coverage", Some("testing")),
            ("Deploy to staging, then roll out to production", Some("deployment")),
            ("Rebase the branch", Some("git")),
            ("Find out why the server is slow and profile it", Some("performance")),
            ("A contest of digits", None),
            ("Fix the crash; add a test", Some("debugging")),
            ("", None),
        ] {
            assert_eq!(by_keywords(text), category, "{text}");
        }
    }
}
