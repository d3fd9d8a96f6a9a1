//! How good what was derived is, before a run and after it: counted by the host, whatever the layers are.

use super::records::{CONFLICTS, HOST, host_session};
use crate::api::CallError;
use crate::kernel::{Kernel, now_ms};
use crate::layers::Layer;
use memstrata_store::{Collection, Condition, Evidence, Namespace, Query, Space};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the valid rows of a strategy's collections say of consolidation so far. A derived row is one that cites a row, in a
/// collection that the strategy may change and that is not raw.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Quality {
    /// Recall of evidence: the share of the rows to consolidate that some derived row cites, 0 to 1.
    pub coverage: f64,
    /// How much shorter what is derived is than what it stands on: 1 - derived / cited, 0 at least.
    pub compression: f64,
    /// The share of derived rows in no open conflict, 0 to 1.
    pub consistency: f64,
    /// Rows cited by a derived row, in the mean.
    pub density: f64,
    /// How far derived rows are believed, in the mean, 0 to 1; none where no row says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust: Option<f64>,
    /// Valid rows of each collection.
    pub rows: BTreeMap<String, u64>,
}

impl Quality {
    fn of(found: Evidence, evidence: u64, rows: BTreeMap<String, u64>) -> Self {
        let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        Self {
            coverage: share(found.covered, evidence),
            compression: if found.cited == 0 { 0.0 } else { (1.0 - share(found.derived, found.cited)).max(0.0) },
            consistency: 1.0 - share(found.disputed, found.derived),
            density: share(found.citations, found.derived),
            trust: found.trust,
            rows,
        }
    }
}

impl Kernel {
    /// The quality of what a strategy's collections hold now, in a namespace and as far as a scope sees.
    pub(super) fn quality(
        &self,
        space: &Arc<Space>,
        layer: &Layer,
        namespace: &Namespace,
        scope: &Namespace,
    ) -> Result<Quality, CallError> {
        let Some(spec) = &layer.plugin.manifest().strategy else {
            return Err(CallError::new("internal", "a layer is no strategy"));
        };
        let now = now_ms();
        let valid = |collection: Arc<Collection>| {
            let mut query = Query::new(collection);
            query.valid_at(now);
            query.namespace(namespace.clone());
            query.namespace(scope.clone());
            query
        };
        let mut session = host_session(self, space, now);
        let raw = valid(space.collection(&spec.collection)?);
        let mut changes = space.collections();
        changes.retain(|collection| collection.layer() != HOST && layer.plugin.may_write(collection.name()));
        let (mut rows, mut derived) = (BTreeMap::new(), Vec::new());
        let evidence = session.count(&raw)?;
        rows.insert(spec.collection.clone(), evidence);
        for collection in changes {
            let query = valid(Arc::clone(&collection));
            if collection.name() != spec.collection {
                rows.insert(collection.name().to_owned(), session.count(&query)?);
            }
            if !collection.spec().raw {
                derived.push(query);
            }
        }
        // Of the whole space: a row may be in dispute with one outside.
        let mut disputes = Query::new(space.collection(CONFLICTS)?);
        disputes.filter(Condition::parse(&json!(["status", "=", "open"]).to_string())?)?;
        let found = session.evidence(&derived, &raw, Some(&disputes))?;
        Ok(Quality::of(found, evidence, rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shares_and_nothing_is_no_fault() {
        let nothing = Quality::of(Evidence::default(), 0, BTreeMap::new());
        assert_eq!((nothing.coverage, nothing.compression, nothing.consistency), (0.0, 0.0, 1.0));
        assert_eq!((nothing.density, nothing.trust), (0.0, None));
        let found = Evidence { derived: 2, citations: 10, cited: 8, covered: 6, disputed: 1, trust: Some(0.5) };
        let some = Quality::of(found, 12, BTreeMap::new());
        assert_eq!((some.coverage, some.compression, some.consistency, some.density), (0.5, 0.75, 0.5, 5.0));
        // Fewer rows cited than derived is no negative compression.
        let thin = Evidence { derived: 3, citations: 3, cited: 1, covered: 1, ..Evidence::default() };
        assert_eq!(Quality::of(thin, 1, BTreeMap::new()).compression, 0.0);
    }
}
