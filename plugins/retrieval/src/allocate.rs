//! How a context's tokens are shared out among its sections, and what becomes of what does not fit.
//!
//! The numbers 4,000 / 100 / 200 and the names of the strategies and five priorities are the requirements' (1.11). What the strategies
//! do is ours: `balanced` is weighted max-min fairness by progressive filling (D. Bertsekas, R. Gallager, Data Networks, 1987, 6.5.2).

use crate::text::{clip, tokens};
use serde::Deserialize;

/// Tokens of the whole context.
pub const TOTAL: usize = 4_000;
/// Kept free, since counts of tokens are estimates.
pub const BUFFER: usize = 100;
/// Kept for the response.
pub const RESPONSE: usize = 200;

/// How much a section matters; as a weight 5 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// 1.
    Minimal,
    /// 2.
    Low,
    /// 3.
    #[default]
    Normal,
    /// 4.
    High,
    /// 5.
    Critical,
}

/// Their names, most important first.
pub const PRIORITIES: [&str; 5] = ["critical", "high", "normal", "low", "minimal"];

impl Priority {
    /// 1 to 5.
    #[must_use]
    pub fn weight(self) -> usize {
        self as usize + 1
    }

    /// Of the nth of `of` things in order of relevance: each fifth is one lower.
    #[must_use]
    pub fn of_rank(nth: usize, of: usize) -> Self {
        match nth * 5 / of.max(1) {
            0 => Self::Critical,
            1 => Self::High,
            2 => Self::Normal,
            3 => Self::Low,
            _ => Self::Minimal,
        }
    }
}

/// How tokens are shared out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    /// By priority as weights, max-min fair.
    #[default]
    Balanced,
    /// Critical and high sections get what they need, the others their least: little to read.
    Speed,
    /// In order of priority each gets all it needs.
    Quality,
    /// Each gets its least.
    Minimal,
}

/// Their names.
pub const SHARES: [&str; 4] = ["balanced", "speed", "quality", "minimal"];

/// What becomes of a section that got less than it needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// Its beginning stays.
    #[default]
    TruncateEnd,
    /// Its end stays.
    TruncateStart,
    /// Beginning and end stay.
    TruncateMiddle,
    /// Its sentences with the most telling words stay.
    Compress,
    /// It is left out, and others get its tokens.
    Drop,
    /// The allocation fails.
    Fail,
}

/// Their names.
pub const OVERFLOWS: [&str; 6] = ["truncate_end", "truncate_start", "truncate_middle", "compress", "drop", "fail"];

/// What wants tokens.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Want {
    /// Tokens it would fill.
    pub need: usize,
    /// Tokens below which it says nothing.
    pub least: usize,
    /// How much it matters.
    pub priority: Priority,
}

/// Positions by priority, most important first, earlier first among equals.
fn by_priority(wants: &[Want]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..wants.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(wants.get(*at).map(|want| want.priority)));
    order
}

/// Gives each in `order` up to what `upto` says, while there is something.
fn give(wants: &[Want], order: &[usize], given: &mut [usize], rest: &mut usize, upto: impl Fn(&Want) -> usize) {
    for at in order {
        if let (Some(want), Some(has)) = (wants.get(*at), given.get_mut(*at)) {
            let more = upto(want).min(want.need).saturating_sub(*has).min(*rest);
            *has += more;
            *rest -= more;
        }
    }
}

/// Max-min fair filling by weight: what one does not need goes to the others.
fn fill(wants: &[Want], given: &mut [usize], rest: &mut usize) {
    loop {
        let hungry: Vec<usize> = (0..wants.len())
            .filter(|at| wants.get(*at).zip(given.get(*at)).is_some_and(|(want, has)| *has < want.need))
            .collect();
        let weights: usize = hungry.iter().filter_map(|at| Some(wants.get(*at)?.priority.weight())).sum();
        if weights == 0 || *rest == 0 {
            return;
        }
        let unit = *rest / weights;
        if unit == 0 {
            // Fewer tokens than weights: the most important take them.
            let order: Vec<usize> = by_priority(wants).into_iter().filter(|at| hungry.contains(at)).collect();
            give(wants, &order, given, rest, |want| want.need);
            return;
        }
        for at in hungry {
            if let (Some(want), Some(has)) = (wants.get(at), given.get_mut(at)) {
                let more = (unit * want.priority.weight()).min(want.need - *has);
                *has += more;
                *rest -= more;
            }
        }
    }
}

