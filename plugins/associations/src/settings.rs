//! The operator's settings, with the defaults the manifest states.

use crate::decay::DAY_MS;
use serde::Deserialize;

/// Read by the component at each call; the host fills in defaults from the manifest's schema.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// A younger link is pruned only if use has weakened it. The requirements name no age; a week is our choice.
    pub minimum_age_days: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { minimum_age_days: 7 }
    }
}

impl Settings {
    /// The minimum age in ms.
    #[must_use]
    pub const fn minimum_age_ms(&self) -> u64 {
        self.minimum_age_days.saturating_mul(DAY_MS)
    }
}
