//! The in-memory vector index: a copy of one collection's vectors in two bytes a place, scanned with SIMD and versioned by
//! journal sequence.
//!
//! It knows no database: the store fills it from its tables and follows the journal with [`VectorIndex::insert`] and
//! [`VectorIndex::remove`].
//!
//! How a search goes, and where to read on:
//!
//! 1. `rotate`: the query is rotated as all stored vectors were, which spreads their energy over all places;
//! 2. `sign`: in a large index, one bit a place picks a short list of some thousand rows;
//! 3. `scan`: the rows of the short list (in a small index, all) are scored in int8, the best are the candidates, which
//!    `segment` scores again with the second byte of each place;
//! 4. `simd`: the two inner loops, for each instruction set, with equal integer results.
//!
//! `index` and `segment` keep the rows, `top` keeps the best, `threads` shares the work; `crate::entries` has the filter and finds rows by id.

mod index;
mod rotate;
mod scan;
mod segment;
mod sign;
mod simd;
#[cfg(test)]
mod tests;
mod threads;
mod top;

pub(crate) use index::VectorIndex;
