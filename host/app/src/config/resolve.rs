//! From configuration to what the floors take: files and secrets read, every fault named.

use super::triggers::read_triggers;
use super::{Config, LayerConfig, import_faults};
use crate::cli::Global;
use crate::transfer::Import;
use anyhow::{Context as _, Result, bail};
use cap_std::fs::Dir;
use indexmap::IndexMap;
use memstrata_gateway::{GatewayConfig, ResolvedToken};
use memstrata_kernel::{ConsolidationOptions, KernelOptions, LayerOptions, LlmBudget, PromotionRule, Quota};
use memstrata_models::{Embedder, HttpEmbedder, HttpLlm, Llm, ProviderConfig, Remembered, Secret, StaticEmbedding};
use memstrata_runtime::{Folders, Grants, Wasm};
use memstrata_store::{Durability, SpaceOptions};
use serde::Deserialize as _;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of vectors remembered by text.
const REMEMBERED: usize = 32 << 20;

/// What the floors take.
pub(crate) struct Resolved {
    pub(crate) kernel: KernelOptions,
    pub(crate) gateway: GatewayConfig,
    pub(crate) tokens: Vec<ResolvedToken>,
    pub(crate) imports: IndexMap<String, Import>,
    /// Granted folders: layer -> name -> path.
    pub(crate) folders: BTreeMap<String, BTreeMap<String, PathBuf>>,
}

/// Reads what the configuration names.
///
/// # Errors
/// Every fault at once.
pub(crate) fn resolve(config: Config, global: &Global, file: Option<&Path>) -> Result<Resolved> {
    let mut faults = Vec::new();
    let folder = file.and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
    let data = match (&global.data, config.data.as_os_str().is_empty()) {
        (Some(data), _) => Some(data.clone()),
        (None, false) => Some(folder.join(&config.data)),
        (None, true) => user_data(),
    };
    if data.is_none() {
        faults.push("data: neither XDG_DATA_HOME nor HOME is set; name a folder with --data".to_owned());
    }
    let mut note = |result: Result<()>| {
        if let Err(error) = result {
            faults.push(format!("{error:#}"));
        }
    };
    let (mut layers, mut folders) = (BTreeMap::new(), BTreeMap::new());
    for (name, layer) in config.layers.iter().filter(|(_, layer)| layer.enabled) {
        let paths = layer.folders.iter().map(|(name, path)| (name.clone(), folder.join(path)));
        folders.insert(name.clone(), paths.collect());
        note(resolve_layer("layers", name, layer, &folder).map(|options| _ = layers.insert(name.clone(), options)));
    }
    for (name, strategy) in config.strategies.iter().filter(|(_, strategy)| strategy.enabled) {
        let resolved = resolve_layer("strategies", name, strategy, &folder);
        note(resolved.and_then(|options| match layers.insert(name.clone(), options) {
            None => Ok(()),
            Some(_) => bail!("strategies.{name} has the name of a layer; take another"),
        }));
    }
    let (triggers, trigger_faults) = read_triggers(&config.consolidation.triggers, &config.strategies);
    trigger_faults.into_iter().for_each(|fault| note(Err(anyhow::anyhow!(fault))));
    let consolidation = ConsolidationOptions { triggers, ..resolve_consolidation(&config) };
    config.consolidation.faults(&config.strategies).into_iter().for_each(|fault| note(Err(anyhow::anyhow!(fault))));
    let mut embedder: Option<Arc<dyn Embedder>> = None;
    note(make_embedder(&config.embedder, &folder).map(|made| embedder = Some(made)));
    let (mut llm, mut llm_budget) = (None, LlmBudget::default());
    if let Some(table) = &config.llm {
        note(make_llm(table, &folder).map(|(made, budget)| (llm, llm_budget) = (Some(made), budget)));
    }
    let durability = match config.store.durability.as_str() {
        "full" => Durability::Full,
        "process" => Durability::Process,
        other => {
            note(Err(anyhow::anyhow!("store.durability `{other}` is none of full, process")));
            Durability::Full
        }
    };
    let mut gateway = config.gateway;
    gateway.default_space = global.space.clone().unwrap_or_else(|| config.default_space.clone());
    for (tool, operation) in &config.tools {
        match operation.as_str() {
            Some(operation) => _ = gateway.tools.insert(tool.clone(), operation.to_owned()),
            None => note(Err(anyhow::anyhow!("tools.{tool} must name an operation, like \"layer.operation\""))),
        }
    }
    gateway.aliases = config.aliases;
    gateway.groups = config.groups;
    let mut tokens = Vec::new();
    for (name, token) in &gateway.tokens {
        let secret = secret(token.token_env.as_deref(), token.token_file.as_deref().map(Path::new), &folder);
        note(secret.and_then(|secret| match secret {
            Some(secret) => {
                tokens.push(ResolvedToken::new(name, &secret));
                Ok(())
            }
            None => bail!("gateway.tokens.{name} needs token_env or token_file"),
        }));
    }
    for fault in gateway.faults() {
        note(Err(anyhow::anyhow!("gateway: {fault}")));
    }
    for fault in import_faults(&config.imports) {
        note(Err(anyhow::anyhow!(fault)));
    }
    for fault in config.limits.faults() {
        note(Err(anyhow::anyhow!(fault)));
    }
    match (embedder, data) {
        (Some(embedder), Some(data)) if faults.is_empty() => Ok(Resolved {
            kernel: KernelOptions {
                data: std::path::absolute(&data).unwrap_or(data),
                cache: (!config.cache.as_os_str().is_empty()).then(|| folder.join(&config.cache)),
                spaces: SpaceOptions {
                    durability,
                    group_commit: config.store.group_commit,
                    open_spaces: config.store.open_spaces.max(1),
                    ..SpaceOptions::default()
                },
                limits: config.limits,
                layers,
                embedder,
                llm,
                llm_budget,
                workers: config.workers.interactive,
                slow_workers: config.workers.slow,
                queue: config.workers.queue,
                default_space: config.default_space,
                background: true,
                consolidation,
            },
            gateway,
            tokens,
            imports: config.imports,
            folders,
        }),
        _ => bail!("the configuration has faults:\n  - {}", faults.join("\n  - ")),
    }
}

