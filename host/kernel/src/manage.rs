//! What operators and `forget` do beside the layers: spaces, forgetting by id, history, undo, re-embedding, status.

use crate::api::{CallError, Principal};
use crate::kernel::{Kernel, admit_space};
use memstrata_store::{CommitMeta, Deadline, SessionOptions, Space, UndoTarget};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What to forget.
#[derive(Debug, Clone, Default)]
pub struct Forget {
    /// The rows.
    pub ids: Vec<u64>,
    /// Erase their content for good, history included; otherwise they are marked deleted.
    pub erase: bool,
    /// Only say what would be forgotten.
    pub dry_run: bool,
    /// Makes a repetition answer what the first did.
    pub idempotency_key: Option<String>,
}

/// An undo that was done, or would be.
#[derive(Debug, Clone, Serialize)]
pub struct Undone {
    /// What was undone.
    pub target: String,
    /// The commit of the inverse; none for a preview.
    pub seq: Option<u64>,
    /// The rows it changed.
    pub changes: Vec<Value>,
}

/// Ids in one `forget`.
const MOST_IDS: usize = 1_000;

impl Kernel {
    /// Forgets rows of any layer by their ids.
    ///
    /// # Errors
    /// `denied.write`, `invalid.argument`; an id that does not exist is no error but told in the answer.
    pub async fn forget(&self, space: &str, principal: &Principal, forget: Forget) -> Result<Value, CallError> {
        admit_space(principal, space)?;
        if !principal.may_write {
            return Err(CallError::new("denied.write", format!("`{}` may only read", principal.name)));
        }
        if forget.ids.is_empty() || forget.ids.len() > MOST_IDS {
            return Err(CallError::new("invalid.argument", format!("name 1 to {MOST_IDS} ids")));
        }
        let (kernel, space, principal) = (self.clone(), space.to_owned(), principal.clone());
        self.shared.interactive.run(move || kernel.forget_now(&kernel.space(&space)?, &principal, &forget)).await
    }

    fn forget_now(&self, space: &Arc<Space>, principal: &Principal, forget: &Forget) -> Result<Value, CallError> {
        let operation = if forget.erase { "erase" } else { "forget" };
        let hash = format!("{operation}:{:?}", forget.ids);
        if let Some(key) = &forget.idempotency_key
            && let Some((known, result, _)) = space.answered(&principal.name, key)?
        {
            if known != hash {
                return Err(CallError::new(
                    "conflict.idempotency",
                    "this idempotency_key was used for another call; take a new one",
                ));
            }
            return serde_json::from_str(&result).map_err(|_| CallError::new("internal", "the kept answer is damaged"));
        }
        let limits = self.shared.runtime.limits();
        let mut session = space.session(SessionOptions {
            layer: "host".into(),
            component: "host".into(),
            scope: principal.scope.clone(),
            now: crate::kernel::now_ms(),
            deadline: Deadline::within(limits.wall(false)),
            limits: limits.store(),
            binding: String::new(),
            read_only: false,
            as_of: None,
        });
        let (mut forgotten, mut missing) = (Vec::new(), Vec::new());
        for id in &forget.ids {
            let Some(collection) = session.locate(*id)? else {
                missing.push(*id);
                continue;
            };
            let done =
                if forget.erase { session.erase(&collection, *id) } else { session.delete(&collection, *id, None) };
            match done {
                Ok(()) => forgotten.push(json!({ "id": id, "collection": collection.name() })),
                Err(error) if error.code() == "not-found" => missing.push(*id),
                Err(error) => return Err(error.into()),
            }
        }
        let mut answer = json!({
            "forgotten": forgotten, "not_found": missing, "erased": forget.erase, "space": space.name(), "dry_run": forget.dry_run,
        });
        if forget.dry_run {
            return Ok(answer);
        }
        let idempotent = forget.idempotency_key.clone().map(|key| memstrata_store::Idempotent {
            key,
            arguments: hash,
            result: answer.to_string(),
        });
        let meta = CommitMeta {
            kind: "call".into(),
            principal: principal.name.clone(),
            layer: "host".into(),
            component: "host".into(),
            operation: operation.into(),
            idempotent,
            ..CommitMeta::default()
        };
        let committed = space.commit(session.finish(), meta, None)?;
        if let Some(fields) = answer.as_object_mut().filter(|_| committed.seq > 0) {
            fields.insert("transaction".into(), committed.seq.into());
        }
        self.shared.wake();
        Ok(answer)
    }

