//! The text of a PDF, page by page, within bounds.
//!
//! Reading is ours, as no crate we know can be held in a call's memory and time: they follow the file's own tables, and unpack or keep
//! what those ask for. Here a file is looked through once from end to end, every byte read and unpacked is counted, and what asks for more
//! than [`bounds`] allow, is encrypted, cut off or without text ends with a [`Trouble`] that says what to do. Sources are named by section
//! of ISO 32000-1 (PDF 1.7).

mod bounds;
mod cmap;
mod content;
mod encoding;
mod file;
mod filter;
mod font;
mod layout;
mod pages;
mod syntax;
mod trouble;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod writer;

pub use trouble::Trouble;

use bounds::{MOST_TEXT, MOST_WORK, Meter};
use content::Reader;
use file::File;

/// What ends a page in the text of all pages, as in other programs that make text of PDFs.
pub const PAGE_END: &str = "\u{c}";

/// Pages told by number where something is wrong with them.
const MOST_TOLD: usize = 10;

/// A PDF's text.
#[derive(Debug, PartialEq, Eq)]
pub struct Text {
    /// The title it says it has.
    pub title: Option<String>,
    /// The text of its pages in order, [`PAGE_END`] between them.
    pub text: String,
    /// What could not be read, in a sentence.
    pub lacks: Option<String>,
}

/// Reads a PDF. `has_time` is asked now and then whether to go on.
///
/// # Errors
/// Why there is no text, and what to do about it.
pub fn read(bytes: &[u8], has_time: &dyn Fn() -> bool) -> Result<Text, Trouble> {
    read_within(bytes, &Meter::new(MOST_WORK, has_time))
}

fn read_within(bytes: &[u8], meter: &Meter<'_>) -> Result<Text, Trouble> {
    if !bytes.get(..bytes.len().min(1_024)).unwrap_or_default().windows(5).any(|window| window == b"%PDF-") {
        return Err(Trouble::Foreign);
    }
    let file = File::open(bytes, meter)?;
    let pages = pages::pages(&file)?;
    let mut reader = Reader::new(&file, meter);
    let (mut texts, mut letters, mut unknown, mut pictures) = (Vec::new(), 0, 0, 0);
    let (mut torn, mut only_pictures) = (Vec::new(), Vec::new());
    for (number, page) in (1..).zip(&pages) {
        let found = reader.page(page)?;
        if letters + found.text.len() > MOST_TEXT {
            break;
        }
        letters += found.text.len();
        unknown += found.unknown;
        pictures += found.pictures;
        if found.torn {
            torn.push(number);
        }
        if found.text.is_empty() && found.pictures > 0 {
            only_pictures.push(number);
        }
        texts.push(found.text);
    }
    // More codes without a text than letters: what is left is crumbs.
    if unknown > letters {
        return Err(Trouble::Letters);
    }
    if letters == 0 {
        return Err(match (torn.is_empty(), pictures) {
            (false, _) => Trouble::Damaged,
            (true, 0) => Trouble::Empty,
            (true, _) => Trouble::Pictures,
        });
    }
    let cut = (texts.len() < pages.len())
        .then(|| format!("it is too long: only its first {} pages of {} are indexed", texts.len(), pages.len()));
    let lacks: Vec<String> = cut.into_iter().chain(lacks(&torn, &only_pictures)).collect();
    let title = title(&file)?;
    // The objects go before the pages become one text.
    drop(reader);
    drop(file);
    let lacks = (!lacks.is_empty()).then(|| lacks.join("; "));
    Ok(Text { title, text: texts.join(PAGE_END), lacks })
}

/// The title in the file's own description.
fn title(file: &File<'_>) -> Result<Option<String>, Trouble> {
    let Some(number) = file.info else { return Ok(None) };
    let info = file.numbered(number)?;
    let title = file.field(&info, "Title")?.text().map(font::told).unwrap_or_default();
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(500).collect::<String>();
    Ok((!title.is_empty()).then_some(title))
}

fn lacks(torn: &[usize], pictures: &[usize]) -> Option<String> {
    let told = |pages: &[usize], what: &str| {
        let numbers: Vec<String> = pages.iter().take(MOST_TOLD).map(usize::to_string).collect();
        let more = if pages.len() > MOST_TOLD { " and more" } else { "" };
        (!pages.is_empty()).then(|| format!("{what} (page {}{more})", numbers.join(", ")))
    };
    let said: Vec<String> =
        [told(torn, "parts are damaged and not indexed"), told(pictures, "pages hold pictures and no text")]
            .into_iter()
            .flatten()
            .collect();
    (!said.is_empty()).then(|| said.join("; "))
}
