//! The searching operations: recall, search, by topic, across namespaces, summary.

use super::finding::{Finding, Found, Mode, answer, complete, cosines, find};
use super::scope::Scope;
use super::{now, settings};
use crate::args::Time;
use crate::page::Cursor;
use crate::score::{age_days, composite, similarity};
use crate::settings::Settings;
use crate::{expand, lexical, row, spread};
use memstrata_sdk::{Answer, Fault, Value, arguments, batch::Batch, json};
use serde::Deserialize;

/// `known_at` looks at no more rows than this, ..
const MOST_KNOWN: usize = 2_000;
/// .. and embeds no more of them than this.
const MOST_EMBEDDED: usize = 200;

/// An argument's text without the blanks around it.
fn asked(query: &str) -> Result<&str, Fault> {
    let query = query.trim();
    if query.is_empty() {
        return Err(Fault::invalid("`query` is empty: say in a few words what to look for"));
    }
    Ok(query)
}

#[derive(Deserialize)]
struct Recall {
    query: String,
    #[serde(flatten)]
    scope: Scope,
    #[serde(default)]
    k: Option<u32>,
    #[serde(default)]
    min_similarity: Option<f64>,
    #[serde(default)]
    known_at: Option<Time>,
    #[serde(default)]
    expand: Option<bool>,
}

/// Sets the composite score and keeps the best `k` at or above the similarity.
fn rank(settings: &Settings, finding: &mut Finding, k: u32, min_similarity: f64, now: u64) {
    for found in &mut finding.found {
        let age = age_days(now, row::int(&found.row, "created_at").unwrap_or(now));
        let useful = row::number(&found.row, "usefulness_score").unwrap_or(0.5);
        found.score = composite(settings, found.similarity.unwrap_or_default(), age, useful);
    }
    finding.found.retain(|found| found.similarity.unwrap_or_default() >= min_similarity);
    finding.found.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| row::id(&a.row).cmp(&row::id(&b.row))));
    finding.found.truncate(k as usize);
}

pub(super) fn recall(given: Value) -> Answer {
    let given: Recall = arguments(given)?;
    let (query, now, settings) = (asked(&given.query)?, now(), settings()?);
    let (k, min_similarity) = (given.k.unwrap_or(5), given.min_similarity.unwrap_or(0.3));
    let wordings = if given.expand.unwrap_or(true) && given.known_at.is_none() {
        expand::variants(query)
    } else {
        vec![query.to_owned()]
    };
    let mut finding = match given.known_at {
        Some(Time(known_at)) => as_known(query, &given.scope, known_at)?,
        None => find(&wordings, &given.scope, Mode::Hybrid, k.saturating_mul(3), None, now)?,
    };
    if given.known_at.is_none() {
        complete(query, &mut finding);
    }
    rank(&settings, &mut finding, k, min_similarity, now);
    Ok(Value::Object(answer(finding, &wordings)?))
}

/// Memories as the store knew them at an instant. The indexes hold only today's rows, so this reads at most 2000 old
/// rows, ranks them by the words they share with the question and embeds the best 200.
fn as_known(query: &str, scope: &Scope, known_at: u64) -> Result<Finding, Fault> {
    let rows = scope.query(known_at)?.known_at(Some(known_at)).limit(500).all(MOST_KNOWN + 1)?;
    let question = lexical::stems(query);
    let mut finding = Finding { eligible: rows.len() as u64, ..Finding::default() };
    if rows.len() > MOST_KNOWN {
        finding.notes.push(format!("known_at: only the first {MOST_KNOWN} memories known then were looked at"));
    }
    for row in rows.into_iter().take(MOST_KNOWN) {
        let share = lexical::coverage(&question, row::text(&row, "content"));
        finding.found.push(Found {
            row,
            fused: share,
            channels: Vec::new(),
            cosine: None,
            score: share,
            similarity: None,
        });
    }
    finding.found.sort_by(|a, b| b.fused.total_cmp(&a.fused));
    let texts: Vec<String> =
        finding.found.iter().take(MOST_EMBEDDED).map(|found| row::text(&found.row, "content").to_owned()).collect();
    let measured = Batch::embed(&[query.to_owned()])
        .and_then(|question| Ok((question, Batch::embed(&texts)?)))
        .map_err(Fault::from)
        .and_then(|(question, rows)| cosines(&question, &rows));
    match measured {
        Ok(all) => {
            for (found, cosine) in finding.found.iter_mut().zip(all) {
                // Word overlap counts too: an exact word match must not lose to a vague likeness.
                found.cosine = cosine.map(|cosine| cosine.max(found.fused));
            }
        }
        Err(fault) => finding.notes.push(format!("vectors: {}; ranked by word overlap", fault.message)),
    }
    finding.found.retain(|found| found.fused > 0.0 || found.cosine.is_some_and(|cosine| cosine > 0.0));
    for found in &mut finding.found {
        found.similarity = Some(similarity(found.cosine.unwrap_or(found.fused)));
    }
    let mut rank = 0;
    for found in finding.found.iter_mut().filter(|found| found.fused > 0.0) {
        rank += 1;
        found.channels.push(("words", rank));
    }
    Ok(finding)
}

