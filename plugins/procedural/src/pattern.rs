//! Patterns: chains of one signature, whether they are a procedure worth keeping, and the procedure they make.

use crate::category::by_keywords;
use crate::chain::{Chain, Event};
use crate::generalize::{Names, Variable, generalize};
use crate::parameter::MOST as MOST_PARAMETERS;
use crate::procedure::{Given, contexts};
use crate::row::round;
use crate::settings::Settings;
use crate::step;
use crate::wilson::interval;
use crate::words::one_line;
use memstrata_sdk::{Map, Value, json};
use std::collections::BTreeMap;

/// A learned name has no more characters than this.
const NAME: usize = 50;
/// A learned procedure names no more contexts than this.
const CONTEXTS: usize = 5;
/// It has no more examples than this.
const EXAMPLES: usize = 3;
/// It cites no more events than this: those of its newest chains.
const MOST_SOURCES: usize = 500;
/// Its template is made of no more chains than this, the newest.
const GENERALIZED: usize = 30;

/// Chains of one signature in one namespace.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// Whose they are.
    pub namespace: String,
    /// What they have in common.
    pub signature: String,
    /// The chains, oldest first.
    pub chains: Vec<Chain>,
    /// Whether all events of such a chain went well.
    pub succeeded: bool,
    /// Successful chains of the shape ..
    pub good: u64,
    /// .. and all of them: tries of the same, however they went.
    pub tries: u64,
}

/// Groups chains by namespace and signature, the most frequent first.
///
/// Since a signature holds its outcomes, all chains of one went alike. The success rate is therefore over the *shape*, the
/// signature without outcomes: of all tries of the same sequence, the share in which all went well.
#[must_use]
pub fn patterns(chains: Vec<Chain>) -> Vec<Pattern> {
    let namespace = |chain: &Chain| chain.0.first().map(|event| event.namespace.clone()).unwrap_or_default();
    let mut shapes: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    let mut groups: BTreeMap<(String, String), Vec<Chain>> = BTreeMap::new();
    for chain in chains {
        let (good, tries) = shapes.entry((namespace(&chain), chain.shape())).or_default();
        *good += u64::from(chain.succeeded());
        *tries += 1;
        groups.entry((namespace(&chain), chain.signature())).or_default().push(chain);
    }
    let mut patterns: Vec<Pattern> = groups
        .into_iter()
        .filter_map(|((namespace, signature), mut chains)| {
            chains.sort_by_key(Chain::end);
            let first = chains.first()?;
            let (good, tries) = shapes.get(&(namespace.clone(), first.shape())).copied().unwrap_or_default();
            Some(Pattern { succeeded: first.succeeded(), namespace, signature, chains, good, tries })
        })
        .collect();
    patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.chains.len()));
    patterns
}

