//! Promotion: which strategy is the active one of a space, how another takes its place, and how it goes back by itself.

use super::pins::Pinned;
use super::records::{PROMOTIONS, RUNS, condition, host_session, object, record_meta};
use super::run::Terms;
use super::shadow::broken_of;
use super::{Compare, Comparison, Consolidate, RunReport};
use crate::api::{CallError, Principal};
use crate::kernel::{Kernel, admit_space, now_ms};
use memstrata_store::{Query, Space, UndoTarget};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// A strategy took the place of another.
#[derive(Debug, Clone, Serialize)]
pub struct Promoted {
    /// The space.
    pub space: String,
    /// The active strategy now.
    pub strategy: String,
    /// The one before.
    pub before: String,
    /// Why.
    pub reason: String,
    /// The comparison that let it pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
}

impl Kernel {
    /// The active strategy of a space: the one promoted last, else the configured one, else the only one there is.
    ///
    /// # Errors
    /// `not-found.space`, `denied.space`, `not-found.strategy` where nothing says which.
    pub fn active_strategy(&self, space: &str, principal: &Principal) -> Result<String, CallError> {
        admit_space(principal, space)?;
        self.active_in(&self.space(space)?)
    }

    pub(super) fn active_in(&self, space: &Arc<Space>) -> Result<String, CallError> {
        let serving = self.strategies();
        if let Some(promoted) =
            self.promotion(space)?.and_then(|(_, row)| Some(row.get("strategy")?.as_str()?.to_owned()))
        {
            if serving.contains(&promoted) {
                return Ok(promoted);
            }
            tracing::warn!(strategy = %promoted, space = space.name(), "the promoted strategy is not configured any more; the configured one runs");
        }
        match (&self.shared.options.consolidation.active, serving.as_slice()) {
            (Some(active), _) => Ok(active.clone()),
            (None, [only]) => Ok(only.clone()),
            (None, known) => Err(CallError::new(
                "not-found.strategy",
                format!("say which strategy, or name one as `consolidation.active`; there are: {}", known.join(", ")),
            )),
        }
    }

    /// Makes a strategy the active one, if it runs soundly on a copy of the space and breaks no pinned recall there.
    ///
    /// # Errors
    /// `not-found.strategy`; `conflict.active` where it is that already; `refused.promotion` with the comparison as details.
    pub fn promote(&self, asked: &Compare, strategy: &str) -> Result<Promoted, CallError> {
        let space = self.space(&asked.space)?;
        let before = self.active_in(&space)?;
        if before == strategy {
            return Err(CallError::new("conflict.active", format!("`{strategy}` is the active strategy already")));
        }
        let comparison = self.compare(&Compare { candidates: vec![strategy.to_owned()], ..asked.clone() })?;
        let refuse = |why: String| {
            let details = serde_json::to_value(&comparison).unwrap_or_default();
            Err(CallError::new("refused.promotion", format!("`{strategy}` stays a candidate: {why}"))
                .with_details(details))
        };
        match comparison.trials.iter().find(|trial| trial.strategy == strategy) {
            None => return refuse("it was not tried".into()),
            Some(trial) if trial.units == 0 && trial.status == "done" => {
                let why =
                    "there was nothing to try it on; name a run that is undone on the copy first (--instead-of RUN)";
                return refuse(why.into());
            }
            Some(trial) if !trial.pins_broken.is_empty() => {
                return refuse(format!("it breaks a pinned recall: {}", trial.pins_broken.join("; ")));
            }
            Some(trial) if trial.failed > 0 || trial.status != "done" => {
                let why = trial.error.as_deref().unwrap_or("see `memstrata shadow`");
                return refuse(format!("{} of its {} units failed: {why}", trial.failed, trial.units));
            }
            Some(_) => {}
        }
        let reason = format!("promoted by {}", asked.principal.name);
        self.record_promotion(
            &space,
            &asked.principal,
            strategy,
            &before,
            Some(&comparison.comparison),
            &reason,
            "replaced",
        )?;
        tracing::info!(space = space.name(), %strategy, %before, "promoted");
        let (space, strategy) = (space.name().to_owned(), strategy.to_owned());
        Ok(Promoted { space, strategy, before, reason, comparison: Some(comparison) })
    }

