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
    // Results keep the text they were found by, though their request is gone.
    refused(&host, "hostile.hoard", json!({ "what": "results", "count": 300, "bytes": 10_000 }), "limit.held");
}

#[test]
fn what_one_handle_is_told_is_limited() {
    let host = stage(|options| (options.limits.held_bytes, options.limits.guest_ms) = (1 << 20, 20_000));
    for (what, bytes, count) in [
        ("query.filter", 100_000, 6),
        ("query.namespace", 200, 6_000),
        ("query.order_by", 0, 20_000),
        ("query.after", 100_000, 15),
        ("search.collection", 0, 20_000),
        ("search.filter", 100_000, 6),
        ("search.namespace", 200, 6_000),
        ("search.seeds", 100_000, 15),
        ("llm.system", 100_000, 15),
        ("llm.schema", 100_000, 6),
    ] {
        let told = |count: u32| json!({ "what": what, "bytes": bytes, "count": count });
        assert_eq!(harmless(&host, "hostile.stuff", told(2))["count"], 2, "{what}");
        refused(&host, "hostile.stuff", told(count), "limit.held");
    }
}

#[test]
fn what_the_host_gives_for_nothing_is_little() {
    let host = stage(|_| {});
    for (asked, got) in [(100, 100), (65_536, 65_536), (1 << 20, 65_536)] {
        assert_eq!(harmless(&host, "hostile.gulp", json!({ "what": "random", "bytes": asked }))["got"], got);
    }
    let heard: std::sync::Arc<Mutex<Vec<String>>> = std::sync::Arc::default();
    let mut call = crate::support::request("hostile.gulp", json!({ "what": "progress", "bytes": 100_000 }));
    let hears = std::sync::Arc::clone(&heard);
    call.progress = Some(std::sync::Arc::new(move |progress| hears.lock().unwrap().push(progress.message)));
    host.run(call).unwrap();
    assert_eq!(*heard.lock().unwrap(), ["p".repeat(200)], "progress goes to clients: it is short");
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

#[test]
fn what_is_computed_of_batches_has_a_size() {
    let host = stage(|options| {
        (options.limits.host_call_bytes, options.limits.hits) = (1 << 20, 2);
        (options.limits.wall_ms, options.limits.guest_ms) = (60_000, 60_000);
    });
    let asked = |how: &str, entries: u64| json!({ "how": how, "entries": entries });
    // A cosine has four bytes: 512 x 512 of them are just passed, and no more.
    assert_eq!(harmless(&host, "hostile.slow", asked("similarities", 512))["length"], 512 * 512);
    refused(&host, "hostile.slow", asked("similarities", 513), "limit.batch");
    // Of 190 pairs, ten for each hit.
    assert_eq!(harmless(&host, "hostile.slow", asked("all_pairs", 20))["length"], 20);
    refused(&host, "hostile.slow", asked("beyond", 5), "invalid.argument");
    // No window at all.
    refused(&host, "hostile.slow", asked("divergence", 1), "invalid.argument");
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
    let said = |token: &str| -> Vec<String> {
        LINES.lock().unwrap().iter().filter(|line| line.contains(token)).cloned().collect()
    };
    let lines = said("flood-7f3a");
    assert_eq!(lines.len(), 5, "{lines:?}");
    for line in lines {
        assert!(!line.contains(['\n', '\u{1b}']), "a guest writes no control characters: {line:?}");
    }
    host.ok("hostile.log_flood", json!({ "lines": 1, "bytes": 100_000, "token": "flood-b81c" }));
    let long = said("flood-b81c");
    assert!(long.len() == 1 && long[0].len() < 2_100, "a line has an end: {}", long[0].len());
    serves(&host);
}

/// A model that takes 600 tokens for each answer, counts, and keeps what it was asked and how long it had.
#[derive(Default)]
struct Counting {
    answers: std::sync::atomic::AtomicU32,
    asked: Mutex<Vec<(memstrata_models::Completion, std::time::Duration)>>,
}

impl memstrata_models::Llm for Counting {
    fn model(&self) -> &'static str {
        "counting"
    }

    fn complete(
        &self,
        request: &memstrata_models::Completion,
        budget: std::time::Duration,
    ) -> Result<memstrata_models::CompletionAnswer, memstrata_models::ModelError> {
        self.asked.lock().unwrap().push((request.clone(), budget));
        let nth = self.answers.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(memstrata_models::CompletionAnswer {
            text: format!("answer {nth}"),
            cut: false,
            input_tokens: 100,
            output_tokens: 500,
        })
    }
}

/// A host with that model.
fn with_model(change: impl FnOnce(&mut memstrata_runtime::Limits)) -> (crate::support::Host, std::sync::Arc<Counting>) {
    let model = std::sync::Arc::new(Counting::default());
    let host = stage(|options| {
        change(&mut options.limits);
        options.llm = Some(model.clone());
    });
    (host, model)
}

#[test]
fn a_call_has_so_many_tokens_of_language_models() {
    let (host, model) = with_model(|limits| limits.llm_tokens = 1_000);
    let asked = || model.answers.load(std::sync::atomic::Ordering::Relaxed);
    refused(&host, "hostile.prompts", json!({ "times": 3, "different": 3 }), "budget.tokens");
    assert_eq!(asked(), 2, "the third was not asked");
    let most: Vec<u32> = model.asked.lock().unwrap().iter().map(|(request, _)| request.max_tokens).collect();
    assert_eq!(most, [996, 396], "an answer has no more than is left, and the question counts too");
    let answer = host.ok("hostile.prompts", json!({ "times": 5, "different": 1 }));
    assert_eq!(asked(), 3, "a question asked again is answered as before");
    assert_eq!(answer["answers"], json!(vec!["answer 2"; 5]));
}

#[test]
fn a_language_model_gets_sound_numbers_and_no_more_time_than_the_call_has() {
    let (host, model) = with_model(|limits| limits.wall_ms = 4_000);
    for temperature in ["nan", "hot"] {
        host.ok("hostile.prompts", json!({ "times": 1, "temperature": temperature }));
    }
    let asked = model.asked.lock().unwrap();
    let temperatures: Vec<f32> = asked.iter().map(|(request, _)| request.temperature).collect();
    assert_eq!(temperatures, [0.0, 2.0]);
    assert!(asked.iter().all(|(_, budget)| *budget <= std::time::Duration::from_secs(4)), "{asked:?}");
}
