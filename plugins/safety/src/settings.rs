//! The operator's settings, with the defaults the manifest states.

use crate::policy::Decision;
use serde::Deserialize;

/// Where memories of the bundled layers are, as far as they may be read.
pub const SCANNED: [&str; 8] = [
    "semantic.memories",
    "episodic.events",
    "prospective.tasks",
    "procedural.procedures",
    "graph.observations",
    "entries.memories",
    "documents.chunks",
    "swarm.tasks",
];

/// Read by the component at each call; the host fills in defaults from the manifest's schema.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// What holds for an action no policy names.
    pub default_decision: Decision,
    /// A change of this score or more wants approval, policy or not.
    pub approval_score: u32,
    /// Collections that are looked through for sensitive data; those that are not there or not granted are told.
    pub scanned: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { default_decision: Decision::Allow, approval_score: 50, scanned: SCANNED.map(str::to_owned).to_vec() }
    }
}
