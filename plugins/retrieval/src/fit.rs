//! Fits an answer into its token budget: the whole of it, as it is serialised.

use crate::allocate::{Priority, Share, Want, allocate};
use crate::text::{Cost, clip, excerpt, one_line, tokens};
use memstrata_sdk::{Map, Value, json};

/// A hit, ready to be shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shown {
    /// Its id.
    pub id: u64,
    /// `layer.collection`.
    pub from: String,
    /// What it says.
    pub text: String,
    /// Its short name.
    pub title: Option<String>,
    /// What sort of memory.
    pub kind: Option<String>,
    /// When, as text.
    pub when: Option<String>,
    /// How far to believe it, if not fully.
    pub trust: Option<f64>,
    /// `text #1, vector #3`.
    pub why: String,
    /// Near-identical hits that fell into this one.
    pub also: Vec<u64>,
    /// Ids of its evidence.
    pub sources: Vec<u64>,
}

/// What an answer says besides its hits.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// Hits found, after near-identical ones fell into one.
    pub found: usize,
    /// Why it is empty, and what to try.
    pub empty: Option<(&'static str, String)>,
    /// The scope searched; has `eligible`.
    pub scope: Map<String, Value>,
    /// What the search could not do.
    pub notes: Vec<String>,
    /// How sure the hits make an answer, 0 to 1 and in a word, if it was asked.
    pub confidence: Option<(f64, &'static str)>,
}

/// How much of everything is said: with a small budget the frame shrinks before the hits do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Whole,
    Compact,
    Bare,
}

impl Level {
    /// Text shorter than this would say nothing.
    fn least(self) -> usize {
        match self {
            Self::Whole => 80,
            Self::Compact => 60,
            Self::Bare => 30,
        }
    }
}

/// Text longer than this is better read by `retrieve`.
const MOST: usize = 2_000;

/// `m:42`.
#[must_use]
pub fn reference(id: u64) -> String {
    format!("m:{id}")
}

impl Shown {
    fn json(&self, level: Level, text: &str) -> Value {
        let mut hit = Map::new();
        hit.insert("id".into(), json!(self.id));
        hit.insert("ref".into(), json!(reference(self.id)));
        hit.insert("text".into(), json!(text));
        if level == Level::Bare {
            return Value::Object(hit);
        }
        if let Some(title) = self.title.as_deref().filter(|title| !title.is_empty() && level == Level::Whole) {
            hit.insert("title".into(), json!(clip(&one_line(title), 60)));
        }
        if let Some(kind) = &self.kind {
            hit.insert("kind".into(), json!(clip(kind, 30)));
        }
        if let Some(when) = &self.when {
            hit.insert("when".into(), json!(when));
        }
        if let Some(trust) = self.trust.filter(|trust| *trust < 1.0) {
            hit.insert("trust".into(), json!((trust * 100.0).round() / 100.0));
        }
        hit.insert("from".into(), json!(self.from));
        hit.insert("why".into(), json!(self.why));
        if !self.sources.is_empty() {
            let most = if level == Level::Whole { 5 } else { 2 };
            hit.insert("sources".into(), json!(self.sources.iter().take(most).collect::<Vec<_>>()));
        }
        if !self.also.is_empty() && level == Level::Whole {
            let also: Vec<String> = self.also.iter().take(5).map(|id| reference(*id)).collect();
            hit.insert("also".into(), json!(also));
        }
        Value::Object(hit)
    }
}

impl Frame {
    fn around(&self, level: Level, hits: Vec<Value>, budget: usize) -> Value {
        let omitted = self.found.saturating_sub(hits.len());
        self.with(level, hits, omitted, budget)
    }

    fn with(&self, level: Level, hits: Vec<Value>, omitted: usize, budget: usize) -> Value {
        let mut answer = Map::new();
        answer.insert("found".into(), json!(self.found));
        answer.insert("truncated".into(), json!(omitted > 0));
        answer.insert("omitted".into(), json!(omitted));
        answer.insert("empty".into(), json!(self.empty.is_some()));
        if let Some((reason, hint)) = &self.empty {
            answer.insert("reason".into(), json!(reason));
            if level != Level::Bare {
                answer.insert("hint".into(), json!(clip(hint, 160)));
            }
        }
        if let Some((confidence, level)) = self.confidence {
            answer.insert("confidence".into(), json!(confidence));
            answer.insert("confidence_level".into(), json!(level));
        }
        answer.insert("hits".into(), Value::Array(hits));
        let mut scope = self.scope.clone();
        match level {
            Level::Whole => {}
            Level::Compact => {
                scope.retain(|_, value| value != "all" && value != "now");
                for value in scope.values_mut() {
                    if let Some(count) = value.as_array().map(Vec::len).filter(|count| *count > 2) {
                        *value = json!(count);
                    }
                    if let Some(text) = value.as_str() {
                        *value = json!(clip(text, 60));
                    }
                }
            }
            Level::Bare => scope.retain(|field, _| field == "eligible"),
        }
        answer.insert("scope".into(), Value::Object(scope));
        let (notes, most) = match level {
            Level::Whole => (2, 120),
            Level::Compact => (1, 60),
            Level::Bare => (0, 0),
        };
        let notes: Vec<String> = self.notes.iter().take(notes).map(|note| clip(note, most)).collect();
        if !notes.is_empty() {
            answer.insert("notes".into(), json!(notes));
        }
        // As long as the true number can be, so that filling it in cannot break the budget.
        answer.insert("tokens".into(), json!(budget));
        Value::Object(answer)
    }
}

