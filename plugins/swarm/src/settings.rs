//! The operator's settings, with the defaults the manifest states.

use serde::Deserialize;

/// Read by the component at each call; the host fills in defaults from the manifest's schema.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Minutes a task counts for that has no estimate and whose agent type has no completed task to learn from.
    pub default_minutes: f64,
    /// An agent that was not heard of for so many seconds is shown as silent.
    pub silent_seconds: u64,
    /// Whether a `session_id` must name a session of the layer `sessions`, where that layer is there.
    pub check_sessions: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { default_minutes: 30.0, silent_seconds: 300, check_sessions: true }
    }
}
