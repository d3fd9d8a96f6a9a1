//! Git repositories, read from their files: refs, the index, loose objects and packs, in bounded pieces.
//!
//! After Git's own documents gitformat-index, gitformat-pack and gitrepository-layout. Every object is checked against its id, so
//! that damage is told and never taken for history.

pub mod index;
pub mod inflate;
pub mod object;
pub mod pack;
pub mod repository;

use memstrata_sdk::Fault;
use sha1::{Digest as _, Sha1};

/// Bytes of an object that is looked at, at most: commits and trees are far smaller.
pub const MOST_OBJECT: usize = 8_000_000;

/// Files of a folder, wherever they are.
pub trait Files {
    /// At most `length` bytes from `offset`; empty at the end.
    ///
    /// # Errors
    /// `not-found.file`, `denied.files` and others of the host.
    fn read(&self, path: &str, offset: u64, length: u32) -> Result<Vec<u8>, Fault>;
    /// Names in a directory, in their order.
    ///
    /// # Errors
    /// As `read`.
    fn names(&self, path: &str) -> Result<Vec<String>, Fault>;
}

/// The id of an object: SHA-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub [u8; 20]);

impl Id {
    /// Reads forty hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() != 40 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut id = [0; 20];
        for (at, byte) in id.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
        }
        Some(Self(id))
    }

    /// From its bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.get(..20)?.try_into().ok()?))
    }

    /// Forty hex digits.
    #[must_use]
    pub fn hex(&self) -> String {
        memstrata_sdk::hex(&self.0)
    }
}

/// The id an object has by its content.
#[must_use]
pub fn hash(kind: &str, data: &[u8]) -> Id {
    let mut hasher = Sha1::new();
    hasher.update(format!("{kind} {}\0", data.len()).as_bytes());
    hasher.update(data);
    Id(hasher.finalize().into())
}

/// `invalid.git`: something of a repository is not as it must be.
pub(crate) fn broken(what: impl Into<String>) -> Fault {
    Fault::new("invalid.git", what)
}

/// A big-endian number of four bytes.
pub(crate) fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// A file, in pieces, of at most so many bytes.
///
/// # Errors
/// `invalid.git` for a larger one; those of the host.
pub fn whole(files: &dyn Files, path: &str, most: usize) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    loop {
        let piece = files.read(path, bytes.len() as u64, 1 << 20)?;
        if piece.is_empty() {
            return Ok(bytes);
        }
        bytes.extend(piece);
        if bytes.len() > most {
            return Err(broken(format!("`{path}` has more than {most} bytes")));
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
