//! Measurements: what docs/performance.md reports.
