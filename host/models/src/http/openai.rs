//! Bodies of the OpenAI-compatible API: `/v1/embeddings` and `/v1/chat/completions`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::chat::{Counted, Form, Message, messages};
use super::client::Unusable;
use super::embeddings::json_fault;
use crate::Completion;

pub(super) const EMBED_PATH: &str = "/v1/embeddings";
pub(super) const CHAT_PATH: &str = "/v1/chat/completions";

#[derive(Serialize)]
struct EmbedRequest<'a> {
    model: &'a str,
    input: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<usize>,
}

#[derive(Deserialize)]
struct EmbedAnswer {
    data: Vec<EmbedRow>,
}

#[derive(Deserialize)]
struct EmbedRow {
    /// Some servers leave it out; their order counts then.
    index: Option<usize>,
    embedding: Vec<f32>,
}

pub(super) fn embed_body(model: &str, input: &[&str], dimensions: Option<usize>) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&EmbedRequest { model, input, dimensions })
}

/// Vectors in the order of the inputs.
pub(super) fn embed_answer(bytes: &[u8]) -> Result<Vec<Vec<f32>>, String> {
    let answer: EmbedAnswer = serde_json::from_slice(bytes).map_err(json_fault)?;
    let mut rows: Vec<(usize, Vec<f32>)> =
        answer.data.into_iter().enumerate().map(|(at, row)| (row.index.unwrap_or(at), row.embedding)).collect();
    rows.sort_by_key(|(index, _)| *index);
    if rows.iter().enumerate().any(|(at, (index, _))| at != *index) {
        return Err("its `index` values are not 0 to n-1".to_owned());
    }
    Ok(rows.into_iter().map(|(_, vector)| vector).collect())
}

#[derive(Serialize)]
struct ChatRequest<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'a>>,
}

#[derive(Serialize)]
struct ResponseFormat<'a> {
    r#type: &'static str,
    json_schema: NamedSchema<'a>,
}

#[derive(Serialize)]
struct NamedSchema<'a> {
    name: &'static str,
    schema: &'a Value,
}

#[derive(Deserialize)]
struct ChatAnswer {
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    message: ChatText,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct ChatText {
    /// Null in a refusal or a tool call.
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: Option<u32>,
    completion_tokens: Option<u32>,
}

/// The plain form is that of OpenAI's models that think: they refuse `max_tokens` and any temperature, and count thinking
/// within `max_completion_tokens`. Servers that speak the protocol mostly know `max_tokens` only, so that is the full form.
pub(super) fn chat_body(model: &str, request: &Completion, form: Form) -> serde_json::Result<Vec<u8>> {
    let full = form == Form::Full;
    let response_format = request
        .schema
        .as_ref()
        .map(|schema| ResponseFormat { r#type: "json_schema", json_schema: NamedSchema { name: "answer", schema } });
    serde_json::to_vec(&ChatRequest {
        model,
        messages: messages(request),
        max_tokens: full.then_some(request.max_tokens),
        max_completion_tokens: (!full).then_some(request.output_most()),
        temperature: full.then_some(request.temperature),
        response_format,
    })
}

pub(super) fn chat_answer(bytes: &[u8]) -> Result<Counted, Unusable> {
    let answer: ChatAnswer = serde_json::from_slice(bytes).map_err(json_fault)?;
    let first = answer.choices.into_iter().next().ok_or("it has no choices")?;
    let cut = first.finish_reason.as_deref() == Some("length");
    let text = match first.message.content {
        Some(text) => text,
        None if first.message.refusal.is_some() => return Err(Unusable::Declined("the model refuses this prompt")),
        None if first.finish_reason.as_deref() == Some("content_filter") => {
            return Err(Unusable::Declined("a content filter held it back"));
        }
        None => return Err("its first choice has no text".into()),
    };
    let (input, output) = answer.usage.map_or((None, None), |usage| (usage.prompt_tokens, usage.completion_tokens));
    Ok(Counted { text, cut, input, output })
}
