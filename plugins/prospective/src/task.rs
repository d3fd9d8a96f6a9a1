//! A task as a caller gives it, the row it becomes, and how it is shown.

use crate::milestone::NewMilestone;
use crate::plan::NewStep;
use crate::row;
use crate::trigger::NewTrigger;
use crate::vocabulary::{STATUSES, urgency};
use memstrata_sdk::args::Time;
use memstrata_sdk::reference::{MOST_KEY, Reference, is_key};
use memstrata_sdk::{Fault, Map, Value, json};
use serde::Deserialize;

/// Content longer than this is clipped in lists.
const CLIP: usize = 200;

/// A task as a caller gives it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs)] // the fields carry the names of requirements 1.7 and are described in the manifest
pub struct NewTask {
    pub content: String,
    pub key: Option<String>,
    pub active_form: Option<String>,
    pub priority: Option<String>,
    pub due_at: Option<Time>,
    pub assignee: Option<String>,
    pub tags: Vec<String>,
    pub notes: Option<String>,
    pub goal_id: Option<Reference>,
    pub namespace: Option<String>,
    pub estimated_minutes: Option<u32>,
    pub triggers: Vec<NewTrigger>,
    pub depends_on: Vec<Reference>,
    pub auto_plan: bool,
    pub steps: Vec<NewStep>,
    pub plan_notes: Option<String>,
    pub milestones: Vec<NewMilestone>,
}

/// Refuses a key that could be taken for something else.
///
/// # Errors
/// `invalid.argument`.
pub fn check_key(key: &str) -> Result<(), Fault> {
    if is_key(key) {
        return Ok(());
    }
    Err(Fault::invalid(format!("`{key}` is no key: a letter, then letters, digits, - _ . up to {MOST_KEY} in all")))
}

impl NewTask {
    /// The row, without `goal` and `plan`.
    ///
    /// # Errors
    /// `invalid.argument` for empty content or a bad key.
    pub fn row(&self, now: u64) -> Result<Map<String, Value>, Fault> {
        let content = self.content.trim();
        if content.is_empty() {
            return Err(Fault::invalid("`content` is empty: say in a sentence what is to be done"));
        }
        if let Some(key) = &self.key {
            check_key(key)?;
        }
        let priority = self.priority.as_deref().unwrap_or("medium");
        let mut row = Map::new();
        let mut put = |field: &str, value: Option<Value>| {
            if let Some(value) = value {
                row.insert(field.to_owned(), value);
            }
        };
        put("content", Some(json!(content)));
        put("key", self.key.as_ref().map(|key| json!(key)));
        put("active_form", filled(self.active_form.as_ref()));
        put("status", Some(json!("pending")));
        put("priority", Some(json!(priority)));
        put("urgency", Some(json!(urgency(priority))));
        put("phase", Some(json!("planning")));
        put("phase_started_at", Some(json!(now)));
        put("due_at", self.due_at.map(|at| json!(at.0)));
        put("assignee", filled(self.assignee.as_ref()).or_else(|| Some(json!("user"))));
        put("tags", (!self.tags.is_empty()).then(|| json!(self.tags)));
        put("notes", filled(self.notes.as_ref()));
        put("estimated_minutes", self.estimated_minutes.map(|minutes| json!(minutes)));
        put("progress", Some(json!(0.0)));
        put("namespace", self.namespace.as_ref().map(|namespace| json!(namespace)));
        Ok(row)
    }
}

fn filled(text: Option<&String>) -> Option<Value> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty()).map(|text| json!(text))
}

fn put(out: &mut Map<String, Value>, task: &Value, fields: &[&str]) {
    for field in fields {
        if let Some(value) = task.get(*field).filter(|value| !value.is_null() && **value != json!("")) {
            out.insert((*field).to_owned(), value.clone());
        }
    }
}

