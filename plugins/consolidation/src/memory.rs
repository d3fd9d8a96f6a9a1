//! A derived memory as the rules see it, with how often it was used.

use crate::event::{number, text, time};
use serde_json::Value;
use std::collections::BTreeMap;

/// How often a row was used, as the host counts it beside the row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// The row.
    pub id: u64,
    /// Times it was retrieved.
    pub count: u64,
    /// When last, ms UTC; 0 for never.
    pub last: i64,
}

/// What the rules need of a memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    /// The row's id.
    pub id: u64,
    /// The row's version.
    pub version: u64,
    /// What it says.
    pub content: String,
    /// `memory_type`; `fact` if absent.
    pub kind: String,
    /// Labels.
    pub tags: Vec<String>,
    /// What it is about.
    pub topic: Option<String>,
    /// How far to believe it, 0 to 1; 1 if absent.
    pub confidence: f64,
    /// How useful it has been, 0 to 1; 0.5 if absent.
    pub usefulness: f64,
    /// ms UTC.
    pub created_at: i64,
    /// ms UTC.
    pub updated_at: i64,
    /// Since when it holds, if that is known.
    pub valid_from: Option<i64>,
    /// Until when it held.
    pub valid_to: Option<i64>,
    /// Where it belongs; empty for no namespace.
    pub namespace: String,
    /// Ids of its evidence.
    pub sources: Vec<u64>,
    /// Another took its place.
    pub superseded: bool,
    /// Times a caller said it helped, less the times it did not.
    pub feedback: i64,
    /// Times it was retrieved.
    pub accesses: u64,
    /// When it was last retrieved, ms UTC; 0 for never.
    pub accessed_at: i64,
}

impl Memory {
    /// Reads a row. `None` for a row without an id, and for an event: no rule here may touch raw evidence.
    #[must_use]
    pub fn of(row: &Value) -> Option<Self> {
        let id = row.get("id").and_then(Value::as_u64)?;
        if row.get("event_type").is_some() {
            return None;
        }
        let list = |field: &str| row.get(field).and_then(Value::as_array).into_iter().flatten();
        let int = |field: &str| row.get(field).and_then(Value::as_i64).unwrap_or(0);
        let created_at = time(row, "created_at").unwrap_or(0);
        Some(Self {
            id,
            version: row.get("version").and_then(Value::as_u64).unwrap_or(0),
            content: text(row, "content").unwrap_or_default(),
            kind: text(row, "memory_type").unwrap_or_else(|| "fact".to_owned()),
            tags: list("tags").filter_map(Value::as_str).map(str::to_owned).collect(),
            topic: text(row, "topic"),
            confidence: number(row, "confidence").unwrap_or(1.0).clamp(0.0, 1.0),
            usefulness: number(row, "usefulness_score").unwrap_or(0.5).clamp(0.0, 1.0),
            created_at,
            updated_at: time(row, "updated_at").unwrap_or(created_at),
            valid_from: time(row, "valid_from"),
            valid_to: time(row, "valid_to"),
            namespace: text(row, "namespace").unwrap_or_default(),
            sources: list("sources").filter_map(Value::as_u64).collect(),
            superseded: row.get("superseded_by").and_then(Value::as_u64).is_some()
                || row.get("consolidation_state").and_then(Value::as_str) == Some("superseded"),
            feedback: int("helpful").saturating_sub(int("unhelpful")),
            accesses: 0,
            accessed_at: 0,
        })
    }

    /// It still stands at an instant: neither replaced nor ended.
    #[must_use]
    pub fn is_current(&self, now: i64) -> bool {
        !self.superseded && self.valid_to.is_none_or(|end| now < end)
    }

    /// Since when it holds, as far as it is known: its valid time, else when it was written.
    #[must_use]
    pub fn since(&self) -> i64 {
        self.valid_from.unwrap_or(self.created_at)
    }

    /// Days since it was last written, used or made; 0 for what lies in the future.
    #[must_use]
    pub fn idle_days(&self, now: i64) -> f64 {
        days(now.saturating_sub(self.created_at.max(self.accessed_at)))
    }
}

/// Milliseconds as days, 0 for a negative time.
#[must_use]
pub fn days(ms: i64) -> f64 {
    ms.max(0) as f64 / 86_400_000.0
}

/// Reads rows with their use: each id once (its highest version), in order of id.
#[must_use]
pub fn memories(rows: &[Value], usage: &[Usage]) -> Vec<Memory> {
    let mut used: BTreeMap<u64, Usage> = BTreeMap::new();
    for one in usage {
        let known = used.entry(one.id).or_insert(*one);
        (known.count, known.last) = (known.count.max(one.count), known.last.max(one.last));
    }
    let mut read: Vec<Memory> = rows.iter().filter_map(Memory::of).collect();
    read.sort_by(|a, b| {
        (a.id, b.version).cmp(&(b.id, a.version)).then_with(|| format!("{a:?}").cmp(&format!("{b:?}")))
    });
    read.dedup_by_key(|memory| memory.id);
    for memory in &mut read {
        if let Some(one) = used.get(&memory.id) {
            (memory.accesses, memory.accessed_at) = (one.count, one.last);
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_is_no_memory() {
        assert!(Memory::of(&json!({"id": 1, "event_type": "error", "content": "x"})).is_none());
        let read = memories(&[json!({"id": 1, "content": "x"})], &[Usage { id: 1, count: 3, last: 9 }]);
        assert_eq!((read[0].accesses, read[0].accessed_at, read[0].kind.as_str()), (3, 9, "fact"));
    }

    #[test]
    fn ended_and_superseded_do_not_stand() {
        let memory = |row: Value| Memory::of(&row).unwrap();
        assert!(memory(json!({"id": 1, "valid_to": 10})).is_current(9));
        assert!(!memory(json!({"id": 1, "valid_to": 10})).is_current(10));
        assert!(!memory(json!({"id": 1, "superseded_by": 2})).is_current(0));
    }
}
