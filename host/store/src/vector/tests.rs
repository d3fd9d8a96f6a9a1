//! Tests of the vector index: visibility, filters, erasure, equal SIMD results, a naive model, and recall.

#![allow(clippy::indexing_slicing, reason = "a test that indexes past the end has failed")]

use std::collections::HashSet;

use proptest::prelude::*;

use super::VectorIndex;
use super::segment::{BLOCK, query_codes};
use super::sign::{self, block_lines};
use super::simd::{Kernels, LINE, Line, Terms};
use crate::entries::{Candidate, Filter, IdSet, bits};

/// A small deterministic generator of numbers (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end
    }

    /// About normal, mean 0, variance 1.
    fn normal(&mut self) -> f32 {
        (0..12).map(|_| (self.next() >> 40) as f32 / (1 << 24) as f32).sum::<f32>() - 6.0
    }

    fn unit(&mut self, dimension: usize) -> Vec<f32> {
        unit((0..dimension).map(|_| self.normal()).collect())
    }
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let size = dot(&vector, &vector).sqrt();
    vector.iter_mut().for_each(|value| *value /= size);
    vector
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn found_ids(found: &[Candidate]) -> Vec<u64> {
    found.iter().map(|candidate| candidate.id).collect()
}

fn all(index: &VectorIndex, query: &[f32], at: u64) -> Vec<u64> {
    let mut found = found_ids(&index.search(query, usize::MAX, at, &Filter::default()));
    found.sort_unstable();
    found
}

/// Checks that nothing but the entries' own vectors is left in memory.
fn check_rest_is_zero(index: &VectorIndex) {
    for segment in index.segments() {
        let lines = segment.row_codes(0).len();
        assert_eq!(segment.codes.len() % (BLOCK * lines), 0);
        let rest = &segment.codes[segment.len() * lines..];
        assert!(rest.iter().all(|line| *line == Line::ZERO));
        for row in 0..segment.terms.len() * BLOCK {
            if row < segment.len() {
                continue;
            }
            let terms = &segment.terms[row / BLOCK];
            assert_eq!((terms.factors[row % BLOCK], terms.offsets[row % BLOCK]), (0.0, 0.0));
            let block = &segment.signs[row / BLOCK * block_lines(lines * LINE)..][..block_lines(lines * LINE)];
            let (byte, shift) = (row % 32, row % BLOCK / 32 * 4);
            let nibbles = block.iter().flat_map(|line| [line.0[byte], line.0[byte + 32]]);
            assert!(nibbles.into_iter().all(|codes| codes >> shift & 15 == 0));
        }
    }
}

#[test]
fn a_row_is_seen_from_born_until_dead() {
    let mut numbers = Numbers(1);
    let (a, b) = (numbers.unit(20), numbers.unit(20));
    let mut index = VectorIndex::new(20);
    index.insert(1, 0, 5, &a);
    index.insert(2, 0, 7, &b);
    index.remove(1, 9);
    let seen: Vec<_> = [4, 5, 6, 7, 8, 9, 10].map(|at| all(&index, &a, at)).into();
    assert_eq!(seen, [vec![], vec![1], vec![1], vec![1, 2], vec![1, 2], vec![2], vec![2]]);
    assert_eq!((index.len(), index.live(), index.dimension()), (2, 1, 20));
    index.remove(1, 6);
    assert_eq!(all(&index, &a, 8), [1, 2], "an ended entry does not end again");
    index.remove(77, 6);
}

#[test]
fn a_replaced_vector_is_seen_by_older_readers_only() {
    let mut index = VectorIndex::new(3);
    index.insert(8, 0, 1, &[1.0, 0.0, 0.0]);
    index.insert(8, 0, 4, &[0.0, 1.0, 0.0]);
    let score = |at| {
        let found = index.search(&[1.0, 0.0, 0.0], 9, at, &Filter::default());
        assert_eq!(found_ids(&found), [8]);
        found[0].score.round()
    };
    assert_eq!([1, 3, 4, 9].map(score), [1.0, 1.0, 0.0, 0.0]);
    // Twice in one transaction: the first is never seen.
    index.insert(8, 0, 6, &[0.0, 1.0, 0.0]);
    index.insert(8, 0, 6, &[0.0, 0.0, 1.0]);
    let found = index.search(&[0.0, 0.0, 1.0], 9, 6, &Filter::default());
    assert_eq!((found.len(), found[0].score.round()), (1, 1.0));
}

