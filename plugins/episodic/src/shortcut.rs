//! Shortcuts: commits, executions, feedback, decisions, insights and errors become events.

use crate::event::{Context, Draft};
use crate::moment::{MINUTE, Moment};
use crate::vocabulary::{OUTCOMES, check};
use memstrata_sdk::{Fault, Map, Value};
use serde::Deserialize;

/// Where and when, shared by all shortcuts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // as in the event
pub struct Frame {
    pub namespace: String,
    pub session_id: Option<String>,
    pub timestamp: Option<Moment>,
    pub context: Context,
    pub tags: Vec<String>,
    pub confidence: Option<f64>,
}

impl Frame {
    fn draft(self, event_type: &str, content: String, tag: &str) -> Draft {
        let mut tags = self.tags;
        tags.push(tag.to_owned());
        Draft {
            namespace: self.namespace,
            session_id: self.session_id,
            timestamp: self.timestamp,
            context: self.context,
            confidence: self.confidence,
            event_type: Some(event_type.to_owned()),
            content,
            tags,
            ..Draft::default()
        }
    }
}

/// `record_git_commit`.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)] // as in the manifest
pub struct GitCommit {
    #[serde(flatten)]
    pub frame: Frame,
    pub commit_hash: String,
    pub commit_message: String,
    #[serde(default)]
    pub changed_files: Vec<String>,
    pub author: Option<String>,
    pub lines_added: Option<i64>,
    pub lines_deleted: Option<i64>,
    pub diff: Option<String>,
}

impl GitCommit {
    /// # Errors
    /// `invalid.argument` for a hash that is not 4 to 64 hexadecimal digits.
    pub fn draft(mut self) -> Result<Draft, Fault> {
        let hash = self.commit_hash.trim().to_ascii_lowercase();
        if !(4..=64).contains(&hash.len()) || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Fault::invalid("`commit_hash` must be 4 to 64 hexadecimal digits, as git prints it"));
        }
        let changed = i64::try_from(self.changed_files.len()).unwrap_or(i64::MAX);
        // One file is the event's place; many are its context.
        let only = self.changed_files.first().filter(|_| changed == 1).cloned();
        self.frame.context.files.extend(self.changed_files);
        let mut draft = self.frame.draft("file_change", self.commit_message, "git_commit");
        draft.code_event_type = Some("code_edit".into());
        draft.git_commit = Some(hash);
        draft.git_author = self.author;
        draft.outcome = Some("success".into());
        draft.files_changed = Some(changed);
        draft.lines_added = self.lines_added;
        draft.lines_deleted = self.lines_deleted;
        draft.diff = self.diff;
        draft.file_path = only;
        Ok(draft)
    }
}

/// `record_execution`.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)] // as in the manifest
pub struct Execution {
    #[serde(flatten)]
    pub frame: Frame,
    pub procedure_name: String,
    pub outcome: Option<String>,
    pub duration_ms: Option<i64>,
    pub learned: Option<String>,
}

impl Execution {
    /// # Errors
    /// `invalid.argument` for an unknown outcome.
    pub fn draft(self) -> Result<Draft, Fault> {
        let outcome = self.outcome.unwrap_or_else(|| "success".into());
        check("outcome", &outcome, &OUTCOMES)?;
        let content = format!("Executed procedure {}: {outcome}", self.procedure_name);
        let mut draft = self.frame.draft("action", content, &format!("procedure:{}", self.procedure_name));
        draft.outcome = Some(outcome);
        draft.duration_ms = self.duration_ms;
        draft.learned = self.learned;
        Ok(draft)
    }
}

/// `record_execution_feedback`.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)] // as in the manifest
pub struct Feedback {
    #[serde(flatten)]
    pub frame: Frame,
    pub task_id: Value,
    pub actual_duration: Option<f64>,
    #[serde(default)]
    pub blockers: Vec<String>,
    #[serde(default)]
    pub quality_metrics: Map<String, Value>,
    #[serde(default)]
    pub lessons_learned: String,
    pub outcome: Option<String>,
}

impl Feedback {
    /// The event, and its metrics as (name, value).
    ///
    /// # Errors
    /// `invalid.argument` for a negative duration, an unknown outcome or a metric that is no number.
    pub fn draft(self) -> Result<(Draft, Vec<(String, f64)>), Fault> {
        let task = self.task_id.as_str().map_or_else(|| self.task_id.to_string(), str::to_owned);
        let minutes = self.actual_duration.unwrap_or(0.0);
        if !(0.0..=1e9).contains(&minutes) {
            return Err(Fault::invalid("`actual_duration` must be a number of minutes of at least 0"));
        }
        let mut metrics = Vec::new();
        for (name, value) in self.quality_metrics {
            let number = value.as_f64().or(value.as_bool().map(f64::from));
            let number = number.ok_or_else(|| Fault::invalid(format!("metric `{name}` is {value}; give a number")))?;
            metrics.push((name, number));
        }
        let mut content = format!("Feedback on task {task}");
        if self.actual_duration.is_some() {
            content.push_str(&format!(": took {minutes} min"));
        }
        if !self.blockers.is_empty() {
            content.push_str(&format!("; blocked by {}", self.blockers.join(", ")));
        }
        if !self.lessons_learned.trim().is_empty() {
            content.push_str(&format!("; learned: {}", self.lessons_learned));
        }
        let by_blockers = if self.blockers.is_empty() { "success" } else { "partial" };
        let mut frame = self.frame;
        frame.context.task.get_or_insert(task);
        let mut draft = frame.draft("action", content, "execution_feedback");
        draft.outcome = Some(self.outcome.unwrap_or_else(|| by_blockers.into()));
        draft.duration_ms = self.actual_duration.map(|_| (minutes * MINUTE as f64).round() as i64);
        draft.learned = Some(self.lessons_learned);
        draft.metadata = (!self.blockers.is_empty()).then(|| memstrata_sdk::json!({"blockers": self.blockers}));
        Ok((draft, metrics))
    }
}

