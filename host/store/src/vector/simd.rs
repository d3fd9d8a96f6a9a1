//! The two inner loops of a search for each instruction set, all with the same integer results; the only unsafe code of the index.

use super::segment::BLOCK;

/// 64 bytes on a cache line of their own, so that no vector load crosses two lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub(super) struct Line(pub(super) [u8; LINE]);

/// Bytes of a [`Line`].
pub(super) const LINE: usize = 64;

impl Line {
    pub(super) const ZERO: Self = Self([0; LINE]);
}

/// 64 places of a query as int8.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct QueryLine(pub(super) [i8; LINE]);

/// A query as int8, within -127..=127, and what the offset of the stored codes adds to each product.
#[derive(Clone, Debug)]
pub(super) struct QueryCodes {
    lines: Vec<QueryLine>,
    bias: i32,
}

impl QueryCodes {
    pub(super) fn new(lines: Vec<QueryLine>) -> Self {
        let sum: i32 = lines.iter().flat_map(|line| &line.0).map(|code| i32::from(*code)).sum();
        Self { lines, bias: 128 * sum }
    }

    /// Lines of one row.
    pub(super) fn lines(&self) -> usize {
        self.lines.len()
    }
}

/// What the rows of a block of sign codes bring to their estimates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Terms {
    pub(super) factors: [f32; BLOCK],
    pub(super) offsets: [f32; BLOCK],
}

impl Terms {
    pub(super) const ZERO: Self = Self { factors: [0.0; BLOCK], offsets: [0.0; BLOCK] };
}

/// What scores a block of sign codes: an estimate is `offset + factor * (base + step * sum)`, where `sum` adds one table entry
/// for each group of four places.
#[derive(Clone, Debug)]
pub(super) struct SignTable {
    /// Line `i` holds the 16 entries of group `2i` twice, then those of group `2i + 1` twice. No sum may pass 65,535.
    pub(super) lines: Vec<Line>,
    pub(super) base: f32,
    pub(super) step: f32,
}

impl SignTable {
    /// The estimate of a row; the kernels compare exactly this number.
    #[inline]
    pub(super) fn estimate(&self, sum: u16, factor: f32, offset: f32) -> f32 {
        offset + factor * (self.base + self.step * f32::from(sum))
    }
}

/// The instruction set a search uses; made only by detection, so that a value proves the processor has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kernels(Level);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Kernels {
    /// The best this processor can do.
    pub(super) fn detect() -> Self {
        Self::available().last().unwrap_or(Self(Level::Scalar))
    }

    /// All this processor can do, the slowest first.
    pub(super) fn available() -> impl DoubleEndedIterator<Item = Self> {
        [
            Some(Level::Scalar),
            #[cfg(target_arch = "x86_64")]
            is_x86_feature_detected!("avx2").then_some(Level::Avx2),
            #[cfg(target_arch = "x86_64")]
            (is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vnni"))
            .then_some(Level::Avx512),
            #[cfg(target_arch = "aarch64")]
            std::arch::is_aarch64_feature_detected!("neon").then_some(Level::Neon),
        ]
        .into_iter()
        .flatten()
        .map(Self)
    }

    /// Dot products of the query with consecutive rows of `query.lines()` lines; a stored byte is its code plus 128.
    #[inline]
    pub(super) fn dots(self, query: &QueryCodes, rows: &[Line], out: &mut [i32]) {
        match self.0 {
            Level::Scalar => dots_scalar(query, rows, out),
            // SAFETY: `available` makes this level only where avx2 was detected.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { x86::dots_avx2(query, rows, out) },
            // SAFETY: `available` makes this level only where avx512f, avx512bw and avx512vnni were detected.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { x86::dots_avx512(query, rows, out) },
            // SAFETY: `available` makes this level only where neon was detected.
            #[cfg(target_arch = "aarch64")]
            Level::Neon => unsafe { arm::dots_neon(query, rows, out) },
        }
    }

    /// Writes the table sums of a block of 64 rows of sign codes, and answers which rows (as bits) have an estimate of at
    /// least `threshold`.
    ///
    /// A group of four places is one nibble. The block's line `i` holds group `2i` in its first half and group `2i + 1` in
    /// its second; byte `r` of a half holds row `r` in the low and row `r + 32` in the high nibble. A shuffle then looks up
    /// 16 to 64 rows at once (André, Kermarrec and Le Scouarnec, "Cache locality is not enough: high-performance nearest
    /// neighbor search with product quantization fast scan", 2015).
    #[inline]
    pub(super) fn signs(
        self,
        table: &SignTable,
        block: &[Line],
        terms: &Terms,
        threshold: f32,
        sums: &mut [u16; BLOCK],
    ) -> u64 {
        match self.0 {
            Level::Scalar => signs_scalar(table, block, terms, threshold, sums),
            // SAFETY: `available` makes this level only where avx2 was detected.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { x86::signs_avx2(table, block, terms, threshold, sums) },
            // SAFETY: `available` makes this level only where avx512f, avx512bw and avx512vnni were detected.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { x86::signs_avx512(table, block, terms, threshold, sums) },
            // SAFETY: `available` makes this level only where neon was detected.
            #[cfg(target_arch = "aarch64")]
            Level::Neon => unsafe { arm::signs_neon(table, block, terms, threshold, sums) },
        }
    }
}

