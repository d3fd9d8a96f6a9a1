//! Who may read and write which namespace.

use crate::scope;
use memstrata_sdk::Fault;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To read.
    Read,
    /// To write.
    Write,
}

/// A grant that applies to the actor and the namespace: whether it covers writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Writing too.
    pub can_write: bool,
}

/// Scopes whose grants decide on a namespace: its owner's, and its whole prefix (`app` for elevation).
#[must_use]
pub fn scopes(namespace: &str) -> Vec<String> {
    let prefix = namespace.split(':').next().unwrap_or_default();
    vec![prefix.to_owned(), scope::owner(namespace).to_owned()]
}

/// Whether a namespace is the actor's own: `user:alice` owns `user:alice` and below; `session:s1` owns `session:s1` and `temp:s1`.
#[must_use]
pub fn owns(actor: &str, namespace: &str) -> bool {
    let owner = scope::owner(namespace);
    match owner.split_once(':') {
        Some(("temp", id)) => actor == owner || actor.strip_prefix("session:") == Some(id),
        Some(("user" | "session", _)) => actor == owner,
        _ => false,
    }
}

/// Checks an actor's wish: `system` may all; own temp, session and user; app is read by all; the rest needs a grant.
///
/// # Errors
/// `denied.read`, `denied.write`.
pub fn check(actor: &str, namespace: &str, wish: Wish, grants: &[Grant]) -> Result<(), Fault> {
    let granted = grants.iter().any(|grant| wish == Wish::Read || grant.can_write);
    let open = wish == Wish::Read && namespace.starts_with("app:");
    if actor == "system" || open || granted || owns(actor, namespace) {
        return Ok(());
    }
    let (code, verb, extra) = match wish {
        Wish::Read => ("denied.read", "read", ""),
        Wish::Write => ("denied.write", "write", " with can_write"),
    };
    let owner = scope::owner(namespace);
    Err(Fault::new(code, format!("`{actor}` may not {verb} `{namespace}`: it needs grant_access on `{owner}`{extra}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_go_by_prefix_and_actor() {
        let (member, writer) = (vec![Grant { can_write: false }], vec![Grant { can_write: true }]);
        let cases = [
            ("user:alice", "user:alice:prefs", vec![], true, true),
            ("user:alice", "user:alice2", vec![], false, false),
            ("user:bob", "user:alice", vec![], false, false),
            ("session:s1", "session:s1", vec![], true, true),
            ("session:s1", "temp:s1", vec![], true, true),
            ("session:s1", "session:s2", vec![], false, false),
            ("user:alice", "app:helper", vec![], true, false),
            ("user:alice", "app:helper", writer.clone(), true, true),
            ("user:alice", "project:p", vec![], false, false),
            ("user:alice", "project:p", member, true, false),
            ("user:alice", "project:p", writer, true, true),
            ("system", "app:helper", vec![], true, true),
        ];
        for (actor, namespace, grants, read, write) in cases {
            assert_eq!(check(actor, namespace, Wish::Read, &grants).is_ok(), read, "{actor} reads {namespace}");
            assert_eq!(check(actor, namespace, Wish::Write, &grants).is_ok(), write, "{actor} writes {namespace}");
        }
        assert_eq!(scopes("project:p:x"), ["project", "project:p"]);
    }
}
