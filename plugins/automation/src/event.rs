//! Names of events: what rules may wait for, and which names one event has.

use crate::kind;
use memstrata_sdk::Fault;

/// Longest name, in bytes.
const MOST: usize = 100;
/// What this layer emits of its own accord: an action that emitted one of them would be taken for it.
const OWN: [&str; 3] = ["hook_fired", "rule_fired", "breaker_changed"];

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
        return match body.strip_prefix("hook.") {
            Some(hook_type) if !kind::NAMES.contains(&hook_type) => Err(Fault::invalid(format!(
                "there is no hook `{}`: `hook.` goes with one of {}, or with `*`",
                memstrata_sdk::row::clip(hook_type, 60),
                kind::NAMES.join(", ")
            ))),
            _ => Ok(()),
        };
    }
    Err(Fault::invalid(format!(
        "`{}` is no event: use small letters, digits and _, in parts joined by dots, such as `build_failed` or `hook.session_start`; `episodic.*` is all of that layer",
        memstrata_sdk::row::clip(name, 60)
    )))
}

/// Refuses what a client may not trigger by its name: hooks are triggered as such, so that their rate limits hold.
///
/// # Errors
/// `invalid.argument`.
pub fn check_triggered(name: &str) -> Result<(), Fault> {
    check(name)?;
    if name == "hook.*" || name.starts_with("hook.") {
        return Err(Fault::invalid(format!("`{name}` is a hook: call trigger_hook")));
    }
    if name.ends_with(".*") {
        return Err(Fault::invalid(format!("`{name}` is what rules wait for: name one event")));
    }
    Ok(())
}

/// Refuses what the host would not emit: `[a-z][a-z0-9_]*` without `__`, 60 letters at most.
///
/// # Errors
/// `invalid.argument`.
pub fn check_emitted(name: &str) -> Result<(), Fault> {
    if OWN.contains(&name) {
        return Err(Fault::invalid(format!("`{name}` is what this layer emits itself: take another name")));
    }
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    if begins && name.len() <= 60 && is_part(name, false) && !name.contains("__") {
        return Ok(());
    }
    Err(Fault::invalid(format!(
        "`{}` is no name to emit: use a small letter, then small letters, digits and _",
        memstrata_sdk::row::clip(name, 60)
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

/// Of several of one name, that of the nearest namespace which hears what happens in `there`: the place in the list.
#[must_use]
pub fn nearest<'a>(namespaces: impl IntoIterator<Item = &'a str>, there: &str) -> Option<usize> {
    let heard = namespaces.into_iter().enumerate().filter(|(_, own)| covers(own, there));
    // Where nothing says where, what belongs to none comes first.
    let rank = |own: &str| if there.is_empty() { usize::MAX - own.len() } else { own.len() };
    heard.max_by_key(|(place, own)| (rank(own), usize::MAX - place)).map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_of_one_name_is_taken() {
        for (names, there, place) in [
            (vec!["", "a", "a:b"], "a:b:c", Some(2)),
            (vec!["a:b", "a", ""], "a", Some(1)),
            (vec!["b", ""], "a", Some(1)),
            (vec!["b"], "a", None),
            (vec!["b", "", "a"], "", Some(1)),
            (vec!["b", "a"], "", Some(0)),
            (vec![], "a", None),
        ] {
            assert_eq!(nearest(names.iter().copied(), there), place, "{names:?} {there}");
        }
    }

    #[test]
    fn hooks_are_a_closed_set_and_are_triggered_as_hooks() {
        assert!(check("hook.pre_clear").is_ok() && check("hook.*").is_ok());
        assert!(check("hook.breakfast").is_err_and(|fault| fault.message.contains("pre_clear")));
        assert!(check_triggered("build_failed").is_ok() && check_triggered("episodic.error").is_ok());
        for bad in ["hook.pre_clear", "hook.*", "a.*", "Bad"] {
            assert!(check_triggered(bad).is_err(), "{bad}");
        }
        assert!(check_emitted("hook_fired").is_err());
    }

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
