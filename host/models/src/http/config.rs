//! How a provider is configured, with its defaults and the check that names every fault at once.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use ureq::http::Uri;

/// The protocol a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// Ollama's own: `/api/embed`, `/api/chat`.
    Ollama,
    /// OpenAI's, which vLLM, LM Studio, llama.cpp and others speak too: `/v1/embeddings`, `/v1/chat/completions`.
    OpenAi,
    /// Anthropic's `/v1/messages`; text only.
    Anthropic,
    /// Google's `/v1beta/models/..:generateContent`; text only.
    Gemini,
}

impl ProviderKind {
    /// The name used in configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ollama => "ollama",
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
        }
    }

    /// Whether it makes vectors too.
    pub(super) fn embeds(self) -> bool {
        matches!(self, Self::Ollama | Self::OpenAi)
    }
}

/// One provider, for embeddings or for text. Unknown keys are refused.
///
/// ```toml
/// kind = "ollama"
/// base_url = "http://localhost:11434"
/// model = "nomic-embed-text"
/// dimension = 768
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// `ollama` or `openai`; for text also `anthropic` and `gemini`.
    pub kind: ProviderKind,
    /// Scheme, host and port, such as `http://localhost:11434` or `https://api.openai.com`; a path prefix is kept, a
    /// final `/v1` (Gemini: `/v1beta`) is understood. No default: where memories are sent is always written down.
    pub base_url: String,
    /// The model's name at the provider; Gemini's is part of a path, so it may hold letters, digits, `-`, `_` and `.` only.
    pub model: String,
    /// Numbers per vector; required for embeddings, refused for text. A provider that sends another is an error.
    #[serde(default)]
    pub dimension: Option<usize>,
    /// Ask the provider to shorten its vectors to `dimension`. Only some models can; others refuse. Default `false`.
    #[serde(default)]
    pub shorten: bool,
    /// Environment variable that holds the key. This crate does not read it; the caller passes a [`Secret`](super::Secret).
    #[serde(default)]
    pub api_key_env: Option<String>,
    /// File that holds the key, likewise.
    #[serde(default)]
    pub api_key_file: Option<PathBuf>,
    /// Most milliseconds for one request; the caller's budget may be shorter. Default 10,000.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
    /// Tries after the first, for 429, 5xx and connection errors only, and within the budget. Default 2.
    #[serde(default = "default_retries")]
    pub retries: u32,
    /// Failed requests in a row that open the circuit breaker; time-outs of short budgets count too. Default 5.
    #[serde(default = "default_breaker_failures")]
    pub breaker_failures: u32,
    /// Milliseconds the open breaker refuses before it lets one probe through. Default 30,000.
    #[serde(default = "default_breaker_cooldown_ms")]
    pub breaker_cooldown_ms: u64,
    /// Most texts in one embedding request. Default 64.
    #[serde(default = "default_batch")]
    pub batch: usize,
}

fn default_timeout_ms() -> u64 {
    10_000
}
fn default_retries() -> u32 {
    2
}
fn default_breaker_failures() -> u32 {
    5
}
fn default_breaker_cooldown_ms() -> u64 {
    30_000
}
fn default_batch() -> usize {
    64
}

