//! Step 6 of 7: `llm`. The snapshot is let go before the model is asked; answers are remembered over retries of the call.

use super::Answer;
use crate::bindings::memstrata::plugin::llm::{Host, HostPrompt};
use crate::error::HostError;
use crate::state::CallState;
use crate::wasm::digest_of;
use memstrata_models::Completion;
use serde_json::Value;
use std::sync::PoisonError;
use wasmtime::component::Resource;

/// Tokens of an answer when the prompt does not say.
const DEFAULT_TOKENS: u32 = 1000;

/// A prompt being built.
pub struct PromptHandle(Completion);

impl Host for CallState {}

impl HostPrompt for CallState {
    fn new(&mut self, text: String) -> wasmtime::Result<Resource<PromptHandle>> {
        let prompt = Completion {
            system: None,
            prompt: text,
            schema: None,
            max_tokens: DEFAULT_TOKENS,
            thinking_tokens: 0,
            temperature: 0.0,
        };
        let bytes = prompt.prompt.len();
        let prompt = self.table.push(PromptHandle(prompt))?;
        self.keep(&prompt, bytes)?;
        Ok(prompt)
    }

    fn system(&mut self, prompt: Resource<PromptHandle>, text: String) -> wasmtime::Result<()> {
        self.keep(&prompt, text.len())?;
        self.table.get_mut(&prompt)?.0.system = Some(text);
        Ok(())
    }

    fn schema(&mut self, prompt: Resource<PromptHandle>, schema: String) -> Answer<()> {
        self.keep(&prompt, schema.len() * 4)?;
        let schema: Value = serde_json::from_str(&schema)
            .map_err(|error| HostError::fault("invalid.argument", format!("the schema is no JSON: {error}")))?;
        self.table.get_mut(&prompt)?.0.schema = Some(schema);
        Ok(())
    }

    fn max_tokens(&mut self, prompt: Resource<PromptHandle>, tokens: u32) -> wasmtime::Result<()> {
        self.table.get_mut(&prompt)?.0.max_tokens = tokens;
        Ok(())
    }

    fn thinking_tokens(&mut self, prompt: Resource<PromptHandle>, tokens: u32) -> wasmtime::Result<()> {
        self.table.get_mut(&prompt)?.0.thinking_tokens = tokens;
        Ok(())
    }

    fn temperature(&mut self, prompt: Resource<PromptHandle>, value: f64) -> wasmtime::Result<()> {
        self.table.get_mut(&prompt)?.0.temperature = if value.is_finite() { value.clamp(0.0, 2.0) as f32 } else { 0.0 };
        Ok(())
    }

    fn run(&mut self, prompt: Resource<PromptHandle>) -> Answer<String> {
        self.granted("llm")?;
        let mut completion = self.table.get(&prompt)?.0.clone();
        // Answers are recorded with what asked for them; a prompt quotes memories, and those must stay erasable.
        let key = digest_of(format!("{completion:?}").as_bytes());
        let known = self.models.answers.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(answer) = known {
            return Ok(answer);
        }
        let Some(model) = self.models.llm.clone() else {
            return Err(HostError::fault(
                "not-configured.llm",
                "no language model is configured; add `[llm]` to the configuration",
            ));
        };
        let left = self.llm_tokens.saturating_sub(completion.input_estimate());
        if left == 0 {
            return Err(HostError::fault(
                "budget.tokens",
                format!(
                    "of the {} tokens of language models a call has, {} are left, too few for this prompt; the operator can \
                     raise `limits.llm_tokens`",
                    self.limits.llm_tokens, self.llm_tokens
                ),
            ));
        }
        completion.max_tokens = completion.max_tokens.min(left);
        completion.thinking_tokens = completion.thinking_tokens.min(left - completion.max_tokens);
        let time = self.deadline.remaining().saturating_sub(self.kept_back);
        if time.is_zero() {
            return Err(HostError::fault(
                "budget.time",
                "the call has too little time left to ask a language model; end it with what there is",
            ));
        }
        self.granted("llm")?.release();
        let answer = model.complete(&completion, time)?;
        self.llm_tokens = self.llm_tokens.saturating_sub(answer.input_tokens.saturating_add(answer.output_tokens));
        if answer.cut && completion.schema.is_some() {
            return Err(HostError::fault(
                "malformed.llm",
                format!("the answer was cut off after {} tokens and is no JSON; ask for less", completion.max_tokens),
            ));
        }
        self.models.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(key, answer.text.clone());
        Ok(answer.text)
    }

    fn drop(&mut self, prompt: Resource<PromptHandle>) -> wasmtime::Result<()> {
        self.held.let_go(prompt.rep());
        self.table.delete(prompt)?;
        Ok(())
    }
}
