//! The operator's settings, with the defaults the manifest states.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Read by the component at each call.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The critical path of a feasible plan has at most so many minutes.
    pub most_minutes: f64,
    /// Cost of an hour, by name of a team member or role. Empty: costs are not told.
    pub hourly_rates: BTreeMap<String, f64>,
    /// Recorded work counts as similar from so many shared words of all words on.
    pub similar: f64,
    /// Low and high minutes of a step that has an estimate only and no record to tell: as shares of the estimate. A supposition, and answers say so.
    pub spread_low: f64,
    /// See `spread_low`.
    pub spread_high: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { most_minutes: 480.0, hourly_rates: BTreeMap::new(), similar: 0.3, spread_low: 0.75, spread_high: 1.5 }
    }
}