impl ProviderConfig {
    /// A provider with every default.
    pub fn new(kind: ProviderKind, base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            kind,
            base_url: base_url.into(),
            model: model.into(),
            dimension: None,
            shorten: false,
            api_key_env: None,
            api_key_file: None,
            timeout_ms: default_timeout_ms(),
            retries: default_retries(),
            breaker_failures: default_breaker_failures(),
            breaker_cooldown_ms: default_breaker_cooldown_ms(),
            batch: default_batch(),
        }
    }

    /// Every fault of this configuration, as sentences; empty if it is usable. Use at start-up, to report all at once.
    /// Whether `dimension` must be there depends on the use, so the providers' constructors check that.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        faults.extend(url_fault(&self.base_url).map(|fault| format!("`base_url` {fault}")));
        if self.model.trim().is_empty() {
            faults.push("`model` is empty".to_owned());
        }
        let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if self.kind == ProviderKind::Gemini && !gemini_model(&self.model).chars().all(sound) {
            faults.push("`model` is no name of a Gemini model: write one like gemini-2.5-flash".to_owned());
        }
        if self.api_key_env.is_some() && self.api_key_file.is_some() {
            faults.push("`api_key_env` and `api_key_file` are both given: keep one".to_owned());
        }
        if self.shorten && self.dimension.is_none() {
            faults.push("`shorten` needs `dimension`".to_owned());
        }
        let mut within = |name: &str, value: u64, range: RangeInclusive<u64>| {
            if !range.contains(&value) {
                faults.push(format!("`{name}` is {value}, not within {}-{}", range.start(), range.end()));
            }
        };
        within("timeout_ms", self.timeout_ms, 1..=600_000);
        within("retries", self.retries.into(), 0..=10);
        within("breaker_failures", self.breaker_failures.into(), 1..=1_000);
        within("breaker_cooldown_ms", self.breaker_cooldown_ms, 1..=3_600_000);
        within("batch", self.batch as u64, 1..=2_048);
        if let Some(dimension) = self.dimension {
            within("dimension", dimension as u64, 1..=16_384);
        }
        faults
    }

    /// `base_url` without a final slash, `/v1` or `/v1beta`.
    pub(super) fn root(&self) -> &str {
        let root = self.base_url.trim().trim_end_matches('/');
        root.strip_suffix("/v1").or_else(|| root.strip_suffix("/v1beta")).unwrap_or(root)
    }
}

/// A Gemini model's name without the folder its lists put it in.
pub(super) fn gemini_model(model: &str) -> &str {
    let model = model.trim();
    model.strip_prefix("models/").unwrap_or(model)
}

/// The URL is shown in errors, so it must hold no secret: neither user nor query.
fn url_fault(url: &str) -> Option<&'static str> {
    let Ok(uri) = url.trim().parse::<Uri>() else {
        return Some("is not a URL: write one like http://localhost:11434");
    };
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
        return Some("needs http:// or https:// and a host");
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) || uri.query().is_some() {
        return Some("holds a user or a query: give keys by `api_key_env` or `api_key_file`");
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_has_defaults_and_what_is_unknown_is_refused() {
        let json = r#"{"kind":"openai","base_url":"https://api.openai.com/v1/","model":"m","dimension":3}"#;
        let config: ProviderConfig = serde_json::from_str(json).unwrap();
        let expected = ProviderConfig {
            dimension: Some(3),
            ..ProviderConfig::new(ProviderKind::OpenAi, "https://api.openai.com/v1/", "m")
        };
        assert_eq!(config, expected);
        assert_eq!(config.root(), "https://api.openai.com");
        assert!(config.faults().is_empty());
        assert!(serde_json::from_str::<ProviderConfig>(&json.replace("model", "modle")).is_err());
    }

    #[test]
    fn a_gemini_model_cannot_change_the_path() {
        let faults = |model: &str| ProviderConfig::new(ProviderKind::Gemini, "https://host/v1beta", model).faults();
        assert_eq!(faults("models/gemini-2.5-flash"), Vec::<String>::new());
        for bad in ["a/../b", "a?key=1", "a b", "a%2fb", "a:b"] {
            assert_eq!(faults(bad).len(), 1, "{bad}");
        }
    }

    #[test]
    fn all_faults_are_named_at_once() {
        let mut config = ProviderConfig::new(ProviderKind::Ollama, "localhost:11434", " ");
        config.timeout_ms = 0;
        config.batch = 0;
        config.dimension = Some(0);
        config.api_key_env = Some("KEY".into());
        config.api_key_file = Some("key".into());
        assert_eq!(config.faults().len(), 6, "{:?}", config.faults());
    }

    #[test]
    fn urls_with_secrets_or_without_a_host_are_refused() {
        for bad in ["", "ftp://host", "http://", "/path", "http://user:pass@host", "http://host?key=1", "http://a b"] {
            assert!(url_fault(bad).is_some(), "{bad}");
        }
        for good in ["http://localhost:11434", "https://host/prefix/", "http://[::1]:8080"] {
            assert_eq!(url_fault(good), None, "{good}");
        }
    }
}
