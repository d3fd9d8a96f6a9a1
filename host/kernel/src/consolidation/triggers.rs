//! What sets a run off by itself: a time of day, a period, rows that wait, a pause, an event.

use super::cut::waiting;
use super::records::{HOST, RUNS, host_session};
use crate::api::CallError;
use crate::kernel::{Kernel, now_ms};
use crate::layers::Layer;
use memstrata_store::{Condition, Due, Query, Space, StoreError};
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 86_400_000;

/// What sets runs off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// When.
    pub when: When,
    /// The strategy; none: the active one.
    pub strategy: Option<String>,
    /// The spaces; none named: all.
    pub spaces: Vec<String>,
}

/// When a run begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Each day at this minute after midnight UTC.
    Daily {
        /// 0 to 1439.
        minute: u32,
    },
    /// Each time so many ms have passed.
    Every {
        /// The period.
        ms: u64,
    },
    /// So many rows wait that no run has looked at.
    Rows {
        /// How many.
        rows: u64,
    },
    /// Rows wait, and none has come for so many ms: a session has ended.
    Idle {
        /// The pause.
        ms: u64,
    },
    /// A layer emitted this event: `layer.name`.
    Event {
        /// Its name.
        name: String,
    },
}

/// A span of time as a configuration writes it.
fn span(ms: u64) -> String {
    let units = [("d", DAY_MS), ("h", 60 * MINUTE_MS), ("m", MINUTE_MS), ("s", 1_000), ("ms", 1)];
    let whole = units.into_iter().find(|(_, long)| ms >= *long && ms.is_multiple_of(*long));
    whole.map_or_else(|| "0s".to_owned(), |(unit, long)| format!("{}{unit}", ms / long))
}

impl fmt::Display for When {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Daily { minute } => write!(out, "at={:02}:{:02}", minute / 60, minute % 60),
            Self::Every { ms } => write!(out, "every={}", span(*ms)),
            Self::Rows { rows } => write!(out, "rows={rows}"),
            Self::Idle { ms } => write!(out, "idle={}", span(*ms)),
            Self::Event { name } => write!(out, "event={name}"),
        }
    }
}

impl Trigger {
    /// What processes that share it call it: the same words in two configurations are the same trigger.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.strategy {
            Some(strategy) => format!("{}/{strategy}", self.when),
            None => self.when.to_string(),
        }
    }

    /// Whether it is for a space.
    #[must_use]
    pub fn concerns(&self, space: &str) -> bool {
        self.spaces.is_empty() || self.spaces.iter().any(|one| one == space)
    }

    /// Under which name its events are acknowledged.
    pub(super) fn subscriber(&self) -> String {
        format!("{HOST}.{}", self.name())
    }

    /// The due time that follows, for one of a clock. Times that were missed are not made up for.
    pub(super) fn next_due(&self, due: u64, now: u64) -> Option<u64> {
        match self.when {
            When::Daily { minute } => {
                let today = now / DAY_MS * DAY_MS + u64::from(minute) * MINUTE_MS;
                Some(if today > now { today } else { today + DAY_MS })
            }
            When::Every { ms } => Some((due + ms).max(now + ms / 2)),
            _ => None,
        }
    }
}

/// What an event says of the run it asks for.
#[derive(Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    pub(super) strategy: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) since: Option<u64>,
    pub(super) again: bool,
    pub(super) dry_run: bool,
    /// A text of whoever asks, by which the run is found again.
    pub(super) request: Option<String>,
}

impl Wanted {
    /// # Errors
    /// `invalid.argument` for a payload that is no such object.
    pub(super) fn of(delivery: &Due) -> Result<Self, CallError> {
        match &delivery.payload {
            None | Some(Value::Null) => Ok(Self::default()),
            Some(payload) => serde_json::from_value(payload.clone()).map_err(|error| {
                CallError::new("invalid.argument", format!("the event's payload asks for no run: {error}"))
            }),
        }
    }
}

impl Kernel {
    /// Makes ready what triggers need in a space that is opened: due times and subscriptions.
    pub(crate) fn prepare_triggers(&self, space: &Arc<Space>) -> Result<(), StoreError> {
        let now = now_ms();
        for trigger in &self.shared.options.consolidation.triggers {
            if !trigger.concerns(space.name()) {
                continue;
            }
            if let When::Event { .. } = &trigger.when {
                space.subscribe(&trigger.subscriber())?;
            } else if let Some(first) = trigger.first_due(now) {
                self.shared.control.ensure_schedule(space.name(), HOST, &trigger.name(), first - now)?;
            }
        }
        Ok(())
    }

