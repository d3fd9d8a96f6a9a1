//! The operator's settings, with the defaults the manifest states.

use serde::Deserialize;

/// Read by the component at each call; the host fills in defaults from the manifest's schema.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Half-life of verbal items, in seconds.
    pub half_life_verbal_s: f64,
    /// Half-life of spatial items, in seconds.
    pub half_life_spatial_s: f64,
    /// Half-life of actions, in seconds.
    pub half_life_action_s: f64,
    /// Half-life of decisions, in seconds.
    pub half_life_decision_s: f64,
    /// Half-life of what the requirements give none for: episodic items and goals, in seconds.
    pub half_life_other_s: f64,
    /// How importance slows fading: `steps` or `linear`, see [`crate::decay::rate_factor`].
    pub importance_rule: String,
    /// From so many items in a component on, the weakest makes room.
    pub soft_limit: u64,
    /// A component refuses beyond so many.
    pub hard_limit: u64,
    /// The soft limit of the episodic buffer.
    pub buffer_soft_limit: u64,
    /// The hard limit of the episodic buffer.
    pub buffer_hard_limit: u64,
    /// The routing forest is asked from so many labelled decisions on.
    pub least_samples: u64,
    /// Operation that stores what is routed to `semantic`.
    pub semantic_operation: String,
    /// Operation that stores what is routed to `episodic`.
    pub episodic_operation: String,
    /// Operation that stores what is routed to `procedural`.
    pub procedural_operation: String,
    /// Operation that stores what is routed to `prospective`.
    pub prospective_operation: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            half_life_verbal_s: 30.0,
            half_life_spatial_s: 45.0,
            half_life_action_s: 20.0,
            half_life_decision_s: 60.0,
            half_life_other_s: 30.0,
            importance_rule: "steps".into(),
            soft_limit: 6,
            hard_limit: 7,
            buffer_soft_limit: 4,
            buffer_hard_limit: 5,
            least_samples: 10,
            semantic_operation: "semantic.remember".into(),
            episodic_operation: "episodic.record_event".into(),
            procedural_operation: "procedural.create_procedure".into(),
            prospective_operation: "prospective.create_task".into(),
        }
    }
}
