//! An event as the algorithms see it: what they need of a row, and the questions they ask it.

use memstrata_sdk::Value;
use std::collections::BTreeSet;

/// What the algorithms need of an event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    /// The row's id.
    pub id: u64,
    /// Milliseconds UTC.
    pub timestamp: i64,
    /// The session, if it had one.
    pub session: Option<String>,
    /// `event_type`.
    pub kind: String,
    /// `code_event_type`.
    pub code: Option<String>,
    /// `outcome`.
    pub outcome: Option<String>,
    /// `test_passed`.
    pub test_passed: Option<bool>,
    /// `file_path` and `files` together.
    pub files: BTreeSet<String>,
    /// Symbol, test, error type and commit, each with a mark of its kind.
    pub things: BTreeSet<String>,
    /// The task worked on.
    pub task: Option<String>,
    /// What happened.
    pub content: String,
}

/// The row's fields that [`Observed::of`] reads: what a query has to select.
pub const FIELDS: [&str; 14] = [
    "timestamp",
    "session_id",
    "event_type",
    "code_event_type",
    "outcome",
    "test_passed",
    "file_path",
    "files",
    "symbol_name",
    "test_name",
    "error_type",
    "git_commit",
    "task",
    "content",
];

impl Observed {
    /// Reads a row.
    #[must_use]
    pub fn of(row: &Value) -> Self {
        let text = |field: &str| row.get(field).and_then(Value::as_str).map(str::to_owned);
        let listed = row.get("files").and_then(Value::as_array).into_iter().flatten();
        let things = ["symbol_name", "test_name", "error_type", "git_commit"];
        Self {
            id: row.get("id").and_then(Value::as_u64).unwrap_or(0),
            timestamp: row.get("timestamp").and_then(crate::moment::whole).unwrap_or(0),
            session: text("session_id"),
            kind: text("event_type").unwrap_or_default(),
            code: text("code_event_type"),
            outcome: text("outcome"),
            test_passed: row.get("test_passed").and_then(Value::as_bool),
            files: listed.filter_map(Value::as_str).map(str::to_owned).chain(text("file_path")).collect(),
            things: things.iter().filter_map(|field| Some(format!("{field}:{}", text(field)?))).collect(),
            task: text("task"),
            content: text("content").unwrap_or_default(),
        }
    }

    /// An error happened.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.kind == "error"
    }

    /// A file was changed.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.kind == "file_change" || self.code.as_deref() == Some("code_edit")
    }

    /// A test ran.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.kind == "test_run" || self.code.as_deref() == Some("test_run")
    }

    /// A test ran and passed.
    #[must_use]
    pub fn is_passed_test(&self) -> bool {
        self.is_test() && self.test_passed.unwrap_or(self.outcome.as_deref() == Some("success"))
    }

    /// A test ran and failed.
    #[must_use]
    pub fn is_failed_test(&self) -> bool {
        self.is_test() && self.test_passed.map_or(self.failed(), |passed| !passed)
    }

    /// It ended in failure.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.outcome.as_deref() == Some("failure")
    }

    /// It is a success by type or by outcome.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.kind == "success" || self.outcome.as_deref() == Some("success")
    }

    /// Shared files over all files of both: 0 when neither names any.
    #[must_use]
    pub fn file_overlap(&self, other: &Self) -> f64 {
        jaccard(&self.files, &other.files)
    }

    /// Everything the event names: files, things, task, and identifier-like words of its content.
    #[must_use]
    pub fn entities(&self) -> BTreeSet<String> {
        let named = self.content.split(|c: char| c.is_whitespace() || ",;()\"'`".contains(c));
        let named = named.map(|word| word.trim_end_matches(['.', ':', '!', '?'])).filter(|word| is_identifier(word));
        let task = self.task.iter().map(|task| format!("task:{task}"));
        named
            .map(str::to_owned)
            .chain(task)
            .chain(self.files.iter().cloned())
            .chain(self.things.iter().cloned())
            .collect()
    }
}

/// Looks like a name from code or a path rather than a word of prose: a mark inside, a hump, or a leading capital.
fn is_identifier(word: &str) -> bool {
    let marked = word.contains(['_', '/']) || word.trim_matches('.').contains('.');
    let humped = word.chars().skip(1).any(char::is_uppercase);
    word.chars().any(char::is_alphabetic)
        && word.chars().count() > 2
        && (marked || humped || word.starts_with(char::is_uppercase))
}

/// Size of the intersection over size of the union; 0 for two empty sets.
#[must_use]
pub fn jaccard(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let shared = a.intersection(b).count();
    let all = a.len() + b.len() - shared;
    if all == 0 { 0.0 } else { shared as f64 / all as f64 }
}

/// For tests of the algorithms: a small event in session `s`, written on one line.
#[cfg(test)]
pub(crate) fn event(id: u64, second: i64, kind: &str, outcome: &str, file: &str) -> Observed {
    Observed {
        id,
        timestamp: second * 1_000,
        session: Some("s".into()),
        kind: kind.into(),
        outcome: (!outcome.is_empty()).then(|| outcome.into()),
        files: Some(file.to_owned()).filter(|f| !f.is_empty()).into_iter().collect(),
        content: format!("{kind} {file}"),
        ..Observed::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    #[test]
    fn a_row_is_read() {
        let seen = Observed::of(&json!({"id": 7, "timestamp": 5.0, "event_type": "test_run", "test_passed": false,
            "file_path": "a.rs", "files": ["b.rs", "a.rs"], "symbol_name": "f", "outcome": "success", "session_id": null}));
        assert_eq!((seen.id, seen.timestamp, seen.session.clone()), (7, 5, None));
        assert_eq!(seen.files.len(), 2);
        assert!(seen.is_failed_test() && !seen.is_passed_test(), "test_passed counts before outcome");
        assert!(seen.things.contains("symbol_name:f"));
    }

    #[test]
    fn names_in_prose_are_found() {
        let mut seen = event(1, 0, "action", "", "a.rs");
        seen.content = "Looked at parse_date in src/x.rs, then asked Alice. It was readHTTP.".into();
        let entities = seen.entities();
        for name in ["parse_date", "src/x.rs", "Alice", "readHTTP", "a.rs"] {
            assert!(entities.contains(name), "{name} in {entities:?}");
        }
        assert!(!entities.contains("asked") && !entities.contains("It"));
    }

    #[test]
    fn overlap_is_between_0_and_1() {
        let set = |items: &[&str]| items.iter().map(|s| (*s).to_owned()).collect();
        assert_eq!(jaccard(&set(&[]), &set(&[])), 0.0);
        assert_eq!(jaccard(&set(&["a", "b"]), &set(&["b", "c", "d"])), 0.25);
    }
}
