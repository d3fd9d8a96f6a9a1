//! The layer's manifest: what it owns, offers, hears and needs (docs/manifest.md).
pub fn manifest() -> memstrata_sdk::Value { memstrata_sdk::json!({}) }
