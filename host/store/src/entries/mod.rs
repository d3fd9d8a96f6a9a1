//! What the in-memory indexes of rows share: sets of ids, the filter of a search, what it finds, and where an id's entries lie.

mod filter;
mod idset;
mod slots;

pub(crate) use filter::{Candidate, Filter};
pub(crate) use idset::{IdSet, bits};
pub(crate) use slots::{NONE, Slots};
