//! A template from several texts of one kind: the words all have in the same order stay, what differs becomes variables.
//!
//! This is how log templates are found (P. He, J. Zhu, Z. Zheng, M. R. Lyu, "Drain: an online log parsing approach with fixed depth
//! tree", ICWS 2017), with the longest common subsequence (R. A. Wagner, M. J. Fischer, JACM 21, 1974) in place of equal
//! length, as in Spell (M. Du, F. Li, ICDM 2016).

use crate::parameter::{Kind, Parameter, is_name};
use crate::template::escape;
use crate::words::{clip, is_stop};
use memstrata_sdk::{Value, json};

/// Of each text, so many words are looked at.
const MOST_WORDS: usize = 80;
/// A value has no more characters than this.
const MOST_VALUE: usize = 300;
/// With a smaller share of words in common the texts have no common form: the whole text is the variable.
const LEAST_COMMON: f64 = 1.0 / 3.0;

/// A variable and what it was in each text.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// What it is called, and its type.
    pub parameter: Parameter,
    /// Its value in each text, in order.
    pub values: Vec<String>,
}

impl Variable {
    /// Its value in one text, as its type wants it.
    #[must_use]
    pub fn value(&self, text: usize) -> Value {
        let value = self.values.get(text).map_or("", String::as_str);
        match self.parameter.kind {
            Kind::Number => value.parse::<serde_json::Number>().map_or_else(|_| json!(value), Value::Number),
            _ => json!(value),
        }
    }
}

/// Names of variables, each given once.
#[derive(Debug, Default)]
pub struct Names(Vec<String>);

impl Names {
    /// This name, or with a number behind it if it is taken.
    fn take(&mut self, wanted: &str) -> String {
        let free = |name: &String| !self.0.contains(name);
        let name = if free(&wanted.to_owned()) {
            wanted.to_owned()
        } else {
            (2..).map(|number: u32| format!("{wanted}_{number}")).find(free).unwrap_or_default()
        };
        self.0.push(name.clone());
        name
    }
}

fn split(text: &str) -> Vec<&str> {
    text.split_whitespace().take(MOST_WORDS).collect()
}

/// The longest common subsequence of two lists of words.
fn common<'a>(a: &[&'a str], b: &[&str]) -> Vec<&'a str> {
    let width = b.len() + 1;
    let mut lengths = vec![0_u16; (a.len() + 1) * width];
    let at = |lengths: &[u16], i: usize, j: usize| lengths.get(i * width + j).copied().unwrap_or_default();
    for (i, one) in a.iter().enumerate().rev() {
        for (j, other) in b.iter().enumerate().rev() {
            let best = if one == other {
                at(&lengths, i + 1, j + 1) + 1
            } else {
                at(&lengths, i + 1, j).max(at(&lengths, i, j + 1))
            };
            if let Some(slot) = lengths.get_mut(i * width + j) {
                *slot = best;
            }
        }
    }
    let (mut i, mut j, mut shared) = (0, 0, Vec::new());
    while let (Some(one), Some(other)) = (a.get(i), b.get(j)) {
        if one == other {
            shared.push(*one);
            i += 1;
            j += 1;
        } else if at(&lengths, i + 1, j) >= at(&lengths, i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    shared
}

/// What stands in a text before, between and behind the common words.
fn gaps(words: &[&str], common: &[&str]) -> Vec<String> {
    let (mut gaps, mut gap, mut next) = (Vec::new(), Vec::new(), common.iter());
    let mut wanted = next.next();
    for word in words {
        if wanted == Some(word) {
            gaps.push(clip(&gap.join(" "), MOST_VALUE));
            gap.clear();
            wanted = next.next();
        } else {
            gap.push(*word);
        }
    }
    gaps.push(clip(&gap.join(" "), MOST_VALUE));
    gaps
}

fn is_path(value: &str) -> bool {
    let extension = value.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty() && (1..=5).contains(&extension.len()) && extension.chars().all(|c| c.is_ascii_alphabetic())
    });
    !value.contains(' ') && !value.contains("://") && !value.ends_with('/') && extension
}

fn variable(names: &mut Names, before: Option<&str>, fallback: &str, values: Vec<String>) -> Variable {
    let some: Vec<&String> = values.iter().filter(|value| !value.is_empty()).collect();
    let always = some.len() == values.len();
    let kind = if always && some.iter().all(|value| value.parse::<serde_json::Number>().is_ok()) {
        Kind::Number
    } else if always && some.iter().all(|value| is_path(value)) {
        Kind::File
    } else {
        Kind::String
    };
    let before = before.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase().replace('-', "_"));
    let wanted = match (before.filter(|word| word.len() > 2 && is_name(word) && !is_stop(word)), kind) {
        (Some(word), _) => word,
        (None, Kind::Number) => "number".to_owned(),
        (None, Kind::File) => "file".to_owned(),
        (None, _) => fallback.to_owned(),
    };
    let mut parameter = Parameter::inferred(&names.take(&wanted));
    parameter.inferred = false;
    parameter.kind = kind;
    if !always {
        parameter.default = Some(json!(""));
    }
    Variable { parameter, values }
}

