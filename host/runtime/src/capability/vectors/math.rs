//! The arithmetic of vector batches: cosine, average-link clustering, divergence of neighbouring windows.

/// The cosine of two unit vectors; 0 where one is missing.
pub(super) fn cosine(a: Option<&[f32]>, b: Option<&[f32]>) -> f32 {
    match (a, b) {
        (Some(a), Some(b)) => a.iter().zip(b).map(|(a, b)| a * b).sum(),
        _ => 0.0,
    }
}

/// Cluster numbers by average-link agglomeration until no two clusters are nearer than `threshold`.
///
/// The chain of nearest neighbours finds every merge in O(n^2) (Murtagh, Computer Journal 26(4), 1983); for average link
/// it gives the same tree as the greedy order, and cutting that tree at the threshold gives the clusters. An entry without
/// a vector is a cluster of its own. Vectors are of unit length; clusters are numbered by their first member.
///
/// # Errors
/// `go_on` is asked again and again; its error ends the work.
pub fn average_link<E>(
    vectors: &[Option<Vec<f32>>],
    threshold: f32,
    go_on: impl Fn() -> Result<(), E>,
) -> Result<Vec<u32>, E> {
    let n = vectors.len();
    let row = |a: &Option<Vec<f32>>| -> Result<Vec<f32>, E> {
        go_on()?;
        Ok(vectors.iter().map(|b| cosine(a.as_deref(), b.as_deref())).collect())
    };
    let mut near: Vec<Vec<f32>> = vectors.iter().map(row).collect::<Result<_, E>>()?;
    let at =
        |near: &[Vec<f32>], a: usize, b: usize| near.get(a).and_then(|row| row.get(b)).copied().unwrap_or(f32::MIN);
    let mut size: Vec<usize> = vectors.iter().map(|vector| usize::from(vector.is_some())).collect();
    let mut label: Vec<usize> = (0..n).collect();
    let mut chain: Vec<usize> = Vec::new();
    while let Some(start) = chain.last().copied().or_else(|| size.iter().position(|size| *size > 0)) {
        go_on()?;
        if chain.is_empty() {
            chain.push(start);
        }
        let before = chain.len().checked_sub(2).and_then(|nth| chain.get(nth)).copied();
        // Ties go to the cluster before in the chain, or it would run in a circle.
        let mut best = before.map(|other| (other, at(&near, start, other)));
        for other in (0..n).filter(|other| *other != start && size.get(*other).is_some_and(|size| *size > 0)) {
            let similarity = at(&near, start, other);
            if best.is_none_or(|(_, most)| similarity > most) {
                best = Some((other, similarity));
            }
        }
        match best {
            Some((other, similarity)) if Some(other) == before => {
                chain.truncate(chain.len() - 2);
                if similarity >= threshold {
                    merge(&mut near, &mut size, &mut label, other, start);
                } else {
                    // Nearest to each other and yet too far: neither merges with anything any more.
                    retire(&mut size, other);
                    retire(&mut size, start);
                }
            }
            Some((other, _)) => chain.push(other),
            None => {
                retire(&mut size, start);
                chain.clear();
            }
        }
        chain.retain(|member| size.get(*member).is_some_and(|size| *size > 0));
    }
    Ok(number(&label))
}

fn retire(size: &mut [usize], cluster: usize) {
    if let Some(size) = size.get_mut(cluster) {
        *size = 0;
    }
}

/// Joins `from` into `into`: the similarity to a third is the mean over members.
fn merge(near: &mut [Vec<f32>], size: &mut [usize], label: &mut [usize], into: usize, from: usize) {
    let (a, b) = (size.get(into).copied().unwrap_or(1) as f32, size.get(from).copied().unwrap_or(1) as f32);
    for third in 0..size.len() {
        let value = |row: usize| near.get(row).and_then(|row| row.get(third)).copied().unwrap_or_default();
        let mean = (a * value(into) + b * value(from)) / (a + b);
        for (row, column) in [(into, third), (third, into)] {
            if let Some(slot) = near.get_mut(row).and_then(|row| row.get_mut(column)) {
                *slot = mean;
            }
        }
    }
    if let Some(slot) = size.get_mut(into) {
        *slot = (a + b) as usize;
    }
    retire(size, from);
    label.iter_mut().filter(|label| **label == from).for_each(|label| *label = into);
}

