//! An event as the rules see it: read from a row, where whatever is missing or of another type is absent.

use serde_json::Value;
use std::collections::BTreeSet;

/// What the rules need of an event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Event {
    /// The row's id.
    pub id: u64,
    /// The row's version.
    pub version: u64,
    /// Milliseconds UTC.
    pub timestamp: i64,
    /// What happened.
    pub content: String,
    /// `event_type`; empty if absent.
    pub kind: String,
    /// `code_event_type`.
    pub code: Option<String>,
    /// The session, if it had one.
    pub session: Option<String>,
    /// `success`, `failure`, `partial` or `ongoing`.
    pub outcome: Option<String>,
    /// The folder worked in.
    pub cwd: Option<String>,
    /// `files` and `file_path` together.
    pub files: BTreeSet<String>,
    /// The task worked on.
    pub task: Option<String>,
    /// Its phase.
    pub phase: Option<String>,
    /// The error's type.
    pub error: Option<String>,
    /// Whether the test passed.
    pub test_passed: Option<bool>,
    /// The test's name.
    pub test: Option<String>,
    /// What was learned.
    pub learned: Option<String>,
    /// How surprising it was.
    pub surprise: Option<f64>,
    /// How far to believe it, 0 to 1; 1 if absent, as the manifest of the layer says.
    pub confidence: f64,
    /// Where it belongs; empty for no namespace.
    pub namespace: String,
    /// It was consolidated before.
    pub consolidated: bool,
}

/// The row's fields that [`Event::of`] reads: what a query has to select.
pub const FIELDS: [&str; 21] = [
    "id",
    "version",
    "namespace",
    "timestamp",
    "content",
    "event_type",
    "code_event_type",
    "session_id",
    "outcome",
    "cwd",
    "files",
    "file_path",
    "task",
    "phase",
    "error_type",
    "test_passed",
    "test_name",
    "learned",
    "surprise_score",
    "confidence",
    "consolidation_status",
];

/// A text field that says something.
pub(crate) fn text(row: &Value, field: &str) -> Option<String> {
    row.get(field).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A finite number field.
pub(crate) fn number(row: &Value, field: &str) -> Option<f64> {
    row.get(field).and_then(Value::as_f64).filter(|number| number.is_finite())
}

/// A time field, ms UTC.
pub(crate) fn time(row: &Value, field: &str) -> Option<i64> {
    row.get(field).and_then(Value::as_i64)
}

impl Event {
    /// Reads a row. `None` for a row without an id: nothing could cite it.
    #[must_use]
    pub fn of(row: &Value) -> Option<Self> {
        let id = row.get("id").and_then(Value::as_u64)?;
        let listed = row.get("files").and_then(Value::as_array).into_iter().flatten();
        Some(Self {
            id,
            version: row.get("version").and_then(Value::as_u64).unwrap_or(0),
            timestamp: time(row, "timestamp").or_else(|| time(row, "created_at")).unwrap_or(0),
            content: text(row, "content").unwrap_or_default(),
            kind: text(row, "event_type").unwrap_or_default(),
            code: text(row, "code_event_type"),
            session: text(row, "session_id"),
            outcome: text(row, "outcome"),
            cwd: text(row, "cwd"),
            files: listed.filter_map(Value::as_str).map(str::to_owned).chain(text(row, "file_path")).collect(),
            task: text(row, "task"),
            phase: text(row, "phase"),
            error: text(row, "error_type"),
            test_passed: row.get("test_passed").and_then(Value::as_bool),
            test: text(row, "test_name"),
            learned: text(row, "learned"),
            surprise: number(row, "surprise_score"),
            confidence: number(row, "confidence").unwrap_or(1.0).clamp(0.0, 1.0),
            namespace: text(row, "namespace").unwrap_or_default(),
            consolidated: row.get("consolidation_status").and_then(Value::as_str) == Some("consolidated"),
        })
    }

    /// An error happened.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.kind == "error"
    }

    /// A file was changed.
    #[must_use]
    pub fn is_change(&self) -> bool {
        matches!(self.kind.as_str(), "file_change" | "refactoring")
            || matches!(self.code.as_deref(), Some("code_edit" | "refactoring"))
    }

    /// A test ran.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.kind == "test_run" || self.code.as_deref() == Some("test_run")
    }

    /// A test ran and passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.is_test() && self.test_passed.unwrap_or(self.outcome.as_deref() == Some("success"))
    }

    /// A test ran and failed.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.is_test() && self.test_passed.map_or(self.outcome.as_deref() == Some("failure"), |passed| !passed)
    }

    /// It went well, by type, by outcome or as a passed test.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.passed() || (!self.failed() && (self.kind == "success" || self.outcome.as_deref() == Some("success")))
    }

    /// All it says, for matching words: content and every other text.
    #[must_use]
    pub fn told(&self) -> String {
        let mut told = self.content.clone();
        let more =
            [&self.code, &self.outcome, &self.cwd, &self.task, &self.phase, &self.error, &self.test, &self.learned];
        let files = self.files.iter().map(String::as_str);
        for part in [self.kind.replace('_', " ").as_str()]
            .into_iter()
            .chain(more.into_iter().flatten().map(String::as_str))
            .chain(files)
        {
            told.push('\n');
            told.push_str(part);
        }
        match self.test_passed {
            Some(true) => told.push_str("\ntest passed"),
            Some(false) => told.push_str("\ntest failed"),
            None => {}
        }
        told
    }
}

