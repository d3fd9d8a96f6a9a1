//! Fonts as far as text needs them: which text and which width a code has (ISO 32000-1, 9.6 to 9.10). No glyph is drawn.

use super::bounds::Meter;
use super::cmap::{Table as Map, utf16};
use super::encoding::{self, Names, differences, spelled};
use super::file::File;
use super::syntax::Object;
use super::trouble::Trouble;

/// Widths of one font, at most.
const MOST_WIDTHS: usize = 70_000;
/// A width where none is told, in thousandths of the size.
const USUAL: f64 = 500.0;

/// Widths of codes, as ranges: first code, last, width.
#[derive(Default)]
struct Widths(Vec<(u32, u32, f64)>);

impl Widths {
    fn add(&mut self, first: u32, last: u32, width: f64) -> Result<(), Trouble> {
        if self.0.len() >= MOST_WIDTHS {
            return Err(Trouble::TooMuch("a font of it has more than 70,000 widths"));
        }
        self.0.push((first, last, width));
        Ok(())
    }

    /// Ready to be asked.
    fn sorted(mut self) -> Self {
        self.0.sort_by_key(|(first, ..)| *first);
        self
    }

    fn of(&self, code: u32) -> Option<f64> {
        let end = self.0.partition_point(|(first, ..)| *first <= code);
        self.0.get(..end)?.last().filter(|(_, last, _)| *last >= code).map(|(.., width)| *width)
    }
}

/// How the text of a code is found, where no table tells it.
enum Meaning {
    /// By a table of 256 codes.
    Simple(encoding::Table),
    /// Two bytes that are UTF-16.
    Utf16,
    /// Two bytes that are numbers of glyphs: only the table tells.
    Glyphs,
}

/// A font.
pub(super) struct Font {
    map: Option<Map>,
    meaning: Meaning,
    widths: Widths,
    usual: f64,
    /// What a width of one means: a thousandth, or what a font of drawings says.
    scale: f64,
}

/// A code as it is shown.
pub(super) struct Shown {
    /// In sizes of the font.
    pub(super) width: f64,
    /// Whether it is the one byte 32, which `Tw` widens.
    pub(super) blank: bool,
    /// Whether its text is known.
    pub(super) known: bool,
}

impl Font {
    /// Reads a font's dictionary.
    ///
    /// # Errors
    /// It asks for too much.
    pub(super) fn read(file: &File<'_>, object: &Object, names: &Names, meter: &Meter<'_>) -> Result<Self, Trouble> {
        let map = match object.dict().and_then(|dict| dict.get(b"ToUnicode".as_slice())).and_then(Object::reference) {
            Some(number) => file.stream(number)?.map(|stream| Map::read(&stream.bytes, meter)).transpose()?,
            None => None,
        };
        let kind = file.field(object, "Subtype")?.name().unwrap_or_default().to_vec();
        if kind == b"Type0" { composite(file, object, map) } else { simple(file, object, &kind, map, names) }
    }

    /// Bytes it keeps, about.
    pub(super) fn size(&self) -> usize {
        let table = if matches!(self.meaning, Meaning::Simple(_)) { 8_000 } else { 0 };
        500 + table + self.map.as_ref().map_or(0, Map::size) + self.widths.0.len() * 24
    }

    /// The next code of a string, its text added to `out`.
    pub(super) fn next(&self, bytes: &mut &[u8], out: &mut String) -> Option<Shown> {
        let wide = !matches!(self.meaning, Meaning::Simple(_));
        let (first, rest) = bytes.split_first()?;
        let (code, rest) = match (wide, rest.split_first()) {
            (true, Some((second, rest))) => (u32::from(*first) << 8 | u32::from(*second), rest),
            _ => (u32::from(*first), rest),
        };
        *bytes = rest;
        let known = self.map.as_ref().is_some_and(|map| map.text(code, out)) || self.meant(code, out);
        let width = self.widths.of(code).unwrap_or(self.usual) * self.scale;
        Some(Shown { width, blank: !wide && code == 32, known })
    }

    fn meant(&self, code: u32, out: &mut String) -> bool {
        match &self.meaning {
            Meaning::Simple(table) => {
                let text = usize::try_from(code).ok().and_then(|code| table.get(code)).map_or("", String::as_str);
                out.push_str(text);
                !text.is_empty()
            }
            Meaning::Utf16 => {
                let char = char::from_u32(code).filter(|char| !char.is_control());
                out.push_str(&char.map(spelled).unwrap_or_default());
                char.is_some()
            }
            Meaning::Glyphs => false,
        }
    }
}

