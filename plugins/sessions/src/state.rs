//! State of a session: prefixed keys, and deltas that are merged into it.

use memstrata_sdk::{Fault, Map, Value};

/// How far a key reaches, by its prefix. `temp:` ends with the session.
pub const PREFIXES: [&str; 5] = ["temp:", "session:", "user:", "app:", "project:"];
/// Keys of a session at most, so that a read of its state has a bound.
pub const MOST_KEYS: u64 = 500;
/// Characters of a key at most.
pub const MOST_KEY: usize = 200;

/// Whether the key is gone at the end of the session.
#[must_use]
pub fn is_temporary(key: &str) -> bool {
    key.starts_with("temp:")
}

/// Checks a key: a known prefix and something after it.
///
/// # Errors
/// `invalid.argument`.
pub fn check_key(key: &str) -> Result<(), Fault> {
    let named = PREFIXES.iter().any(|prefix| key.strip_prefix(prefix).is_some_and(|rest| !rest.trim().is_empty()));
    if named && key.chars().count() <= MOST_KEY {
        return Ok(());
    }
    let key: String = key.chars().take(60).collect();
    Err(Fault::invalid(format!("state key `{key}`: begin it with {} and a name", PREFIXES.join(", "))))
}

/// Two deltas as one: a key of the later wins.
///
/// # Errors
/// `invalid.argument` for a bad key.
pub fn merged(
    first: Option<Map<String, Value>>,
    later: Option<Map<String, Value>>,
) -> Result<Map<String, Value>, Fault> {
    let mut delta = first.unwrap_or_default();
    delta.extend(later.unwrap_or_default());
    for key in delta.keys() {
        check_key(key)?;
    }
    Ok(delta)
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    #[test]
    fn keys_carry_a_known_prefix() {
        for good in ["user:name", "session:step", "temp:x", "app:theme", "project:goal", "user:a:b"] {
            assert!(check_key(good).is_ok(), "{good}");
        }
        for bad in ["name", "", "user:", "user: ", "users:x", "tmp:x", ":x"] {
            assert!(check_key(bad).is_err(), "{bad}");
        }
        assert!(check_key(&format!("user:{}", "x".repeat(200))).is_err());
    }

    #[test]
    fn the_later_delta_wins() {
        let one = json!({"user:a": 1, "user:b": 1}).as_object().cloned();
        let two = json!({"user:b": 2}).as_object().cloned();
        assert_eq!(merged(one, two).ok().map(Value::Object), Some(json!({"user:a": 1, "user:b": 2})));
        assert!(merged(json!({"a": 1}).as_object().cloned(), None).is_err());
        assert!(is_temporary("temp:x") && !is_temporary("user:temp:x"));
    }
}
