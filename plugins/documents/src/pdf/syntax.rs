//! The words of a PDF: numbers, names, strings, lists, dictionaries, references and operators (ISO 32000-1, 7.2 and 7.3).
//!
//! Every value that is made is counted, and so is every byte that is read: a file of brackets cannot fill the memory.

use super::bounds::{Meter, VALUE};
use super::trouble::Trouble;
use std::collections::BTreeMap;

/// Lists in lists, at most.
const DEEPEST: usize = 64;
/// Values of one object, at most.
const MOST_VALUES: usize = 50_000;
/// Bytes of a string, at most.
const LONGEST_TEXT: usize = 1 << 20;
/// Bytes of a name or word that are kept.
const LONGEST_NAME: usize = 1_000;

/// A dictionary; what stands in it twice counts the last time.
pub(super) type Dict = BTreeMap<Vec<u8>, Object>;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Object {
    Null,
    Bool(bool),
    Number(f64),
    Name(Vec<u8>),
    Text(Vec<u8>),
    List(Vec<Object>),
    Dict(Dict),
    /// The number of another object; generations are not told apart.
    Ref(u32),
    /// A bare word: an operator of a page, `endobj`, `stream`.
    Word(Vec<u8>),
}

impl Object {
    pub(super) fn dict(&self) -> Option<&Dict> {
        match self {
            Self::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    pub(super) fn list(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    pub(super) fn name(&self) -> Option<&[u8]> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&[u8]> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// A whole number of 0 to 2^32 - 1.
    pub(super) fn whole(&self) -> Option<u32> {
        self.number().and_then(whole)
    }

    pub(super) fn reference(&self) -> Option<u32> {
        match self {
            Self::Ref(number) => Some(*number),
            _ => None,
        }
    }

    /// Values in it, itself included.
    pub(super) fn size(&self) -> usize {
        1 + match self {
            Self::List(list) => list.iter().map(Self::size).sum(),
            Self::Dict(dict) => dict.values().map(Self::size).sum(),
            _ => 0,
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be whole and in range")]
fn whole(number: f64) -> Option<u32> {
    (number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number)).then_some(number as u32)
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 12 | b'\r' | b' ')
}

fn is_mark(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

fn is_regular(byte: u8) -> bool {
    !is_blank(byte) && !is_mark(byte)
}

/// Reads values one after the other.
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
    meter: &'a Meter<'a>,
    values: usize,
    /// Whether `1 0 R` is a reference: not in the content of a page.
    references: bool,
}

impl<'a> Lexer<'a> {
    /// Of a file or an object stream.
    pub(super) fn new(bytes: &'a [u8], at: usize, meter: &'a Meter<'a>) -> Self {
        Self { bytes, at, meter, values: 0, references: true }
    }

    /// Of a page's content or of a table of characters.
    pub(super) fn content(bytes: &'a [u8], meter: &'a Meter<'a>) -> Self {
        Self { references: false, ..Self::new(bytes, 0, meter) }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether these bytes come next; then it goes past them.
    pub(super) fn take(&mut self, word: &[u8]) -> bool {
        let found = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        if found {
            self.at += word.len();
        }
        found
    }

    /// Goes past blanks and comments.
    pub(super) fn blanks(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                while self.peek().is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) {
                    self.at += 1;
                }
            } else if is_blank(byte) {
                self.at += 1;
            } else {
                break;
            }
        }
    }

    /// The next value; none at the end, or where there is none that can be read.
    ///
    /// # Errors
    /// The file asks for too much.
    pub(super) fn next(&mut self) -> Result<Option<Object>, Trouble> {
        self.values = 0;
        let begin = self.at;
        let found = self.value(0);
        self.meter.spend(self.at.saturating_sub(begin) + VALUE * self.values)?;
        Ok(found)
    }

    fn value(&mut self, depth: usize) -> Option<Object> {
        self.values += 1;
        if depth > DEEPEST || self.values > MOST_VALUES {
            return None;
        }
        self.blanks();
        match self.peek()? {
            b'/' => Some(Object::Name(self.name())),
            b'(' => self.literal(),
            b'[' => self.list(depth),
            b'<' if self.bytes.get(self.at + 1) == Some(&b'<') => self.dict(depth),
            b'<' => self.hexadecimal(),
            b'0'..=b'9' | b'+' | b'-' | b'.' => Some(self.number()),
            byte if is_mark(byte) => {
                // A bracket that closes nothing.
                self.at += 1;
                Some(Object::Null)
            }
            _ => Some(match self.run() {
                b"true" => Object::Bool(true),
                b"false" => Object::Bool(false),
                b"null" => Object::Null,
                word => Object::Word(word.to_vec()),
            }),
        }
    }

    /// The bytes up to the next blank or mark.
    fn run(&mut self) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| !is_regular(*byte)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length.min(LONGEST_NAME)).unwrap_or_default()
    }

