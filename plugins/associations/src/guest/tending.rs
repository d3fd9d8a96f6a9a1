//! Taking away what is no longer used, and counting what is there.

use super::{BATCH, CUES, LINKS, PRIMED};
use crate::hebb::PRIMED_MS;
use memstrata_sdk::{Answer, Fault, Query, clock, json, write};

/// Deletes the rows whose time field has passed, oldest first, [`BATCH`] at most; answers how many, and whether more are due.
fn sweep(collection: &str, field: &str, until: u64) -> Result<(usize, bool), Fault> {
    let due = Query::of(collection).filter(json!([field, "<=", until]))?.ascending(field)?.limit(BATCH).ids()?;
    for id in &due {
        write::delete(collection, *id, None)?;
    }
    Ok((due.len(), due.len() >= BATCH as usize))
}

pub(super) fn prune() -> Answer {
    let now = clock::now();
    let (links, more_links) = sweep(LINKS, "prune_at", now)?;
    let (primed, more_primed) = sweep(PRIMED, "primed_at", now.saturating_sub(PRIMED_MS))?;
    Ok(json!({"pruned": links, "unprimed": primed, "more": more_links || more_primed}))
}

pub(super) fn statistics() -> Answer {
    let now = clock::now();
    let primed = Query::of(PRIMED).filter(json!(["primed_at", ">", now.saturating_sub(PRIMED_MS)]))?.count()?;
    let prunable = Query::of(LINKS).filter(json!(["prune_at", "<=", now]))?.count()?;
    Ok(json!({
        "links": Query::of(LINKS).count()?, "prunable": prunable, "cues": Query::of(CUES).count()?, "primed": primed,
    }))
}
