//! The configuration: one TOML file over the defaults, environment over both, all faults reported at once.

mod load;
mod resolve;

pub use load::{DEFAULT, load};
pub use resolve::{Resolved, resolve};

use memstrata_gateway::GatewayConfig;
use memstrata_runtime::Limits;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The whole configuration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The data directory; empty: the user's.
    pub data: PathBuf,
    /// The space of callers that name none.
    pub default_space: String,
    pub store: StoreConfig,
    pub workers: WorkersConfig,
    pub limits: Limits,
    pub embedder: toml::Table,
    #[serde(default)]
    pub llm: Option<toml::Table>,
    pub gateway: GatewayConfig,
    /// Default tools: name -> operation.
    pub tools: toml::Table,
    pub layers: BTreeMap<String, LayerConfig>,
    pub log: LogConfig,
}

/// How spaces are kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    pub durability: String,
    pub group_commit: usize,
    pub open_spaces: usize,
}

/// Worker threads and their queue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkersConfig {
    pub interactive: usize,
    pub slow: usize,
    pub queue: usize,
}

/// One layer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerConfig {
    #[serde(default = "yes")]
    pub enabled: bool,
    pub source: String,
    #[serde(default)]
    pub interfaces: BTreeSet<String>,
    #[serde(default)]
    pub reads: BTreeSet<String>,
    #[serde(default)]
    pub writes: BTreeSet<String>,
    #[serde(default)]
    pub settings: toml::Table,
}

/// The log.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    pub filter: String,
    pub format: String,
}

fn yes() -> bool {
    true
}
