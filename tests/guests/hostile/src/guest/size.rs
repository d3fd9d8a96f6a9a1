//! Misbehaviour with size: stack, memory, handles, what is passed to the host, the log.

use super::{Raw, done, number, text};
use memstrata_sdk::bindings::memstrata::plugin::{llm::Prompt, search::Request, store_read::Query};
use memstrata_sdk::{Fault, Value, batch::Batch, get_many, json, log};
use std::hint::black_box;

fn deeper(depth: u64) -> u64 {
    // The array keeps the call from becoming a loop, and makes frames large.
    let frame = black_box([depth; 16]);
    black_box(deeper(depth + 1)) + frame[0]
}

/// Without a frame in linear memory: the host's own stack is what fills.
#[inline(never)]
fn deeper_still(depth: u64) -> u64 {
    if depth == u64::MAX { 0 } else { (deeper_still(depth + 1) ^ depth).wrapping_mul(31) }
}

pub(super) fn recurse(arguments: &Value) -> Raw {
    let depth = if arguments["frames"] == json!(true) { deeper(0) } else { deeper_still(number(arguments, "from")) };
    done(json!({ "depth": depth }))
}

pub(super) fn grow_memory() -> Raw {
    let mut all: Vec<Vec<u8>> = Vec::new();
    loop {
        all.push(black_box(vec![1; 1 << 20]));
    }
}

/// Host resources that are never let go.
pub(super) fn hoard(arguments: &Value) -> Raw {
    let count = number(arguments, "count");
    let large = "x".repeat(number(arguments, "bytes") as usize);
    let one = ["a memory".to_owned()];
    let many = vec!["a memory".to_owned(); number(arguments, "bytes") as usize / 1024];
    for _ in 0..count {
        match text(arguments, "what") {
            "queries" => std::mem::forget(Query::new("items")),
            "batches" => std::mem::forget(Batch::embed(&one).map_err(Fault::from)?),
            "vectors" => std::mem::forget(Batch::embed(&many).map_err(Fault::from)?),
            "prompts" => std::mem::forget(Prompt::new(&large)),
            "requests" => std::mem::forget(Request::new(&large)),
            "conditions" => {
                let query = Query::new("items");
                query.filter(&json!(["text", "=", large]).to_string()).map_err(Fault::from)?;
                std::mem::forget(query);
            }
            other => return Err(Fault::invalid(format!("no hoard of `{other}`"))),
        }
    }
    done(json!({ "count": count }))
}

/// Much in one host call.
pub(super) fn pass(arguments: &Value) -> Raw {
    let bytes = number(arguments, "bytes") as usize;
    match text(arguments, "what") {
        "text" => log::info(&"x".repeat(bytes)),
        "list" => _ = get_many("items", &vec![0; bytes / 8])?,
        "rows" => _ = get_many("items", &vec![number(arguments, "id"); bytes / 8])?,
        other => return Err(Fault::invalid(format!("nothing to pass as `{other}`"))),
    }
    done(json!({ "bytes": bytes }))
}

pub(super) fn batch_flood(arguments: &Value) -> Raw {
    let entries = number(arguments, "entries") as usize;
    let batch = match text(arguments, "how") {
        "rows" => Batch::of_rows("items", &vec![1; entries]),
        _ => Batch::embed(&vec!["a".to_owned(); entries]),
    };
    done(json!({ "length": batch.map_err(Fault::from)?.length() }))
}

pub(super) fn log_flood(arguments: &Value) -> Raw {
    let lines = number(arguments, "lines");
    for nth in 0..lines {
        log::warn(&format!("{} {nth} \u{1b}[31m\n", text(arguments, "token")));
    }
    done(json!({ "lines": lines }))
}

/// Asks the model question after question.
pub(super) fn prompts(arguments: &Value) -> Raw {
    let mut answers = Vec::new();
    for nth in 0..number(arguments, "times") {
        answers.push(
            Prompt::new(&format!("question {}", nth % number(arguments, "different").max(1)))
                .run()
                .map_err(Fault::from)?,
        );
    }
    done(json!({ "answers": answers }))
}
