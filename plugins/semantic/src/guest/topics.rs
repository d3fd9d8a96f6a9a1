//! What the memories are about: topics, tags and clusters.

use super::MEMORIES;
use super::now;
use super::scope::Scope;
use crate::{row, spread, topics as rules};
use memstrata_sdk::{Answer, Fault, Value, arguments, batch::Batch, json};
use serde::Deserialize;

/// Tags are counted over no more memories than this: the host groups whole values, and tags are lists.
const MOST_TAGGED: usize = 5_000;
/// No more memories than this are clustered: the work grows with the square.
const MOST_CLUSTERED: u32 = 300;

#[derive(Deserialize)]
struct Topics {
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    clusters: Option<bool>,
    #[serde(default)]
    threshold: Option<f32>,
}

pub(super) fn topics(given: Value) -> Answer {
    let given: Topics = arguments(given)?;
    let (limit, now) = (given.limit.unwrap_or(20) as usize, now());
    let scope = Scope { namespace: given.namespace, ..Scope::default() };
    let mut notes: Vec<String> = Vec::new();

    let counts = scope.query(now)?.group_count("topic")?;
    let named: Vec<(String, u64)> =
        counts.into_iter().filter_map(|(topic, count)| Some((topic.as_str()?.to_owned(), count))).collect();

    let tagged = scope.query(now)?.descending("updated_at")?.select(&["tags"])?.limit(1_000).all(MOST_TAGGED)?;
    if tagged.len() == MOST_TAGGED {
        notes.push(format!("tags are counted over the {MOST_TAGGED} memories last changed"));
    }
    let tags = spread::count(tagged.iter().flat_map(|row| row::texts(row, "tags")));

    let mut clusters = Vec::new();
    if given.clusters.unwrap_or(true) {
        let rows = scope.query(now)?.descending("usefulness_score")?.limit(MOST_CLUSTERED).page()?.rows;
        match numbers(&rows, given.threshold.unwrap_or(0.5)) {
            Ok(numbers) => clusters = rules::clusters(&rows, &numbers, limit),
            Err(fault) => notes.push(format!("no clusters: {}", fault.message)),
        }
    }
    Ok(json!({
        "topics": spread::object(&named, limit),
        "tags": spread::object(&tags, limit),
        "clusters": clusters,
        "scanned": tagged.len(),
        "notes": notes,
    }))
}

fn numbers(rows: &[Value], threshold: f32) -> Result<Vec<u32>, Fault> {
    let ids: Vec<u64> = rows.iter().map(row::id).collect();
    Ok(Batch::of_rows(MEMORIES, &ids)?.cluster(threshold)?)
}
