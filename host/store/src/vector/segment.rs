//! Up to 4,096 rows of the index, column by column, in memory that never moves while it grows.

use super::sign::{self, Centre};
use super::simd::{LINE, Line, QueryCodes, QueryLine, Terms};

/// Rows scored together.
pub(super) const BLOCK: usize = 64;
/// Rows of a full segment, a multiple of [`BLOCK`].
pub(super) const ROWS: usize = 4096;

/// One version of one row's vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: u64,
    /// The first journal sequence that sees it.
    pub(super) born: u64,
    /// The first journal sequence that sees it no longer; `u64::MAX` while it is live.
    pub(super) dead: u64,
    /// Slots of the next and the previous entry of the same id, or `NONE`.
    pub(super) newer: u32,
    pub(super) older: u32,
}

impl Entry {
    #[inline]
    pub(super) fn seen_at(&self, at: u64) -> bool {
        self.born <= at && at < self.dead
    }
}

/// A finer code counts in steps of this part of a row's scale.
const FINE: f32 = 1.0 / 255.0;

/// A run of rows. A row's vector is `scale * (byte - 128)` for each place, rotated; with the finer code,
/// `scale * (byte - 128 + (fine - 128) / 255)`, which is the vector to within some 1e-5 of its length.
#[derive(Debug)]
pub(super) struct Segment {
    /// Lines of one row's codes.
    lines: usize,
    pub(super) entries: Vec<Entry>,
    pub(super) namespaces: Vec<u32>,
    pub(super) scales: Vec<f32>,
    /// Whole blocks; what lies past the last row is zero.
    pub(super) codes: Vec<Line>,
    /// What `codes` rounds away, a second byte a place. Only candidates are scored with it.
    fine: Vec<Line>,
    /// Blocks of sign codes with their terms; none until the index has a centre.
    pub(super) signs: Vec<Line>,
    pub(super) terms: Vec<Terms>,
    /// Entries that are not live.
    dead: usize,
    /// No entry is younger.
    youngest: u64,
}

