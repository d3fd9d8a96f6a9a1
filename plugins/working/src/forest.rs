//! A random forest: decision trees over bootstrap samples, each split among a few features drawn at random.
//!
//! L. Breiman, "Random forests" (2001), with Gini impurity as in Breiman et al., "Classification and regression trees"
//! (1984). Grown anew in each call from the stored samples, with a fixed seed: the same samples give the same forest.

/// One labelled example.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Numbers, as many in each sample.
    pub features: Vec<f64>,
    /// Its class, from 0.
    pub label: usize,
}

/// How a forest is grown. The defaults are those of Athena's router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How many trees.
    pub trees: usize,
    /// The longest way from a root to a leaf.
    pub depth: usize,
    /// Fewer samples than this are not split.
    pub least_to_split: usize,
    /// Where the random numbers start.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { trees: 100, depth: 10, least_to_split: 5, seed: 42 }
    }
}

/// `SplitMix64`: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators" (2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`; the bias of the remainder is below 2^-40 for the few thousand samples there are.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound.max(1) as u64)).unwrap_or_default()
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// The share of each class.
    Leaf(Vec<f64>),
    /// At most the threshold goes left.
    Split { feature: usize, threshold: f64, left: Box<Node>, right: Box<Node> },
}

impl Node {
    fn shares(&self, features: &[f64]) -> &[f64] {
        let mut node = self;
        loop {
            match node {
                Self::Leaf(shares) => return shares,
                Self::Split { feature, threshold, left, right } => {
                    let value = features.get(*feature).copied().unwrap_or(0.0);
                    node = if value <= *threshold { left } else { right };
                }
            }
        }
    }
}

/// Trees that vote.
#[derive(Debug, Clone, PartialEq)]
pub struct Forest {
    trees: Vec<Node>,
    classes: usize,
    checked: usize,
    right: usize,
}

struct Growing<'a> {
    samples: &'a [Sample],
    classes: usize,
    options: Options,
    tried: usize,
    random: Random,
}

#[expect(clippy::cast_precision_loss, reason = "counts of samples are small")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// 1 − Σ p².
fn gini(counts: &[usize]) -> f64 {
    let whole: usize = counts.iter().sum();
    1.0 - counts.iter().map(|count| ratio(*count, whole).powi(2)).sum::<f64>()
}

fn add(counts: &mut [usize], label: usize) {
    if let Some(count) = counts.get_mut(label) {
        *count += 1;
    }
}

fn take(counts: &mut [usize], label: usize) {
    if let Some(count) = counts.get_mut(label) {
        *count = count.saturating_sub(1);
    }
}

/// The best cut of one feature.
struct Cut {
    feature: usize,
    threshold: f64,
    impurity: f64,
}

