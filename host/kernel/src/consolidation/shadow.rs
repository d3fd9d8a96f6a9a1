//! Shadow: candidate strategies run beside the active one, each on its own copy of the space as of one instant, and are compared.
//! Nothing of what they do reaches the space.

use super::fork::Snapshot;
use super::pins::Pinned;
use super::records::{COMPARISONS, condition, host_session, object, record_meta};
use super::run::Terms;
use super::score::{New, Tally, Trial, judge, winner};
use super::{Consolidate, Mode};
use crate::api::{CallError, Principal, Progress, ProgressSink};
use crate::kernel::{Kernel, admit_space, now_ms};
use memstrata_store::{CommitMeta, Deadline, Query, SearchRequest, Session, Space, UndoTarget};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Strategies in one comparison.
const MOST_TRIALS: usize = 16;
/// New rows that are compared with all others.
const MOST_NEW: u32 = 500;
/// Two rows whose vectors are this close say the same: the threshold at which peers merge without asking.
const SAME: f64 = 0.97;

/// What to compare.
#[derive(Clone)]
pub struct Compare {
    /// The space.
    pub space: String,
    /// The candidates; none: those of the configuration. The active strategy always takes part.
    pub candidates: Vec<String>,
    /// Only rows of this namespace and below.
    pub namespace: String,
    /// Only rows changed since (ms UTC).
    pub since: Option<u64>,
    /// On the copies this run is undone first: what would the candidates have done in its place?
    pub instead_of: Option<String>,
    /// What set it off.
    pub trigger: String,
    /// Who asked.
    pub principal: Principal,
    /// Set when nobody waits any more.
    pub cancelled: Arc<AtomicBool>,
    /// Where progress goes.
    pub progress: Option<ProgressSink>,
}

impl Compare {
    /// A comparison by hand of the configured candidates over all of a space.
    #[must_use]
    pub fn new(space: &str, principal: Principal) -> Self {
        Self {
            space: space.to_owned(),
            candidates: Vec::new(),
            namespace: String::new(),
            since: None,
            instead_of: None,
            trigger: "manual".into(),
            principal,
            cancelled: Arc::default(),
            progress: None,
        }
    }
}

/// How the strategies fared.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// Its name.
    pub comparison: String,
    /// The space.
    pub space: String,
    /// When, ms UTC.
    pub at: u64,
    /// The journal sequence all of them started from.
    pub as_of: u64,
    /// The strategy that is active.
    pub active: String,
    /// The one with the highest score, if any did something worth a score.
    pub winner: Option<String>,
    /// Pinned recalls that hold now.
    pub pins: u64,
    /// The active strategy first, then the candidates as they were named.
    pub trials: Vec<Trial>,
}

