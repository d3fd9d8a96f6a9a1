//! Names of events: what rules may wait for, and which names one event has.

use memstrata_sdk::Fault;

/// Longest name, in bytes.
const MOST: usize = 100;

fn is_part(part: &str, colons: bool) -> bool {
    !part.is_empty()
        && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || (colons && b == b':'))
}

/// Refuses what is no name of an event: parts of `[a-z0-9_]` joined by dots, such as `build_failed`, `hook.session_start`,
/// `episodic.error`, `episodic.events:insert`; the last part may be `*`.
///
/// # Errors
/// `invalid.argument`.
pub fn check(name: &str) -> Result<(), Fault> {
    let body = name.strip_suffix(".*").unwrap_or(name);
    if name.len() <= MOST && body.split('.').all(|part| is_part(part, true)) {
        return Ok(());
    }
    Err(Fault::invalid(format!(
        "`{}` is no event: use small letters, digits and _, in parts joined by dots, such as `build_failed` or `hook.session_start`; `episodic.*` is all of that layer",
        crate::row::clip(name, 60)
    )))
}

/// Refuses what the host would not emit: `[a-z][a-z0-9_]*` without `__`, 60 letters at most.
///
/// # Errors
/// `invalid.argument`.
pub fn check_emitted(name: &str) -> Result<(), Fault> {
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    if begins && name.len() <= 60 && is_part(name, false) && !name.contains("__") {
        return Ok(());
    }
    Err(Fault::invalid(format!(
        "`{}` is no name to emit: use a small letter, then small letters, digits and _",
        crate::row::clip(name, 60)
    )))
}

/// What a rule may wait for to hear this event: its name, and `part.*` for each part before a dot.
#[must_use]
pub fn waited_for(name: &str) -> Vec<String> {
    let dots = name.match_indices('.').filter_map(|(at, _)| name.get(..at));
    let mut names: Vec<String> = dots.map(|head| format!("{head}.*")).collect();
    names.insert(0, name.to_owned());
    names
}

/// Whether what belongs to `own` hears what happens in `there`: in its namespace or below; what belongs to none hears all, and what
/// happens in none is heard by all.
#[must_use]
pub fn covers(own: &str, there: &str) -> bool {
    let below = || there.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
    own.is_empty() || there.is_empty() || below()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        for good in ["build_failed", "hook.session_start", "episodic.events:insert", "episodic.*", "a.b.*", "x1"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["", "*", ".", "a..b", "Build", "a b", "a.*.b", "a.", &"x".repeat(101)] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert!(check_emitted("build_failed").is_ok());
        for bad in ["", "1a", "a.b", "a__b", "a*", &"x".repeat(61)] {
            assert!(check_emitted(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_namespace_hears_itself_and_what_is_below() {
        for (own, there, heard) in [
            ("", "a", true),
            ("a", "", true),
            ("a", "a", true),
            ("a", "a:b", true),
            ("a", "ab", false),
            ("a:b", "a", false),
        ] {
            assert_eq!(covers(own, there), heard, "{own} {there}");
        }
    }

    #[test]
    fn an_event_is_heard_by_its_name_and_by_all_of_its_layer() {
        assert_eq!(waited_for("build_failed"), ["build_failed"]);
        assert_eq!(waited_for("episodic.error"), ["episodic.error", "episodic.*"]);
        assert_eq!(waited_for("a.b.c"), ["a.b.c", "a.*", "a.b.*"]);
    }
}
