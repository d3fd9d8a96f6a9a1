//! The store: spaces as SQLite files, collections made from manifests, write-sets, journal, history and search.
//!
//! The only floor that knows rusqlite and sqlite-vec. A call opens a [`Session`] on a [`Space`]: a snapshot, overlaid with
//! the write-set the call stages. [`Space::commit`] hands the write-set to the space's one writer.

mod collection;
mod commit;
mod condition;
mod control;
mod cursor;
mod database;
mod entries;
mod error;
mod events;
mod history;
mod ids;
mod ledger;
mod maintenance;
mod migrate;
mod namespace;
#[cfg(test)]
mod plans;
mod postings;
mod query;
mod row;
mod search;
mod session;
mod space;
mod spaces;
mod vector;
mod write_set;
mod writer;

pub use collection::{Collection, CollectionSpec, FieldSpec, FieldType, RecallView, SYSTEM_FIELDS, Sequence};
pub use commit::{CommitMeta, Committed, Idempotent};
pub use condition::Condition;
pub use control::{Control, GENERATIONS_KEPT, Generation, Lease, Schedule};
pub use error::StoreError;
pub use events::Due;
pub use history::{Change, RowVersion, Transaction, UndoTarget};
pub use ledger::{Most, Reservation, Spent, day_of, next_day};
pub use maintenance::{Backup, IndexUse, PendingText, Verified};
pub use namespace::Namespace;
pub use query::{Aggregate, Page, Query};
pub use search::{Hit, SearchRequest, SearchResults, channel};
pub use session::{Deadline, Evidence, ReadLimits, Session, SessionOptions};
pub use space::{Durability, Space, SpaceOptions};
pub use spaces::Spaces;
pub use write_set::{Event, WriteSet};
