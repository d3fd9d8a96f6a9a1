//! Language model providers against a server in this process: four wire formats, and what goes wrong with each.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code, reason = "the embedding tests use the rest")]
mod server;

use std::time::{Duration, Instant};

use memstrata_models::{Completion, CompletionAnswer, HttpLlm, Llm, ModelError, ProviderConfig, ProviderKind, Secret};
use serde_json::{Value, json};
use server::wire::{KINDS, said};
use server::{Reply, Server, ok, status};

const BUDGET: Duration = Duration::from_secs(10);
const KEY: &str = "sk-hidden";

fn llm(kind: ProviderKind, server: &Server) -> HttpLlm {
    changed(kind, server, |_| ())
}

fn changed(kind: ProviderKind, server: &Server, change: impl FnOnce(&mut ProviderConfig)) -> HttpLlm {
    let mut config = ProviderConfig::new(kind, server.url(), "test-model");
    change(&mut config);
    HttpLlm::new(&config, Some(Secret::new(KEY))).unwrap()
}

fn completion() -> Completion {
    Completion {
        system: Some("Be brief.".into()),
        prompt: "Merge these.".into(),
        schema: None,
        max_tokens: 50,
        thinking_tokens: 0,
        temperature: 0.25,
    }
}

fn by_schema() -> Completion {
    Completion { schema: Some(json!({"type": "object"})), ..completion() }
}

/// The same, cut off at the most tokens.
fn cut(kind: ProviderKind, text: &str) -> Value {
    let mut body = said(kind, text);
    match kind {
        ProviderKind::Ollama => body["done_reason"] = json!("length"),
        ProviderKind::OpenAi => body["choices"][0]["finish_reason"] = json!("length"),
        ProviderKind::Anthropic => body["stop_reason"] = json!("max_tokens"),
        ProviderKind::Gemini => body["candidates"][0]["finishReason"] = json!("MAX_TOKENS"),
    }
    body
}

fn answer(text: &str) -> CompletionAnswer {
    CompletionAnswer { text: text.into(), cut: false, input_tokens: 9, output_tokens: 2 }
}

#[test]
fn each_completes_in_its_own_format() {
    for kind in KINDS {
        let server = Server::start([ok(said(kind, "Brief."))]);
        assert_eq!(llm(kind, &server).complete(&completion(), BUDGET).unwrap(), answer("Brief."), "{kind:?}");
        let asked = &server.asked()[0];
        let both = json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Merge these."}]);
        let (path, key, body) = match kind {
            ProviderKind::Ollama => (
                "/api/chat",
                ("authorization", "Bearer sk-hidden"),
                json!({"model": "test-model", "messages": both, "stream": false,
                       "options": {"num_predict": 50, "temperature": 0.25}}),
            ),
            ProviderKind::OpenAi => (
                "/v1/chat/completions",
                ("authorization", "Bearer sk-hidden"),
                json!({"model": "test-model", "messages": both, "max_tokens": 50, "temperature": 0.25}),
            ),
            ProviderKind::Anthropic => (
                "/v1/messages",
                ("x-api-key", "sk-hidden"),
                json!({"model": "test-model", "max_tokens": 50, "temperature": 0.25, "system": "Be brief.",
                       "messages": [{"role": "user", "content": "Merge these."}]}),
            ),
            ProviderKind::Gemini => (
                "/v1beta/models/test-model:generateContent",
                ("x-goog-api-key", "sk-hidden"),
                json!({"systemInstruction": {"parts": [{"text": "Be brief."}]},
                       "contents": [{"role": "user", "parts": [{"text": "Merge these."}]}],
                       "generationConfig": {"maxOutputTokens": 50, "temperature": 0.25,
                                            "thinkingConfig": {"thinkingBudget": 0}}}),
            ),
        };
        assert_eq!((asked.path.as_str(), &asked.body), (path, &body));
        assert_eq!(asked.header(key.0), Some(key.1), "{kind:?}");
        let carrying = asked.headers.iter().filter(|(_, value)| value.contains(KEY)).count();
        assert_eq!(carrying, 1, "{kind:?}: the key goes in one header");
        let version = (kind == ProviderKind::Anthropic).then_some("2023-06-01");
        assert_eq!(asked.header("anthropic-version"), version);
    }
}

