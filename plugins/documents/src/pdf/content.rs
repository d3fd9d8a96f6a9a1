//! What a page shows: its operators are followed as far as they set text (ISO 32000-1, 8.2 and 9.4). Nothing is drawn.

use super::bounds::{MOST_FONTS, MOST_PAGE, MOST_UNPACKED, Meter};
use super::encoding::Names;
use super::file::{File, Held};
use super::font::Font;
use super::layout::{Layout, Pen};
use super::pages::Page;
use super::syntax::{Dict, Lexer, Object, is_blank};
use super::trouble::Trouble;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Forms in forms, at most.
const DEEPEST: usize = 8;
/// States kept by `q`, at most.
const MOST_STATES: usize = 256;
/// Operands of one operator, at most.
const MOST_OPERANDS: usize = 64;
/// Fonts written in place have numbers behind those of objects.
const IN_PLACE: u64 = 1 << 32;

/// `[a b c d e f]` of the standard.
type Matrix = [f64; 6];

const SAME: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

fn times([a, b, c, d, e, f]: Matrix, [g, h, i, j, k, l]: Matrix) -> Matrix {
    [a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + l]
}

/// What `q` keeps.
#[derive(Clone)]
struct State {
    place: Matrix,
    /// Its number among the fonts read.
    font: Option<u64>,
    size: f64,
    between_letters: f64,
    between_words: f64,
    stretch: f64,
    leading: f64,
}

/// What was found on a page.
#[derive(Default)]
pub(super) struct Found {
    pub(super) text: String,
    /// Characters whose text no font tells.
    pub(super) unknown: usize,
    /// Pictures it shows.
    pub(super) pictures: usize,
    /// Whether a part of it could not be unpacked to its end.
    pub(super) torn: bool,
}

/// Reads pages; fonts are read once.
pub(super) struct Reader<'a> {
    file: &'a File<'a>,
    meter: &'a Meter<'a>,
    names: Names,
    fonts: BTreeMap<u64, Rc<Font>>,
    /// Bytes they keep; where that is too much they are forgotten and read again.
    kept: usize,
    in_place: u64,
}

