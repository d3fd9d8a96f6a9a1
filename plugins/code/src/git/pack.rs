//! Packs of version 2: where an object lies in one, and what it is, deltas resolved.

use super::object::{Kind, Object};
use super::{Files, Id, MOST_OBJECT, broken, inflate, number};
use memstrata_sdk::Fault;

/// Deltas on deltas, at most; Git itself makes 50 unless it is told otherwise.
const MOST_CHAIN: usize = 512;
/// Bytes asked for at a time.
const PIECE: u32 = 8_192;

/// A pack and the first table of its index.
pub struct Pack {
    /// Its path without `.pack` and `.idx`.
    path: String,
    /// How many objects have an id whose first byte is at most the place.
    fanout: Vec<u32>,
}

/// What an entry of a pack is: whole, or a delta on another.
enum Entry {
    Whole(Kind),
    On(u64),
    OnId(Id),
}

impl Pack {
    /// Opens the index of a pack.
    ///
    /// # Errors
    /// `invalid.git` for another version, or a table that does not rise.
    pub fn open(files: &dyn Files, path: &str) -> Result<Self, Fault> {
        let head = files.read(&format!("{path}.idx"), 0, 8 + 1_024)?;
        if !head.starts_with(b"\xfftOc\0\0\0\x02") {
            return Err(broken("the index of a pack is of another version than 2"));
        }
        let fanout: Option<Vec<u32>> = (0..256).map(|nth| number(&head, 8 + nth * 4)).collect();
        let fanout =
            fanout.filter(|table| table.is_sorted()).ok_or_else(|| broken("the index of a pack is damaged"))?;
        Ok(Self { path: path.to_owned(), fanout })
    }

    /// Where an object lies.
    ///
    /// # Errors
    /// `invalid.git` for a damaged index; those of the host.
    pub fn find(&self, files: &dyn Files, id: Id) -> Result<Option<u64>, Fault> {
        let first = usize::from(id.0[0]);
        let high = self.fanout.get(first).copied().unwrap_or_default();
        let low = first.checked_sub(1).and_then(|before| self.fanout.get(before)).copied().unwrap_or_default();
        let count = u64::from(self.fanout.last().copied().unwrap_or_default());
        let index = format!("{}.idx", self.path);
        let cut = || broken("the index of a pack is cut off");
        let length = (high - low)
            .checked_mul(20)
            .filter(|length| *length <= 4_000_000)
            .ok_or_else(|| broken("a pack has too many objects"))?;
        let names = files.read(&index, 1_032 + u64::from(low) * 20, length)?;
        let Ok(nth) = names.chunks_exact(20).collect::<Vec<_>>().binary_search(&id.0.as_slice()) else {
            return if names.len() == length as usize { Ok(None) } else { Err(cut()) };
        };
        let nth = u64::from(low) + nth as u64;
        // Behind the names come checksums, four bytes each, then places.
        let place = files.read(&index, 1_032 + count * 24 + nth * 4, 4)?;
        let place = number(&place, 0).ok_or_else(cut)?;
        if place & 0x8000_0000 == 0 {
            return Ok(Some(u64::from(place)));
        }
        let large = files.read(&index, 1_032 + count * 28 + u64::from(place & 0x7fff_ffff) * 8, 8)?;
        Ok(Some(u64::from_be_bytes(large.try_into().map_err(|_| cut())?)))
    }

    /// The head of an entry: what it is, its size, and where its data begin.
    fn head(&self, files: &dyn Files, at: u64) -> Result<(Entry, usize, u64), Fault> {
        let cut = || broken("a pack is cut off");
        let head = files.read(&format!("{}.pack", self.path), at, 64)?;
        let first = *head.first().ok_or_else(cut)?;
        let (mut size, mut shift, mut used) = (u64::from(first & 15), 4, 1);
        let mut last = first;
        while last & 0x80 != 0 {
            last = *head.get(used).filter(|_| shift < 57).ok_or_else(cut)?;
            size |= u64::from(last & 0x7f) << shift;
            shift += 7;
            used += 1;
        }
        let entry = match first >> 4 & 7 {
            1 => Entry::Whole(Kind::Commit),
            2 => Entry::Whole(Kind::Tree),
            3 => Entry::Whole(Kind::Blob),
            4 => Entry::Whole(Kind::Tag),
            6 => {
                // Each byte after the first stands for one more than it says.
                let mut byte = *head.get(used).ok_or_else(cut)?;
                let mut back = u64::from(byte & 0x7f);
                used += 1;
                while byte & 0x80 != 0 {
                    byte = *head.get(used).filter(|_| back < 1 << 48).ok_or_else(cut)?;
                    back = (back + 1) << 7 | u64::from(byte & 0x7f);
                    used += 1;
                }
                let base = at.checked_sub(back).filter(|base| *base >= 12 && back > 0);
                Entry::On(base.ok_or_else(|| broken("a delta's base lies outside of its pack"))?)
            }
            7 => {
                let base = head.get(used..).and_then(Id::of).ok_or_else(cut)?;
                used += 20;
                Entry::OnId(base)
            }
            kind => return Err(broken(format!("an entry of a pack is of kind {kind}, which there is none"))),
        };
        let size = usize::try_from(size).ok().filter(|size| *size <= MOST_OBJECT);
        let size =
            size.ok_or_else(|| broken(format!("an object is larger than {MOST_OBJECT} bytes: it is not read")))?;
        Ok((entry, size, at + used as u64))
    }

