//! Between the rules and the host: rows of a job in, a patch out.

use crate::event::{self, Event, events};
use crate::extract::{self, Outcome};
use crate::memory::{Memory, Usage, memories};
use crate::proposal::Proposal;
use memstrata_sdk::{Fault, Job, Patch, Query, Value, digest, get_many, hints, json};

/// Most memories read that say what a unit of events says.
const KNOWN: usize = 1_000;
/// Rows read in one host call.
const ROWS: usize = 500;

/// The rows of a unit: whole, as far as they are still there.
fn rows(job: &Job) -> Result<Vec<Value>, Fault> {
    let mut rows = Vec::with_capacity(job.ids.len());
    for ids in job.ids.chunks(ROWS) {
        rows.extend(get_many(&job.collection, ids)?.into_iter().flatten());
    }
    Ok(rows)
}

/// The events of a unit.
pub fn unit_events(job: &Job) -> Result<Vec<Event>, Fault> {
    let mut rows = Vec::with_capacity(job.ids.len());
    for ids in job.ids.chunks(ROWS) {
        // Half of an event is of no use here, and every byte is read twice.
        let Ok(query) = Query::of(&job.collection).filter(json!(["id", "in", ids]))?.select(&event::FIELDS) else {
            // Another layer's events have other fields; those that are missing read as absent.
            return Ok(events(&self::rows(job)?));
        };
        rows.extend(query.limit(ROWS as u32).all(ROWS)?);
    }
    Ok(events(&rows))
}

/// The memories of a unit, with how often they were used.
pub fn unit_memories(job: &Job) -> Result<Vec<Memory>, Fault> {
    let usage = hints::usage(&job.ids)?;
    let used = job.ids.iter().zip(usage).map(|(id, (count, last))| Usage {
        id: *id,
        count,
        last: i64::try_from(last).unwrap_or(i64::MAX),
    });
    Ok(memories(&rows(job)?, &used.collect::<Vec<_>>()))
}

/// Runs rules that ask which memories say the same already.
pub fn with_known<R>(
    collection: &str,
    namespace: &str,
    rules: impl FnOnce(extract::Known<'_>) -> Outcome<R>,
) -> Result<Outcome<R>, Fault> {
    let mut fault = None;
    let mut look =
        |told: &[&str]| known(collection, namespace, told).map_err(|error| fault = Some(error)).unwrap_or_default();
    let outcome = rules(&mut look);
    fault.map_or(Ok(outcome), Err)
}

/// The memories that say one of some texts: by their digest, which is indexed, or in a collection without one by the text.
fn known(collection: &str, namespace: &str, told: &[&str]) -> Result<Vec<Memory>, Fault> {
    let digests: Vec<String> = told.iter().map(|text| digest(text)).collect();
    let query = Query::of(collection)
        .filter(json!(["content_hash", "in", digests]))
        .or_else(|_| Query::of(collection).filter(json!(["content", "in", told])))?
        .namespace((!namespace.is_empty()).then_some(namespace))?
        .limit(500);
    Ok(memories(&query.all(KNOWN)?, &[]))
}

/// The instant of a job, as the rules count.
#[must_use]
pub fn now(job: &Job) -> i64 {
    i64::try_from(job.as_of).unwrap_or(i64::MAX)
}

/// The host's patch of some proposals, with numbers for the comparison.
pub fn patch(proposals: &[Proposal], measures: &[(&str, f64)]) -> Result<Patch, Fault> {
    let patch = Patch::default();
    for proposal in proposals {
        add(&patch, proposal)?;
    }
    for (name, value) in measures {
        patch.measure(name, *value)?;
    }
    Ok(patch)
}

fn add(patch: &Patch, proposal: &Proposal) -> Result<(), Fault> {
    let object = |fields: &memstrata_sdk::Map<String, Value>| Value::Object(fields.clone());
    match proposal {
        Proposal::Create { collection, row, evidence, reason } => {
            patch.create(collection, &object(row), evidence, reason).map(drop)
        }
        Proposal::Update { id, changes, evidence, reason } => patch.update(*id, &object(changes), evidence, reason),
        Proposal::Supersede { old, by, evidence, reason } => patch.supersede(*old, &by.to_string(), evidence, reason),
        Proposal::Merge { ids, into, evidence, reason } => patch.merge(ids, &into.to_string(), evidence, reason),
        Proposal::Link { from, to, evidence, reason, .. } => patch.link(&from.to_string(), to, evidence, reason),
        Proposal::Mark { ids, fields } => patch.mark(ids, &object(fields)),
        Proposal::Retire { id, evidence, reason } => patch.retire(&[*id], evidence, reason),
        Proposal::FlagConflict { ids, kind, severity, reason, .. } => {
            patch.flag_conflict(ids, &word(kind), &word(severity), reason)
        }
    }
}

/// The word of a rule's enumeration, as the host reads it.
fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}
