//! The objects of a file, found by looking through it from end to end.
//!
//! The tables at its end that say where objects lie (ISO 32000-1, 7.5.4 and 7.5.8) are not followed: a table can point many
//! entries at one place or in a circle, and a damaged one is useless. Whoever looks through the bytes meets each object once, and
//! the last of a number holds, as after an update that was added at the end.

use super::bounds::{MOST_KEPT, MOST_OBJECTS, Meter};
use super::filter::{Unpacked, unpack};
use super::syntax::{Dict, Lexer, Object, is_blank};
use super::trouble::Trouble;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Deref;
use std::rc::Rc;

/// Values kept read, about; then they are forgotten and read again.
const MOST_CACHED: usize = 60_000;
/// References to references, at most.
const MOST_HOPS: usize = 16;

/// Where an object lies.
#[derive(Clone, Copy)]
struct Entry {
    /// Where what holds it begins in the file: the later one holds.
    order: usize,
    /// The unpacked stream it lies in; none: the file.
    holder: Option<usize>,
    at: usize,
    /// Of a stream, where its bytes begin and how many they are.
    data: Option<(usize, usize)>,
}

/// A file.
pub(super) struct File<'a> {
    bytes: &'a [u8],
    meter: &'a Meter<'a>,
    entries: BTreeMap<u32, Entry>,
    holders: Vec<Vec<u8>>,
    pub(super) root: Option<u32>,
    pub(super) info: Option<u32>,
    cache: RefCell<BTreeMap<u32, Rc<Object>>>,
    cached: Cell<usize>,
}

/// A value, or one that was looked up.
pub(super) enum Held<'b> {
    Here(&'b Object),
    There(Rc<Object>),
}

impl Deref for Held<'_> {
    type Target = Object;

    fn deref(&self) -> &Object {
        match self {
            Self::Here(object) => object,
            Self::There(object) => object,
        }
    }
}

/// What is seen on the way through the file.
#[derive(Default)]
struct Seen {
    encrypted: bool,
    root: Option<u32>,
    info: Option<u32>,
    catalog: Option<u32>,
    /// Object streams: number, where it begins.
    packed: Vec<(u32, usize)>,
    last_object: usize,
    last_end: Option<usize>,
}

impl<'a> File<'a> {
    /// Looks through a file.
    ///
    /// # Errors
    /// It is encrypted, cut off or asks for too much.
    pub(super) fn open(bytes: &'a [u8], meter: &'a Meter<'a>) -> Result<Self, Trouble> {
        let mut file = Self {
            bytes,
            meter,
            entries: BTreeMap::new(),
            holders: Vec::new(),
            root: None,
            info: None,
            cache: RefCell::default(),
            cached: Cell::new(0),
        };
        let seen = file.look_through()?;
        if seen.encrypted {
            return Err(Trouble::Encrypted);
        }
        // The end is written last, so a file without it after its last object is not all there.
        if seen.last_end.is_none_or(|end| end < seen.last_object) {
            return Err(Trouble::Truncated);
        }
        file.unfold(&seen.packed)?;
        file.root = seen.root.filter(|root| file.entries.contains_key(root)).or(seen.catalog);
        file.info = seen.info;
        Ok(file)
    }

    fn look_through(&mut self) -> Result<Seen, Trouble> {
        self.meter.spend(self.bytes.len())?;
        let (mut seen, mut at) = (Seen::default(), 0);
        while let Some(byte) = self.bytes.get(at) {
            let rest = self.bytes.get(at..).unwrap_or_default();
            if *byte == b'o' && rest.starts_with(b"obj") {
                at = match self.number_before(at) {
                    Some((number, begin)) => self.object(number, begin, at + 3, &mut seen)?,
                    None => at + 3,
                };
            } else if *byte == b't' && rest.starts_with(b"trailer") {
                let mut lexer = Lexer::new(self.bytes, at + 7, self.meter);
                match lexer.next()? {
                    Some(Object::Dict(dict)) => {
                        seen.trailer(&dict);
                        at = lexer.at;
                    }
                    _ => at += 7,
                }
            } else if *byte == b's' && rest.starts_with(b"startxref") {
                seen.last_end = Some(at);
                at += 9;
            } else {
                at += 1;
            }
        }
        Ok(seen)
    }

    /// The number in `12 0 obj`, and where it begins.
    fn number_before(&self, at: usize) -> Option<(u32, usize)> {
        let before = self.bytes.get(at.saturating_sub(40)..at)?;
        let trimmed = before.trim_ascii_end();
        let generation = trimmed.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let rest = trimmed.get(..trimmed.len() - generation)?;
        let number_end = rest.trim_ascii_end();
        let digits = number_end.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        if generation == 0 || generation > 5 || digits == 0 || number_end.len() == rest.len() {
            return None;
        }
        let number = std::str::from_utf8(number_end.get(number_end.len() - digits..)?).ok()?.parse().ok()?;
        Some((number, at - (before.len() - number_end.len()) - digits))
    }

