//! How salient memories are now, and attention put on the most salient.

use super::memory::{self, EPISODIC, Memory, SEMANTIC, Source, WORKING};
use super::session::Session;
use super::{CLIP, attending, inhibiting, vectors};
use crate::inhibition::INHIBITED;
use crate::row;
use crate::saliency::{self as rules, Factors};
use memstrata_sdk::args::{Id, distinct};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, batch::Batch, hints, json};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The newest rows of a layer that are weighed, and against whose uses frequency is measured.
const NEWEST: u32 = 500;
/// Rows nearest to the goal that are weighed too.
const NEAREST: u32 = 200;
/// The most useful memories that are weighed too.
const USEFUL: u32 = 100;
/// Surprise is against so many of the latest context events.
const LATEST: usize = 5;

#[derive(Deserialize)]
struct Context {
    current_goal: Option<String>,
    context_events: Option<Vec<Id>>,
    session_id: String,
}

struct Weighing {
    session: Session,
    goal: Option<String>,
    events: Vec<u64>,
    inhibited: BTreeMap<u64, f64>,
    notes: Vec<String>,
}

/// A weighed memory.
struct Weighed {
    memory: Memory,
    factors: Factors,
    saliency: f64,
    inhibition: f64,
}

impl Weighing {
    fn open(context: Context) -> Result<Self, Fault> {
        let session = Session::open(&context.session_id)?;
        let goal = match context.current_goal.filter(|goal| !goal.trim().is_empty()) {
            Some(goal) => Some(goal),
            None => {
                let held = session.held(None)?;
                let mut goals = held.iter().rev().filter(|held| row::text(held, "content_type") == "goal");
                goals.next().map(|goal| row::text(goal, "content").to_owned())
            }
        };
        let events = context.context_events.as_deref().map(distinct).unwrap_or_default();
        let events = events.iter().rev().take(LATEST).rev().copied().collect();
        let inhibited = inhibiting::strengths(&session)?;
        Ok(Self { session, goal, events, inhibited, notes: Vec::new() })
    }

    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Cosines with the goal; none without a goal, or without vectors.
    fn relevance(&mut self, source: Source, ids: &[u64]) -> Vec<Option<f64>> {
        let Some(goal) = self.goal.clone() else {
            return vec![None; ids.len()];
        };
        vectors::with_rows(&goal, source.collection, ids).unwrap_or_else(|fault| {
            self.note(format!("relevance: {}", fault.message));
            vec![None; ids.len()]
        })
    }

    /// For each row its cosines with the context events.
    fn with_events(&mut self, source: Source, ids: &[u64]) -> Vec<Vec<f64>> {
        if self.events.is_empty() || ids.is_empty() {
            return vec![Vec::new(); ids.len()];
        }
        match event_cosines(source, ids, &self.events) {
            Ok(cosines) => cosines,
            Err(fault) => {
                self.note(format!("surprise: {}", fault.message));
                vec![Vec::new(); ids.len()]
            }
        }
    }

    /// Uses of the most used among the newest rows of a layer.
    fn most_used(source: Source) -> Result<u64, Fault> {
        let ids = Query::of(source.collection).descending(source.time)?.limit(NEWEST).ids()?;
        Ok(hints::usage(&ids)?.into_iter().map(|(count, _)| count).max().unwrap_or(0))
    }

