//! Derived memories held against their evidence anew: does what they say stand in the events they cite?

use crate::row;
use memstrata_consolidation_rules::event::Event;
use memstrata_consolidation_rules::question::{Claim, ClaimKind};
use memstrata_consolidation_rules::validate::{Risk, ground};
use memstrata_sdk::{Value, json};

/// From this grounding on a memory holds up: the risk of being made up is low or none (requirements 1.10).
pub const HOLDS: f64 = 0.7;

/// Words System 1 puts around what it quotes: they are its own, no event need say them.
const FRAME: [&str; 38] = [
    "outcome",
    "learned",
    "decision",
    "seen",
    "time",
    "times",
    "test-driven",
    "change",
    "changes",
    "test",
    "run",
    "runs",
    "failed",
    "had",
    "not",
    "passed",
    "followed",
    "then",
    "error",
    "recovery",
    "more",
    "failure",
    "failures",
    "step",
    "steps",
    "ended",
    "success",
    "refactoring",
    "coordinated",
    "probably",
    "folder",
    "folders",
    "first",
    "last",
    "deployment",
    "came",
    "succeeded",
    "sessions",
];

/// What a memory of System 1 says of its own evidence, without its frame and the counts in it (`and 7 more`).
fn quoted(content: &str) -> String {
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let words: Vec<(&str, String)> = content.split_whitespace().map(|word| (word, bare(word))).collect();
    let framed = |nth: usize| words.get(nth).is_some_and(|(_, bare)| FRAME.contains(&bare.as_str()));
    let counts = |nth: usize, bare: &str| bare.parse::<usize>().is_ok() && framed(nth + 1);
    let kept = words.iter().enumerate().filter(|(nth, (_, bare))| !framed(*nth) && !counts(*nth, bare));
    kept.map(|(_, (word, _))| *word).collect::<Vec<&str>>().join(" ")
}

/// A memory held against its evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Grounded {
    /// The memory.
    pub id: u64,
    /// The share of its words that its evidence bears out, halved for every number, name or negation that it does not have.
    pub score: f64,
    /// How likely it is made up.
    pub risk: Risk,
    /// The numbers, names and negations its evidence does not have.
    pub unsupported: Vec<String>,
    /// Claimed by System 2.
    pub system2: bool,
}

/// Grounds a memory in the events it cites; `None` if it cites no event that can still be read.
///
/// What System 1 put around its quotes is left out, what System 2 claims is taken whole. Numbers up to how many events it cites count as supported: System 1 says `3 times`, and the events do not.
#[must_use]
pub fn grounded(memory: &Value, evidence: &[&Event]) -> Option<Grounded> {
    if evidence.is_empty() {
        return None;
    }
    let (content, system2) = (row::text(memory, "content"), row::texts(memory, "tags").contains(&"system-2"));
    let claim = Claim {
        kind: ClaimKind::Fact,
        content: if system2 { content.to_owned() } else { quoted(content) },
        confidence: row::number(memory, "confidence").unwrap_or(1.0),
        sources: evidence.iter().map(|event| event.id).collect(),
    };
    let found = ground(&claim, evidence);
    let is_count = |word: &String| word.parse::<usize>().is_ok_and(|count| count <= evidence.len());
    let (counts, unsupported): (Vec<String>, Vec<String>) = found.unsupported.into_iter().partition(is_count);
    let halved = i32::try_from(counts.len()).unwrap_or(i32::MAX);
    let score = (found.score * 2_f64.powi(halved)).min(1.0);
    Some(Grounded { id: row::id(memory), score, risk: Risk::of(score), unsupported, system2 })
}

impl Grounded {
    /// For a caller.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "memory": row::reference(self.id), "grounding": row::round(self.score), "risk": self.risk,
            "unsupported": self.unsupported, "system2": self.system2,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: u64, content: &str) -> Event {
        Event { id, content: content.into(), kind: "action".into(), ..Event::default() }
    }

    fn score(content: &str, events: &[Event]) -> Option<Grounded> {
        let cited: Vec<&Event> = events.iter().collect();
        grounded(&json!({"id": 5, "content": content, "tags": ["system-2"]}), &cited)
    }

    #[test]
    fn what_the_evidence_says_holds_and_what_it_does_not_say_does_not() {
        let events = [event(1, "cargo build failed with lld"), event(2, "cargo build passed")];
        let held = score("cargo build failed, passed", &events).unwrap();
        assert_eq!((held.score, held.risk, held.system2), (1.0, Risk::None, true));
        // Two of four words, and a number from nowhere.
        let made_up = score("cargo build needs 64 gigabytes", &events).unwrap();
        assert!(made_up.score < 0.5, "{made_up:?}");
        assert_eq!((made_up.risk, made_up.unsupported), (Risk::High, vec!["64".to_owned()]));
    }

    #[test]
    fn counts_of_the_evidence_are_no_claims() {
        let events = [event(1, "cargo build passed"), event(2, "cargo build passed")];
        let counted = score("cargo build passed 2", &events).unwrap();
        assert!(counted.unsupported.is_empty());
        assert_eq!(
            counted.score,
            score("cargo build passed", &events).unwrap().score * 0.75,
            "the figure itself is one of four words"
        );
        assert_eq!(score("cargo build passed 3", &events).unwrap().unsupported, ["3"]);
    }

    #[test]
    fn the_frame_of_system_1_needs_no_source_and_that_of_system_2_does() {
        let events = [event(1, "use sqlite as the store")];
        let cited: Vec<&Event> = events.iter().collect();
        let score = |tags: Value| {
            let memory =
                json!({"id": 5, "content": "Decision: use sqlite as the store. Outcome: success.", "tags": tags});
            grounded(&memory, &cited).unwrap().score
        };
        // use, sqlite, store; with System 2 also decision, outcome, success, of which the event has none.
        assert_eq!((score(json!([])), score(json!(["system-2"]))), (1.0, 0.5));
        let placed = json!({"id": 5, "content": "Decision in and 7 more: use sqlite as the store."});
        assert_eq!(grounded(&placed, &cited).unwrap().score, 1.0, "how many more files there are is its own count");
        let wrong = json!({"id": 5, "content": "Decision: use postgres as the store."});
        assert!(grounded(&wrong, &cited).unwrap().score < 0.7);
    }

    #[test]
    fn without_evidence_nothing_is_said() {
        assert_eq!(score("anything", &[]), None);
    }
}
