//! Grants: what the operator allows one component, a pure table of (grant, request, allowed).

use crate::capability::Folders;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Host interfaces that touch nothing of anybody's: always granted.
pub(crate) const HARMLESS: [&str; 8] =
    ["types", "clock", "random", "log", "settings", "budget", "progress", "consolidation"];

/// Host interfaces through which something is written: never linked for a strategy, not even to say no.
pub(crate) const WRITING: [&str; 2] = ["store-write", "events"];

/// Host interfaces that must be granted.
pub(crate) const GRANTABLE: [&str; 8] =
    ["store-read", "store-write", "search", "vectors", "hints", "events", "files", "llm"];

/// What one component may use.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grants {
    /// Host interfaces.
    pub interfaces: BTreeSet<String>,
    /// Collections of other layers it may read: `layer.collection`, `layer.*`, or `*`.
    pub reads: BTreeSet<String>,
    /// Collections of other layers it may write.
    pub writes: BTreeSet<String>,
    /// Folders it may read through `files`.
    #[serde(skip)]
    pub folders: Folders,
}

impl Grants {
    /// Every interface and every collection, but no folder: for tests, where what is granted is not what is tested.
    #[must_use]
    pub fn everything() -> Self {
        Self {
            interfaces: GRANTABLE.iter().map(|name| (*name).to_owned()).collect(),
            reads: BTreeSet::from(["*".into()]),
            writes: BTreeSet::from(["*".into()]),
            folders: Folders::default(),
        }
    }

    /// Whether an interface may be used.
    #[must_use]
    pub fn interface(&self, name: &str) -> bool {
        HARMLESS.contains(&name) || self.interfaces.contains(name)
    }

    /// Whether a layer's component may read a collection.
    #[must_use]
    pub fn may_read(&self, layer: &str, collection: &str) -> bool {
        owns(layer, collection) || covers(&self.reads, collection)
    }

    /// Whether a layer's component may write a collection.
    #[must_use]
    pub fn may_write(&self, layer: &str, collection: &str) -> bool {
        owns(layer, collection) || covers(&self.writes, collection)
    }

    /// Every entry that names nothing, in words.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let unknown = self.interfaces.iter().filter(|name| !GRANTABLE.contains(&name.as_str()));
        let mut faults: Vec<_> =
            unknown.map(|name| format!("grants: `{name}` is none of: {}", GRANTABLE.join(", "))).collect();
        if !self.folders.is_empty() && !self.interfaces.contains("files") {
            faults.push("`folders` are read through `files`; add that to `interfaces`".into());
        }
        faults
    }
}

fn owns(layer: &str, collection: &str) -> bool {
    collection.split_once('.').is_some_and(|(owner, _)| owner == layer)
}

fn covers(granted: &BTreeSet<String>, collection: &str) -> bool {
    granted.contains("*")
        || granted.contains(collection)
        || collection.split_once('.').is_some_and(|(owner, _)| granted.contains(&format!("{owner}.*")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_reads_its_own_and_what_it_was_granted() {
        let grants = Grants { reads: BTreeSet::from(["b.x".into(), "c.*".into()]), ..Grants::default() };
        for (collection, allowed) in
            [("a.x", true), ("b.x", true), ("b.y", false), ("c.y", true), ("ab.x", false), ("x", false)]
        {
            assert_eq!(grants.may_read("a", collection), allowed, "{collection}");
        }
        assert!(!grants.may_write("a", "b.x"));
        assert!(grants.may_write("a", "a.x"));
    }

    #[test]
    fn nothing_is_granted_by_default_but_the_harmless() {
        let grants = Grants::default();
        assert!(grants.interface("clock"));
        for name in GRANTABLE {
            assert!(!grants.interface(name), "{name}");
        }
    }
}
