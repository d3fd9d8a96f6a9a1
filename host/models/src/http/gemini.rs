//! Bodies of Google's Gemini API: `/v1beta/models/{model}:generateContent`, as its public reference describes them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::chat::{Counted, Form};
use super::client::Unusable;
use super::config::gemini_model;
use super::embeddings::json_fault;
use crate::Completion;

/// Where a model is asked. The configuration has checked that its name fits a path.
pub(super) fn chat_path(model: &str) -> String {
    format!("/v1beta/models/{}:generateContent", gemini_model(model))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChatRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Content<'a>>,
    contents: [Content<'a>; 1],
    generation_config: Generation<'a>,
}

#[derive(Serialize)]
struct Content<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    parts: [Text<'a>; 1],
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Generation<'a> {
    max_output_tokens: u32,
    temperature: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<Thinking>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Thinking {
    thinking_budget: u32,
}

/// The plain form says nothing of thinking (some models cannot, some cannot but) nor of the schema beyond that it is JSON.
pub(super) fn chat_body(request: &Completion, form: Form) -> serde_json::Result<Vec<u8>> {
    let full = form == Form::Full;
    let content = |role, text| Content { role, parts: [Text { text }] };
    serde_json::to_vec(&ChatRequest {
        system_instruction: request.system.as_deref().map(|text| content(None, text)),
        contents: [content(Some("user"), &request.prompt)],
        generation_config: Generation {
            // the API counts thinking within
            max_output_tokens: request.output_most(),
            temperature: request.temperature,
            response_mime_type: request.schema.as_ref().map(|_| "application/json"),
            response_json_schema: request.schema.as_ref().filter(|_| full),
            thinking_config: full.then_some(Thinking { thinking_budget: request.thinking_tokens }),
        },
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChatAnswer {
    #[serde(default)]
    candidates: Vec<Candidate>,
    prompt_feedback: Option<Feedback>,
    usage_metadata: Option<Usage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    content: Option<Parts>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Parts {
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
    #[serde(default)]
    thought: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    prompt_token_count: Option<u32>,
    candidates_token_count: Option<u32>,
    thoughts_token_count: Option<u32>,
}

impl Usage {
    /// Thinking is counted apart, and paid as output.
    fn output(&self) -> Option<u32> {
        let (said, thought) = (self.candidates_token_count, self.thoughts_token_count);
        said.or(thought).map(|_| said.unwrap_or(0).saturating_add(thought.unwrap_or(0)))
    }
}

pub(super) fn chat_answer(bytes: &[u8]) -> Result<Counted, Unusable> {
    let answer: ChatAnswer = serde_json::from_slice(bytes).map_err(json_fault)?;
    let Some(first) = answer.candidates.into_iter().next() else {
        let blocked = answer.prompt_feedback.and_then(|feedback| feedback.block_reason);
        return Err(match blocked {
            Some(_) => Unusable::Declined("the prompt was blocked"),
            None => "it has no candidates".into(),
        });
    };
    let finish = first.finish_reason.as_deref();
    let cut = finish == Some("MAX_TOKENS");
    let parts = first.content.map(|content| content.parts).unwrap_or_default();
    let text: String = parts.into_iter().filter(|part| !part.thought).filter_map(|part| part.text).collect();
    if text.is_empty() && !cut {
        return Err(match finish {
            Some("SAFETY" | "PROHIBITED_CONTENT" | "BLOCKLIST" | "SPII") => {
                Unusable::Declined("a safety filter held it back")
            }
            Some("RECITATION") => Unusable::Declined("it would have recited its training data"),
            _ => "its first candidate has no text".into(),
        });
    }
    let (input, output) =
        answer.usage_metadata.map_or((None, None), |usage| (usage.prompt_token_count, usage.output()));
    Ok(Counted { text, cut, input, output })
}