#[derive(Deserialize)]
struct SearchFor {
    query: String,
    #[serde(flatten)]
    scope: Scope,
    #[serde(default)]
    mode: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    min_similarity: Option<f64>,
}

pub(super) fn search(given: Value) -> Answer {
    let given: SearchFor = arguments(given)?;
    let query = asked(&given.query)?;
    let (name, mode) = match given.mode.as_deref() {
        Some("semantic") => ("semantic", Mode::Semantic),
        Some("keyword") => ("keyword", Mode::Keyword),
        _ => ("hybrid", Mode::Hybrid),
    };
    // The host compares cosines; similarity = 1 - (1 - cosine) / 2.
    let least = given.min_similarity.map(|least| 2.0 * least - 1.0);
    let finding = find(&[query.to_owned()], &given.scope, mode, given.limit.unwrap_or(10), least, now())?;
    let mut answer = answer(finding, &[])?;
    answer.insert("mode".into(), json!(name));
    Ok(Value::Object(answer))
}

/// Memories of a topic or tag are counted up to here: tags are lists, and counting all would read every memory.
const MOST_COUNTED: u32 = 100;

#[derive(Deserialize)]
struct ByTopic {
    topic: String,
    #[serde(default)]
    query: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

pub(super) fn by_topic(given: Value) -> Answer {
    let given: ByTopic = arguments(given)?;
    let limit = given.limit.unwrap_or(10);
    let scope = Scope {
        namespace: given.namespace,
        condition: Some(json!({"any": [["topic", "=", given.topic], ["tags", "has", given.topic]]})),
        ..Scope::default()
    };
    if let Some(query) = &given.query {
        let finding = find(&[asked(query)?.to_owned()], &scope, Mode::Hybrid, limit, None, now())?;
        return Ok(Value::Object(answer(finding, &[])?));
    }
    let cursor = super::listing::read_cursor(given.cursor.as_deref())?;
    let at = cursor.as_ref().map_or_else(now, |cursor| cursor.at);
    let after = cursor.as_ref().map(|cursor| cursor.rest.as_str());
    let page = scope.query(at)?.descending("usefulness_score")?.limit(limit).after(after)?.page()?;
    let found = page.rows.into_iter().map(|row| {
        let score = row::number(&row, "usefulness_score").unwrap_or_default();
        Found { row, fused: score, channels: vec![], cosine: None, score, similarity: None }
    });
    let eligible = scope.query(at)?.limit(MOST_COUNTED).ids()?.len() as u64;
    let notes = (eligible == u64::from(MOST_COUNTED))
        .then(|| format!("`eligible` counts to {MOST_COUNTED}: there may be more"));
    let finding = Finding { found: found.collect(), eligible, notes: notes.into_iter().collect() };
    let mut answer = answer(finding, &[])?;
    answer.insert("next_cursor".into(), json!(page.next.map(|next| Cursor::encode(at, &next))));
    Ok(Value::Object(answer))
}

#[derive(Deserialize)]
struct Across {
    query: String,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    exclude_current: bool,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    as_of: Option<Time>,
}

pub(super) fn across(given: Value) -> Answer {
    let given: Across = arguments(given)?;
    let query = asked(&given.query)?;
    let current = given.namespace.filter(|namespace| !namespace.is_empty());
    let condition = match (&current, given.exclude_current) {
        (Some(current), true) => Some(json!({"not": ["namespace", "under", current]})),
        (None, true) => {
            return Err(Fault::invalid("`exclude_current` needs `namespace`: say which one is the current"));
        }
        _ => None,
    };
    let scope = Scope { as_of: given.as_of, condition, ..Scope::default() };
    let finding = find(&[query.to_owned()], &scope, Mode::Hybrid, given.limit.unwrap_or(10), None, now())?;
    let namespaces = finding.found.iter().map(|found| row::text(&found.row, "namespace").to_owned());
    let by_namespace = spread::object(&spread::count(namespaces), 100);
    let mut answer = answer(finding, &[])?;
    answer.insert("by_namespace".into(), by_namespace);
    Ok(Value::Object(answer))
}

#[derive(Deserialize)]
struct Summary {
    query: String,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    confidence_threshold: Option<f64>,
    #[serde(default)]
    domain_filter: Option<String>,
    #[serde(default)]
    memory_type_filter: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
}

/// Rows it only counts are not touched: nobody has read them.
pub(super) fn summary(given: Value) -> Answer {
    let given: Summary = arguments(given)?;
    let query = asked(&given.query)?;
    let scope = Scope {
        namespace: given.namespace,
        topic: given.domain_filter,
        memory_types: given.memory_type_filter.into_iter().collect(),
        ..Scope::default()
    };
    // Cosine 0.2: without a floor every memory with a vector would count as found.
    let least = Some(0.2);
    let finding = find(&[query.to_owned()], &scope, Mode::Hybrid, given.limit.unwrap_or(100), least, now())?;
    let rows: Vec<Value> = finding.found.into_iter().map(|found| found.row).collect();
    let mut summary = spread::summary(&rows, given.confidence_threshold.unwrap_or(0.7));
    if let Some(fields) = summary.as_object_mut() {
        fields.insert("eligible".into(), json!(finding.eligible));
    }
    Ok(summary)
}