    fn name(&mut self) -> Vec<u8> {
        self.at += 1;
        let raw = self.run();
        if !raw.contains(&b'#') {
            return raw.to_vec();
        }
        let (mut name, mut rest) = (Vec::with_capacity(raw.len()), raw);
        while let Some((first, after)) = rest.split_first() {
            let escaped = match (first, after) {
                (b'#', [high, low, tail @ ..]) => digit(*high).zip(digit(*low)).map(|(h, l)| (h * 16 + l, tail)),
                _ => None,
            };
            let (byte, tail) = escaped.unwrap_or((*first, after));
            name.push(byte);
            rest = tail;
        }
        name
    }

    /// A number, or the reference it begins.
    fn number(&mut self) -> Object {
        let raw = self.run();
        let Some(number) = parse(raw) else { return Object::Word(raw.to_vec()) };
        let Some(object) = whole(number).filter(|_| self.references && raw.iter().all(u8::is_ascii_digit)) else {
            return Object::Number(number);
        };
        let behind = self.at;
        self.blanks();
        let generation = self.run();
        if !generation.is_empty() && generation.len() <= 5 && generation.iter().all(u8::is_ascii_digit) {
            self.blanks();
            if self.run() == b"R" {
                return Object::Ref(object);
            }
        }
        self.at = behind;
        Object::Number(number)
    }

    fn literal(&mut self) -> Option<Object> {
        self.at += 1;
        let (mut text, mut open) = (Vec::new(), 1);
        loop {
            let byte = self.peek()?;
            self.at += 1;
            match byte {
                b'(' => open += 1,
                b')' => open -= 1,
                b'\\' => {
                    self.escape(&mut text);
                    continue;
                }
                _ => {}
            }
            if open == 0 {
                return Some(Object::Text(text));
            }
            if text.len() >= LONGEST_TEXT {
                return None;
            }
            text.push(byte);
        }
    }

    /// What follows a backslash in a string.
    fn escape(&mut self, text: &mut Vec<u8>) {
        let Some(byte) = self.peek() else { return };
        self.at += 1;
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\r' => _ = self.take(b"\n"),
            b'\n' => {}
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(next @ b'0'..=b'7') = self.peek() else { break };
                    code = code * 8 + u32::from(next - b'0');
                    self.at += 1;
                }
                text.push(u8::try_from(code & 0xff).unwrap_or_default());
            }
            other => text.push(other),
        }
    }

    fn hexadecimal(&mut self) -> Option<Object> {
        self.at += 1;
        let (mut text, mut half) = (Vec::new(), None);
        loop {
            let byte = self.peek()?;
            self.at += 1;
            if byte == b'>' {
                break;
            }
            let Some(digit) = digit(byte) else { continue };
            match half.take() {
                None => half = Some(digit),
                Some(_) if text.len() >= LONGEST_TEXT => return None,
                Some(high) => text.push(high * 16 + digit),
            }
        }
        text.extend(half.map(|high| high * 16));
        Some(Object::Text(text))
    }

    fn list(&mut self, depth: usize) -> Option<Object> {
        self.at += 1;
        let mut list = Vec::new();
        loop {
            self.blanks();
            if self.take(b"]") {
                return Some(Object::List(list));
            }
            list.push(self.value(depth + 1)?);
        }
    }

    fn dict(&mut self, depth: usize) -> Option<Object> {
        self.at += 2;
        let mut dict = Dict::new();
        loop {
            self.blanks();
            if self.take(b">>") {
                return Some(Object::Dict(dict));
            }
            if self.peek()? != b'/' {
                // Something that is no name is left out, unless the object ends here.
                if matches!(self.value(depth + 1)?, Object::Word(word) if word == b"endobj" || word == b"stream") {
                    return None;
                }
                continue;
            }
            let name = self.name();
            let value = self.value(depth + 1)?;
            dict.insert(name, value);
        }
    }
}

