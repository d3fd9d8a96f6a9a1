//! The configuration: one TOML file over the defaults, environment over both, all faults reported at once.

mod load;
mod resolve;

pub(crate) use load::{DEFAULT, load};
pub(crate) use resolve::{Resolved, resolve};

use memstrata_gateway::GatewayConfig;
use memstrata_runtime::Limits;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The whole configuration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The data directory; empty: the user's.
    pub(crate) data: PathBuf,
    /// Where compiled components are kept; empty: in the data directory.
    pub(crate) cache: PathBuf,
    /// The space of callers that name none.
    pub(crate) default_space: String,
    pub(crate) store: StoreConfig,
    pub(crate) workers: WorkersConfig,
    pub(crate) limits: Limits,
    pub(crate) embedder: toml::Table,
    #[serde(default)]
    pub(crate) llm: Option<toml::Table>,
    pub(crate) gateway: GatewayConfig,
    /// Default tools: name -> operation.
    pub(crate) tools: toml::Table,
    pub(crate) layers: BTreeMap<String, LayerConfig>,
    /// Consolidation strategies: components too.
    #[serde(default)]
    pub(crate) strategies: BTreeMap<String, LayerConfig>,
    pub(crate) consolidation: ConsolidationConfig,
    pub(crate) log: LogConfig,
}

/// How spaces are kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoreConfig {
    pub(crate) durability: String,
    pub(crate) group_commit: usize,
    pub(crate) open_spaces: usize,
}

/// Worker threads and their queue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkersConfig {
    pub(crate) interactive: usize,
    pub(crate) slow: usize,
    pub(crate) queue: usize,
}

/// One layer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LayerConfig {
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    pub(crate) source: String,
    #[serde(default)]
    pub(crate) interfaces: BTreeSet<String>,
    #[serde(default)]
    pub(crate) reads: BTreeSet<String>,
    #[serde(default)]
    pub(crate) writes: BTreeSet<String>,
    #[serde(default)]
    pub(crate) settings: toml::Table,
}

/// What consolidation may do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsolidationConfig {
    pub(crate) end_share: f64,
    pub(crate) end_least: u64,
}

/// The log.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogConfig {
    pub(crate) filter: String,
    pub(crate) format: String,
}

fn yes() -> bool {
    true
}