    /// The state of a space, for those who use it.
    ///
    /// # Errors
    /// `not-found.space`, `denied.space`.
    pub async fn status(&self, space: &str, principal: &Principal) -> Result<Value, CallError> {
        admit_space(principal, space)?;
        let (kernel, space, scope) = (self.clone(), space.to_owned(), principal.scope.clone());
        self.shared.interactive.run(move || kernel.status_now(&kernel.space(&space)?, &scope)).await
    }

    /// The collections of a space: their fields, live rows and indexes.
    pub(crate) fn describe(&self, space: &str, only: Option<&str>) -> Result<Value, CallError> {
        let space = self.space(space)?;
        let mut session = space.session(self.looking(&memstrata_store::Namespace::default()));
        let mut told = Vec::new();
        for collection in space.collections() {
            if only.is_some_and(|only| only != collection.name() && only != collection.layer()) {
                continue;
            }
            let (name, spec) = (collection.name(), collection.spec());
            told.push(json!({
                "collection": name,
                "summary": spec.summary,
                "rows": session.count(&memstrata_store::Query::new(Arc::clone(&collection)))?,
                "fields": spec.fields.iter().map(|(field, spec)| (field.clone(), json!(spec.kind))).collect::<Map<_, _>>(),
                "indexes": space.index_use(name)?,
            }));
        }
        match (told.is_empty(), only) {
            (true, Some(only)) => {
                Err(CallError::new("not-found.collection", format!("there is no collection and no layer `{only}`")))
            }
            _ => Ok(json!({ "count": told.len(), "collections": told })),
        }
    }

    /// How the host looks into a space for itself.
    fn looking(&self, scope: &memstrata_store::Namespace) -> SessionOptions {
        let limits = self.shared.runtime.limits();
        SessionOptions {
            layer: "host".into(),
            component: "host".into(),
            scope: scope.clone(),
            now: crate::kernel::now_ms(),
            deadline: Deadline::within(Duration::from_millis(limits.wall_ms)),
            limits: limits.store(),
            binding: String::new(),
            read_only: true,
            as_of: None,
        }
    }

    fn status_now(&self, space: &Arc<Space>, scope: &memstrata_store::Namespace) -> Result<Value, CallError> {
        let mut session = space.session(self.looking(scope));
        let mut rows = Map::new();
        for collection in space.collections() {
            let count = session.count(&memstrata_store::Query::new(Arc::clone(&collection)))?;
            rows.insert(collection.name().to_owned(), count.into());
        }
        let health = self.health();
        let problems: Vec<String> = (health.layers.iter())
            .flat_map(|(name, layer)| layer.problems.iter().map(move |problem| format!("{name}: {problem}")))
            .collect();
        Ok(json!({
            "space": space.name(),
            "namespace": scope.as_str(),
            "status": health.status,
            "version": health.version,
            "data": space.path().display().to_string(),
            "rows": rows,
            "last_transaction": space.latest()?,
            "embedder": health.embedder,
            "embed_pending": space.pending()?,
            "llm": health.llm,
            "operations": self.catalog().operations().count(),
            "layers": health.layers.iter().map(|(name, layer)| (name.clone(), json!(layer.version))).collect::<Map<_, _>>(),
            "problems": problems,
        }))
    }

    /// Opens a space for the command line's tools.
    ///
    /// # Errors
    /// `not-found.space` and those of opening it.
    pub fn open_space(&self, name: &str) -> Result<Arc<Space>, CallError> {
        self.space(name)
    }

    /// The spaces: name and time of creation, ms UTC.
    ///
    /// # Errors
    /// When the database fails.
    pub fn spaces(&self) -> Result<Vec<(String, u64)>, CallError> {
        Ok(self.shared.control.spaces()?)
    }

    /// Makes a space; answers whether it is new.
    ///
    /// # Errors
    /// `invalid.argument` for a bad name.
    pub fn create_space(&self, name: &str) -> Result<bool, CallError> {
        let new = self.shared.control.add_space(name)?;
        self.space(name)?;
        Ok(new)
    }

