//! Cold start and throughput of the built-in model; run by hand in release, prints numbers.
//!
//! `cargo test --release -p memstrata-models --test measure -- --ignored --nocapture`

#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use memstrata_models::{Embedder, Remembered, StaticEmbedding};

fn per_second(count: usize, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    count as f64 / start.elapsed().as_secs_f64()
}

#[test]
#[ignore = "a measurement, not a check"]
fn cold_start_and_throughput() {
    let start = Instant::now();
    let model = StaticEmbedding::builtin().unwrap();
    let loaded = start.elapsed();
    model.embed(&["The first sentence pages the first rows in."], Duration::ZERO).unwrap();
    println!("load {loaded:?}, with first text {:?}", start.elapsed());
    let again = Instant::now();
    StaticEmbedding::builtin().unwrap();
    println!("load, warm {:?}", again.elapsed());

    let words =
        "Ada told Grace on Tuesday that the quarterly report, which prefers tabs over spaces, needs 3 reviewers";
    let ascii: Vec<String> = (0..20_000).map(|n| format!("{words} and ticket {n}")).collect();
    let unicode: Vec<String> = ascii.iter().map(|text| format!("{text} à la crème")).collect();
    let bytes = ascii.iter().map(String::len).sum::<usize>() / ascii.len();
    println!("texts of {bytes} bytes, {} tokens", model.tokens(ascii.first().unwrap()).len());
    let run = |model: &dyn Embedder, texts: &[String]| {
        for text in texts {
            std::hint::black_box(model.embed(&[text], Duration::ZERO).unwrap());
        }
    };
    println!("ascii   {:.0} texts/s", per_second(ascii.len(), || run(&model, &ascii)));
    println!("unicode {:.0} texts/s", per_second(unicode.len(), || run(&model, &unicode)));

    let start = Instant::now();
    model.embed(&[&ascii.concat()], Duration::ZERO).unwrap();
    println!("one text of {} KB in {:?}", ascii.iter().map(String::len).sum::<usize>() / 1000, start.elapsed());

    let memo = Remembered::new(Arc::new(model), 64 << 20);
    run(&memo, &ascii);
    println!("memo hits {:.0} texts/s", per_second(ascii.len(), || run(&memo, &ascii)));
}
