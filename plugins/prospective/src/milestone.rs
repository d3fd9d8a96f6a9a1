//! Milestones of a task: what a change makes of one, and how far all of them are.

use crate::plan::is_done;
use crate::row;
use memstrata_sdk::{Fault, Map, Value, json};
use serde::Deserialize;

/// Most milestones of a task.
pub const MOST: usize = 100;

/// A milestone as a caller gives it: its title alone, or more.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum NewMilestone {
    /// Its title.
    Title(String),
    /// All of it.
    Full(Full),
}

/// A milestone in full.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Full {
    /// What is reached with it.
    #[serde(alias = "name", alias = "content")]
    pub title: String,
    /// Its place, from 1; the place in the list if it has none.
    #[serde(default)]
    pub order: Option<u32>,
    /// How long it should take.
    #[serde(default)]
    pub estimated_minutes: Option<u32>,
}

/// The rows of a task's milestones, in order, without `task` and `namespace`.
///
/// # Errors
/// `invalid.argument` for empty titles, two of one order, too many.
pub fn rows(given: Vec<NewMilestone>, taken: &[u64]) -> Result<Vec<Map<String, Value>>, Fault> {
    if given.len() + taken.len() > MOST {
        return Err(Fault::invalid(format!("a task has at most {MOST} milestones")));
    }
    let mut orders = taken.to_vec();
    let mut rows = Vec::with_capacity(given.len());
    for milestone in given {
        let full = match milestone {
            NewMilestone::Title(title) => Full { title, order: None, estimated_minutes: None },
            NewMilestone::Full(full) => full,
        };
        if full.title.trim().is_empty() {
            return Err(Fault::invalid("a milestone needs a title: say what is reached with it"));
        }
        let order = full.order.map_or_else(|| orders.iter().max().unwrap_or(&0) + 1, u64::from);
        if order == 0 || orders.contains(&order) {
            return Err(Fault::invalid(format!(
                "order {order} of milestone `{}` is taken or 0: orders count from 1",
                full.title
            )));
        }
        orders.push(order);
        let mut row = Map::new();
        row.insert("position".into(), json!(order));
        row.insert("title".into(), json!(full.title.trim()));
        row.insert("status".into(), json!("pending"));
        row.insert("progress".into(), json!(0.0));
        if let Some(minutes) = full.estimated_minutes {
            row.insert("estimated_minutes".into(), json!(minutes));
        }
        rows.push(row);
    }
    Ok(rows)
}

/// What a caller says about a milestone.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // described in the manifest
pub struct Change {
    pub status: Option<String>,
    pub progress_percent: Option<f64>,
    pub actual_minutes: Option<f64>,
    pub completion_notes: Option<String>,
}

/// The fields a change sets. Completed is 100 %, and 100 % is completed; pending is 0 %.
///
/// # Errors
/// `invalid.argument` where status and progress contradict each other.
pub fn patch(old: &Value, change: &Change, now: u64) -> Result<Map<String, Value>, Fault> {
    let status = change.status.as_deref().unwrap_or("in_progress");
    let given = change.progress_percent.map(|percent| percent / 100.0);
    let (status, progress) = match (status, given) {
        ("completed", None) => ("completed", 1.0),
        ("completed", Some(progress)) if progress < 1.0 => {
            return Err(Fault::invalid(
                "a completed milestone is at 100 %: leave `progress_percent` out, or say in_progress",
            ));
        }
        ("pending", Some(progress)) if progress > 0.0 => {
            return Err(Fault::invalid("a pending milestone is at 0 %: say in_progress"));
        }
        ("in_progress", Some(progress)) if progress >= 1.0 => ("completed", 1.0),
        ("pending", _) => ("pending", 0.0),
        ("in_progress", None) => {
            // One that is reopened is not at 100 % any more.
            let before = row::number(old, "progress").unwrap_or_default();
            ("in_progress", if before < 1.0 { before } else { 0.0 })
        }
        (status, progress) => (status, progress.unwrap_or_else(|| row::number(old, "progress").unwrap_or_default())),
    };
    let mut patch = Map::new();
    patch.insert("status".into(), json!(status));
    patch.insert("progress".into(), json!(row::round(progress)));
    patch.insert("completed_at".into(), if status == "completed" { json!(now) } else { Value::Null });
    if let Some(minutes) = change.actual_minutes {
        patch.insert("actual_minutes".into(), json!(minutes));
    }
    if let Some(notes) = &change.completion_notes {
        patch.insert("notes".into(), json!(row::appended(row::text(old, "notes"), notes)));
    }
    Ok(patch)
}

