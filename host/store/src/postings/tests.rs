//! Tests of the text index: terms as FTS5 makes them, scores as a naive BM25 and FTS5 give them, visibility, erasure, memory.

#![allow(clippy::indexing_slicing, reason = "a test that indexes past the end has failed")]

use super::index::has_room;
use super::tokens::{words, write_term};
use super::{LONGEST, TextIndex};
use crate::entries::{Candidate, Filter, IdSet};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A full-text table as collections have one.
fn fts5(texts: &[String]) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    connection
        .execute_batch(
            "CREATE VIRTUAL TABLE t USING fts5(x, tokenize='porter unicode61 remove_diacritics 2');
             CREATE VIRTUAL TABLE v USING fts5vocab(t, row)",
        )
        .unwrap();
    for text in texts {
        connection.execute("INSERT INTO t VALUES(?)", [text]).unwrap();
    }
    connection
}

/// The terms of a text in FTS5.
fn fts5_terms(text: &str) -> BTreeSet<String> {
    let connection = fts5(&[text.to_owned()]);
    let mut statement = connection.prepare("SELECT term FROM v").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

fn own_terms(text: &str) -> BTreeSet<String> {
    let mut term = Vec::new();
    let mut made = |word| {
        write_term(word, &mut term);
        String::from_utf8_lossy(&term).into_owned()
    };
    words(text).map(&mut made).collect()
}

#[test]
fn terms_are_those_of_fts5() {
    let text = "Hopping hopped hoping filing falling skies dies ties caresses ponies cats feed agreed plastered bled motoring \
        sing conflated troubled sized tanned hissing fizzed failing happy sky relational conditional rational valenci \
        digitizer conformabli radicalli differentli vileli analogousli vietnamization predication operator feudalism \
        decisiveness hopefulness callousness formaliti sensitiviti sensibiliti triplicate formative formalize electriciti \
        electrical hopeful goodness revival allowance inference airliner gyroscopic adjustable defensible irritant \
        replacement adjustment dependent adoption homologou communism activate angulariti homologous effective bowdlerize \
        probate rate cease controll roll ies aed ing eed yes yy yyed says saying generalizations oscillators 1990s x2y \
        don't e-mail café naïve Ångström Über façade Ĉirkaŭ ĐẶNG ộ Straße œuvre Привет ΑΒΓ 日本語 e\u{301}te\u{301} 42 3.14";
    assert_eq!(own_terms(text), fts5_terms(text));
    assert_eq!(own_terms("!? -- \u{301} ..."), BTreeSet::new());
    // Beyond FTS5: a sigma is a sigma, and what Unicode joins to a letter does not part a word.
    assert_eq!(own_terms("ΟΔΟΣ οδος").len(), 1);
}

proptest! {
    #[test]
    fn stems_are_those_of_fts5(
        pieces in prop::collection::vec(
            (
                prop::collection::vec(prop::sample::select(vec!["b", "l", "s", "t", "y", "a", "e", "i", "o", "w", "é"]), 0..5),
                prop::sample::select(vec![
                    "", "s", "sses", "ies", "eed", "ed", "ing", "ational", "tional", "enci", "izer", "bli", "alli", "entli", "eli",
                    "ization", "ator", "iveness", "aliti", "biliti", "icate", "ative", "ness", "ance", "ement", "ment", "ion",
                    "sion", "tion", "ism", "ive", "ize", "ll", "ful", "y", "logi", "able", "ous", "ou", "al",
                ]),
                prop::sample::select(vec!["", "s", "ed", "ing", "ly", "e", "y", "li"]),
            ),
            1..60,
        ),
    ) {
        let text: Vec<String> = pieces.iter().map(|(stem, suffix, more)| format!("{}{suffix}{more}", stem.concat())).collect();
        let text = text.join(" ");
        prop_assert_eq!(own_terms(&text), fts5_terms(&text));
    }

    #[test]
    fn the_index_agrees_with_a_naive_one(
        steps in prop::collection::vec((0_u8..14, 0_u64..30, 0_u32..3, prop::collection::vec(0_usize..9, 0..7)), 1..200),
    ) {
        let mut index = TextIndex::default();
        let mut naive = Naive::default();
        let (mut oldest, mut now) = (0, 1);
        for (action, id, namespace, words) in steps {
            now += u64::from(action % 2);
            // Ids of several blocks.
            let id = id * 700;
            match action {
                0..=7 => {
                    let text = words.iter().map(|word| WORDS[*word]).collect::<Vec<_>>().join(" ");
                    index.insert(id, namespace, now, &text);
                    naive.end(id, now);
                    naive.rows.push(Row { id, namespace, born: now, dead: u64::MAX, words: terms(&text) });
                }
                8..=10 => {
                    index.remove(id, now);
                    naive.end(id, now);
                }
                11 => {
                    index.erase(id);
                    naive.rows.retain(|row| row.id != id);
                }
                _ => {
                    oldest = now.saturating_sub(u64::from(namespace) * 4).max(oldest);
                    index.compact(oldest, action == 13);
                }
            }
        }
        let some = IdSet::new((0..15).map(|id| id * 700).collect());
        let few = IdSet::new(vec![700, 2100]);
        let namespaces = [true, false, true];
        for at in oldest..=now {
            for filter in [
                Filter::default(),
                Filter { namespaces: Some(&namespaces), ..Filter::default() },
                Filter { ids: Some(&some), ..Filter::default() },
                Filter { ids: Some(&few), excluded: Some(&some), ..Filter::default() },
                Filter { ids: Some(&few), ..Filter::default() },
                Filter { excluded: Some(&some), ..Filter::default() },
            ] {
                for (query, limit) in [(vec!["apple", "pears", "unknown"], 100), (vec!["stone", "green", "apples"], 3)] {
                    naive.check(&index, &query, limit, at, &filter)?;
                }
            }
        }
    }
}

/// Pairs of words with one stem among them.
const WORDS: [&str; 9] = ["apple", "apples", "pear", "stone", "stoned", "green", "Grün", "grun", "42"];

/// A text's terms in order.
fn terms(text: &str) -> Vec<Vec<u8>> {
    let mut term = Vec::new();
    let terms = words(text).map(|word| {
        write_term(word, &mut term);
        term.clone()
    });
    terms.collect()
}

struct Row {
    id: u64,
    namespace: u32,
    born: u64,
    dead: u64,
    words: Vec<Vec<u8>>,
}

/// BM25 as it is written down.
#[derive(Default)]
struct Naive {
    rows: Vec<Row>,
}

impl Naive {
    fn end(&mut self, id: u64, now: u64) {
        self.rows.iter_mut().filter(|row| row.id == id && row.dead == u64::MAX).for_each(|row| row.dead = now);
    }

    fn search(&self, query: &[&str], at: u64, filter: &Filter<'_>) -> Vec<(u64, f64)> {
        let live = || self.rows.iter().filter(|row| row.dead == u64::MAX);
        let all = live().count() as f64;
        let words = live().map(|row| row.words.len()).sum::<usize>();
        let average = if words == 0 { 1.0 } else { words as f64 / all };
        let mut weights: BTreeMap<Vec<u8>, f64> = BTreeMap::new();
        for word in terms(&query.join(" ")) {
            let with = live().filter(|row| row.words.contains(&word)).count() as f64;
            *weights.entry(word).or_default() += ((all - with + 0.5) / (with + 0.5)).ln().max(1e-6);
        }
        let score = |row: &Row| -> f64 {
            let of = |(word, weight): (&Vec<u8>, &f64)| {
                let times = row.words.iter().filter(|own| *own == word).count() as f64;
                weight * times * 2.2 / (times + 1.2 * (0.25 + 0.75 * row.words.len() as f64 / average))
            };
            weights.iter().map(of).sum()
        };
        let mut found: Vec<(u64, f64)> = self
            .rows
            .iter()
            .filter(|row| row.born <= at && at < row.dead)
            .filter(|row| filter.allows_namespace(row.namespace) && filter.allows_id(row.id))
            .map(|row| (row.id, score(row)))
            .filter(|(_, score)| *score > 0.0)
            .collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        found
    }

    /// The same scores, place by place, and each row's own.
    fn check(
        &self,
        index: &TextIndex,
        query: &[&str],
        limit: usize,
        at: u64,
        filter: &Filter<'_>,
    ) -> Result<(), TestCaseError> {
        let expected = self.search(query, at, filter);
        let query: Vec<String> = query.iter().map(|word| (*word).to_owned()).collect();
        let found = index.search(&query, limit, at, filter);
        prop_assert_eq!(found.len(), expected.len().min(limit));
        let score: BTreeMap<u64, f64> = expected.iter().copied().collect();
        let near = |a: f32, b: f64| (f64::from(a) - b).abs() <= 1e-3 * b.max(1e-6);
        for (found, (_, place)) in found.iter().zip(&expected) {
            prop_assert!(near(found.score, score[&found.id]) && near(found.score, *place), "{found:?} {place}");
        }
        prop_assert!(found.is_sorted_by(|a, b| a.score > b.score || (a.score == b.score && a.id < b.id)));
        prop_assert_eq!(found.iter().map(|found| found.id).collect::<BTreeSet<_>>().len(), found.len());
        Ok(())
    }
}

/// Texts of words whose frequency falls with their number, as in a language.
fn zipf(seed: u64, texts: usize) -> Vec<String> {
    let mut state = seed;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1_u64 << 24) as f64
    };
    let mut text = || {
        let words = 5 + (random() * 10.0) as usize;
        (0..words).map(|_| format!("w{}x", 400_f64.powf(random()) as u64)).collect::<Vec<_>>().join(" ")
    };
    (0..texts).map(|_| text()).collect()
}

