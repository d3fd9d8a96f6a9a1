//! Whether an event, a place or a file sets a stored trigger off.

use crate::pattern::{glob, normalise, phrase, same_file};
use memstrata_sdk::Value;
use serde::Deserialize;

/// What happened, as far as triggers care.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs)] // the names are those of episodic events
pub struct Happening {
    pub event_type: String,
    pub outcome: String,
    pub content: String,
    pub files: Vec<String>,
}

/// Where the agent is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs)] // described in the manifest
pub struct Place {
    pub location: String,
    pub open_files: Vec<String>,
    pub tags: Vec<String>,
}

/// A condition's text field; none where it asks for nothing.
fn asked<'a>(condition: &'a Value, field: &str) -> Option<&'a str> {
    condition.get(field).and_then(Value::as_str)
}

fn any_file(condition: &Value, files: &[String]) -> bool {
    asked(condition, "file_path").is_none_or(|path| files.iter().any(|file| same_file(path, file)))
        && asked(condition, "file_pattern").is_none_or(|pattern| files.iter().any(|file| glob(pattern, file)))
}

/// Whether something that happened sets a stored `event` or `file` trigger off: all that its condition asks must hold.
#[must_use]
pub fn happens(kind: &str, condition: &Value, it: &Happening) -> bool {
    match kind {
        "event" => {
            asked(condition, "event_type").is_none_or(|wanted| wanted == it.event_type)
                && asked(condition, "outcome").is_none_or(|wanted| wanted == it.outcome)
                && asked(condition, "content_pattern").is_none_or(|pattern| phrase(pattern, &it.content))
                && any_file(condition, &it.files)
        }
        "file" => !it.files.is_empty() && any_file(condition, &it.files),
        _ => false,
    }
}

/// Whether a place sets a stored `context` trigger off: the location is it, or a part of it by whole segments, or a glob of it; one of the open
/// files fits; all tags are there.
#[must_use]
pub fn is_at(condition: &Value, place: &Place) -> bool {
    let location = |wanted: &str| {
        let (wanted, here) = (normalise(wanted), normalise(&place.location));
        let (wanted, here) = (wanted.trim_end_matches('/'), here.trim_end_matches('/'));
        !here.is_empty()
            && (here.eq_ignore_ascii_case(wanted)
                || here.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('/'))
                || glob(wanted, here))
    };
    let open = |wanted: &str| place.open_files.iter().any(|file| same_file(wanted, file) || glob(wanted, file));
    let tags = crate::row::texts(condition, "tags");
    asked(condition, "location").is_none_or(location)
        && asked(condition, "file_open").is_none_or(open)
        && tags.iter().all(|tag| place.tags.iter().any(|here| here.eq_ignore_ascii_case(tag)))
}

/// Whether a trigger of one namespace hears what happens in another: its own and those below it; the empty one hears all.
#[must_use]
pub fn hears(own: &str, other: &str) -> bool {
    own.is_empty() || own == other || other.strip_prefix(own).is_some_and(|rest| rest.starts_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    #[test]
    fn all_that_a_condition_asks_must_hold() {
        let it = Happening {
            event_type: "test_run".into(),
            outcome: "failure".into(),
            content: "The login test failed".into(),
            files: vec!["/p/src/login.rs".into()],
        };
        for (kind, condition, fires) in [
            ("event", json!({"event_type": "test_run", "outcome": "failure"}), true),
            ("event", json!({"event_type": "test_run", "outcome": "success"}), false),
            ("event", json!({"content_pattern": "login", "file_pattern": "*.rs"}), true),
            ("event", json!({"content_pattern": "log"}), false),
            ("event", json!({"file_pattern": "*.py"}), false),
            ("file", json!({"file_path": "src/login.rs"}), true),
            ("file", json!({"file_pattern": "src/**"}), true),
            ("file", json!({"file_path": "src/logout.rs"}), false),
            ("time", json!({}), false),
        ] {
            assert_eq!(happens(kind, &condition, &it), fires, "{kind} {condition}");
        }
        assert!(!happens("file", &json!({}), &Happening::default()));
    }

    #[test]
    fn a_context_is_a_place_by_whole_segments() {
        let place = Place {
            location: "/home/ada/shop/api/".into(),
            open_files: vec!["src/pay.rs".into()],
            tags: vec!["Home".into(), "evening".into()],
        };
        for (condition, fits) in [
            (json!({"location": "/home/ada/shop"}), true),
            (json!({"location": "/home/ada/sho"}), false),
            (json!({"location": "/home/*/shop/**"}), true),
            (json!({"file_open": "*.rs"}), true),
            (json!({"file_open": "pay.py"}), false),
            (json!({"tags": ["home"]}), true),
            (json!({"tags": ["home", "morning"]}), false),
            (json!({"location": "/home/ada/shop", "tags": ["office"]}), false),
        ] {
            assert_eq!(is_at(&condition, &place), fits, "{condition}");
        }
        assert!(!is_at(&json!({"location": "x"}), &Place::default()));
    }

    #[test]
    fn a_namespace_hears_itself_and_what_is_below() {
        for (own, other, heard) in
            [("", "a:b", true), ("a", "a", true), ("a", "a:b", true), ("a", "ab", false), ("a:b", "a", false)]
        {
            assert_eq!(hears(own, other), heard, "{own} {other}");
        }
    }
}