#[test]
fn each_asks_for_json_by_schema() {
    for kind in KINDS {
        let reply = match kind {
            ProviderKind::Anthropic => json!({
                "type": "message", "stop_reason": "tool_use", "usage": {"input_tokens": 9, "output_tokens": 2},
                "content": [{"type": "text", "text": "Here it is."},
                            {"type": "tool_use", "id": "t", "name": "answer", "input": {"a": 1}}],
            }),
            _ => said(kind, "{\"a\":1}"),
        };
        let server = Server::start([ok(reply)]);
        assert_eq!(llm(kind, &server).complete(&by_schema(), BUDGET).unwrap(), answer("{\"a\":1}"), "{kind:?}");
        let body = &server.asked()[0].body;
        let schema = json!({"type": "object"});
        match kind {
            ProviderKind::Ollama => assert_eq!(body["format"], schema),
            ProviderKind::OpenAi => assert_eq!(
                body["response_format"],
                json!({"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}})
            ),
            ProviderKind::Anthropic => {
                assert_eq!((&body["tools"][0]["input_schema"], &body["tools"][0]["name"]), (&schema, &json!("answer")));
                assert_eq!(body["tool_choice"], json!({"type": "tool", "name": "answer"}));
                assert_eq!(body["temperature"], 0.25);
            }
            ProviderKind::Gemini => {
                assert_eq!(body["generationConfig"]["responseMimeType"], "application/json");
                assert_eq!(body["generationConfig"]["responseJsonSchema"], schema);
            }
        }
    }
}

#[test]
fn thinking_is_asked_of_those_that_can_be_told() {
    let thinking = Completion { thinking_tokens: 5_000, ..by_schema() };
    let asked = |kind| {
        let server = Server::start([ok(said(kind, "{}"))]);
        llm(kind, &server).complete(&thinking, BUDGET).unwrap();
        server.asked()[0].body.clone()
    };
    let body = asked(ProviderKind::Anthropic);
    assert_eq!(body["thinking"], json!({"type": "enabled", "budget_tokens": 5_000}));
    assert_eq!((&body["max_tokens"], &body["temperature"]), (&json!(5_050), &Value::Null), "it takes no temperature");
    assert_eq!(body["tool_choice"], json!({"type": "auto"}), "a tool cannot be forced");
    assert_eq!(body["system"], "Be brief.\n\nAnswer by one call of the tool `answer`.");
    let body = asked(ProviderKind::Gemini);
    assert_eq!(body["generationConfig"]["thinkingConfig"], json!({"thinkingBudget": 5_000}));
    assert_eq!(body["generationConfig"]["maxOutputTokens"], 5_050);
    assert_eq!(asked(ProviderKind::OpenAi)["max_tokens"], 50);
    assert_eq!(asked(ProviderKind::Ollama)["options"]["num_predict"], 50);
}

#[test]
fn thoughts_are_paid_but_not_told() {
    let anthropic = json!({
        "type": "message", "stop_reason": "end_turn", "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "text", "text": "Yes."}],
        "usage": {"input_tokens": 4, "cache_read_input_tokens": 5, "output_tokens": 2},
    });
    let mut gemini = said(ProviderKind::Gemini, "Yes.");
    gemini["candidates"][0]["content"]["parts"] = json!([{"text": "hm", "thought": true}, {"text": "Yes."}]);
    gemini["usageMetadata"]["candidatesTokenCount"] = json!(1);
    gemini["usageMetadata"]["thoughtsTokenCount"] = json!(1);
    for (kind, body) in [(ProviderKind::Anthropic, anthropic), (ProviderKind::Gemini, gemini)] {
        let server = Server::start([ok(body)]);
        assert_eq!(llm(kind, &server).complete(&completion(), BUDGET).unwrap(), answer("Yes."), "{kind:?}");
    }
}

#[test]
fn a_model_that_refuses_the_full_form_is_asked_plainly_from_then_on() {
    let thinking = Completion { thinking_tokens: 5_000, ..by_schema() };
    for kind in KINDS {
        let server = Server::start([status(400), ok(said(kind, "{}")), ok(said(kind, "{}"))]);
        let llm = llm(kind, &server);
        let first = llm.complete(&thinking, BUDGET);
        if kind == ProviderKind::Ollama {
            assert_eq!(first.unwrap_err().code(), "refused.llm", "it has one form");
            continue;
        }
        first.unwrap();
        llm.complete(&thinking, BUDGET).unwrap();
        let asked = server.asked();
        assert_eq!(asked.len(), 3, "{kind:?}: what is refused is not sent again");
        assert_eq!(asked[1].body, asked[2].body);
        let body = &asked[2].body;
        match kind {
            ProviderKind::OpenAi => {
                assert_eq!((&body["max_completion_tokens"], &body["max_tokens"]), (&json!(5_050), &Value::Null));
                assert_eq!(body["temperature"], Value::Null);
            }
            ProviderKind::Anthropic => {
                assert_eq!((&body["thinking"], &body["temperature"]), (&Value::Null, &Value::Null));
                assert_eq!(body["tool_choice"], json!({"type": "tool", "name": "answer"}));
            }
            _ => {
                assert_eq!(body["generationConfig"]["thinkingConfig"], Value::Null);
                assert_eq!(body["generationConfig"]["responseMimeType"], "application/json");
            }
        }
        // what is refused in either form is refused, and not held against the full one
        let server = Server::start([status(400), status(400), ok(said(kind, "{}"))]);
        let llm = self::llm(kind, &server);
        assert_eq!(llm.complete(&thinking, BUDGET).unwrap_err().code(), "refused.llm");
        llm.complete(&thinking, BUDGET).unwrap();
        assert_eq!(server.asked()[2].body, server.asked()[0].body);
    }
}

#[test]
fn what_was_cut_off_says_so() {
    for kind in KINDS {
        let server = Server::start([ok(cut(kind, "{\"a\":")), ok(cut(kind, ""))]);
        let llm = llm(kind, &server);
        let got = llm.complete(&by_schema(), BUDGET).unwrap();
        assert_eq!(got, CompletionAnswer { cut: true, ..answer("{\"a\":") }, "{kind:?}");
        let error = llm.complete(&by_schema(), BUDGET).unwrap_err();
        assert!(error.to_string().contains("allow more"), "{kind:?}: {error}");
    }
}

#[test]
fn silence_is_a_time_out() {
    for kind in KINDS {
        let server = Server::start([Reply::Silence(Duration::from_secs(2))]);
        let llm = changed(kind, &server, |config| config.timeout_ms = 150);
        let start = Instant::now();
        assert_eq!(llm.complete(&completion(), BUDGET).unwrap_err().code(), "timeout.llm");
        assert!(start.elapsed() < Duration::from_millis(1500), "{kind:?}: {:?}", start.elapsed());
        assert_eq!(server.asked().len(), 1, "{kind:?}: a time-out is not tried again");
    }
}

#[test]
fn who_is_busy_is_asked_again_when_it_says_so() {
    for kind in KINDS {
        let busy = [Reply::Send(429, "Retry-After: 1", String::new()), status(503), status(529)];
        let server = Server::start(busy.into_iter().chain([ok(said(kind, "Brief."))]));
        let llm = changed(kind, &server, |config| config.retries = 3);
        let start = Instant::now();
        assert_eq!(llm.complete(&completion(), BUDGET).unwrap().text, "Brief.", "{kind:?}");
        assert!(start.elapsed() >= Duration::from_secs(1), "{kind:?}");
        assert_eq!(server.asked().len(), 4, "{kind:?}");
    }
}

#[test]
fn who_stays_down_is_left_alone() {
    for kind in KINDS {
        let server = Server::start([status(503), status(503), ok(said(kind, "late"))]);
        let llm = changed(kind, &server, |config| {
            config.retries = 1;
            config.breaker_failures = 2;
        });
        for _ in 0..2 {
            assert_eq!(llm.complete(&completion(), BUDGET).unwrap_err().code(), "unavailable.llm", "{kind:?}");
        }
        assert_eq!(server.asked().len(), 2, "{kind:?}: an open breaker sends nothing");
    }
}

#[test]
fn what_is_not_the_protocol_is_malformed() {
    for kind in KINDS {
        let whole = said(kind, "Brief.").to_string();
        for body in [&whole[..whole.len() - 9], "<html>sk-hidden</html>", "{}", "[]", "\"sk-hidden\""] {
            let server = Server::start([ok(body), ok(&whole)]);
            let error = llm(kind, &server).complete(&completion(), BUDGET).unwrap_err();
            assert_eq!(error.code(), "malformed.llm", "{kind:?}: {body}");
            assert!(!format!("{error} {error:?}").contains(KEY), "{error:?}");
            assert_eq!(server.asked().len(), 1, "{kind:?}: {body}");
        }
    }
}

#[test]
fn a_wrong_key_is_refused_once_and_never_told() {
    for kind in KINDS {
        let server = Server::start([status(401), ok(said(kind, "late"))]);
        let error = llm(kind, &server).complete(&completion(), BUDGET).unwrap_err();
        assert_eq!(error.code(), "refused.llm");
        assert!(error.to_string().contains("check the API key"), "{error}");
        assert!(!format!("{error} {error:?}").contains(KEY), "{error:?}");
        assert_eq!(server.asked().len(), 1, "{kind:?}");
    }
}

#[test]
fn what_a_model_will_not_say_is_declined_and_no_fault_of_the_server() {
    let refused = |kind, change: &dyn Fn(&mut Value)| {
        let mut body = said(kind, "");
        change(&mut body);
        let server = Server::start([ok(body), ok(said(kind, "Brief."))]);
        let llm = changed(kind, &server, |config| config.breaker_failures = 1);
        let error = llm.complete(&completion(), BUDGET).unwrap_err();
        assert!(matches!(error, ModelError::Declined { .. }), "{error:?}");
        assert_eq!(error.code(), "refused.llm");
        llm.complete(&completion(), BUDGET).unwrap();
    };
    refused(ProviderKind::Anthropic, &|body| body["stop_reason"] = json!("refusal"));
    refused(ProviderKind::OpenAi, &|body| body["choices"][0]["message"] = json!({"content": null, "refusal": "no"}));
    refused(ProviderKind::OpenAi, &|body| {
        body["choices"][0] = json!({"message": {"content": null}, "finish_reason": "content_filter"});
    });
    refused(ProviderKind::Gemini, &|body| *body = json!({"promptFeedback": {"blockReason": "SAFETY"}}));
    refused(ProviderKind::Gemini, &|body| body["candidates"] = json!([{"finishReason": "SAFETY"}]));
}

#[test]
fn uncounted_tokens_are_estimated() {
    let bare = [
        (ProviderKind::Ollama, json!({"message": {"content": "12345"}})),
        (ProviderKind::OpenAi, json!({"choices": [{"message": {"content": "12345"}}]})),
        (ProviderKind::Anthropic, json!({"content": [{"type": "text", "text": "12345"}]})),
        (ProviderKind::Gemini, json!({"candidates": [{"content": {"parts": [{"text": "12345"}]}}]})),
    ];
    for (kind, body) in bare {
        let server = Server::start([ok(body)]);
        let got = llm(kind, &server).complete(&completion(), BUDGET).unwrap();
        assert_eq!((got.input_tokens, got.output_tokens), (6, 2), "{kind:?}");
    }
}
