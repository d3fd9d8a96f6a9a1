//! The bundled components, built for `wasm32-wasip2` by `build.rs` and embedded as one archive: name, digest and bytes of each.

use bytes::Bytes;
use std::sync::{Mutex, PoisonError, Weak};

/// The components one after another, compressed as a whole: much of each is the same.
const ARCHIVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/components.zst"));
/// The components: where each begins and ends in the archive.
const PLACES: &[Bundled] = include!(concat!(env!("OUT_DIR"), "/places.rs"));

/// A bundled component. Its bytes stay packed until they are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bundled {
    /// What the configuration calls it.
    pub name: &'static str,
    /// The sha256 of its bytes, hexadecimal.
    pub digest: &'static str,
    begin: usize,
    end: usize,
}

impl Bundled {
    /// Its bytes. The archive is unpacked as a whole and kept while bytes of any component are held.
    ///
    /// # Errors
    /// When the archive in this program is damaged.
    pub fn bytes(&self) -> Result<Bytes, String> {
        static OPENED: Mutex<Weak<Vec<u8>>> = Mutex::new(Weak::new());
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        let all = match opened.upgrade() {
            Some(all) => all,
            None => {
                let all = std::sync::Arc::new(open()?);
                *opened = std::sync::Arc::downgrade(&all);
                all
            }
        };
        if all.len() < self.end {
            return Err(format!("the bundled component `{}` is damaged", self.name));
        }
        Ok(Bytes::from_owner(Held(all)).slice(self.begin..self.end))
    }
}

struct Held(std::sync::Arc<Vec<u8>>);

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The names of the bundled components.
pub fn names() -> impl Iterator<Item = &'static str> {
    PLACES.iter().map(|one| one.name)
}

/// A bundled component.
#[must_use]
pub fn bundled(name: &str) -> Option<Bundled> {
    PLACES.iter().find(|known| known.name == name).copied()
}

fn open() -> Result<Vec<u8>, String> {
    let length = PLACES.last().map_or(0, |one| one.end);
    zstd::bulk::decompress(ARCHIVE, length).map_err(|error| format!("the bundled components are damaged: {error}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_component_comes_out_whole() {
        for name in super::names() {
            let one = super::bundled(name).unwrap();
            assert!(
                one.bytes().is_ok_and(|wasm| wasm.starts_with(b"\0asm") && wasm.len() == one.end - one.begin),
                "{name}"
            );
        }
        assert_eq!(super::open().map(|bytes| bytes.len()).ok(), super::PLACES.last().map(|one| one.end));
        assert_eq!(super::bundled("none"), None);
    }
}
