//! Grounding of System 2's claims: each must be borne out by the events it cites, word by word, or is believed less.
//!
//! Rules and thresholds are those of requirements 1.10. They come from Athena's pattern validation, made after C. Zhao et
//! al., "Is Chain-of-Thought Reasoning of LLMs a Mirage?" (arXiv:2508.01191). That a claim is scored against its own
//! citations, and that numbers, names and negations weigh more than other words, is ours.

use crate::event::Event;
use crate::pattern::{Kind, Pattern};
use crate::question::Claim;
use crate::uncertainty::score;
use crate::words::{is_negation, names, numbers, raw_words, share, stems};
use serde::Serialize;
use std::collections::BTreeSet;

/// A claim is kept from this final confidence on.
pub const KEEP: f64 = 0.7;
/// .. and from this reliability on ..
pub const RELIABLE: f64 = 0.5;
/// .. of the most reliable of a group.
pub const BEST: usize = 3;

/// What one number, name or negation that no cited event has leaves of the grounding.
const UNSUPPORTED: f64 = 0.5;

/// Words that tie a claim together and need no source.
const TIES: [&str; 20] = [
    "after", "again", "alway", "always", "before", "during", "event", "first", "follow", "later", "next", "often",
    "pattern", "session", "step", "usually", "while", "workflow", "work", "each",
];

/// How likely a claim is made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Grounding .9 or more.
    None,
    /// .7 or more.
    Low,
    /// .5 or more.
    Medium,
    /// Less.
    High,
}

impl Risk {
    /// The risk at a grounding.
    #[must_use]
    pub fn of(grounding: f64) -> Self {
        match grounding {
            g if g >= 0.9 => Self::None,
            g if g >= 0.7 => Self::Low,
            g if g >= 0.5 => Self::Medium,
            _ => Self::High,
        }
    }
}

/// How far the cited events bear out a claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Grounding {
    /// 0 to 1.
    pub score: f64,
    /// The cited events that bear out any of it.
    pub used: Vec<u64>,
    /// The numbers, names and negations no cited event has.
    pub unsupported: Vec<String>,
}

/// Compares a claim with the events it cites: the share of its content words that they have, halved for every number,
/// name or negation that none of them has.
#[must_use]
pub fn ground(claim: &Claim, group: &[&Event]) -> Grounding {
    let cited: Vec<(&Event, String)> =
        group.iter().filter(|event| claim.sources.contains(&event.id)).map(|event| (*event, event.told())).collect();
    let wanted: BTreeSet<String> =
        stems(&claim.content).into_iter().filter(|word| !TIES.contains(&word.as_str())).collect();
    let mut found: BTreeSet<&String> = BTreeSet::new();
    let mut used = Vec::new();
    let (mut words, mut figures) = (BTreeSet::new(), BTreeSet::new());
    for (event, told) in &cited {
        let has = stems(told);
        let shared: Vec<&String> = wanted.intersection(&has).collect();
        if !shared.is_empty() {
            used.push(event.id);
        }
        found.extend(wanted.iter().filter(|word| has.contains(*word)));
        words.extend(raw_words(told).map(str::to_lowercase));
        figures.extend(numbers(told));
    }
    let mut unsupported: Vec<String> = numbers(&claim.content).difference(&figures).cloned().collect();
    unsupported.extend(names(&claim.content).difference(&words).cloned());
    let negations = raw_words(&claim.content).map(str::to_lowercase).filter(|word| is_negation(word));
    if !words.iter().any(|word| is_negation(word)) {
        unsupported.extend(negations.take(1));
    }
    let doubts = i32::try_from(unsupported.len()).unwrap_or(i32::MAX);
    Grounding { score: share(found.len(), wanted.len()) * UNSUPPORTED.powi(doubts), used, unsupported }
}

/// The brittleness discount: well grounded, nothing; badly grounded, 70 %; between, the more the longer the model
/// thought, since longer reasoning drifts further from its input.
#[must_use]
pub fn brittle(confidence: f64, grounding: f64, thinking_tokens: u32) -> f64 {
    if grounding >= 0.9 {
        confidence
    } else if grounding < 0.5 {
        confidence * 0.3
    } else {
        let penalty = (f64::from(thinking_tokens) / 10_000.0).min(0.2);
        confidence * (0.8 - penalty) * grounding
    }
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// How far it is borne out.
    pub grounding: Grounding,
    /// How likely it is made up.
    pub risk: Risk,
    /// `confidence x grounding x score of the group`, less the brittleness discount.
    pub confidence: f64,
    /// `grounding x (confidence x grounding)`: what claims are ranked by.
    pub reliability: f64,
}

