//! The component: reads a unit's rows, builds the patch.

use crate::digest::{Event, digest};
use exports::memstrata::plugin::proposing::Guest as Proposing;
use memstrata::plugin::consolidation::Patch;
use memstrata::plugin::store_read::{Query, get_many};
use memstrata::plugin::types::Fault;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

wit_bindgen::generate!({ path: "wit", world: "component", generate_all });

struct Component;

export!(Component);

/// One unit of a consolidation.
#[derive(Deserialize)]
struct Job {
    collection: String,
    ids: Vec<u64>,
}

#[derive(Deserialize)]
struct Settings {
    min_events: usize,
    top_words: usize,
}

impl Guest for Component {
    fn manifest() -> String {
        include_str!("manifest.json").to_owned()
    }
}

impl Proposing for Component {
    fn propose(job: String) -> Result<Patch, Fault> {
        let (job, settings): (Job, Settings) = (parsed(&job)?, parsed(&memstrata::plugin::settings::get())?);
        // A row that is gone since is no row.
        let rows = get_many(&job.collection, &job.ids)?;
        let events: Vec<Event> = rows.iter().flatten().map(|row| parsed(row)).collect::<Result<_, _>>()?;
        let patch = Patch::new();
        patch.measure("events", events.len() as f64)?;
        if events.len() < settings.min_events {
            return Ok(patch);
        }
        let Some(digest) = digest(&events, settings.top_words) else { return Ok(patch) };
        let ids: Vec<u64> = events.iter().map(|event| event.id).collect();
        let reason = format!("they are one session of {} events", ids.len());
        match known(&digest.topic, &digest.content)? {
            // Said already: it gains evidence. A second row of the same content would be refused.
            Some(id) => patch.link(&format!("m:{id}"), &ids, &ids, &reason)?,
            None => {
                let row = json!({
                    "content": digest.content, "memory_type": "pattern", "topic": digest.topic, "tags": digest.tags,
                });
                patch.create("semantic.memories", &row.to_string(), &ids, &reason)?;
            }
        }
        for group in &digest.repeats {
            let reason = format!("the same was recorded {} times", group.len());
            patch.flag_conflict(group, "simple", "low", &reason)?;
        }
        patch.mark(&ids, &json!({ "consolidation_status": "consolidated" }).to_string())?;
        patch.measure("repeats", digest.repeats.len() as f64)?;
        Ok(patch)
    }
}

/// The memory that says this already.
fn known(topic: &str, content: &str) -> Result<Option<u64>, Fault> {
    let query = Query::new("semantic.memories");
    query.filter(&json!(["topic", "=", topic]).to_string())?;
    query.filter(&json!(["content", "=", content]).to_string())?;
    query.limit(1);
    Ok(query.ids()?.first().copied())
}

fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| fault("invalid.argument", &error.to_string()))
}

fn fault(code: &str, message: &str) -> Fault {
    Fault { code: code.to_owned(), message: message.to_owned(), retry_after_ms: None }
}
