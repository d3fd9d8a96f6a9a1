//! Near-identical hits fall into one, and what is left is spread out a little.

/// Texts that share at least this of their distinct words (Jaccard) say the same ..
const SAME: f64 = 0.9;
/// .. unless they differ in a number or in one of these.
const NEGATIONS: [&str; 8] = ["no", "not", "never", "none", "without", "don", "doesn", "isn"];

/// How much relevance weighs against novelty when hits are put in order (maximal marginal relevance, J. Carbonell and
/// J. Goldstein, 1998); near 1, so that it only breaks up runs of look-alikes.
const RELEVANCE: f64 = 0.85;

/// A text is compared by no more than so many of its words.
const MOST_WORDS: usize = 300;

/// The distinct words of a text, hashed and in order; the lowest bit says whether a word is a number or a negation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bag {
    words: Vec<u64>,
    /// A hash of all words in their order, if there were more than are compared.
    cut: Option<u64>,
}

/// The distinct words of a text, of its first 300.
#[must_use]
pub fn bag(text: &str) -> Bag {
    let mut rest = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(hashed);
    let mut words: Vec<u64> = rest.by_ref().take(MOST_WORDS).collect();
    let all = |whole: u64, word: u64| (whole.rotate_left(5) ^ word).wrapping_mul(FNV_PRIME);
    let cut = rest.next().map(|next| rest.fold(all(words.iter().copied().fold(FNV_START, all), next), all));
    words.sort_unstable();
    words.dedup();
    Bag { words, cut }
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

/// FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo) of the word in lower case: two words of a few hundred hardly ever meet.
fn hashed(word: &str) -> u64 {
    let mut hash = FNV_START;
    for c in word.chars().flat_map(char::to_lowercase) {
        hash = (hash ^ u64::from(u32::from(c))).wrapping_mul(FNV_PRIME);
    }
    let negates = NEGATIONS.iter().any(|negation| negation.eq_ignore_ascii_case(word));
    hash & !1 | u64::from(negates || word.chars().any(|c| c.is_ascii_digit()))
}

impl Bag {
    /// Words both have.
    fn shared(&self, other: &Self) -> usize {
        let (mut shared, mut rest) = (0, other.words.iter().peekable());
        for word in &self.words {
            while rest.next_if(|next| *next < word).is_some() {}
            shared += usize::from(rest.next_if_eq(&word).is_some());
        }
        shared
    }

    /// Whether all numbers and negations of this one are in the other too.
    fn tells_nothing_beyond(&self, other: &Self) -> bool {
        self.words.iter().filter(|word| *word & 1 == 1).all(|word| other.words.binary_search(word).is_ok())
    }
}

/// Shared words over all words, 0 to 1.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "word counts")]
pub fn jaccard(a: &Bag, b: &Bag) -> f64 {
    let shared = a.shared(b);
    let all = a.words.len() + b.words.len() - shared;
    if all == 0 { 1.0 } else { shared as f64 / all as f64 }
}

/// Whether two texts say the same. A different number or negation makes them differ however alike they are, and so does
/// anything at all in texts too long to be compared to their end.
#[must_use]
pub fn alike(a: &Bag, b: &Bag) -> bool {
    // The cheap bound first: sets of very unequal size cannot share enough.
    let (fewer, more) = (a.words.len().min(b.words.len()), a.words.len().max(b.words.len()));
    let near = a.cut == b.cut && fewer * 10 >= more * 9;
    near && jaccard(a, b) >= SAME && a.tells_nothing_beyond(b) && b.tells_nothing_beyond(a)
}

/// Groups texts (best first) into those shown and the positions that fall into each: `(first, [repeats])`.
#[must_use]
pub fn collapse(bags: &[&Bag]) -> Vec<(usize, Vec<usize>)> {
    let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
    for (at, bag) in bags.iter().enumerate() {
        let same = groups.iter_mut().find(|(first, _)| bags.get(*first).is_some_and(|known| alike(known, bag)));
        match same {
            Some((_, repeats)) => repeats.push(at),
            None => groups.push((at, Vec::new())),
        }
    }
    groups
}

/// An order of the texts (positions), by relevance less likeness to what comes before; the most relevant stays first.
#[must_use]
pub fn spread(scores: &[f64], bags: &[&Bag], most: usize) -> Vec<usize> {
    let top = scores.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let mut left: Vec<usize> = (0..scores.len().min(bags.len())).collect();
    // The nearest likeness of each text to those chosen so far.
    let mut likeness = vec![0.0f64; scores.len()];
    let mut chosen = Vec::new();
    while chosen.len() < most && !left.is_empty() {
        let value = |at: usize| {
            let score = scores.get(at).copied().unwrap_or_default() / top;
            RELEVANCE * score - (1.0 - RELEVANCE) * likeness.get(at).copied().unwrap_or_default()
        };
        let mut best = 0;
        for (place, at) in left.iter().enumerate() {
            if left.get(best).is_some_and(|known| value(*at) > value(*known)) {
                best = place;
            }
        }
        let next = left.remove(best);
        chosen.push(next);
        for at in &left {
            if let (Some(a), Some(b), Some(known)) = (bags.get(next), bags.get(*at), likeness.get_mut(*at)) {
                *known = known.max(jaccard(a, b));
            }
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bags(texts: &[&str]) -> Vec<Bag> {
        texts.iter().map(|text| bag(text)).collect()
    }

    #[test]
    fn numbers_and_negations_tell_apart() {
        let long = "the service in the cluster listens on the usual port of the old machine named";
        for (a, b, same) in [
            ("Ada likes tabs.", "ada likes TABS", true),
            (&format!("{long} 8000") as &str, &format!("{long} 8001") as &str, false),
            (&format!("{long} it does"), &format!("{long} it does not"), false),
            ("Ada likes tabs", "Bob likes tabs", false),
        ] {
            assert_eq!(alike(&bag(a), &bag(b)), same, "{a} | {b}");
        }
    }

    #[test]
    fn long_texts_are_the_same_only_as_a_whole() {
        let words = |count: usize| (0..count).map(|n| format!("w{n} ")).collect::<String>();
        let long = words(MOST_WORDS);
        for (a, b, same) in [
            (&long, &long.to_uppercase(), true),
            (&format!("{long} tea"), &format!("{long} Tea!"), true),
            (&format!("{long} tea"), &format!("{long} coffee"), false),
            (&format!("{long} tea"), &long, false),
            (&format!("{long} tea at four"), &format!("{long} four at tea"), false),
        ] {
            assert_eq!(alike(&bag(a), &bag(b)), same, "{}", &a[long.len()..]);
            assert_eq!(alike(&bag(b), &bag(a)), same);
        }
    }

    #[test]
    fn repeats_fall_into_the_best() {
        let bags = bags(&["tea at four", "coffee at ten", "Tea at four!", "tea, at four"]);
        assert_eq!(collapse(&bags.iter().collect::<Vec<_>>()), [(0, vec![2, 3]), (1, vec![])]);
    }

    #[test]
    fn look_alikes_give_way_a_little() {
        let bags = bags(&["red apples fall far", "red apples fall near", "trains run late"]);
        assert_eq!(spread(&[1.0, 0.9, 0.88], &bags.iter().collect::<Vec<_>>(), 3), [0, 2, 1]);
        assert_eq!(spread(&[1.0, 0.9, 0.2], &bags.iter().collect::<Vec<_>>(), 3), [0, 1, 2], "relevance still decides");
        assert_eq!(spread(&[], &[], 3), Vec::<usize>::new());
    }
}
