//! Triggers: what a caller may ask for, and the row it becomes.

use crate::occasion::{Rhythm, next};
use crate::vocabulary::WEEKDAYS;
use memstrata_sdk::args::Time;
use memstrata_sdk::reference::Reference;
use memstrata_sdk::{Fault, Map, Value, json};
use serde::Deserialize;

/// Stands in `event_type` of a trigger that hears every type, so that one index finds both.
pub const EVERY: &str = "*";

/// A time of day.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Daily {
    #[serde(default = "nine")]
    hour: u32,
    #[serde(default)]
    minute: u32,
}

/// A time of a day of the week.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weekly {
    weekday: Value,
    #[serde(default = "nine")]
    hour: u32,
    #[serde(default)]
    minute: u32,
}

fn nine() -> u32 {
    9
}

/// The condition of a trigger as a caller gives it; which fields go together depends on the type.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs)] // the fields carry the names of requirements 1.7 and are described in the manifest
pub struct Condition {
    pub due_at: Option<Time>,
    pub daily: Option<Daily>,
    pub weekly: Option<Weekly>,
    pub utc_offset_minutes: Option<i64>,
    pub event_type: Option<String>,
    pub outcome: Option<String>,
    pub content_pattern: Option<String>,
    pub file_pattern: Option<String>,
    pub location: Option<String>,
    pub file_open: Option<String>,
    pub tags: Vec<String>,
    pub depends_on_task: Option<Reference>,
    pub file_path: Option<String>,
}

/// A trigger as a caller gives it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTrigger {
    /// One of [`crate::vocabulary::TRIGGER_TYPES`].
    #[serde(rename = "type")]
    pub kind: String,
    /// What sets it off.
    #[serde(default)]
    pub condition: Condition,
    /// Of `event` and `file`: fires at each occasion, not only at the first.
    #[serde(default)]
    pub recurring: bool,
}

fn weekday(given: &Value) -> Option<u32> {
    let name = |text: &str| {
        let text = text.trim().to_lowercase();
        (text.len() >= 3).then(|| WEEKDAYS.iter().position(|day| day.starts_with(&text)))?
    };
    match given {
        Value::Number(number) => {
            number.as_f64().filter(|day| day.fract() == 0.0 && (0.0..=6.0).contains(day)).map(|day| {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be 0 to 6")]
                let day = day as u32;
                day
            })
        }
        Value::String(text) => name(text).and_then(|place| u32::try_from(place).ok()),
        _ => None,
    }
}

fn minute_of_day(hour: u32, minute: u32) -> Result<u32, Fault> {
    if hour > 23 || minute > 59 {
        return Err(Fault::invalid(format!("{hour}:{minute:02} is no time of day: hour is 0 to 23, minute 0 to 59")));
    }
    Ok(hour * 60 + minute)
}

fn said(text: Option<&String>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
}

impl NewTrigger {
    /// Checks it and makes its row, without `task`, `namespace` and `depends_on`. `offset`: minutes east of UTC where it names none.
    ///
    /// # Errors
    /// `invalid.argument` that says what the type needs.
    pub fn row(&self, now: u64, offset: i64) -> Result<Map<String, Value>, Fault> {
        self.check_fields()?;
        let condition = &self.condition;
        let offset = condition.utc_offset_minutes.unwrap_or(offset);
        if offset.abs() > 14 * 60 {
            return Err(Fault::invalid("`utc_offset_minutes` is from -840 to 840"));
        }
        let mut row = Map::new();
        let mut kept = Map::new();
        let mut recurring = self.recurring;
        if let Some(rhythm) = self.rhythm()? {
            let due = next(rhythm, now, offset);
            row.insert("due_at".into(), json!(due));
            recurring = !matches!(rhythm, Rhythm::Once(_));
            match rhythm {
                Rhythm::Once(at) => kept.insert("due_at".into(), json!(at)),
                Rhythm::Daily { minute } => {
                    kept.insert("daily".into(), json!({"hour": minute / 60, "minute": minute % 60}))
                }
                Rhythm::Weekly { weekday, minute } => kept.insert(
                    "weekly".into(),
                    json!({"weekday": WEEKDAYS.get(weekday as usize), "hour": minute / 60, "minute": minute % 60}),
                ),
            };
            if recurring {
                kept.insert("utc_offset_minutes".into(), json!(offset));
            }
        }
        for (name, value) in [
            ("event_type", &condition.event_type),
            ("outcome", &condition.outcome),
            ("content_pattern", &condition.content_pattern),
            ("file_pattern", &condition.file_pattern),
            ("location", &condition.location),
            ("file_open", &condition.file_open),
            ("file_path", &condition.file_path),
        ] {
            if said(value.as_ref()) {
                kept.insert(name.into(), json!(value));
            }
        }
        if !condition.tags.is_empty() {
            kept.insert("tags".into(), json!(condition.tags));
        }
        row.insert("trigger_type".into(), json!(self.kind));
        row.insert("event_type".into(), kept.get("event_type").cloned().unwrap_or_else(|| json!(EVERY)));
        row.insert("condition".into(), kept.into());
        row.insert("recurring".into(), json!(recurring));
        row.insert("armed".into(), json!(true));
        Ok(row)
    }

