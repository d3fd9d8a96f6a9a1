//! An [`Llm`] over HTTP: one system and one user message, one answer, no streaming.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::client::{Client, Unusable};
use super::config::{ProviderConfig, ProviderKind};
use super::secret::Secret;
use super::{anthropic, gemini, ollama, openai};
use crate::{Completion, CompletionAnswer, Llm, ModelError, Role};

/// Completes by an Ollama, OpenAI-compatible, Anthropic or Gemini server.
///
/// Models of one provider differ in what they take: one thinks, another refuses to be told so. A request is sent in full
/// first; where the model refuses that (HTTP status 400) and takes the plain form, it is asked plainly from then on.
#[derive(Debug)]
pub struct HttpLlm {
    client: Client,
    kind: ProviderKind,
    model: String,
    plain: AtomicBool,
}

/// How much a request asks of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Everything the protocol has.
    Full,
    /// Only what every model of the provider takes.
    Plain,
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
        Ok(Self {
            client: Client::new(Role::Llm, config, key)?,
            kind: config.kind,
            model: config.model.clone(),
            plain: AtomicBool::new(false),
        })
    }

    fn body(&self, request: &Completion, form: Form) -> Result<Vec<u8>, ModelError> {
        let body = match self.kind {
            ProviderKind::Ollama => ollama::chat_body(&self.model, request),
            ProviderKind::OpenAi => openai::chat_body(&self.model, request, form),
            ProviderKind::Anthropic => anthropic::chat_body(&self.model, request, form),
            ProviderKind::Gemini => gemini::chat_body(request, form),
        };
        body.map_err(|error| ModelError::Malformed {
            role: Role::Llm,
            provider: self.client.provider().to_owned(),
            reason: format!("the request cannot be written: {error}"),
        })
    }

    fn ask(&self, body: &[u8], deadline: Instant) -> Result<Counted, ModelError> {
        let path: Cow<'_, str> = match self.kind {
            ProviderKind::Ollama => ollama::CHAT_PATH.into(),
            ProviderKind::OpenAi => openai::CHAT_PATH.into(),
            ProviderKind::Anthropic => anthropic::CHAT_PATH.into(),
            ProviderKind::Gemini => gemini::chat_path(&self.model).into(),
        };
        self.client.post(&path, body, deadline, |bytes| {
            let answer = match self.kind {
                ProviderKind::Ollama => ollama::chat_answer(bytes),
                ProviderKind::OpenAi => openai::chat_answer(bytes),
                ProviderKind::Anthropic => anthropic::chat_answer(bytes),
                ProviderKind::Gemini => gemini::chat_answer(bytes),
            }?;
            match answer.text.is_empty() && answer.cut {
                true => Err(Unusable::Malformed("all its tokens went before the first word: allow more".to_owned())),
                false => Ok(answer),
            }
        })
    }
}

impl Llm for HttpLlm {
    fn model(&self) -> &str {
        &self.model
    }

    fn complete(&self, request: &Completion, budget: Duration) -> Result<CompletionAnswer, ModelError> {
        let deadline = Client::deadline(budget);
        let plainly = self.plain.load(Ordering::Relaxed);
        let body = self.body(request, if plainly { Form::Plain } else { Form::Full })?;
        let answer = match self.ask(&body, deadline) {
            Err(error @ ModelError::Refused { status: 400, .. }) if !plainly => {
                let plain = self.body(request, Form::Plain)?;
                if plain == body {
                    return Err(error);
                }
                let answer = self.ask(&plain, deadline)?;
                tracing::info!(provider = %self.client.provider(), "the model takes plain requests only");
                self.plain.store(true, Ordering::Relaxed);
                answer
            }
            answer => answer?,
        };
        let system_bytes = request.system.as_ref().map_or(0, String::len);
        Ok(CompletionAnswer {
            input_tokens: answer.input.unwrap_or_else(|| estimate(system_bytes + request.prompt.len())),
            output_tokens: answer.output.unwrap_or_else(|| estimate(answer.text.len())),
            // a provider that quotes the key must not carry it to a component
            text: self.client.blot(&answer.text),
            cut: answer.cut,
        })
    }
}

/// A provider's text with the token counts it may have sent.
pub(super) struct Counted {
    pub(super) text: String,
    /// It ends because no more tokens were allowed.
    pub(super) cut: bool,
    pub(super) input: Option<u32>,
    pub(super) output: Option<u32>,
}

/// One message; three of the protocols write it alike.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

/// The user's message of a request.
pub(super) fn user(request: &Completion) -> Message<'_> {
    Message { role: "user", content: &request.prompt }
}

/// The messages of a request, system first.
pub(super) fn messages(request: &Completion) -> Vec<Message<'_>> {
    let system = request.system.as_deref().map(|content| Message { role: "system", content });
    system.into_iter().chain([user(request)]).collect()
}

/// A provider that does not count must not make tokens free: about four bytes each.
fn estimate(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(4)).unwrap_or(u32::MAX)
}