fn simple(file: &File<'_>, object: &Object, kind: &[u8], map: Option<Map>, names: &Names) -> Result<Font, Trouble> {
    let encoding = file.field(object, "Encoding")?;
    let base = match encoding.name() {
        Some(name) => Some(name.to_vec()),
        None => file.field(&encoding, "BaseEncoding")?.name().map(<[u8]>::to_vec),
    };
    let face = file.field(object, "BaseFont")?.name().unwrap_or_default().to_vec();
    let mut table = encoding::table(base.as_deref(), kind == b"TrueType" && base.is_none());
    // Signs and ornaments have letters' codes and are none.
    let signs = face.ends_with(b"Symbol") || face.ends_with(b"ZapfDingbats");
    if base.is_none() && (kind == b"Type3" || signs) {
        table = vec![String::new(); 256];
    }
    if let Some(list) = file.field(&encoding, "Differences")?.list() {
        differences(&mut table, list, names);
    }
    let mut widths = Widths::default();
    let first = file.field(object, "FirstChar")?.whole().unwrap_or(0);
    if let Some(list) = file.field(object, "Widths")?.list() {
        for (code, width) in (first..256).zip(list) {
            if let Some(width) = file.get(width)?.number() {
                widths.add(code, code, width)?;
            }
        }
    } else {
        // One of the fonts every reader has; about as wide as Helvetica.
        for (code, text) in (0..256).zip(&table) {
            widths.add(code, code, about(text))?;
        }
    }
    let mut scale = 0.001;
    if kind == b"Type3"
        && let Some([first, ..]) = file.field(object, "FontMatrix")?.list()
    {
        scale = file.get(first)?.number().unwrap_or(scale);
    }
    let usual = file.field(&*file.field(object, "FontDescriptor")?, "MissingWidth")?.number();
    Ok(Font { map, meaning: Meaning::Simple(table), widths, usual: usual.unwrap_or(USUAL), scale })
}

fn composite(file: &File<'_>, object: &Object, map: Option<Map>) -> Result<Font, Trouble> {
    let encoding = file.field(object, "Encoding")?.name().unwrap_or_default().to_vec();
    let known = |part: &[u8]| encoding.windows(part.len()).any(|window| window == part);
    let meaning = if known(b"UCS2") || known(b"UTF16") { Meaning::Utf16 } else { Meaning::Glyphs };
    let below = file.field(object, "DescendantFonts")?;
    let (mut widths, mut usual) = (Widths::default(), 1_000.0);
    if let Some(first) = below.list().and_then(<[Object]>::first) {
        let first = file.get(first)?;
        usual = file.field(&first, "DW")?.number().unwrap_or(usual);
        let list = file.field(&first, "W")?;
        let mut rest = list.list().unwrap_or_default();
        while let [first, second, tail @ ..] = rest {
            let (Some(code), second) = (first.whole(), file.get(second)?) else { break };
            if let Some(list) = second.list() {
                for (code, width) in (code..).zip(list) {
                    widths.add(code, code, width.number().unwrap_or(usual))?;
                }
                rest = tail;
            } else if let (Some(last), [width, tail @ ..]) = (second.whole(), tail) {
                widths.add(code, last, width.number().unwrap_or(usual))?;
                rest = tail;
            } else {
                break;
            }
        }
    }
    Ok(Font { map, meaning, widths: widths.sorted(), usual, scale: 0.001 })
}

/// About how wide a letter is in Helvetica.
fn about(text: &str) -> f64 {
    match text.chars().next() {
        Some('i' | 'j' | 'l' | '\'' | '|') => 222.0,
        Some(' ' | '.' | ',' | ':' | ';' | '!' | 'f' | 't' | 'I' | '/' | '(' | ')' | '[' | ']' | '-') => 278.0,
        Some('m' | 'M' | 'W' | '—' | '@' | '%') => 860.0,
        Some(char) if char.is_uppercase() => 690.0,
        _ => 556.0,
    }
}

/// A text string outside of pages: UTF-16 or UTF-8 where it says so, else nearly Latin-1 (ISO 32000-1, 7.9.2).
pub(super) fn told(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, rest @ ..] => utf16(rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        bytes => {
            let table = encoding::table(Some(b"WinAnsiEncoding"), false);
            bytes.iter().filter_map(|byte| table.get(usize::from(*byte))).map(String::as_str).collect()
        }
    }
}
