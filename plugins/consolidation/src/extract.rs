//! From groups of events to proposals: heuristics, System 2 where they are unsure, memories with evidence, marks.

use crate::event::Event;
use crate::heuristic;
use crate::memory::Memory;
use crate::pattern::{Kind, Pattern, recurring};
use crate::proposal::{Proposal, Ref, fields};
use crate::question::{parse, prompt};
use crate::session::Group;
use crate::uncertainty::{score, text_cohesion, uncertainty};
use crate::validate::kept;
use crate::words::normal;
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// The bounds of one run over a unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Above this uncertainty System 2 is asked; `None` never.
    pub ask_above: Option<f64>,
    /// Most prompts of a unit; the most uncertain groups come first.
    pub prompts: usize,
    /// Most events a prompt shows.
    pub shown: usize,
    /// Patterns of less confidence are dropped.
    pub keep: f64,
    /// Most memories of a unit, the most confident first; what is too much waits for another run.
    pub memories: usize,
    /// Tokens the model may think: it weighs in the brittleness discount.
    pub thinking_tokens: u32,
    /// Where memories go.
    pub collection: String,
}

/// What System 2 had to do with a group, or why nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum System2 {
    /// The heuristics were sure enough.
    NotNeeded,
    /// The profile never asks.
    Off,
    /// The group is too small, or too doubtful, for any claim about it to be believed enough.
    TooSmall,
    /// It was needed, but the prompts were spent on more uncertain groups.
    NoPromptsLeft,
    /// Nobody answered: no model, no grant, no time.
    NoAnswer,
    /// The answer could not be read; System 1 stands alone.
    BrokenAnswer,
    /// It answered; so many of its claims passed.
    Answered {
        /// Claims of the answer.
        claims: usize,
        /// Claims that were borne out.
        kept: usize,
    },
}

/// One group of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupReport {
    /// Its first event.
    pub first: u64,
    /// How many events.
    pub events: usize,
    /// Patterns the heuristics found.
    pub patterns: usize,
    /// How uncertain they were.
    pub uncertainty: f64,
    /// How much the texts of its events share.
    pub cohesion: f64,
    /// What System 2 did.
    pub system2: System2,
}

/// One pattern that became a memory, new or known.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stored {
    /// Of what kind.
    pub kind: Kind,
    /// Its confidence.
    pub confidence: f64,
    /// Claimed by System 2.
    pub system2: bool,
    /// The events it cites.
    pub evidence: Vec<u64>,
    /// What it says.
    pub content: String,
}

/// What a run found, for people and for the comparison of strategies.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// Events looked at.
    pub events: usize,
    /// The groups, in order of time.
    pub groups: Vec<GroupReport>,
    /// Memories proposed.
    pub created: usize,
    /// Memories that were known and cite more now.
    pub linked: usize,
    /// Patterns dropped because they, or their evidence, are not sure enough.
    pub dropped_unsure: usize,
    /// Patterns left for another run, since there were too many; their events stay unmarked.
    pub postponed: usize,
    /// Prompts sent.
    pub prompts: usize,
    /// Of these, not answered: no model, no grant, no time, no budget. System 1 stood alone there.
    pub prompts_failed: usize,
    /// Of these, answered with what could not be read. System 1 stood alone there too.
    pub prompts_broken: usize,
    /// Claims in the answers.
    pub claims: usize,
    /// Claims that were borne out.
    pub claims_kept: usize,
    /// The patterns behind `created` and `linked`.
    pub stored: Vec<Stored>,
}

/// What a strategy answers for one unit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome<R> {
    /// The steps of the patch, in order: [`Ref::New`] counts its creates.
    pub proposals: Vec<Proposal>,
    /// What happened.
    pub report: R,
}

/// Asks System 2; `None` if there is no answer.
pub type Ask<'a> = &'a mut dyn FnMut(&str) -> Option<String>;

/// Looks up the memories that say one of some texts; asked once, and only if there is something to store.
pub type Known<'a> = &'a mut dyn FnMut(&[&str]) -> Vec<Memory>;

/// What System 1 makes of a group.
struct Looked {
    patterns: Vec<Pattern>,
    uncertainty: f64,
    /// A claim about it could be believed enough to be kept.
    worth: bool,
}

struct Candidate {
    pattern: Pattern,
    system2: bool,
}

