//! Paths in granted folders: segments joined by `/`, the empty path is the folder itself.

/// Whether a path is a directory's own or lies below it; all lie below the empty one.
#[must_use]
pub fn beneath(path: &str, directory: &str) -> bool {
    directory.is_empty() || path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The directory of a path.
#[must_use]
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// A name in a directory.
#[must_use]
pub fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_below() {
        assert!(beneath("a/b", "a") && beneath("a", "a") && beneath("x", ""));
        assert!(!beneath("ab", "a") && !beneath("a", "a/b"));
    }

    #[test]
    fn paths_come_apart_where_they_were_joined() {
        assert_eq!((parent("a/b/c"), parent("c")), ("a/b", ""));
        assert_eq!((join("", "a"), join("a", "b")), ("a".into(), "a/b".into()));
    }
}
