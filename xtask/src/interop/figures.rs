//! What components cost: size, load, call; printed as the table of docs/interop.md.

#![expect(clippy::indexing_slicing, reason = "a missing key of a `Value` is null, no panic")]

use super::Language;
use super::host::Host;
use anyhow::Result;
use serde_json::Value;
use std::time::{Duration, Instant};

/// What was measured of one component.
pub(super) struct Figures {
    language: Language,
    kind: &'static str,
    /// What `plugin inspect` says.
    pub(super) told: Value,
    /// `plugin inspect` with nothing compiled, then with the compiled component: processes from begin to end.
    first: Duration,
    later: Duration,
    /// A call that finds nothing to do, ms inside the component: the start of the language's engine, mostly.
    pub(super) call_ms: Option<f64>,
    /// A unit of the recorded job, ms inside the component.
    pub(super) unit_ms: Option<f64>,
}

impl Figures {
    /// Loads the component twice.
    pub(super) fn of(host: &Host, language: Language, kind: &'static str, path: &str) -> Result<Self> {
        let timed = || {
            let begin = Instant::now();
            Ok::<_, anyhow::Error>((host.json(&["plugin", "inspect", path])?, begin.elapsed()))
        };
        let ((told, first), (_, later)) = (timed()?, timed()?);
        Ok(Self { language, kind, told, first, later, call_ms: None, unit_ms: None })
    }
}

/// A table in Markdown.
pub(super) fn table(all: &[Figures]) -> String {
    let mut text = String::from(
        "| component | size | engine | first load | later loads | a call with nothing to do | a unit of 35 events |\n|---|---|---|---|---|---|---|\n",
    );
    let ms = |time: Option<f64>| time.map_or_else(|| "-".to_owned(), |time| format!("{time:.2} ms"));
    for one in all {
        text.push_str(&format!(
            "| {} in {} | {:.2} MB | {} | {:.2} s | {:.2} s | {} | {} |\n",
            one.kind,
            one.language.name(),
            one.told["bytes"].as_f64().unwrap_or_default() / 1e6,
            one.told["engine"].as_str().unwrap_or_default(),
            one.first.as_secs_f64(),
            one.later.as_secs_f64(),
            ms(one.call_ms),
            ms(one.unit_ms),
        ));
    }
    text
}