/// `remember_decision`, `remember_insight` and `remember_error`.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)] // as in the manifest
pub struct Note {
    #[serde(flatten)]
    pub frame: Frame,
    pub content: String,
    pub rationale: Option<String>,
    #[serde(default)]
    pub alternatives: Vec<String>,
    pub error_type: Option<String>,
    pub stack_trace: Option<String>,
    pub file_path: Option<String>,
    pub symbol_name: Option<String>,
}

impl Note {
    /// A decision, with why it was made and what was not chosen.
    #[must_use]
    pub fn decision(self) -> Draft {
        let mut content = self.content;
        if let Some(rationale) = self.rationale {
            content.push_str(&format!("\nBecause: {rationale}"));
        }
        if !self.alternatives.is_empty() {
            content.push_str(&format!("\nNot chosen: {}", self.alternatives.join("; ")));
        }
        self.frame.draft("decision", content, "decision")
    }

    /// Something learned.
    #[must_use]
    pub fn insight(self) -> Draft {
        let learned = self.content.clone();
        let mut draft = self.frame.draft("action", self.content, "insight");
        draft.learned = Some(learned);
        draft
    }

    /// An error, a failure by definition.
    #[must_use]
    pub fn error(self) -> Draft {
        let mut draft = self.frame.draft("error", self.content, "error");
        draft.outcome = Some("failure".into());
        draft.error_type = self.error_type;
        draft.stack_trace = self.stack_trace;
        draft.file_path = self.file_path;
        draft.symbol_name = self.symbol_name;
        draft
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    #[test]
    fn a_commit_is_a_file_change() {
        let commit: GitCommit = serde_json::from_value(json!({"commit_hash": "ABCDEF1", "commit_message": "Fix login",
            "changed_files": ["a.rs", "b.rs"], "author": "Ann", "timestamp": "2026-08-21", "session_id": "s"}))
        .unwrap();
        let row = commit.draft().unwrap().row(0).unwrap();
        assert_eq!((&row["event_type"], &row["code_event_type"]), (&json!("file_change"), &json!("code_edit")));
        assert_eq!((&row["git_commit"], &row["files_changed"]), (&json!("abcdef1"), &json!(2)));
        assert_eq!(row["files"], json!(["a.rs", "b.rs"]));
        assert!(!row.contains_key("file_path"));
        let bad: GitCommit = serde_json::from_value(json!({"commit_hash": "nope", "commit_message": "x"})).unwrap();
        assert!(bad.draft().is_err());
    }

    #[test]
    fn feedback_becomes_an_event_with_metrics() {
        let feedback: Feedback =
            serde_json::from_value(json!({"task_id": 7, "actual_duration": 30, "blockers": ["review"],
            "quality_metrics": {"coverage": 0.9, "passed": true}, "lessons_learned": "ask early"}))
            .unwrap();
        let (draft, metrics) = feedback.draft().unwrap();
        assert_eq!(metrics, [("coverage".to_owned(), 0.9), ("passed".to_owned(), 1.0)]);
        let row = draft.row(0).unwrap();
        assert_eq!(
            (&row["outcome"], &row["duration_ms"], &row["task"]),
            (&json!("partial"), &json!(1_800_000), &json!("7"))
        );
        let bad: Feedback = serde_json::from_value(json!({"task_id": "t", "quality_metrics": {"a": "high"}})).unwrap();
        assert!(bad.draft().is_err());
    }

    #[test]
    fn notes_say_what_they_are() {
        let note = || -> Note {
            serde_json::from_value(
                json!({"content": "Use SQLite", "rationale": "one file", "alternatives": ["Postgres"],
                "error_type": "Timeout"}),
            )
            .unwrap()
        };
        assert_eq!(note().decision().content, "Use SQLite\nBecause: one file\nNot chosen: Postgres");
        assert_eq!(note().insight().learned.as_deref(), Some("Use SQLite"));
        let error = note().error();
        assert_eq!((error.outcome.as_deref(), error.error_type.as_deref()), (Some("failure"), Some("Timeout")));
        let execution: Execution =
            serde_json::from_value(json!({"procedure_name": "deploy", "outcome": "lost"})).unwrap();
        assert!(execution.draft().is_err());
    }
}
