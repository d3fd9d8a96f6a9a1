//! The in-memory text index: an inverted index of one collection's words, ranked by BM25 and versioned by journal sequence.
//!
//! It knows no database: the store fills it from its rows and follows the journal with [`TextIndex::insert`] and
//! [`TextIndex::remove`].
//!
//! `tokens` and `porter` make terms of a text as the store's FTS5 tables do; `terms` is the dictionary with a list of postings
//! for each term; `index` keeps the entries and how they come and go; `rank` is a search.

mod index;
mod porter;
mod rank;
mod terms;
#[cfg(test)]
mod tests;
mod tokens;

pub(crate) use index::TextIndex;
pub(crate) use tokens::{LONGEST, words};