#[test]
fn what_has_no_direction_is_not_embedded() {
    let mut index = VectorIndex::new(2);
    index.insert(1, 0, 1, &[1.0, 0.0]);
    index.insert(1, 0, 2, &[0.0, 0.0]);
    index.insert(2, 0, 2, &[1.0]);
    index.insert(3, 0, 2, &[f32::NAN, 1.0]);
    index.insert(4, 0, 2, &[]);
    assert_eq!((all(&index, &[1.0, 0.0], 1), index.live()), (vec![1], 0));
    for query in [&[0.0, 0.0][..], &[1.0], &[f32::INFINITY, 0.0], &[]] {
        assert_eq!(index.search(query, 5, 1, &Filter::default()), []);
    }
    assert_eq!(index.search(&[1.0, 0.0], 0, 1, &Filter::default()), []);
    assert_eq!(VectorIndex::new(0).search(&[], 3, 1, &Filter::default()), []);
}

#[test]
fn every_part_of_a_filter_must_allow_a_row() {
    let mut numbers = Numbers(2);
    for signs_from in [usize::MAX, 1] {
        let mut index = VectorIndex::new(32).with_signs_from(signs_from);
        for id in 0..9_000 {
            index.insert(id, (id % 5) as u32, 1, &numbers.unit(32));
        }
        let namespaces = [false, true, true];
        let many: IdSet = (0..9_000).filter(|id| id % 2 == 0).collect();
        let few = IdSet::new(vec![7, 12, 6, 6, 1_000_000]);
        let excluded = IdSet::new(vec![12, 22]);
        let query = numbers.unit(32);
        for ids in [None, Some(&few), Some(&many)] {
            for namespaces in [None, Some(&namespaces[..])] {
                for excluded in [None, Some(&excluded)] {
                    let filter = Filter { namespaces, ids, excluded };
                    let mut found = found_ids(&index.search(&query, 9_000, 1, &filter));
                    found.sort_unstable();
                    let expected: Vec<u64> = (0..9_000)
                        .filter(|id| ids.is_none_or(|set| set.contains(*id)))
                        .filter(|id| namespaces.is_none_or(|set| set.get((id % 5) as usize) == Some(&true)))
                        .filter(|id| excluded.is_none_or(|set| !set.contains(*id)))
                        .collect();
                    assert_eq!(found, expected);
                }
            }
        }
    }
}

#[test]
fn erased_rows_leave_only_zeros() {
    let mut numbers = Numbers(3);
    for signs_from in [usize::MAX, 1] {
        let mut index = VectorIndex::new(70).with_signs_from(signs_from);
        for round in 1..=3 {
            for id in 0..1500 {
                index.insert(id, 0, round, &numbers.unit(70));
            }
        }
        let secret = index.segments()[0].row_codes(5).to_vec();
        let holds_secret = |index: &VectorIndex| {
            index.segments().iter().any(|segment| segment.codes.chunks_exact(secret.len()).any(|row| row == secret))
        };
        assert!(holds_secret(&index));
        index.erase(5);
        assert!(!holds_secret(&index));
        check_rest_is_zero(&index);
        assert_eq!((index.len(), index.live()), (4497, 1499));
        let query = numbers.unit(70);
        for at in 1..=3 {
            assert_eq!(all(&index, &query, at), (0..1500).filter(|id| *id != 5).collect::<Vec<_>>());
        }
        for id in 0..1500 {
            index.erase(id);
            if id % 100 == 0 {
                check_rest_is_zero(&index);
            }
        }
        assert!(index.is_empty() && index.live() == 0);
        index.insert(1, 0, 9, &numbers.unit(70));
        assert_eq!(all(&index, &query, 9), [1]);
    }
}

