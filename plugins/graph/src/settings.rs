//! The operator's settings, with the defaults the manifest states.

use crate::leiden::Options;
use crate::rank::Weights;
use serde::Deserialize;

/// Read by the component at each call; the host fills in defaults from the manifest's schema.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Names at least so similar are one entity; 1: only names with the same normal form.
    pub resolve_threshold: f64,
    /// Relations a path may read.
    pub path_relations: usize,
    /// Relations an operation over the whole graph may read.
    pub graph_relations: usize,
    /// Communities with fewer members are not kept.
    pub min_community_size: usize,
    /// Leiden's resolution.
    pub resolution: f64,
    /// Leiden's seed.
    pub seed: u64,
    /// Leiden's runs at most.
    pub max_iterations: usize,
    /// Leiden's last run gains less than this.
    pub quality_threshold: f64,
    /// GraphRAG: weight of an entity's own likeness.
    pub weight_similarity: f64,
    /// GraphRAG: weight of its nearness to what was found.
    pub weight_nearness: f64,
    /// GraphRAG: weight of its community's likeness.
    pub weight_community: f64,
}

impl Default for Settings {
    fn default() -> Self {
        let (options, weights) = (Options::default(), Weights::default());
        Self {
            resolve_threshold: 0.9,
            path_relations: 20_000,
            graph_relations: 100_000,
            min_community_size: 2,
            resolution: options.resolution,
            seed: options.seed,
            max_iterations: options.max_iterations,
            quality_threshold: options.quality_threshold,
            weight_similarity: weights.similarity,
            weight_nearness: weights.nearness,
            weight_community: weights.community,
        }
    }
}

impl Settings {
    /// GraphRAG's weights.
    #[must_use]
    pub fn weights(&self) -> Weights {
        Weights { similarity: self.weight_similarity, nearness: self.weight_nearness, community: self.weight_community }
    }
}