    /// An object of this pack. `other` finds the base of a delta that is named by its id.
    ///
    /// # Errors
    /// `invalid.git` for what is damaged or too large.
    pub fn object(
        &self,
        files: &dyn Files,
        at: u64,
        other: impl Fn(Id) -> Result<Object, Fault>,
    ) -> Result<Object, Fault> {
        let mut deltas: Vec<Vec<u8>> = Vec::new();
        let (mut at, mut held) = (at, 0usize);
        let mut object = loop {
            let (entry, size, data) = self.head(files, at)?;
            let content = self.inflated(files, data, size)?;
            held += content.len();
            if held > 2 * MOST_OBJECT || deltas.len() > MOST_CHAIN {
                return Err(broken("a chain of deltas is too long"));
            }
            match entry {
                Entry::Whole(kind) => break Object { kind, data: content },
                Entry::On(base) => {
                    deltas.push(content);
                    at = base;
                }
                Entry::OnId(base) => {
                    deltas.push(content);
                    match self.find(files, base)? {
                        Some(base) => at = base,
                        None => break other(base)?,
                    }
                }
            }
        };
        while let Some(delta) = deltas.pop() {
            object.data = apply(&object.data, &delta)?;
        }
        Ok(object)
    }

    fn inflated(&self, files: &dyn Files, from: u64, size: usize) -> Result<Vec<u8>, Fault> {
        let path = format!("{}.pack", self.path);
        let mut at = from;
        inflate::exactly(size, || {
            let piece = files.read(&path, at, PIECE)?;
            at += piece.len() as u64;
            Ok(piece)
        })
    }
}

/// A size of a delta's head; answers it and where it ends.
fn size(delta: &[u8], from: usize) -> Option<(usize, usize)> {
    let (mut at, mut value, mut shift) = (from, 0u64, 0);
    loop {
        let byte = *delta.get(at).filter(|_| shift < 57)?;
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        at += 1;
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, at));
        }
    }
}

/// What a delta makes of its base.
///
/// # Errors
/// `invalid.git` for one that copies from outside of the base, or makes another size than it says.
pub fn apply(base: &[u8], delta: &[u8]) -> Result<Vec<u8>, Fault> {
    let wrong = || broken("a delta is damaged");
    let (from, at) = size(delta, 0).ok_or_else(wrong)?;
    let (to, mut at) = size(delta, at).ok_or_else(wrong)?;
    if from != base.len() || to > MOST_OBJECT {
        return Err(wrong());
    }
    let mut out = Vec::with_capacity(to);
    while let Some(op) = delta.get(at).copied() {
        at += 1;
        let piece = if op & 0x80 == 0 {
            let piece = delta.get(at..at + usize::from(op)).filter(|_| op > 0).ok_or_else(wrong)?;
            at += usize::from(op);
            piece
        } else {
            let mut take = |bits: std::ops::Range<u8>| -> Result<usize, Fault> {
                let mut value = 0;
                for (nth, bit) in bits.enumerate() {
                    if op & 1 << bit != 0 {
                        value |= usize::from(*delta.get(at).ok_or_else(wrong)?) << (8 * nth);
                        at += 1;
                    }
                }
                Ok(value)
            };
            let (offset, length) = (take(0..4)?, take(4..7)?);
            let length = if length == 0 { 0x10000 } else { length };
            offset.checked_add(length).and_then(|end| base.get(offset..end)).ok_or_else(wrong)?
        };
        if out.len() + piece.len() > to {
            return Err(wrong());
        }
        out.extend_from_slice(piece);
    }
    if out.len() == to { Ok(out) } else { Err(wrong()) }
}