/// Judges one claim.
#[must_use]
pub fn judge(claim: &Claim, group: &[&Event], thinking_tokens: u32) -> Verdict {
    let grounding = ground(claim, group);
    let adjusted = claim.confidence * grounding.score;
    let confidence = brittle(adjusted * score(group), grounding.score, thinking_tokens);
    Verdict { risk: Risk::of(grounding.score), confidence, reliability: grounding.score * adjusted, grounding }
}

/// The patterns that claims stand for after judgement: the three most reliable with reliability .5 or more, of these what
/// has a final confidence of `keep` or more, each citing only the events that bear it out.
#[must_use]
pub fn kept(claims: &[Claim], group: &[&Event], thinking_tokens: u32, keep: f64) -> Vec<Pattern> {
    let mut judged: Vec<(Verdict, &Claim)> =
        claims.iter().map(|claim| (judge(claim, group, thinking_tokens), claim)).collect();
    judged.retain(|(verdict, _)| verdict.reliability >= RELIABLE && verdict.risk != Risk::High);
    judged.sort_by(|a, b| b.0.reliability.total_cmp(&a.0.reliability).then_with(|| a.1.content.cmp(&b.1.content)));
    judged.truncate(BEST);
    judged
        .into_iter()
        .filter(|(verdict, _)| verdict.confidence >= keep)
        .filter_map(|(verdict, claim)| {
            let used = |event: &&&Event| verdict.grounding.used.contains(&event.id);
            let evidence: Vec<&Event> = group.iter().filter(used).copied().collect();
            Pattern::of(Kind::from(claim.kind), verdict.confidence, 1, &evidence, claim.content.clone())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::event;
    use crate::question::ClaimKind;

    fn claim(content: &str, sources: &[u64]) -> Claim {
        Claim { kind: ClaimKind::BestPractice, content: content.into(), confidence: 0.9, sources: sources.into() }
    }

    fn group() -> Vec<Event> {
        let said = |id, kind: &str, content: &str| Event { content: content.into(), ..event(id, 0, kind) };
        vec![
            said(1, "test_run", "parser test failed on empty input in 12 ms"),
            said(2, "file_change", "guard empty input in Parser"),
            said(3, "test_run", "parser test passed"),
            said(4, "conversation", "lunch"),
            said(5, "conversation", "coffee"),
        ]
    }

    fn grounded(content: &str, sources: &[u64]) -> Grounding {
        let events = group();
        ground(&claim(content, sources), &events.iter().collect::<Vec<_>>())
    }

    #[test]
    fn a_claim_counts_by_the_words_of_what_it_cites() {
        let full = grounded("Guard the parser against empty input", &[1, 2, 4]);
        assert!((full.score - 0.8).abs() < 1e-9, "`against` is in no source: {full:?}");
        assert_eq!(full.used, [1, 2]);
        assert!(grounded("Guard the parser", &[4]).score < 1e-9);
        assert!(grounded("", &[1]).score < 1e-9);
    }

    #[test]
    fn numbers_names_and_negations_without_a_source_halve_it() {
        assert!((grounded("parser test failed in 12 ms", &[1]).score - 1.0).abs() < 1e-9);
        let made_up = grounded("parser test failed in 13 ms", &[1]);
        assert!((made_up.score - 0.4).abs() < 1e-9);
        assert_eq!(made_up.unsupported, ["13"]);
        assert_eq!(grounded("the parser test of Ada failed", &[1]).unsupported, ["ada"]);
        assert_eq!(grounded("never guard empty input", &[2]).unsupported, ["never"]);
    }

    #[test]
    fn risk_and_discount_follow_the_grounding() {
        for (grounding, risk) in [(0.9, Risk::None), (0.7, Risk::Low), (0.5, Risk::Medium), (0.49, Risk::High)] {
            assert_eq!(Risk::of(grounding), risk);
        }
        assert!((brittle(0.8, 0.9, 5000) - 0.8).abs() < 1e-9);
        assert!((brittle(0.8, 0.8, 1000) - 0.8 * 0.7 * 0.8).abs() < 1e-9);
        assert!((brittle(0.8, 0.4, 0) - 0.24).abs() < 1e-9);
    }

    #[test]
    fn only_what_is_borne_out_is_kept_and_cites_what_it_uses() {
        let events = group();
        let group: Vec<&Event> = events.iter().collect();
        let claims = [
            claim("Guard empty input in the parser, then run the parser test", &[1, 2, 3, 4]),
            claim("Parser test failed on empty input", &[1, 2, 3]),
            claim("Rust 2024 deploys to Mars", &[1]),
        ];
        let kept = kept(&claims, &group, 0, KEEP);
        assert_eq!(kept.len(), 2, "the third is made up");
        assert_eq!((kept[0].evidence.as_slice(), kept[0].kind), (&[1, 2, 3][..], Kind::BestPractice));
        assert!(kept[0].confidence >= KEEP && kept[0].confidence <= 0.9);
    }
}