    /// Takes note of an object; answers where to go on.
    fn object(&mut self, number: u32, begin: usize, at: usize, seen: &mut Seen) -> Result<usize, Trouble> {
        if self.entries.len() >= MOST_OBJECTS {
            return Err(Trouble::TooMuch("it has more than 120,000 objects"));
        }
        seen.last_object = begin;
        let mut lexer = Lexer::new(self.bytes, at, self.meter);
        let mut entry = Entry { order: begin, holder: None, at, data: None };
        let Some(object) = lexer.next()? else {
            // One that cannot be read takes the place of the one before all the same.
            self.entries.insert(number, entry);
            return Ok(at);
        };
        let mut end = lexer.at;
        if let Object::Dict(dict) = &object {
            lexer.blanks();
            if lexer.take(b"stream") {
                _ = lexer.take(b"\r");
                _ = lexer.take(b"\n");
                let (length, after) = self.extent(dict, lexer.at);
                entry.data = Some((lexer.at, length));
                end = after;
            }
            match dict.get(b"Type".as_slice()).and_then(Object::name) {
                Some(b"XRef") => seen.trailer(dict),
                Some(b"ObjStm") if entry.data.is_some() => seen.packed.push((number, begin)),
                Some(b"Catalog") => seen.catalog = Some(number),
                _ => {}
            }
        }
        self.entries.insert(number, entry);
        Ok(end.max(at))
    }

    /// How long a stream is and where it is over: by its `Length` where that is true, else up to `endstream`.
    fn extent(&self, dict: &Dict, start: usize) -> (usize, usize) {
        let stated = match dict.get(b"Length".as_slice()) {
            Some(Object::Ref(number)) => self.entries.get(number).and_then(|entry| {
                // Spent before: what is read here once more is one number.
                Lexer::new(self.bytes, entry.at, self.meter).next().ok()??.whole()
            }),
            Some(length) => length.whole(),
            None => None,
        };
        let ends = |length: usize| {
            let behind = self.bytes.get(start.checked_add(length)?..)?;
            let blanks = behind.iter().take(4).take_while(|byte| is_blank(**byte)).count();
            behind.get(blanks..)?.starts_with(b"endstream").then_some(start + length + blanks)
        };
        if let Some(length) = stated.and_then(|length| usize::try_from(length).ok())
            && let Some(end) = ends(length)
        {
            return (length, end);
        }
        let rest = self.bytes.get(start..).unwrap_or_default();
        match find(rest, b"endstream") {
            Some(length) => {
                let data = rest.get(..length).unwrap_or_default();
                let data = data.strip_suffix(b"\n").unwrap_or(data);
                (data.strip_suffix(b"\r").unwrap_or(data).len(), start + length)
            }
            None => (rest.len(), self.bytes.len()),
        }
    }

    /// Unpacks the object streams and takes note of what lies in them (ISO 32000-1, 7.5.7).
    fn unfold(&mut self, packed: &[(u32, usize)]) -> Result<(), Trouble> {
        let mut kept = 0;
        for (number, order) in packed {
            // One that was replaced by a later object of its number is no more.
            if self.entries.get(number).is_none_or(|entry| entry.order != *order) {
                continue;
            }
            let Some(Unpacked { bytes, .. }) = self.stream(*number)? else { continue };
            kept += bytes.len();
            if kept > MOST_KEPT {
                return Err(Trouble::TooMuch("its objects unpack to more than 8 MB"));
            }
            let object = self.look_up(*number)?;
            let field = |name: &[u8]| object.dict().and_then(|dict| dict.get(name)).and_then(Object::whole);
            let (Some(count), Some(first)) =
                (field(b"N"), field(b"First").and_then(|first| usize::try_from(first).ok()))
            else {
                continue;
            };
            let (mut lexer, mut found) = (Lexer::content(&bytes, self.meter), Vec::new());
            for _ in 0..count {
                let pair = (lexer.next()?.and_then(|n| n.whole()), lexer.next()?.and_then(|n| n.whole()));
                let (Some(number), Some(offset)) = pair else { break };
                found.push((number, first.saturating_add(usize::try_from(offset).unwrap_or(usize::MAX))));
                if self.entries.len() + found.len() > MOST_OBJECTS {
                    return Err(Trouble::TooMuch("it has more than 120,000 objects"));
                }
            }
            let holder = self.holders.len();
            self.holders.push(bytes);
            for (number, at) in found {
                if self.entries.get(&number).is_none_or(|entry| entry.order <= *order) {
                    self.entries.insert(number, Entry { order: *order, holder: Some(holder), at, data: None });
                }
            }
        }
        self.cache.borrow_mut().clear();
        Ok(())
    }

