//! Reproducible randomness: xoshiro256** seeded by SplitMix64, so that one seed gives one partition for ever.

/// A generator. Same seed, same numbers, on every machine.
#[derive(Debug, Clone)]
pub struct Chance([u64; 4]);

impl Chance {
    /// Seeds the state with SplitMix64 (Steele, Lea, Flood 2014), as the authors of xoshiro advise.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut x = seed;
        Self([0; 4].map(|_: u64| {
            x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = x;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        }))
    }

    /// The next 64 bits: xoshiro256** (Blackman, Vigna 2018).
    pub fn draw(&mut self) -> u64 {
        let [a, b, c, d] = self.0;
        let answer = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let (c, d) = (c ^ a, d ^ b);
        self.0 = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        answer
    }

    /// A number in `[0, 1)`.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
    pub fn share(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number below `end`; 0 if `end` is 0.
    #[expect(clippy::cast_possible_truncation, reason = "below `end`, which is a usize")]
    pub fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.draw()) * end as u128) >> 64) as usize
    }

    /// Shuffles a list (Fisher, Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_sequence_and_another_gives_another() {
        let draw = |seed| {
            let mut chance = Chance::new(seed);
            (0..8).map(|_| chance.draw()).collect::<Vec<_>>()
        };
        assert_eq!(draw(42), draw(42));
        assert_ne!(draw(42), draw(43));
    }

    #[test]
    fn numbers_stay_in_their_range_and_a_shuffle_loses_nothing() {
        let mut chance = Chance::new(7);
        for end in 1..100 {
            assert!(chance.below(end) < end);
            assert!((0.0..1.0).contains(&chance.share()));
        }
        let mut items: Vec<u32> = (0..50).collect();
        chance.shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
