//! Namespaces: their prefixes, patterns, and which wins when several hold a key.

use memstrata_sdk::Fault;

/// The prefixes, the strongest first: a key in `temp:` hides the same key in `session:`, and so on.
pub const PREFIXES: [&str; 5] = ["temp", "session", "user", "app", "project"];

/// Checks an entry's namespace: a known prefix, `:` and an owner.
///
/// # Errors
/// `invalid.argument`.
pub fn check(namespace: &str) -> Result<(), Fault> {
    let known = namespace.split_once(':').is_some_and(|(prefix, rest)| PREFIXES.contains(&prefix) && !rest.is_empty());
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '@' | '/' | '-');
    if known && namespace.len() <= 200 && namespace.split(':').all(|part| !part.is_empty() && part.chars().all(allowed))
    {
        return Ok(());
    }
    let shown: String = namespace.chars().take(60).collect();
    Err(Fault::invalid(format!(
        "namespace `{shown}`: write {} with an owner, such as `user:alice` or `project:apollo:decisions`",
        PREFIXES.map(|prefix| format!("{prefix}:")).join(", ")
    )))
}

/// A pattern such as `user:alice:*`, `user:alice` or `user:` as a prefix of whole segments; none for all.
#[must_use]
pub fn pattern(pattern: &str) -> Option<&str> {
    let prefix = pattern.strip_suffix('*').unwrap_or(pattern);
    let prefix = prefix.strip_suffix(':').unwrap_or(prefix);
    (!prefix.is_empty()).then_some(prefix)
}

/// The two first segments: whose a namespace is.
#[must_use]
pub fn owner(namespace: &str) -> &str {
    namespace.match_indices(':').nth(1).and_then(|(at, _)| namespace.get(..at)).unwrap_or(namespace)
}

/// How strong a namespace is: 0 for `temp:`, 4 for `project:`, 5 for others.
#[must_use]
pub fn rank(namespace: &str) -> usize {
    let prefix = namespace.split(':').next().unwrap_or_default();
    PREFIXES.iter().position(|known| *known == prefix).unwrap_or(PREFIXES.len())
}

/// The namespaces of a turn, the strongest first.
#[must_use]
pub fn of_turn(session: Option<&str>, user: Option<&str>, app: Option<&str>, project: Option<&str>) -> Vec<String> {
    [("temp", session), ("session", session), ("user", user), ("app", app), ("project", project)]
        .into_iter()
        .filter_map(|(prefix, owner)| owner.map(|owner| format!("{prefix}:{owner}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_have_a_known_prefix_and_an_owner() {
        for good in ["user:alice", "project:a:b", "temp:s1", "app:x", "session:1"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["alice", "user:", "users:alice", "user:alice:", "user::a", "user:a b", ""] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn patterns_are_whole_segments() {
        for given in ["user:alice:*", "user:alice:", "user:alice"] {
            assert_eq!(pattern(given), Some("user:alice"));
        }
        assert_eq!(pattern("user:*"), Some("user"));
        assert_eq!(pattern("*"), None);
    }

    #[test]
    fn temp_wins_over_session_user_app_project() {
        let turn = of_turn(Some("s"), Some("u"), Some("a"), Some("p"));
        assert_eq!(turn, ["temp:s", "session:s", "user:u", "app:a", "project:p"]);
        assert!(turn.windows(2).all(|pair| rank(&pair[0]) < rank(&pair[1])));
        assert_eq!(owner("user:alice:prefs:x"), "user:alice");
        assert_eq!(owner("user:alice"), "user:alice");
    }
}