/// Whether a namespace is this one or below it; the empty one covers all.
#[must_use]
pub fn covers(namespace: &str, other: &str) -> bool {
    namespace.is_empty() || other.strip_prefix(namespace).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

impl Pattern {
    /// The share of tries that went well, 0 to 1.
    #[must_use]
    pub fn success_rate(&self) -> f64 {
        if self.tries == 0 { 0.0 } else { self.good as f64 / self.tries as f64 }
    }

    /// What it lacks to become a procedure; nothing if it may.
    #[must_use]
    pub fn lacks(&self, settings: &Settings) -> Vec<String> {
        let mut lacks = Vec::new();
        let occurrences = self.chains.len() as u64;
        if occurrences < settings.least_occurrences {
            lacks.push(format!("{} more occurrences", settings.least_occurrences - occurrences));
        }
        if !self.succeeded {
            lacks.push("it is a chain in which not all went well".to_owned());
        }
        if self.success_rate() <= settings.least_success {
            let (rate, wanted) = (round(self.success_rate()), settings.least_success);
            lacks.push(format!("a success rate over {wanted}: it is {rate} ({} of {} tries)", self.good, self.tries));
        }
        lacks
    }

    /// Ids of the events, of the newest chains first, at most [`MOST_SOURCES`].
    #[must_use]
    pub fn sources(&self) -> Vec<u64> {
        let newest = self.chains.iter().rev().flat_map(|chain| chain.0.iter().map(|event| event.id));
        newest.take(MOST_SOURCES).collect()
    }

    /// What later occurrences change in a learned procedure: evidence and its weight, never what it says.
    #[must_use]
    pub fn evidence(&self) -> Map<String, Value> {
        let trust = interval(self.good, self.tries).map(|interval| round(interval.low));
        let mut fields = Map::new();
        fields.insert("occurrences".into(), json!(self.chains.len()));
        fields.insert("learned_success_rate".into(), json!(round(self.success_rate())));
        fields.insert("confidence".into(), json!(trust));
        fields.insert("last_seen".into(), json!(self.chains.last().map(Chain::end)));
        fields.insert("sources".into(), json!(self.sources()));
        fields
    }

    /// The name of what the newest chain began with.
    #[must_use]
    pub fn name(&self) -> String {
        let newest = self.chains.last().and_then(|chain| chain.0.first());
        name_of(newest.map_or("", |event| event.content.as_str()))
    }

    fn events(&self) -> impl Iterator<Item = &Event> {
        self.chains.iter().flat_map(|chain| chain.0.iter())
    }

    /// The most frequent contexts of its events.
    fn contexts(&self) -> Vec<String> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for context in self.events().flat_map(|event| contexts(&event.contexts)) {
            *counts.entry(context).or_default() += 1;
        }
        let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts.into_iter().take(CONTEXTS).map(|(context, _)| context).collect()
    }

    /// What it says as a procedure: a step an event, with variables where the occurrences differ.
    #[must_use]
    pub fn procedure(&self) -> Given {
        let chains: Vec<&Chain> = self.chains.iter().rev().take(GENERALIZED).collect();
        let length = chains.first().map_or(0, |chain| chain.0.len());
        let (mut names, mut steps, mut variables) = (Names::default(), Vec::new(), Vec::<Variable>::new());
        for at in 0..length {
            let events: Vec<&Event> = chains.iter().filter_map(|chain| chain.0.get(at)).collect();
            let texts: Vec<&str> = events.iter().map(|event| event.content.as_str()).collect();
            let kind = events.first().map_or("value", |event| event.kind.as_str());
            let (mut template, mut found) = generalize(&texts, kind, &variables, &mut names);
            if variables.len() + found.len() > MOST_PARAMETERS {
                // Too much differs for a procedure: what was done last stands for the rest.
                template = texts.first().map(|text| crate::template::escape(&one_line(text))).unwrap_or_default();
                found.clear();
            }
            variables.extend(found);
            let expect = events.first().filter(|event| !event.outcome.is_empty()).map(|event| event.outcome.clone());
            steps.push(step::Step { action: if template.is_empty() { kind.to_owned() } else { template }, expect });
        }
        let examples = (0..chains.len().min(EXAMPLES)).map(|at| crate::procedure::Example {
            variables: variables.iter().map(|variable| (variable.parameter.name.clone(), variable.value(at))).collect(),
            note: chains.get(at).and_then(|chain| chain.0.first()).map(|event| format!("as in m:{}", event.id)),
        });
        let template = steps.iter().map(|step| step.action.as_str()).collect::<Vec<_>>().join("\n");
        let trigger = steps.first().map(|step| constant(&step.action)).unwrap_or_default();
        let said: Vec<&str> = self.events().flat_map(|event| [event.kind.as_str(), event.content.as_str()]).collect();
        Given {
            name: self.name(),
            category: Some(by_keywords(&said.join("\n")).unwrap_or(crate::category::FALLBACK).to_owned()),
            description: format!(
                "Learned from {} occurrences of {}.",
                self.chains.len(),
                self.signature.replace('>', ", then ")
            ),
            trigger_pattern: trigger,
            applicable_contexts: self.contexts(),
            template,
            parameters: variables.iter().map(|variable| variable.parameter.clone()).collect(),
            steps: steps.into_iter().map(step::Given::Whole).collect(),
            examples: examples.collect(),
            created_by: Some("learned".to_owned()),
            namespace: Some(self.namespace.clone()),
            sources: Vec::new(),
        }
    }

    /// The whole row of the procedure it makes.
    ///
    /// # Errors
    /// As [`Given::row`]: what was recorded may break the rules of procedures.
    pub fn row(&self, name: &str) -> Result<Map<String, Value>, memstrata_sdk::Fault> {
        let mut row = Given { name: name.to_owned(), ..self.procedure() }.new_row()?;
        row.insert("signature".into(), json!(self.signature));
        row.extend(self.evidence());
        Ok(row)
    }
}

/// The name of a chain that began with such an event: the first 50 characters of it.
#[must_use]
pub fn name_of(content: &str) -> String {
    let content: String = content.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let name: String = one_line(&content).chars().take(NAME).collect();
    let name = name.trim();
    if name.is_empty() || crate::args::parse_id(name).is_some() {
        format!("Procedure {name}").trim().to_owned()
    } else {
        name.to_owned()
    }
}

