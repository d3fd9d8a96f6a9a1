//! Expertise in a domain: (2 memories + episodes + 5 procedures) * confidence, with Athena's thresholds (requirements 1.9).

/// What is recorded of one domain.
#[derive(Debug, Clone, Default)]
pub struct Domain {
    /// Memories on it.
    pub memories: u64,
    /// Episodes on it.
    pub episodes: u64,
    /// Procedures for it.
    pub procedures: u64,
    /// Entities of its name.
    pub entities: u64,
    /// Mean confidence of its memories; none without any.
    pub confidence: Option<f64>,
    /// Mean usefulness of its memories.
    pub usefulness: Option<f64>,
    /// Episodes that failed, and those with success or failure.
    pub failed: (u64, u64),
}

impl Domain {
    /// The score. Without memories nothing says how sure one is: the base of episodes counts.
    #[must_use]
    pub fn score(&self) -> f64 {
        let sum = 2 * self.memories + self.episodes + 5 * self.procedures;
        sum as f64 * self.confidence.unwrap_or_else(|| crate::confidence::base("episodic"))
    }

    /// beginner, intermediate from 20, advanced from 50, expert from 100.
    #[must_use]
    pub fn level(&self) -> &'static str {
        match self.score() {
            s if s >= 100.0 => "expert",
            s if s >= 50.0 => "advanced",
            s if s >= 20.0 => "intermediate",
            _ => "beginner",
        }
    }

    /// What stands out as good: the opposite of each gap.
    #[must_use]
    pub fn strengths(&self) -> Vec<&'static str> {
        let mut found = Vec::new();
        if self.memories >= 20 {
            found.push("many memories");
        }
        if self.confidence.is_some_and(|c| c >= 0.7) {
            found.push("high confidence");
        }
        if self.usefulness.is_some_and(|u| u >= 0.7) {
            found.push("useful memories");
        }
        if self.procedures > 0 {
            found.push("procedures to follow");
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_weighs_procedures_most() {
        let domain = Domain { memories: 10, episodes: 5, procedures: 5, confidence: Some(0.5), ..Domain::default() };
        assert!((domain.score() - 25.0).abs() < 1e-12);
        assert_eq!(domain.level(), "intermediate");
        assert_eq!(domain.strengths(), ["procedures to follow"]);
    }

    #[test]
    fn levels_begin_at_20_50_and_100() {
        for (episodes, level) in [(19, "beginner"), (20, "intermediate"), (50, "advanced"), (100, "expert")] {
            let domain = Domain { episodes, confidence: Some(1.0), ..Domain::default() };
            assert_eq!(domain.level(), level);
        }
    }
}