    fn weigh(&mut self, memories: Vec<Memory>) -> Result<Vec<Weighed>, Fault> {
        let mut weighed = Vec::with_capacity(memories.len());
        let mut by_source: Vec<(Source, Vec<Memory>)> =
            [SEMANTIC, EPISODIC, WORKING].map(|source| (source, Vec::new())).into();
        for memory in memories {
            if let Some((_, of)) = by_source.iter_mut().find(|(source, _)| *source == memory.source) {
                of.push(memory);
            }
        }
        for (source, memories) in by_source.into_iter().filter(|(_, memories)| !memories.is_empty()) {
            let ids: Vec<u64> = memories.iter().map(Memory::id).collect();
            let uses = hints::usage(&ids)?;
            let most = Self::most_used(source)?.max(uses.iter().map(|(count, _)| *count).max().unwrap_or(0));
            let (relevance, surprises) = (self.relevance(source, &ids), self.with_events(source, &ids));
            let rows = memories.into_iter().zip(uses).zip(relevance).zip(surprises);
            for (((memory, (count, used)), cosine), cosines) in rows {
                let own = |field: &str| row::number(&memory.row, field);
                let relevance = match (&self.goal, cosine) {
                    (Some(_), cosine) => cosine.map(rules::similarity),
                    (None, _) if source == WORKING => own("importance"),
                    (None, _) => own("usefulness_score"),
                };
                let used = if source == WORKING { row::int(&memory.row, "touched_at").unwrap_or(used) } else { used };
                let factors = Factors {
                    frequency: rules::frequency(count, most),
                    recency: rules::recency(memory.made(self.session.now), used, self.session.now),
                    relevance: relevance.map(|share| share.clamp(0.0, 1.0)),
                    surprise: rules::surprise(&cosines)
                        .or_else(|| own("surprise_normalized"))
                        .map(|share| share.clamp(0.0, 1.0)),
                };
                let inhibition = self.inhibited.get(&memory.id()).copied().unwrap_or(0.0);
                weighed.push(Weighed { saliency: rules::saliency(factors), factors, memory, inhibition });
            }
        }
        weighed.sort_by(|a, b| b.saliency.total_cmp(&a.saliency).then(a.memory.id().cmp(&b.memory.id())));
        Ok(weighed)
    }
}

fn event_cosines(source: Source, ids: &[u64], events: &[u64]) -> Result<Vec<Vec<f64>>, Fault> {
    let rows = Batch::of_rows(source.collection, ids)?;
    let context = Batch::of_rows(EPISODIC.collection, events)?;
    let (known, with) = (rows.present(), context.present());
    let cosines = rows.similarities(&context)?;
    let lines = cosines.chunks(events.len()).zip(ids).zip(known);
    Ok(lines
        .map(|((line, id), known)| {
            let pairs = line.iter().zip(events).zip(&with);
            // An event is no surprise to itself, and says nothing about itself either.
            let of = pairs.filter(|((cosine, event), with)| known && **with && cosine.is_finite() && *event != id);
            of.map(|((cosine, _), _)| f64::from(*cosine)).collect()
        })
        .collect())
}

impl Weighed {
    fn show(&self) -> Value {
        let Factors { frequency, recency, relevance, surprise } = self.factors;
        let unknown: Vec<&str> = [("relevance", relevance), ("surprise", surprise)]
            .into_iter()
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| name)
            .collect();
        json!({
            "memory_id": self.memory.id(), "ref": row::reference(self.memory.id()), "layer": self.memory.source.layer,
            "saliency": row::round(self.saliency),
            "factors": {"frequency": row::round(frequency), "recency": row::round(recency),
                        "relevance": relevance.map(row::round), "surprise": surprise.map(row::round)},
            "unknown": unknown, "focus_type": rules::focus_type(self.saliency),
            "recommendation": rules::recommendation(self.saliency), "content": row::clip(self.memory.content(), CLIP),
            "inhibition": row::round(self.inhibition),
        })
    }
}

#[derive(Deserialize)]
struct OneMemory {
    memory_id: Option<Id>,
    layer: Option<String>,
    #[serde(flatten)]
    context: Context,
}

pub(super) fn one(given: Value) -> Answer {
    let given: OneMemory = arguments(given)?;
    let mut weighing = Weighing::open(given.context)?;
    let memory = memory::one(&weighing.session, given.memory_id)?;
    if let Some(layer) = given.layer.filter(|layer| *layer != memory.source.layer) {
        return Err(Fault::invalid(format!("m:{} is of layer {}, not of {layer}", memory.id(), memory.source.layer)));
    }
    let weighed = weighing.weigh(vec![memory])?;
    weighed.first().map(Weighed::show).ok_or_else(|| Fault::not_found("nothing to weigh"))
}

