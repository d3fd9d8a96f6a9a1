//! Spatial grounding: files and symbols as nodes of a tree, and how far they lie apart.

use crate::tokens::identifier_words;

/// What separates a symbol from its file in a place's path.
pub const SYMBOL_MARK: &str = "::";
/// Strength of the `sibling` relation.
pub const SIBLING_STRENGTH: f64 = 0.8;

/// A node of the hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Last part of the path.
    pub name: String,
    /// The whole path; a symbol's is `file::symbol`.
    pub full_path: String,
    /// Number of parts; the root has 0.
    pub depth: usize,
    /// Path of the node above, none at the top.
    pub parent: Option<String>,
    /// `root`, `directory`, `file` or `symbol`.
    pub node_type: &'static str,
    /// What kind of symbol.
    pub symbol_type: Option<String>,
}

/// A relation between two nodes, named by their paths.
#[derive(Debug, Clone, PartialEq)]
pub struct Relation {
    /// The upper node, or the earlier sibling.
    pub from: String,
    /// The lower node, or the later sibling.
    pub to: String,
    /// `contains`, `sibling` or `ancestor_of`.
    pub relation_type: &'static str,
    /// From 0 to 1.
    pub strength: f64,
}

/// A path with `/` between its parts, without `.`, empty parts and resolvable `..`; a leading `/` stays.
#[must_use]
pub fn normalise(path: &str) -> String {
    let path = path.trim().replace('\\', "/");
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            part => parts.push(part),
        }
    }
    format!("{}{}", if absolute { "/" } else { "" }, parts.join("/"))
}

/// The nodes from the top down to the file, then its symbols as `(name, symbol_type)`.
#[must_use]
pub fn hierarchy(file_path: &str, symbols: &[(String, Option<String>)]) -> Vec<Node> {
    let path = normalise(file_path);
    let mut nodes = Vec::new();
    if path.starts_with('/') {
        nodes.push(node("/", "/", 0, None, "root"));
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let mut above: Option<String> = nodes.first().map(|root| root.full_path.clone());
    for (at, name) in parts.iter().enumerate() {
        let full_path = match above.as_deref() {
            None => (*name).to_owned(),
            Some("/") => format!("/{name}"),
            Some(parent) => format!("{parent}/{name}"),
        };
        let kind = if at + 1 == parts.len() { "file" } else { "directory" };
        nodes.push(node(name, &full_path, at + 1, above.take(), kind));
        above = Some(full_path);
    }
    if let Some(file) = above.filter(|_| !parts.is_empty()) {
        for (name, symbol_type) in symbols {
            let full_path = format!("{file}{SYMBOL_MARK}{name}");
            let mut symbol = node(name, &full_path, parts.len() + 1, Some(file.clone()), "symbol");
            symbol.symbol_type.clone_from(symbol_type);
            nodes.push(symbol);
        }
    }
    nodes
}

fn node(name: &str, full_path: &str, depth: usize, parent: Option<String>, node_type: &'static str) -> Node {
    Node { name: name.into(), full_path: full_path.into(), depth, parent, node_type, symbol_type: None }
}

/// The `contains`, `ancestor_of` and `sibling` relations among nodes of one [`hierarchy`].
#[must_use]
pub fn relations(nodes: &[Node]) -> Vec<Relation> {
    let mut found = Vec::new();
    for (at, lower) in nodes.iter().enumerate() {
        for upper in nodes.iter().take(at) {
            let kind = if lower.parent.as_deref() == Some(upper.full_path.as_str()) {
                Some(("contains", 1.0))
            } else if lower.parent.is_some() && lower.parent == upper.parent {
                Some(("sibling", SIBLING_STRENGTH))
            } else if is_above(upper, lower) {
                Some(("ancestor_of", 1.0))
            } else {
                None
            };
            if let Some((relation_type, strength)) = kind {
                let (from, to) = (upper.full_path.clone(), lower.full_path.clone());
                found.push(Relation { from, to, relation_type, strength });
            }
        }
    }
    found
}

fn is_above(upper: &Node, lower: &Node) -> bool {
    let (above, below) = (parts(&upper.full_path), parts(&lower.full_path));
    above.len() < below.len() && below.starts_with(&above)
}

fn parts(path: &str) -> Vec<String> {
    let path = normalise(path);
    // A name with `/` after the mark belongs to the symbol, so the mark is looked for first.
    let (file, symbol) =
        path.split_once(SYMBOL_MARK).map_or((path.as_str(), None), |(file, symbol)| (file, Some(symbol)));
    file.split('/').filter(|part| !part.is_empty()).chain(symbol).map(str::to_owned).collect()
}

/// Hops between two places through their nearest common ancestor (requirements 1.3).
#[must_use]
pub fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (parts(a), parts(b));
    let common = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    a.len() + b.len() - 2 * common
}