/// Reads rows: each id once (its highest version), in order of time, then id. The order of the rows does not matter.
#[must_use]
pub fn events(rows: &[Value]) -> Vec<Event> {
    ordered(rows.iter().filter_map(Event::of).collect())
}

/// Puts events into the order the rules work in, each id once.
#[must_use]
pub fn ordered(mut events: Vec<Event>) -> Vec<Event> {
    // Two rows of one id and version should not be; if they are, what they say decides, not where they stood.
    events.sort_by(|a, b| {
        (a.id, b.version).cmp(&(b.id, a.version)).then_with(|| format!("{a:?}").cmp(&format!("{b:?}")))
    });
    events.dedup_by_key(|event| event.id);
    events.sort_by_key(|event| (event.timestamp, event.id));
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_wrong_type_reads_as_absent() {
        let row = json!({"id": 4, "timestamp": "x", "content": 7, "event_type": null, "files": ["a", 1], "cwd": " ",
                         "file_path": "b", "surprise_score": "high", "confidence": 3, "test_passed": "yes"});
        let event = Event::of(&row).unwrap();
        assert_eq!((event.id, event.timestamp, event.content.as_str()), (4, 0, ""));
        assert_eq!(event.files.into_iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((event.cwd, event.surprise, event.test_passed, event.confidence), (None, None, None, 1.0));
        assert!(Event::of(&json!({"id": -1})).is_none() && Event::of(&json!([])).is_none());
    }

    #[test]
    fn the_highest_version_of_an_id_stands() {
        let row = |id, version, at| json!({"id": id, "version": version, "timestamp": at});
        let read = events(&[row(2, 1, 5), row(1, 1, 9), row(2, 3, 20), row(3, 1, 9)]);
        assert_eq!(read.iter().map(|e| (e.id, e.version)).collect::<Vec<_>>(), [(1, 1), (3, 1), (2, 3)]);
    }

    #[test]
    fn a_test_is_judged_by_its_own_field_first() {
        let event = |row: Value| Event::of(&row).unwrap();
        let red = event(json!({"id": 1, "event_type": "test_run", "test_passed": false, "outcome": "success"}));
        assert!(red.failed() && !red.passed() && !red.succeeded());
        let green =
            event(json!({"id": 1, "event_type": "action", "code_event_type": "test_run", "outcome": "success"}));
        assert!(green.passed() && green.succeeded());
    }
}
