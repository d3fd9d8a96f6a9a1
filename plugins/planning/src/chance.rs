//! Seeded random numbers and the distributions of durations drawn with them: triangular and PERT.

/// SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The same seed gives the same numbers, on every machine.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// In (0, 1): never an end, so that its logarithm is finite.
    pub fn unit(&mut self) -> f64 {
        ((self.next() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }

    /// One of `count`; 0 if there is none.
    pub fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// Standard normal (G. Box, M. Muller, 1958).
    fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Gamma of a shape of 1 or more (G. Marsaglia, W. W. Tsang, "A simple method for generating gamma variables", 2000).
    fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.unit().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }
}

/// The minutes a step may take.
#[derive(Debug, Clone, PartialEq)]
pub enum Duration {
    /// Exactly so many.
    Fixed(f64),
    /// Low, likely, high: a triangle.
    Triangular(f64, f64, f64),
    /// Low, likely, high: a beta distribution with weight 4 on the likely value (D. G. Malcolm and others, "Application of a technique for
    /// research and development program evaluation", 1959; shapes 1 + 4 (m - a) / (b - a) and 1 + 4 (b - m) / (b - a)).
    Pert(f64, f64, f64),
    /// An estimate times one of these ratios that were recorded (B. Efron's bootstrap, 1979).
    Recorded(f64, Vec<f64>),
}

impl Duration {
    /// One draw.
    pub fn draw(&self, chance: &mut Chance) -> f64 {
        match self {
            Self::Fixed(minutes) => *minutes,
            Self::Triangular(a, m, b) if b > a => {
                let (u, at) = (chance.unit(), (m - a) / (b - a));
                if u < at { a + (u * (b - a) * (m - a)).sqrt() } else { b - ((1.0 - u) * (b - a) * (b - m)).sqrt() }
            }
            Self::Pert(a, m, b) if b > a => {
                let x = chance.gamma(1.0 + 4.0 * (m - a) / (b - a));
                let y = chance.gamma(1.0 + 4.0 * (b - m) / (b - a));
                a + (b - a) * x / (x + y)
            }
            Self::Triangular(_, m, _) | Self::Pert(_, m, _) => *m,
            Self::Recorded(estimate, ratios) => {
                estimate * ratios.get(chance.below(ratios.len())).copied().unwrap_or(1.0)
            }
        }
    }

    /// The value a planner would name.
    #[must_use]
    pub fn likely(&self) -> f64 {
        match self {
            Self::Fixed(m) | Self::Triangular(_, m, _) | Self::Pert(_, m, _) | Self::Recorded(m, _) => *m,
        }
    }

    /// The largest value it can have.
    #[must_use]
    pub fn most(&self) -> f64 {
        match self {
            Self::Fixed(b) | Self::Triangular(_, _, b) | Self::Pert(_, _, b) => *b,
            Self::Recorded(estimate, ratios) => estimate * ratios.iter().copied().fold(1.0, f64::max),
        }
    }

    /// Its name for callers.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fixed(_) => "fixed",
            Self::Triangular(..) => "triangular",
            Self::Pert(..) => "pert",
            Self::Recorded(..) => "recorded ratios",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_and_sd(duration: &Duration) -> (f64, f64) {
        let mut chance = Chance::new(7);
        let draws: Vec<f64> = (0..40_000).map(|_| duration.draw(&mut chance)).collect();
        (crate::sample::mean(&draws).unwrap(), crate::sample::deviation(&draws).unwrap())
    }

    /// Means and deviations of the text books.
    #[test]
    fn draws_have_the_moments_of_their_distribution() {
        let (mean, sd) = mean_and_sd(&Duration::Triangular(10.0, 20.0, 60.0));
        assert!((mean - 30.0).abs() < 0.3 && (sd - 10.801).abs() < 0.2, "{mean} {sd}");
        let (mean, sd) = mean_and_sd(&Duration::Pert(10.0, 20.0, 60.0));
        let (shape_a, shape_b) = (1.8_f64, 4.2_f64);
        let beta = 50.0 * (shape_a * shape_b / (36.0 * 7.0)).sqrt();
        assert!((mean - 25.0).abs() < 0.2 && (sd - beta).abs() < 0.2, "{mean} {sd}");
        let (mean, _) = mean_and_sd(&Duration::Recorded(10.0, vec![1.0, 2.0]));
        assert!((mean - 15.0).abs() < 0.1);
    }

    #[test]
    fn draws_stay_inside_and_repeat() {
        let pert = Duration::Pert(1.0, 1.0, 9.0);
        let draw = |seed| (0..500).scan(Chance::new(seed), |chance, _| Some(pert.draw(chance))).collect::<Vec<_>>();
        assert!(draw(3).iter().all(|x| (1.0..=9.0).contains(x)));
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
        assert_eq!(Duration::Pert(5.0, 5.0, 5.0).draw(&mut Chance::new(1)), 5.0);
    }
}
