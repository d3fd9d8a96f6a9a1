//! How far a memory can be relied on: the mean of five factors, after Athena's meta-memory (requirements 1.9).

/// Days after which relevance has halved.
pub const HALF_LIFE_DAYS: f64 = 30.0;

/// What a layer's rows are worth before anything is known about them.
#[must_use]
pub fn base(layer: &str) -> f64 {
    match layer {
        "episodic" => 0.85,
        "semantic" => 0.80,
        "procedural" => 0.75,
        "prospective" => 0.65,
        _ => 0.70,
    }
}

/// e^(-ln 2 * days / half-life): 1 now, one half after thirty days (Ebbinghaus' form of forgetting).
#[must_use]
pub fn relevance(days: f64) -> f64 {
    (-std::f64::consts::LN_2 * days.max(0.0) / HALF_LIFE_DAYS).exp()
}

/// What five factors see of one memory.
#[derive(Debug, Clone, Copy)]
pub struct Factors {
    /// [`base`] of its layer.
    pub base: f64,
    /// Confidence stored with it.
    pub stored: f64,
    /// Usefulness, 0 to 1.
    pub usefulness: f64,
    /// [`relevance`] of its age.
    pub relevance: f64,
    /// How often it was used.
    pub uses: u64,
}

impl Factors {
    /// The mean of the five; uses count as n / (n + 1).
    #[must_use]
    pub fn mean(self) -> f64 {
        let used = self.uses as f64 / (self.uses as f64 + 1.0);
        (self.base + self.stored.clamp(0.0, 1.0) + self.usefulness.clamp(0.0, 1.0) + self.relevance + used) / 5.0
    }
}

/// The word for a confidence.
#[must_use]
pub fn level(confidence: f64) -> &'static str {
    match confidence {
        c if c >= 0.9 => "very_high",
        c if c >= 0.7 => "high",
        c if c >= 0.5 => "medium",
        c if c >= 0.3 => "low",
        _ => "very_low",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relevance_halves_in_thirty_days() {
        assert!((relevance(30.0) - 0.5).abs() < 1e-12);
        assert!((relevance(-1.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_mean_counts_five_factors_alike() {
        let factors = Factors { base: 0.8, stored: 1.0, usefulness: 0.5, relevance: 0.7, uses: 1 };
        assert!((factors.mean() - 0.7).abs() < 1e-12);
    }

    #[test]
    fn levels_begin_at_their_thresholds() {
        for (confidence, word) in
            [(0.9, "very_high"), (0.89, "high"), (0.5, "medium"), (0.3, "low"), (0.29, "very_low")]
        {
            assert_eq!(level(confidence), word);
        }
        assert!((base("episodic") - 0.85).abs() < 1e-12 && (base("graph") - 0.7).abs() < 1e-12);
    }
}
