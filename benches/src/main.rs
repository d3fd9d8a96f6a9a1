//! Measures what docs/performance.md reports: `cargo run --release -p memstrata-benches -- [PART..]`.
//!
//! Parts: `runtime`, `recall`, `vectors`, `writes`, `doors`, `start`, `consolidation`; all of them if none is named. Each prints rows of a
//! Markdown table. Absolute times depend on the machine; the ratios are measured in one run.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement that cannot go on ends"
)]

mod consolidation;
mod doors;
mod recall;
mod runtime;
mod sample;
mod start;
mod vectors;
mod writes;

/// A part: what it is called by, and what it runs.
type Part = (&'static str, fn() -> anyhow::Result<()>);

fn main() -> anyhow::Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let parts: [Part; 7] = [
        ("runtime", runtime::run),
        ("recall", recall::run),
        ("vectors", vectors::run),
        ("writes", writes::run),
        ("doors", doors::run),
        ("start", start::run),
        ("consolidation", consolidation::run),
    ];
    for name in &wanted {
        anyhow::ensure!(
            parts.iter().any(|(known, _)| known == name),
            "no part `{name}`; see the head of benches/src/main.rs"
        );
    }
    println!("| what | measured |\n|---|---|");
    for (name, run) in parts {
        if wanted.is_empty() || wanted.iter().any(|one| one == name) {
            run()?;
        }
    }
    Ok(())
}