#[derive(Deserialize)]
struct ManyMemories {
    memory_ids: Option<Vec<Id>>,
    layer: Option<String>,
    #[serde(flatten)]
    context: Context,
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred memories")]
pub(super) fn batch(given: Value) -> Answer {
    let given: ManyMemories = arguments(given)?;
    let mut weighing = Weighing::open(given.context)?;
    let (mut memories, missing) = match given.memory_ids {
        Some(ids) => memory::load(&distinct(&ids))?,
        None => (held(&weighing.session)?, Vec::new()),
    };
    memories.retain(|memory| given.layer.as_ref().is_none_or(|layer| layer == memory.source.layer));
    let weighed = weighing.weigh(memories)?;
    let mean =
        (!weighed.is_empty()).then(|| weighed.iter().map(|one| one.saliency).sum::<f64>() / weighed.len() as f64);
    Ok(json!({
        "memories": weighed.iter().map(Weighed::show).collect::<Vec<_>>(), "count": weighed.len(),
        "mean": mean.map(row::round), "missing": missing, "goal": weighing.goal, "notes": weighing.notes,
    }))
}

fn held(session: &Session) -> Result<Vec<Memory>, Fault> {
    Ok(session.held(None)?.into_iter().map(|row| Memory { source: WORKING, row }).collect())
}

#[derive(Deserialize)]
struct AutoFocus {
    layer: String,
    top_k: usize,
    focus: bool,
    #[serde(flatten)]
    context: Context,
}

/// What is weighed of a layer.
fn candidates(weighing: &mut Weighing, source: Source) -> Result<Vec<Memory>, Fault> {
    if source == WORKING {
        return held(&weighing.session);
    }
    let now = weighing.session.now;
    let mut rows = Query::of(source.collection).valid_at(Some(now)).descending(source.time)?.limit(NEWEST).page()?.rows;
    if source == SEMANTIC {
        let useful = Query::of(source.collection).valid_at(Some(now)).descending("usefulness_score")?.limit(USEFUL);
        rows.extend(useful.page()?.rows);
    }
    if let Some(goal) = weighing.goal.clone() {
        match vectors::nearest(&goal, source.collection, NEAREST) {
            Ok(near) => {
                let ids: Vec<u64> = near.into_iter().map(|(id, _)| id).collect();
                let near = memstrata_sdk::get_many(source.collection, &ids)?.into_iter().flatten();
                // `nearest` knows no valid time: what has ended is no candidate.
                rows.extend(near.filter(|row| row::int(row, "valid_to").is_none_or(|end| end > now)));
            }
            Err(fault) => weighing.note(format!("nearest to the goal: {}", fault.message)),
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    rows.retain(|row| seen.insert(row::id(row)));
    Ok(rows.into_iter().map(|row| Memory { source, row }).collect())
}

pub(super) fn auto_focus(given: Value) -> Answer {
    let given: AutoFocus = arguments(given)?;
    let source = memory::source(&given.layer)?;
    let mut weighing = Weighing::open(given.context)?;
    let mut memories = candidates(&mut weighing, source)?;
    let all = memories.len();
    memories.retain(|memory| weighing.inhibited.get(&memory.id()).is_none_or(|strength| *strength < INHIBITED));
    let inhibited = all - memories.len();
    let mut weighed = weighing.weigh(memories)?;
    weighed.truncate(given.top_k);
    let mut focused = Vec::new();
    if given.focus && !weighed.is_empty() {
        weighing.session.purge()?;
        let mut wanted = Vec::with_capacity(weighed.len());
        for (nth, one) in weighed.iter().enumerate() {
            // There is one primary focus, the best.
            let kind = match rules::focus_type(one.saliency) {
                "primary" if nth > 0 => "secondary",
                kind => kind,
            };
            wanted.push((one.memory.id(), one.memory.source.layer, kind, one.saliency));
        }
        focused = attending::focus_all(&weighing.session, &wanted)?;
    }
    Ok(json!({
        "memories": weighed.iter().map(Weighed::show).collect::<Vec<_>>(), "count": weighed.len(), "weighed": all - inhibited,
        "inhibited": inhibited, "focused": focused, "empty": weighed.is_empty(), "goal": weighing.goal,
        "notes": weighing.notes,
    }))
}
