//! The manifest: a buffer of fixed size in the data section that the tests overwrite in place.

use memstrata_sdk::{budget, get, log};
use std::hint::black_box;

/// What the tests look for; the manifest follows it, padded with spaces.
const MARKER: &[u8; 32] = b"memstrata hostile manifest here:";
const SIZE: usize = 16 * 1024;
const DEFAULT: &[u8] = include_bytes!("../manifest.json");

static BUFFER: [u8; SIZE] = filled();

const fn filled() -> [u8; SIZE] {
    let mut buffer = [b' '; SIZE];
    let mut at = 0;
    while at < MARKER.len() {
        buffer[at] = MARKER[at];
        at += 1;
    }
    while at < MARKER.len() + DEFAULT.len() {
        buffer[at] = DEFAULT[at - MARKER.len()];
        at += 1;
    }
    buffer
}

/// The manifest that stands in the buffer now. A `!word` in front of it selects what goes wrong while it is read.
pub(super) fn text() -> String {
    // The compiler must not fold what it knew at build time.
    let buffer: &'static [u8; SIZE] = black_box(&BUFFER);
    let text = String::from_utf8_lossy(buffer.get(32..).unwrap_or_default()).into_owned();
    let Some(rest) = text.strip_prefix('!') else { return text };
    let (word, manifest) = rest.split_once(' ').unwrap_or((rest, ""));
    match word {
        "loop" => loop {
            black_box(0);
        },
        // Nearly all of this time is the host's.
        "busy" => {
            let line = "x".repeat(2 << 20);
            loop {
                log::info(black_box(&line));
            }
        }
        "trap" => panic!("a trap in the manifest"),
        "grow" => {
            let mut all = Vec::new();
            loop {
                all.push(black_box(vec![1_u8; 1 << 20]));
            }
        }
        "huge" => format!("{manifest}{}", " ".repeat(1 << 20)),
        // Nothing differs from call to call but how long things take.
        "differ" => manifest.replace("SUMMARY", &pace().to_string()),
        "store" => {
            manifest.replace("SUMMARY", &get("hostile.items", 1).map_or_else(|fault| fault.code, |_| "read".into()))
        }
        other => format!("unknown word {other}"),
    }
}

/// How often the budget can be asked for while 20 ms of it pass.
fn pace() -> u64 {
    let until = budget::remaining_ms().saturating_sub(20);
    let mut count = 0;
    while budget::remaining_ms() > until {
        count += 1;
    }
    count
}
