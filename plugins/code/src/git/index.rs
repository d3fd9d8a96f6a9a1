//! The index: what Git last knew of each file. Versions 2, 3 and 4.

use super::{Files, Id, broken, number, whole};
use memstrata_sdk::Fault;
use sha1::{Digest as _, Sha1};

/// Bytes of an index, at most.
const MOST: usize = 16_000_000;

/// A file of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its path.
    pub path: String,
    /// When it was changed, ms UTC.
    pub modified: u64,
    /// Its size modulo 2^32.
    pub bytes: u32,
    /// Its mode: a file, a link, or another repository.
    pub mode: u32,
    /// Its content.
    pub id: Id,
    /// 0, or a side of a merge conflict.
    pub stage: u8,
    /// Whether Git was told not to look at it.
    pub unwatched: bool,
}

impl Entry {
    /// Whether it is a plain file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }
}

/// Reads the index of a repository.
///
/// # Errors
/// `invalid.git` for one that is damaged or of another version.
pub fn read(files: &dyn Files, path: &str) -> Result<Vec<Entry>, Fault> {
    parse(&whole(files, path, MOST)?)
}

/// Reads the bytes of an index.
///
/// # Errors
/// As [`read`].
pub fn parse(bytes: &[u8]) -> Result<Vec<Entry>, Fault> {
    let cut = || broken("the index is cut off");
    let body = bytes.len().checked_sub(20).and_then(|end| bytes.get(..end)).ok_or_else(cut)?;
    let sum = bytes.get(body.len()..).unwrap_or_default();
    // Zeros where `index.skipHash` is set.
    if sum.iter().any(|byte| *byte != 0) && *sum != *Sha1::digest(body) {
        return Err(broken("the index is damaged: its checksum is another"));
    }
    let version = number(body, 4).filter(|_| body.starts_with(b"DIRC")).ok_or_else(|| broken("the index is none"))?;
    if !(2..=4).contains(&version) {
        return Err(broken(format!("the index has version {version}; 2, 3 and 4 are read")));
    }
    let count = number(body, 8).ok_or_else(cut)? as usize;
    let mut entries: Vec<Entry> = Vec::with_capacity(count.min(body.len() / 62));
    let (mut at, mut path) = (12, Vec::new());
    for _ in 0..count {
        let begin = at;
        let field = |nth: usize| number(body, begin + nth * 4).ok_or_else(cut);
        let flags =
            u16::from_be_bytes(body.get(begin + 60..begin + 62).and_then(|two| two.try_into().ok()).ok_or_else(cut)?);
        let extended = flags & 0x4000 != 0 && version >= 3;
        let more = if extended {
            u16::from_be_bytes(body.get(begin + 62..begin + 64).and_then(|two| two.try_into().ok()).ok_or_else(cut)?)
        } else {
            0
        };
        at = begin + 62 + usize::from(extended) * 2;
        if version == 4 {
            let (strip, after) = varint(body, at).ok_or_else(cut)?;
            path.truncate(
                path.len()
                    .checked_sub(strip)
                    .ok_or_else(|| broken("the index is damaged: a path is shorter than what it drops"))?,
            );
            at = after;
        } else {
            path.clear();
        }
        let name = body.get(at..).and_then(|rest| rest.split(|byte| *byte == 0).next()).ok_or_else(cut)?;
        path.extend_from_slice(name);
        at += name.len() + 1;
        if version < 4 {
            // Entries are padded to eight bytes, with one NUL at least.
            at = begin + (at - begin).div_ceil(8) * 8;
        }
        let milliseconds = u64::from(field(2)?) * 1_000 + u64::from(field(3)?) / 1_000_000;
        entries.push(Entry {
            path: String::from_utf8_lossy(&path).into_owned(),
            modified: milliseconds,
            bytes: field(9)?,
            mode: field(6)?,
            id: body.get(begin + 40..).and_then(Id::of).ok_or_else(cut)?,
            stage: u8::try_from(flags >> 12 & 3).unwrap_or_default(),
            // Assume-valid, or skip-worktree.
            unwatched: flags & 0x8000 != 0 || more & 0x4000 != 0,
        });
    }
    // An extension with a small letter changes what entries mean: a split index, a sparse one.
    while let Some(name) = body.get(at..at + 4) {
        if !name.first().is_some_and(u8::is_ascii_uppercase) {
            return Err(broken(format!(
                "the index has the extension `{}`, which is not read",
                String::from_utf8_lossy(name)
            )));
        }
        at += 8 + number(body, at + 4).ok_or_else(cut)? as usize;
    }
    Ok(entries)
}

/// A number of Git's offset encoding, as version 4 has it before a path; answers it and where it ends.
pub(crate) fn varint(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let (mut at, mut value) = (from, 0usize);
    loop {
        let byte = *bytes.get(at)?;
        at += 1;
        value = value.checked_shl(7)?.checked_add(usize::from(byte & 0x7f))?;
        if byte & 0x80 == 0 {
            return Some((value, at));
        }
        value = value.checked_add(1)?;
        if at - from > 4 {
            return None;
        }
    }
}
