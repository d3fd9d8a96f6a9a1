//! The closed word lists of the layer, with one check that names the choices.

use memstrata_sdk::Fault;

/// What kind of thing happened.
pub const EVENT_TYPES: [&str; 10] = [
    "conversation",
    "action",
    "decision",
    "error",
    "success",
    "file_change",
    "test_run",
    "deployment",
    "refactoring",
    "debugging",
];

/// How it ended.
pub const OUTCOMES: [&str; 4] = ["success", "failure", "partial", "ongoing"];

/// What kind of thing happened to code.
pub const CODE_EVENT_TYPES: [&str; 10] = [
    "code_edit",
    "symbol_lookup",
    "refactoring",
    "test_run",
    "bug_discovery",
    "perf_profile",
    "code_review",
    "arch_decision",
    "dependency_change",
    "merge_conflict",
];

/// Whether consolidation has taken the event in.
pub const STATUSES: [&str; 2] = ["unconsolidated", "consolidated"];

/// Where synchronised events come from.
pub const SOURCE_TYPES: [&str; 5] = ["filesystem", "github", "slack", "api_log", "other"];

/// What a place in the code is.
pub const NODE_TYPES: [&str; 4] = ["root", "directory", "file", "symbol"];

/// Who drew a relation.
pub const ORIGINS: [&str; 4] = ["caller", "temporal", "causal", "synthesis"];

/// Refuses a word that is not in the list, naming the list.
///
/// # Errors
/// `invalid.argument`.
pub fn check(field: &str, word: &str, list: &[&str]) -> Result<(), Fault> {
    if list.contains(&word) {
        return Ok(());
    }
    Err(Fault::invalid(format!("`{field}` is `{word}`; use one of {}", list.join(", "))))
}

/// Refuses a relation's name unless it is `[a-z][a-z0-9_]{0,39}`.
///
/// # Errors
/// `invalid.argument`.
pub fn check_relation(name: &str) -> Result<(), Fault> {
    let fits = name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if fits {
        return Ok(());
    }
    Err(Fault::invalid(format!(
        "`relation_type` is `{name}`; use lower-case letters, digits and `_`, such as `led_to`, at most 40"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_word_is_answered_with_the_list() {
        assert!(check("outcome", "success", &OUTCOMES).is_ok());
        let fault = check("outcome", "won", &OUTCOMES).unwrap_err();
        assert_eq!(fault.code, "invalid.argument");
        assert!(fault.message.contains("success, failure, partial, ongoing"));
    }

    #[test]
    fn relation_names_are_words() {
        for good in ["causes", "led_to", "r2"] {
            assert!(check_relation(good).is_ok(), "{good}");
        }
        for bad in ["", "Led", "2r", "led to", &"x".repeat(41)] {
            assert!(check_relation(bad).is_err(), "{bad}");
        }
    }
}