impl Growing<'_> {
    fn value(&self, at: usize, feature: usize) -> f64 {
        self.samples.get(at).and_then(|sample| sample.features.get(feature)).copied().unwrap_or(0.0)
    }

    fn label(&self, at: usize) -> usize {
        self.samples.get(at).map_or(0, |sample| sample.label)
    }

    fn counts(&self, rows: &[usize]) -> Vec<usize> {
        let mut counts = vec![0; self.classes];
        for at in rows {
            add(&mut counts, self.label(*at));
        }
        counts
    }

    fn cut(&self, rows: &[usize], feature: usize) -> Option<Cut> {
        let mut sorted: Vec<(f64, usize)> = rows.iter().map(|at| (self.value(*at, feature), self.label(*at))).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let (mut left, mut right) = (vec![0; self.classes], self.counts(rows));
        let mut best: Option<Cut> = None;
        for (nth, pair) in sorted.windows(2).enumerate() {
            let [(value, label), (next, _)] = pair else { continue };
            add(&mut left, *label);
            take(&mut right, *label);
            if value >= next {
                continue;
            }
            let share = ratio(nth + 1, rows.len());
            let impurity = share * gini(&left) + (1.0 - share) * gini(&right);
            if best.as_ref().is_none_or(|best| impurity < best.impurity) {
                best = Some(Cut { feature, threshold: value + (next - value) / 2.0, impurity });
            }
        }
        best
    }

    /// The best cut among a few features drawn at random; more are drawn while none of them cuts at all.
    fn best_cut(&mut self, rows: &[usize]) -> Option<Cut> {
        let features = self.samples.first().map_or(0, |sample| sample.features.len());
        let mut left: Vec<usize> = (0..features).collect();
        let mut best: Option<Cut> = None;
        let mut drawn = 0;
        while !left.is_empty() && (drawn < self.tried || best.is_none()) {
            let at = self.random.below(left.len());
            let feature = left.swap_remove(at);
            drawn += 1;
            if let Some(cut) = self.cut(rows, feature)
                && best.as_ref().is_none_or(|best| cut.impurity < best.impurity)
            {
                best = Some(cut);
            }
        }
        best
    }

    fn grow(&mut self, rows: &[usize], depth: usize) -> Node {
        let counts = self.counts(rows);
        let leaf = || Node::Leaf(counts.iter().map(|count| ratio(*count, rows.len())).collect());
        let pure = counts.iter().filter(|count| **count > 0).count() <= 1;
        if pure || depth >= self.options.depth || rows.len() < self.options.least_to_split {
            return leaf();
        }
        let Some(Cut { feature, threshold, .. }) = self.best_cut(rows) else {
            return leaf();
        };
        let (left, right): (Vec<usize>, Vec<usize>) =
            rows.iter().partition(|at| self.value(**at, feature) <= threshold);
        if left.is_empty() || right.is_empty() {
            return leaf();
        }
        let (left, right) = (self.grow(&left, depth + 1), self.grow(&right, depth + 1));
        Node::Split { feature, threshold, left: Box::new(left), right: Box::new(right) }
    }
}

impl Forest {
    /// Grows a forest. None without samples, with samples of different lengths, or with a label that is no class.
    #[must_use]
    pub fn fit(samples: &[Sample], classes: usize, options: Options) -> Option<Self> {
        let features = samples.first()?.features.len();
        let fits = |sample: &Sample| {
            sample.features.len() == features
                && sample.label < classes
                && sample.features.iter().all(|value| value.is_finite())
        };
        if !samples.iter().all(fits) {
            return None;
        }
        let tried = features.isqrt().max(1);
        let mut growing = Growing { samples, classes, options, tried, random: Random(options.seed) };
        let mut trees = Vec::with_capacity(options.trees);
        let mut outside = vec![vec![0.0; classes]; samples.len()];
        for _ in 0..options.trees {
            let rows: Vec<usize> = samples.iter().map(|_| growing.random.below(samples.len())).collect();
            let tree = growing.grow(&rows, 0);
            let mut inside = vec![false; samples.len()];
            for at in rows {
                if let Some(inside) = inside.get_mut(at) {
                    *inside = true;
                }
            }
            for ((sample, votes), inside) in samples.iter().zip(&mut outside).zip(inside) {
                if !inside {
                    votes.iter_mut().zip(tree.shares(&sample.features)).for_each(|(vote, share)| *vote += share);
                }
            }
            trees.push(tree);
        }
        let judged = outside.iter().zip(samples).filter(|(votes, _)| votes.iter().any(|vote| *vote > 0.0));
        let judged: Vec<bool> = judged.map(|(votes, sample)| largest(votes) == sample.label).collect();
        let right = judged.iter().filter(|right| **right).count();
        Some(Self { trees, classes, checked: judged.len(), right })
    }

    /// The votes for each class: the mean of the shares in the leaves an example falls into. They add up to 1.
    #[must_use]
    pub fn predict(&self, features: &[f64]) -> Vec<f64> {
        let mut votes = vec![0.0; self.classes];
        for tree in &self.trees {
            votes.iter_mut().zip(tree.shares(features)).for_each(|(vote, share)| *vote += share);
        }
        let whole: f64 = votes.iter().sum();
        if whole > 0.0 {
            votes.iter_mut().for_each(|vote| *vote /= whole);
        }
        votes
    }

