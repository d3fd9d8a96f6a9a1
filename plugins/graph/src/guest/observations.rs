//! Observations: what was seen of an entity, each current until another supersedes it.

use super::find::find;
use super::view::View;
use super::{OBSERVATIONS, now};
use crate::args::{Id, Time, distinct};
use crate::refer::{self, Refer, reference};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, digest, get, get_many, json, write};
use serde::Deserialize;
use std::collections::BTreeMap;

/// An observation as given: a text, or a text with its particulars.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Raw")]
pub(super) struct NewObservation {
    content: String,
    observation_type: Option<String>,
    confidence: Option<f64>,
    source: Option<String>,
    timestamp: Option<Time>,
    supersedes: Option<Id>,
    sources: Vec<Id>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Raw {
    Text(String),
    Whole {
        content: String,
        #[serde(default)]
        observation_type: Option<String>,
        #[serde(default)]
        confidence: Option<f64>,
        #[serde(default)]
        source: Option<String>,
        #[serde(default)]
        timestamp: Option<Time>,
    },
}

impl From<Raw> for NewObservation {
    fn from(raw: Raw) -> Self {
        let (content, observation_type, confidence, source, timestamp) = match raw {
            Raw::Text(content) => (content, None, None, None, None),
            Raw::Whole { content, observation_type, confidence, source, timestamp } => {
                (content, observation_type, confidence, source, timestamp)
            }
        };
        Self { content, observation_type, confidence, source, timestamp, supersedes: None, sources: Vec::new() }
    }
}

/// What became of an observation.
pub(super) struct Observed {
    pub(super) id: u64,
    pub(super) created: bool,
    pub(super) superseded: Option<u64>,
}

/// Stages an observation unless a current one of the entity says the same.
pub(super) fn observe(entity: u64, name: &str, namespace: &str, new: &NewObservation) -> Result<Observed, Fault> {
    let content = new.content.trim();
    if content.is_empty() {
        return Err(Fault::invalid("the observation is empty: say in a sentence what was observed"));
    }
    let at = new.timestamp.map_or_else(now, |time| time.0);
    let old = new.supersedes.map(|id| superseded(id.0, entity, at)).transpose()?;
    let same = || {
        Query::of(OBSERVATIONS)
            .filter(json!(["entity_id", "=", entity]))?
            .filter(json!(["content_hash", "=", digest(content)]))?
            .filter(json!(["superseded_by", "=", null]))
    };
    if let Some(known) = same()?.first()?
        && old.as_ref().is_none_or(|old| refer::id(old) == refer::id(&known))
    {
        return Ok(Observed { id: refer::id(&known), created: false, superseded: None });
    }
    let row = json!({
        "entity_id": entity, "entity_name": name, "content": content,
        "observation_type": new.observation_type.as_deref().unwrap_or("note"),
        "confidence": new.confidence.unwrap_or(1.0), "source": new.source, "observed_at": at,
        "valid_from": at, "sources": distinct(&new.sources), "namespace": namespace,
    });
    let id = write::insert(OBSERVATIONS, &row)?;
    if let Some(old) = &old {
        write::update(OBSERVATIONS, refer::id(old), None, &json!({"superseded_by": id, "valid_to": at}))?;
    }
    Ok(Observed { id, created: true, superseded: old.as_ref().map(refer::id) })
}

/// The observation that is to be superseded, if it can be.
fn superseded(id: u64, entity: u64, at: u64) -> Result<Value, Fault> {
    let old = get(OBSERVATIONS, id)?.ok_or_else(|| missing(id))?;
    if refer::int(&old, "entity_id") != Some(entity) {
        return Err(Fault::invalid(format!("observation {} is of another entity", reference(id))));
    }
    if let Some(by) = refer::int(&old, "superseded_by") {
        let (id, by) = (reference(id), reference(by));
        return Err(Fault::new(
            "conflict.superseded",
            format!("{id} is already superseded by {by}: supersede {by} instead"),
        ));
    }
    if refer::int(&old, "observed_at").is_some_and(|before| at <= before) {
        return Err(Fault::invalid("`timestamp` must be later than that of the observation it supersedes"));
    }
    Ok(old)
}

fn missing(id: u64) -> Fault {
    let id = reference(id);
    Fault::new("not-found.observation", format!("there is no observation {id}: take an id from `list_observations`"))
}

#[derive(Deserialize)]
struct Add {
    #[serde(alias = "entity_name")]
    entity: Refer,
    #[serde(default)]
    entity_type: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
    observation: String,
    #[serde(default)]
    observation_type: Option<String>,
    #[serde(default)]
    confidence: Option<f64>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    timestamp: Option<Time>,
    #[serde(default)]
    supersedes: Option<Id>,
    #[serde(default)]
    sources: Vec<Id>,
}

pub(super) fn add(given: Value) -> Answer {
    let given: Add = arguments(given)?;
    let entity = find(&given.entity, given.entity_type.as_deref(), given.namespace.as_deref())?;
    let new = NewObservation {
        content: given.observation,
        observation_type: given.observation_type,
        confidence: given.confidence,
        source: given.source,
        timestamp: given.timestamp,
        supersedes: given.supersedes,
        sources: given.sources,
    };
    let (id, name) = (refer::id(&entity), refer::text(&entity, "name"));
    let observed = observe(id, name, refer::text(&entity, "namespace"), &new)?;
    Ok(json!({
        "id": observed.id, "ref": reference(observed.id), "entity_id": id, "created": observed.created,
        "superseded": observed.superseded,
    }))
}

/// Observations of several entities that are read at once, at most.
const AT_ONCE: u32 = 500;

/// Observations of an entity valid in a view, newest first.
pub(super) fn of_entity(view: &View, entity: u64, limit: u32) -> Result<Vec<Value>, Fault> {
    let query = view.rows(OBSERVATIONS)?.filter(json!(["entity_id", "=", entity]))?.valid_at(Some(view.valid_at()));
    Ok(query.descending("observed_at")?.limit(limit).page()?.rows)
}

/// What was observed of entities, newest first, at most `each` of one: read at once where they have few.
pub(super) fn said_of(view: &View, entities: &[u64], each: u32) -> Result<BTreeMap<u64, Vec<String>>, Fault> {
    let mut said: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    if entities.is_empty() {
        return Ok(said);
    }
    let query = view.rows(OBSERVATIONS)?.filter(json!(["entity_id", "in", entities]))?.valid_at(Some(view.valid_at()));
    let query = query.descending("observed_at")?.select(&["entity_id", "content"])?.limit(AT_ONCE);
    let page = query.page()?;
    if page.next.is_none() {
        for row in &page.rows {
            let known = said.entry(refer::int(row, "entity_id").unwrap_or_default()).or_default();
            if known.len() < each as usize {
                known.push(refer::text(row, "content").to_owned());
            }
        }
        return Ok(said);
    }
    for entity in entities {
        let rows = of_entity(view, *entity, each)?;
        said.insert(*entity, rows.iter().map(|row| refer::text(row, "content").to_owned()).collect());
    }
    Ok(said)
}

#[derive(Deserialize)]
struct List {
    entity: Refer,
    #[serde(default)]
    entity_type: Option<String>,
    #[serde(default)]
    include_superseded: bool,
    #[serde(default)]
    observation_type: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
    #[serde(flatten)]
    view: View,
}

pub(super) fn list(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let entity = find(&given.entity, given.entity_type.as_deref(), given.view.namespace())?;
    // Pages must agree on what is valid, so only a given instant is a condition, and the current ones are those not superseded.
    let mut query = given.view.rows(OBSERVATIONS)?.filter(json!(["entity_id", "=", refer::id(&entity)]))?;
    query = query.filter_if("observation_type", "=", given.observation_type)?;
    if !given.include_superseded {
        query = match given.view.as_of.or(given.view.known_at) {
            Some(time) => query.valid_at(Some(time.0)),
            None => query.filter(json!(["superseded_by", "=", null]))?,
        };
    }
    let page =
        query.descending("observed_at")?.limit(given.limit.unwrap_or(20)).after(given.cursor.as_deref())?.page()?;
    Ok(json!({
        "entity_id": refer::id(&entity),
        "observations": page.rows.iter().map(refer::observation).collect::<Vec<_>>(),
        "count": page.rows.len(),
        "next_cursor": page.next,
    }))
}

#[derive(Deserialize)]
struct Delete {
    ids: Vec<Id>,
}

pub(super) fn delete(given: Value) -> Answer {
    let ids = distinct(&arguments::<Delete>(given)?.ids);
    let (mut deleted, mut gone) = (Vec::new(), Vec::new());
    for (id, row) in ids.iter().zip(get_many(OBSERVATIONS, &ids)?) {
        match row {
            Some(_) => {
                write::delete(OBSERVATIONS, *id, None)?;
                deleted.push(*id);
            }
            None => gone.push(*id),
        }
    }
    Ok(json!({"deleted": deleted, "missing": gone}))
}
