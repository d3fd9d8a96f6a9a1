//! The model file format `SEM1`: checked once as a whole, then read in place.
//!
//! Little endian: magic `SEM1`, u32 version = 1, u32 rows, u32 dim, u32 vocab_bytes, u32 reserved = 0; the vocabulary
//! (`rows` strings joined by `\n`, in row order); zero padding to a multiple of 4; f32 scale for each row; i8 numbers,
//! `rows * dim`. The vector of a row is its scale times its numbers.

use std::ops::Range;
use std::str;

const MAGIC: &[u8] = b"SEM1";
const VERSION: u32 = 1;
const HEADER: usize = 24;
/// Far above any sensible model; keeps sizes from overflowing and files from claiming absurd work.
const MAX_ROWS: usize = 10_000_000;
const MAX_DIMENSION: usize = 65_536;
const MAX_VOCAB_BYTES: usize = 1 << 30;

/// Why bytes are not a usable `SEM1` model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The model inside the program does not unpack.
    #[error("the built-in embedding model does not unpack: the program file is damaged, install it again")]
    Packed,
    /// The first four bytes are not `SEM1`.
    #[error("this is not a SEM1 model file: give one made for memstrata")]
    Magic,
    /// A version this build cannot read.
    #[error("this SEM1 file has version {0} and this build reads version 1: use a matching file")]
    Version(u32),
    /// A header field is zero, reserved or absurd.
    #[error("the SEM1 header says {field} = {value}, which is not possible: the file is damaged")]
    Header {
        /// The field's name.
        field: &'static str,
        /// Its value.
        value: u32,
    },
    /// The file is shorter or longer than its header says.
    #[error("the SEM1 file has {got} bytes where its header needs {need}: fetch it again")]
    Length {
        /// Bytes the header implies.
        need: usize,
        /// Bytes there are.
        got: usize,
    },
    /// The vocabulary cannot be used.
    #[error("the SEM1 vocabulary is unusable at row {row} ({reason}): the file is damaged")]
    Vocabulary {
        /// The row, from 0.
        row: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A row's scale is negative or not finite.
    #[error("the SEM1 scale of row {row} is not a finite positive number: the file is damaged")]
    Scale {
        /// The row, from 0.
        row: usize,
    },
}

/// A checked model file.
pub(super) struct Tables {
    bytes: Vec<u8>,
    rows: usize,
    dimension: usize,
    words: Range<usize>,
    scales: usize,
    numbers: usize,
}

impl Tables {
    /// Checks header, length, padding, vocabulary encoding and scales. Every number is valid, so none is read.
    pub(super) fn parse(bytes: Vec<u8>) -> Result<Self, FormatError> {
        let got = bytes.len();
        if !bytes.starts_with(MAGIC) {
            return Err(FormatError::Magic);
        }
        let field = |at| u32_at(&bytes, at).ok_or(FormatError::Length { need: HEADER, got });
        let version = field(4)?;
        if version != VERSION {
            return Err(FormatError::Version(version));
        }
        let rows = bounded("rows", field(8)?, MAX_ROWS)?;
        let dimension = bounded("dim", field(12)?, MAX_DIMENSION)?;
        let vocab_bytes = bounded("vocab_bytes", field(16)?, MAX_VOCAB_BYTES)?;
        let reserved = field(20)?;
        if reserved != 0 {
            return Err(FormatError::Header { field: "reserved", value: reserved });
        }

        let words = HEADER..HEADER.saturating_add(vocab_bytes);
        let scales = words.end.saturating_add(3) & !3;
        let numbers = scales.saturating_add(rows.saturating_mul(4));
        let need = numbers.saturating_add(rows.saturating_mul(dimension));
        if need != got {
            return Err(FormatError::Length { need, got });
        }

        let tables = Self { bytes, rows, dimension, words, scales, numbers };
        tables.check_content()?;
        Ok(tables)
    }

    fn check_content(&self) -> Result<(), FormatError> {
        let words = self.words();
        if let Err(error) = str::from_utf8(words) {
            let before = words.get(..error.valid_up_to()).unwrap_or_default();
            let row = before.iter().filter(|byte| **byte == b'\n').count();
            return Err(FormatError::Vocabulary { row, reason: "it is not UTF-8" });
        }
        if self.bytes.get(self.words.end..self.scales).unwrap_or_default().iter().any(|byte| *byte != 0) {
            return Err(FormatError::Vocabulary { row: self.rows, reason: "its padding is not zero" });
        }
        let scales = self.bytes.get(self.scales..self.numbers).unwrap_or_default();
        let (scales, _) = scales.as_chunks::<4>();
        match scales.iter().position(|bytes| !(0.0..f32::INFINITY).contains(&f32::from_le_bytes(*bytes))) {
            Some(row) => Err(FormatError::Scale { row }),
            None => Ok(()),
        }
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Numbers in a row.
    pub(super) fn dimension(&self) -> usize {
        self.dimension
    }

    /// All words joined by line feeds, in row order; checked to be UTF-8.
    pub(super) fn words(&self) -> &[u8] {
        self.bytes.get(self.words.clone()).unwrap_or_default()
    }

    /// A row's scale and its int8 numbers, still as bytes.
    pub(super) fn row(&self, row: u32) -> Option<(f32, &[u8])> {
        let row = row as usize;
        let scale = self.bytes.get(self.scales + row * 4..)?.first_chunk::<4>()?;
        let start = self.numbers + row * self.dimension;
        Some((f32::from_le_bytes(*scale), self.bytes.get(start..start + self.dimension)?))
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk::<4>()?))
}

fn bounded(field: &'static str, value: u32, most: usize) -> Result<usize, FormatError> {
    match value as usize {
        size if (1..=most).contains(&size) => Ok(size),
        _ => Err(FormatError::Header { field, value }),
    }
}
