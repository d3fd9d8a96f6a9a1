//! Sign codes: one bit a place and two numbers a row, from which a dot product is estimated for a short list.
//!
//! With `c` the centre of all vectors, `r = x - c` and `s` the signs of `r`, all rotated, `<q, x> - <q, c>` is
//! `<c, x> - <c, c> + <q - c, r>`, and the last is about `<q - c, s> * |r|^2 / <r, s>` (RaBitQ: Gao and Long, "RaBitQ: quantizing
//! high-dimensional vectors with a theoretical error bound", SIGMOD 2024). `<q, c>` and `<c, c>` are the same for every row and
//! left out; the row keeps its offset `<c, x>` and its factor `|r|^2 / <r, s>`.

use super::segment::{BLOCK, Segment};
use super::simd::{LINE, Line, SignTable};

/// Sums kept apart so that the compiler may add them side by side.
const LANES: usize = 16;

/// What sign codes are relative to.
#[derive(Clone, Debug)]
pub(super) struct Centre {
    /// The mean of the rotated vectors when the sign codes were last made.
    mean: Vec<f32>,
    /// Rows there were then.
    pub(super) rows: usize,
}

impl Centre {
    /// The mean of about 16,384 rows spread over the index.
    pub(super) fn of(segments: &[Segment], width: usize) -> Self {
        let rows: usize = segments.iter().map(Segment::len).sum();
        let mut mean = vec![0.0; width];
        let mut vector = Vec::with_capacity(width);
        let mut count = 0.0_f32;
        for segment in segments {
            for row in (0..segment.len()).step_by((rows / 16_384).max(1)) {
                segment.decode(row, &mut vector);
                for (sum, value) in mean.iter_mut().zip(&vector) {
                    *sum += value;
                }
                count += 1.0;
            }
        }
        for sum in &mut mean {
            *sum /= count.max(1.0);
        }
        Self { mean, rows }
    }

    /// What is left of a rotated query without the centre.
    pub(super) fn relative(&self, query: &[f32]) -> Vec<f32> {
        query.iter().zip(&self.mean).map(|(value, mean)| value - mean).collect()
    }

    /// Turns a rotated vector into what is left of it without the centre, and answers its factor and offset.
    pub(super) fn subtract_from(&self, vector: &mut [f32]) -> (f32, f32) {
        let (mut squares, mut sizes, mut along) = ([0.0_f32; LANES], [0.0_f32; LANES], [0.0_f32; LANES]);
        for (values, means) in vector.chunks_exact_mut(LANES).zip(self.mean.chunks_exact(LANES)) {
            let sums = squares.iter_mut().zip(&mut sizes).zip(&mut along);
            for ((value, mean), ((square, size), along)) in values.iter_mut().zip(means).zip(sums) {
                *along += *value * mean;
                *value -= mean;
                *square += *value * *value;
                *size += value.abs();
            }
        }
        let size: f32 = sizes.iter().sum();
        let factor = if size > 0.0 { squares.iter().sum::<f32>() / size } else { 0.0 };
        (factor, along.iter().sum())
    }

    pub(super) fn bytes(&self) -> usize {
        self.mean.len() * size_of::<f32>()
    }
}

/// Lines of the sign codes of one block of rows.
pub(super) fn block_lines(width: usize) -> usize {
    width * BLOCK / 8 / LINE
}

/// Writes the signs of `vector` as row `row` (0..64) of a block; see `Kernels::signs` for the layout.
pub(super) fn write_signs(block: &mut [Line], row: usize, vector: &[f32]) {
    let (byte, shift) = (row % (LINE / 2), if row < LINE / 2 { 0 } else { 4 });
    let halves = block.iter_mut().flat_map(|line| line.0.chunks_exact_mut(LINE / 2));
    for (half, group) in halves.zip(vector.chunks_exact(4)) {
        let nibble = group.iter().rev().fold(0_u8, |bits, value| bits << 1 | u8::from(*value > 0.0));
        if let Some(byte) = half.get_mut(byte) {
            *byte = *byte & !(15 << shift) | nibble << shift;
        }
    }
}

/// The table that scores sign codes against a rotated query, less the centre.
pub(super) fn table(query: &[f32]) -> SignTable {
    let groups = query.len() / 4;
    // Entries as large as one byte and the sum of all groups allow.
    let most = 255.min(65_535 / groups.max(1)) as f32;
    let reach = |group: &[f32]| group.iter().map(|value| value.abs()).sum::<f32>();
    let widest = query.chunks_exact(4).map(reach).fold(0.0, f32::max);
    let step = if widest > 0.0 { 2.0 * widest / most } else { 1.0 };
    let mut lines = vec![Line::ZERO; groups / 2];
    let halves = lines.iter_mut().flat_map(|line| line.0.chunks_exact_mut(LINE / 2));
    for (half, group) in halves.zip(query.chunks_exact(4)) {
        let reach = reach(group);
        for (entry, nibble) in half.iter_mut().zip((0_u8..16).cycle()) {
            let dot: f32 =
                group.iter().zip(0..).map(|(value, bit)| if nibble >> bit & 1 == 1 { *value } else { -value }).sum();
            *entry = ((dot + reach) / step).round().clamp(0.0, most) as u8;
        }
    }
    let base = -query.chunks_exact(4).map(reach).sum::<f32>();
    SignTable { lines, base, step }
}
