//! Export and import of a space's rows, as they are: for other programs, and for a new space.

use crate::api::{CallError, Principal};
use crate::consolidation::records::{COMPARISONS, RUNS, UNITS};
use crate::dispatch::embed;
use crate::kernel::{Kernel, now_ms};
use memstrata_store::{Collection, CommitMeta, Deadline, Namespace, Query, ReadLimits, Session, SessionOptions, Space};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;

/// How long a whole export may hold its snapshot, and one batch of an import may take.
const PATIENCE: Duration = Duration::from_secs(3_600);
/// Rows read at a time.
const PAGE: u32 = 500;

/// Records of what was done in a space, by the numbers of its journal: they mean nothing in another.
const OF_ITS_JOURNAL: [&str; 3] = [RUNS, UNITS, COMPARISONS];

/// What of a space is exported.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Collections, like `layer.collection`, or whole layers; none: all.
    pub collections: Vec<String>,
    /// The namespace and what lies below; empty: everything.
    pub namespace: Namespace,
}

impl Selection {
    fn names(&self, collection: &Collection) -> bool {
        if OF_ITS_JOURNAL.contains(&collection.name()) {
            return false;
        }
        self.collections.is_empty()
            || self.collections.iter().any(|name| name == collection.name() || name == collection.layer())
    }
}

/// A row with the name of its collection.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedRow {
    /// `layer.collection`.
    pub collection: String,
    /// Its fields, system fields too.
    pub row: Map<String, Value>,
}

impl Kernel {
    /// Reads the live rows of one instant, a collection after the other and in the order of their ids; answers how many.
    /// `each` gets a collection, a page of rows, how many rows came before it and how many there are in all.
    ///
    /// # Errors
    /// `not-found.space`, `not-found.collection` naming those there are, those of the database and of `each`.
    pub fn export_rows(
        &self,
        space: &str,
        selection: &Selection,
        mut each: impl FnMut(&Collection, Vec<Map<String, Value>>, u64, u64) -> Result<(), CallError>,
    ) -> Result<u64, CallError> {
        let space = self.open_space(space)?;
        let all = space.collections();
        if let Some(unknown) = selection
            .collections
            .iter()
            .find(|name| !all.iter().any(|collection| collection.name() == *name || collection.layer() == *name))
        {
            let known: Vec<&str> = all.iter().map(|collection| collection.name()).collect();
            let message = format!("there is no collection and no layer `{unknown}`; there are {}", known.join(", "));
            return Err(CallError::new("not-found.collection", message));
        }
        let mut session = session(&space, true);
        let mut queries = Vec::new();
        let mut total = 0;
        for collection in all.iter().filter(|collection| selection.names(collection)) {
            let mut query = Query::new(Arc::clone(collection));
            if !selection.namespace.as_str().is_empty() {
                query.namespace(selection.namespace.clone());
            }
            total += session.count(&query)?;
            query.order_by("id", false)?;
            query.limit(PAGE);
            queries.push((collection, query));
        }
        let mut done = 0;
        for (collection, mut query) in queries {
            loop {
                let page = session.rows(&query)?;
                let rows = page.rows.iter().map(|row| serde_json::from_str(row)).collect::<Result<Vec<_>, _>>();
                let rows: Vec<Map<String, Value>> =
                    rows.map_err(|error| CallError::new("internal", format!("a row is no JSON: {error}")))?;
                let read = rows.len() as u64;
                each(collection, rows, done, total)?;
                done += read;
                match page.next {
                    Some(next) => query.after(&next),
                    None => break,
                }
            }
        }
        Ok(done)
    }

    /// Whether a space never had a row, so that it can take an export.
    ///
    /// # Errors
    /// `not-found.space`, and those of the database.
    pub fn is_pristine(&self, space: &str) -> Result<bool, CallError> {
        Ok(self.open_space(space)?.is_pristine()?)
    }

    /// Readies a space that never had a row for the rows of an export, whose ids go up to `most`.
    ///
    /// # Errors
    /// `invalid.argument` when the space has had rows.
    pub fn prepare_adoption(&self, space: &str, most: u64) -> Result<(), CallError> {
        Ok(self.open_space(space)?.reserve_for_adoption(most)?)
    }

    /// Puts rows of an export into the space, all or none, in one commit; with `dry_run`, only checks them.
    ///
    /// # Errors
    /// `invalid.argument` naming the first row that does not fit and why; `not-found.collection`.
    pub fn adopt_rows(&self, space: &str, rows: Vec<ExportedRow>, dry_run: bool) -> Result<(), CallError> {
        let space = self.open_space(space)?;
        let mut session = session(&space, false);
        for ExportedRow { collection, row } in rows {
            let id = row.get("id").cloned().unwrap_or_default();
            let named = |error: memstrata_store::StoreError| {
                let error = CallError::from(error);
                CallError::new(&error.code, format!("{collection}, row {id}: {}", error.message))
            };
            let target = space.collection(&collection).map_err(named)?;
            session.adopt(&target, row).map_err(named)?;
        }
        if dry_run {
            return Ok(());
        }
        let mut write_set = session.finish();
        embed(&*self.shared.embedder, &mut write_set, &Deadline::within(PATIENCE));
        let meta = CommitMeta {
            kind: "import".into(),
            principal: Principal::local().name,
            layer: "host".into(),
            component: "host".into(),
            operation: "import".into(),
            ..CommitMeta::default()
        };
        space.commit(write_set, meta, None)?;
        Ok(())
    }
}

fn session(space: &Arc<Space>, read_only: bool) -> Session {
    space.session(SessionOptions {
        layer: "host".into(),
        component: "host".into(),
        scope: Namespace::default(),
        now: now_ms(),
        deadline: Deadline::within(PATIENCE),
        // Not a component's call: the batch is the caller's to bound.
        limits: ReadLimits { rows_read: u64::MAX, bytes_written: usize::MAX, ..ReadLimits::default() },
        binding: "transfer".into(),
        read_only,
        as_of: None,
    })
}