/// A step without its variables: the words that say when it is this one.
fn constant(action: &str) -> String {
    let parts = crate::template::parse("a step", action).unwrap_or_default();
    let words = parts.iter().filter_map(|part| match part {
        crate::template::Part::Text(text) => Some(text.as_str()),
        crate::template::Part::Variable(_) => None,
    });
    // `|`, `*` and `?` mean something in triggers.
    let plain: String = words.collect::<Vec<_>>().join(" ").replace(['|', '*', '?'], " ");
    one_line(&plain).chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::chains;
    use crate::chain::tests::event;

    /// Sessions of three events; those listed fail at the last.
    fn sessions(count: u64, failing: &[u64]) -> Vec<Chain> {
        let of = |n: u64| {
            let (at, session) = (n * 1000, format!("s{n}"));
            let last = if failing.contains(&n) { "failure" } else { "success" };
            [
                event(n * 10, &session, at, "action", "success", &format!("Create branch fix-{n} from main")),
                event(n * 10 + 1, &session, at + 1, "test_run", "success", "Run the test suite"),
                event(n * 10 + 2, &session, at + 2, "deployment", last, &format!("Merge branch fix-{n}")),
            ]
        };
        chains((1..=count).flat_map(of).collect(), 3_600_000, 3).0
    }

    #[test]
    fn the_success_rate_is_over_all_tries_of_the_shape() {
        let found = patterns(sessions(10, &[2, 5]));
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].chains.len(), found[0].good, found[0].tries), (8, 8, 10));
        assert_eq!(found[0].success_rate(), 0.8);
        assert!(found[0].lacks(&Settings::default()).is_empty());
        assert!(!found[1].succeeded && found[1].lacks(&Settings::default()).len() == 2);
    }

    #[test]
    fn a_namespace_covers_itself_and_what_is_below() {
        let covered = ["a", "a:b", "ab", "b:a", ""].map(|other| covers("a", other));
        assert_eq!(covered, [true, true, false, false, false]);
        assert!(covers("", "a") && covers("", ""));
    }

    #[test]
    fn thresholds_are_those_stated() {
        let settings = Settings::default();
        assert!(patterns(sessions(2, &[]))[0].lacks(&settings)[0].contains("1 more"));
        assert!(patterns(sessions(3, &[]))[0].lacks(&settings).is_empty());
        // 7 of 10 is not over 0.7.
        let lacks = patterns(sessions(10, &[1, 2, 3]))[0].lacks(&settings);
        assert!(lacks.len() == 1 && lacks[0].contains("7 of 10"), "{lacks:?}");
    }

    #[test]
    fn a_pattern_makes_a_whole_procedure_with_evidence() {
        let pattern = &patterns(sessions(4, &[]))[0];
        let row = Value::Object(pattern.row(&pattern.name()).unwrap());
        assert_eq!(row["name"], "Create branch fix-4 from main");
        assert_eq!(row["signature"], "action:success>test_run:success>deployment:success");
        assert_eq!(row["steps"][0], json!({"action": "Create branch {{branch}} from main", "expect": "success"}));
        assert_eq!(row["template"], "Create branch {{branch}} from main\nRun the test suite\nMerge branch {{branch}}");
        assert_eq!(row["examples"].as_array().unwrap().len(), 3);
        assert_eq!(row["examples"][0]["variables"], json!({"branch": "fix-4"}));
        assert_eq!(
            (&row["created_by"], &row["occurrences"], &row["learned_success_rate"]),
            (&json!("learned"), &json!(4), &json!(1.0))
        );
        assert_eq!(row["sources"].as_array().unwrap().len(), 12);
        assert_eq!(row["trigger_pattern"], "Create branch from main");
        assert_eq!(row["category"], "git");
        assert_eq!(row["confidence"], 0.51);
    }

    #[test]
    fn contexts_are_the_five_most_frequent() {
        let mut chains = sessions(3, &[]);
        for (at, event) in chains.iter_mut().flat_map(|chain| chain.0.iter_mut()).enumerate() {
            event.contexts = vec!["Rust".into(), format!("task {}", at / 2)];
        }
        let given = patterns(chains)[0].procedure();
        assert_eq!(given.applicable_contexts, ["rust", "task 0", "task 1", "task 2", "task 3"]);
    }

    #[test]
    fn odd_contents_still_make_a_procedure() {
        let mut chains = sessions(3, &[]);
        for event in chains.iter_mut().flat_map(|chain| chain.0.iter_mut()) {
            event.content = "42".into();
        }
        let pattern = &patterns(chains.clone())[0];
        assert!(pattern.row(&pattern.name()).is_ok() && pattern.name() == "Procedure 42");
        for event in chains.iter_mut().flat_map(|chain| chain.0.iter_mut()) {
            event.content = format!("\u{0} ${{{{ secrets.{} }}}}", event.id);
        }
        assert!(patterns(chains)[0].row("odd").is_ok());
    }
}
