//! Units by meaning: rows of a page put together by their stored vectors.

use super::cut::Cut;
use crate::api::CallError;
use memstrata_runtime::average_link;
use memstrata_store::{Collection, Session, StoreError};
use std::sync::Arc;

/// The key of rows without a vector.
const NO_VECTOR: &str = "-";

/// Puts the rows of a page into the order of their clusters, which are in the order of their first rows; rows without a vector come
/// last, together. The same rows with the same vectors always come out the same.
pub(super) fn arrange(
    session: &mut Session,
    collection: &Arc<Collection>,
    threshold: f32,
    rows: &mut [Cut],
) -> Result<(), CallError> {
    let ids: Vec<u64> = rows.iter().map(|row| row.id).collect();
    let vectors = session.vectors(collection, &ids)?;
    let deadline = session.options().deadline.clone();
    let labels = average_link(&vectors, threshold, || -> Result<(), StoreError> { deadline.check() })?;
    for (row, (vector, label)) in rows.iter_mut().zip(vectors.iter().zip(labels)) {
        (row.group, row.key) = match vector {
            Some(_) => (label, String::new()),
            None => (u32::MAX, NO_VECTOR.to_owned()),
        };
    }
    // Stable: inside a cluster the order of the page stays.
    rows.sort_by_key(|row| row.group);
    Ok(())
}