/// The template of texts and the variables that are new in it. `fallback` names a variable where no word before it does. A place
/// that has the values of a variable of `known` in every text, at least two different ones, is that variable again.
#[must_use]
pub fn generalize(texts: &[&str], fallback: &str, known: &[Variable], names: &mut Names) -> (String, Vec<Variable>) {
    let words: Vec<Vec<&str>> = texts.iter().map(|text| split(text)).collect();
    let mut shared = words.first().cloned().unwrap_or_default();
    for words in words.iter().skip(1) {
        shared = common(&shared, words);
    }
    let mean = words.iter().map(Vec::len).sum::<usize>() as f64 / words.len().max(1) as f64;
    if (shared.len() as f64) < mean * LEAST_COMMON {
        shared.clear();
    }
    let gaps: Vec<Vec<String>> = words.iter().map(|words| gaps(words, &shared)).collect();
    let (mut template, mut variables) = (Vec::new(), Vec::<Variable>::new());
    for slot in 0..=shared.len() {
        let values: Vec<String> = gaps.iter().map(|gaps| gaps.get(slot).cloned().unwrap_or_default()).collect();
        if values.iter().any(|value| !value.is_empty()) {
            let differ = values.windows(2).any(|pair| pair.first() != pair.last());
            let again = known.iter().chain(&variables).find(|known| differ && known.values == values);
            let name = match again {
                Some(again) => again.parameter.name.clone(),
                None => {
                    let before = slot.checked_sub(1).and_then(|at| shared.get(at)).copied();
                    let variable = variable(names, before, fallback, values);
                    let name = variable.parameter.name.clone();
                    variables.push(variable);
                    name
                }
            };
            template.push(format!("{{{{{name}}}}}"));
        }
        template.extend(shared.get(slot).map(|word| escape(word)));
    }
    (template.join(" "), variables)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn of(texts: &[&str]) -> (String, Vec<Variable>) {
        generalize(texts, "value", &[], &mut Names::default())
    }

    #[test]
    fn what_differs_becomes_variables_named_by_the_word_before() {
        let (template, variables) =
            of(&["Create branch fix-1 from main", "Create branch feature/x from main", "Create branch b from main"]);
        assert_eq!(template, "Create branch {{branch}} from main");
        assert_eq!(variables[0].values, ["fix-1", "feature/x", "b"]);
    }

    #[test]
    fn types_are_those_all_values_have() {
        let (template, variables) = of(&["Edit src/a.rs line 3 now", "Edit src/lib.rs line 40 now"]);
        assert_eq!(template, "Edit {{edit}} line {{line}} now");
        assert_eq!((variables[0].parameter.kind, variables[1].parameter.kind), (Kind::File, Kind::Number));
        assert_eq!(variables[1].value(1), json!(40));
    }

    #[test]
    fn what_is_not_always_there_need_not_be_given() {
        let (template, variables) = of(&["Run the tests", "Run the slow tests"]);
        assert_eq!(template, "Run the {{value}} tests");
        assert!(!variables[0].parameter.is_required());
    }

    #[test]
    fn texts_without_a_common_form_are_one_variable() {
        let (template, variables) =
            generalize(&["fixed the login page", "rewrote everything in Rust"], "action", &[], &mut Names::default());
        assert_eq!(template, "{{action}}");
        assert_eq!(variables[0].values[0], "fixed the login page");
    }

    #[test]
    fn a_value_that_comes_again_is_the_variable_it_was() {
        let mut names = Names::default();
        let (_, first) = generalize(&["Create branch a", "Create branch b"], "x", &[], &mut names);
        let again = generalize(&["Merge b1 of a into main", "Merge b2 of b into main"], "x", &first, &mut names);
        assert_eq!(again.0, "Merge {{merge}} of {{branch}} into main");
        assert_eq!(again.1.len(), 1);
    }

    #[test]
    fn equal_texts_have_no_variables_and_names_are_given_once() {
        assert_eq!(of(&["git status", "git status"]), ("git status".to_owned(), vec![]));
        let mut names = Names::default();
        assert_eq!((names.take("a"), names.take("a"), names.take("a")), ("a".into(), "a_2".into(), "a_3".into()));
    }

    proptest! {
        #[test]
        fn the_template_filled_with_a_texts_values_is_the_text(texts in prop::collection::vec("[ab{}\\\\]{1,3}( [abc]{1,2}){0,6}", 1..5)) {
            let given: Vec<&str> = texts.iter().map(String::as_str).collect();
            let (template, variables) = of(&given);
            for (at, text) in texts.iter().enumerate() {
                let values: BTreeMap<String, String> =
                    variables.iter().map(|variable| (variable.parameter.name.clone(), variable.values[at].clone())).collect();
                let filled = template::fill(&template::parse("t", &template).unwrap(), &values).unwrap();
                prop_assert_eq!(crate::words::one_line(&filled), crate::words::one_line(text));
            }
        }
    }
}