/// One page being read.
struct Sheet {
    layout: Layout,
    found: Found,
    state: State,
    states: Vec<State>,
    /// Forms being drawn: one that draws itself is not drawn again.
    forms: Vec<u32>,
    text: Matrix,
    line: Matrix,
    /// Fonts by their names in the resources that hold now.
    named: Vec<BTreeMap<Vec<u8>, Option<u64>>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a File<'a>, meter: &'a Meter<'a>) -> Self {
        Self { file, meter, names: Names::new(), fonts: BTreeMap::new(), kept: 0, in_place: IN_PLACE }
    }

    /// The text of a page.
    ///
    /// # Errors
    /// It asks for too much.
    pub(super) fn page(&mut self, page: &Page) -> Result<Found, Trouble> {
        let state = State {
            place: SAME,
            font: None,
            size: 0.0,
            between_letters: 0.0,
            between_words: 0.0,
            stretch: 1.0,
            leading: 0.0,
        };
        let mut sheet = Sheet {
            layout: Layout::default(),
            found: Found::default(),
            state,
            states: Vec::new(),
            forms: Vec::new(),
            text: SAME,
            line: SAME,
            named: Vec::new(),
        };
        let content = self.content(page.number, &mut sheet.found)?;
        self.run(&content, &page.resources, &mut sheet)?;
        let Sheet { layout, mut found, .. } = sheet;
        found.text = layout.finish();
        Ok(found)
    }

    /// The bytes of a page's content, which may be cut in several streams anywhere between two words.
    fn content(&self, page: u32, found: &mut Found) -> Result<Vec<u8>, Trouble> {
        let page = self.file.numbered(page)?;
        let Some(contents) = page.dict().and_then(|dict| dict.get(b"Contents".as_slice())) else {
            return Ok(Vec::new());
        };
        let held = self.file.get(contents)?;
        let parts = match held.list() {
            Some(list) => list.to_vec(),
            None => vec![contents.clone()],
        };
        let mut bytes = Vec::new();
        for part in parts {
            let stream = part.reference().map(|number| self.file.stream(number)).transpose()?.flatten();
            let Some(stream) = stream else { continue };
            found.torn |= !stream.whole;
            if bytes.len() + stream.bytes.len() > MOST_UNPACKED {
                return Err(Trouble::TooMuch("a page of it unpacks to more than 6 MB"));
            }
            if bytes.is_empty() {
                bytes = stream.bytes;
            } else {
                bytes.reserve_exact(stream.bytes.len() + 1);
                bytes.push(b'\n');
                bytes.extend(stream.bytes);
            }
        }
        Ok(bytes)
    }

    fn run(&mut self, content: &[u8], resources: &Object, sheet: &mut Sheet) -> Result<(), Trouble> {
        let mut lexer = Lexer::content(content, self.meter);
        let mut operands: Vec<Object> = Vec::new();
        sheet.named.push(BTreeMap::new());
        loop {
            lexer.blanks();
            let before = lexer.at;
            match lexer.next()? {
                Some(Object::Word(word)) => {
                    if word == b"BI" {
                        skip_picture(&mut lexer)?;
                        sheet.found.pictures += 1;
                    } else {
                        self.operator(&word, &operands, resources, sheet)?;
                    }
                    operands.clear();
                }
                Some(object) if operands.len() < MOST_OPERANDS => operands.push(object),
                Some(_) => {}
                None if lexer.peek().is_none() && before >= content.len() => break,
                // A bracket or string that is never closed: what follows it may be sound.
                None => {
                    lexer.at = before + 1;
                    operands.clear();
                }
            }
        }
        sheet.named.pop();
        Ok(())
    }

    fn operator(
        &mut self,
        word: &[u8],
        operands: &[Object],
        resources: &Object,
        sheet: &mut Sheet,
    ) -> Result<(), Trouble> {
        let number = |at: usize| operands.get(at).and_then(Object::number).unwrap_or(0.0);
        let matrix = || -> Option<Matrix> {
            let numbers: Vec<f64> = operands.iter().filter_map(Object::number).collect();
            numbers.try_into().ok()
        };
        match word {
            b"q" if sheet.states.len() < MOST_STATES => sheet.states.push(sheet.state.clone()),
            b"Q" => {
                if let Some(state) = sheet.states.pop() {
                    sheet.state = state;
                }
            }
            b"cm" => sheet.state.place = matrix().map_or(sheet.state.place, |by| times(by, sheet.state.place)),
            b"BT" => (sheet.text, sheet.line) = (SAME, SAME),
            b"Tf" => {
                sheet.state.size = number(1);
                sheet.state.font = self.font(operands.first().and_then(Object::name), resources, sheet)?;
            }
            b"Tc" => sheet.state.between_letters = number(0),
            b"Tw" => sheet.state.between_words = number(0),
            b"Tz" => sheet.state.stretch = number(0) / 100.0,
            b"TL" => sheet.state.leading = number(0),
            b"Td" => sheet.step(number(0), number(1)),
            b"TD" => {
                sheet.state.leading = -number(1);
                sheet.step(number(0), number(1));
            }
            b"Tm" => {
                if let Some(matrix) = matrix() {
                    (sheet.text, sheet.line) = (matrix, matrix);
                }
            }
            b"T*" => sheet.step(0.0, -sheet.state.leading),
            b"Tj" => self.show(operands.first(), sheet)?,
            b"'" => {
                sheet.step(0.0, -sheet.state.leading);
                self.show(operands.first(), sheet)?;
            }
            b"\"" => {
                (sheet.state.between_words, sheet.state.between_letters) = (number(0), number(1));
                sheet.step(0.0, -sheet.state.leading);
                self.show(operands.get(2), sheet)?;
            }
            b"TJ" => {
                for item in operands.first().and_then(Object::list).unwrap_or_default() {
                    match item.number() {
                        Some(back) => sheet.forward(-back / 1_000.0 * sheet.state.size * sheet.state.stretch),
                        None => self.show(Some(item), sheet)?,
                    }
                }
            }
            b"Do" => self.draw(operands.first().and_then(Object::name), resources, sheet)?,
            _ => {}
        }
        Ok(())
    }

    /// The number of a font by its name in the resources.
    fn font(&mut self, name: Option<&[u8]>, resources: &Object, sheet: &mut Sheet) -> Result<Option<u64>, Trouble> {
        let Some(name) = name else { return Ok(None) };
        let known = sheet.named.last().and_then(|named| named.get(name)).copied();
        if let Some(known) = known
            && known.is_none_or(|number| self.fonts.contains_key(&number))
        {
            return Ok(known);
        }
        let held = self.resource(resources, "Font")?;
        let number = match held.dict().and_then(|dict| dict.get(name)) {
            None => None,
            Some(given) => {
                self.in_place += 1;
                let number = given.reference().map_or(self.in_place, u64::from);
                if !self.fonts.contains_key(&number) {
                    let font = Font::read(self.file, &*self.file.get(given)?, &self.names, self.meter)?;
                    self.keep(number, font)?;
                }
                Some(number)
            }
        };
        if let Some(named) = sheet.named.last_mut() {
            named.insert(name.to_vec(), number);
        }
        Ok(number)
    }

    fn keep(&mut self, number: u64, font: Font) -> Result<(), Trouble> {
        // Making it costs about as much as keeping it.
        self.meter.spend(font.size())?;
        if self.kept + font.size() > MOST_FONTS {
            self.fonts.clear();
            self.kept = 0;
        }
        self.kept += font.size();
        self.fonts.insert(number, Rc::new(font));
        Ok(())
    }

    /// Shows a text in the font that holds.
    fn show(&self, text: Option<&Object>, sheet: &mut Sheet) -> Result<(), Trouble> {
        let (Some(bytes), Some(number)) = (text.and_then(Object::text), sheet.state.font) else { return Ok(()) };
        // It was forgotten and is not named again: so many large fonts on one page are no page.
        let font = self.fonts.get(&number).ok_or(Trouble::TooMuch("the fonts of a page of it are too large"))?;
        sheet.show(bytes, font)
    }

    fn resource(&self, resources: &Object, kind: &str) -> Result<Rc<Object>, Trouble> {
        let all = self.file.get(resources)?;
        let held = self.file.field(&all, kind)?;
        Ok(match held {
            Held::There(object) => object,
            Held::Here(object) => {
                self.meter.spend(object.size())?;
                Rc::new(object.clone())
            }
        })
    }

    /// A form is followed, a picture counted.
    fn draw(&mut self, name: Option<&[u8]>, resources: &Object, sheet: &mut Sheet) -> Result<(), Trouble> {
        let held = self.resource(resources, "XObject")?;
        let Some(number) = name.and_then(|name| held.dict()?.get(name)?.reference()) else { return Ok(()) };
        let object = self.file.numbered(number)?;
        if self.file.field(&object, "Subtype")?.name() != Some(b"Form") {
            sheet.found.pictures += 1;
            return Ok(());
        }
        if sheet.forms.len() >= DEEPEST || sheet.forms.contains(&number) {
            return Ok(());
        }
        let Some(stream) = self.file.stream(number)? else { return Ok(()) };
        sheet.found.torn |= !stream.whole;
        let (state, lines) = (sheet.state.clone(), (sheet.text, sheet.line));
        let numbers: Vec<f64> = {
            let held = self.file.field(&object, "Matrix")?;
            held.list().unwrap_or_default().iter().filter_map(Object::number).collect()
        };
        if let Ok(matrix) = Matrix::try_from(numbers) {
            sheet.state.place = times(matrix, sheet.state.place);
        }
        let own = object.dict().and_then(|dict: &Dict| dict.get(b"Resources".as_slice()));
        let states = std::mem::take(&mut sheet.states);
        sheet.forms.push(number);
        self.run(&stream.bytes, own.unwrap_or(resources), sheet)?;
        sheet.forms.pop();
        sheet.states = states;
        (sheet.state, (sheet.text, sheet.line)) = (state, lines);
        Ok(())
    }
}