fn resolve_consolidation(config: &Config) -> ConsolidationOptions {
    let asked = &config.consolidation;
    ConsolidationOptions {
        quota: Quota { share: asked.end_share, least: asked.end_least },
        active: (!asked.active.is_empty()).then(|| asked.active.clone()),
        candidates: asked.candidates.clone(),
        promotion: PromotionRule { wins: asked.promote_after, margin: asked.promote_margin },
        recall: config.tools.get("recall").and_then(toml::Value::as_str).map(str::to_owned),
        triggers: Vec::new(),
        busy_share: asked.busy_share,
    }
}

/// An absolute folder of the user's: data must not depend on where a client happens to start this program.
fn user_data() -> Option<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).or_else(home).map(|folder| folder.join("memstrata"))
}

fn resolve_layer(section: &str, name: &str, layer: &LayerConfig, folder: &Path) -> Result<LayerOptions> {
    let grants = Grants {
        interfaces: layer.interfaces.clone(),
        reads: layer.reads.clone(),
        writes: layer.writes.clone(),
        folders: open_folders(section, name, layer, folder)?,
    };
    if let Some(fault) = grants.faults().first() {
        bail!("{section}.{name}: {fault}");
    }
    let settings = serde_json::to_value(&layer.settings)
        .ok()
        .and_then(|settings| settings.as_object().cloned())
        .with_context(|| format!("{section}.{name}.settings must be a table"))?;
    let (wasm, origin): (Wasm, String) = match layer.source.as_str() {
        source if source == "bundled" || source.starts_with("bundled:") => {
            let known: Vec<_> = memstrata_bundle::names().collect();
            let component = source.strip_prefix("bundled:").unwrap_or(name);
            let found = memstrata_bundle::bundled(component).with_context(|| {
                format!("{section}.{name}: no component `{component}` is bundled; there are: {}", known.join(", "))
            })?;
            (Wasm::elsewhere(found.digest, move || found.bytes()), source.to_owned())
        }
        path => {
            let path = folder.join(path);
            let bytes =
                std::fs::read(&path).with_context(|| format!("{section}.{name}: cannot read {}", path.display()))?;
            (bytes.into(), path.display().to_string())
        }
    };
    Ok(LayerOptions { wasm: Some(wasm), origin, grants, settings })
}

/// Opens the folders a layer may read; their paths are relative to the configuration.
fn open_folders(section: &str, name: &str, layer: &LayerConfig, folder: &Path) -> Result<Folders> {
    let open = |(called, path): (&String, &PathBuf)| {
        let path = folder.join(path);
        let opened = Dir::open_ambient_dir(&path, cap_std::ambient_authority());
        let opened =
            opened.with_context(|| format!("{section}.{name}.folders.{called}: cannot open {}", path.display()));
        Ok((called.clone(), opened?))
    };
    layer.folders.iter().map(open).collect()
}

fn make_embedder(table: &toml::Table, folder: &Path) -> Result<Arc<dyn Embedder>> {
    if table.get("kind").and_then(toml::Value::as_str) == Some("builtin") {
        if table.len() > 1 {
            bail!("embedder: kind \"builtin\" takes no other key");
        }
        let model = StaticEmbedding::builtin().context("the built-in embedding model is damaged")?;
        return Ok(Arc::new(Remembered::new(Arc::new(model), REMEMBERED)));
    }
    let (config, key) = provider("embedder", table, folder)?;
    let embedder = HttpEmbedder::new(&config, key).map_err(|error| anyhow::anyhow!("embedder: {error}"))?;
    Ok(Arc::new(Remembered::new(Arc::new(embedder), REMEMBERED)))
}

/// The keys of `[llm]` that are what it may cost; the others are the provider's.
const BUDGET: [&str; 5] = ["tokens_per_day", "money_per_day", "money_per_call", "price_input", "price_output"];

