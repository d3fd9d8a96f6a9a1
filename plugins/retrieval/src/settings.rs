//! The operator's settings, with the defaults the manifest states.

use crate::route::{Routes, default_routes};
use serde::Deserialize;

/// Read by the component at each call; the host fills in defaults from the manifest's schema.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Collections for each sort of question, see [`crate::route`].
    pub routes: Routes,
    /// After so many days a memory counts half as recent.
    pub recency_half_life_days: f64,
    /// Whether `auto` may pick the reflective strategy.
    pub auto_reflective: bool,
    /// Whether a granted language model is asked at all.
    pub use_model: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { routes: default_routes(), recency_half_life_days: 30.0, auto_reflective: false, use_model: true }
    }
}

impl Settings {
    /// The half-life in milliseconds.
    #[must_use]
    pub fn half_life(&self) -> f64 {
        self.recency_half_life_days.max(0.0) * 86_400_000.0
    }
}
