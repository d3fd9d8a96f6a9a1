//! The operator's settings, with the defaults the manifest states.

use serde::Deserialize;

/// Read by the component at each call; the host fills in defaults from the manifest's schema.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// For how long a retrieved memory stays labile, in minutes.
    pub labile_minutes: u64,
    /// Recency falls linearly to 0 over this many days.
    pub recency_days: f64,
    /// Weight of similarity in the composite rank.
    pub weight_similarity: f64,
    /// Weight of recency in the composite rank.
    pub weight_recency: f64,
    /// Weight of usefulness in the composite rank.
    pub weight_usefulness: f64,
    /// `optimize` prunes below this usefulness ..
    pub prune_below: f64,
    /// .. what was not accessed for this many days.
    pub prune_idle_days: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            labile_minutes: 5,
            recency_days: 90.0,
            weight_similarity: 0.7,
            weight_recency: 0.1,
            weight_usefulness: 0.2,
            prune_below: 0.2,
            prune_idle_days: 90.0,
        }
    }
}

impl Settings {
    /// The labile window in ms.
    #[must_use]
    pub fn labile_ms(&self) -> u64 {
        self.labile_minutes.saturating_mul(60_000)
    }
}
