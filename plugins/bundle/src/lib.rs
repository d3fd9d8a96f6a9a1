//! The bundled components, built for `wasm32-wasip2` by `build.rs`, compressed and embedded: name and bytes of each.

/// Name and compressed bytes of each bundled component.
const COMPRESSED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

/// The names of the bundled components.
pub fn names() -> impl Iterator<Item = &'static str> {
    COMPRESSED.iter().map(|(name, _)| *name)
}

/// The bytes of a bundled component.
#[must_use]
pub fn bundled(name: &str) -> Option<Vec<u8>> {
    let (_, compressed) = COMPRESSED.iter().find(|(known, _)| *known == name)?;
    miniz_oxide::inflate::decompress_to_vec(compressed).ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_component_comes_out_whole() {
        for name in super::names() {
            assert!(super::bundled(name).is_some_and(|wasm| wasm.starts_with(b"\0asm")), "{name}");
        }
        assert_eq!(super::bundled("none"), None);
    }
}