#[test]
fn compaction_keeps_what_a_reader_may_still_see() {
    let mut numbers = Numbers(4);
    for signs_from in [usize::MAX, 1] {
        let mut index = VectorIndex::new(64).with_signs_from(signs_from);
        for id in 0..6_000 {
            index.insert(id, 0, 1 + id / 1000, &numbers.unit(64));
        }
        for id in (0..6_000).step_by(2) {
            index.remove(id, 10 + id % 7);
        }
        let query = numbers.unit(64);
        let found = |index: &VectorIndex, at| index.search(&query, usize::MAX, at, &Filter::default());
        let before: Vec<_> = (13..20).map(|at| found(&index, at)).collect();
        let gone = (0..6_000).filter(|id| id % 2 == 0 && 10 + id % 7 <= 13).count();
        let bytes = index.bytes();
        index.compact(13);
        assert_eq!((13..20).map(|at| found(&index, at)).collect::<Vec<_>>(), before);
        assert_eq!((index.len(), index.live()), (6_000 - gone, 3_000));
        assert!(index.bytes() < bytes);
        check_rest_is_zero(&index);
        index.compact(99);
        assert_eq!((index.len(), found(&index, 13).len()), (3_000, 3_000));
    }
}

#[test]
fn bulk_load_equals_single_inserts() {
    let mut numbers = Numbers(5);
    let ids: Vec<u64> = (0..10_000).map(|_| numbers.below(9_000) as u64).collect();
    let namespaces: Vec<u32> = ids.iter().map(|id| (id % 3) as u32).collect();
    let born: Vec<u64> = (0..10_000).collect();
    let vectors: Vec<f32> = ids.iter().flat_map(|_| numbers.unit(48)).collect();
    let mut bulk = VectorIndex::new(48);
    bulk.bulk_load(&ids[..100], &namespaces, &born, &vectors);
    bulk.bulk_load(&ids[100..], &namespaces[100..], &born[100..], &vectors[4800..]);
    let mut single = VectorIndex::new(48);
    for (row, vector) in vectors.chunks_exact(48).enumerate() {
        single.insert(ids[row], namespaces[row], born[row], vector);
    }
    assert_eq!((bulk.len(), bulk.live()), (single.len(), single.live()));
    for at in [50, 99, 5_000, 20_000] {
        let query = numbers.unit(48);
        let found = |index: &VectorIndex| index.search(&query, usize::MAX, at, &Filter::default());
        assert_eq!(found(&bulk), found(&single));
    }
}

#[test]
fn threads_and_instructions_do_not_change_results() {
    let mut numbers = Numbers(6);
    let rows = 140_000;
    let ids: Vec<u64> = (0..rows).collect();
    let vectors: Vec<f32> = (0..rows * 8).map(|_| numbers.normal()).collect();
    for signs_from in [usize::MAX, 1] {
        let mut index = VectorIndex::new(8).with_signs_from(signs_from).with_threads(1);
        index.bulk_load(&ids, &vec![0; rows as usize], &vec![1; rows as usize], &vectors);
        let queries: Vec<_> = (0..5).map(|_| numbers.unit(8)).collect();
        let found = |index: &VectorIndex| -> Vec<_> {
            queries.iter().map(|query| index.search(query, 50, 1, &Filter::default())).collect()
        };
        let expected = found(&index);
        index = index.with_threads(3);
        assert_eq!(found(&index), expected);
        for kernels in Kernels::available() {
            index = index.with_kernels(kernels);
            assert_eq!(found(&index), expected, "{kernels:?}");
        }
    }
}

