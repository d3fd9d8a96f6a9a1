//! Studies events: patterns, clusters, projects, how work is put together. Nothing is written.

use super::memories::{Wanted, derived_in, events};
use super::{if_there, named, now, settings};
use crate::found::{patterns, show};
use crate::grouping::{Method, clusters, count, groups, labelled};
use crate::{orchestration, project as rules, request};
use memstrata_consolidation_rules::event::Event;
use memstrata_sdk::batch::Batch;
use memstrata_sdk::{Answer, Fault, Value, arguments, json};
use serde::Deserialize;

/// Events clustered by meaning: the work grows with the square, and the caller waits.
const MOST_CLUSTERED: usize = 300;

#[derive(Deserialize)]
struct Extract {
    min_frequency: usize,
    max_age_minutes: u64,
    pattern_type: String,
    #[serde(default)]
    namespace: Option<String>,
    limit: usize,
    most_events: usize,
}

pub(super) fn extract(given: Value) -> Answer {
    let given: Extract = arguments(given)?;
    let mut notes = Vec::new();
    let since = request::since(now(), given.max_age_minutes);
    let namespace = named(given.namespace.as_deref());
    let wanted = Wanted { since, namespace, fresh: false, most: given.most_events };
    let events = events(&settings()?, &wanted, &mut notes)?;
    let kind = Some(given.pattern_type.as_str()).filter(|kind| *kind != "all");
    let found = patterns(&events, given.min_frequency, kind);
    Ok(json!({
        "patterns": found.patterns.iter().take(given.limit).map(show).collect::<Vec<_>>(), "count": found.patterns.len(),
        "rarer": found.rarer, "events": events.len(), "groups": found.groups, "notes": notes,
    }))
}

#[derive(Deserialize)]
struct Cluster {
    clustering_method: String,
    max_cluster_size: usize,
    distance_threshold: f64,
    max_age_minutes: u64,
    unconsolidated_only: bool,
    #[serde(default)]
    namespace: Option<String>,
    limit: usize,
    most_events: usize,
}

pub(super) fn cluster(given: Value) -> Answer {
    let given: Cluster = arguments(given)?;
    let method = Method::parse(&given.clustering_method)
        .ok_or_else(|| Fault::invalid(format!("`clustering_method` is one of: {}", Method::NAMES.join(", "))))?;
    let (settings, mut notes) = (settings()?, Vec::new());
    let since = request::since(now(), given.max_age_minutes);
    let namespace = named(given.namespace.as_deref());
    let wanted = Wanted { since, namespace, fresh: given.unconsolidated_only, most: given.most_events };
    let mut events = events(&settings, &wanted, &mut notes)?;
    let found = if method == Method::Semantic {
        let old = events.len().saturating_sub(MOST_CLUSTERED);
        if old > 0 {
            notes.push(format!("clustered the latest {MOST_CLUSTERED} events only"));
            events.drain(..old);
        }
        let labels = if_there(labels(&settings.events, &events, given.distance_threshold).map(Some), &mut notes)?;
        labelled(&events, &labels.unwrap_or_default())
    } else {
        groups(&events, method, given.distance_threshold)
    };
    let grouped: usize = found.iter().map(Vec::len).sum();
    if grouped < events.len() && notes.is_empty() {
        notes.push("events without a vector are in no cluster".to_owned());
    }
    let count = count(&found, given.max_cluster_size);
    let shown = clusters(&found, given.max_cluster_size, given.limit);
    Ok(json!({
        "clusters": shown, "count": count, "events": events.len(), "left_out": events.len() - grouped, "notes": notes,
    }))
}

/// The cluster of each event, by the host's vectors; none for one without a vector.
#[expect(clippy::cast_possible_truncation, reason = "a cosine needs no more precision")]
fn labels(collection: &str, events: &[Event], distance: f64) -> Result<Vec<Option<u32>>, Fault> {
    let ids: Vec<u64> = events.iter().map(|event| event.id).collect();
    let batch = Batch::of_rows(collection, &ids)?;
    let labels = batch.cluster((1.0 - distance) as f32)?;
    Ok(batch.present().into_iter().zip(labels).map(|(there, label)| there.then_some(label)).collect())
}

#[derive(Deserialize)]
struct Project {
    days_back: u64,
    #[serde(default)]
    namespace: Option<String>,
    most_events: usize,
    most_memories: usize,
}

pub(super) fn project(given: Value) -> Answer {
    let given: Project = arguments(given)?;
    let (settings, now, mut notes) = (settings()?, now(), Vec::new());
    let since = now.saturating_sub(given.days_back.saturating_mul(86_400_000));
    let namespace = named(given.namespace.as_deref());
    let wanted = Wanted { since: Some(since), namespace, fresh: false, most: given.most_events };
    let events = events(&settings, &wanted, &mut notes)?;
    let mut memories = Vec::new();
    for collection in &settings.memories {
        let read = derived_in(collection, |query| {
            query
                .filter(json!(["created_at", ">=", since]))?
                .namespace(namespace)?
                .valid_at(Some(now))
                .descending("created_at")?
                .select(&["tags", "memory_type", "confidence", "sources", "created_at"])?
                .limit(u32::try_from(given.most_memories).unwrap_or(1_000).min(1_000))
                .all(given.most_memories)
        });
        let read = if_there(read, &mut notes)?;
        if read.len() == given.most_memories {
            let most = read.len();
            notes.push(format!(
                "counted the latest {most} derived memories of `{collection}` only: `most_memories` takes more"
            ));
        }
        memories.extend(read);
    }
    Ok(
        json!({ "since": since, "activity": rules::activity(&events), "derived": rules::derived(&memories), "notes": notes }),
    )
}

#[derive(Deserialize)]
struct Orchestration {
    time_window: u64,
    pattern_type: String,
    #[serde(default)]
    namespace: Option<String>,
    most_events: usize,
}

pub(super) fn orchestration(given: Value) -> Answer {
    let given: Orchestration = arguments(given)?;
    let mut notes = Vec::new();
    let since = now().saturating_sub(given.time_window.saturating_mul(3_600_000));
    let namespace = named(given.namespace.as_deref());
    let wanted = Wanted { since: Some(since), namespace, fresh: false, most: given.most_events };
    let events = events(&settings()?, &wanted, &mut notes)?;
    let found = orchestration::patterns(&events, &given.pattern_type);
    Ok(json!({ "since": since, "count": found.len(), "patterns": found, "events": events.len(), "notes": notes }))
}
