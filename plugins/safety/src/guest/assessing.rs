//! Changes: scored by rules and by how similar ones went, and what became of them.

use super::{CHANGES, audit, emit, found, name_of, now, patch, policies, settings};
use crate::policy::Decision;
use crate::risk::{self, Held, Level};
use crate::row;
use crate::similar::{LEAST, similarity};
use memstrata_sdk::{Answer, Fault, Search, Value, arguments, json, random, write};
use serde::Deserialize;

/// Changes with an outcome that are compared.
const COMPARED: u32 = 50;

#[derive(Deserialize)]
struct Change {
    change_type: Option<String>,
    change_description: String,
    #[serde(default)]
    affected_components: Vec<String>,
    risk_level: Option<String>,
    scope: Option<String>,
    #[serde(default)]
    affected_systems: Vec<String>,
    change_id: Option<Value>,
    user: Option<String>,
}

/// Changes like this one that have an outcome, the most alike first; `but` is left out.
fn alike(description: &str, but: &str) -> Result<Vec<(f64, Value)>, Fault> {
    let hits =
        Search::of(description).collection(CHANGES)?.filter(json!(["outcome", "!=", null]))?.limit(COMPARED).hits()?;
    let mut found: Vec<(f64, Value)> = hits
        .into_iter()
        .map(|hit| (similarity(description, row::text(&hit.row, "description")), hit.row))
        .filter(|(likeness, row_)| *likeness >= LEAST && row::text(row_, "change_id") != but)
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(row::id(&a.1).cmp(&row::id(&b.1))));
    Ok(found)
}

struct Scored {
    held: Vec<Held>,
    similar: Vec<(f64, Value)>,
}

fn scored(description: &str, systems: &[String], first: Option<Held>, but: &str) -> Result<Scored, Fault> {
    let similar = alike(description, but)?;
    let count = |good: bool| {
        let those = similar.iter().filter(|(_, row_)| (row::text(row_, "outcome") == "success") == good).count();
        u32::try_from(those).unwrap_or(u32::MAX)
    };
    let mut held = risk::by_words(description);
    held.extend(first);
    held.extend(risk::reach(systems));
    held.extend(risk::history(count(true), count(false)));
    Ok(Scored { held, similar })
}

impl Scored {
    fn score(&self) -> u32 {
        risk::score(&self.held)
    }

    fn rules(&self) -> Vec<Value> {
        self.held
            .iter()
            .map(|held| json!({"rule": held.rule, "points": held.points, "because": held.because}))
            .collect()
    }

    fn answer(&self) -> Value {
        let similar: Vec<Value> = self
            .similar
            .iter()
            .take(10)
            .map(|(likeness, row_)| {
                json!({"id": row::id(row_), "change_id": row_.get("change_id"), "description": row::clip(row::text(row_, "description"), 160),
                       "outcome": row_.get("outcome"), "similarity": row::round(*likeness)})
            })
            .collect();
        let mut advice: Vec<&str> =
            self.held.iter().map(|held| held.advice).filter(|advice| !advice.is_empty()).collect();
        advice.dedup();
        json!({"score": self.score(), "level": Level::of(self.score()).name(), "rules": self.rules(), "similar_changes": similar, "advice": advice})
    }
}

/// `analyze_change_risk`.
pub(super) fn analyze(given: Value) -> Answer {
    let given: Change = arguments(given)?;
    let scope = risk::scope(given.scope.as_deref().unwrap_or("medium"));
    Ok(scored(&given.change_description, &given.affected_systems, scope, "")?.answer())
}

/// `evaluate_change_safety`.
pub(super) fn evaluate(given: Value) -> Answer {
    let given: Change = arguments(given)?;
    let name = match name_of(given.change_id.as_ref()) {
        name if name.is_empty() => format!("change-{:016x}", random_number()),
        name => name,
    };
    let stated = risk::stated(given.risk_level.as_deref().unwrap_or("medium"));
    let scored = scored(&given.change_description, &given.affected_components, stated, &name)?;
    let change_type = given.change_type.as_deref().unwrap_or_default();
    let action = format!("{change_type} {}", given.change_description);
    let checked = policies::decide(&action, None)?;
    let wanted = if scored.score() >= settings()?.approval_score { Decision::RequireApproval } else { Decision::Allow };
    // A policy that allows an action knows it; without one the score may only make it stricter.
    let decision = if checked.by == "default" { checked.decision.max(wanted) } else { checked.decision };
    let level = Level::of(scored.score()).name();
    let (_, created) = write::upsert(
        CHANGES,
        "change",
        &json!({"change_id": name, "change_type": change_type, "description": given.change_description, "systems": given.affected_components,
                "score": scored.score(), "level": level, "decision": decision.name(), "rules": scored.rules(), "at": now()}),
    )?;
    let user = given.user.as_deref().unwrap_or("system");
    audit::note(
        "change_evaluated",
        user,
        &name,
        &json!({"score": scored.score(), "decision": decision.name(), "again": !created}),
    )?;
    emit("change_evaluated", &json!({"change_id": name, "score": scored.score(), "decision": decision.name()}))?;
    let mut answer = scored.answer();
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("change_id".into(), json!(name));
        answer.insert("decision".into(), json!(decision.name()));
        answer.insert(
            "decided_by".into(),
            json!(if decision == checked.decision && checked.by != "default" {
                checked.by
            } else {
                "score".to_owned()
            }),
        );
        answer.insert("policies".into(), json!(checked.policies));
    }
    Ok(answer)
}

fn random_number() -> u64 {
    random::next()
}

#[derive(Deserialize)]
struct Outcome {
    change_id: Value,
    outcome: String,
    notes: Option<String>,
    user: Option<String>,
}

/// `record_change_outcome`.
pub(super) fn outcome(given: Value) -> Answer {
    let given: Outcome = arguments(given)?;
    let name = name_of(Some(&given.change_id));
    let change = found(CHANGES, "change_id", &name)?.ok_or_else(|| {
        Fault::new("not-found.change", format!("there is no change `{name}`: evaluate_change_safety makes one"))
    })?;
    patch(CHANGES, row::id(&change), &json!({"outcome": given.outcome, "notes": given.notes, "outcome_at": now()}))?;
    audit::note(
        "change_outcome",
        given.user.as_deref().unwrap_or("system"),
        &name,
        &json!({"outcome": given.outcome}),
    )?;
    emit("change_outcome", &json!({"change_id": name, "outcome": given.outcome}))?;
    Ok(json!({"change_id": name, "outcome": given.outcome}))
}