/// Tokens for each want, in its order; together at most `available`. The least of each comes first, by priority.
#[must_use]
pub fn allocate(wants: &[Want], available: usize, share: Share) -> Vec<usize> {
    let (mut given, mut rest) = (vec![0; wants.len()], available);
    let order = by_priority(wants);
    if share == Share::Quality {
        give(wants, &order, &mut given, &mut rest, |want| want.need);
        return given;
    }
    give(wants, &order, &mut given, &mut rest, |want| want.least);
    match share {
        Share::Balanced => fill(wants, &mut given, &mut rest),
        Share::Speed => give(wants, &order, &mut given, &mut rest, |want| {
            if want.priority >= Priority::High { want.need } else { want.least }
        }),
        Share::Quality | Share::Minimal => {}
    }
    given
}

/// As [`allocate`], but wants that may go are left out one by one, the least important and last first, while they get less than they
/// need; what they had goes to the others. Answers the positions left out too.
#[must_use]
pub fn with_drops(mut wants: Vec<Want>, may_go: &[bool], available: usize, share: Share) -> (Vec<usize>, Vec<usize>) {
    let mut dropped: Vec<usize> = Vec::new();
    loop {
        let shares = allocate(&wants, available, share);
        let short = |at: usize| shares.get(at).zip(wants.get(at)).is_some_and(|(share, want)| *share < want.need);
        let next = (0..wants.len())
            .rev()
            .filter(|at| may_go.get(*at) == Some(&true) && short(*at))
            .min_by_key(|at| wants.get(*at).map(|want| want.priority));
        let Some(next) = next else { return (shares, dropped) };
        dropped.push(next);
        if let Some(want) = wants.get_mut(next) {
            (want.need, want.least) = (0, 0);
        }
    }
}

/// The longest text of at most `most` tokens that `cut` makes for some number of characters.
fn longest(text: &str, most: usize, cut: impl Fn(usize) -> String) -> String {
    let (mut low, mut high) = (0, text.chars().count());
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if tokens(&cut(middle)) <= most { low = middle } else { high = middle - 1 }
    }
    if low == 0 { String::new() } else { cut(low) }
}

/// A text cut to at most `most` tokens.
#[must_use]
pub fn fit(text: &str, most: usize, overflow: Overflow) -> String {
    if tokens(text) <= most {
        return text.to_owned();
    }
    let all = text.chars().count();
    let tail = |keep: usize| text.chars().skip(all.saturating_sub(keep)).collect::<String>();
    match overflow {
        Overflow::TruncateEnd => longest(text, most, |keep| clip(text, keep)),
        Overflow::TruncateStart => longest(text, most, |keep| format!("…{}", tail(keep))),
        Overflow::TruncateMiddle => longest(text, most, |keep| {
            let head: String = text.chars().take(keep.div_ceil(2)).collect();
            format!("{head}…{}", tail(keep / 2))
        }),
        Overflow::Compress => compress(text, most),
        Overflow::Drop | Overflow::Fail => String::new(),
    }
}

