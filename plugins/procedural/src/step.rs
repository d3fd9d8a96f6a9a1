//! Steps: what is done one after another, each with what to see afterwards. Both may hold `{{variables}}`.

use crate::template::{self, Part};
use crate::words::one_line;
use memstrata_sdk::{Fault, Map, Value, json};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A procedure has no more steps than this.
pub const MOST: usize = 100;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What to do.
    pub action: String,
    /// What is seen when it has worked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<String>,
}

/// A step as callers give it: a text, or a text with what to expect.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Given {
    /// What to do.
    Text(String),
    /// The whole step.
    Whole(Step),
}

/// Steps as they are kept: trimmed, none empty.
///
/// # Errors
/// `invalid.argument` names the step that says nothing.
pub fn clean(given: &[Given]) -> Result<Vec<Step>, Fault> {
    if given.len() > MOST {
        return Err(Fault::invalid(format!("a procedure has at most {MOST} steps: split it")));
    }
    (1..)
        .zip(given)
        .map(|(number, given)| {
            let (action, expect) = match given {
                Given::Text(action) => (action, None),
                Given::Whole(step) => (&step.action, step.expect.as_deref()),
            };
            let action = action.trim();
            if action.is_empty() {
                return Err(Fault::invalid(format!("step {number} is empty: say what to do")));
            }
            let expect = expect.map(str::trim).filter(|expect| !expect.is_empty());
            Ok(Step { action: action.to_owned(), expect: expect.map(str::to_owned) })
        })
        .collect()
}

/// The steps of a row; none if it has none.
#[must_use]
pub fn of_row(row: &Value) -> Vec<Step> {
    let given: Option<Vec<Given>> = row.get("steps").and_then(|steps| Vec::deserialize(steps).ok());
    // What another component wrote is held to the same rules; what breaks them is no step.
    given.and_then(|given| clean(&given).ok()).unwrap_or_default()
}

/// The parts of a step's two texts.
///
/// # Errors
/// As [`template::parse`].
pub fn parts(number: usize, step: &Step) -> Result<(Vec<Part>, Vec<Part>), Fault> {
    let what = format!("step {number}");
    Ok((template::parse(&what, &step.action)?, template::parse(&what, step.expect.as_deref().unwrap_or_default())?))
}

/// The steps with values filled in, numbered from 1.
///
/// # Errors
/// As [`template::parse`] and [`template::fill`].
pub fn filled(steps: &[Step], values: &BTreeMap<String, String>) -> Result<Vec<Value>, Fault> {
    let mut shown = Vec::with_capacity(steps.len());
    let mut bytes = 0;
    for (number, step) in (1..).zip(steps) {
        let (action, expect) = parts(number, step)?;
        let (action, expect) = (template::fill(&action, values)?, template::fill(&expect, values)?);
        bytes += action.len() + expect.len();
        if bytes > template::MOST_FILLED {
            return Err(Fault::invalid(format!(
                "filled in, the steps are over {} bytes: give shorter values",
                template::MOST_FILLED
            )));
        }
        let mut one = Map::new();
        one.insert("step".into(), json!(number));
        one.insert("action".into(), json!(action));
        if !expect.is_empty() {
            one.insert("expect".into(), json!(expect));
        }
        shown.push(Value::Object(one));
    }
    Ok(shown)
}

/// One line for searches and lists.
#[must_use]
pub fn line(step: &Step) -> String {
    one_line(&step.action)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(value: Value) -> Result<Vec<Step>, Fault> {
        clean(&Vec::<Given>::deserialize(&value).unwrap())
    }

    #[test]
    fn texts_and_whole_steps_mix() {
        let steps = steps(json!([" build ", {"action": "test {{what}}", "expect": " green "}])).unwrap();
        assert_eq!(steps[0], Step { action: "build".into(), expect: None });
        assert_eq!(steps[1].expect.as_deref(), Some("green"));
        let values = BTreeMap::from([("what".to_owned(), "all".to_owned())]);
        assert_eq!(
            json!(filled(&steps, &values).unwrap()),
            json!([{"step": 1, "action": "build"}, {"step": 2, "action": "test all", "expect": "green"}])
        );
    }

    #[test]
    fn an_empty_step_is_named() {
        assert!(steps(json!(["a", " "])).unwrap_err().message.contains("step 2"));
        assert!(steps(json!(vec!["a"; MOST + 1])).is_err());
    }

    #[test]
    fn rows_read_back_and_odd_ones_have_no_steps() {
        assert_eq!(of_row(&json!({"steps": [{"action": "a"}]})).len(), 1);
        assert!(of_row(&json!({"steps": "a"})).is_empty() && of_row(&json!({})).is_empty());
    }
}
