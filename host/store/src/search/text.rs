//! Query text to terms, and to an FTS5 expression whose cost is bounded, for when the index in memory cannot serve.
//!
//! Stop words go, then terms by how common they are. A naive OR over all words of a question scores most of the table. The rarest terms carry the ranking (their BM25
//! weight is highest), so terms are taken from the rarest on until the rows to score reach a budget.

use crate::collection::Collection;
use crate::error::Result;
use crate::postings::{LONGEST, words};
use crate::space::lock;
use rusqlite::Connection;
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Terms looked at in one query.
const MOST_TERMS: usize = 24;
/// Rows a term is counted up to.
const COUNT_CAP: u32 = 4000;
/// Rows that may be scored for one query and collection.
const ROWS_BUDGET: u32 = 6000;
/// Common terms joined by AND when there is nothing rarer.
const COMMON_TERMS: usize = 3;
/// A count below this is taken anew each time: it is quick, and a word just written must be found.
const KEPT_FROM: u32 = 256;
/// How long a term's count is believed.
const BELIEVED: Duration = Duration::from_secs(30);
/// Term counts kept.
const KEPT: usize = 20_000;

/// English function words: they are in most rows and mean little.
const STOP_WORDS: &str = "a an and are as at be been but by can could did do does for from had has have how i if in into is it its \
me my no not of on or our so than that the their them then there these they this to was we were what when where which who whom \
why will with would you your";

/// Term frequencies seen lately.
#[derive(Default)]
pub(crate) struct Frequencies(Mutex<HashMap<(i64, String), (u32, Instant)>>);

impl Frequencies {
    fn of(&self, connection: &Connection, collection: &Collection, term: &str) -> Result<u32> {
        let key = (collection.number, term.to_owned());
        if let Some((count, at)) = lock(&self.0).get(&key)
            && at.elapsed() < BELIEVED
        {
            return Ok(*count);
        }
        let table = &collection.table;
        let count: u32 = connection
            .prepare_cached(&format!(
                "SELECT count(*) FROM (SELECT 1 FROM \"{table}__text\" WHERE \"{table}__text\" MATCH ? LIMIT {COUNT_CAP})"
            ))?
            .query_row([quote(term)], |row| row.get(0))?;
        if count < KEPT_FROM {
            return Ok(count);
        }
        let mut known = lock(&self.0);
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(key, (count, Instant::now()));
        Ok(count)
    }
}

/// The words of a text worth searching, lower-case, each once.
pub(crate) fn terms(text: &str) -> Vec<String> {
    let stop: HashSet<&str> = STOP_WORDS.split_ascii_whitespace().collect();
    let mut seen = HashSet::new();
    let words: Vec<String> = words(text)
        .filter(|word| word.len() <= LONGEST)
        .map(str::to_lowercase)
        .filter(|word| seen.insert(word.clone()))
        .collect();
    let telling: Vec<String> =
        words.iter().filter(|word| !stop.contains(word.as_str())).take(MOST_TERMS).cloned().collect();
    // "to be or not to be" is all stop words, and still a question.
    if telling.is_empty() { words.into_iter().take(MOST_TERMS).collect() } else { telling }
}

/// The FTS5 expressions for a query's terms, the next for when one finds nothing; none if the collection knows no word of it.
pub(crate) fn expressions(
    connection: &Connection,
    frequencies: &Frequencies,
    collection: &Collection,
    terms: &[String],
) -> Result<Vec<String>> {
    let mut counted = Vec::new();
    for term in terms {
        let count = frequencies.of(connection, collection, term)?;
        if count > 0 {
            counted.push((count, term));
        }
    }
    counted.sort();
    let mut budget = ROWS_BUDGET;
    let mut rare = Vec::new();
    for (count, term) in &counted {
        if *count >= COUNT_CAP || *count > budget {
            break;
        }
        budget -= count;
        rare.push(quote(term));
    }
    if !rare.is_empty() {
        return Ok(vec![rare.join(" OR ")]);
    }
    // Only common terms: rows that have several of them are few and telling.
    let common: Vec<_> = counted.iter().take(COMMON_TERMS).map(|(_, term)| quote(term)).collect();
    Ok((1..=common.len()).rev().filter_map(|terms| Some(common.get(..terms)?.join(" AND "))).collect())
}

fn quote(term: &str) -> String {
    format!("\"{}\"", term.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::terms;

    #[test]
    fn keeps_telling_words_once() {
        assert_eq!(terms("What is the Pool's pool size, and THE timeout?"), ["pool", "s", "size", "timeout"]);
        assert_eq!(terms("to be or not to be"), ["to", "be", "or", "not"]);
        assert!(terms("!?* ()").is_empty());
    }
}