    /// The rhythm of a time trigger.
    fn rhythm(&self) -> Result<Option<Rhythm>, Fault> {
        let condition = &self.condition;
        Ok(match (condition.due_at, &condition.daily, &condition.weekly) {
            (Some(at), None, None) => Some(Rhythm::Once(at.0)),
            (None, Some(daily), None) => Some(Rhythm::Daily { minute: minute_of_day(daily.hour, daily.minute)? }),
            (None, None, Some(weekly)) => Some(Rhythm::Weekly {
                weekday: weekday(&weekly.weekday)
                    .ok_or_else(|| Fault::invalid("`weekday` is a name such as `monday`, or 0 (Monday) to 6"))?,
                minute: minute_of_day(weekly.hour, weekly.minute)?,
            }),
            _ => None,
        })
    }

    fn check_fields(&self) -> Result<(), Fault> {
        let condition = &self.condition;
        let given: Vec<&str> = [
            ("due_at", condition.due_at.is_some()),
            ("daily", condition.daily.is_some()),
            ("weekly", condition.weekly.is_some()),
            ("utc_offset_minutes", condition.utc_offset_minutes.is_some()),
            ("event_type", said(condition.event_type.as_ref())),
            ("outcome", said(condition.outcome.as_ref())),
            ("content_pattern", said(condition.content_pattern.as_ref())),
            ("file_pattern", said(condition.file_pattern.as_ref())),
            ("location", said(condition.location.as_ref())),
            ("file_open", said(condition.file_open.as_ref())),
            ("tags", !condition.tags.is_empty()),
            ("depends_on_task", condition.depends_on_task.is_some()),
            ("file_path", said(condition.file_path.as_ref())),
        ]
        .into_iter()
        .filter_map(|(name, given)| given.then_some(name))
        .collect();
        let (takes, needs): (&[&str], &str) = match self.kind.as_str() {
            "time" => (&["due_at", "daily", "weekly", "utc_offset_minutes"], "exactly one of due_at, daily, weekly"),
            "event" => (
                &["event_type", "outcome", "content_pattern", "file_pattern"],
                "one or more of event_type, outcome, content_pattern, file_pattern",
            ),
            "context" => (&["location", "file_open", "tags"], "one or more of location, file_open, tags"),
            "dependency" => (&["depends_on_task"], "depends_on_task"),
            "file" => (&["file_path", "file_pattern"], "file_path or file_pattern"),
            other => {
                let types = crate::vocabulary::TRIGGER_TYPES.join(", ");
                return Err(Fault::invalid(format!("`{other}` is no type of trigger: take one of {types}")));
            }
        };
        let times = given.iter().filter(|name| ["due_at", "daily", "weekly"].contains(name)).count();
        if let Some(stray) = given.iter().find(|name| !takes.contains(name)) {
            return Err(Fault::invalid(format!(
                "a `{}` trigger has no `{stray}`: its condition has {needs}",
                self.kind
            )));
        }
        if given.is_empty() || (self.kind == "time" && times != 1) {
            return Err(Fault::invalid(format!("the condition of a `{}` trigger has {needs}", self.kind)));
        }
        if self.recurring && !["event", "file", "time"].contains(&self.kind.as_str()) {
            return Err(Fault::invalid(format!(
                "a `{}` trigger fires once: leave `recurring` out, rearm_trigger sets it again",
                self.kind
            )));
        }
        Ok(())
    }
}

