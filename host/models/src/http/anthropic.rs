//! Bodies of Anthropic's Messages API, version 2023-06-01: `/v1/messages`, as its public reference describes them.
//!
//! An answer by a schema is asked for as a call of a tool whose input has that schema: every model takes tools, while the
//! structured output of the API exists for newer ones only.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::chat::{Counted, Form, Message, user};
use super::client::Unusable;
use super::embeddings::json_fault;
use crate::Completion;

pub(super) const CHAT_PATH: &str = "/v1/messages";

/// The tool's name.
const TOOL: &str = "answer";
/// The API refuses a smaller budget of thinking.
const LEAST_THINKING: u32 = 1_024;
/// While a model thinks, no tool can be forced on it: it is told.
const USE_TOOL: &str = "Answer by one call of the tool `answer`.";

#[derive(Serialize)]
struct ChatRequest<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    messages: [Message<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<[Tool<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ToolChoice>,
}

#[derive(Serialize)]
struct Thinking {
    r#type: &'static str,
    budget_tokens: u32,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'static str,
    description: &'static str,
    input_schema: &'a Value,
}

#[derive(Serialize)]
struct ToolChoice {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
}

/// Thinking excludes a forced tool and a temperature. The plain form has neither thinking nor temperature.
pub(super) fn chat_body(model: &str, request: &Completion, form: Form) -> serde_json::Result<Vec<u8>> {
    let full = form == Form::Full;
    let thinks = full && request.thinking_tokens >= LEAST_THINKING;
    let told = request.schema.as_ref().filter(|_| thinks).map(|_| USE_TOOL.to_owned());
    let system: Vec<String> = request.system.clone().into_iter().chain(told).collect();
    serde_json::to_vec(&ChatRequest {
        model,
        // the API counts thinking within
        max_tokens: if thinks { request.output_most() } else { request.max_tokens },
        system: (!system.is_empty()).then(|| system.join("\n\n")),
        messages: [user(request)],
        // this API's range is 0 to 1
        temperature: (full && !thinks).then_some(request.temperature.min(1.0)),
        thinking: thinks.then_some(Thinking { r#type: "enabled", budget_tokens: request.thinking_tokens }),
        tools: request
            .schema
            .as_ref()
            .map(|input_schema| [Tool { name: TOOL, description: "Takes the answer.", input_schema }]),
        tool_choice: request.schema.as_ref().map(|_| match thinks {
            true => ToolChoice { r#type: "auto", name: None },
            false => ToolChoice { r#type: "tool", name: Some(TOOL) },
        }),
    })
}

#[derive(Deserialize)]
struct ChatAnswer {
    content: Vec<Block>,
    stop_reason: Option<String>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        text: String,
    },
    ToolUse {
        input: Value,
    },
    /// Thinking, and what a later version may add.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Usage {
    input_tokens: Option<u32>,
    cache_creation_input_tokens: Option<u32>,
    cache_read_input_tokens: Option<u32>,
    output_tokens: Option<u32>,
}

impl Usage {
    /// Cached tokens are counted apart, and read all the same.
    fn input(&self) -> Option<u32> {
        let cached = [self.cache_creation_input_tokens, self.cache_read_input_tokens].into_iter().flatten();
        Some(cached.fold(self.input_tokens?, u32::saturating_add))
    }
}

pub(super) fn chat_answer(bytes: &[u8]) -> Result<Counted, Unusable> {
    let answer: ChatAnswer = serde_json::from_slice(bytes).map_err(json_fault)?;
    let stop = answer.stop_reason.as_deref();
    if stop == Some("refusal") {
        return Err(Unusable::Declined("the model refuses this prompt"));
    }
    let cut = stop == Some("max_tokens");
    let called = answer.content.iter().find_map(|block| match block {
        Block::ToolUse { input } => Some(input.to_string()),
        _ => None,
    });
    let said = || -> String {
        let texts = answer.content.iter().filter_map(|block| match block {
            Block::Text { text } => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    };
    let text = called.unwrap_or_else(said);
    if text.is_empty() && !cut {
        return Err("it has neither text nor a call of the tool".into());
    }
    let (input, output) = answer.usage.map_or((None, None), |usage| (usage.input(), usage.output_tokens));
    Ok(Counted { text, cut, input, output })
}
