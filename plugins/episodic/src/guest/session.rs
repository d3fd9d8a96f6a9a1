//! Reading the events an algorithm works on: one session or a range of time, in order, as much as fits.

use super::EVENTS;
use crate::filter::{during, namespace};
use crate::moment::Moment;
use crate::observed::{FIELDS, Observed};
use crate::temporal::{last_pause, resume};
use memstrata_sdk::{Fault, Map, Query, Value, json};
use serde::Deserialize;

/// Which events, and the options of the algorithms that read them.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Reach {
    pub(super) namespace: String,
    pub(super) session_id: Option<String>,
    pub(super) start: Option<Moment>,
    pub(super) end: Option<Moment>,
    pub(super) limit: Option<u32>,
    pub(super) causality_threshold: Option<f64>,
    pub(super) pattern: Option<String>,
    pub(super) threshold: Option<f64>,
    pub(super) gamma: Option<f64>,
    pub(super) window: Option<usize>,
    pub(super) min_tokens: Option<usize>,
    pub(super) max_tokens: Option<usize>,
    pub(super) text: Option<String>,
    pub(super) min_spacing: Option<usize>,
    pub(super) max_coherence: Option<f64>,
    pub(super) prominence: Option<f64>,
}

/// What was read.
pub(super) struct Read {
    /// The rows, in order of time.
    pub(super) rows: Vec<Value>,
    /// The rows as the algorithms see them.
    pub(super) events: Vec<Observed>,
    /// Where to go on, if there is more.
    pub(super) next_start: Option<i64>,
}

impl Reach {
    /// Reads at most `limit` events, `default` without one.
    pub(super) fn read(&self, default: u32) -> Result<Read, Fault> {
        let most = self.limit.unwrap_or(default).clamp(2, 2_000) as usize;
        let mut query = Query::of(EVENTS)
            .namespace(namespace(&self.namespace))?
            .filter_if("session_id", "=", self.session_id.as_deref())?
            .ascending("timestamp")?
            .select(&[FIELDS.as_slice(), &MORE].concat())?
            .limit(500);
        for condition in during(self.start.map(|m| m.0), self.end.map(|m| m.0)) {
            query = query.filter(condition)?;
        }
        let mut rows = query.all(most + 1)?;
        let more = rows.len() > most;
        rows.truncate(most);
        let events = rows.iter().map(Observed::of).collect();
        let mut read = Read { rows, events, next_start: None };
        read.next_start = if more { resume(&read.events, 0) } else { None };
        Ok(read)
    }
}

/// What the glue needs of a row beside what the algorithms read.
const MORE: [&str; 4] = ["namespace", "surprise_score", "surprise_normalized", "surprise_coherence"];

impl Read {
    /// For rules that look ahead this far: the next read begins where not all of it was in sight.
    pub(super) fn looking_ahead(mut self, ahead: i64) -> Self {
        self.next_start = self.next_start.and_then(|_| resume(&self.events, ahead));
        self
    }

    /// For rules that work on stretches between pauses: what follows the last pause is left to the next read.
    pub(super) fn until_the_last_pause(mut self) -> Self {
        if self.next_start.is_some()
            && let Some((whole, next)) = last_pause(&self.events)
        {
            self.events.truncate(whole);
            self.rows.truncate(whole);
            self.next_start = Some(next);
        }
        self
    }

    /// Adds where to go on to an answer.
    pub(super) fn finish(&self, mut answer: Map<String, Value>) -> Value {
        super::put(&mut answer, "next_start", self.next_start.map(|at| json!(at)));
        answer.into()
    }
}
