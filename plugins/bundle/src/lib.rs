//! The bundled components, built for `wasm32-wasip2` by `build.rs` and embedded as one archive: name and bytes of each.

use std::io::Read as _;
use std::sync::OnceLock;

/// The components one after another, compressed as a whole: much of each is the same.
const ARCHIVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/components.zst"));
/// Name of each component, and where it begins and ends in the archive.
const PLACES: &[(&str, usize, usize)] = include!(concat!(env!("OUT_DIR"), "/places.rs"));

/// The names of the bundled components.
pub fn names() -> impl Iterator<Item = &'static str> {
    PLACES.iter().map(|(name, ..)| *name)
}

/// The bytes of a bundled component.
#[must_use]
pub fn bundled(name: &str) -> Option<&'static [u8]> {
    static OPENED: OnceLock<Vec<u8>> = OnceLock::new();
    let (_, begin, end) = PLACES.iter().find(|(known, ..)| *known == name)?;
    OPENED.get_or_init(|| opened().unwrap_or_default()).get(*begin..*end)
}

fn opened() -> Option<Vec<u8>> {
    let size = PLACES.last().map(|(.., end)| *end)?;
    let mut bytes = Vec::with_capacity(size);
    ruzstd::decoding::StreamingDecoder::new(ARCHIVE).ok()?.read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_component_comes_out_whole() {
        for name in super::names() {
            assert!(super::bundled(name).is_some_and(|wasm| wasm.starts_with(b"\0asm")), "{name}");
        }
        assert_eq!(super::opened().map(|bytes| bytes.len()), super::PLACES.last().map(|(.., end)| *end));
        assert_eq!(super::bundled("none"), None);
    }
}
