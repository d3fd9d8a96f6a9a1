//! Embedding providers against a server in this process: wire formats, retries, breaker, time-outs, keys.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

#[allow(dead_code, reason = "the tests of language models use the rest")]
mod server;

use std::time::{Duration, Instant};

use memstrata_models::{Embedder, HttpEmbedder, HttpLlm, ModelError, ProviderConfig, ProviderKind, Secret};
use serde_json::json;
use server::{Reply, Server, ok, status};

const BUDGET: Duration = Duration::from_secs(10);
const KEY: &str = "sk-hidden";

fn config(kind: ProviderKind, server: &Server) -> ProviderConfig {
    ProviderConfig { dimension: Some(2), ..ProviderConfig::new(kind, server.url(), "test-model") }
}

fn embedder(server: &Server, change: impl FnOnce(&mut ProviderConfig)) -> HttpEmbedder {
    let mut config = config(ProviderKind::Ollama, server);
    change(&mut config);
    HttpEmbedder::new(&config, Some(Secret::new(KEY))).unwrap()
}

fn one_vector() -> Reply {
    ok(json!({"embeddings": [[3.0, 4.0]]}))
}

fn assert_hides_the_key(error: &ModelError) {
    assert!(!format!("{error} {error:?}").contains(KEY), "{error:?}");
}

#[test]
fn ollama_embeds_in_batches_and_skips_blank_texts() {
    let server =
        Server::start([ok(json!({"embeddings": [[3, 4], [0, 0]]})), ok(json!({"model": "m", "embeddings": [[0, 2]]}))]);
    let embedder = embedder(&server, |config| config.batch = 2);
    let vectors = embedder.embed(&["a", " ", "b", "c", ""], BUDGET).unwrap();
    assert_eq!(vectors, [Some(vec![0.6, 0.8]), None, None, Some(vec![0.0, 1.0]), None]);
    let asked = server.asked();
    assert_eq!(asked[0].path, "/api/embed");
    assert_eq!(asked[0].body, json!({"model": "test-model", "input": ["a", "b"]}));
    assert_eq!(asked[1].body["input"], json!(["c"]));
    assert_eq!(asked[0].authorization.as_deref(), Some("Bearer sk-hidden"));
}

#[test]
fn openai_embeds_and_order_is_by_index() {
    let body = json!({"object": "list", "data": [
        {"object": "embedding", "index": 1, "embedding": [0, 5]},
        {"object": "embedding", "index": 0, "embedding": [3, 4]},
    ], "usage": {"prompt_tokens": 2}});
    let server = Server::start([ok(body)]);
    let config = ProviderConfig { shorten: true, ..config(ProviderKind::OpenAi, &server) };
    let embedder = HttpEmbedder::new(&config, None).unwrap();
    assert_eq!(embedder.embed(&["a", "b"], BUDGET).unwrap(), [Some(vec![0.6, 0.8]), Some(vec![0.0, 1.0])]);
    let asked = &server.asked()[0];
    assert_eq!(asked.path, "/v1/embeddings");
    assert_eq!(asked.body, json!({"model": "test-model", "input": ["a", "b"], "dimensions": 2}));
    assert_eq!(asked.authorization, None);
}

#[test]
fn nothing_to_embed_asks_nothing() {
    let server = Server::start([]);
    assert_eq!(embedder(&server, |_| ()).embed(&["", "\n"], BUDGET).unwrap(), [None, None]);
    assert!(server.asked().is_empty());
}

