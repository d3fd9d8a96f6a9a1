//! The operator's language model, where there is one: asked for JSON, and never needed.

use memstrata_sdk::{Fault, Value, llm::Prompt};

/// A model that may be absent. After its first fault it is not asked again in the call.
pub(super) struct Model {
    gone: Option<String>,
    calls: u32,
}

impl Model {
    /// The granted one; `wanted` false leaves it unasked.
    pub(super) fn new(wanted: bool) -> Self {
        Self { gone: (!wanted).then(|| "the setting use_model is off".to_owned()), calls: 0 }
    }

    /// Whether it may still be asked.
    pub(super) fn there(&self) -> bool {
        self.gone.is_none()
    }

    /// Prompts it answered.
    pub(super) fn calls(&self) -> u32 {
        self.calls
    }

    /// Why it did not answer, if it did not.
    pub(super) fn reason(&self) -> Option<&str> {
        self.gone.as_deref()
    }

    fn answer(&mut self, prompt: &Prompt) -> Option<String> {
        match prompt.run().map_err(Fault::from) {
            Ok(text) => {
                self.calls += 1;
                Some(text)
            }
            Err(fault) => {
                self.gone = Some(match fault.code.as_str() {
                    "denied.llm" | "not-configured.llm" => "no language model".to_owned(),
                    code => format!("the language model did not answer ({code})"),
                });
                None
            }
        }
    }

    /// A text of at most so many tokens.
    pub(super) fn text(&mut self, question: &str, tokens: u32, temperature: f64) -> Option<String> {
        if !self.there() {
            return None;
        }
        let prompt = Prompt::new(question);
        prompt.max_tokens(tokens);
        prompt.temperature(temperature);
        self.answer(&prompt).filter(|text| !text.trim().is_empty())
    }

    /// An object that fits a schema, as exact as the model can be.
    pub(super) fn object(&mut self, question: &str, schema: &Value, tokens: u32) -> Option<Value> {
        if !self.there() {
            return None;
        }
        let prompt = Prompt::new(question);
        prompt.max_tokens(tokens);
        prompt.temperature(0.0);
        prompt.schema(&schema.to_string()).ok()?;
        let text = self.answer(&prompt)?;
        serde_json::from_str(&text).ok()
    }
}
