//! Language model providers against a server in this process: both wire formats, token counts, error codes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code, reason = "the embedding tests use the rest")]
mod server;

use std::time::Duration;

use memstrata_models::{Completion, HttpLlm, Llm, ProviderConfig, ProviderKind, Secret};
use serde_json::json;
use server::{Server, ok, status};

const BUDGET: Duration = Duration::from_secs(10);
const KEY: &str = "sk-hidden";

fn llm(kind: ProviderKind, server: &Server) -> HttpLlm {
    let config = ProviderConfig::new(kind, server.url(), "test-model");
    HttpLlm::new(&config, Some(Secret::new(KEY))).unwrap()
}

fn completion() -> Completion {
    Completion {
        system: Some("Be brief.".into()),
        prompt: "Merge these.".into(),
        schema: Some(json!({"type": "object"})),
        max_tokens: 50,
        temperature: 0.3,
    }
}

#[test]
fn ollama_completes() {
    let server = Server::start([ok(json!({
        "message": {"role": "assistant", "content": "{}"}, "done": true, "prompt_eval_count": 9, "eval_count": 2
    }))]);
    let answer = llm(ProviderKind::Ollama, &server).complete(&completion(), BUDGET).unwrap();
    assert_eq!((answer.text.as_str(), answer.input_tokens, answer.output_tokens), ("{}", 9, 2));
    let asked = &server.asked()[0];
    assert_eq!(asked.path, "/api/chat");
    let expected = json!({
        "model": "test-model",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Merge these."}],
        "stream": false,
        "format": {"type": "object"},
        "options": {"num_predict": 50, "temperature": 0.3},
    });
    assert_eq!(asked.body, expected);
}

#[test]
fn openai_completes_and_uncounted_tokens_are_estimated() {
    let body = json!({"choices": [{"index": 0, "message": {"role": "assistant", "content": "12345"}}]});
    let server = Server::start([status(503), ok(body)]);
    let answer = llm(ProviderKind::OpenAi, &server).complete(&completion(), BUDGET).unwrap();
    assert_eq!((answer.text.as_str(), answer.input_tokens, answer.output_tokens), ("12345", 6, 2));
    let asked = &server.asked()[1];
    assert_eq!(asked.path, "/v1/chat/completions");
    let expected = json!({
        "model": "test-model",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Merge these."}],
        "max_tokens": 50,
        "temperature": 0.3,
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}},
    });
    assert_eq!(asked.body, expected);
}

#[test]
fn an_llm_without_text_is_malformed_and_its_codes_are_its_own() {
    for body in [json!({"choices": []}), json!({"choices": [{"message": {"content": null}}]}), json!([])] {
        let server = Server::start([ok(body)]);
        let error = llm(ProviderKind::OpenAi, &server).complete(&completion(), BUDGET).unwrap_err();
        assert_eq!(error.code(), "malformed.llm");
    }
    let server = Server::start([status(401)]);
    let error = llm(ProviderKind::Ollama, &server).complete(&completion(), BUDGET).unwrap_err();
    assert_eq!(error.code(), "refused.llm");
    assert!(!format!("{error} {error:?}").contains(KEY), "{error:?}");
}
