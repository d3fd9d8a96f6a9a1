//! Numbers of places in the tree of topics: `1.2.3` is the third child of the second child of the first root.
//!
//! Luhmann's own slips alternated digits and letters (1a2); the requirement shows digits only, so digits they are.

/// Deeper trees are refused.
pub const DEEPEST: usize = 16;

/// The number of a new place: one past the highest sibling, below the parent's number, if there is a parent.
///
/// None if the tree would be deeper than [`DEEPEST`].
#[must_use]
pub fn next(parent: Option<&str>, highest: u64) -> Option<String> {
    let own = highest.saturating_add(1);
    match parent {
        None => Some(own.to_string()),
        Some(parent) => (parent.split('.').count() < DEEPEST).then(|| format!("{parent}.{own}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_goes_below_its_parent_and_after_its_siblings() {
        assert_eq!(next(None, 0).as_deref(), Some("1"));
        assert_eq!(next(Some("1.2"), 2).as_deref(), Some("1.2.3"));
        assert_eq!(next(Some("1"), 9).as_deref(), Some("1.10"));
    }

    #[test]
    fn the_tree_has_a_bottom() {
        let deep = vec!["1"; DEEPEST].join(".");
        assert_eq!(next(Some(&deep), 0), None);
    }
}
