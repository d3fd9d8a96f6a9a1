//! What an operator says of consolidation.

use super::{Quota, Trigger};

/// Consolidation as it is configured.
#[derive(Debug, Clone)]
pub struct ConsolidationOptions {
    /// How many rows one run may end.
    pub quota: Quota,
    /// The strategy that runs where none is named, until another is promoted.
    pub active: Option<String>,
    /// Strategies tried beside the active one before it runs by itself.
    pub candidates: Vec<String>,
    /// When a candidate takes its place.
    pub promotion: PromotionRule,
    /// The operation that pinned recalls ask: it takes `query` and `limit`, and answers `hits` with `id`.
    pub recall: Option<String>,
    /// What sets runs off by itself.
    pub triggers: Vec<Trigger>,
    /// The share of its time a run works while clients are answered, above 0 to 1: it waits between units.
    pub busy_share: f64,
}

impl Default for ConsolidationOptions {
    fn default() -> Self {
        Self {
            quota: Quota::default(),
            active: None,
            candidates: Vec::new(),
            promotion: PromotionRule::default(),
            recall: None,
            triggers: Vec::new(),
            busy_share: 0.05,
        }
    }
}

/// When a candidate becomes the active strategy without a command.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PromotionRule {
    /// So many comparisons in a row must be won; 0: never by rule.
    pub wins: u32,
    /// A comparison is won by a score higher by so much.
    pub margin: f64,
}

impl Default for PromotionRule {
    fn default() -> Self {
        Self { wins: 0, margin: 0.05 }
    }
}
