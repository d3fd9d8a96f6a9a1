//! The language model trait: one prompt in, one text out, with the tokens it cost.

use std::time::Duration;

use serde_json::Value;

use crate::ModelError;

/// Completes prompts.
pub trait Llm: Send + Sync {
    /// The model's name at its provider.
    fn model(&self) -> &str;

    /// Completes `request` within `budget`, which bounds the whole call, retries included.
    ///
    /// # Errors
    /// Any [`ModelError`]. Tokens of a failed call are unknown and not reported.
    fn complete(&self, request: &Completion, budget: Duration) -> Result<CompletionAnswer, ModelError>;
}

/// What to complete.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// Standing instructions; `None` sends none.
    pub system: Option<String>,
    /// The user's message.
    pub prompt: String,
    /// A JSON Schema the answer should follow. Providers differ in how strictly they obey: validate the answer.
    pub schema: Option<Value>,
    /// Most tokens of the answer.
    pub max_tokens: u32,
    /// Tokens the model may think before it answers, beside `max_tokens`; 0 is none. Models that cannot be told ignore it.
    pub thinking_tokens: u32,
    /// Sampling temperature; 0 is the most repeatable.
    pub temperature: f32,
}

impl Completion {
    /// Tokens this reads at most, as a guess on the safe side: a token for three bytes, where English has about four.
    #[must_use]
    pub fn input_estimate(&self) -> u32 {
        let schema = self.schema.as_ref().map_or(0, |schema| schema.to_string().len());
        let bytes = self.prompt.len() + self.system.as_ref().map_or(0, String::len) + schema;
        u32::try_from(bytes.div_ceil(3)).unwrap_or(u32::MAX)
    }

    /// Tokens this produces at most, those of thinking included.
    #[must_use]
    pub fn output_most(&self) -> u32 {
        self.max_tokens.saturating_add(self.thinking_tokens)
    }
}

/// A completed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletionAnswer {
    /// The model's text; JSON if a schema was given and obeyed.
    pub text: String,
    /// It ends early, because `max_tokens` was reached.
    pub cut: bool,
    /// Tokens read. Estimated as a quarter of the bytes where the provider does not count.
    pub input_tokens: u32,
    /// Tokens produced, those of thinking included; estimated likewise.
    pub output_tokens: u32,
}
