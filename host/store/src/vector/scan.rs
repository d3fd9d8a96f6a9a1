//! The scan: every segment's rows against one query, shared among threads, with visibility and filters checked on the way.

use super::segment::{BLOCK, Entry, ROWS, Segment};
use super::simd::{Kernels, QueryCodes, SignTable, prefetch};
use super::top::Top;
use crate::entries::{Filter, bits};

/// How many rows ahead of the one being scored are fetched from memory when rows are scattered.
const AHEAD: usize = 12;

/// The rows of a block, as bits, whose namespace is allowed.
fn rows_in_namespaces(filter: &Filter<'_>, namespaces: &[u32]) -> u64 {
    match filter.namespaces {
        None => u64::MAX >> (BLOCK - namespaces.len().min(BLOCK)),
        Some(_) => namespaces
            .iter()
            .zip(0..)
            .fold(0, |rows, (namespace, row)| rows | u64::from(filter.allows_namespace(*namespace)) << row),
    }
}

/// What one search may see.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    /// The journal sequence of its snapshot.
    pub(super) at: u64,
    pub(super) filter: Filter<'a>,
}

impl View<'_> {
    /// Whether an entry in an allowed namespace may be returned.
    #[inline]
    pub(super) fn sees(&self, entry: &Entry) -> bool {
        entry.seen_at(self.at) && self.filter.allows_id(entry.id)
    }

    /// Whether no entry of an allowed namespace in this segment needs a look.
    fn sees_all(&self, segment: &Segment) -> bool {
        segment.all_seen_at(self.at) && self.filter.ids.is_none() && self.filter.excluded.is_none()
    }
}

/// Estimates every row from its sign code and keeps the best `limit`.
pub(super) fn by_signs(
    segments: &[Segment],
    first: u32,
    kernels: Kernels,
    table: &SignTable,
    view: &View<'_>,
    limit: usize,
) -> Top {
    let mut top = Top::new(limit);
    let mut sums = [0; BLOCK];
    for (segment, first) in segments.iter().zip((first..).step_by(ROWS)) {
        let sees_all = view.sees_all(segment);
        let signs = segment.signs.chunks_exact(table.lines.len().max(1)).zip(&segment.terms);
        let rows = segment.entries.chunks(BLOCK).zip(segment.namespaces.chunks(BLOCK));
        for (((signs, terms), (entries, namespaces)), first) in signs.zip(rows).zip((first..).step_by(BLOCK)) {
            let allowed = rows_in_namespaces(&view.filter, namespaces);
            if allowed == 0 {
                continue;
            }
            let passed = allowed & kernels.signs(table, signs, terms, top.threshold(), &mut sums);
            for row in bits(passed) {
                let at = row as usize;
                let (Some(entry), Some(sum)) = (entries.get(at), sums.get(at)) else {
                    continue;
                };
                if sees_all || view.sees(entry) {
                    let (Some(factor), Some(offset)) = (terms.factors.get(at), terms.offsets.get(at)) else {
                        continue;
                    };
                    top.push(table.estimate(*sum, *factor, *offset), first + row);
                }
            }
        }
    }
    top
}

/// Scores every row from its int8 codes and keeps the best `limit`.
pub(super) fn by_codes(
    segments: &[Segment],
    first: u32,
    kernels: Kernels,
    query: &QueryCodes,
    view: &View<'_>,
    limit: usize,
) -> Top {
    let mut top = Top::new(limit);
    let mut dots = [0; BLOCK];
    for (segment, first) in segments.iter().zip((first..).step_by(ROWS)) {
        let sees_all = view.sees_all(segment);
        let codes = segment.codes.chunks_exact((BLOCK * query.lines()).max(1)).zip(segment.scales.chunks(BLOCK));
        let rows = segment.entries.chunks(BLOCK).zip(segment.namespaces.chunks(BLOCK));
        for (((codes, scales), (entries, namespaces)), first) in codes.zip(rows).zip((first..).step_by(BLOCK)) {
            let allowed = rows_in_namespaces(&view.filter, namespaces);
            if allowed == 0 {
                continue;
            }
            kernels.dots(query, codes, &mut dots);
            for row in bits(allowed) {
                let at = row as usize;
                let (Some(entry), Some(scale), Some(dot)) = (entries.get(at), scales.get(at), dots.get(at)) else {
                    continue;
                };
                let score = scale * *dot as f32;
                if score >= top.threshold() && (sees_all || view.sees(entry)) {
                    top.push(score, first + row);
                }
            }
        }
    }
    top
}

/// Scores scattered rows from their int8 codes and keeps the best `limit`; the caller has checked that they may be returned.
pub(super) fn by_slots(segments: &[Segment], slots: &[u32], kernels: Kernels, query: &QueryCodes, limit: usize) -> Top {
    let place = |slot: u32| (segments.get(slot as usize / ROWS), slot as usize % ROWS);
    let mut top = Top::new(limit);
    let mut dot = [0];
    let coming = slots.iter().skip(AHEAD).map(Some).chain(std::iter::repeat(None));
    for (slot, coming) in slots.iter().zip(coming) {
        if let Some((Some(segment), row)) = coming.map(|slot| place(*slot)) {
            prefetch(segment.row_codes(row));
        }
        let (Some(segment), row) = place(*slot) else {
            continue;
        };
        let Some(scale) = segment.scales.get(row) else {
            continue;
        };
        kernels.dots(query, segment.row_codes(row), &mut dot);
        let [dot] = dot;
        top.push(scale * dot as f32, *slot);
    }
    top
}
