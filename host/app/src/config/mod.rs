//! The configuration: one TOML file over the defaults, environment over both, all faults reported at once.

mod load;
mod resolve;
mod triggers;

pub(crate) use load::{DEFAULT, load};
pub(crate) use resolve::{Resolved, resolve};

use crate::transfer::{Import, Kind};
use indexmap::IndexMap;
use memstrata_gateway::{GatewayConfig, Group, Route};
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
    /// Other names of operations: name -> operation.
    pub(crate) aliases: IndexMap<String, Route>,
    /// Grouped tools: name -> the names of their operations -> operation.
    pub(crate) groups: IndexMap<String, Group>,
    pub(crate) layers: BTreeMap<String, LayerConfig>,
    /// Consolidation strategies: components too.
    #[serde(default)]
    pub(crate) strategies: BTreeMap<String, LayerConfig>,
    pub(crate) consolidation: ConsolidationConfig,
    /// What an import makes of a kind of record.
    pub(crate) imports: IndexMap<String, Import>,
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
    /// Folders it may read through `files`: by the name it knows, the path.
    #[serde(default)]
    pub(crate) folders: BTreeMap<String, PathBuf>,
    #[serde(default)]
    pub(crate) settings: toml::Table,
}

/// What consolidation may do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsolidationConfig {
    pub(crate) end_share: f64,
    pub(crate) end_least: u64,
    /// The strategy that runs where none is named.
    pub(crate) active: String,
    /// Strategies in shadow beside it.
    pub(crate) candidates: Vec<String>,
    /// Comparisons in a row a candidate must win to become active; 0: only by command.
    pub(crate) promote_after: u32,
    /// By so much.
    pub(crate) promote_margin: f64,
    /// The share of its time a run works while clients are answered.
    pub(crate) busy_share: f64,
    /// What sets runs off by itself.
    #[serde(default)]
    pub(crate) triggers: Vec<toml::Table>,
}

impl ConsolidationConfig {
    /// Everything that is wrong with it.
    fn faults(&self, strategies: &BTreeMap<String, LayerConfig>) -> Vec<String> {
        let mut faults = Vec::new();
        if !(0.0..=1.0).contains(&self.end_share) {
            faults.push("consolidation.end_share must be 0 to 1".to_owned());
        }
        if !(0.001..=1.0).contains(&self.busy_share) {
            faults.push("consolidation.busy_share must be 0.001 to 1".to_owned());
        }
        if !(0.0..=1.0).contains(&self.promote_margin) {
            faults.push("consolidation.promote_margin must be 0 to 1".to_owned());
        }
        let serves = |name: &String| strategies.get(name).is_some_and(|strategy| strategy.enabled);
        let named = self.candidates.iter().chain(Some(&self.active).filter(|name| !name.is_empty()));
        for name in named.filter(|name| !serves(name)) {
            faults.push(format!(
                "consolidation names the strategy `{name}`; there is no [strategies.{name}] that is enabled"
            ));
        }
        faults
    }
}

/// The log.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogConfig {
    pub(crate) filter: String,
    pub(crate) format: String,
}

/// What is wrong with the sections of imports.
fn import_faults(imports: &IndexMap<String, Import>) -> Vec<String> {
    let unknown = imports.keys().filter(|name| Kind::parse(name).is_none());
    let mut faults: Vec<String> =
        unknown.map(|name| format!("imports.{name}: there are entity, relation, memory and event")).collect();
    faults.extend(
        imports
            .iter()
            .filter(|(_, import)| !(1..=1000).contains(&import.size))
            .map(|(name, import)| format!("imports.{name}.size is {}: use 1 to 1000", import.size)),
    );
    faults
}

fn yes() -> bool {
    true
}
