//! A key never leaves: whatever a server quotes, neither the log nor the caller sees it.
//!
//! A binary of its own: what is logged is decided once in a process, so no other test may come first.

#![allow(clippy::unwrap_used, missing_docs)]

#[allow(dead_code, reason = "the other tests use the rest")]
mod server;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use memstrata_models::{Completion, HttpLlm, Llm, ProviderConfig, Secret};
use serde_json::json;
use server::wire::{KINDS, said};
use server::{Reply, Server, ok, status};
use tracing_subscriber::fmt::MakeWriter;

const BUDGET: Duration = Duration::from_secs(10);
const KEY: &str = "sk-hidden";

fn request() -> Completion {
    Completion {
        system: None,
        prompt: "Merge these.".into(),
        schema: Some(json!({"type": "object"})),
        max_tokens: 50,
        thinking_tokens: 2_000,
        temperature: 0.0,
    }
}

/// What is logged, as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn a_server_that_quotes_the_key_leaks_it_neither_to_the_log_nor_to_the_caller() {
    for kind in KINDS {
        let echo = || Reply::Send(503, "X-Echo: sk-hidden", "{\"error\":{\"message\":\"key sk-hidden\"}}".to_owned());
        let server = Server::start([status(400), status(400), echo(), ok(said(kind, "your key is sk-hidden"))]);
        let log = Log::default();
        let subscriber =
            tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
        let told = tracing::subscriber::with_default(subscriber, || {
            let llm = HttpLlm::new(&ProviderConfig::new(kind, server.url(), "m"), Some(Secret::new(KEY))).unwrap();
            let request = request();
            let mut told = format!("{llm:?}");
            for _ in 0..4 {
                told += &format!("{:?}", llm.complete(&request, BUDGET));
            }
            told
        });
        let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(logged.contains("error status") && logged.contains("[secret]"), "{kind:?}: {logged}");
        assert!(told.contains("your key is [secret]"), "{kind:?}: {told}");
        assert!(!format!("{logged}{told}").contains(KEY), "{kind:?}: {logged}{told}");
    }
}