    /// How many rows wait that no run of this strategy has looked at, and when the newest of them came.
    pub(super) fn waiting(&self, space: &Arc<Space>, layer: &Layer) -> Result<(u64, Option<u64>), CallError> {
        let Some(spec) = &layer.plugin.manifest().strategy else { return Ok((0, None)) };
        let mut session = host_session(self, space, now_ms());
        let mut runs = Query::new(space.collection(RUNS)?);
        runs.filter(Condition::parse(&json!(["strategy", "=", layer.name()]).to_string())?)?;
        runs.order_by("started_at", true)?;
        runs.limit(RECENT);
        let (mut seen, mut undone) = (0, None);
        for row in session.rows(&runs)?.rows {
            let run: Value = serde_json::from_str(&row).unwrap_or_default();
            let number = |field: &str| run.get(field).and_then(Value::as_u64).unwrap_or_default();
            // One that looked at a part only says nothing of the rest.
            let part = |field: &str| run.pointer(field).is_some_and(|part| !part.is_null() && part != "");
            if run.get("status").is_some_and(|status| status == "undone") {
                undone = undone.max(Some(number("updated_at")));
            } else if run.get("status").is_some_and(|status| status == "cancelled") {
                // It did not come to all rows.
            } else if !["/request/namespace", "/request/since", "/request/scope"].into_iter().any(part) {
                seen = seen.max(number("as_of"));
            }
        }
        let mut rows = waiting(&space.collection(&spec.collection)?, spec)?;
        // Somebody took a run back: what it did is not done again behind their back.
        if let Some(undone) = undone {
            rows.filter(Condition::parse(&json!(["updated_at", ">", undone]).to_string())?)?;
        }
        Ok(session.written_after(&rows, seen)?)
    }
}

/// Runs looked at to learn what was seen before.
const RECENT: u32 = 50;

impl Trigger {
    /// The first due time of one of a clock.
    fn first_due(&self, now: u64) -> Option<u64> {
        match self.when {
            When::Every { ms } => Some(now + ms),
            _ => self.next_due(now, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trigger(when: When) -> Trigger {
        Trigger { when, strategy: None, spaces: Vec::new() }
    }

    #[test]
    fn due_times_follow_and_missed_ones_are_not_made_up_for() {
        let night = trigger(When::Daily { minute: 120 });
        let day = 20_000 * DAY_MS;
        let two = day + 2 * 60 * MINUTE_MS;
        assert_eq!(night.first_due(day), Some(two));
        assert_eq!(night.next_due(two, two + 5), Some(two + DAY_MS));
        assert_eq!(night.next_due(two, two + 3 * DAY_MS + 5), Some(two + 4 * DAY_MS));
        let often = trigger(When::Every { ms: 1_000 });
        assert_eq!(often.next_due(10_000, 10_200), Some(11_000));
        assert_eq!(often.next_due(10_000, 19_900), Some(20_400));
        assert_eq!(trigger(When::Rows { rows: 5 }).next_due(1, 2), None);
    }

    #[test]
    fn names_tell_triggers_apart() {
        assert_eq!(trigger(When::Daily { minute: 125 }).name(), "at=02:05");
        let named = Trigger { strategy: Some("mine".into()), ..trigger(When::Event { name: "a.b".into() }) };
        assert_eq!((named.name().as_str(), named.subscriber().as_str()), ("event=a.b/mine", "host.event=a.b/mine"));
        assert_eq!(trigger(When::Every { ms: 36 * 3_600_000 }).name(), "every=36h");
        assert_eq!(trigger(When::Idle { ms: 1_500 }).name(), "idle=1500ms");
        assert!(named.concerns("any"));
        assert!(!Trigger { spaces: vec!["one".into()], ..named }.concerns("two"));
    }

    #[test]
    fn a_payload_says_what_it_wants_or_is_refused() {
        let due = |payload: Value| Due { seq: 1, n: 0, at: 0, id: None, payload: Some(payload) };
        let full = json!({"strategy": "s", "namespace": "user:a", "since": 5, "again": true, "dry_run": true, "request": "q", "more": 1});
        let wanted = Wanted::of(&due(full)).unwrap();
        assert_eq!(
            (wanted.strategy.as_deref(), wanted.since, wanted.request.as_deref()),
            (Some("s"), Some(5), Some("q"))
        );
        assert!(wanted.again && wanted.dry_run);
        assert_eq!(Wanted::of(&due(json!({}))).unwrap(), Wanted::default());
        assert_eq!(Wanted::of(&due(json!({"since": "soon"}))).unwrap_err().code, "invalid.argument");
    }
}
