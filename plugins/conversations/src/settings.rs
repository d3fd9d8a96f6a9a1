//! The operator's settings, with the defaults the manifest states.

use serde::Deserialize;

/// Read by the component at each call; the host fills in defaults from the manifest's schema.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Tokens of messages that resuming and recovering answer, where the caller names no budget.
    pub token_budget: u64,
    /// Newest messages a gist is made of.
    pub gist_messages: usize,
    /// Sentences of a gist.
    pub gist_sentences: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { token_budget: 4_000, gist_messages: 200, gist_sentences: 5 }
    }
}