/// Looks through groups for patterns, and proposes memories for those that are sure enough. Events of the groups are
/// marked consolidated, but for those whose pattern had to wait; raw evidence is touched in no other way.
pub(crate) fn extract(
    groups: &[Group<'_>],
    known: Known<'_>,
    limits: &Limits,
    now: i64,
    ask: Ask<'_>,
) -> Outcome<Report> {
    let mut report = Report { events: groups.iter().map(Vec::len).sum(), ..Report::default() };
    let mut found: Vec<Candidate> = Vec::new();
    let looked: Vec<Looked> = groups
        .iter()
        .map(|group| {
            let patterns = heuristic::patterns(group);
            let uncertainty = uncertainty(group, patterns.len());
            // A claim is believed no more than the group's score, whatever the model says.
            Looked { patterns, uncertainty, worth: score(group) > limits.keep + 1e-9 }
        })
        .collect();
    let chosen = chosen(&looked, limits);
    for (nth, (group, Looked { patterns, uncertainty, worth })) in groups.iter().zip(looked).enumerate() {
        let (heuristics, mut claimed) = (patterns.len(), Vec::new());
        let system2 = match limits.ask_above {
            None => System2::Off,
            Some(threshold) if uncertainty <= threshold => System2::NotNeeded,
            Some(_) if !worth => System2::TooSmall,
            Some(_) if !chosen.contains(&nth) => System2::NoPromptsLeft,
            Some(_) => {
                report.prompts += 1;
                consult(group, &patterns, limits, ask, &mut claimed)
            }
        };
        match system2 {
            System2::NoAnswer => report.prompts_failed += 1,
            System2::BrokenAnswer => report.prompts_broken += 1,
            System2::Answered { claims, kept } => {
                report.claims += claims;
                report.claims_kept += kept;
            }
            _ => {}
        }
        found.extend(patterns.into_iter().map(|pattern| Candidate { pattern, system2: false }));
        found.extend(claimed.into_iter().map(|pattern| Candidate { pattern, system2: true }));
        report.groups.push(GroupReport {
            first: group.first().map_or(0, |event| event.id),
            events: group.len(),
            patterns: heuristics,
            uncertainty,
            cohesion: text_cohesion(group),
            system2,
        });
    }
    let all: BTreeMap<(i64, u64), &Event> =
        groups.iter().flatten().map(|event| ((event.timestamp, event.id), *event)).collect();
    let all: Vec<Event> = all.into_values().cloned().collect();
    found.extend(recurring(&all).into_iter().map(|pattern| Candidate { pattern, system2: false }));

    let mut proposals = Vec::new();
    let mut sure = sure(found, limits, &mut report);
    let surplus = sure.split_off(limits.memories.min(sure.len()));
    report.postponed = surplus.len();
    let told: Vec<&str> = sure.iter().map(|candidate| candidate.pattern.content.as_str()).collect();
    let known = if told.is_empty() { Vec::new() } else { known(&told) };
    // The lowest id of those that say the same, whatever order they came in.
    let mut standing: BTreeMap<(String, String), &Memory> = BTreeMap::new();
    for memory in known.iter().filter(|memory| memory.is_current(now)) {
        let kept = standing.entry((memory.namespace.clone(), normal(&memory.content))).or_insert(memory);
        if memory.id < kept.id {
            *kept = memory;
        }
    }
    sure.sort_by_key(|candidate| candidate.pattern.evidence.first().copied());
    for candidate in sure {
        let said = (candidate.pattern.namespace.clone(), normal(&candidate.pattern.content));
        let proposal = match standing.get(&said) {
            Some(memory) => link(&candidate.pattern, memory),
            None => Some(create(&candidate, limits)),
        };
        match &proposal {
            Some(Proposal::Create { .. }) => report.created += 1,
            Some(_) => report.linked += 1,
            None => {}
        }
        proposals.extend(proposal);
        let Candidate { pattern, system2 } = candidate;
        let (kind, confidence) = (pattern.kind, pattern.confidence);
        report.stored.push(Stored { kind, confidence, system2, evidence: pattern.evidence, content: pattern.content });
    }
    let cited: BTreeSet<u64> = report.stored.iter().flat_map(|stored| &stored.evidence).copied().collect();
    let waiting: BTreeSet<u64> = surplus.iter().flat_map(|one| &one.pattern.evidence).copied().collect();
    let done = |id: &u64| cited.contains(id) || !waiting.contains(id);
    let marked: BTreeSet<u64> = all.iter().map(|event| event.id).filter(done).collect();
    if !marked.is_empty() {
        proposals.push(Proposal::Mark {
            ids: marked.into_iter().collect(),
            fields: fields([("consolidation_status", json!("consolidated")), ("consolidated_at", json!(now.max(0)))]),
        });
    }
    Outcome { proposals, report }
}

/// The groups System 2 may be asked about: the most uncertain, as far as the prompts reach.
fn chosen(looked: &[Looked], limits: &Limits) -> BTreeSet<usize> {
    let Some(threshold) = limits.ask_above else { return BTreeSet::new() };
    let mut unsure: Vec<(f64, usize)> = looked
        .iter()
        .enumerate()
        .filter(|(_, looked)| looked.worth && looked.uncertainty > threshold)
        .map(|(nth, looked)| (looked.uncertainty, nth))
        .collect();
    unsure.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    unsure.into_iter().take(limits.prompts).map(|(_, nth)| nth).collect()
}

fn consult(group: &[&Event], found: &[Pattern], limits: &Limits, ask: Ask<'_>, claimed: &mut Vec<Pattern>) -> System2 {
    let asked = prompt(group, found, limits.shown);
    let Some(answer) = ask(&asked.text) else { return System2::NoAnswer };
    let Some(claims) = parse(&answer, &asked.shown) else { return System2::BrokenAnswer };
    *claimed = kept(&claims, group, limits.thinking_tokens, limits.keep);
    System2::Answered { claims: claims.len(), kept: claimed.len() }
}

/// What says the same is one, nothing is believed more than its evidence, and what is not sure enough goes. The most
/// confident come first.
fn sure(found: Vec<Candidate>, limits: &Limits, report: &mut Report) -> Vec<Candidate> {
    let mut distinct: BTreeMap<(String, String), Candidate> = BTreeMap::new();
    for candidate in found {
        let said = (candidate.pattern.namespace.clone(), normal(&candidate.pattern.content));
        match distinct.get_mut(&said) {
            Some(same) => join(same, candidate),
            None => {
                distinct.insert(said, candidate);
            }
        }
    }
    let mut sure: Vec<Candidate> = distinct.into_values().collect();
    for candidate in &mut sure {
        candidate.pattern.confidence = candidate.pattern.confidence.min(candidate.pattern.trust);
    }
    let all = sure.len();
    sure.retain(|candidate| candidate.pattern.confidence >= limits.keep);
    report.dropped_unsure = all - sure.len();
    // Sorting is stable, and they come in the order of what they say.
    sure.sort_by(|a, b| b.pattern.confidence.total_cmp(&a.pattern.confidence));
    sure
}

fn join(into: &mut Candidate, other: Candidate) {
    let (one, two) = (&mut into.pattern, other.pattern);
    let evidence: BTreeSet<u64> = one.evidence.iter().chain(&two.evidence).copied().collect();
    one.evidence = evidence.into_iter().take(crate::pattern::MOST_EVIDENCE).collect();
    one.confidence = one.confidence.max(two.confidence);
    one.trust = one.trust.min(two.trust);
    one.times += two.times;
    // A heuristic that finds it too makes it System 1's.
    into.system2 &= other.system2;
}

fn create(candidate: &Candidate, limits: &Limits) -> Proposal {
    let pattern = &candidate.pattern;
    // Cut, not rounded: the tag must not claim more than the evidence bears.
    let hundredths = (pattern.confidence * 100.0 + 1e-9).floor() / 100.0;
    let mut tags =
        vec!["consolidation".to_owned(), format!("confidence:{hundredths:.2}"), pattern.kind.name().to_owned()];
    if candidate.system2 {
        tags.push("system-2".to_owned());
    }
    let namespace = (!pattern.namespace.is_empty()).then_some(&pattern.namespace);
    let row = fields([
        ("content", json!(pattern.content)),
        ("memory_type", json!(pattern.kind.memory_type())),
        ("tags", json!(tags)),
        ("topic", json!(pattern.topic)),
        ("confidence", json!(pattern.confidence)),
        ("consolidation_state", json!("consolidated")),
        ("namespace", json!(namespace)),
    ]);
    let finder = if candidate.system2 { "System 2 found" } else { "Found" };
    let times = if pattern.times > 1 { format!(", {} times", pattern.times) } else { String::new() };
    let events = crate::pattern::count(pattern.evidence.len(), "event");
    Proposal::Create {
        collection: limits.collection.clone(),
        row,
        evidence: pattern.evidence.clone(),
        reason: format!("{finder} a pattern of kind {} in {events}{times}.", pattern.kind.name()),
    }
}

/// What is known already cites the new evidence too. `None` if it cites all of it.
fn link(pattern: &Pattern, memory: &Memory) -> Option<Proposal> {
    let fresh: Vec<u64> = pattern.evidence.iter().copied().filter(|id| !memory.sources.contains(id)).collect();
    (!fresh.is_empty()).then(|| Proposal::Link {
        from: Ref::Row(memory.id),
        to: fresh.clone(),
        relation: "evidence".to_owned(),
        reason: format!("It was found again in {}.", crate::pattern::count(fresh.len(), "more event")),
        evidence: fresh,
    })
}