pub(super) fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// A number as PDF writes it: no exponents, and what writers get wrong (`--5`, `1.2-3`) as others read it.
fn parse(raw: &[u8]) -> Option<f64> {
    let (negative, digits) = match raw.split_first()? {
        (b'-', rest) => (true, rest.strip_prefix(b"-").unwrap_or(rest)),
        (b'+', rest) => (false, rest),
        _ => (false, raw),
    };
    let digits = digits.split(|byte| *byte == b'-').next().unwrap_or_default();
    let (mut value, mut scale, mut seen) = (0.0, 0.0, false);
    for byte in digits {
        match byte {
            b'0'..=b'9' if scale == 0.0 => value = value * 10.0 + f64::from(byte - b'0'),
            b'0'..=b'9' => {
                value += f64::from(byte - b'0') * scale;
                scale /= 10.0;
            }
            b'.' if scale == 0.0 => scale = 0.1,
            _ => return None,
        }
        seen = true;
    }
    seen.then_some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::bounds::MOST_WORK;

    fn read(source: &[u8]) -> Option<Object> {
        let meter = Meter::new(MOST_WORK, &|| true);
        Lexer::new(source, 0, &meter).next().unwrap()
    }

    #[test]
    fn values_of_every_kind_are_read() {
        let read = read(
            b"<< /A#42 [1 -2.5 +.5 true null 7 0 R] % comment\n /S (a\\(b\\) (c) \\101\\n\\\n) /H <48 65 6C6> /W word >>",
        )
        .unwrap();
        let dict = read.dict().unwrap();
        let list = [1.0, -2.5, 0.5].map(Object::Number).into_iter();
        let list = list.chain([Object::Bool(true), Object::Null, Object::Ref(7)]).collect();
        assert_eq!(dict[b"AB".as_slice()], Object::List(list));
        assert_eq!(dict[b"S".as_slice()], Object::Text(b"a(b) (c) A\n".to_vec()));
        assert_eq!(dict[b"H".as_slice()], Object::Text(b"Hel`".to_vec()));
        assert_eq!(dict[b"W".as_slice()], Object::Word(b"word".to_vec()));
    }

    #[test]
    fn a_page_has_no_references() {
        let meter = Meter::new(MOST_WORK, &|| true);
        let mut lexer = Lexer::content(b"1 0 R", &meter);
        let all: Vec<Object> = std::iter::from_fn(|| lexer.next().unwrap()).collect();
        assert_eq!(all.len(), 3);
    }

    #[test]
    fn what_is_never_closed_or_too_deep_or_too_much_is_no_value() {
        for source in ["(abc", "<41", "[1 2", "<< /A 1", "<< /A", "<< 1 endobj", ""] {
            assert_eq!(read(source.as_bytes()), None, "{source}");
        }
        assert_eq!(read("[".repeat(100_000).as_bytes()), None);
        assert_eq!(read(format!("[{}]", "0 ".repeat(200_000)).as_bytes()), None);
        assert_eq!(read("<</A".repeat(100_000).as_bytes()), None);
        assert_eq!(read(b"99999999999 0 R"), Some(Object::Number(99_999_999_999.0)));
    }

    #[test]
    fn every_byte_read_is_paid_for() {
        let meter = Meter::new(10_000_000, &|| true);
        let source = "(".repeat(1_000_000);
        let mut spent = 0;
        while Lexer::new(source.as_bytes(), 0, &meter).next().is_ok() {
            spent += 1;
            assert!(spent < 11, "the same bytes cannot be read for ever");
        }
    }
}