/// How far all of a task's milestones are.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// 0 to 1, weighted by estimated minutes if all have some; what is skipped counts as done.
    pub progress: f64,
    /// Sum of the actual minutes, if any has some.
    pub actual_minutes: Option<f64>,
    /// Orders of those still open.
    pub open: Vec<u64>,
    /// Orders of open ones that stand before a completed one.
    pub passed_over: Vec<u64>,
}

/// Reads the standing off the rows, in any order.
#[must_use]
pub fn standing(rows: &[Value]) -> Standing {
    let weighted = rows.iter().all(|row| row::int(row, "estimated_minutes").is_some_and(|minutes| minutes > 0));
    let weight = |row: &Value| if weighted { row::number(row, "estimated_minutes").unwrap_or(1.0) } else { 1.0 };
    let share = |row: &Value| {
        if is_done(row::text(row, "status")) { 1.0 } else { row::number(row, "progress").unwrap_or_default() }
    };
    let all: f64 = rows.iter().map(weight).sum();
    let done: f64 = rows.iter().map(|row| weight(row) * share(row)).sum();
    let order = |row: &Value| row::int(row, "position").unwrap_or_default();
    let last = rows.iter().filter(|row| row::text(row, "status") == "completed").map(order).max().unwrap_or_default();
    let mut open: Vec<u64> = rows.iter().filter(|row| !is_done(row::text(row, "status"))).map(order).collect();
    open.sort_unstable();
    let minutes: Vec<f64> = rows.iter().filter_map(|row| row::number(row, "actual_minutes")).collect();
    Standing {
        progress: if all > 0.0 { row::round(done / all) } else { 0.0 },
        actual_minutes: (!minutes.is_empty()).then(|| minutes.iter().sum()),
        passed_over: open.iter().copied().filter(|order| *order < last).collect(),
        open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(value: Value, taken: &[u64]) -> Result<Vec<Map<String, Value>>, Fault> {
        rows(serde_json::from_value(value).unwrap(), taken)
    }

    #[test]
    fn orders_count_on_from_those_taken() {
        let rows = made(json!(["a", {"title": "b", "order": 7}, {"name": "c", "estimated_minutes": 5}]), &[2]).unwrap();
        let orders: Vec<_> = rows.iter().map(|row| row["position"].clone()).collect();
        assert_eq!(orders, [3, 7, 8]);
        assert_eq!(rows[2]["estimated_minutes"], 5);
        for bad in [json!([" "]), json!([{"title": "a", "order": 2}]), json!([{"title": "a", "order": 0}])] {
            assert!(made(bad.clone(), &[2]).is_err(), "{bad}");
        }
    }

    #[test]
    fn status_and_progress_agree() {
        let old = json!({"progress": 0.4, "notes": "begun"});
        let of = |status: Option<&str>, percent: Option<f64>| {
            let change = Change { status: status.map(str::to_owned), progress_percent: percent, ..Change::default() };
            patch(&old, &change, 9)
                .map(|patch| (patch["status"].clone(), patch["progress"].clone(), patch["completed_at"].clone()))
        };
        assert_eq!(of(None, None).unwrap(), (json!("in_progress"), json!(0.4), Value::Null));
        assert_eq!(of(None, Some(70.0)).unwrap(), (json!("in_progress"), json!(0.7), Value::Null));
        assert_eq!(of(None, Some(100.0)).unwrap(), (json!("completed"), json!(1.0), json!(9)));
        assert_eq!(of(Some("completed"), None).unwrap(), (json!("completed"), json!(1.0), json!(9)));
        assert_eq!(of(Some("pending"), None).unwrap(), (json!("pending"), json!(0.0), Value::Null));
        assert!(of(Some("completed"), Some(50.0)).is_err());
        assert!(of(Some("pending"), Some(50.0)).is_err());
        let change = Change { completion_notes: Some("done".into()), ..Change::default() };
        assert_eq!(patch(&old, &change, 9).unwrap()["notes"], "begun\ndone");
    }

    #[test]
    fn a_reopened_milestone_starts_again() {
        let change = Change { status: Some("in_progress".into()), ..Change::default() };
        assert_eq!(patch(&json!({"progress": 1.0}), &change, 9).unwrap()["progress"], 0.0);
    }

    #[test]
    fn the_standing_is_weighted_and_names_what_was_passed_over() {
        let rows = [
            json!({"position": 1, "status": "in_progress", "progress": 0.5, "estimated_minutes": 30}),
            json!({"position": 2, "status": "completed", "progress": 1.0, "estimated_minutes": 10, "actual_minutes": 12}),
            json!({"position": 3, "status": "skipped", "progress": 0.0, "estimated_minutes": 20}),
        ];
        let found = standing(&rows);
        assert_eq!(found, Standing { progress: 0.75, actual_minutes: Some(12.0), open: vec![1], passed_over: vec![1] });
        assert_eq!(standing(&[]).progress.to_string(), "0");
    }
}