    /// The share of samples that trees grown without them get right (Breiman's out-of-bag estimate), and of how many.
    #[must_use]
    pub fn out_of_bag(&self) -> (f64, usize) {
        (ratio(self.right, self.checked), self.checked)
    }
}

/// The first of the largest.
fn largest(votes: &[f64]) -> usize {
    let start = (0, f64::NEG_INFINITY);
    votes.iter().enumerate().fold(start, |best, (at, vote)| if *vote > best.1 { (at, *vote) } else { best }).0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two classes that only both features together tell apart, and a third feature that says nothing.
    fn crossed(count: usize) -> Vec<Sample> {
        let mut random = Random(7);
        (0..count)
            .map(|_| {
                let unit = |random: &mut Random| random.below(1000) as f64 / 1000.0;
                let (a, b, noise) = (unit(&mut random), unit(&mut random), unit(&mut random));
                Sample { features: vec![a, b, noise], label: usize::from((a > 0.5) != (b > 0.5)) }
            })
            .collect()
    }

    #[test]
    fn learns_what_no_single_feature_tells() {
        let forest = Forest::fit(&crossed(400), 2, Options::default());
        let right = crossed(1000)[400..]
            .iter()
            .filter(|sample| {
                forest.as_ref().is_some_and(|forest| largest(&forest.predict(&sample.features)) == sample.label)
            })
            .count();
        assert!(right > 540, "{right} of 600");
        let (share, checked) = forest.as_ref().map_or((0.0, 0), Forest::out_of_bag);
        assert!(share > 0.85 && checked == 400, "{share} of {checked}");
    }

    #[test]
    fn the_same_samples_give_the_same_forest_and_another_seed_another() {
        let samples = crossed(60);
        let grown = |seed| Forest::fit(&samples, 2, Options { seed, ..Options::default() });
        assert_eq!(grown(42), grown(42));
        assert_ne!(grown(42), grown(43));
    }

    #[test]
    fn votes_add_up_to_one() {
        let forest = Forest::fit(&crossed(50), 2, Options::default());
        let votes = forest.map(|forest| forest.predict(&[0.9, 0.1, 0.5])).unwrap_or_default();
        assert!((votes.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{votes:?}");
    }

    #[test]
    fn one_class_is_certain_and_nonsense_is_refused() {
        let one = |label| Sample { features: vec![1.0, 2.0], label };
        let forest = Forest::fit(&[one(1), one(1), one(1)], 3, Options::default());
        assert_eq!(forest.map(|forest| forest.predict(&[0.0, 0.0])), Some(vec![0.0, 1.0, 0.0]));
        assert!(Forest::fit(&[], 3, Options::default()).is_none());
        assert!(Forest::fit(&[one(3)], 3, Options::default()).is_none());
        let longer = Sample { features: vec![1.0], label: 0 };
        assert!(Forest::fit(&[one(0), longer], 3, Options::default()).is_none());
        let odd = Sample { features: vec![f64::NAN, 0.0], label: 0 };
        assert!(Forest::fit(&[odd], 3, Options::default()).is_none());
    }

    #[test]
    fn trees_are_no_deeper_than_allowed() {
        fn depth(node: &Node) -> usize {
            match node {
                Node::Leaf(_) => 0,
                Node::Split { left, right, .. } => 1 + depth(left).max(depth(right)),
            }
        }
        let forest = Forest::fit(&crossed(300), 2, Options { depth: 3, ..Options::default() });
        let deepest = forest.map(|forest| forest.trees.iter().map(depth).max().unwrap_or(0));
        assert_eq!(deepest, Some(3));
    }

    #[test]
    fn impurity() {
        assert!(gini(&[4, 0]).abs() < 1e-9 && (gini(&[2, 2]) - 0.5).abs() < 1e-9);
    }
}
