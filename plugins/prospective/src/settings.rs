//! The operator's settings, with the defaults the manifest states.

use serde::Deserialize;

/// Read by the component at each call; the host fills in defaults from the manifest's schema.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The clock of daily and weekly triggers that name no offset: minutes east of UTC.
    pub utc_offset_minutes: i64,
    /// An active task that did not change for so many days has stalled.
    pub stalled_days: u64,
    /// Minutes a task or a step without an estimate counts for on the critical path.
    pub default_minutes: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { utc_offset_minutes: 0, stalled_days: 7, default_minutes: 30 }
    }
}