/// The rhythm a stored condition describes, with its offset; none if it is of no time trigger.
#[must_use]
pub fn stored_rhythm(condition: &Value) -> Option<(Rhythm, i64)> {
    let field = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
    let minute = |value: &Value| Some(field(value, "hour")? * 60 + field(value, "minute")?);
    let offset = condition.get("utc_offset_minutes").and_then(Value::as_i64).unwrap_or_default();
    let rhythm = if let Some(at) = condition.get("due_at").and_then(Value::as_u64) {
        Rhythm::Once(at)
    } else if let Some(daily) = condition.get("daily") {
        Rhythm::Daily { minute: minute(daily)? }
    } else {
        let weekly = condition.get("weekly")?;
        Rhythm::Weekly { weekday: weekday(weekly.get("weekday")?)?, minute: minute(weekly)? }
    };
    Some((rhythm, offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(value: Value) -> Result<Map<String, Value>, Fault> {
        let trigger: NewTrigger = memstrata_sdk::arguments(value)?;
        trigger.row(1_000, 60)
    }

    #[test]
    fn each_type_takes_its_own_condition() {
        for good in [
            json!({"type": "time", "condition": {"due_at": 5_000}}),
            json!({"type": "time", "condition": {"daily": {}}}),
            json!({"type": "time", "condition": {"weekly": {"weekday": "Fri", "hour": 17}, "utc_offset_minutes": -60}}),
            json!({"type": "event", "condition": {"event_type": "error"}, "recurring": true}),
            json!({"type": "context", "condition": {"tags": ["home"]}}),
            json!({"type": "dependency", "condition": {"depends_on_task": "ship"}}),
            json!({"type": "file", "condition": {"file_pattern": "*.rs"}}),
        ] {
            assert!(new(good.clone()).is_ok(), "{good}");
        }
        for (bad, word) in [
            (json!({"type": "time", "condition": {}}), "exactly one"),
            (json!({"type": "time", "condition": {"daily": {}, "due_at": 1}}), "exactly one"),
            (json!({"type": "time", "condition": {"utc_offset_minutes": 0}}), "exactly one"),
            (json!({"type": "time", "condition": {"daily": {"hour": 24}}}), "time of day"),
            (json!({"type": "time", "condition": {"weekly": {"weekday": "someday"}}}), "monday"),
            (json!({"type": "time", "condition": {"daily": {}, "utc_offset_minutes": 900}}), "840"),
            (json!({"type": "event", "condition": {"location": "x"}}), "location"),
            (json!({"type": "event", "condition": {"event_type": " "}}), "event_type"),
            (json!({"type": "context", "condition": {"tags": ["a"]}, "recurring": true}), "rearm_trigger"),
            (json!({"type": "moon", "condition": {}}), "dependency"),
            (json!({"type": "file", "condition": {"path": "a"}}), "path"),
        ] {
            let fault = new(bad.clone()).unwrap_err();
            assert_eq!(fault.code, "invalid.argument");
            assert!(fault.message.contains(word), "{bad}: {}", fault.message);
        }
    }

    #[test]
    fn a_rhythm_is_stored_and_read_back() {
        let row =
            new(json!({"type": "time", "condition": {"weekly": {"weekday": 4, "hour": 17, "minute": 30}}})).unwrap();
        assert_eq!(row["recurring"], true);
        assert_eq!(stored_rhythm(&row["condition"]), Some((Rhythm::Weekly { weekday: 4, minute: 1050 }, 60)));
        let row = new(json!({"type": "time", "condition": {"due_at": "1970-01-02"}})).unwrap();
        assert_eq!((&row["recurring"], &row["due_at"]), (&json!(false), &json!(86_400_000)));
        assert_eq!(stored_rhythm(&row["condition"]), Some((Rhythm::Once(86_400_000), 0)));
        let row = new(json!({"type": "event", "condition": {"outcome": "failure"}})).unwrap();
        assert_eq!((&row["event_type"], stored_rhythm(&row["condition"])), (&json!(EVERY), None));
    }
}