impl Segment {
    /// An empty segment for vectors of `width` places.
    pub(super) fn new(width: usize) -> Self {
        let lines = width / LINE;
        Self {
            lines,
            entries: Vec::with_capacity(ROWS),
            namespaces: Vec::with_capacity(ROWS),
            scales: Vec::with_capacity(ROWS),
            codes: Vec::with_capacity(ROWS * lines),
            fine: Vec::with_capacity(ROWS * lines),
            signs: Vec::new(),
            terms: Vec::new(),
            dead: 0,
            youngest: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether every entry is seen at `at`, as far as is known without looking at each.
    pub(super) fn all_seen_at(&self, at: u64) -> bool {
        self.dead == 0 && self.youngest <= at
    }

    /// Adds a row with a zero vector.
    pub(super) fn push(&mut self, entry: Entry, namespace: u32) {
        self.dead += usize::from(entry.dead != u64::MAX);
        self.youngest = self.youngest.max(entry.born);
        self.entries.push(entry);
        self.namespaces.push(namespace);
        self.scales.push(0.0);
        let blocks = self.len().div_ceil(BLOCK);
        self.codes.resize(blocks * BLOCK * self.lines, Line::ZERO);
        self.fine.resize(self.len() * self.lines, Line::ZERO);
    }

    /// Overwrites the last row with zeros and takes it off.
    pub(super) fn pop(&mut self) {
        let Some(row) = self.len().checked_sub(1) else {
            return;
        };
        self.row_codes_mut(row).fill(Line::ZERO);
        self.fine_mut(row).fill(Line::ZERO);
        if let Some(scale) = self.scales.get_mut(row) {
            *scale = 0.0;
        }
        if !self.terms.is_empty() {
            let negative = vec![-1.0; self.lines * LINE];
            self.write_signs(row, &negative, 0.0, 0.0);
        }
        let entry = self.entries.pop();
        self.dead -= usize::from(entry.is_some_and(|entry| entry.dead != u64::MAX));
        self.namespaces.pop();
        self.scales.pop();
        let blocks = self.len().div_ceil(BLOCK);
        self.codes.truncate(blocks * BLOCK * self.lines);
        self.fine.truncate(self.len() * self.lines);
        self.terms.truncate(blocks);
        self.signs.truncate(self.terms.len() * self.sign_lines());
    }

    /// Puts another row, taken from `source`, in the place of `row`.
    pub(super) fn overwrite(&mut self, row: usize, source: &Row, centre: Option<&Centre>) {
        if let Some(entry) = self.entries.get_mut(row) {
            self.dead -= usize::from(entry.dead != u64::MAX);
            self.dead += usize::from(source.entry.dead != u64::MAX);
            self.youngest = self.youngest.max(source.entry.born);
            *entry = source.entry;
        }
        if let Some(namespace) = self.namespaces.get_mut(row) {
            *namespace = source.namespace;
        }
        if let Some(scale) = self.scales.get_mut(row) {
            *scale = source.scale;
        }
        self.row_codes_mut(row).copy_from_slice(&source.codes);
        self.fine_mut(row).copy_from_slice(&source.fine);
        if let Some(centre) = centre {
            self.sketch(row, centre, &mut Vec::new());
        }
    }

    /// A copy of one row.
    pub(super) fn row(&self, row: usize) -> Option<Row> {
        Some(Row {
            entry: *self.entries.get(row)?,
            namespace: *self.namespaces.get(row)?,
            scale: *self.scales.get(row)?,
            codes: self.row_codes(row).to_vec(),
            fine: self.fine(row).to_vec(),
        })
    }

    /// Sets the first sequence that no longer sees a live row; answers false if the row was not live.
    pub(super) fn end(&mut self, row: usize, dead: u64) -> bool {
        match self.entries.get_mut(row) {
            Some(entry) if entry.dead == u64::MAX && dead != u64::MAX => {
                entry.dead = dead;
                self.dead += 1;
                true
            }
            _ => false,
        }
    }

    /// Writes a rotated vector as the codes of `row`.
    pub(super) fn encode(&mut self, row: usize, rotated: &[f32]) {
        let scale = largest(rotated) / 127.0;
        let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
        for (line, values) in self.row_codes_mut(row).iter_mut().zip(rotated.chunks_exact(LINE)) {
            for (code, value) in line.0.iter_mut().zip(values) {
                *code = (value * inverse + 128.5) as i32 as u8;
            }
        }
        for (line, values) in self.fine_mut(row).iter_mut().zip(rotated.chunks_exact(LINE)) {
            for (code, value) in line.0.iter_mut().zip(values) {
                let value = value * inverse + 128.0;
                let rest = value - (value + 0.5).floor();
                *code = (rest / FINE + 128.5) as i32 as u8;
            }
        }
        if let Some(place) = self.scales.get_mut(row) {
            *place = scale;
        }
    }

    /// Reads a row's rotated vector back from its codes.
    pub(super) fn decode(&self, row: usize, rotated: &mut Vec<f32>) {
        let scale = self.scales.get(row).copied().unwrap_or(0.0);
        rotated.clear();
        for line in self.row_codes(row) {
            rotated.extend(line.0.iter().map(|code| scale * (f32::from(*code) - 128.0)));
        }
    }

    /// Makes the sign code of a row from its codes; `scratch` only saves an allocation.
    pub(super) fn sketch(&mut self, row: usize, centre: &Centre, scratch: &mut Vec<f32>) {
        if self.signs.capacity() == 0 {
            self.signs.reserve_exact(ROWS / BLOCK * self.sign_lines());
        }
        let blocks = self.len().div_ceil(BLOCK);
        self.terms.resize(blocks, Terms::ZERO);
        self.signs.resize(blocks * self.sign_lines(), Line::ZERO);
        self.decode(row, scratch);
        let (factor, offset) = centre.subtract_from(scratch);
        self.write_signs(row, scratch, factor, offset);
    }

    /// The lines of one row's codes; empty if there is no such row.
    #[inline]
    pub(super) fn row_codes(&self, row: usize) -> &[Line] {
        self.codes.get(row * self.lines..(row + 1) * self.lines).unwrap_or_default()
    }

    /// The dot product of a row with a rotated query, by both codes.
    pub(super) fn dot(&self, row: usize, rotated: &[f32]) -> f32 {
        let mut sums = [0.0_f32; 8];
        let lines = self.row_codes(row).iter().zip(self.fine(row)).zip(rotated.chunks_exact(LINE));
        for ((codes, fine), values) in lines {
            let places = codes.0.as_chunks::<8>().0.iter().zip(fine.0.as_chunks::<8>().0);
            for ((codes, fine), values) in places.zip(values.as_chunks::<8>().0) {
                for ((sum, value), (code, fine)) in sums.iter_mut().zip(values).zip(codes.iter().zip(fine)) {
                    *sum += value * (f32::from(*code) - 128.0 + (f32::from(*fine) - 128.0) * FINE);
                }
            }
        }
        self.scales.get(row).copied().unwrap_or(0.0) * sums.iter().sum::<f32>()
    }

    /// Heap bytes in use, about.
    pub(super) fn bytes(&self) -> usize {
        (self.codes.len() + self.fine.len() + self.signs.len()) * LINE
            + self.terms.len() * size_of::<Terms>()
            + self.len() * (size_of::<Entry>() + size_of::<u32>() + size_of::<f32>())
    }

    fn row_codes_mut(&mut self, row: usize) -> &mut [Line] {
        self.codes.get_mut(row * self.lines..(row + 1) * self.lines).unwrap_or_default()
    }

    fn fine(&self, row: usize) -> &[Line] {
        self.fine.get(row * self.lines..(row + 1) * self.lines).unwrap_or_default()
    }

    fn fine_mut(&mut self, row: usize) -> &mut [Line] {
        self.fine.get_mut(row * self.lines..(row + 1) * self.lines).unwrap_or_default()
    }

    fn sign_lines(&self) -> usize {
        sign::block_lines(self.lines * LINE)
    }

    fn write_signs(&mut self, row: usize, vector: &[f32], factor: f32, offset: f32) {
        let (block, row) = (row / BLOCK, row % BLOCK);
        let lines = self.sign_lines();
        if let Some(block) = self.signs.get_mut(block * lines..(block + 1) * lines) {
            sign::write_signs(block, row, vector);
        }
        if let Some(terms) = self.terms.get_mut(block)
            && let (Some(f), Some(o)) = (terms.factors.get_mut(row), terms.offsets.get_mut(row))
        {
            (*f, *o) = (factor, offset);
        }
    }
}

/// One row outside its segment.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) entry: Entry,
    namespace: u32,
    scale: f32,
    codes: Vec<Line>,
    fine: Vec<Line>,
}

/// A rotated query as int8 codes, at a scale of its own.
pub(super) fn query_codes(rotated: &[f32]) -> QueryCodes {
    let scale = largest(rotated) / 127.0;
    let lines = rotated.chunks_exact(LINE).map(|values| {
        let mut line = QueryLine([0; LINE]);
        for (code, value) in line.0.iter_mut().zip(values) {
            *code = (value / scale).round().clamp(-127.0, 127.0) as i8;
        }
        line
    });
    QueryCodes::new(lines.collect())
}

/// The largest size of a place. Sizes of floats order as their bits do, and those compare quickly.
pub(super) fn largest(vector: &[f32]) -> f32 {
    f32::from_bits(vector.iter().fold(0, |most, value| most.max(value.to_bits() & 0x7fff_ffff)))
}
