//! The bundled components, built for `wasm32-wasip2` by `build.rs` and embedded: name and bytes of each.

/// Name and bytes of each bundled component.
pub const BUNDLED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

/// The bytes of a bundled component.
#[must_use]
pub fn bundled(name: &str) -> Option<&'static [u8]> {
    BUNDLED.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}