impl Frame {
    /// What everything but the hits costs, at most: the number of those left out is only known later.
    fn cost(&self, level: Level, budget: usize) -> Cost {
        let mut frame = self.with(level, Vec::new(), self.found, budget);
        if let Some(truncated) = frame.get_mut("truncated") {
            *truncated = json!(false);
        }
        Cost::of(&frame.to_string())
    }
}

/// The largest number in `least..=most` that fits, if `least` does. `fits` must be monotone.
fn largest(least: usize, most: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
    if !fits(least) {
        return None;
    }
    let (mut low, mut high) = (least, most.max(least));
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(middle) { low = middle } else { high = middle - 1 }
    }
    Some(low)
}

/// The answer of a summary: as many hits as the budget holds with readable text, then as much text of each as it still
/// holds. Its serialised form costs at most `budget` tokens by [`tokens`]; `budget` is at least 50.
#[must_use]
pub fn summary(frame: &Frame, hits: &[Shown], terms: &[String], budget: usize) -> Value {
    shared(frame, hits, terms, budget, None)
}

/// Tokens of text for each hit: by rank as priority, see [`crate::allocate`].
fn by_rank(texts: &[(usize, usize)], available: usize, share: Share) -> Vec<usize> {
    let of = texts.len();
    let want = |(nth, (need, least)): (usize, &(usize, usize))| Want {
        need: *need,
        least: *least,
        priority: Priority::of_rank(nth, of),
    };
    allocate(&texts.iter().enumerate().map(want).collect::<Vec<_>>(), available, share)
}

/// As [`summary`], the text of the hits shared out by a strategy; without one all get the same number of characters.
#[must_use]
pub fn shared(frame: &Frame, hits: &[Shown], terms: &[String], budget: usize, share: Option<Share>) -> Value {
    let hits: Vec<Shown> = hits.iter().map(|hit| Shown { text: one_line(&hit.text), ..hit.clone() }).collect();
    // A comma follows each hit.
    let around = |hit: &Shown, level| Cost::of(&hit.json(level, "").to_string()) + Cost::of(",");
    let text = |hit: &Shown, most| Cost::of(&Value::from(excerpt(&hit.text, terms, most)).to_string());
    let wanted = hits.len().min(3);
    let mut best = (Level::Bare, 0);
    for level in [Level::Whole, Level::Compact, Level::Bare] {
        let mut sum = frame.cost(level, budget);
        if sum.tokens() > budget {
            continue;
        }
        let fits = |hit: &&Shown| {
            sum = sum + around(hit, level) + text(hit, level.least());
            sum.tokens() <= budget
        };
        let count = hits.iter().take_while(fits).count();
        if count > best.1 || best == (Level::Bare, 0) {
            best = (level, count);
        }
        if count >= wanted {
            break;
        }
    }
    let (level, count) = best;
    let shown = hits.get(..count).unwrap_or_default();
    let around = shown.iter().fold(frame.cost(level, budget), |sum, hit| sum + around(hit, level));
    let longest = shown.iter().map(|hit| hit.text.chars().count()).max().unwrap_or_default().min(MOST);
    let fits = |most| shown.iter().fold(around, |sum, hit| sum + text(hit, most)).tokens() <= budget;
    let most = largest(level.least(), longest, fits).unwrap_or(level.least());
    let texts: Vec<String> = match share {
        None => shown.iter().map(|hit| excerpt(&hit.text, terms, most)).collect(),
        Some(share) => {
            let cost = |hit: &Shown, most| text(hit, most).tokens();
            let wants: Vec<(usize, usize)> =
                shown.iter().map(|hit| (cost(hit, MOST), cost(hit, level.least()))).collect();
            let tokens = by_rank(&wants, budget.saturating_sub(around.tokens()), share);
            let of = |(hit, tokens): (&Shown, usize)| {
                largest(2, hit.text.chars().count().min(MOST), |most| cost(hit, most) <= tokens)
                    .map(|most| excerpt(&hit.text, terms, most))
            };
            shown.iter().zip(tokens).map(of).map_while(|text| text).collect()
        }
    };
    let shown = shown.iter().zip(&texts).map(|(hit, text)| hit.json(level, text)).collect();
    let mut answer = frame.around(level, shown, budget);
    let cost = tokens(&answer.to_string());
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("tokens".into(), json!(cost));
    }
    answer
}

