//! The limits of a call: none is unlimited, each is configurable, each has a guest in the tests that it stops.

use memstrata_store::ReadLimits;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use wasmtime::ResourceLimiter;

/// What one call may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Wall time of an interactive call, ms.
    pub wall_ms: u64,
    /// Wall time of a call of a component with `llm` or declared `background`, ms.
    pub slow_wall_ms: u64,
    /// Time inside the guest in an interactive call, ms.
    pub guest_ms: u64,
    /// Time inside the guest in a slow call, ms.
    pub slow_guest_ms: u64,
    /// Linear memory, bytes.
    pub memory_bytes: usize,
    /// Elements in one table.
    pub table_elements: usize,
    /// Handles of host resources held at once.
    pub handles: usize,
    /// Bytes host resources keep for it at once.
    pub held_bytes: usize,
    /// Bytes a guest may pass in one host call or answer.
    pub host_call_bytes: usize,
    /// Bytes of an answer.
    pub output_bytes: usize,
    /// Lines logged.
    pub log_lines: u32,
    /// Rows in one page.
    pub page_rows: u32,
    /// Rows read.
    pub rows_read: u64,
    /// Rows staged.
    pub rows_written: usize,
    /// Bytes staged.
    pub bytes_written: usize,
    /// Ids reserved.
    pub ids: u32,
    /// Hits of one search.
    pub hits: u32,
    /// Texts or vectors in one batch.
    pub batch: usize,
    /// Tokens of language models.
    pub llm_tokens: u32,
}

impl Default for Limits {
    fn default() -> Self {
        let store = ReadLimits::default();
        Self {
            wall_ms: 5_000,
            slow_wall_ms: 120_000,
            guest_ms: 3_000,
            slow_guest_ms: 60_000,
            memory_bytes: 64 << 20,
            table_elements: 100_000,
            handles: 1_000,
            held_bytes: 64 << 20,
            host_call_bytes: 4 << 20,
            output_bytes: 1 << 20,
            log_lines: 100,
            page_rows: store.page_rows,
            rows_read: store.rows_read,
            rows_written: store.rows_written,
            bytes_written: store.bytes_written,
            ids: store.ids,
            hits: store.hits,
            batch: 2_000,
            llm_tokens: 100_000,
        }
    }
}

impl Limits {
    /// What a session may do.
    #[must_use]
    pub fn store(&self) -> ReadLimits {
        ReadLimits {
            page_rows: self.page_rows,
            rows_read: self.rows_read,
            rows_written: self.rows_written,
            bytes_written: self.bytes_written,
            ids: self.ids,
            hits: self.hits,
        }
    }

    /// The wall budget of a call.
    #[must_use]
    pub fn wall(&self, slow: bool) -> Duration {
        Duration::from_millis(if slow { self.slow_wall_ms } else { self.wall_ms })
    }

    /// Every value that makes no sense, in words.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, value) in [
            ("wall_ms", self.wall_ms),
            ("slow_wall_ms", self.slow_wall_ms),
            ("guest_ms", self.guest_ms),
            ("slow_guest_ms", self.slow_guest_ms),
            ("handles", self.handles as u64),
            ("held_bytes", self.held_bytes as u64),
            ("host_call_bytes", self.host_call_bytes as u64),
            ("output_bytes", self.output_bytes as u64),
            ("page_rows", u64::from(self.page_rows)),
            ("rows_read", self.rows_read),
            ("hits", u64::from(self.hits)),
        ] {
            if value == 0 {
                faults.push(format!("limits.{name} must be at least 1"));
            }
        }
        if self.memory_bytes < 1 << 20 {
            faults.push("limits.memory_bytes must be at least 1 MiB".into());
        }
        faults
    }
}

/// Refuses growth, and remembers that it did: the trap that follows in the guest says nothing.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    pub(crate) memory_bytes: usize,
    pub(crate) table_elements: usize,
    /// The greatest memory seen, bytes.
    pub(crate) peak: usize,
    pub(crate) refused: Option<&'static str>,
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let most = self.memory_bytes.min(maximum.unwrap_or(usize::MAX));
        if desired > most {
            self.refused = Some("memory");
            return Ok(false);
        }
        self.peak = self.peak.max(desired);
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.table_elements.min(maximum.unwrap_or(usize::MAX)) {
            self.refused = Some("table");
            return Ok(false);
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        64
    }

    fn tables(&self) -> usize {
        64
    }

    fn memories(&self) -> usize {
        8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limit_may_be_nothing() {
        assert_eq!(Limits::default().faults(), [""; 0]);
        let none = |name: &str| {
            let mut limits = serde_json::to_value(Limits::default()).unwrap();
            limits[name] = 0.into();
            serde_json::from_value::<Limits>(limits).unwrap().faults()
        };
        let checked = [
            "wall_ms",
            "slow_wall_ms",
            "guest_ms",
            "slow_guest_ms",
            "memory_bytes",
            "handles",
            "held_bytes",
            "host_call_bytes",
            "output_bytes",
            "page_rows",
            "rows_read",
            "hits",
        ];
        for name in checked {
            let faults = none(name);
            assert!(faults.len() == 1 && faults[0].contains(name), "{name}: {faults:?}");
        }
        // Of these nothing is a limit too: no tables, no rows written.
        assert_eq!(none("table_elements"), none("rows_written"));
    }
}
