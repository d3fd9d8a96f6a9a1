//! The operator's settings, with the defaults the manifest states.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Words that mean the active strategy until the operator maps them.
pub const PROFILES: [&str; 6] = ["balanced", "speed", "quality", "minimal", "custom", "auto"];

/// Read by the component at each call; the host fills in defaults from the manifest's schema.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// What callers call a strategy, to its configured name; empty means the active one.
    pub strategies: BTreeMap<String, String>,
    /// The collection of raw events.
    pub events: String,
    /// The collections derived memories go to.
    pub memories: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            strategies: BTreeMap::new(),
            events: "episodic.events".to_owned(),
            memories: vec!["semantic.memories".to_owned()],
        }
    }
}

impl Settings {
    /// The configured strategy that a caller means; `None` is the active one.
    #[must_use]
    pub fn strategy(&self, said: &str) -> Option<String> {
        let mapped = match self.strategies.get(said) {
            Some(name) => name.as_str(),
            None if PROFILES.contains(&said) => "",
            None => said,
        };
        (!mapped.is_empty()).then(|| mapped.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_mapped_and_other_names_pass() {
        let mut settings = Settings::default();
        for profile in PROFILES {
            assert_eq!(settings.strategy(profile), None);
        }
        assert_eq!(settings.strategy("mine").as_deref(), Some("mine"));
        settings.strategies.insert("speed".into(), "fast_one".into());
        settings.strategies.insert("mine".into(), String::new());
        assert_eq!((settings.strategy("speed").as_deref(), settings.strategy("mine")), (Some("fast_one"), None));
    }
}
