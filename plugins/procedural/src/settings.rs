//! The operator's settings, with the defaults the manifest states.

use serde::Deserialize;

/// Read by the component at each call; the host fills in defaults from the manifest's schema.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How far back extraction looks, in days.
    pub lookback_days: u64,
    /// Extraction needs so many events.
    pub least_events: u64,
    /// Events of a chain, at least.
    pub least_chain: u64,
    /// How often a chain must have occurred.
    pub least_occurrences: u64,
    /// The share of successful chains must be greater than this.
    pub least_success: f64,
    /// Events of a session further apart than this are of two chains, in minutes.
    pub gap_minutes: u64,
    /// The success share a procedure is judged against.
    pub wanted_success: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lookback_days: 30,
            least_events: 5,
            least_chain: 3,
            least_occurrences: 3,
            least_success: 0.7,
            gap_minutes: 60,
            wanted_success: 0.7,
        }
    }
}

impl Settings {
    /// The gap in ms.
    #[must_use]
    pub fn gap_ms(&self) -> u64 {
        self.gap_minutes.saturating_mul(60_000)
    }
}