#[test]
fn an_older_snapshot_finds_its_texts_though_none_of_them_lives() {
    let query = ["apple".to_owned()];
    let found = |index: &TextIndex| index.search(&query, 10, 1, &Filter::default()).len();
    let mut index = TextIndex::default();
    index.insert(7, 0, 1, "apple apple apple apple apple pie");
    index.remove(7, 2);
    assert_eq!((found(&index), index.search(&query, 10, 2, &Filter::default()).len()), (1, 0));
    // Nor where all that lives is without a word.
    index.insert(8, 0, 3, "");
    assert_eq!(found(&index), 1);
}

#[test]
fn long_lists_are_read_no_further_than_the_best_need() {
    let texts = zipf(1, 6000);
    let (mut index, mut naive) = (TextIndex::default(), Naive::default());
    for (id, text) in (0..).zip(&texts) {
        index.insert(id, (id % 3) as u32, 1, text);
        naive.rows.push(Row { id, namespace: (id % 3) as u32, born: 1, dead: u64::MAX, words: terms(text) });
    }
    let (half, few) = ((0..3000).collect::<IdSet>(), (0..40).map(|n| n * 100).collect::<IdSet>());
    let namespaces = [true, false, false];
    for query in ["w300x w1x w2x w3x", "w1x w2x", "w250x w150x w120x w1x w4x w9x w20x", "w1x"] {
        let query: Vec<&str> = query.split(' ').collect();
        for filter in [
            Filter::default(),
            Filter { namespaces: Some(&namespaces), ..Filter::default() },
            Filter { ids: Some(&half), ..Filter::default() },
            Filter { ids: Some(&few), ..Filter::default() },
        ] {
            for limit in [1, 10, 64] {
                naive.check(&index, &query, limit, 1, &filter).unwrap();
            }
        }
    }
}

