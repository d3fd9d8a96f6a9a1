//! Walks over a folder made up, with rows as a layer would have them.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

/// What lies in each directory (kinds by name), what is known (by path: the state), and directories that cannot be read.
#[derive(Default)]
struct Made {
    there: BTreeMap<String, BTreeMap<String, &'static str>>,
    known: BTreeMap<String, &'static str>,
    closed: BTreeSet<String>,
}

impl Made {
    fn of(files: &[&str]) -> Self {
        let mut made = Self::default();
        made.there.entry(String::new()).or_default();
        files.iter().for_each(|file| made.put(file, "file"));
        made
    }

    fn put(&mut self, path: &str, kind: &'static str) {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        if !directory.is_empty() && !self.there.contains_key(directory) {
            self.put(directory, "folder");
        }
        self.there.entry(directory.to_owned()).or_default().insert(name.to_owned(), kind);
    }

    fn knows(mut self, paths: &[&str]) -> Self {
        self.known.extend(paths.iter().map(|path| ((*path).to_owned(), "current")));
        self
    }
}

impl Source for Made {
    fn folder(&self) -> &str {
        "repo"
    }

    fn entries(&self, directory: &str, after: &str) -> Result<Vec<Value>, Fault> {
        if self.closed.contains(directory) {
            return Err(Fault::new("denied.files", "it is not readable"));
        }
        let names = self.there.get(directory).ok_or_else(|| Fault::new("not-found.file", "it went"))?;
        let next = names.iter().filter(|(name, _)| name.as_str() > after).take(PAGE as usize);
        Ok(next.map(|(name, kind)| json!({"name": name, "kind": kind})).collect())
    }

    fn known(&self, directory: &str, current: bool) -> Result<Vec<(String, Value)>, Fault> {
        let rows = self.known.iter().filter(|(path, _)| crate::path::parent(path) == directory);
        let rows = rows.map(|(path, state)| (path.clone(), json!({"state": state})));
        Ok(rows.filter(|(_, row)| !current || self.is_current(row)).collect())
    }

    fn is_current(&self, row: &Value) -> bool {
        text(row, "state") == "current"
    }

    fn directories(&self) -> Result<Vec<String>, Fault> {
        let current = self.known.iter().filter(|(_, state)| **state == "current");
        let all: BTreeSet<&str> = current.map(|(path, _)| crate::path::parent(path)).collect();
        Ok(all.into_iter().map(str::to_owned).collect())
    }
}

/// Takes all but names that begin with a dot, and remembers it.
struct Taker {
    tally: Tally,
    taken: Vec<String>,
    gone: Vec<String>,
    /// A file that is left to the next call.
    refused: Option<&'static str>,
    /// A name before which the tally is closed.
    closing: Option<&'static str>,
}

impl Taker {
    fn of(files: u64) -> Self {
        let tally = Tally::new(Bounds { files, bytes: u64::MAX, rows: u64::MAX });
        Self { tally, taken: Vec::new(), gone: Vec::new(), refused: None, closing: None }
    }

    fn gone(&self) -> BTreeSet<&str> {
        self.gone.iter().map(String::as_str).collect()
    }
}

impl Visitor for Taker {
    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }

    fn before(&mut self, name: &str) {
        self.tally.closed |= self.closing == Some(name);
    }

    fn excluded(&self, path: &str) -> bool {
        path.rsplit('/').next().is_some_and(|name| name.starts_with('.'))
    }

    fn wanted(&self, path: &str) -> bool {
        !path.ends_with(".png")
    }

    fn take(&mut self, path: &str, _entry: &Value, known: Option<&Value>) -> Result<bool, Fault> {
        if self.refused.take_if(|refused| *refused == path).is_some() {
            self.tally.closed = true;
            return Ok(false);
        }
        if known.is_some() {
            self.tally.unchanged += 1;
        } else {
            self.tally.indexed += 1;
            self.taken.push(path.to_owned());
        }
        Ok(true)
    }

    fn gone(&mut self, path: &str, _row: &Value) -> Result<(), Fault> {
        self.gone.push(path.to_owned());
        Ok(())
    }
}

fn run(made: &Made, kept: &Value, taker: &mut Taker) -> Walk {
    let mut walk = Walk::resume("", Some(kept));
    walk.run(made, taker).unwrap();
    walk
}

#[test]
fn a_walk_takes_what_is_wanted_and_follows_no_link() {
    let mut made = Made::of(&["a.rs", "b/c.rs", "b/d/e.rs", "b/x.png", ".git/config", "b/.env"]);
    made.put("link", "link");
    let mut taker = Taker::of(100);
    let walk = run(&made, &Value::Null, &mut taker);
    assert_eq!(taker.taken, ["a.rs", "b/c.rs", "b/d/e.rs"]);
    assert!(!walk.more() && !walk.moved() && walk.kept().is_null());
}

#[test]
fn a_walk_goes_on_where_it_stood() {
    let made = Made::of(&["a", "b", "c/d", "c/e", "f"]);
    let (mut kept, mut taken, mut calls) = (Value::Null, Vec::new(), 0);
    loop {
        let mut taker = Taker::of(2);
        let walk = run(&made, &kept, &mut taker);
        taken.append(&mut taker.taken);
        kept = walk.kept();
        calls += 1;
        if !walk.more() {
            // The last call has moved too: what was kept is to be cleared.
            assert!(walk.moved() && kept.is_null());
            break;
        }
        assert!(calls < 9, "{kept}");
    }
    taken.sort();
    assert_eq!(taken, ["a", "b", "c/d", "c/e", "f"]);
}