/// The answer of the other details: hits as they are, no budget.
#[must_use]
pub fn unbounded(frame: &Frame, hits: Vec<Value>) -> Value {
    let mut answer = frame.around(Level::Whole, hits, 0);
    let cost = tokens(&answer.to_string());
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("tokens".into(), json!(cost));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::terms;
    use proptest::prelude::*;

    fn hit(id: u64, text: &str) -> Shown {
        Shown {
            id,
            from: "semantic.memories".into(),
            text: text.into(),
            kind: Some("fact".into()),
            when: Some("2026-11-21".into()),
            why: "text #1, vector #3".into(),
            ..Shown::default()
        }
    }

    fn frame(found: usize) -> Frame {
        let scope = json!({"namespace": "user:alice", "collections": "all", "eligible": 812, "as_of": "now"});
        Frame { found, scope: scope.as_object().cloned().unwrap_or_default(), ..Frame::default() }
    }

    #[test]
    fn a_roomy_budget_shows_all() {
        let hits = [hit(1, "Ada prefers tabs."), hit(2, "Bob prefers spaces.")];
        let answer = summary(&frame(2), &hits, &terms("tabs"), 300);
        assert_eq!(answer["hits"][0]["text"], "Ada prefers tabs.");
        assert_eq!(answer["hits"][0]["ref"], "m:1");
        assert_eq!(answer["truncated"], false);
        assert_eq!(answer["empty"], false);
        assert_eq!(answer["scope"]["as_of"], "now");
        assert!(answer["tokens"].as_u64() <= Some(300));
    }

    #[test]
    fn three_hundred_tokens_hold_several_long_hits() {
        let long = "The quick brown fox jumps over the lazy dog and then explains at length why it did so. ".repeat(20);
        let hits: Vec<Shown> = (1..=10).map(|id| hit(id, &long)).collect();
        let answer = summary(&frame(10), &hits, &terms("fox"), 300);
        let shown = answer["hits"].as_array().map_or(0, Vec::len);
        assert!(shown >= 3, "{answer}");
        assert_eq!(answer["omitted"], 10 - shown);
        assert_eq!(answer["truncated"], true);
    }

    #[test]
    fn quality_gives_the_best_hit_all_its_text() {
        let long = "The quick brown fox jumps over the lazy dog and then explains why it did so. ".repeat(6);
        let hits: Vec<Shown> = (1..=5).map(|id| hit(id, &long)).collect();
        let texts = |share| {
            let answer = shared(&frame(5), &hits, &[], 400, share);
            let hits = answer["hits"].as_array().cloned().unwrap_or_default();
            hits.iter().map(|hit| hit["text"].as_str().map_or(0, str::len)).collect::<Vec<_>>()
        };
        let (even, best) = (texts(None), texts(Some(Share::Quality)));
        assert!(best[0] > 2 * even[0], "{even:?} {best:?}");
        let minimal = texts(Some(Share::Minimal));
        assert!(minimal.iter().all(|length| *length <= 84), "{minimal:?}");
    }

    #[test]
    fn the_smallest_budget_still_shows_a_hit() {
        let answer = summary(&frame(1), &[hit(7, "Ada prefers tabs over spaces in Makefiles.")], &[], 50);
        assert_eq!(answer["hits"][0]["id"], 7, "{answer}");
    }

    #[test]
    fn empty_is_explicit_at_any_budget() {
        let mut frame = frame(0);
        frame.empty = Some(("nothing matched", "try other words".into()));
        for budget in [50, 300] {
            let answer = summary(&frame, &[], &[], budget);
            assert_eq!((&answer["empty"], &answer["reason"]), (&json!(true), &json!("nothing matched")));
        }
    }

    proptest! {
        #[test]
        fn the_whole_answer_is_within_the_budget(
            texts in prop::collection::vec("\\PC{0,300}", 0..30),
            query in "\\PC{0,40}", budget in 50usize..800, namespace in "[a-z:]{0,200}",
            notes in prop::collection::vec("\\PC{0,300}", 0..4), extra in 0usize..50, share in 0usize..5,
        ) {
            let hits: Vec<Shown> = texts.iter().zip(1 << 50..).map(|(text, id)| Shown {
                title: Some(text.clone()), also: vec![id, id, id], trust: Some(0.5), ..hit(id, text)
            }).collect();
            let mut frame = frame(hits.len() + extra);
            frame.scope.insert("namespace".into(), json!(namespace));
            frame.notes = notes;
            if hits.is_empty() {
                frame.empty = Some(("nothing eligible in scope", namespace));
            }
            let shares = [None, Some(Share::Balanced), Some(Share::Speed), Some(Share::Quality), Some(Share::Minimal)];
            let answer = shared(&frame, &hits, &terms(&query), budget, shares[share]);
            let cost = tokens(&answer.to_string());
            prop_assert!(cost <= budget, "{cost} > {budget}: {answer}");
            prop_assert!(answer["tokens"].as_u64() <= Some(budget as u64));
            let shown = answer["hits"].as_array().map_or(0, Vec::len);
            prop_assert_eq!(answer["omitted"].as_u64(), Some((hits.len() + extra - shown) as u64));
        }
    }
}
