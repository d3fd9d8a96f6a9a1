//! Tables that tell the text of codes: `ToUnicode` (ISO 32000-1, 9.10.3; Adobe technical note 5411).

use super::bounds::Meter;
use super::encoding::spelled;
use super::syntax::{Lexer, Object};
use super::trouble::Trouble;

/// Entries of one table, at most: all codes of two bytes.
const MOST: usize = 70_000;
/// Characters one code may mean.
const LONGEST: usize = 64;

/// Codes from a first to a last and the text of the first.
#[derive(Debug, Clone, PartialEq)]
struct Range {
    first: u32,
    last: u32,
    text: Box<str>,
}

/// A table.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Table {
    ranges: Vec<Range>,
}

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// It asks for too much.
    pub(super) fn read(source: &[u8], meter: &Meter<'_>) -> Result<Self, Trouble> {
        let mut lexer = Lexer::content(source, meter);
        let (mut ranges, mut operands): (Vec<Range>, Vec<Object>) = (Vec::new(), Vec::new());
        while let Some(object) = lexer.next()? {
            let Object::Word(word) = &object else {
                // What stands between `begin` and `end` is at most 100 triples; more is not believed.
                if operands.len() < 30_000 {
                    operands.push(object);
                }
                continue;
            };
            match word.as_slice() {
                b"endbfchar" => {
                    for pair in operands.chunks(2) {
                        if let [code, text] = pair
                            && let (Some(code), Some(text)) = (number(code), decoded(text))
                        {
                            ranges.push(Range { first: code, last: code, text });
                        }
                    }
                }
                b"endbfrange" => {
                    for triple in operands.chunks(3) {
                        if let [first, last, text] = triple
                            && let (Some(first), Some(last)) = (number(first), number(last))
                        {
                            range(first, last, text, &mut ranges);
                        }
                    }
                }
                _ => {}
            }
            operands.clear();
            if ranges.len() > MOST {
                return Err(Trouble::TooMuch("a font of it has a table of more than 70,000 codes"));
            }
        }
        ranges.sort_by_key(|range| range.first);
        Ok(Self { ranges })
    }

    /// Bytes it keeps, about.
    pub(super) fn size(&self) -> usize {
        self.ranges.iter().map(|range| 40 + range.text.len()).sum()
    }

    /// Adds the text of a code; answers whether there is one.
    pub(super) fn text(&self, code: u32, out: &mut String) -> bool {
        let end = self.ranges.partition_point(|range| range.first <= code);
        let near = self.ranges.get(end.saturating_sub(4)..end).unwrap_or_default();
        let Some(range) = near.iter().rev().find(|range| range.last >= code) else { return false };
        if range.first == code {
            out.push_str(&range.text);
            return true;
        }
        // The last character counts on.
        let mut chars = range.text.chars();
        let next = chars.next_back().and_then(|last| char::from_u32(u32::from(last).checked_add(code - range.first)?));
        out.push_str(chars.as_str());
        out.push_str(&next.map(spelled).unwrap_or_default());
        next.is_some()
    }
}

fn range(first: u32, last: u32, text: &Object, ranges: &mut Vec<Range>) {
    match text {
        Object::List(list) => {
            for (code, text) in (first..=last).zip(list) {
                if let Some(text) = decoded(text) {
                    ranges.push(Range { first: code, last: code, text });
                }
            }
        }
        text if first <= last => ranges.extend(decoded(text).map(|text| Range { first, last, text })),
        _ => {}
    }
}

/// A code of one to four bytes.
fn number(object: &Object) -> Option<u32> {
    let bytes = object.text()?;
    (1..=4).contains(&bytes.len()).then(|| bytes.iter().fold(0, |all, byte| all << 8 | u32::from(*byte)))
}

/// A text in UTF-16, with its ligatures spelled.
fn decoded(object: &Object) -> Option<Box<str>> {
    let bytes = object.text()?;
    if let [byte] = bytes {
        return Some(spelled(char::from(*byte)).into());
    }
    let text = utf16(bytes);
    (!text.is_empty()).then(|| text.chars().take(LONGEST).map(spelled).collect::<String>().into())
}

/// Text in UTF-16, the higher byte first; what is none is left out.
pub(super) fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| pair.iter().fold(0, |all, byte| all << 8 | u16::from(*byte)));
    char::decode_utf16(units).flatten().filter(|char| *char != '\0').collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::bounds::MOST_WORK;

    fn text(table: &Table, code: u32) -> Option<String> {
        let mut out = String::new();
        table.text(code, &mut out).then_some(out)
    }

    #[test]
    fn codes_and_ranges_tell_their_text() {
        let source = b"/CIDInit /ProcSet findresource begin 1 begincodespacerange <0000> <ffff> endcodespacerange
            2 beginbfchar <0003> <0020> <0102> <D83DDE00> endbfchar
            3 beginbfrange <0010> <0012> <0041> <0020> <0021> [<00660069> <FB01>] <0030> <0031> <00410061> endbfrange";
        let table = Table::read(source, &Meter::new(MOST_WORK, &|| true)).unwrap();
        for (code, expected) in
            [(3, " "), (0x102, "😀"), (0x10, "A"), (0x12, "C"), (0x20, "fi"), (0x21, "fi"), (0x31, "Ab")]
        {
            assert_eq!(text(&table, code).as_deref(), Some(expected), "{code:x}");
        }
        for code in [0, 4, 0x13, 0x22, 0xffff_ffff] {
            assert_eq!(text(&table, code), None, "{code:x}");
        }
    }

    #[test]
    fn tables_without_sense_end() {
        for source in [
            "1 beginbfrange <00000000> <ffffffff> <0041> endbfrange",
            "1 beginbfrange <ff> <00> <0041> endbfrange",
            "endbfchar endbfrange <00> endbfchar <0000000000> <0041> endbfchar",
        ] {
            let table = Table::read(source.as_bytes(), &Meter::new(MOST_WORK, &|| true)).unwrap();
            _ = text(&table, 0xfffffff0);
        }
        let long = format!("beginbfchar {} endbfchar ", "<01> <0041> ".repeat(5_000)).repeat(16);
        assert!(matches!(Table::read(long.as_bytes(), &Meter::new(MOST_WORK, &|| true)), Err(Trouble::TooMuch(_))));
    }
}