/// Extracts the sentences whose words are commonest in the text (H. P. Luhn, IBM Journal 2:2, 1958), in their order.
fn compress(text: &str, most: usize) -> String {
    let sentences: Vec<&str> =
        text.split_inclusive(['.', '!', '?', '\n']).map(str::trim).filter(|sentence| !sentence.is_empty()).collect();
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for word in crate::text::words(text).filter(|word| !crate::terms::stops(word)) {
        *counts.entry(word).or_default() += 1;
    }
    let weight = |sentence: &str| -> usize {
        let words: Vec<String> = crate::text::words(sentence).collect();
        let sum: usize = words.iter().filter_map(|word| counts.get(word)).sum();
        sum * 1_000 / words.len().max(1)
    };
    let mut order: Vec<usize> = (0..sentences.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(sentences.get(*at).map(|sentence| weight(sentence))));
    let joined = |chosen: &[usize]| -> String {
        let kept = sentences.iter().enumerate().filter(|(at, _)| chosen.contains(at));
        kept.map(|(_, sentence)| *sentence).collect::<Vec<_>>().join(" ")
    };
    let mut chosen: Vec<usize> = Vec::new();
    for at in order {
        chosen.push(at);
        if tokens(&joined(&chosen)) > most {
            chosen.pop();
        }
    }
    if chosen.is_empty() { fit(text, most, Overflow::TruncateEnd) } else { joined(&chosen) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn want(need: usize, least: usize, priority: Priority) -> Want {
        Want { need, least, priority }
    }

    #[test]
    fn balanced_is_fair_by_weight() {
        let wants = [want(1000, 0, Priority::Critical), want(1000, 0, Priority::Minimal), want(10, 0, Priority::Low)];
        assert_eq!(allocate(&wants, 610, Share::Balanced), [500, 100, 10]);
        assert_eq!(allocate(&wants, 5000, Share::Balanced), [1000, 1000, 10], "no more than is needed");
    }

    #[test]
    fn the_strategies_differ() {
        let wants = [want(300, 50, Priority::Normal), want(300, 50, Priority::Critical), want(300, 50, Priority::High)];
        assert_eq!(allocate(&wants, 500, Share::Quality), [0, 300, 200]);
        assert_eq!(allocate(&wants, 500, Share::Speed), [50, 300, 150]);
        assert_eq!(allocate(&wants, 1000, Share::Speed), [50, 300, 300], "speed leaves tokens unused");
        assert_eq!(allocate(&wants, 500, Share::Minimal), [50, 50, 50]);
        assert_eq!(allocate(&wants, 60, Share::Minimal), [0, 50, 10], "the important come first");
    }

    #[test]
    fn what_may_go_makes_room() {
        let wants = vec![want(100, 0, Priority::Normal), want(80, 0, Priority::Low), want(60, 0, Priority::Normal)];
        let (shares, dropped) = with_drops(wants.clone(), &[false, true, true], 160, Share::Balanced);
        assert_eq!((shares, dropped), (vec![100, 0, 60], vec![1]), "the low one goes, then the others fit");
        let (shares, dropped) = with_drops(wants.clone(), &[false, true, true], 110, Share::Balanced);
        assert_eq!((shares, dropped), (vec![100, 0, 0], vec![1, 2]));
        assert_eq!(with_drops(wants, &[true; 3], 240, Share::Balanced).1, Vec::<usize>::new(), "all fit");
    }

    #[test]
    fn ranks_become_priorities() {
        let names: Vec<usize> = (0..10).map(|nth| Priority::of_rank(nth, 10).weight()).collect();
        assert_eq!(names, [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]);
        assert_eq!(Priority::of_rank(0, 1), Priority::Critical);
    }

    #[test]
    fn overflow_keeps_the_part_asked_for() {
        let text = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu";
        assert!(fit(text, 6, Overflow::TruncateEnd).starts_with("alpha"));
        assert!(fit(text, 6, Overflow::TruncateStart).ends_with("lambda mu"));
        let both = fit(text, 8, Overflow::TruncateMiddle);
        assert!(both.starts_with("alpha") && both.ends_with("mu"), "{both}");
        let text = "The parser failed. Lunch was nice. The parser of the parser team failed again.";
        assert!(!fit(text, 16, Overflow::Compress).contains("Lunch"));
        assert_eq!(fit(text, 5, Overflow::Drop), "");
    }

    proptest! {
        #[test]
        fn never_more_than_there_is(
            needs in prop::collection::vec((0usize..500, 0usize..100, 0usize..5), 0..12), available in 0usize..3000,
            nth in 0usize..4,
        ) {
            let share = [Share::Balanced, Share::Speed, Share::Quality, Share::Minimal][nth];
            let priorities = [Priority::Minimal, Priority::Low, Priority::Normal, Priority::High, Priority::Critical];
            let wants: Vec<Want> = needs.iter().map(|(need, least, p)| want(*need, *least, priorities[*p])).collect();
            let given = allocate(&wants, available, share);
            prop_assert!(given.iter().sum::<usize>() <= available);
            prop_assert!(given.iter().zip(&wants).all(|(given, want)| *given <= want.need));
            if share == Share::Balanced {
                let all: usize = wants.iter().map(|want| want.need).sum();
                prop_assert_eq!(given.iter().sum::<usize>(), all.min(available), "nothing is wasted");
            }
        }

        #[test]
        fn what_is_cut_fits(text in "\\PC{0,300}", most in 0usize..60, nth in 0usize..4) {
            let overflow = [Overflow::TruncateEnd, Overflow::TruncateStart, Overflow::TruncateMiddle, Overflow::Compress][nth];
            prop_assert!(tokens(&fit(&text, most, overflow)) <= most);
        }
    }
}
