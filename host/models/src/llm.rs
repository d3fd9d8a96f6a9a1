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
    /// Most tokens the model may produce.
    pub max_tokens: u32,
    /// Sampling temperature; 0 is the most repeatable.
    pub temperature: f32,
}

/// A completed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletionAnswer {
    /// The model's text; JSON if a schema was given and obeyed. It ends early where `max_tokens` cut it.
    pub text: String,
    /// Tokens read. Estimated as a quarter of the bytes where the provider does not count.
    pub input_tokens: u32,
    /// Tokens produced, estimated likewise.
    pub output_tokens: u32,
}
