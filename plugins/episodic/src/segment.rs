//! Event segmentation: a change signal from meaning, entities and time, and the cuts it suggests.
//!
//! signal = 0.60 embedding-KL + 0.25 entity change (-ln Jaccard, floor 0.01) + 0.15 temporal |z|; window 5; EMA 0.3;
//! boundary above mean + gamma sigma (requirements 1.3). The three parts have unlike scales (the KL of a softmax of unit
//! vectors is near 0.001, -ln 0.01 is 4.6), so each is brought to 0..1 first; and the EMA runs forth and back, because
//! one way alone moves every peak behind its boundary.

use crate::observed::{Observed, jaccard};
use crate::surprise::mean_and_deviation;
use std::collections::BTreeSet;

/// Events on each side that are compared.
pub const WINDOW: usize = 5;
/// Weight of the newest value in the moving average.
pub const EMA: f64 = 0.3;
/// Least Jaccard, so that -ln has a ceiling.
const JACCARD_FLOOR: f64 = 0.01;
/// |z| at and above this counts as 1.
const Z_CEILING: f64 = 3.0;

/// The change signal at each event, from 0 to 1; `divergence` is the host's embedding KL, one value an event.
#[must_use]
pub fn signal(divergence: &[f64], events: &[Observed], window: usize) -> Vec<f64> {
    let most = divergence.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
    let meaning = |at: usize| {
        let value = divergence.get(at).copied().filter(|value| value.is_finite()).unwrap_or(0.0);
        if most > 0.0 { (value / most).max(0.0) } else { 0.0 }
    };
    let entities = entity_change(events, window);
    let time = time_change(events);
    let part = |parts: &[f64], at: usize| parts.get(at).copied().unwrap_or(0.0);
    (0..events.len()).map(|at| 0.60 * meaning(at) + 0.25 * part(&entities, at) + 0.15 * part(&time, at)).collect()
}

/// -ln Jaccard of the entities named in the window from each event on and in the window before it, from 0 to 1.
fn entity_change(events: &[Observed], window: usize) -> Vec<f64> {
    let named: Vec<BTreeSet<String>> = events.iter().map(Observed::entities).collect();
    let union = |from: usize, to: usize| -> BTreeSet<String> {
        named.get(from..to.min(named.len())).unwrap_or_default().iter().flatten().cloned().collect()
    };
    (0..events.len())
        .map(|at| {
            let (before, after) = (union(at.saturating_sub(window), at), union(at, at + window));
            if before.is_empty() || after.is_empty() {
                return 0.0;
            }
            jaccard(&before, &after).max(JACCARD_FLOOR).ln() / JACCARD_FLOOR.ln()
        })
        .collect()
}

/// |z| of the gap before each event among all gaps, from 0 to 1.
fn time_change(events: &[Observed]) -> Vec<f64> {
    let gaps: Vec<f64> =
        events.iter().zip(events.iter().skip(1)).map(|(a, b)| (b.timestamp - a.timestamp) as f64).collect();
    let (mean, deviation) = mean_and_deviation(&gaps);
    let z = |gap: &f64| {
        if deviation > 0.0 { ((gap - mean) / deviation).abs() } else { 0.0 }
    };
    std::iter::once(0.0).chain(gaps.iter().map(|gap| z(gap).min(Z_CEILING) / Z_CEILING)).take(events.len()).collect()
}

/// Exponential moving average forth and then back.
#[must_use]
pub fn smooth(signal: &[f64], alpha: f64) -> Vec<f64> {
    let mut forth = average(signal.iter().copied(), alpha);
    forth.reverse();
    let mut back = average(forth.into_iter(), alpha);
    back.reverse();
    back
}

fn average(signal: impl Iterator<Item = f64>, alpha: f64) -> Vec<f64> {
    let mut last = None;
    signal
        .map(|value| {
            let now = last.map_or(value, |before| alpha * value + (1.0 - alpha) * before);
            last = Some(now);
            now
        })
        .collect()
}

/// Where segments start: peaks of the smoothed signal above mean + `gamma` standard deviations. 0 is never among them.
#[must_use]
pub fn cuts(smoothed: &[f64], gamma: f64) -> Vec<usize> {
    let (mean, deviation) = mean_and_deviation(smoothed);
    let floor = mean + gamma * deviation;
    let at = |at: usize| smoothed.get(at).copied().unwrap_or(f64::NEG_INFINITY);
    (1..smoothed.len())
        .filter(|here| at(*here) > floor && at(*here) > at(here - 1) && at(*here) >= at(here + 1))
        .collect()
}

/// The segments between cuts, as half-open ranges over `count` events.
#[must_use]
pub fn ranges(cuts: &[usize], count: usize) -> Vec<std::ops::Range<usize>> {
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain(std::iter::once(count));
    starts.zip(ends).filter(|(start, end)| start < end).map(|(start, end)| start..end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observed::event;
    use proptest::prelude::*;

    fn two_topics() -> Vec<Observed> {
        (0..20)
            .map(|i| {
                let (second, file) = if i < 10 { (i * 30, "login.rs") } else { (i * 30 + 7_200, "report.rs") };
                event(i as u64, second, "action", "", file)
            })
            .collect()
    }

    #[test]
    fn a_change_of_entities_and_a_pause_make_a_cut() {
        let events = two_topics();
        let raw = signal(&[], &events, WINDOW);
        assert!(raw[10] > 0.39, "{raw:?}");
        assert_eq!(cuts(&smooth(&raw, EMA), 1.0), [10]);
    }

    #[test]
    fn meaning_weighs_most() {
        let mut divergence = vec![0.0; 20];
        divergence[5] = 0.001;
        let raw = signal(&divergence, &two_topics(), WINDOW);
        assert!(raw[5] > raw[10], "scaled, the largest divergence counts 0.6: {raw:?}");
    }

    #[test]
    fn nothing_and_one_event_have_no_cut() {
        assert!(signal(&[], &[], WINDOW).is_empty());
        assert!(cuts(&smooth(&signal(&[0.0], &two_topics()[..1], WINDOW), EMA), 1.0).is_empty());
        assert_eq!(ranges(&[], 3).len(), 1);
        assert_eq!(ranges(&[], 0), []);
    }

    proptest! {
        #[test]
        fn segments_cover_all_events_once(values in prop::collection::vec(0.0f64..1.0, 0..60), gamma in 0.0f64..2.0) {
            let cuts = cuts(&smooth(&values, EMA), gamma);
            let covered: Vec<usize> = ranges(&cuts, values.len()).into_iter().flatten().collect();
            prop_assert_eq!(covered, (0..values.len()).collect::<Vec<_>>());
        }
    }
}