fn make_llm(table: &toml::Table, folder: &Path) -> Result<(Arc<dyn Llm>, LlmBudget)> {
    let (budget, provided): (toml::Table, toml::Table) =
        table.clone().into_iter().partition(|(key, _)| BUDGET.contains(&key.as_str()));
    let budget = LlmBudget::deserialize(budget).map_err(|error| anyhow::anyhow!("llm: {}", error.message()))?;
    if let Some(fault) = budget.faults().first() {
        bail!("llm: {fault}");
    }
    let (config, key) = provider("llm", &provided, folder)?;
    let llm = HttpLlm::new(&config, key).map_err(|error| anyhow::anyhow!("llm: {error}"))?;
    Ok((Arc::new(llm), budget))
}

fn provider(section: &str, table: &toml::Table, folder: &Path) -> Result<(ProviderConfig, Option<Secret>)> {
    let config = ProviderConfig::deserialize(table.clone())
        .map_err(|error| anyhow::anyhow!("{section}: {}", error.message()))?;
    let key = secret(config.api_key_env.as_deref(), config.api_key_file.as_deref(), folder)
        .with_context(|| format!("{section}: no key"))?;
    Ok((config, key.map(|key| Secret::new(&key))))
}

/// A secret from a variable or a file.
fn secret(variable: Option<&str>, file: Option<&Path>, folder: &Path) -> Result<Option<String>> {
    match (variable, file) {
        (Some(_), Some(_)) => bail!("name a variable or a file for the secret, not both"),
        (Some(variable), None) => {
            let value = std::env::var(variable).with_context(|| format!("the variable {variable} is not set"))?;
            Ok(Some(value.trim().to_owned()))
        }
        (None, Some(file)) => {
            let file = folder.join(file);
            let value = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            Ok(Some(value.trim().to_owned()))
        }
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../../examples/config/models.toml");

    fn made(text: &str) -> Result<(Arc<dyn Llm>, LlmBudget)> {
        make_llm(&text.parse().unwrap(), Path::new(""))
    }

    /// What goes wrong with a table; empty if nothing does.
    fn fault(text: &str) -> String {
        made(text).err().map(|error| format!("{error:#}")).unwrap_or_default()
    }

    const PLAIN: &str = "kind = \"gemini\"\nbase_url = \"https://host\"\nmodel = \"m\"\n";

    #[test]
    fn every_provider_of_the_example_is_one() {
        let text = EXAMPLE.replace("# [llm]", "[llm]");
        let mut kinds = Vec::new();
        for block in text.split("[llm]\n").skip(1) {
            // A table that is commented out has its keys all the same; other comments have none.
            let lines = block.lines().map(|line| line.strip_prefix("# ").unwrap_or(line));
            let own = lines.take_while(|line| !line.is_empty() && !line.starts_with('['));
            let keys: Vec<&str> = own.filter(|line| line.contains(" = ")).collect();
            let mut table: toml::Table = keys.join("\n").parse().unwrap();
            table.remove("api_key_env");
            make_llm(&table, Path::new("")).unwrap();
            kinds.extend(table["kind"].as_str().map(str::to_owned));
        }
        assert_eq!(kinds, ["anthropic", "gemini", "openai", "ollama"]);
    }

    #[test]
    fn a_budget_stands_beside_the_provider() {
        assert_eq!(made(PLAIN).unwrap().1, LlmBudget::default());
        let budget = made(&format!("{PLAIN}price_input = 1\nprice_output = 2.5\nmoney_per_day = 3\n")).unwrap().1;
        assert_eq!((budget.price_input, budget.price_output, budget.money_per_day), (1.0, 2.5, Some(3.0)));
        assert!(fault(&format!("{PLAIN}money_per_day = 3\n")).contains("price_input"));
        assert!(fault(&format!("{PLAIN}tokens_per_week = 3\n")).contains("tokens_per_week"));
        assert!(fault(&format!("{PLAIN}tokens_per_day = -1\n")).starts_with("llm: "));
    }

    #[test]
    fn a_key_comes_from_a_file_and_is_never_told() {
        let folder = tempfile::tempdir().unwrap();
        let keyed = |key: &str| {
            std::fs::write(folder.path().join("key"), key).unwrap();
            make_llm(&format!("{PLAIN}api_key_file = \"key\"\n").parse().unwrap(), folder.path())
        };
        keyed("sk-hidden\n").unwrap();
        let refused = format!("{:#}", keyed("sk-hid den").err().unwrap());
        assert!(refused.contains("API key") && !refused.contains("den"), "{refused}");
        assert!(fault(&format!("{PLAIN}api_key_env = \"MEMSTRATA_NO_SUCH_KEY\"\n")).contains("MEMSTRATA_NO_SUCH_KEY"));
        assert!(fault(&format!("{PLAIN}api_key = \"sk-hidden\"\n")).contains("api_key"), "a key is not written there");
    }
}
