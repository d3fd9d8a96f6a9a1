//! What the memories are about: topics, tags and clusters.

use super::listing::{coming, ended};
use super::scope::Scope;
use super::{MEMORIES, now};
use crate::{row, spread, topics as rules};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, batch::Batch, json};
use serde::Deserialize;

/// Tags are counted over no more memories than this, one page: the host groups whole values, and tags are lists.
const MOST_TAGGED: u32 = 1_000;
/// So many memories are clustered unless the caller asks for more: the work grows with the square.
const CLUSTERED: u32 = 50;

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
    #[serde(default)]
    clustered: Option<u32>,
}

pub(super) fn topics(given: Value) -> Answer {
    let given: Topics = arguments(given)?;
    let (limit, now) = (given.limit.unwrap_or(20) as usize, now());
    let scope = Scope { namespace: given.namespace, ..Scope::default() };
    let mut notes: Vec<String> = Vec::new();

    let named = by_topic(&scope, now)?;

    let tagged = scope.query(now)?.descending("updated_at")?.select(&["tags"])?.limit(MOST_TAGGED).page()?.rows;
    if tagged.len() == MOST_TAGGED as usize {
        notes.push(format!("tags are counted over the {MOST_TAGGED} memories last changed"));
    }
    let tags = spread::count(tagged.iter().flat_map(|row| row::texts(row, "tags")));

    let mut clusters = Vec::new();
    if given.clusters.unwrap_or(true) {
        let rows = scope
            .query(now)?
            .descending("usefulness_score")?
            .select(&["content", "usefulness_score"])?
            .limit(given.clustered.unwrap_or(CLUSTERED))
            .page()?
            .rows;
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

/// Memories that are not valid now are taken off one by one, up to so many.
const MOST_GONE: usize = 2_000;

/// How many memories each topic has: all by the index of topics, less those not valid now, which are few and found by their own indexes.
fn by_topic(scope: &Scope, now: u64) -> Result<Vec<(String, u64)>, Fault> {
    let counted = |query: Query| -> Result<Vec<(String, u64)>, Fault> {
        let counts = query.group_count("topic")?.into_iter();
        Ok(counts.filter_map(|(topic, count)| Some((topic.as_str()?.to_owned(), count))).collect())
    };
    let namespace = scope.namespace.as_deref().filter(|namespace| !namespace.is_empty());
    let rows = |query: Query, field: &str| query.ascending(field)?.select(&["topic"])?.limit(1_000).all(MOST_GONE);
    let mut gone = rows(ended(namespace, now)?, "valid_to")?;
    gone.extend(rows(coming(namespace, now)?, "valid_from")?);
    if gone.len() >= MOST_GONE {
        return counted(scope.query(now)?);
    }
    let gone = spread::count(gone.iter().map(|row| row::text(row, "topic").to_owned()));
    Ok(rules::less(counted(Query::of(MEMORIES).namespace(namespace)?)?, &gone))
}

fn numbers(rows: &[Value], threshold: f32) -> Result<Vec<u32>, Fault> {
    let ids: Vec<u64> = rows.iter().map(row::id).collect();
    Ok(Batch::of_rows(MEMORIES, &ids)?.cluster(threshold)?)
}
