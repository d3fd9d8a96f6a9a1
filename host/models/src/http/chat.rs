//! An [`Llm`] over HTTP: one system and one user message, one answer, no streaming.

use std::time::Duration;

use serde::Serialize;

use super::client::Client;
use super::config::{ProviderConfig, ProviderKind};
use super::secret::Secret;
use super::{ollama, openai};
use crate::{Completion, CompletionAnswer, Llm, ModelError, Role};

/// Completes by an Ollama or OpenAI-compatible server.
#[derive(Debug)]
pub struct HttpLlm {
    client: Client,
    kind: ProviderKind,
    model: String,
}

impl HttpLlm {
    /// A language model as configured; sends nothing yet. `key` is what the configuration's `api_key_*` led to.
    ///
    /// # Errors
    /// [`ModelError::NotConfigured`] naming every fault; `dimension` is one here.
    pub fn new(config: &ProviderConfig, key: Option<Secret>) -> Result<Self, ModelError> {
        if config.dimension.is_some() {
            let reason = "`dimension` belongs to embeddings, not to text: remove it".to_owned();
            return Err(ModelError::NotConfigured { role: Role::Llm, reason });
        }
        Ok(Self { client: Client::new(Role::Llm, config, key)?, kind: config.kind, model: config.model.clone() })
    }
}

impl Llm for HttpLlm {
    fn model(&self) -> &str {
        &self.model
    }

    fn complete(&self, request: &Completion, budget: Duration) -> Result<CompletionAnswer, ModelError> {
        let (path, body) = match self.kind {
            ProviderKind::Ollama => (ollama::CHAT_PATH, ollama::chat_body(&self.model, request)),
            ProviderKind::OpenAi => (openai::CHAT_PATH, openai::chat_body(&self.model, request)),
        };
        let body = body.map_err(|error| ModelError::Malformed {
            role: Role::Llm,
            provider: self.client.provider().to_owned(),
            reason: format!("the request cannot be written: {error}"),
        })?;
        let answer = self.client.post(path, &body, Client::deadline(budget), |bytes| match self.kind {
            ProviderKind::Ollama => ollama::chat_answer(bytes),
            ProviderKind::OpenAi => openai::chat_answer(bytes),
        })?;
        let system_bytes = request.system.as_ref().map_or(0, String::len);
        Ok(CompletionAnswer {
            input_tokens: answer.input.unwrap_or_else(|| estimate(system_bytes + request.prompt.len())),
            output_tokens: answer.output.unwrap_or_else(|| estimate(answer.text.len())),
            text: answer.text,
        })
    }
}

/// A provider's text with the token counts it may have sent.
pub(super) struct Counted {
    pub(super) text: String,
    pub(super) input: Option<u32>,
    pub(super) output: Option<u32>,
}

/// One message; both protocols write it alike.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

/// The messages of a request, system first.
pub(super) fn messages(request: &Completion) -> Vec<Message<'_>> {
    let system = request.system.as_deref().map(|content| Message { role: "system", content });
    system.into_iter().chain([Message { role: "user", content: &request.prompt }]).collect()
}

/// A provider that does not count must not make tokens free: about four bytes each.
fn estimate(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(4)).unwrap_or(u32::MAX)
}
