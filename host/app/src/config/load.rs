//! Reading the configuration: defaults, the file, the environment, in that order.

use super::Config;
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The default configuration, with every key explained.
pub(crate) const DEFAULT: &str = include_str!("default.toml");

/// Names of operations that other systems' clients know: aliases and grouped tools.
const NAMES: &str = include_str!("names.toml");

/// What environment variables of ours begin with; `__` separates the parts of a key.
const PREFIX: &str = "MEMSTRATA__";

/// Reads the configuration; answers it with the file it came from, if there was one.
///
/// # Errors
/// Every key that is unknown or does not fit, with its file.
pub(crate) fn load(named: Option<&Path>) -> Result<(Config, Option<PathBuf>)> {
    let mut table = defaults()?;
    let file = match named {
        Some(file) => Some(file.to_owned()),
        None => usual().into_iter().find(|file| file.is_file()),
    };
    if let Some(file) = &file {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read the configuration {}", file.display()))?;
        let own: Table = text.parse().with_context(|| format!("{} is no TOML", file.display()))?;
        merge(&mut table, own);
    }
    let origin = file.as_ref().map_or_else(|| "the configuration".to_owned(), |file| file.display().to_string());
    from_environment(&mut table, std::env::vars())?;
    match Value::Table(table.clone()).try_into() {
        Ok(config) => Ok((config, file)),
        Err(error) => {
            // A table for each section: serde stops at the first fault of a document, so each is asked alone.
            let faults = section_faults(&table);
            if !faults.is_empty() {
                bail!("{origin} has faults:\n  - {}", faults.join("\n  - "));
            }
            Err(error).with_context(|| format!("{origin} does not fit"))
        }
    }
}

/// What holds where a configuration says nothing else.
fn defaults() -> Result<Table> {
    let mut table: Table = DEFAULT.parse().context("the built-in defaults are broken")?;
    merge(&mut table, NAMES.parse().context("the built-in names are broken")?);
    Ok(table)
}

/// Where a configuration is looked for.
fn usual() -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let folder =
        std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| home.map(|home| home.join(".config")));
    let mut files = vec![PathBuf::from("memstrata.toml")];
    files.extend(folder.map(|folder| folder.join("memstrata/config.toml")));
    files
}

/// Lays one table over another: tables are joined, everything else is replaced.
fn merge(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            // Another kind of embedder shares no key with the default one.
            (Some(Value::Table(_)), Value::Table(over)) if key == "embedder" => {
                under.insert(key, Value::Table(over));
            }
            (Some(Value::Table(under)), Value::Table(over)) => merge(under, over),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

/// Sets `a.b.c` from `MEMSTRATA__A__B__C`; the value is TOML, or else text.
fn from_environment(table: &mut Table, variables: impl Iterator<Item = (String, String)>) -> Result<()> {
    for (name, text) in variables {
        let Some(key) = name.strip_prefix(PREFIX) else { continue };
        let parts: Vec<String> = key.split("__").map(str::to_lowercase).collect();
        let value = format!("v = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("v"));
        let value = value.unwrap_or(Value::String(text));
        let Some((last, folders)) = parts.split_last() else { continue };
        let mut at = &mut *table;
        for folder in folders {
            let next = at.entry(folder.clone()).or_insert_with(|| Value::Table(Table::new()));
            at = match next {
                Value::Table(next) => next,
                _ => bail!("{name}: `{folder}` is no section of the configuration"),
            };
        }
        at.insert(last.clone(), value);
    }
    Ok(())
}

/// What does not fit, section by section and key by key.
fn section_faults(table: &Table) -> Vec<String> {
    let defaults = defaults().unwrap_or_default();
    let mut faults = Vec::new();
    let mut try_one = |section: &str, key: Option<(&String, &Value)>, candidate: Table| {
        if let Err(error) = Value::Table(candidate).try_into::<Config>() {
            let path = key.map_or_else(|| section.to_owned(), |(key, _)| format!("{section}.{key}"));
            faults.push(format!("{path}: {}", error.message().lines().next().unwrap_or_default()));
        }
    };
    for (section, value) in table {
        match (value, defaults.get(section)) {
            (Value::Table(keys), Some(Value::Table(_))) if section != "layers" && section != "embedder" => {
                for (key, value) in keys {
                    let mut candidate = defaults.clone();
                    if let Some(Value::Table(section)) = candidate.get_mut(section) {
                        section.insert(key.clone(), value.clone());
                    }
                    try_one(section, Some((key, value)), candidate);
                }
            }
            (Value::Table(layers), _) if section == "layers" => {
                for (key, value) in layers {
                    let mut candidate = defaults.clone();
                    candidate.insert("layers".into(), Value::Table(Table::from_iter([(key.clone(), value.clone())])));
                    try_one(section, Some((key, value)), candidate);
                }
            }
            _ => {
                let mut candidate = defaults.clone();
                candidate.insert(section.clone(), value.clone());
                try_one(section, None, candidate);
            }
        }
    }
    faults
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_sound_and_complete() {
        let table = defaults().unwrap();
        assert_eq!(section_faults(&table), Vec::<String>::new());
        let config: Config = Value::Table(table).try_into().unwrap();
        assert_eq!(config.limits, memstrata_runtime::Limits::default());
        assert_eq!(config.gateway.bind, memstrata_gateway::GatewayConfig::default().bind);
    }

    #[test]
    fn all_faults_are_named_at_once() {
        let mut table: Table = DEFAULT.parse().unwrap();
        let own =
            "colour = 1\n[store]\ndurability = 7\nfsync = true\n[limits]\nwall_ms = \"x\"\n[layers.a]\nsauce = \"b\"\n";
        merge(&mut table, own.parse().unwrap());
        let faults = section_faults(&table).join("\n");
        for wanted in ["colour", "store.durability", "store.fsync", "limits.wall_ms", "layers.a"] {
            assert!(faults.contains(wanted), "{wanted} in {faults}");
        }
    }

    #[test]
    fn the_environment_overrides() {
        let mut table = defaults().unwrap();
        let set =
            [("MEMSTRATA__STORE__GROUP_COMMIT", "1"), ("MEMSTRATA__GATEWAY__BIND", "127.0.0.1:0"), ("OTHER", "x")];
        from_environment(&mut table, set.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned()))).unwrap();
        let config: Config = Value::Table(table).try_into().unwrap();
        assert_eq!(config.store.group_commit, 1);
        assert_eq!(config.gateway.bind, "127.0.0.1:0");
    }
}