proptest! {
    #[test]
    fn all_instruction_sets_give_the_same_integers(lines in 1_usize..25, seed in 1_u64.., loud in any::<bool>()) {
        let mut numbers = Numbers(seed);
        let mut codes = |count: usize| -> Vec<Line> {
            (0..count).map(|_| Line([0; LINE].map(|_: u8| if loud { numbers.below(2) as u8 * 255 } else { numbers.next() as u8 }))).collect()
        };
        let (rows, block) = (codes(5 * lines), codes(lines * 8));
        let query: Vec<f32> = (0..lines * LINE).map(|_| if loud { 1.0 } else { numbers.normal() }).collect();
        let mut some = || std::array::from_fn(|_| numbers.normal());
        let terms = Terms { factors: some(), offsets: some() };
        let query_codes = query_codes(&query);
        let table = sign::table(&query);
        let mut results = Kernels::available().map(|kernels| {
            let (mut dots, mut sums) = ([0; 5], [0; BLOCK]);
            kernels.dots(&query_codes, &rows, &mut dots);
            let mask = kernels.signs(&table, &block, &terms, 0.5, &mut sums);
            (kernels, dots, sums, mask)
        });
        let expected = results.next().map(|(_, dots, sums, mask)| (dots, sums, mask));
        for (kernels, dots, sums, mask) in results {
            prop_assert_eq!(Some((dots, sums, mask)), expected, "{:?}", kernels);
        }
    }

    #[test]
    fn an_id_set_holds_what_was_put_in(ids in prop::collection::vec(prop_oneof![0_u64..5_000, any::<u64>()], 0..200)) {
        let set = IdSet::new(ids.clone());
        let mut expected: Vec<u64> = ids.iter().copied().collect::<HashSet<_>>().into_iter().collect();
        expected.sort_unstable();
        prop_assert_eq!(set.len(), expected.len());
        prop_assert_eq!(set.is_empty(), expected.is_empty());
        for id in ids.iter().flat_map(|id| [id.wrapping_sub(1), *id, id.wrapping_add(1), id.wrapping_add(1024)]) {
            prop_assert_eq!(set.contains(id), expected.contains(&id));
        }
        prop_assert_eq!(set.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn bits_are_those_set(word in any::<u64>()) {
        prop_assert_eq!(bits(word).collect::<Vec<_>>(), (0..64).filter(|bit| word >> bit & 1 == 1).collect::<Vec<_>>());
    }

    #[test]
    fn the_index_agrees_with_a_naive_one(
        steps in prop::collection::vec((0_u8..12, 0_u64..40, 0_u32..3), 1..300),
        signs in any::<bool>(),
        seed in 1_u64..,
    ) {
        const DIMENSION: usize = 24;
        let mut numbers = Numbers(seed);
        let mut index = VectorIndex::new(DIMENSION).with_signs_from(if signs { 1 } else { usize::MAX });
        // id, namespace, born, dead, vector
        let mut naive: Vec<(u64, u32, u64, u64, Vec<f32>)> = Vec::new();
        let mut oldest = 0;
        let mut now = 1;
        for (action, id, namespace) in steps {
            now += u64::from(action % 2);
            // Ids of several blocks.
            let id = id * 700;
            let end = |naive: &mut Vec<(u64, u32, u64, u64, Vec<f32>)>| {
                naive.iter_mut().filter(|row| row.0 == id && row.3 == u64::MAX).for_each(|row| row.3 = now);
            };
            match action {
                0..=6 => {
                    let vector = numbers.unit(DIMENSION);
                    index.insert(id, namespace, now, &vector);
                    end(&mut naive);
                    naive.push((id, namespace, now, u64::MAX, vector));
                }
                7 | 8 => {
                    index.remove(id, now);
                    end(&mut naive);
                }
                9 => {
                    index.erase(id);
                    naive.retain(|row| row.0 != id);
                }
                _ => {
                    oldest = now.saturating_sub(u64::from(namespace) * 4).max(oldest);
                    index.compact(oldest);
                }
            }
        }
        check_rest_is_zero(&index);
        prop_assert_eq!(index.live(), naive.iter().filter(|row| row.3 == u64::MAX).count());
        let query = numbers.unit(DIMENSION);
        let some = IdSet::new((0..20).map(|id| id * 700).collect());
        let namespaces = [true, false, true];
        for at in oldest..=now {
            for filter in [
                Filter::default(),
                Filter { namespaces: Some(&namespaces), ..Filter::default() },
                Filter { ids: Some(&some), ..Filter::default() },
                Filter { excluded: Some(&some), ..Filter::default() },
            ] {
                let mut found = index.search(&query, usize::MAX, at, &filter);
                prop_assert!(found.is_sorted_by(|a, b| a.score >= b.score));
                found.sort_by_key(|candidate| candidate.id);
                let mut expected: Vec<_> = naive
                    .iter()
                    .filter(|row| row.2 <= at && at < row.3)
                    .filter(|row| filter.namespaces.is_none_or(|allowed| allowed[row.1 as usize]))
                    .filter(|row| filter.ids.is_none_or(|ids| ids.contains(row.0)))
                    .filter(|row| !filter.excluded.is_some_and(|ids| ids.contains(row.0)))
                    .map(|row| (row.0, dot(&row.4, &query)))
                    .collect();
                expected.sort_by_key(|row| row.0);
                prop_assert_eq!(found_ids(&found), expected.iter().map(|row| row.0).collect::<Vec<_>>());
                for (candidate, (_, score)) in found.iter().zip(expected) {
                    prop_assert!((candidate.score - score).abs() < 1e-4 * score.abs().max(1.0), "{} {}", candidate.score, score);
                }
            }
        }
    }
}

/// Clusters of several widths around a common mean, in few strong and many weak places: harder than noise for a scan of codes.
fn clustered(numbers: &mut Numbers, dimension: usize, count: usize) -> Vec<Vec<f32>> {
    let mean = numbers.unit(dimension);
    let strength: Vec<f32> = (0..dimension).map(|place| 1.0 / (1.0 + place as f32).sqrt()).collect();
    let mut point = |around: &[f32], width: f32| -> Vec<f32> {
        unit(
            around.iter().zip(&strength).map(|(value, strength)| value + width * strength * numbers.normal()).collect(),
        )
    };
    let centres: Vec<Vec<f32>> = (0..40).map(|_| point(&mean, 0.6)).collect();
    (0..count).map(|row| point(&centres[row * 7 % 40], 0.05 + 0.1 * (row % 5) as f32)).collect()
}

#[test]
fn recall_on_clustered_data_stays_high() {
    for (dimension, rows) in [(64, 40_000), (200, 36_000)] {
        let mut numbers = Numbers(8);
        let mut vectors = clustered(&mut numbers, dimension, rows + 40);
        let queries = vectors.split_off(rows);
        let ids: Vec<u64> = (0..rows as u64).collect();
        let mut index = VectorIndex::new(dimension);
        index.bulk_load(&ids, &vec![0; rows], &vec![1; rows], &vectors.concat());
        assert!(index.segments().iter().all(|segment| !segment.signs.is_empty()), "large enough for sign codes");
        let mut found = 0;
        for query in &queries {
            let mut exact: Vec<f32> = vectors.iter().map(|vector| dot(vector, query)).collect();
            exact.sort_by(|a, b| b.total_cmp(a));
            let candidates = index.search(query, 64, 1, &Filter::default());
            let good = |candidate: &&Candidate| dot(&vectors[candidate.id as usize], query) >= exact[9];
            found += candidates.iter().filter(good).count();
        }
        let recall = found as f64 / (10 * queries.len()) as f64;
        assert!(recall >= 0.98, "recall@10 {recall} at {dimension} places");
    }
}

#[test]
fn a_strong_common_mean_does_not_spoil_the_signs() {
    let (dimension, rows) = (64, 40_000);
    let mut numbers = Numbers(9);
    let mean = numbers.unit(dimension);
    let mut point = || unit(mean.iter().map(|value| value + 0.02 * numbers.normal()).collect());
    let vectors: Vec<Vec<f32>> = (0..rows).map(|_| point()).collect();
    let queries: Vec<Vec<f32>> = (0..20).map(|_| point()).collect();
    let ids: Vec<u64> = (0..rows as u64).collect();
    let mut index = VectorIndex::new(dimension);
    index.bulk_load(&ids, &vec![0; rows], &vec![1; rows], &vectors.concat());
    let mut found = 0;
    for query in &queries {
        let mut exact: Vec<f32> = vectors.iter().map(|vector| dot(vector, query)).collect();
        exact.sort_by(|a, b| b.total_cmp(a));
        let candidates = index.search(query, 64, 1, &Filter::default());
        let good = |candidate: &&Candidate| dot(&vectors[candidate.id as usize], query) >= exact[9];
        found += candidates.iter().filter(good).count();
    }
    let recall = found as f64 / 200.0;
    assert!(recall >= 0.98, "recall@10 {recall}");
}