/// Numbers clusters from 0 in the order of their first member.
fn number(labels: &[usize]) -> Vec<u32> {
    let mut seen: Vec<usize> = Vec::new();
    let place = |label: &usize| match seen.iter().position(|known| known == label) {
        Some(place) => place as u32,
        None => {
            seen.push(*label);
            seen.len() as u32 - 1
        }
    };
    labels.iter().map(place).collect()
}

/// For each position, KL(after || before) of the softmax of the windows' mean vectors; 0 where a window is empty.
/// `go_on` is asked for each.
pub(super) fn divergence<E>(
    vectors: &[Option<Vec<f32>>],
    window: usize,
    go_on: impl Fn() -> Result<(), E>,
) -> Result<Vec<f32>, E> {
    let softmax_of_mean = |range: std::ops::Range<usize>| -> Option<Vec<f64>> {
        let present: Vec<&Vec<f32>> = vectors.get(range)?.iter().flatten().collect();
        let first = present.first()?;
        let mut mean = vec![0.0_f64; first.len()];
        for vector in &present {
            mean.iter_mut().zip(*vector).for_each(|(mean, part)| *mean += f64::from(*part) / present.len() as f64);
        }
        // The parts of unit vectors are small: without this factor every softmax is flat.
        let scale = (mean.len() as f64).sqrt();
        let most = mean.iter().copied().fold(f64::MIN, f64::max);
        let exps: Vec<f64> = mean.iter().map(|part| ((part - most) * scale).exp()).collect();
        let sum: f64 = exps.iter().sum();
        Some(exps.into_iter().map(|exp| exp / sum).collect())
    };
    (0..vectors.len())
        .map(|at| {
            go_on()?;
            let before = softmax_of_mean(at.saturating_sub(window)..at);
            let after = softmax_of_mean(at..(at + window).min(vectors.len()));
            Ok(match (before, after) {
                (Some(before), Some(after)) => {
                    after.iter().zip(&before).map(|(p, q)| p * (p / q).ln()).sum::<f64>().max(0.0) as f32
                }
                _ => 0.0,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on() -> Result<(), ()> {
        Ok(())
    }

    fn unit(angle: f32) -> Option<Vec<f32>> {
        Some(vec![angle.cos(), angle.sin()])
    }

    #[test]
    fn clusters_what_is_near_and_leaves_the_rest() {
        let vectors = [unit(0.0), unit(1.5), unit(0.1), None, unit(1.4), unit(3.1)];
        assert_eq!(average_link(&vectors, 0.9, on).unwrap(), [0, 1, 0, 2, 1, 3]);
        assert_eq!(average_link(&vectors, 1.1, on).unwrap(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(average_link(&vectors, -1.0, on).unwrap(), [0, 0, 0, 1, 0, 0]);
        assert!(average_link(&[], 0.5, on).unwrap().is_empty());
    }

    /// How often a piece of work asks whether it may go on, and whether it ends at each of these times.
    fn asks<T>(work: impl Fn(&dyn Fn() -> Result<(), ()>) -> Result<T, ()>) -> usize {
        let asked = std::cell::Cell::new(0);
        let count = || {
            asked.set(asked.get() + 1);
            Ok(())
        };
        assert!(work(&count).is_ok());
        for end in 1..=asked.get() {
            let left = std::cell::Cell::new(end);
            let ended = work(&|| {
                left.set(left.get() - 1);
                if left.get() == 0 { Err(()) } else { Ok(()) }
            });
            assert!(ended.is_err(), "the {end}th no is heard");
        }
        asked.get()
    }

    #[test]
    fn long_work_asks_again_and_again_whether_it_may_go_on() {
        let vectors: Vec<_> = (0..20).map(|nth| unit(0.01 * nth as f32)).collect();
        // Once for each row of the matrix, and once for each step of the chain, of which there are more than merges.
        assert_eq!(asks(|go_on| average_link(&[None, None, None], 0.5, go_on)), 3);
        assert!(asks(|go_on| average_link(&vectors, 0.5, go_on)) >= 20 + 19);
        assert_eq!(asks(|go_on| divergence(&vectors, 3, go_on)), 20);
    }

    #[test]
    fn diverges_where_the_subject_changes() {
        let vectors = [unit(0.0), unit(0.1), unit(0.0), unit(2.0), unit(2.1), unit(2.0)];
        let found = divergence(&vectors, 3, on).unwrap();
        let peak = (0..6).max_by(|a, b| found[*a].total_cmp(&found[*b])).unwrap();
        assert_eq!(peak, 3);
        assert_eq!(found[0], 0.0);
    }
}
