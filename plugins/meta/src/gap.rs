//! Knowledge gaps by four rules (requirements 1.9): few memories, low confidence, no procedure, many failures.

use crate::expertise::Domain;

/// The kinds of gaps.
pub const KINDS: [&str; 4] = ["few_memories", "low_confidence", "no_procedure", "high_failure"];

/// A gap, and what closes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// One of [`KINDS`].
    pub kind: &'static str,
    /// high, medium or low.
    pub severity: &'static str,
    /// The figures that show it.
    pub why: String,
    /// What to do.
    pub advice: &'static str,
}

/// The gaps of a domain.
#[must_use]
pub fn gaps(domain: &Domain) -> Vec<Gap> {
    let mut found = Vec::new();
    let mut add = |kind, severity, why, advice| found.push(Gap { kind, severity, why, advice });
    if domain.memories < 5 {
        let severity = if domain.memories == 0 { "high" } else { "medium" };
        add(KINDS[0], severity, format!("{} memories, fewer than 5", domain.memories), "remember what is known of it");
    }
    if let Some(c) = domain.confidence.filter(|c| *c < 0.5) {
        add(KINDS[1], "medium", format!("mean confidence {c:.2}, below 0.5"), "verify its memories, or correct them");
    }
    if domain.episodes > 10 && domain.procedures == 0 {
        let why = format!("{} episodes and no procedure", domain.episodes);
        add(KINDS[2], "medium", why, "extract a procedure from the episodes");
    }
    let (failed, ended) = domain.failed;
    if ended > 0 && failed * 10 > ended * 3 {
        let why = format!("{failed} of {ended} episodes failed, more than 30 %");
        add(KINDS[3], "high", why, "look at the failures and record what would have helped");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(domain: &Domain) -> Vec<&'static str> {
        gaps(domain).iter().map(|gap| gap.kind).collect()
    }

    #[test]
    fn each_rule_holds_at_its_threshold() {
        let good = Domain { memories: 5, episodes: 10, confidence: Some(0.5), failed: (3, 10), ..Domain::default() };
        assert!(kinds(&good).is_empty());
        assert_eq!(kinds(&Domain { memories: 4, ..good.clone() }), ["few_memories"]);
        assert_eq!(kinds(&Domain { confidence: Some(0.49), ..good.clone() }), ["low_confidence"]);
        assert_eq!(kinds(&Domain { episodes: 11, ..good.clone() }), ["no_procedure"]);
        assert_eq!(kinds(&Domain { failed: (4, 10), ..good }), ["high_failure"]);
    }
}
