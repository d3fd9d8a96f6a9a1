//! Misbehaviour with size: stack, memory, handles, what is passed to the host, the log.

use super::{Raw, done, number, text};
use memstrata_sdk::bindings::memstrata::plugin::{llm::Prompt, search::Request, store_read::Query};
use memstrata_sdk::{Fault, Value, batch::Batch, budget, get_many, json, log, random};
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
            "results" => {
                let request = Request::new(&large);
                request.collection("items").map_err(Fault::from)?;
                std::mem::forget(request.run().map_err(Fault::from)?);
            }
            other => return Err(Fault::invalid(format!("no hoard of `{other}`"))),
        }
    }
    done(json!({ "count": count }))
}

/// One host resource that is told more and more.
pub(super) fn stuff(arguments: &Value) -> Raw {
    let count = number(arguments, "count");
    let large = "x".repeat(number(arguments, "bytes") as usize);
    let (query, request, prompt) = (Query::new("items"), Request::new("a"), Prompt::new("a"));
    let condition = json!(["text", "=", large]).to_string();
    for _ in 0..count {
        match text(arguments, "what") {
            "query.filter" => query.filter(&condition).map_err(Fault::from)?,
            "query.namespace" => query.namespace(&large).map_err(Fault::from)?,
            "query.order_by" => query.order_by("n", false).map_err(Fault::from)?,
            "query.after" => query.after(&large).map_err(Fault::from)?,
            "search.collection" => request.collection("items").map_err(Fault::from)?,
            "search.filter" => request.filter(&condition).map_err(Fault::from)?,
            "search.namespace" => request.namespace(&large).map_err(Fault::from)?,
            "search.seeds" => request.seeds(&vec![1; large.len() / 8]),
            "llm.system" => prompt.system(&large),
            "llm.schema" => prompt.schema(&json!(large).to_string()).map_err(Fault::from)?,
            other => return Err(Fault::invalid(format!("nothing to stuff as `{other}`"))),
        }
    }
    done(json!({ "count": count }))
}

/// Much of what the host gives for nothing.
pub(super) fn gulp(arguments: &Value) -> Raw {
    let bytes = number(arguments, "bytes");
    match text(arguments, "what") {
        "random" => done(json!({ "got": random::bytes(u32::try_from(bytes).unwrap_or(u32::MAX)).len() })),
        "progress" => {
            budget::report(1, 2, &"p".repeat(bytes as usize));
            done(json!({}))
        }
        other => Err(Fault::invalid(format!("nothing to gulp as `{other}`"))),
    }
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
    let tail = "t".repeat(number(arguments, "bytes") as usize);
    for nth in 0..lines {
        log::warn(&format!("{} {nth} \u{1b}[31m\n{tail}", text(arguments, "token")));
    }
    done(json!({ "lines": lines }))
}

/// Asks the model question after question.
pub(super) fn prompts(arguments: &Value) -> Raw {
    let mut answers = Vec::new();
    for nth in 0..number(arguments, "times") {
        let prompt = Prompt::new(&format!("question {}", nth % number(arguments, "different").max(1)));
        match text(arguments, "temperature") {
            "nan" => prompt.temperature(f64::NAN),
            "hot" => prompt.temperature(1e9),
            _ => {}
        }
        answers.push(prompt.run().map_err(Fault::from)?);
    }
    done(json!({ "answers": answers }))
}
