//! Namespaces from the whole space down to one, and which row of them holds there.

use memstrata_sdk::{Value, row};

/// The whole space, then each namespace above this one, then itself.
#[must_use]
pub fn lineage(namespace: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    all.extend(namespace.match_indices(':').filter_map(|(at, _)| namespace.get(..at)).map(str::to_owned));
    if !namespace.is_empty() {
        all.push(namespace.to_owned());
    }
    all
}

/// Of rows, that of the nearest namespace that is this one or above it.
#[must_use]
pub fn nearest<'a>(rows: impl IntoIterator<Item = &'a Value>, namespace: &str) -> Option<&'a Value> {
    let line = lineage(namespace);
    let of = |known: &Value| row::text(known, "namespace").to_owned();
    rows.into_iter().filter(|known| line.contains(&of(known))).max_by_key(|known| of(known).len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    #[test]
    fn a_line_goes_by_whole_segments() {
        assert_eq!(lineage(""), [""]);
        assert_eq!(lineage("user"), ["", "user"]);
        assert_eq!(lineage("user:alice:home"), ["", "user", "user:alice", "user:alice:home"]);
    }

    #[test]
    fn the_nearest_holds_and_one_beside_or_below_never_does() {
        let rows: Vec<Value> =
            ["", "user:alice", "user:alic", "user:alice:home"].iter().map(|at| json!({"namespace": at})).collect();
        let at = |namespace: &str| nearest(&rows, namespace).map(|known| row::text(known, "namespace").to_owned());
        assert_eq!(at("").as_deref(), Some(""));
        assert_eq!(at("user:alice").as_deref(), Some("user:alice"));
        assert_eq!(at("user:alice:work").as_deref(), Some("user:alice"));
        assert_eq!(at("user:bob").as_deref(), Some(""));
        assert_eq!(nearest(&rows[1..], ""), None, "no namespace's row holds for the whole space");
        assert_eq!(nearest(&rows[3..], "user:alice"), None);
    }
}
