//! What is found in a file: units, what they call, what the file imports.

/// Kinds of units.
pub const KINDS: [&str; 12] = [
    "function",
    "method",
    "class",
    "struct",
    "enum",
    "trait",
    "interface",
    "type",
    "constant",
    "module",
    "macro",
    "impl",
];
/// How a file was read: by a parser of the whole language, by the outline reader, or as somebody gave it.
pub const PARSERS: [&str; 3] = ["exact", "outline", "given"];

/// Units of one file, at most; what follows is left out, and told.
pub const MOST_UNITS: usize = 1_000;
/// Names called or imported that are kept of one file.
pub const MOST_EDGES: usize = 2_500;
/// Characters of a name.
const MOST_NAME: usize = 200;
/// Characters of a signature.
const MOST_SIGNATURE: usize = 400;
/// Characters of a doc comment.
const MOST_DOC: usize = 2_000;
/// Characters of the text that is searched.
const MOST_TEXT: usize = 2_400;

/// A name that is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The last part of the name.
    pub name: String,
    /// The part before it, such as the type in `Type::of`; empty if there is none or it is a value's.
    pub qualifier: String,
    /// How often.
    pub count: u32,
}

/// A declaration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unit {
    /// One of [`KINDS`].
    pub kind: &'static str,
    /// Its own name.
    pub name: String,
    /// The unit it lies in, by its place in the list, which is before its own.
    pub container: Option<usize>,
    /// What it belongs to where that is no unit of this file: the type of a Go or C++ method.
    pub owner: String,
    /// Its head, in one line.
    pub signature: String,
    /// Its doc comment.
    pub doc: String,
    /// First line, from 1.
    pub first: u32,
    /// Last line.
    pub last: u32,
    /// Decision points + 1 of what has a body (T. J. McCabe, "A Complexity Measure", 1976).
    pub complexity: Option<u32>,
    /// What it calls, each name once, in the order of names.
    pub calls: Vec<Call>,
}

/// A name a file imports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// The path or module as it is written.
    pub module: String,
    /// The name it brings in, as it is called there; the last part of the module if all of it is meant.
    pub name: String,
    /// Its line.
    pub line: u32,
}

/// A file as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// `exact` or `outline`.
    pub parser: &'static str,
    /// Declarations, outer ones first.
    pub units: Vec<Unit>,
    /// Imports.
    pub imports: Vec<Import>,
    /// What could not be read, and why.
    pub notes: Vec<String>,
}

impl Outline {
    /// The name of a unit with those of what it lies in.
    #[must_use]
    pub fn qualified(&self, unit: &Unit, joint: &str) -> String {
        let mut parts = vec![unit.name.as_str()];
        if !unit.owner.is_empty() {
            parts.push(&unit.owner);
        }
        let mut at = unit.container;
        // A container comes before what it contains; the bound holds whatever the list says.
        while let Some(container) = at.and_then(|at| self.units.get(at)).filter(|_| parts.len() < 20) {
            parts.push(&container.name);
            at = container.container;
        }
        parts.reverse();
        clip(&parts.join(joint), MOST_NAME * 2)
    }

    /// The name of what a unit belongs to.
    #[must_use]
    pub fn owner<'a>(&'a self, unit: &'a Unit) -> &'a str {
        match unit.container.and_then(|at| self.units.get(at)) {
            Some(container) if unit.owner.is_empty() => &container.name,
            _ => &unit.owner,
        }
    }

    /// Cuts what is too much, and tells it.
    pub fn bound(&mut self) {
        if self.units.len() > MOST_UNITS {
            self.notes.push(format!("{} units: only the first {MOST_UNITS} are kept", self.units.len()));
            self.units.truncate(MOST_UNITS);
        }
        let mut left = MOST_EDGES;
        let mut cut = cut_to(&mut self.imports, &mut left);
        for unit in &mut self.units {
            cut |= cut_to(&mut unit.calls, &mut left);
            unit.name = clip(&unit.name, MOST_NAME);
            unit.owner = clip(&unit.owner, MOST_NAME);
            unit.signature = clip(&one_line(&unit.signature), MOST_SIGNATURE);
            unit.doc = clip(unit.doc.trim(), MOST_DOC);
        }
        if cut {
            self.notes.push(format!("only the first {MOST_EDGES} imports and called names are kept"));
        }
    }
}

fn cut_to<T>(list: &mut Vec<T>, left: &mut usize) -> bool {
    let cut = list.len() > *left;
    list.truncate(*left);
    *left -= list.len();
    cut
}

/// Counts the same calls together.
#[must_use]
pub fn counted(calls: impl IntoIterator<Item = (String, String)>) -> Vec<Call> {
    let mut counts = std::collections::BTreeMap::<(String, String), u32>::new();
    for (name, qualifier) in calls {
        *counts.entry((clip(&name, MOST_NAME), clip(&qualifier, MOST_NAME))).or_default() += 1;
    }
    counts.into_iter().map(|((name, qualifier), count)| Call { name, qualifier, count }).collect()
}

/// White space as single blanks.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

fn clip(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// The words of a name: `parseHTTPHeader_v2` is `parse http header v2`.
#[must_use]
pub fn words(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 8);
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(at + 1);
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if !letter.is_alphanumeric() {
            out.push(' ');
        } else {
            if begins {
                out.push(' ');
            }
            out.extend(letter.to_lowercase());
        }
    }
    one_line(&out)
}

/// What is searched of a unit: its name in words, its kind, place, head, words of its comment, and the names it calls.
#[must_use]
pub fn searchable(unit: &Unit, qualified: &str, path: &str) -> String {
    let calls: Vec<&str> = unit.calls.iter().map(|call| call.name.as_str()).collect();
    let text = format!(
        "{} {}\n{}\n{}\n{}\n{}",
        unit.kind,
        words(qualified),
        unit.doc,
        unit.signature,
        path,
        words(&calls.join(" "))
    );
    clip(&text, MOST_TEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_into_words() {
        for (name, said) in [
            ("parseHTTPHeader_v2", "parse http header v2"),
            ("read_page", "read page"),
            ("Query::of", "query of"),
            ("x", "x"),
            ("__init__", "init"),
        ] {
            assert_eq!(words(name), said);
        }
    }

    #[test]
    fn what_is_too_much_is_cut_and_told() {
        let calls = counted((0..2_000).map(|n| (format!("f{n}"), String::new())));
        let unit = Unit { kind: "function", name: "f".into(), calls, ..Unit::default() };
        let mut outline = Outline { units: vec![unit; 1_001], ..Outline::default() };
        outline.bound();
        assert_eq!(outline.units.len(), MOST_UNITS);
        assert_eq!(outline.units.iter().map(|unit| unit.calls.len()).sum::<usize>(), MOST_EDGES);
        assert_eq!(outline.notes.len(), 2);
    }

    #[test]
    fn names_hold_what_they_lie_in() {
        let unit = |name: &str, container| Unit { name: name.into(), container, ..Unit::default() };
        let outline =
            Outline { units: vec![unit("a", None), unit("B", Some(0)), unit("c", Some(1))], ..Outline::default() };
        assert_eq!(outline.qualified(&outline.units[2], "::"), "a::B::c");
        assert_eq!(outline.owner(&outline.units[2]), "B");
    }

    #[test]
    fn the_same_calls_are_counted() {
        let calls = counted([("b", ""), ("a", ""), ("b", "")].map(|(name, of)| (name.to_owned(), of.to_owned())));
        assert_eq!(calls.iter().map(|call| (call.name.as_str(), call.count)).collect::<Vec<_>>(), [("a", 1), ("b", 2)]);
    }
}
