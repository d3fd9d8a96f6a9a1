//! Entity resolution on write: whether a new name is one that is known.

use super::{ALIASES, ENTITIES};
use crate::name::{ends, is_symbol, similarity};
use crate::refer;
use memstrata_sdk::{Fault, Query, Value, get, json};

/// Names compared with a new one, at most.
const MOST_COMPARED: usize = 1_000;

/// A known entity and why it is the same.
pub(super) struct Same {
    pub(super) row: Value,
    /// `name`, `alias` or `similar`.
    pub(super) how: &'static str,
    pub(super) similarity: f64,
}

/// The entity a new one of this normal name and type would double, in its own namespace: by equal name, by alias, or the most
/// similar name at or above the threshold among those that share the first or the last letters.
pub(super) fn known(key: &str, entity_type: &str, namespace: &str, threshold: f64) -> Result<Option<Same>, Fault> {
    let of = |collection: &str| -> Result<Query, Fault> {
        Query::of(collection).filter(json!(["namespace", "=", namespace]))?.filter(json!([
            "entity_type",
            "=",
            entity_type
        ]))
    };
    if let Some(row) = of(ENTITIES)?.filter(json!(["name_key", "=", key]))?.ascending("twin")?.first()? {
        return Ok(Some(Same { row, how: "name", similarity: 1.0 }));
    }
    if let Some(alias) = of(ALIASES)?.filter(json!(["key", "=", key]))?.first()?
        && let Some(row) = refer::int(&alias, "entity_id").map(|id| get(ENTITIES, id)).transpose()?.flatten()
    {
        return Ok(Some(Same { row, how: "alias", similarity: 1.0 }));
    }
    if threshold >= 1.0 || is_symbol(entity_type) {
        return Ok(None);
    }
    let (head, tail) = ends(key);
    let near = of(ENTITIES)?.filter(json!({"any": [["head", "=", head], ["tail", "=", tail]]}))?;
    let mut best: Option<(f64, u64)> = None;
    for row in near.select(&["name_key"])?.limit(500).all(MOST_COMPARED)? {
        let alike = similarity(key, refer::text(&row, "name_key"));
        let id = refer::id(&row);
        if alike >= threshold && best.is_none_or(|(most, first)| alike > most || (alike == most && id < first)) {
            best = Some((alike, id));
        }
    }
    let Some((similarity, id)) = best else {
        return Ok(None);
    };
    Ok(get(ENTITIES, id)?.map(|row| Same { row, how: "similar", similarity }))
}