impl Kernel {
    /// Tries strategies on copies of a space, side by side with the active one; the space itself is not touched but for the
    /// record of the comparison.
    ///
    /// # Errors
    /// `not-found.strategy`, `invalid.argument`, `denied.*`, `cancelled`, and those of the store. A trial that fails is told.
    pub fn compare(&self, asked: &Compare) -> Result<Comparison, CallError> {
        admit_space(&asked.principal, &asked.space)?;
        if !asked.principal.may_write {
            let name = &asked.principal.name;
            return Err(CallError::new("denied.write", format!("`{name}` may only read; a comparison is recorded")));
        }
        let space = self.space(&asked.space)?;
        let active = self.active_in(&space)?;
        let candidates = match asked.candidates.as_slice() {
            [] => &self.shared.options.consolidation.candidates,
            named => named,
        };
        if candidates.len() >= MOST_TRIALS {
            return Err(CallError::new(
                "invalid.argument",
                format!("at most {MOST_TRIALS} strategies are compared at once"),
            ));
        }
        let mut names = vec![active.clone()];
        for name in candidates {
            self.strategy(name)?;
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let now = now_ms();
        let (snapshot, held) = self.prepared(&space, asked)?;
        let mut trials = Vec::new();
        for (nth, name) in names.iter().enumerate() {
            if asked.cancelled.load(Ordering::Relaxed) {
                return Err(CallError::new("cancelled", "the comparison was cancelled; nothing is recorded"));
            }
            if let Some(progress) = &asked.progress {
                progress(Progress { done: nth as u64, total: names.len() as u64, message: format!("shadow: {name}") });
            }
            let tried = self.trial(&snapshot, asked, name, now, &held);
            trials.push(tried.unwrap_or_else(|error| Trial::failed(name, &error)));
        }
        if asked.cancelled.load(Ordering::Relaxed) {
            return Err(CallError::new("cancelled", "the comparison was cancelled; nothing is recorded"));
        }
        let comparison = Comparison {
            comparison: format!("c{now:x}{:04x}", rand::random::<u16>()),
            space: space.name().to_owned(),
            at: now,
            as_of: snapshot.as_of,
            winner: winner(&trials).map(|trial| trial.strategy.clone()),
            active,
            pins: held.iter().filter(|pin| pin.holds).count() as u64,
            trials,
        };
        self.record_comparison(&space, asked, &comparison)?;
        Ok(comparison)
    }

    /// The comparisons of a space, newest first.
    ///
    /// # Errors
    /// `denied.space`, and those of the store.
    pub fn comparisons(&self, space: &str, principal: &Principal, limit: u32) -> Result<Vec<Value>, CallError> {
        admit_space(principal, space)?;
        let space = self.space(space)?;
        let mut query = Query::new(space.collection(COMPARISONS)?);
        query.order_by("at", true)?;
        query.limit(limit);
        let rows = host_session(self, &space, now_ms()).rows(&query)?.rows;
        Ok(rows.iter().filter_map(|row| serde_json::from_str(row).ok()).collect())
    }

    /// The copy all trials start from, and how the pinned recalls fare on it.
    fn prepared(&self, space: &Arc<Space>, asked: &Compare) -> Result<(Snapshot, Vec<Pinned>), CallError> {
        let Some(run) = &asked.instead_of else {
            let held = self.pinned(space)?;
            return Ok((self.snapshot(space)?, held));
        };
        let fork = self.snapshot(space)?.fork()?;
        let copy = fork.space()?;
        let mut inverse = copy.plan_undo(&UndoTarget::Run(run.clone()))?;
        let deadline = Deadline::within(self.shared.runtime.limits().wall(true));
        crate::dispatch::embed(&*self.shared.embedder, &mut inverse, &deadline);
        let meta = CommitMeta { kind: format!("undo=run {run}"), operation: "undo".into(), ..record_meta("shadow") };
        copy.commit(inverse, meta, None)?;
        let held = self.pinned(copy)?;
        Ok((self.snapshot(copy)?, held))
    }

    /// Runs one strategy on a copy of its own and judges it.
    fn trial(
        &self,
        snapshot: &Snapshot,
        asked: &Compare,
        name: &str,
        now: u64,
        held: &[Pinned],
    ) -> Result<Trial, CallError> {
        let begun = Instant::now();
        let fork = snapshot.fork()?;
        let copy = fork.space()?;
        let request = Consolidate {
            space: asked.space.clone(),
            strategy: Some(name.to_owned()),
            namespace: asked.namespace.clone(),
            since: asked.since,
            again: true,
            mode: Mode::Apply,
            trigger: "shadow".into(),
            principal: asked.principal.clone(),
            cancelled: Arc::clone(&asked.cancelled),
            progress: None,
        };
        let mut tally = Tally::default();
        let layer = self.strategy(name)?;
        let digest = layer.plugin.digest().to_owned();
        let terms = Terms {
            layer,
            space: copy,
            lease: None,
            acknowledges: None,
            held: Vec::new(),
            now,
            seed: Some(now),
            tally: Some(&mut tally),
        };
        let report = self.run_on(&request, terms)?;
        let new = self.look_at_new(copy, &digest, now)?;
        let after = self.pinned(copy)?;
        let broken = broken(held, &after);
        let kept = after.iter().filter(|pin| pin.holds).count() as u64;
        Ok(judge(&report, &tally, new, begun.elapsed().as_secs_f64() * 1000.0, (kept, broken)))
    }

    /// What the new rows of a trial are worth: whether another valid row says the same, and how far they are believed.
    fn look_at_new(&self, copy: &Arc<Space>, digest: &str, now: u64) -> Result<New, CallError> {
        let mut session = host_session(self, copy, now);
        let mut new = New::default();
        let mut trust = 0.0;
        let views = copy.collections().into_iter().filter(|one| one.spec().recall.is_some() && one.layer() != "host");
        for collection in views {
            let mut query = Query::new(Arc::clone(&collection));
            query.filter(condition(&json!(["component", "=", digest]))?)?;
            query.filter(condition(&json!(["created_at", ">=", now]))?)?;
            query.limit(MOST_NEW);
            for row in session.rows(&query)?.rows {
                let row: Value = serde_json::from_str(&row).unwrap_or_default();
                let Some(view) = collection.spec().recall.as_ref() else { continue };
                let text = row.get(&view.text).and_then(Value::as_str).unwrap_or_default();
                let believed = view.trust.as_ref().and_then(|field| row.get(field)).and_then(Value::as_f64);
                trust += believed.unwrap_or(1.0);
                new.rows += 1;
                let id = row.get("id").and_then(Value::as_u64).unwrap_or_default();
                new.duplicates += u64::from(self.is_said_elsewhere(&mut session, &collection, id, text, now)?);
            }
        }
        new.trust = if new.rows == 0 { 0.0 } else { trust / new.rows as f64 };
        Ok(new)
    }

    /// Whether another valid row of the collection is as good as equal in meaning.
    fn is_said_elsewhere(
        &self,
        session: &mut Session,
        collection: &Arc<memstrata_store::Collection>,
        id: u64,
        text: &str,
        now: u64,
    ) -> Result<bool, CallError> {
        let budget = self.shared.runtime.limits().wall(true);
        let vectors = self.shared.embedder.embed(&[text], budget);
        let Some(vector) = vectors.ok().and_then(|vectors| vectors.into_iter().next().flatten()) else {
            return Ok(false);
        };
        let mut request = SearchRequest::new("");
        request.vector = Some(vector);
        request.collections = vec![Arc::clone(collection)];
        request.valid_at(now);
        request.limit(3);
        let hits = session.search(&request)?.hits;
        Ok(hits.iter().any(|hit| hit.id != id && hit.scores.get(1).is_some_and(|cosine| *cosine >= SAME)))
    }

    fn record_comparison(&self, space: &Arc<Space>, asked: &Compare, made: &Comparison) -> Result<(), CallError> {
        let mut session = host_session(self, space, made.at);
        let row = object(json!({
            "comparison": made.comparison, "at": made.at, "as_of": made.as_of, "trigger": asked.trigger,
            "principal": asked.principal.name, "active": made.active, "winner": made.winner, "entries": made.trials,
            "namespace": asked.namespace,
        }));
        session.insert(&space.collection(COMPARISONS)?, row)?;
        space.commit(session.finish(), record_meta(&asked.principal.name), None)?;
        Ok(())
    }
}

/// The pinned recalls that held before and do not now, in words.
pub(super) fn broken(before: &[Pinned], after: &[Pinned]) -> Vec<String> {
    let held: Vec<String> = before.iter().filter(|pin| pin.holds).map(|pin| pin.pin.clone()).collect();
    broken_of(&held, after)
}

/// Those of some pinned recalls, by name, that do not hold now, in words.
pub(super) fn broken_of(held: &[String], after: &[Pinned]) -> Vec<String> {
    let told = |pin: &Pinned| format!("{:?}: {}", pin.question, pin.why.as_deref().unwrap_or("it does not hold"));
    after.iter().filter(|pin| pin.asked && !pin.holds && held.contains(&pin.pin)).map(told).collect()
}
