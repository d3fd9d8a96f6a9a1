//! Misbehaviour with time: loops, and host calls that take long.

use super::{Raw, done, number, text};
use memstrata_sdk::{Fault, Query, Value, batch::Batch, clock, json};
use std::hint::black_box;

pub(super) fn loop_forever() -> Raw {
    let mut count = 0_u64;
    loop {
        count = black_box(count).wrapping_add(1);
    }
}

/// Many host calls, each of almost no time.
pub(super) fn loop_clock() -> Raw {
    loop {
        black_box(clock::now());
    }
}

/// Many host calls, each of some time, deaf to what they answer.
pub(super) fn loop_queries() -> Raw {
    loop {
        _ = black_box(Query::of("items").count());
    }
}

/// One host call over `entries` vectors.
pub(super) fn slow(arguments: &Value) -> Raw {
    let entries = number(arguments, "entries") as usize;
    if text(arguments, "how") == "embed" {
        let texts: Vec<String> = (0..entries).map(|nth| format!("memory number {nth} of many ").repeat(20)).collect();
        return done(json!({ "length": Batch::embed(&texts).map_err(Fault::from)?.length() }));
    }
    // Making these vectors is not what takes long.
    let few = Batch::embed(&vec!["cat".to_owned(); entries]).map_err(Fault::from)?;
    let length = match text(arguments, "how") {
        "near_pairs" => few.near_pairs(2.0, 10).map_err(Fault::from)?.len(),
        "cluster" => few.cluster(0.99).map_err(Fault::from)?.len(),
        "divergence" => few.divergence(u32::try_from(entries / 2).unwrap_or(1)).map_err(Fault::from)?.len(),
        "similarities" => few.similarities(&few).map_err(Fault::from)?.len(),
        "all_pairs" => few.near_pairs(0.5, u32::MAX).map_err(Fault::from)?.len(),
        "beyond" => few.similarity(0, u32::try_from(entries).unwrap_or(u32::MAX)).map_err(Fault::from)? as usize,
        "nearest" => few.nearest("items", 1000).map_err(Fault::from)?.len(),
        _ => 0,
    };
    done(json!({ "length": length }))
}