impl Sheet {
    /// To another line.
    fn step(&mut self, x: f64, y: f64) {
        self.line = times([1.0, 0.0, 0.0, 1.0, x, y], self.line);
        self.text = self.line;
    }

    fn forward(&mut self, x: f64) {
        self.text = times([1.0, 0.0, 0.0, 1.0, x, 0.0], self.text);
    }

    fn pen(&self) -> Pen {
        let [a, b, c, d, x, y] = times(self.text, self.state.place);
        let (length, height) = (a.hypot(b), c.hypot(d));
        let direction = if length > 0.0 { (a / length, b / length) } else { (1.0, 0.0) };
        Pen { x, y, direction, size: (self.state.size * height).abs() }
    }

    fn show(&mut self, mut bytes: &[u8], font: &Font) -> Result<(), Trouble> {
        let begin = self.pen();
        let (mut piece, mut width) = (String::new(), 0.0);
        while let Some(shown) = font.next(&mut bytes, &mut piece) {
            let words = if shown.blank { self.state.between_words } else { 0.0 };
            width += shown.width * self.state.size + self.state.between_letters + words;
            self.found.unknown += usize::from(!shown.known);
            // A code may mean many letters.
            if self.layout.text.len() + piece.len() > MOST_PAGE {
                return Err(Trouble::TooMuch("a page of it has more than 1 MB of text"));
            }
        }
        self.forward(width * self.state.stretch);
        if !piece.is_empty() {
            let end = self.pen();
            self.layout.add(&piece, begin, end);
        }
        Ok(())
    }
}

/// Goes past a picture that stands in the content itself: to an `EI` between blanks.
fn skip_picture(lexer: &mut Lexer<'_>) -> Result<(), Trouble> {
    // Its dictionary up to ID.
    loop {
        match lexer.next()? {
            Some(Object::Word(word)) if word == b"ID" => break,
            Some(_) => {}
            None => return Ok(()),
        }
    }
    let bytes = lexer.bytes();
    let mut at = lexer.at;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let blank = |byte: Option<&u8>| byte.is_none_or(|byte| is_blank(*byte));
        if rest.starts_with(b"EI") && blank(at.checked_sub(1).and_then(|at| bytes.get(at))) && blank(rest.get(2)) {
            lexer.at = at + 2;
            return Ok(());
        }
        at += 1;
    }
    lexer.at = bytes.len();
    Ok(())
}
