//! A fixed random rotation that spreads a vector's energy evenly over its places, so that int8 and sign codes lose little.
//!
//! Embeddings are often the output of a PCA, with few strong and many weak places; one scale a vector and one bit a place
//! would waste most of their precision on them. Rounds of random signs and a fast Walsh-Hadamard transform are a cheap
//! rotation (Ailon and Chazelle, "The fast Johnson-Lindenstrauss transform", 2009; used so by RaBitQ, Gao and Long, 2024).
//! A rotation changes no dot product.

/// Rotates vectors of `dimension` places into vectors of `width` places, a multiple of 64.
#[derive(Clone, Debug)]
pub(super) struct Rotation {
    width: usize,
    /// The largest power of two within the width; one transform covers so many places.
    span: usize,
    /// One sign a place for each round.
    signs: Vec<Vec<f32>>,
}

impl Rotation {
    /// The rotation for a dimension; the same in every process.
    pub(super) fn new(dimension: usize) -> Self {
        let width = dimension.max(1).next_multiple_of(64);
        let span = 1 << width.ilog2();
        // Where a transform covers only a part, rounds alternate between both ends, and two more mix the parts.
        let rounds = if span == width { 2 } else { 4 };
        let mut state = 0x6d65_6d73_7472_6174; // any constant
        let mut sign = || {
            if split_mix(&mut state) & 1 == 1 { 1.0 } else { -1.0 }
        };
        let signs = (0..rounds).map(|_| (0..width).map(|_| sign()).collect()).collect();
        Self { width, span, signs }
    }

    /// Places of a rotated vector: the dimension rounded up to a multiple of 64.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Writes the rotated `vector` into `rotated`; places a vector lacks count as zero.
    pub(super) fn apply(&self, vector: &[f32], rotated: &mut Vec<f32>) {
        rotated.clear();
        rotated.extend(vector.iter().take(self.width));
        rotated.resize(self.width, 0.0);
        let scale = 1.0 / (self.span as f32).sqrt();
        for (round, signs) in self.signs.iter().enumerate() {
            for (value, sign) in rotated.iter_mut().zip(signs) {
                *value *= sign;
            }
            let start = if round % 2 == 0 { 0 } else { self.width - self.span };
            if let Some(part) = rotated.get_mut(start..start + self.span) {
                hadamard(part);
                for value in part {
                    *value *= scale;
                }
            }
        }
    }
}

/// The Walsh-Hadamard transform in place; the length is a power of two.
fn hadamard(values: &mut [f32]) {
    let mut half = 1;
    while half < values.len() {
        for pair in values.chunks_exact_mut(2 * half) {
            let (low, high) = pair.split_at_mut(half);
            for (a, b) in low.iter_mut().zip(high) {
                (*a, *b) = (*a + *b, *a - *b);
            }
        }
        half *= 2;
    }
}

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