    /// Goes back to the strategy before the last promotion.
    ///
    /// # Errors
    /// `denied.*`, `not-found.promotion` where none stands, and those of the store.
    pub fn demote(&self, space: &str, principal: &Principal, reason: &str) -> Result<Promoted, CallError> {
        admit_space(principal, space)?;
        if !principal.may_write {
            return Err(CallError::new("denied.write", format!("`{}` may only read", principal.name)));
        }
        let space = self.space(space)?;
        self.demote_in(&space, principal, reason)
    }

    fn demote_in(&self, space: &Arc<Space>, principal: &Principal, reason: &str) -> Result<Promoted, CallError> {
        let standing = self.promotion(space)?;
        let text = |field: &str| {
            let row = standing.as_ref().map(|(_, row)| row);
            row.and_then(|row| row.get(field))
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let (Some(current), Some(before)) = (text("strategy"), text("before")) else {
            let name = space.name();
            return Err(CallError::new("not-found.promotion", format!("in space `{name}` no strategy was promoted")));
        };
        self.record_promotion(space, principal, &before, "", None, reason, "rolled-back")?;
        tracing::warn!(space = space.name(), strategy = %current, %before, %reason, "the promotion is taken back");
        Ok(Promoted {
            space: space.name().to_owned(),
            strategy: before,
            before: current,
            reason: reason.to_owned(),
            comparison: None,
        })
    }

    /// The promotions of a space, newest first.
    ///
    /// # Errors
    /// `denied.space`, and those of the store.
    pub fn promotions(&self, space: &str, principal: &Principal, limit: u32) -> Result<Vec<Value>, CallError> {
        admit_space(principal, space)?;
        let space = self.space(space)?;
        let mut query = Query::new(space.collection(PROMOTIONS)?);
        query.order_by("at", true)?;
        query.limit(limit);
        let rows = host_session(self, &space, now_ms()).rows(&query)?.rows;
        Ok(rows.iter().filter_map(|row| serde_json::from_str(row).ok()).collect())
    }

    /// The promotion that stands.
    fn promotion(&self, space: &Arc<Space>) -> Result<Option<(u64, Value)>, CallError> {
        let mut query = Query::new(space.collection(PROMOTIONS)?);
        query.filter(condition(&json!(["status", "=", "active"]))?)?;
        query.order_by("at", true)?;
        query.limit(1);
        let rows = host_session(self, space, now_ms()).rows(&query)?.rows;
        let row: Option<Value> = rows.first().and_then(|row| serde_json::from_str(row).ok());
        Ok(row.and_then(|row| Some((row.get("id")?.as_u64()?, row))))
    }

    /// Ends what stands, as `ended`, and lets another stand.
    #[expect(clippy::too_many_arguments, reason = "the fields of the record")]
    fn record_promotion(
        &self,
        space: &Arc<Space>,
        principal: &Principal,
        strategy: &str,
        before: &str,
        comparison: Option<&str>,
        reason: &str,
        ended: &str,
    ) -> Result<(), CallError> {
        let now = now_ms();
        let collection = space.collection(PROMOTIONS)?;
        let mut session = host_session(self, space, now);
        if let Some((id, row)) = self.promotion(space)? {
            let version = row.get("version").and_then(Value::as_u64);
            session.update(&collection, id, version, &object(json!({ "status": ended })))?;
        }
        let row = object(json!({
            "strategy": strategy, "before": before, "at": now, "principal": principal.name, "comparison": comparison,
            "reason": reason, "status": "active",
        }));
        session.insert(&collection, row)?;
        space.commit(session.finish(), record_meta(&principal.name), None)?;
        Ok(())
    }

    /// Runs a strategy, and takes the run back if it breaks a pinned recall; if the strategy had been promoted, that too.
    pub(super) fn guarded(&self, request: &Consolidate, terms: Terms<'_>) -> Result<RunReport, CallError> {
        let space = Arc::clone(terms.space);
        let before = self.pinned(&space).or_else(nothing_pinned)?;
        let held: Vec<String> = before.into_iter().filter(|pin| pin.holds).map(|pin| pin.pin).collect();
        let report = self.run_on(request, Terms { held: held.clone(), ..terms })?;
        self.watched(&space, report, &held)
    }

    /// Asks the pinned recalls that held before a run, and takes the run back if one does not hold any more.
    pub(super) fn watched(
        &self,
        space: &Arc<Space>,
        mut report: RunReport,
        held: &[String],
    ) -> Result<RunReport, CallError> {
        if report.applied == 0 || held.is_empty() {
            return Ok(report);
        }
        report.pins_broken = broken_of(held, &self.pinned(space).or_else(nothing_pinned)?);
        if report.pins_broken.is_empty() {
            return Ok(report);
        }
        let broke = format!("it broke a pinned recall: {}", report.pins_broken.join("; "));
        let host = Principal { name: "consolidation".into(), ..Principal::local() };
        match self.undo_in(space, &UndoTarget::Run(report.run.clone()), &host, false) {
            Ok(_) => {
                report.status = "undone";
                report.error = Some(format!("{broke}; the run was taken back"));
            }
            // Somebody has built on it meanwhile: it stands, and is told.
            Err(error) => report.error = Some(format!("{broke}; it cannot be taken back: {error}")),
        }
        // Where it is broken still, somebody else broke it meanwhile, and the strategy is not to blame.
        let its_fault = broken_of(held, &self.pinned(space).or_else(nothing_pinned)?).len() < report.pins_broken.len();
        let promoted = self.promotion(space)?.and_then(|(_, row)| Some(row.get("strategy")?.as_str()?.to_owned()));
        if its_fault && promoted.as_deref() == Some(report.strategy.as_str()) {
            match self.demote_in(space, &host, &broke) {
                Ok(back) => {
                    let told = report.error.take().unwrap_or_default();
                    report.error = Some(format!("{told}; `{}` is active again", back.strategy));
                }
                Err(error) if error.code == "not-found.promotion" => {}
                Err(error) => return Err(error),
            }
        }
        self.say_why(space, &report)?;
        Ok(report)
    }

    /// The record of a run says why it was taken back.
    fn say_why(&self, space: &Arc<Space>, report: &RunReport) -> Result<(), CallError> {
        let mut session = host_session(self, space, now_ms());
        let runs = space.collection(RUNS)?;
        let mut query = Query::new(Arc::clone(&runs));
        query.filter(condition(&json!(["run", "=", report.run]))?)?;
        for id in session.ids(&query)? {
            session.update(&runs, id, None, &object(json!({ "error": report.error })))?;
        }
        space.commit(session.finish(), record_meta("system"), None)?;
        Ok(())
    }

    /// Before the active strategy runs by itself: tries the candidates, and promotes one that has won often enough.
    ///
    /// # Errors
    /// Those of [`Self::compare`].
    pub fn shadow_before(&self, asked: &Compare) -> Result<Option<Promoted>, CallError> {
        if self.shared.options.consolidation.candidates.is_empty() {
            return Ok(None);
        }
        let rule = self.shared.options.consolidation.promotion;
        let space = self.space(&asked.space)?;
        let comparison = self.compare(asked)?;
        let mut wins = self.comparisons(&asked.space, &asked.principal, rule.wins.max(1))?.into_iter();
        let Some(winner) = comparison.winner.clone().filter(|winner| rule.wins > 0 && *winner != comparison.active)
        else {
            return Ok(None);
        };
        let won = |row: &Value| {
            let same = |field: &str, name: &str| row.get(field).and_then(Value::as_str) == Some(name);
            same("winner", &winner)
                && same("active", &comparison.active)
                && lead(row, &winner, &comparison.active) >= rule.margin
        };
        let needed = rule.wins as usize;
        if wins.by_ref().take(needed).filter(won).count() < needed {
            return Ok(None);
        }
        let reason = format!("it won {needed} comparisons in a row by {} or more", rule.margin);
        let before = comparison.active.clone();
        let host = Principal { name: "promotion rule".into(), ..Principal::local() };
        self.record_promotion(&space, &host, &winner, &before, Some(&comparison.comparison), &reason, "replaced")?;
        tracing::info!(space = space.name(), strategy = %winner, %before, %reason, "promoted");
        let name = space.name().to_owned();
        Ok(Some(Promoted { space: name, strategy: winner, before, reason, comparison: Some(comparison) }))
    }
}

/// By how much one strategy's score is higher than another's in a recorded comparison.
fn lead(comparison: &Value, winner: &str, active: &str) -> f64 {
    let trials = comparison.get("entries").and_then(Value::as_array);
    let score = |name: &str| {
        let trial =
            trials.into_iter().flatten().find(|trial| trial.get("strategy").and_then(Value::as_str) == Some(name));
        trial.and_then(|trial| trial.get("score")).and_then(Value::as_f64).unwrap_or_default()
    };
    score(winner) - score(active)
}

/// Without a configured recall nothing can be pinned, and nothing is guarded.
fn nothing_pinned(error: CallError) -> Result<Vec<Pinned>, CallError> {
    if error.code == "unavailable.recall" { Ok(Vec::new()) } else { Err(error) }
}