#[test]
fn a_directory_longer_than_a_page_is_seen_whole() {
    let names: Vec<String> = (0..2_500).map(|n| format!("{n:04}")).collect();
    let made = Made::of(&names.iter().map(String::as_str).collect::<Vec<_>>()).knows(&["0007", "2400", "9999"]);
    let mut taker = Taker::of(9_000);
    run(&made, &Value::Null, &mut taker);
    assert_eq!((taker.tally.indexed, taker.tally.unchanged, taker.gone), (2_498, 2, vec!["9999".to_owned()]));
}

#[test]
fn what_lies_there_no_more_is_gone_and_what_is_apart_stays() {
    let mut made = Made::of(&["a", "b/c"]).knows(&["a", "gone", "b/c", "b/gone", "old/x", "old/deep/y"]);
    made.known.insert("apart".to_owned(), "apart");
    made.known.insert("old/apart".to_owned(), "apart");
    let mut taker = Taker::of(100);
    run(&made, &Value::Null, &mut taker);
    assert_eq!(taker.gone(), BTreeSet::from(["gone", "b/gone", "old/x", "old/deep/y"]));
    assert_eq!(taker.tally.gone, 4);
}

#[test]
fn only_what_lies_below_the_top_is_gone() {
    let made = Made::of(&["a/b"]).knows(&["x", "a/b", "a/old/c", "ab/c"]);
    let mut taker = Taker::of(100);
    Walk::resume("a", None).run(&made, &mut taker).unwrap();
    assert_eq!(taker.gone, ["a/old/c"]);
    // The top itself went.
    let mut taker = Taker::of(100);
    Walk::resume("ab", None).run(&made, &mut taker).unwrap();
    assert_eq!(taker.gone, ["ab/c"]);
}

#[test]
fn of_what_cannot_be_read_nothing_is_gone() {
    let mut made = Made::of(&["a/b"]).knows(&["a/c", "a/d/e", "f/g"]);
    made.closed.insert("a".to_owned());
    let mut taker = Taker::of(100);
    run(&made, &Value::Null, &mut taker);
    assert_eq!(taker.gone, ["f/g"]);
    assert_eq!(taker.tally.errors, ["repo/a: it is not readable"]);
}

#[test]
fn a_walk_that_began_before_tells_nothing_of_what_it_has_not_seen() {
    let made = Made::of(&["a", "b", "c"]).knows(&["0", "old/x"]);
    let mut taker = Taker::of(1);
    let kept = run(&made, &Value::Null, &mut taker).kept();
    let mut taker = Taker::of(100);
    run(&made, &kept, &mut taker);
    assert_eq!((taker.taken, taker.gone), (vec!["b".to_owned(), "c".to_owned()], Vec::new()));
}

#[test]
fn what_a_layer_leaves_to_the_next_call_comes_first_there() {
    let made = Made::of(&["a", "b", "c"]);
    let mut taker = Taker { refused: Some("b"), ..Taker::of(100) };
    let walk = run(&made, &Value::Null, &mut taker);
    assert_eq!((walk.left(), taker.taken), (&[Step { path: String::new(), after: "a".into() }][..], vec!["a".into()]));
    let mut taker = Taker { closing: Some("c"), ..Taker::of(100) };
    let walk = run(&made, &walk.kept(), &mut taker);
    assert_eq!((walk.left(), taker.taken), (&[Step { path: String::new(), after: "b".into() }][..], vec!["b".into()]));
}

#[test]
fn a_full_tally_leaves_what_is_gone_to_the_next_call() {
    let made = Made::of(&["a"]).knows(&["old/x"]);
    let mut taker = Taker::of(1);
    let walk = run(&made, &Value::Null, &mut taker);
    assert!(walk.more() && !walk.moved() && taker.gone.is_empty(), "{walk:?}");
    let made = Made::of(&["a"]).knows(&["gone"]);
    let mut taker = Taker::of(1);
    let walk = run(&made, &Value::Null, &mut taker);
    // Seen from its beginning again, for only then is it known what is gone.
    assert_eq!(walk.left(), [Step::at(String::new())]);
}

#[test]
fn a_directory_that_went_on_the_way_is_swept_up() {
    let made = Made::of(&["a"]).knows(&["b/c"]);
    let mut walk = Walk::resume("", None);
    walk.stack.push(Step::at("b".to_owned()));
    let mut taker = Taker::of(100);
    walk.run(&made, &mut taker).unwrap();
    assert_eq!((taker.gone, taker.tally.errors.len()), (vec!["b/c".to_owned()], 0));
}

#[test]
fn a_tally_is_full_at_any_of_its_bounds_and_keeps_few_errors() {
    let of = |fill: fn(&mut Tally)| {
        let mut tally = Tally::new(Bounds { files: 2, bytes: 10, rows: 5 });
        fill(&mut tally);
        tally.full()
    };
    assert!(!of(|tally| (tally.indexed, tally.bytes, tally.rows, tally.unchanged) = (1, 9, 4, 99)));
    assert!(of(|tally| (tally.indexed, tally.failed) = (1, 1)));
    assert!(of(|tally| tally.bytes = 10) && of(|tally| tally.rows = 5) && of(|tally| tally.closed = true));
    let mut tally = Tally::new(Bounds { files: 1, bytes: 1, rows: 1 });
    (0..50).for_each(|n| tally.wrong(n.to_string()));
    assert_eq!(tally.errors.len(), MOST_ERRORS);
}

#[test]
fn what_was_kept_and_cannot_be_read_begins_anew() {
    for kept in [json!("x"), json!([{"path": 1}]), json!([])] {
        assert_eq!(Walk::resume("top", Some(&kept)).left(), [Step::at("top".to_owned())], "{kept}");
    }
}