#[test]
fn scores_are_those_of_fts5() {
    let texts = zipf(2, 300);
    let mut index = TextIndex::default();
    for (id, text) in (1..).zip(&texts) {
        index.insert(id, 0, 1, text);
    }
    let connection = fts5(&texts);
    let mut statement = connection.prepare("SELECT rowid, -rank FROM t WHERE t MATCH ?").unwrap();
    for query in ["w1x", "w200x w1x w2x", "w30x w31x w32x w33x w34x"] {
        let query: Vec<String> = query.split(' ').map(str::to_owned).collect();
        let expected = statement
            .query_map([query.join(" OR ")], |row| Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, f64>(1)?)))
            .unwrap()
            .collect::<rusqlite::Result<BTreeMap<u64, f64>>>()
            .unwrap();
        let found = index.search(&query, usize::MAX, 1, &Filter::default());
        assert_eq!(found.len(), expected.len());
        for Candidate { id, score } in found {
            assert!((f64::from(score) - expected[&id]).abs() < 1e-3 * expected[&id], "{id} {score} {}", expected[&id]);
        }
    }
}

#[test]
fn what_is_erased_or_compacted_is_no_longer_in_memory() {
    let mut index = TextIndex::default();
    index.insert(1, 0, 1, "common secret secret");
    index.insert(2, 0, 1, "common other");
    index.insert(1, 0, 2, "common later");
    let knows = |index: &TextIndex, word: &str| index.terms.find(word.as_bytes()).is_some();
    assert!(knows(&index, "secret") && knows(&index, "common"));
    index.compact(1, true);
    assert!(knows(&index, "secret"), "a reader at 1 may still come");
    index.compact(2, true);
    assert!(!knows(&index, "secret"));
    assert_eq!(index.entries.len(), 2);
    index.insert(1, 0, 3, "private words");
    index.erase(1);
    assert!(!knows(&index, "private") && !knows(&index, "later") && knows(&index, "other"));
    index.compact(0, true);
    assert_eq!((index.entries.len(), index.live, index.live_words), (1, 1, 2));
    let debug = format!("{index:?}");
    for word in ["private", "later", "secret"] {
        assert!(!debug.contains(&format!("{:?}", word.as_bytes())));
    }
}

#[test]
fn one_that_says_the_same_takes_no_room() {
    let mut index = TextIndex::default();
    index.insert(1, 0, 1, "the same words, the same");
    index.insert(1, 0, 2, "The same words the SAME");
    assert_eq!(index.entries.len(), 1);
    index.insert(1, 1, 3, "the same words the same");
    index.insert(1, 1, 4, "the same words the words");
    assert_eq!((index.entries.len(), index.live), (3, 1));
    assert!(index.bytes() > 0 && !index.is_full());
    index.insert(2, 0, 1, &"x".repeat(LONGEST + 1));
    assert_eq!(index.live_words, 6);
}

#[test]
fn one_that_was_full_is_made_anew_once_there_is_room() {
    let mut index = TextIndex::default();
    index.insert(1, 0, 1, "words");
    assert!(!index.is_outdated(), "nothing is missing");
    index.full = true;
    assert!(index.is_full() && index.is_outdated());
    assert!(has_room(150, 160) && !has_room(151, 160), "a 16th is free");
}
