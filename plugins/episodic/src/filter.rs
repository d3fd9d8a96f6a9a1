//! What a caller wants to see of the events, as conditions of the host's query language.

use crate::mention::{FILES, Named, condition};
use crate::moment::Moment;
use crate::place;
use crate::timeframe::{Window, last_days, window};
use memstrata_sdk::{Fault, Value, json};
use serde::Deserialize;

/// Most events of one page.
pub const MOST: u32 = 200;

/// The filters the list operations share. An operation's schema says which of them it takes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs)] // named like the fields they filter and described in the manifest
pub struct Wanted {
    pub namespace: String,
    pub session_id: Option<String>,
    pub event_type: Option<String>,
    pub outcome: Option<String>,
    pub consolidation_status: Option<String>,
    pub start: Option<Moment>,
    pub end: Option<Moment>,
    pub timeframe: Option<String>,
    pub days: Option<u32>,
    pub tags: Vec<String>,
    #[serde(rename = "match")]
    pub mode: Option<String>,
    pub file_path: Option<String>,
    pub symbol_name: Option<String>,
    pub symbol_type: Option<String>,
    pub test_name: Option<String>,
    pub test_passed: Option<bool>,
    pub error_type: Option<String>,
    pub code_event_type: Option<String>,
    pub language: Option<String>,
    pub git_commit: Option<String>,
    pub source: Option<String>,
    pub min_confidence: Option<f64>,
    pub threshold: Option<f64>,
    pub query: Option<String>,
    pub order: Option<String>,
    pub bucket: Option<String>,
    pub metrics: bool,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
    pub detail: Option<String>,
}

impl Wanted {
    /// The namespace to look in, if it is not the whole space.
    #[must_use]
    pub fn within(&self) -> Option<&str> {
        namespace(&self.namespace)
    }

    /// Page size: as asked, else `default`, at most [`MOST`].
    #[must_use]
    pub fn page(&self, default: u32) -> u32 {
        self.limit.unwrap_or(default).clamp(1, MOST)
    }

    /// The window of time: a timeframe, else days back, else start and end; open where nothing is said.
    ///
    /// # Errors
    /// `invalid.argument` for an unknown timeframe or an end that is not after the start.
    pub fn window(&self, now: i64) -> Result<(Option<i64>, Option<i64>), Fault> {
        let named: Option<Window> = match (&self.timeframe, self.days) {
            (Some(name), _) => Some(window(name, now)?),
            (None, Some(days)) => Some(last_days(i64::from(days), now)),
            (None, None) => None,
        };
        let (start, end) = match named {
            Some((start, end)) => (Some(start), Some(end)),
            None => (self.start.map(|m| m.0), self.end.map(|m| m.0)),
        };
        if let (Some(start), Some(end)) = (start, end)
            && start >= end
        {
            return Err(Fault::invalid("`end` is not after `start`; the range is from `start` on and before `end`"));
        }
        Ok((start, end))
    }

    /// All conditions but the window of time.
    ///
    /// # Errors
    /// `invalid.argument` for a way of matching tags that is neither `any` nor `all`.
    pub fn conditions(&self) -> Result<Vec<Value>, Fault> {
        self.conditions_by(|named| condition(named, None))
    }

    /// The values that are looked for in lists of events.
    #[must_use]
    pub fn in_lists(&self) -> Vec<Named> {
        let file =
            self.file_path.as_deref().filter(|path| !is_folder(path)).map(|path| (FILES, place::normalise(path)));
        self.tags.iter().map(|tag| ("tags", tag.trim().to_owned())).chain(file).collect()
    }

    /// The same as [`Wanted::conditions`], with `by` for what a list has.
    ///
    /// # Errors
    /// As [`Wanted::conditions`].
    pub fn conditions_by(&self, by: impl Fn(&Named) -> Value) -> Result<Vec<Value>, Fault> {
        let mut found = Vec::new();
        for (field, value) in [
            ("session_id", &self.session_id),
            ("event_type", &self.event_type),
            ("outcome", &self.outcome),
            ("consolidation_status", &self.consolidation_status),
            ("symbol_name", &self.symbol_name),
            ("symbol_type", &self.symbol_type),
            ("test_name", &self.test_name),
            ("error_type", &self.error_type),
            ("code_event_type", &self.code_event_type),
            ("language", &self.language),
            ("git_commit", &self.git_commit),
            ("source", &self.source),
        ] {
            found.extend(value.as_ref().map(|value| json!([field, "=", value])));
        }
        found.extend(self.test_passed.map(|passed| json!(["test_passed", "=", passed])));
        found.extend(self.min_confidence.map(|least| json!(["confidence", ">=", least])));
        found.extend(self.threshold.map(|least| json!(["surprise_score", ">=", least])));
        found.extend(self.file_path.as_deref().map(|path| file(path, &by)));
        found.extend(self.tagged(&by)?);
        Ok(found)
    }

