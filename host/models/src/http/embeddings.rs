//! An [`Embedder`] over HTTP: batches, checks and normalises what a provider sends.

use std::time::{Duration, Instant};

use super::client::Client;
use super::config::{ProviderConfig, ProviderKind};
use super::secret::Secret;
use super::{ollama, openai};
use crate::embedder::{sha256_hex, unit_length};
use crate::{Embedder, ModelError, ModelId, Role};

/// Embeds by an Ollama or OpenAI-compatible server.
///
/// Blank texts are answered `None` without asking, since providers treat them differently.
#[derive(Debug)]
pub struct HttpEmbedder {
    client: Client,
    kind: ProviderKind,
    id: ModelId,
    dimension: usize,
    shorten: bool,
    batch: usize,
}

impl HttpEmbedder {
    /// An embedder as configured; sends nothing yet. `key` is what the configuration's `api_key_*` led to.
    ///
    /// # Errors
    /// [`ModelError::NotConfigured`] naming every fault, a missing `dimension` or a kind for text only among them.
    pub fn new(config: &ProviderConfig, key: Option<Secret>) -> Result<Self, ModelError> {
        if !config.kind.embeds() {
            let reason = format!(
                "kind `{}` makes no vectors: use `ollama`, `openai` or the built-in model for them",
                config.kind.name()
            );
            return Err(ModelError::NotConfigured { role: Role::Embedder, reason });
        }
        let client = Client::new(Role::Embedder, config, key)?;
        let dimension = config.dimension.ok_or_else(|| ModelError::NotConfigured {
            role: Role::Embedder,
            reason: format!("`dimension`, the length of the vectors of `{}`, is missing", config.model),
        })?;
        let identity = sha256_hex(format!("{}\n{}\n{dimension}", config.kind.name(), config.model).as_bytes());
        Ok(Self {
            client,
            kind: config.kind,
            id: ModelId::new(config.model.clone(), identity),
            dimension,
            shorten: config.shorten,
            batch: config.batch.max(1),
        })
    }

    /// Raw vectors of one batch.
    fn ask(&self, texts: &[&str], deadline: Instant) -> Result<Vec<Vec<f32>>, ModelError> {
        let dimensions = self.shorten.then_some(self.dimension);
        let ollama = self.kind == ProviderKind::Ollama;
        let (path, body) = match ollama {
            true => (ollama::EMBED_PATH, ollama::embed_body(self.id.name(), texts, dimensions)),
            false => (openai::EMBED_PATH, openai::embed_body(self.id.name(), texts, dimensions)),
        };
        let body = body.map_err(|error| self.malformed(format!("the request cannot be written: {error}")))?;
        self.client.post(path, &body, deadline, |bytes| {
            let vectors = if ollama { ollama::embed_answer(bytes)? } else { openai::embed_answer(bytes)? };
            Ok(checked(vectors, texts.len())?)
        })
    }

    fn malformed(&self, reason: String) -> ModelError {
        ModelError::Malformed { role: Role::Embedder, provider: self.client.provider().to_owned(), reason }
    }
}

impl Embedder for HttpEmbedder {
    fn model(&self) -> &ModelId {
        &self.id
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn local(&self) -> bool {
        false
    }

    fn embed(&self, texts: &[&str], budget: Duration) -> Result<Vec<Option<Vec<f32>>>, ModelError> {
        let deadline = Client::deadline(budget);
        let asked: Vec<&str> = texts.iter().copied().filter(|text| !is_blank(text)).collect();
        let mut vectors = Vec::with_capacity(asked.len());
        for batch in asked.chunks(self.batch) {
            for vector in self.ask(batch, deadline)? {
                if vector.len() != self.dimension {
                    return Err(ModelError::WrongDimension {
                        provider: self.client.provider().to_owned(),
                        expected: self.dimension,
                        got: vector.len(),
                    });
                }
                vectors.push(unit_length(vector));
            }
        }
        let mut answers = vectors.into_iter();
        Ok(texts.iter().map(|text| if is_blank(text) { None } else { answers.next().flatten() }).collect())
    }
}

/// As many vectors as texts, of finite numbers: some JSON readers make infinity of 1e39.
fn checked(vectors: Vec<Vec<f32>>, texts: usize) -> Result<Vec<Vec<f32>>, String> {
    if vectors.len() != texts {
        return Err(format!("{} vectors for {texts} texts", vectors.len()));
    }
    if vectors.iter().flatten().any(|number| !number.is_finite()) {
        return Err("a vector has a number that is not finite".to_owned());
    }
    Ok(vectors)
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// Where JSON broke. The parser's own message may quote the answer, so only place and kind are told.
pub(super) fn json_fault(error: serde_json::Error) -> String {
    let kind = if error.is_data() { "unexpected JSON" } else { "broken JSON" };
    format!("{kind} at line {} column {}", error.line(), error.column())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_as_many_as_texts_and_of_finite_numbers() {
        let sound = vec![vec![1.0, 2.0], vec![0.0, 0.0]];
        assert_eq!(checked(sound.clone(), 2), Ok(sound.clone()));
        assert!(checked(sound, 3).unwrap_err().contains("2 vectors for 3 texts"));
        for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(checked(vec![vec![1.0, wrong]], 1).unwrap_err().contains("not finite"));
        }
    }
}