/// The nearest place that holds both; empty when they share nothing.
#[must_use]
pub fn common_ancestor(a: &str, b: &str) -> String {
    let (above, below) = (parts(a), parts(b));
    let shared: Vec<&str> = above.iter().zip(&below).take_while(|(x, y)| x == y).map(|(x, _)| x.as_str()).collect();
    let root = if normalise(a).starts_with('/') && normalise(b).starts_with('/') { "/" } else { "" };
    format!("{root}{}", shared.join("/"))
}

/// 0.7 semantic + 0.3 (1 - d / 10), the nearness never below 0 (requirements 1.3).
#[must_use]
pub fn combined_score(semantic: f64, distance: usize) -> f64 {
    0.7 * semantic + 0.3 * (1.0 - distance as f64 / 10.0).max(0.0)
}

/// The words of a path, for search: `src/authToken.rs` gives `src auth token rs`.
#[must_use]
pub fn words(path: &str, symbol_type: Option<&str>) -> String {
    let mut words: Vec<String> = parts(path).iter().flat_map(|part| identifier_words(part)).collect();
    words.extend(symbol_type.map(str::to_owned));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_are_cleaned() {
        for (given, clean) in
            [("./a//b/../c.rs", "a/c.rs"), ("/../x", "/x"), ("C:\\p\\q.rs", "C:/p/q.rs"), ("../a", "../a"), ("/", "/")]
        {
            assert_eq!(normalise(given), clean);
        }
    }

    #[test]
    fn a_path_becomes_a_tree_with_symbols() {
        let nodes = hierarchy("/src/auth/jwt.py", &[("sign".into(), Some("function".into())), ("Key".into(), None)]);
        let seen: Vec<_> = nodes.iter().map(|n| (n.full_path.as_str(), n.depth, n.node_type)).collect();
        assert_eq!(
            seen,
            [
                ("/", 0, "root"),
                ("/src", 1, "directory"),
                ("/src/auth", 2, "directory"),
                ("/src/auth/jwt.py", 3, "file"),
                ("/src/auth/jwt.py::sign", 4, "symbol"),
                ("/src/auth/jwt.py::Key", 4, "symbol"),
            ]
        );
        assert_eq!(nodes[3].parent.as_deref(), Some("/src/auth"));
        let relations = relations(&nodes);
        let count = |kind| relations.iter().filter(|r| r.relation_type == kind).count();
        assert_eq!((count("contains"), count("sibling"), count("ancestor_of")), (5, 1, 9));
        assert!(relations.iter().all(|r| r.relation_type != "sibling" || r.strength == 0.8));
    }

    #[test]
    fn distance_goes_through_the_common_ancestor() {
        assert_eq!(distance("/src/auth/jwt.py", "/src/auth/middleware.py"), 2);
        assert_eq!(distance("/src/auth/jwt.py", "/src/auth"), 1);
        assert_eq!(distance("a.rs::f", "a.rs::g"), 2);
        assert_eq!(distance("a/b", "c/d"), 4);
        assert_eq!(common_ancestor("/src/auth/jwt.py", "/src/db.py"), "/src");
        assert!((combined_score(1.0, 0) - 1.0).abs() < 1e-12);
        assert!((combined_score(0.5, 2) - 0.59).abs() < 1e-12);
        assert!((combined_score(0.5, 99) - 0.35).abs() < 1e-12);
    }

    #[test]
    fn words_of_a_path() {
        assert_eq!(words("src/authToken_v2.rs::signJWT", Some("function")), "src auth token v2 rs sign jwt function");
    }

    proptest! {
        #[test]
        fn distance_is_a_metric(a in "(/?[ab]{1,2}){1,4}", b in "(/?[ab]{1,2}){1,4}", c in "(/?[ab]{1,2}){1,4}") {
            prop_assert_eq!(distance(&a, &a), 0);
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert!(distance(&a, &c) <= distance(&a, &b) + distance(&b, &c));
        }

        #[test]
        fn cleaning_twice_changes_nothing(path in "[a./\\\\]{0,20}") {
            let once = normalise(&path);
            prop_assert_eq!(normalise(&once), once);
        }
    }
}
