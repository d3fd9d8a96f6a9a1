//! What became of an imported file: counts by kind, and every fault with its place.

use super::Format;
use clap::ValueEnum as _;
use serde::Serialize;
use std::collections::BTreeMap;

/// Faults shown, at most.
const SHOWN: usize = 20;

/// What became of a file.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) format: String,
    pub(crate) dry_run: bool,
    /// Records taken, by kind.
    pub(crate) imported: BTreeMap<&'static str, usize>,
    /// Calls that found what they make there already.
    pub(crate) known: usize,
    /// Of a dry run: records that name others, which are not written.
    pub(crate) unchecked: usize,
    /// Messages without a text.
    pub(crate) empty: usize,
    /// Records refused, and lines that could not be read.
    pub(crate) failed: usize,
    pub(crate) faults: Vec<String>,
    /// Fields that had no place, and in how many records.
    pub(crate) dropped: BTreeMap<String, usize>,
}

impl Report {
    pub(crate) fn of(format: Format, dry_run: bool) -> Self {
        let format = format.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        Self { format, dry_run, ..Self::default() }
    }

    pub(crate) fn fault(&mut self, fault: String) {
        self.failed += 1;
        if self.faults.len() < SHOWN {
            self.faults.push(fault);
        }
    }

    /// The report for people.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let verb = if self.dry_run { "would be imported" } else { "imported" };
        let counts: Vec<String> = self.imported.iter().map(|(kind, count)| format!("{kind}: {count}")).collect();
        let counts = if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") };
        text.push_str(&format!("{verb} ({}): {counts}", self.format));
        if self.known > 0 {
            text.push_str(&format!("\n{} were there already", self.known));
        }
        if self.unchecked > 0 {
            text.push_str(&format!(
                "\n{} name others of this file and cannot be checked before those are written",
                self.unchecked
            ));
        }
        if self.empty > 0 {
            text.push_str(&format!("\n{} messages without a text were left out", self.empty));
        }
        for (field, count) in &self.dropped {
            text.push_str(&format!("\nfield `{field}` has no place and was left out of {count} records"));
        }
        if self.failed > 0 {
            text.push_str(&format!("\n{} failed:{}", self.failed, self.listed()));
        }
        text
    }

    /// The faults, a line each, and how many more there are.
    pub(crate) fn listed(&self) -> String {
        let mut text: String = self.faults.iter().map(|fault| format!("\n  - {fault}")).collect();
        if self.failed > self.faults.len() {
            text.push_str(&format!("\n  and {} more", self.failed - self.faults.len()));
        }
        text
    }
}