/// Asks the processor to fetch these lines; they will be read soon.
#[inline]
pub(super) fn prefetch(lines: &[Line]) {
    #[cfg(target_arch = "x86_64")]
    for line in lines {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing the program can see, and the address is that of a live reference.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.0.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = lines;
}

fn dots_scalar(query: &QueryCodes, rows: &[Line], out: &mut [i32]) {
    for (row, out) in rows.chunks_exact(query.lines()).zip(out) {
        let sum: i32 = row
            .iter()
            .zip(&query.lines)
            .map(|(line, query)| -> i32 {
                line.0.iter().zip(&query.0).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
            })
            .sum();
        *out = sum - query.bias;
    }
}

fn signs_scalar(table: &SignTable, block: &[Line], terms: &Terms, threshold: f32, sums: &mut [u16; BLOCK]) -> u64 {
    sums.fill(0);
    let (low, high) = sums.split_at_mut(BLOCK / 2);
    for (line, entries) in block.iter().zip(&table.lines) {
        for (codes, entries) in line.0.chunks_exact(LINE / 2).zip(entries.0.chunks_exact(LINE / 2)) {
            let entry = |nibble: u8| entries.get(usize::from(nibble)).copied().map_or(0, u16::from);
            for ((byte, low), high) in codes.iter().zip(&mut *low).zip(&mut *high) {
                *low += entry(byte & 15);
                *high += entry(byte >> 4);
            }
        }
    }
    above(table, terms, threshold, sums)
}

/// The rows, as bits, whose estimate is at least `threshold`.
fn above(table: &SignTable, terms: &Terms, threshold: f32, sums: &[u16; BLOCK]) -> u64 {
    let rows = sums.iter().zip(&terms.factors).zip(&terms.offsets).zip(0..);
    rows.fold(0, |mask, (((sum, factor), offset), row)| {
        mask | u64::from(table.estimate(*sum, *factor, *offset) >= threshold) << row
    })
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{BLOCK, LINE, Line, QueryCodes, SignTable, Terms};
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx2")]
    pub(super) fn dots_avx2(query: &QueryCodes, rows: &[Line], out: &mut [i32]) {
        let offset = _mm256_set1_epi8(i8::MIN);
        let ones = _mm256_set1_epi16(1);
        for (row, out) in rows.chunks_exact(query.lines()).zip(out) {
            let mut sums = [_mm256_setzero_si256(); 2];
            for (line, query) in row.iter().zip(&query.lines) {
                for ((sum, line), query) in
                    sums.iter_mut().zip(line.0.chunks_exact(LINE / 2)).zip(query.0.chunks_exact(LINE / 2))
                {
                    // SAFETY: each chunk is 32 bytes, the size of the unaligned load.
                    let (codes, query) = unsafe {
                        (_mm256_loadu_si256(line.as_ptr().cast()), _mm256_loadu_si256(query.as_ptr().cast()))
                    };
                    // Two products of at most 128 * 127 fit 16 bits, so nothing saturates.
                    let codes = _mm256_xor_si256(codes, offset);
                    let pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(codes), _mm256_sign_epi8(query, codes));
                    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pairs, ones));
                }
            }
            let [a, b] = sums;
            let sum = _mm256_add_epi32(a, b);
            let sum = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
            let sum = _mm_add_epi32(sum, _mm_shuffle_epi32::<0b01_00_11_10>(sum));
            let sum = _mm_add_epi32(sum, _mm_shuffle_epi32::<0b10_11_00_01>(sum));
            *out = _mm_cvtsi128_si32(sum);
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn dots_avx512(query: &QueryCodes, rows: &[Line], out: &mut [i32]) {
        for (row, out) in rows.chunks_exact(query.lines()).zip(out) {
            let mut sum = _mm512_setzero_si512();
            for (line, query) in row.iter().zip(&query.lines) {
                // SAFETY: both types are 64 bytes, aligned to 64, the size and alignment of the load.
                let (codes, query) =
                    unsafe { (_mm512_load_si512(line.0.as_ptr().cast()), _mm512_load_si512(query.0.as_ptr().cast())) };
                sum = _mm512_dpbusd_epi32(sum, codes, query);
            }
            *out = _mm512_reduce_add_epi32(sum) - query.bias;
        }
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn signs_avx2(
        table: &SignTable,
        block: &[Line],
        terms: &Terms,
        threshold: f32,
        sums: &mut [u16; BLOCK],
    ) -> u64 {
        let nibble = _mm256_set1_epi8(15);
        // Sums of 16-bit words (even byte + 256 * odd byte, wrapping) and of their odd bytes, for low and high nibbles.
        let (mut low, mut low_odd) = (_mm256_setzero_si256(), _mm256_setzero_si256());
        let (mut high, mut high_odd) = (_mm256_setzero_si256(), _mm256_setzero_si256());
        for (line, entries) in block.iter().zip(&table.lines) {
            for (codes, entries) in line.0.chunks_exact(LINE / 2).zip(entries.0.chunks_exact(LINE / 2)) {
                // SAFETY: each chunk is 32 bytes, the size of the unaligned load.
                let (codes, entries) =
                    unsafe { (_mm256_loadu_si256(codes.as_ptr().cast()), _mm256_loadu_si256(entries.as_ptr().cast())) };
                let a = _mm256_shuffle_epi8(entries, _mm256_and_si256(codes, nibble));
                let b = _mm256_shuffle_epi8(entries, _mm256_and_si256(_mm256_srli_epi16::<4>(codes), nibble));
                low = _mm256_add_epi16(low, a);
                low_odd = _mm256_add_epi16(low_odd, _mm256_srli_epi16::<8>(a));
                high = _mm256_add_epi16(high, b);
                high_odd = _mm256_add_epi16(high_odd, _mm256_srli_epi16::<8>(b));
            }
        }
        let halves = [(low, low_odd), (high, high_odd)];
        for (out, (words, odd)) in sums.chunks_exact_mut(BLOCK / 2).zip(halves) {
            store_rows(words, odd, out);
        }
        let (base, step) = (_mm256_set1_ps(table.base), _mm256_set1_ps(table.step));
        let threshold = _mm256_set1_ps(threshold);
        let mut mask = 0;
        let terms = terms.factors.chunks_exact(8).zip(terms.offsets.chunks_exact(8));
        for (at, (sums, (factors, offsets))) in sums.chunks_exact(8).zip(terms).enumerate() {
            // SAFETY: the chunks are 8 u16 and twice 8 f32, the sizes of the unaligned loads.
            let (sums, factors, offsets) = unsafe {
                (
                    _mm_loadu_si128(sums.as_ptr().cast()),
                    _mm256_loadu_ps(factors.as_ptr()),
                    _mm256_loadu_ps(offsets.as_ptr()),
                )
            };
            let sums = _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(sums));
            let products = _mm256_mul_ps(factors, _mm256_add_ps(base, _mm256_mul_ps(step, sums)));
            let estimates = _mm256_add_ps(offsets, products);
            let passes = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GE_OQ>(estimates, threshold));
            mask |= u64::from(passes as u8) << (8 * at);
        }
        mask
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn signs_avx512(
        table: &SignTable,
        block: &[Line],
        terms: &Terms,
        threshold: f32,
        sums: &mut [u16; BLOCK],
    ) -> u64 {
        let nibble = _mm512_set1_epi8(15);
        let (mut low, mut low_odd) = (_mm512_setzero_si512(), _mm512_setzero_si512());
        let (mut high, mut high_odd) = (_mm512_setzero_si512(), _mm512_setzero_si512());
        for (line, entries) in block.iter().zip(&table.lines) {
            // SAFETY: both lines are 64 bytes, aligned to 64, the size and alignment of the load.
            let (codes, entries) =
                unsafe { (_mm512_load_si512(line.0.as_ptr().cast()), _mm512_load_si512(entries.0.as_ptr().cast())) };
            let a = _mm512_shuffle_epi8(entries, _mm512_and_si512(codes, nibble));
            let b = _mm512_shuffle_epi8(entries, _mm512_and_si512(_mm512_srli_epi16::<4>(codes), nibble));
            low = _mm512_add_epi16(low, a);
            low_odd = _mm512_add_epi16(low_odd, _mm512_srli_epi16::<8>(a));
            high = _mm512_add_epi16(high, b);
            high_odd = _mm512_add_epi16(high_odd, _mm512_srli_epi16::<8>(b));
        }
        let halves = [(fold(low), fold(low_odd)), (fold(high), fold(high_odd))];
        for (out, (words, odd)) in sums.chunks_exact_mut(BLOCK / 2).zip(halves) {
            store_rows(words, odd, out);
        }
        let (base, step) = (_mm512_set1_ps(table.base), _mm512_set1_ps(table.step));
        let threshold = _mm512_set1_ps(threshold);
        let mut mask = 0;
        let terms = terms.factors.chunks_exact(16).zip(terms.offsets.chunks_exact(16));
        for (at, (sums, (factors, offsets))) in sums.chunks_exact(16).zip(terms).enumerate() {
            // SAFETY: the chunks are 16 u16 and twice 16 f32, the sizes of the unaligned loads.
            let (sums, factors, offsets) = unsafe {
                (
                    _mm256_loadu_si256(sums.as_ptr().cast()),
                    _mm512_loadu_ps(factors.as_ptr()),
                    _mm512_loadu_ps(offsets.as_ptr()),
                )
            };
            let sums = _mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(sums));
            let products = _mm512_mul_ps(factors, _mm512_add_ps(base, _mm512_mul_ps(step, sums)));
            let estimates = _mm512_add_ps(offsets, products);
            let passes = _mm512_cmp_ps_mask::<_CMP_GE_OQ>(estimates, threshold);
            mask |= u64::from(passes) << (16 * at);
        }
        mask
    }

    /// Adds the sums of the groups in the upper half to those in the lower.
    #[target_feature(enable = "avx512f")]
    fn fold(sums: __m512i) -> __m256i {
        _mm256_add_epi16(_mm512_castsi512_si256(sums), _mm512_extracti64x4_epi64::<1>(sums))
    }

    /// Takes 32 row sums apart from their word and odd-byte sums, and stores them in the order of rows.
    #[target_feature(enable = "avx2")]
    fn store_rows(words: __m256i, odd: __m256i, out: &mut [u16]) {
        let even = _mm256_sub_epi16(words, _mm256_slli_epi16::<8>(odd));
        let a = _mm256_unpacklo_epi16(even, odd);
        let b = _mm256_unpackhi_epi16(even, odd);
        let rows = [_mm256_permute2x128_si256::<0x20>(a, b), _mm256_permute2x128_si256::<0x31>(a, b)];
        for (out, rows) in out.chunks_exact_mut(16).zip(rows) {
            // SAFETY: the chunk is 16 u16, the size of the unaligned store.
            unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), rows) };
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use super::{BLOCK, LINE, Line, QueryCodes, SignTable, Terms, above};
    use std::arch::aarch64::*;

    #[target_feature(enable = "neon")]
    pub(super) fn dots_neon(query: &QueryCodes, rows: &[Line], out: &mut [i32]) {
        let offset = vdupq_n_u8(128);
        for (row, out) in rows.chunks_exact(query.lines()).zip(out) {
            let mut sums = [vdupq_n_s32(0); 2];
            let [low, high] = &mut sums;
            for (line, query) in row.iter().zip(&query.lines) {
                for (line, query) in line.0.chunks_exact(16).zip(query.0.chunks_exact(16)) {
                    // SAFETY: each chunk is 16 bytes, the size of the load.
                    let (codes, query) = unsafe { (vld1q_u8(line.as_ptr()), vld1q_s8(query.as_ptr())) };
                    let codes = vreinterpretq_s8_u8(veorq_u8(codes, offset));
                    *low = vpadalq_s16(*low, vmull_s8(vget_low_s8(codes), vget_low_s8(query)));
                    *high = vpadalq_s16(*high, vmull_high_s8(codes, query));
                }
            }
            *out = vaddvq_s32(vaddq_s32(*low, *high));
        }
    }

    #[target_feature(enable = "neon")]
    pub(super) fn signs_neon(
        table: &SignTable,
        block: &[Line],
        terms: &Terms,
        threshold: f32,
        sums: &mut [u16; BLOCK],
    ) -> u64 {
        let nibble = vdupq_n_u8(15);
        let zero = vdupq_n_u16(0);
        // Rows 0..32 by the low nibbles, rows 32..64 by the high ones, eight rows a register.
        let (mut low, mut high) = ([(zero, zero); 2], [(zero, zero); 2]);
        for (line, entries) in block.iter().zip(&table.lines) {
            for (codes, entries) in line.0.chunks_exact(LINE / 2).zip(entries.0.chunks_exact(LINE / 2)) {
                // SAFETY: the chunk is 32 bytes, the load 16.
                let entries = unsafe { vld1q_u8(entries.as_ptr()) };
                for ((codes, low), high) in codes.chunks_exact(16).zip(&mut low).zip(&mut high) {
                    // SAFETY: each chunk is 16 bytes, the size of the load.
                    let codes = unsafe { vld1q_u8(codes.as_ptr()) };
                    let a = vqtbl1q_u8(entries, vandq_u8(codes, nibble));
                    let b = vqtbl1q_u8(entries, vshrq_n_u8::<4>(codes));
                    *low = (vaddw_u8(low.0, vget_low_u8(a)), vaddw_high_u8(low.1, a));
                    *high = (vaddw_u8(high.0, vget_low_u8(b)), vaddw_high_u8(high.1, b));
                }
            }
        }
        for (out, (a, b)) in sums.chunks_exact_mut(16).zip(low.into_iter().chain(high)) {
            let (first, second) = out.split_at_mut(8);
            // SAFETY: both halves are eight u16, the size of the stores.
            unsafe {
                vst1q_u16(first.as_mut_ptr(), a);
                vst1q_u16(second.as_mut_ptr(), b);
            }
        }
        above(table, terms, threshold, sums)
    }
}
