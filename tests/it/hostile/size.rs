//! Guests that want too much: stack, memory, tables, handles, host memory, bytes at once, lines of the log.

use super::wat::{Body, wat_host};
use super::{harmless, refused, serves, stage, state};
use serde_json::json;
use std::sync::{Mutex, Once};
use tracing::field::{Field, Visit};
use tracing::{Event, Id, Metadata, Subscriber, span};

#[test]
fn endless_recursion_is_stopped() {
    let host = stage(|_| {});
    refused(&host, "hostile.recurse", json!({}), "limit.stack");
    // With frames of its own in linear memory, it runs out of those first.
    let error = refused(&host, "hostile.recurse", json!({ "frames": true }), "plugin.trap");
    assert!(error.message.contains("recurses too deep"), "{error}");
}

#[test]
fn memory_does_not_grow_over_its_limit() {
    let host = stage(|options| options.limits.memory_bytes = 8 << 20);
    let error = refused(&host, "hostile.grow_memory", json!({}), "limit.memory");
    assert!(error.message.contains(&(8 << 20).to_string()), "{error}");
}

#[test]
fn tables_do_not_grow_over_their_limit() {
    // Grows its table by 1,000 until it cannot, then traps.
    let host = wat_host(
        &Body::call(
            "(loop $again (br_if $again (i32.ne (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1)))) unreachable",
        ),
        |options| {
            options.limits.table_elements = 20_000;
        },
    );
    refused(&host, "raw.go", json!({}), "limit.table");
}

#[test]
fn handles_are_counted() {
    let host = stage(|options| options.limits.handles = 100);
    for what in ["queries", "batches"] {
        harmless_hoard(&host, what, 90);
        refused(&host, "hostile.hoard", json!({ "what": what, "count": 200 }), "limit.handles");
    }
}

fn harmless_hoard(host: &crate::support::Host, what: &str, count: u64) {
    assert_eq!(harmless(host, "hostile.hoard", json!({ "what": what, "count": count }))["count"], count);
}

#[test]
fn what_handles_keep_in_the_host_is_limited() {
    let host = stage(|options| options.limits.held_bytes = 2 << 20);
    for what in ["vectors", "prompts", "requests", "conditions"] {
        let bytes = 200 * 1024;
        assert_eq!(harmless(&host, "hostile.hoard", json!({ "what": what, "count": 2, "bytes": bytes }))["count"], 2);
        refused(&host, "hostile.hoard", json!({ "what": what, "count": 50, "bytes": bytes }), "limit.held");
    }
}

#[test]
fn bytes_of_one_host_call_are_limited() {
    let host = stage(|options| options.limits.host_call_bytes = 1 << 20);
    for what in ["text", "list"] {
        harmless(&host, "hostile.pass", json!({ "what": what, "bytes": 500_000 }));
        refused(&host, "hostile.pass", json!({ "what": what, "bytes": 3 << 20 }), "limit.host-call");
    }
}

#[test]
fn rows_fetched_at_once_are_no_more_than_a_guest_can_hold() {
    let host = stage(|_| {});
    let id = host.ok("hostile.good", json!({ "text": "x".repeat(20_000) }))["id"].clone();
    refused(&host, "hostile.pass", json!({ "what": "rows", "id": id, "bytes": 100_000 }), "limit.read-bytes");
}

#[test]
fn a_text_claimed_longer_than_memory_is_refused() {
    let host = wat_host(
        &Body::call("(call $log (i32.const 0) (i32.const 4) (i32.const 16) (i32.const -1)) unreachable"),
        |_| {},
    );
    refused(&host, "raw.go", json!({}), "plugin.trap");
}

#[test]
fn batches_have_a_size() {
    let host = stage(|options| options.limits.batch = 10);
    for how in ["texts", "rows"] {
        assert_eq!(harmless(&host, "hostile.batch_flood", json!({ "how": how, "entries": 10 }))["length"], 10);
        refused(&host, "hostile.batch_flood", json!({ "how": how, "entries": 11 }), "limit.batch");
    }
}

/// Keeps what plugins log.
struct Lines;

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "plugin"
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        LINES.lock().unwrap().push(message.0);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn a_flooded_log_drops_lines_and_keeps_them_harmless() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Lines).unwrap());
    let host = stage(|options| options.limits.log_lines = 5);
    let before = state(&host);
    assert_eq!(host.ok("hostile.log_flood", json!({ "lines": 5000, "token": "flood-7f3a" }))["lines"], 5000);
    assert_eq!(state(&host), before);
    let lines: Vec<String> = LINES.lock().unwrap().iter().filter(|line| line.contains("flood-7f3a")).cloned().collect();
    assert_eq!(lines.len(), 5, "{lines:?}");
    for line in lines {
        assert!(!line.contains(['\n', '\u{1b}']), "a guest writes no control characters: {line:?}");
    }
    serves(&host);
}

/// A model that takes 600 tokens for each answer and counts them.
#[derive(Default)]
struct Counting(std::sync::atomic::AtomicU32);

impl memstrata_models::Llm for Counting {
    fn model(&self) -> &'static str {
        "counting"
    }

    fn complete(
        &self,
        _request: &memstrata_models::Completion,
        _budget: std::time::Duration,
    ) -> Result<memstrata_models::CompletionAnswer, memstrata_models::ModelError> {
        let nth = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(memstrata_models::CompletionAnswer {
            text: format!("answer {nth}"),
            cut: false,
            input_tokens: 100,
            output_tokens: 500,
        })
    }
}

#[test]
fn a_call_has_so_many_tokens_of_language_models() {
    let model = std::sync::Arc::new(Counting::default());
    let asked = || model.0.load(std::sync::atomic::Ordering::Relaxed);
    let host = stage(|options| {
        options.limits.llm_tokens = 1_000;
        options.llm = Some(model.clone());
    });
    refused(&host, "hostile.prompts", json!({ "times": 3, "different": 3 }), "budget.tokens");
    assert_eq!(asked(), 2, "the third was not asked");
    let answer = host.ok("hostile.prompts", json!({ "times": 5, "different": 1 }));
    assert_eq!(asked(), 3, "a question asked again is answered as before");
    assert_eq!(answer["answers"], json!(vec!["answer 2"; 5]));
}
