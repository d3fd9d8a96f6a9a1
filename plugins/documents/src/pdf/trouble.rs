//! Why a PDF has no text to give, each with what to do.

use std::fmt;

/// A reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It is named like a PDF and is none.
    Foreign,
    /// It needs a password, or forbids reading.
    Encrypted,
    /// It ends before its end.
    Truncated,
    /// It has no pages that can be found.
    Damaged,
    /// Reading it would take more than a call has; what of.
    TooMuch(&'static str),
    /// Its pages hold pictures.
    Pictures,
    /// Its fonts do not say which letters they show.
    Letters,
    /// Its pages hold nothing.
    Empty,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("it is no PDF, though it is named like one: rename it by what it is"),
            Self::Encrypted => f.write_str(
                "the PDF is encrypted: save a copy without password (for instance `qpdf --decrypt`) and index that",
            ),
            Self::Truncated => {
                f.write_str("the PDF is cut off, its end is missing: fetch or copy it again, and it is indexed then")
            }
            Self::Damaged => {
                f.write_str("the PDF is damaged, its pages are not found: repair it (for instance `qpdf in.pdf out.pdf`) or save it anew")
            }
            Self::TooMuch(what) => {
                write!(f, "the PDF is too large or made to be so: {what}; split it, or save it anew with another program")
            }
            Self::Pictures => f.write_str(
                "the PDF holds pictures of pages and no text: have its text recognised (for instance `ocrmypdf`) and index that",
            ),
            Self::Letters => f.write_str(
                "the fonts of the PDF do not tell which letters they show: have its text recognised (for instance `ocrmypdf --force-ocr`) and index that",
            ),
            Self::Empty => f.write_str("the PDF has no text on its pages: there is nothing to index"),
        }
    }
}
