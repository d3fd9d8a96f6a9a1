//! What a project's events and derived memories amount to: counts, shares, and where it happens most.

use crate::row;
use memstrata_consolidation_rules::event::Event;
use memstrata_consolidation_rules::pattern::recurring;
use memstrata_sdk::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Entries of each list.
const MOST: usize = 10;

/// The most frequent, by count, then name.
fn most<'a>(values: impl Iterator<Item = &'a str>) -> Value {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let named = counts.into_iter().take(MOST).map(|(name, count)| (name.to_owned(), json!(count)));
    Value::Object(named.collect::<Map<_, _>>())
}

/// The kind of pattern a derived memory is: the tag its strategy gave it, else its type.
#[must_use]
pub fn kind(memory: &Value) -> String {
    let tags = row::texts(memory, "tags");
    let own = tags.iter().find(|tag| !matches!(**tag, "consolidation" | "system-2") && !tag.contains(':'));
    own.map_or_else(|| row::text(memory, "memory_type"), |tag| *tag).to_owned()
}

/// The events of a project in numbers.
#[must_use]
pub fn activity(events: &[Event]) -> Value {
    let ended = events
        .iter()
        .filter(|event| event.succeeded() || event.failed() || event.outcome.as_deref() == Some("failure"));
    let ended = ended.count();
    let succeeded = events.iter().filter(|event| event.succeeded()).count();
    let share = |part: usize, whole: usize| (whole > 0).then(|| row::round(part as f64 / whole as f64));
    let failures = events
        .iter()
        .filter(|event| event.is_error() || event.failed())
        .filter_map(|event| event.error.as_deref().or(event.test.as_deref()));
    let sessions: BTreeSet<&str> = events.iter().filter_map(|event| event.session.as_deref()).collect();
    json!({
        "events": events.len(),
        "sessions": sessions.len(),
        "types": most(events.iter().map(|event| event.kind.as_str()).filter(|kind| !kind.is_empty())),
        "outcomes": most(events.iter().filter_map(|event| event.outcome.as_deref())),
        "success_rate": share(succeeded, ended),
        "consolidated_share": share(events.iter().filter(|event| event.consolidated).count(), events.len()),
        "tasks": most(events.iter().filter_map(|event| event.task.as_deref())),
        "files": most(events.iter().flat_map(|event| &event.files).map(String::as_str)),
        "failures": most(failures),
        "recurring": recurring(events).iter().take(MOST).map(crate::found::show).collect::<Vec<_>>(),
    })
}

/// The derived memories of a project by kind.
#[must_use]
pub fn derived(memories: &[Value]) -> Vec<Value> {
    let mut kinds: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    memories.iter().for_each(|memory| kinds.entry(kind(memory)).or_default().push(memory));
    let mut told: Vec<Value> = kinds
        .into_iter()
        .map(|(kind, memories)| {
            let confidences: Vec<f64> = memories.iter().filter_map(|memory| row::number(memory, "confidence")).collect();
            let evidence: BTreeSet<u64> = memories.iter().flat_map(|memory| row::ids(memory, "sources")).collect();
            json!({
                "type": kind, "memories": memories.len(), "mean_confidence": row::mean(&confidences).map(row::round),
                "evidence": evidence.len(), "newest": memories.iter().filter_map(|memory| row::int(memory, "created_at")).max(),
            })
        })
        .collect();
    told.sort_by_key(|one| std::cmp::Reverse(row::int(one, "memories")));
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_counted() {
        let event = |id, kind: &str, outcome: Option<&str>| Event {
            id,
            kind: kind.into(),
            outcome: outcome.map(str::to_owned),
            session: Some(if id < 3 { "a" } else { "b" }.into()),
            consolidated: id == 1,
            error: (kind == "error").then(|| "TypeError".into()),
            ..Event::default()
        };
        let events = [
            event(1, "action", Some("success")),
            event(2, "action", Some("success")),
            event(3, "action", Some("failure")),
            event(4, "error", None),
        ];
        let told = activity(&events);
        assert_eq!((&told["events"], &told["sessions"]), (&json!(4), &json!(2)));
        assert_eq!(told["types"], json!({"action": 3, "error": 1}));
        assert_eq!((&told["success_rate"], &told["consolidated_share"]), (&json!(0.6667), &json!(0.25)));
        assert_eq!(told["failures"], json!({"TypeError": 1}));
        assert_eq!(activity(&[])["success_rate"], Value::Null);
    }

    #[test]
    fn memories_are_counted_by_the_kind_their_strategy_gave() {
        let memory = |tags: Value, confidence: f64, sources: Value| {
            json!({"tags": tags, "memory_type": "pattern",
            "confidence": confidence, "sources": sources, "created_at": 5})
        };
        let memories = [
            memory(json!(["consolidation", "confidence:0.90", "decision"]), 0.9, json!([1, 2])),
            memory(json!(["consolidation", "decision", "system-2"]), 0.7, json!([2, 3])),
            memory(json!([]), 0.5, json!([])),
        ];
        let told = derived(&memories);
        assert_eq!(
            (&told[0]["type"], &told[0]["memories"], &told[0]["evidence"]),
            (&json!("decision"), &json!(2), &json!(3))
        );
        assert_eq!((&told[0]["mean_confidence"], &told[1]["type"]), (&json!(0.8), &json!("pattern")));
    }
}
