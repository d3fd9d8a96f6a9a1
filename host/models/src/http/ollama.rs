//! Bodies of Ollama's API: `/api/embed` and `/api/chat`, as its `docs/api.md` describes them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::chat::{Counted, Message, messages};
use super::client::Unusable;
use super::embeddings::json_fault;
use crate::Completion;

pub(super) const EMBED_PATH: &str = "/api/embed";
pub(super) const CHAT_PATH: &str = "/api/chat";

#[derive(Serialize)]
struct EmbedRequest<'a> {
    model: &'a str,
    input: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<usize>,
}

#[derive(Deserialize)]
struct EmbedAnswer {
    embeddings: Vec<Vec<f32>>,
}

pub(super) fn embed_body(model: &str, input: &[&str], dimensions: Option<usize>) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&EmbedRequest { model, input, dimensions })
}

/// Vectors in the order of the inputs.
pub(super) fn embed_answer(bytes: &[u8]) -> Result<Vec<Vec<f32>>, String> {
    let answer: EmbedAnswer = serde_json::from_slice(bytes).map_err(json_fault)?;
    Ok(answer.embeddings)
}

#[derive(Serialize)]
struct ChatRequest<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a Value>,
    options: ChatOptions,
}

#[derive(Serialize)]
struct ChatOptions {
    num_predict: u32,
    temperature: f32,
}

#[derive(Deserialize)]
struct ChatAnswer {
    message: ChatText,
    done_reason: Option<String>,
    prompt_eval_count: Option<u32>,
    eval_count: Option<u32>,
}

#[derive(Deserialize)]
struct ChatText {
    content: String,
}

pub(super) fn chat_body(model: &str, request: &Completion) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&ChatRequest {
        model,
        messages: messages(request),
        stream: false,
        format: request.schema.as_ref(),
        options: ChatOptions { num_predict: request.max_tokens, temperature: request.temperature },
    })
}

pub(super) fn chat_answer(bytes: &[u8]) -> Result<Counted, Unusable> {
    let answer: ChatAnswer = serde_json::from_slice(bytes).map_err(json_fault)?;
    Ok(Counted {
        text: answer.message.content,
        cut: answer.done_reason.as_deref() == Some("length"),
        input: answer.prompt_eval_count,
        output: answer.eval_count,
    })
}