    fn tagged(&self, by: &impl Fn(&Named) -> Value) -> Result<Option<Value>, Fault> {
        if self.tags.is_empty() {
            return Ok(None);
        }
        let each: Vec<Value> = self.tags.iter().map(|tag| by(&("tags", tag.trim().to_owned()))).collect();
        match self.mode.as_deref() {
            None | Some("any") => Ok(Some(json!({"any": each}))),
            Some("all") => Ok(Some(json!({"all": each}))),
            Some(other) => Err(Fault::invalid(format!("`match` is `{other}`; use any or all"))),
        }
    }
}

/// Empty means no namespace.
#[must_use]
pub fn namespace(name: &str) -> Option<&str> {
    (!name.trim().is_empty()).then_some(name)
}

/// Conditions for a half-open range of time, open where nothing is said.
#[must_use]
pub fn during(start: Option<i64>, end: Option<i64>) -> Vec<Value> {
    let start = start.map(|at| json!(["timestamp", ">=", at]));
    start.into_iter().chain(end.map(|at| json!(["timestamp", "<", at]))).collect()
}

/// Events about a file, or with a trailing `/` about anything below a folder; a file counts as named by `file_path` or by
/// the context's list of files.
fn file(path: &str, by: &impl Fn(&Named) -> Value) -> Value {
    let clean = place::normalise(path);
    if is_folder(path) {
        let folder = if clean.ends_with('/') { clean } else { format!("{clean}/") };
        return json!(["file_path", "prefix", folder]);
    }
    by(&(FILES, clean))
}

fn is_folder(path: &str) -> bool {
    path.trim().ends_with(['/', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(value: Value) -> Wanted {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn filters_become_conditions() {
        let wanted = wanted(json!({"session_id": "s", "tags": ["a", "b"], "match": "all", "file_path": "./src/a.rs",
            "min_confidence": 0.5, "test_passed": false, "namespace": "user:a"}));
        assert_eq!(
            wanted.conditions().unwrap(),
            [
                json!(["session_id", "=", "s"]),
                json!(["test_passed", "=", false]),
                json!(["confidence", ">=", 0.5]),
                json!({"any": [["file_path", "=", "src/a.rs"], ["files", "has", "src/a.rs"]]}),
                json!({"all": [["tags", "has", "a"], ["tags", "has", "b"]]}),
            ]
        );
        assert_eq!(wanted.within(), Some("user:a"));
        assert_eq!(Wanted::default().within(), None);
    }

    #[test]
    fn what_lists_have_can_be_asked_by_id() {
        let wanted = wanted(json!({"tags": [" a"], "file_path": "./src/a.rs"}));
        assert_eq!(wanted.in_lists(), [("tags", "a".to_owned()), ("files", "src/a.rs".into())]);
        assert_eq!(
            wanted.conditions_by(|named| json!(["id", "in", [named.1.len()]])).unwrap(),
            [json!(["id", "in", [8]]), json!({"any": [["id", "in", [1]]]}),]
        );
        let folder: Wanted = serde_json::from_value(json!({"file_path": "src/"})).unwrap();
        assert!(folder.in_lists().is_empty());
    }

    #[test]
    fn a_folder_is_a_prefix() {
        for (given, prefix) in [("src/", "src/"), ("./src//", "src/"), ("/", "/")] {
            assert_eq!(
                wanted(json!({"file_path": given})).conditions().unwrap(),
                [json!(["file_path", "prefix", prefix])]
            );
        }
    }

    #[test]
    fn the_window_comes_from_the_most_particular_word() {
        let now = 1_787_306_400_000;
        assert_eq!(
            wanted(json!({"timeframe": "today", "start": 5})).window(now),
            window("today", now).map(|(a, b)| (Some(a), Some(b)))
        );
        assert_eq!(wanted(json!({"start": 5})).window(now), Ok((Some(5), None)));
        assert_eq!(wanted(json!({})).window(now), Ok((None, None)));
        assert!(wanted(json!({"start": 5, "end": 5})).window(now).is_err());
        assert_eq!(during(Some(5), Some(9)), [json!(["timestamp", ">=", 5]), json!(["timestamp", "<", 9])]);
    }

    #[test]
    fn pages_are_bounded() {
        assert_eq!(wanted(json!({"limit": 100_000})).page(10), MOST);
        assert_eq!(wanted(json!({})).page(10), 10);
    }
}