    /// Removes a space and its file for good.
    ///
    /// # Errors
    /// `not-found.space`; `invalid.argument` for the default space.
    pub fn delete_space(&self, name: &str) -> Result<(), CallError> {
        if name == self.shared.options.default_space {
            return Err(CallError::new("invalid.argument", "the default space always exists; forget its rows instead"));
        }
        if !self.shared.control.remove_space(name)? {
            return Err(CallError::new("not-found.space", format!("there is no space `{name}`")));
        }
        self.shared.spaces.forget(name);
        let path = self.shared.spaces.path(name);
        for path in [path.clone(), path.with_extension("db-wal"), path.with_extension("db-shm")] {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(CallError::new(
                        "unavailable.store",
                        format!("{} cannot be removed: {error}", path.display()),
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Puts a backup in place as a new space.
    ///
    /// # Errors
    /// `invalid.argument` when the space has a file already or the backup is not sound.
    pub fn restore_space(&self, from: &Path, name: &str) -> Result<(), CallError> {
        // The file first: a listed space without one would be made empty.
        self.shared.spaces.forget(name);
        self.shared.spaces.restore(from, name)?;
        self.shared.control.add_space(name)?;
        self.space(name)?;
        Ok(())
    }

    /// Undoes a transaction, or all that a component wrote; with `dry_run`, only says what that would change.
    ///
    /// # Errors
    /// `conflict`, naming the rows later writes depend on.
    pub fn undo(
        &self,
        space: &str,
        target: &UndoTarget,
        principal: &Principal,
        dry_run: bool,
    ) -> Result<Undone, CallError> {
        let space = self.space(space)?;
        // Not while it goes on: half of it would be taken back, and the rest applied.
        let _ended = match target {
            UndoTarget::Run(_) if !dry_run => Some(self.only_one(&space)?),
            _ => None,
        };
        self.undo_in(&space, target, principal, dry_run)
    }

    /// As [`Kernel::undo`], for who holds the right to run in the space.
    pub(crate) fn undo_in(
        &self,
        space: &Arc<Space>,
        target: &UndoTarget,
        principal: &Principal,
        dry_run: bool,
    ) -> Result<Undone, CallError> {
        let mut write_set = space.plan_undo(target)?;
        let changes = write_set.preview();
        if dry_run {
            return Ok(Undone { target: target.name(), seq: None, changes });
        }
        let deadline = Deadline::within(self.shared.runtime.limits().wall(true));
        crate::dispatch::embed(&*self.shared.embedder, &mut write_set, &deadline);
        let meta = CommitMeta {
            kind: format!("undo={}", target.name()),
            principal: principal.name.clone(),
            layer: "host".into(),
            component: "host".into(),
            operation: "undo".into(),
            ..CommitMeta::default()
        };
        let committed = space.commit(write_set, meta, None)?;
        if let UndoTarget::Run(run) = target {
            crate::consolidation::mark_undone(self, space, run)?;
        }
        self.shared.wake();
        Ok(Undone { target: target.name(), seq: Some(committed.seq), changes })
    }

    /// Gives a space the configured embedding model: empties its vectors and makes them anew. `progress` gets done and all.
    ///
    /// Interrupted, the space is whole and the rest follows from the queue.
    ///
    /// # Errors
    /// When the database or the embedder fails.
    pub fn reembed(&self, name: &str, mut progress: impl FnMut(u64, u64)) -> Result<u64, CallError> {
        let all = self.space(name)?.reset_vectors()?;
        // Opened anew, the space belongs to the configured model.
        self.shared.spaces.forget(name);
        let space = self.space(name)?;
        drop(space);
        progress(0, all);
        self.fill_all(name, progress)
    }

    /// Makes all vectors a space still owes. `progress` gets done and all.
    ///
    /// # Errors
    /// When the database or the embedder fails.
    pub fn fill_all(&self, name: &str, mut progress: impl FnMut(u64, u64)) -> Result<u64, CallError> {
        let space = self.space(name)?;
        let all = space.pending()?;
        let mut done = 0;
        loop {
            match self.fill_some(&space)? {
                0 => return Ok(done),
                some => done += some as u64,
            }
            progress(done.min(all), all);
        }
    }

    /// Closes a space's file, once nobody uses it.
    pub fn close_space(&self, name: &str) {
        self.shared.spaces.forget(name);
    }
}