    pub(super) fn has(&self, number: u32) -> bool {
        self.entries.contains_key(&number)
    }

    /// The object of a number; null where there is none.
    fn look_up(&self, number: u32) -> Result<Rc<Object>, Trouble> {
        if let Some(object) = self.cache.borrow().get(&number) {
            return Ok(Rc::clone(object));
        }
        let read = match self.entries.get(&number) {
            Some(entry) => {
                let bytes = entry.holder.map_or(Some(self.bytes), |holder| self.holders.get(holder).map(Vec::as_slice));
                Lexer::new(bytes.unwrap_or_default(), entry.at, self.meter).next()?
            }
            None => None,
        };
        let object = Rc::new(read.unwrap_or(Object::Null));
        let size = object.size();
        if self.cached.get() + size > MOST_CACHED {
            self.cache.borrow_mut().clear();
            self.cached.set(0);
        }
        self.cached.set(self.cached.get() + size);
        self.cache.borrow_mut().insert(number, Rc::clone(&object));
        Ok(object)
    }

    /// A value itself, whatever references lead to it; null where they lead nowhere.
    pub(super) fn get<'b>(&self, object: &'b Object) -> Result<Held<'b>, Trouble> {
        match object {
            Object::Ref(number) => Ok(Held::There(self.numbered(*number)?)),
            object => Ok(Held::Here(object)),
        }
    }

    /// The object of a number, whatever references lead on from it; null where they lead nowhere.
    pub(super) fn numbered(&self, number: u32) -> Result<Rc<Object>, Trouble> {
        let mut found = self.look_up(number)?;
        for _ in 0..MOST_HOPS {
            let Object::Ref(number) = *found else { return Ok(found) };
            found = self.look_up(number)?;
        }
        Ok(Rc::new(Object::Null))
    }

    /// A field of a dictionary; null where there is none.
    pub(super) fn field<'b>(&self, object: &'b Object, name: &str) -> Result<Held<'b>, Trouble> {
        const NULL: &Object = &Object::Null;
        match object.dict().and_then(|dict| dict.get(name.as_bytes())) {
            Some(value) => self.get(value),
            None => Ok(Held::Here(NULL)),
        }
    }

    /// What a stream unpacks to; none for no stream, or a picture.
    pub(super) fn stream(&self, number: u32) -> Result<Option<Unpacked>, Trouble> {
        let Some((start, length)) = self.entries.get(&number).and_then(|entry| entry.data) else { return Ok(None) };
        let raw = self.bytes.get(start..start + length).unwrap_or_default();
        let object = self.look_up(number)?;
        if !matches!(*self.field(&object, "F")?, Object::Null) {
            // Its bytes lie in another file.
            return Ok(None);
        }
        let (filters, options) = (self.field(&object, "Filter")?, self.field(&object, "DecodeParms")?);
        let list = |held: &Object| -> Vec<Object> {
            match held {
                Object::List(list) => list.clone(),
                Object::Null => Vec::new(),
                one => vec![one.clone()],
            }
        };
        let (filters, options) = (list(&filters), list(&options));
        let mut steps = Vec::new();
        for (at, filter) in filters.iter().enumerate() {
            let Some(name) = self.get(filter)?.name().map(<[u8]>::to_vec) else { return Ok(None) };
            let mut dict = Dict::new();
            if let Some(given) = options.get(at) {
                for (name, value) in self.get(given)?.dict().into_iter().flatten() {
                    dict.insert(name.clone(), self.get(value)?.clone());
                }
            }
            steps.push((name, dict));
        }
        unpack(raw, &steps, self.meter)
    }
}

impl Seen {
    /// A dictionary that says where the file begins; the later one holds.
    fn trailer(&mut self, dict: &Dict) {
        let reference = |name: &[u8]| dict.get(name).and_then(Object::reference);
        self.encrypted |= dict.get(b"Encrypt".as_slice()).is_some_and(|value| *value != Object::Null);
        self.root = reference(b"Root").or(self.root);
        self.info = reference(b"Info").or(self.info);
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    let first = what.first()?;
    let mut from = 0;
    loop {
        from += bytes.get(from..)?.iter().position(|byte| byte == first)?;
        if bytes.get(from..)?.starts_with(what) {
            return Some(from);
        }
        from += 1;
    }
}