/// Whether it should have been done by now.
#[must_use]
pub fn is_overdue(task: &Value, now: u64) -> bool {
    !crate::phase::is_over(row::text(task, "status")) && row::int(task, "due_at").is_some_and(|due| due < now)
}

/// A task as lists show it.
#[must_use]
pub fn brief(task: &Value, now: u64) -> Value {
    let mut out = Map::new();
    out.insert("id".into(), json!(row::id(task)));
    out.insert("content".into(), json!(row::clip(row::text(task, "content"), CLIP)));
    put(
        &mut out,
        task,
        &[
            "key",
            "status",
            "priority",
            "phase",
            "due_at",
            "progress",
            "blocked_reason",
            "goal",
            "completed_at",
            "namespace",
        ],
    );
    if is_overdue(task, now) {
        out.insert("overdue".into(), json!(true));
    }
    out.into()
}

/// A task with all its fields, without what hangs on it.
#[must_use]
pub fn whole(task: &Value, now: u64) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("id".into(), json!(row::id(task)));
    out.insert("ref".into(), json!(row::reference(row::id(task))));
    put(
        &mut out,
        task,
        &[
            "key",
            "content",
            "active_form",
            "status",
            "priority",
            "phase",
            "phase_started_at",
            "created_at",
            "updated_at",
            "due_at",
            "started_at",
            "completed_at",
            "plan",
            "plan_created_at",
            "estimated_minutes",
            "actual_duration_minutes",
            "progress",
            "assignee",
            "tags",
            "notes",
            "blocked_reason",
            "failure_reason",
            "lessons_learned",
            "goal",
            "namespace",
            "version",
        ],
    );
    out.insert("overdue".into(), json!(is_overdue(task, now)));
    out
}

/// Counts by status with every status named.
#[must_use]
pub fn counts(names: &[&str], found: &[(Value, u64)]) -> Value {
    let count =
        |name: &&str| found.iter().find(|(value, _)| value.as_str() == Some(name)).map_or(0, |(_, count)| *count);
    names.iter().map(|name| ((*name).to_owned(), json!(count(name)))).collect()
}

/// The statuses of tasks that are not over.
#[must_use]
pub fn open_statuses() -> Vec<&'static str> {
    STATUSES.into_iter().filter(|status| !crate::phase::is_over(status)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row_of(value: Value) -> Result<Map<String, Value>, Fault> {
        memstrata_sdk::arguments::<NewTask>(value)?.row(7)
    }

    #[test]
    fn defaults_are_those_of_a_new_task() {
        let row = row_of(json!({"content": " Ship it ", "priority": "high", "active_form": " "})).unwrap();
        for (field, value) in [
            ("content", json!("Ship it")),
            ("status", json!("pending")),
            ("phase", json!("planning")),
            ("urgency", json!(1)),
            ("assignee", json!("user")),
            ("phase_started_at", json!(7)),
        ] {
            assert_eq!(row[field], value, "{field}");
        }
        assert!(!row.contains_key("active_form") && !row.contains_key("due_at"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (task, word) in [
            (json!({"content": " "}), "content"),
            (json!({"content": "a", "key": "m:1"}), "m:1"),
            (json!({"content": "a", "x": 1}), "x"),
        ] {
            let fault = row_of(task).unwrap_err();
            assert!(fault.code == "invalid.argument" && fault.message.contains(word), "{}", fault.message);
        }
    }

    #[test]
    fn only_what_is_open_is_overdue() {
        assert!(is_overdue(&json!({"status": "blocked", "due_at": 5}), 6));
        assert!(!is_overdue(&json!({"status": "completed", "due_at": 5}), 6));
        assert!(!is_overdue(&json!({"status": "pending", "due_at": null}), 6));
        assert_eq!(open_statuses(), ["pending", "active", "blocked"]);
    }

    #[test]
    fn every_status_is_counted() {
        let counts = counts(&["pending", "active"], &[(json!("active"), 3)]);
        assert_eq!(counts, json!({"pending": 0, "active": 3}));
    }
}