#[test]
fn too_many_requests_is_tried_again_after_the_time_it_asks() {
    let server = Server::start([Reply::Send(429, "Retry-After: 1", String::new()), one_vector()]);
    let start = Instant::now();
    assert!(embedder(&server, |_| ()).embed(&["a"], BUDGET).unwrap()[0].is_some());
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_wait_beyond_the_budget_is_not_begun_but_told() {
    let server = Server::start([Reply::Send(429, "Retry-After: 60", String::new())]);
    let start = Instant::now();
    let error = embedder(&server, |_| ()).embed(&["a"], BUDGET).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!((error.code(), error.retry_after()), ("unavailable.embedder", Some(Duration::from_secs(60))));
}

#[test]
fn repeated_failures_open_the_breaker_and_a_probe_closes_it() {
    let server = Server::start([status(503), status(503), one_vector(), one_vector()]);
    let embedder = embedder(&server, |config| {
        config.retries = 0;
        config.breaker_failures = 2;
        config.breaker_cooldown_ms = 400;
    });
    for _ in 0..2 {
        let error = embedder.embed(&["a"], BUDGET).unwrap_err();
        assert_eq!(error.code(), "unavailable.embedder");
        assert_hides_the_key(&error);
    }
    let error = embedder.embed(&["a"], BUDGET).unwrap_err();
    assert!(error.to_string().contains("left alone"), "{error}");
    assert!(error.retry_after().unwrap() <= Duration::from_millis(400));
    assert_eq!(server.asked().len(), 2, "an open breaker sends nothing");

    std::thread::sleep(Duration::from_millis(450));
    assert!(embedder.embed(&["a"], BUDGET).is_ok());
    assert!(embedder.embed(&["a"], BUDGET).is_ok());
}

#[test]
fn a_breaker_that_opens_between_tries_ends_them() {
    let server = Server::start([status(500), status(500), one_vector()]);
    let embedder = embedder(&server, |config| {
        config.retries = 5;
        config.breaker_failures = 2;
    });
    let error = embedder.embed(&["a"], BUDGET).unwrap_err();
    assert!(error.to_string().contains("500"), "{error}");
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_broken_connection_is_tried_again() {
    // no script: the server hangs up on each request
    let server = Server::start([]);
    let error = embedder(&server, |config| config.retries = 1).embed(&["a"], BUDGET).unwrap_err();
    assert_eq!(error.code(), "unavailable.embedder");
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn nobody_listening_is_unavailable() {
    let server = Server::start([]);
    let embedder = embedder(&server, |config| config.retries = 0);
    drop(server);
    let error = embedder.embed(&["a"], BUDGET).unwrap_err();
    assert!(error.to_string().contains("connection refused"), "{error}");
}

#[test]
fn silence_ends_at_the_shorter_of_budget_and_time_out() {
    for (budget, timeout_ms) in [(Duration::from_millis(150), 10_000), (BUDGET, 150)] {
        let server = Server::start([Reply::Silence(Duration::from_secs(2))]);
        let embedder = embedder(&server, |config| config.timeout_ms = timeout_ms);
        let start = Instant::now();
        let error = embedder.embed(&["a"], budget).unwrap_err();
        assert_eq!(error.code(), "timeout.embedder");
        assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
        assert_eq!(server.asked().len(), 1, "a time-out is not tried again");
    }
}

#[test]
fn a_silent_provider_opens_the_breaker_but_no_budget_does_not_close_it() {
    let server = Server::start([Reply::Silence(Duration::from_millis(300))]);
    let embedder = embedder(&server, |config| config.breaker_failures = 1);
    let short = Duration::from_millis(50);
    assert_eq!(embedder.embed(&["a"], short).unwrap_err().code(), "timeout.embedder");
    assert_eq!(embedder.embed(&["a"], Duration::ZERO).unwrap_err().code(), "timeout.embedder");
    assert_eq!(embedder.embed(&["a"], short).unwrap_err().code(), "unavailable.embedder");
}

#[test]
fn no_budget_sends_nothing_and_an_endless_one_is_no_overflow() {
    let server = Server::start([one_vector()]);
    let embedder = embedder(&server, |_| ());
    assert_eq!(embedder.embed(&["a"], Duration::ZERO).unwrap_err().code(), "timeout.embedder");
    assert!(server.asked().is_empty());
    assert!(embedder.embed(&["a"], Duration::MAX).is_ok());
}

#[test]
fn answers_that_are_not_the_protocol_are_malformed() {
    for body in [
        "{\"embeddings\": [[1,",
        "<html>sk-hidden</html>",
        "{\"embeddings\": \"sk-hidden\"}",
        "{\"embeddings\": []}",
        "{\"embeddings\": [[1, null]]}",
        "{\"embeddings\": [[1, 1e39]]}",
        "{\"embeddings\": [[1, 1e99]]}",
        "{\"embeddings\": [[1, 2], [3, 4]]}",
    ] {
        let server = Server::start([ok(body)]);
        let error = embedder(&server, |_| ()).embed(&["a"], BUDGET).unwrap_err();
        assert_eq!(error.code(), "malformed.embedder", "{body}");
        assert_hides_the_key(&error);
        assert_eq!(server.asked().len(), 1, "{body}");
    }
    let twice = json!({"data": [{"index": 0, "embedding": [1, 2]}, {"index": 0, "embedding": [1, 2]}]});
    let server = Server::start([ok(twice)]);
    let embedder = HttpEmbedder::new(&config(ProviderKind::OpenAi, &server), None).unwrap();
    assert_eq!(embedder.embed(&["a", "b"], BUDGET).unwrap_err().code(), "malformed.embedder");
}

#[test]
fn an_endless_answer_is_cut_off() {
    let server = Server::start([ok(" ".repeat((64 << 20) + 1))]);
    let error = embedder(&server, |_| ()).embed(&["a"], BUDGET).unwrap_err();
    assert!(error.to_string().contains("larger than"), "{error}");
}

#[test]
fn a_refusal_is_not_tried_again_and_says_what_to_check() {
    for (code, advice) in [(401, "API key"), (404, "`base_url`"), (400, "`model`"), (307, "redirects")] {
        let server = Server::start([status(code), one_vector()]);
        let embedder = embedder(&server, |config| config.breaker_failures = 1);
        let error = embedder.embed(&["a"], BUDGET).unwrap_err();
        assert_eq!(error.code(), "refused.embedder");
        assert!(error.to_string().contains(advice), "{error}");
        assert_hides_the_key(&error);
        assert_eq!(server.asked().len(), 1);
        assert!(embedder.embed(&["a"], BUDGET).is_ok(), "a refusal does not open the breaker");
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let target = Server::start([one_vector()]);
    let location: &'static str = format!("Location: {}/api/embed", target.url()).leak();
    let server = Server::start([Reply::Send(307, location, String::new())]);
    assert_eq!(embedder(&server, |_| ()).embed(&["a"], BUDGET).unwrap_err().code(), "refused.embedder");
    assert!(target.asked().is_empty(), "neither the text nor the key went elsewhere");
}

#[test]
fn vectors_of_another_length_are_refused() {
    let server = Server::start([ok(json!({"embeddings": [[1, 2, 3]]}))]);
    let error = embedder(&server, |_| ()).embed(&["a"], BUDGET).unwrap_err();
    assert!(matches!(error, ModelError::WrongDimension { expected: 2, got: 3, .. }), "{error:?}");
}

#[test]
fn debug_output_hides_the_key() {
    let server = Server::start([]);
    let config = ProviderConfig::new(ProviderKind::Ollama, server.url(), "m");
    let llm = HttpLlm::new(&config, Some(Secret::new(KEY))).unwrap();
    let shown = format!("{:?} {llm:?}", embedder(&server, |_| ()));
    assert!(!shown.contains(KEY), "{shown}");
}

#[test]
fn identity_covers_the_model_but_not_the_address() {
    let (one, other) = (Server::start([]), Server::start([]));
    let id = |server: &Server, change: fn(&mut ProviderConfig)| embedder(server, change).model().clone();
    assert_eq!(id(&one, |_| ()), id(&other, |_| ()));
    assert_ne!(id(&one, |_| ()), id(&one, |config| config.dimension = Some(3)));
    assert_ne!(id(&one, |_| ()), id(&one, |config| config.kind = ProviderKind::OpenAi));
    assert!(!embedder(&one, |_| ()).local());
}

#[test]
fn unusable_configurations_say_why() {
    let mut config = ProviderConfig::new(ProviderKind::Ollama, "http://localhost:1", "m");
    let error = HttpEmbedder::new(&config, None).unwrap_err();
    assert_eq!(error.code(), "not-configured.embedder");
    assert!(error.to_string().contains("`dimension`"), "{error}");
    let error = HttpEmbedder::new(&ProviderConfig { dimension: Some(2), retries: 11, ..config.clone() }, None);
    assert!(error.unwrap_err().to_string().contains("`retries` is 11"));
    config.dimension = Some(2);
    assert_eq!(HttpLlm::new(&config, None).unwrap_err().code(), "not-configured.llm");
    let error = HttpEmbedder::new(&config, Some(Secret::new("sk-hidden\nx"))).unwrap_err();
    assert_hides_the_key(&error);
    for kind in [ProviderKind::Anthropic, ProviderKind::Gemini] {
        config.kind = kind;
        let error = HttpEmbedder::new(&config, None).unwrap_err();
        assert_eq!(error.code(), "not-configured.embedder");
        assert!(error.to_string().contains("makes no vectors"), "{error}");
    }
}
