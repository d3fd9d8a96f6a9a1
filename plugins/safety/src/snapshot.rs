//! Snapshots of code: the hashes of files, a hash of all of them, and what differs between two.

use std::collections::BTreeMap;

/// Paths with the SHA-256 of what was in them.
pub type Hashes = BTreeMap<String, String>;

/// One text that stands for all: two snapshots have it in common if and only if every path and hash is equal.
#[must_use]
pub fn listing(hashes: &Hashes) -> String {
    hashes.iter().map(|(path, hash)| format!("{hash} {path}\n")).collect()
}

/// Whether a path belongs to a component: `all`, the path itself, or a folder above it.
#[must_use]
pub fn belongs(path: &str, components: &[String]) -> bool {
    components.iter().any(|component| {
        let component = component.trim_end_matches('/');
        component == "all" || path.strip_prefix(component).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Whether a component lies below a folder, so that the folder must be looked into.
#[must_use]
pub fn leads_to(folder: &str, components: &[String]) -> bool {
    components.iter().any(|component| component.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
}

/// What differs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Paths only the later one has.
    pub added: Vec<String>,
    /// Paths only the earlier one has.
    pub removed: Vec<String>,
    /// Paths with other contents.
    pub changed: Vec<String>,
}

/// Compares two.
#[must_use]
pub fn difference(earlier: &Hashes, later: &Hashes) -> Difference {
    let only = |a: &Hashes, b: &Hashes| a.keys().filter(|path| !b.contains_key(*path)).cloned().collect();
    let changed = later.iter().filter(|(path, hash)| earlier.get(*path).is_some_and(|old| old != *hash));
    Difference {
        added: only(later, earlier),
        removed: only(earlier, later),
        changed: changed.map(|(path, _)| path.clone()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(of: &[(&str, &str)]) -> Hashes {
        of.iter().map(|(path, hash)| ((*path).to_owned(), (*hash).to_owned())).collect()
    }

    #[test]
    fn differences_are_told_apart() {
        let (a, b) = (hashes(&[("x", "1"), ("y", "2"), ("z", "3")]), hashes(&[("x", "1"), ("y", "9"), ("w", "3")]));
        let found = difference(&a, &b);
        assert_eq!(
            (found.added, found.removed, found.changed),
            (vec!["w".to_owned()], vec!["z".to_owned()], vec!["y".to_owned()])
        );
        assert_eq!(difference(&a, &a), Difference::default());
        assert_ne!(listing(&a), listing(&b));
    }

    #[test]
    fn components_are_folders_by_whole_segments() {
        let of = |components: &[&str]| components.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
        assert!(
            belongs("src/a.rs", &of(&["src"])) && belongs("src/a.rs", &of(&["src/"])) && belongs("a", &of(&["all"]))
        );
        assert!(belongs("a.rs", &of(&["x", "a.rs"])));
        assert!(
            leads_to("src", &of(&["src/a/b"])) && !leads_to("sr", &of(&["src/a"])) && !leads_to("x", &of(&["src/a"]))
        );
        assert!(!belongs("srcs/a.rs", &of(&["src"])) && !belongs("a", &[]));
    }
}
