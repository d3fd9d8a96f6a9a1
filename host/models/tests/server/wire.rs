//! What each provider of language models sends.

use memstrata_models::ProviderKind;
use serde_json::{Value, json};

pub(crate) const KINDS: [ProviderKind; 4] =
    [ProviderKind::Ollama, ProviderKind::OpenAi, ProviderKind::Anthropic, ProviderKind::Gemini];

/// What the provider sends for a text: 9 tokens read, 2 produced.
pub(crate) fn said(kind: ProviderKind, text: &str) -> Value {
    match kind {
        ProviderKind::Ollama => json!({
            "model": "m", "message": {"role": "assistant", "content": text}, "done": true, "done_reason": "stop",
            "prompt_eval_count": 9, "eval_count": 2,
        }),
        ProviderKind::OpenAi => json!({
            "id": "c", "object": "chat.completion", "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        }),
        ProviderKind::Anthropic => json!({
            "id": "msg", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
            "content": [{"type": "text", "text": text}], "usage": {"input_tokens": 9, "output_tokens": 2},
        }),
        ProviderKind::Gemini => json!({
            "candidates": [{"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": [{"text": text}]}}],
            "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 2, "totalTokenCount": 11},
        }),
    }
}
