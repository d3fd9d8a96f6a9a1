//! What an answer must say, and `$names` in what is sent.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// What must stand at a place of an answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "toml::Value")]
pub(crate) enum Expected {
    /// A rule: what is a table in the file.
    Rule(Rule),
    /// Exactly this; texts with `$names`.
    Exactly(toml::Value),
}

impl TryFrom<toml::Value> for Expected {
    type Error = toml::de::Error;

    fn try_from(value: toml::Value) -> Result<Self, Self::Error> {
        Ok(if value.is_table() { Self::Rule(value.try_into()?) } else { Self::Exactly(value) })
    }
}

/// A rule for what stands there; all that is said of it must hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// A number of at least so much, or a list of at least so many.
    #[serde(default)]
    least: Option<f64>,
    /// A number of at most so much, or a list of at most so many.
    #[serde(default)]
    most: Option<f64>,
    /// A text, or the JSON of anything, that has this in it.
    #[serde(default)]
    contains: Option<String>,
    /// Each item of a list has this at the place named by `at`.
    #[serde(default)]
    each: Option<toml::Value>,
    #[serde(default)]
    at: String,
}

impl Expected {
    /// Whether it says anything.
    pub(crate) fn says_something(&self) -> bool {
        match self {
            Self::Exactly(_) => true,
            Self::Rule(Rule { least, most, contains, each, .. }) => {
                least.is_some() || most.is_some() || contains.is_some() || each.is_some()
            }
        }
    }

    /// Why the answer is not as expected; nothing if it is.
    pub(crate) fn fault(&self, pointer: &str, answer: &Value, names: &Names) -> Option<String> {
        let found = answer.pointer(pointer);
        let wrong = |wanted: String| {
            let found = found.map_or_else(|| "nothing".to_owned(), |found| clipped(&found.to_string()));
            Some(format!("`{pointer}` should be {wanted}, but is {found}"))
        };
        match self {
            Self::Exactly(value) => {
                let value = names.filled(&json(value));
                if found == Some(&value) { None } else { wrong(value.to_string()) }
            }
            Self::Rule(rule) => {
                let size = found.and_then(|found| found.as_f64().or_else(|| Some(found.as_array()?.len() as f64)));
                if let Some(least) = rule.least.filter(|least| size.is_none_or(|size| size < *least)) {
                    return wrong(format!("{least} or more"));
                }
                if let Some(most) = rule.most.filter(|most| size.is_none_or(|size| size > *most)) {
                    return wrong(format!("{most} or less"));
                }
                if let Some(part) = &rule.contains {
                    let part = names.text(part);
                    let has = found.is_some_and(|found| match found {
                        Value::String(text) => text.contains(&part),
                        other => other.to_string().contains(&part),
                    });
                    if !has {
                        return wrong(format!("something with {part:?}"));
                    }
                }
                if let Some(each) = &rule.each {
                    let each = names.filled(&json(each));
                    let items = found.and_then(Value::as_array);
                    let other = items.into_iter().flatten().find(|item| item.pointer(&rule.at) != Some(&each));
                    if let (Some(_), Some(other)) = (items, other) {
                        return Some(format!(
                            "each of `{pointer}` should have {each} at `{}`, but one is {}",
                            rule.at,
                            clipped(&other.to_string())
                        ));
                    } else if items.is_none() {
                        return wrong("a list".into());
                    }
                }
                None
            }
        }
    }
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}..", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// TOML as JSON.
pub(crate) fn json(value: &toml::Value) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// What steps have saved, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names(pub(crate) HashMap<String, Value>);

impl Names {
    /// A value with each `$name` replaced, in the names of fields too; a text that is only a name becomes the value itself.
    pub(crate) fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => match text.strip_prefix('$').and_then(|name| self.0.get(name)) {
                Some(known) => known.clone(),
                None => self.text(text).into(),
            },
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::Object(fields) => {
                let filled: Map<String, Value> =
                    fields.iter().map(|(name, value)| (self.text(name), self.filled(value))).collect();
                filled.into()
            }
            other => other.clone(),
        }
    }

    /// A text with each `$name` in it replaced, the longest name first.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut names: Vec<(&String, &Value)> = self.0.iter().collect();
        names.sort_by_key(|(name, _)| (std::cmp::Reverse(name.len()), (*name).clone()));
        names.into_iter().fold(text.to_owned(), |text, (name, value)| {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text.replace(&format!("${name}"), &shown)
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]
mod tests {
    use super::*;
    use serde_json::json;

    fn names() -> Names {
        Names(HashMap::from([("n".to_owned(), json!(3)), ("name".to_owned(), json!("ada"))]))
    }

    #[test]
    fn names_are_put_in_as_values_or_within_a_text() {
        let filled = names().filled(&json!({"id": "$n", "text": "$name has $n", "list": ["$name"], "$n": "$5"}));
        assert_eq!(filled, json!({"id": 3, "text": "ada has 3", "list": ["ada"], "3": "$5"}));
    }

    #[test]
    fn an_answer_that_is_not_as_expected_is_told() {
        let answer = json!({"count": 3, "who": "ada", "items": [{"k": 1}, {"k": 2}], "none": []});
        let fault = |pointer: &str, expected: &str| {
            let table: toml::Table = toml::from_str(&format!("e = {expected}")).unwrap();
            let expected: Expected = table.get("e").unwrap().clone().try_into().unwrap();
            expected.fault(pointer, &answer, &names())
        };
        for (pointer, expected) in [
            ("/count", "3"),
            ("/count", "\"$n\""),
            ("/count", "{ least = 3, most = 3 }"),
            ("/items", "{ least = 2 }"),
            ("/none", "[]"),
            ("/who", "{ contains = \"da\" }"),
            ("", "{ contains = \"$name\" }"),
        ] {
            assert_eq!(fault(pointer, expected), None, "{pointer} {expected}");
        }
        for (pointer, expected, part) in [
            ("/count", "4", "`/count` should be 4, but is 3"),
            ("/gone", "true", "but is nothing"),
            ("/items", "[]", "should be []"),
            ("/count", "{ most = 2 }", "2 or less"),
            ("/gone", "{ least = 1 }", "1 or more"),
            ("/who", "{ contains = \"eve\" }", "\"eve\""),
            ("/items", "{ each = 1, at = \"/k\" }", "but one is {\"k\":2}"),
            ("/who", "{ each = 1 }", "a list"),
        ] {
            assert!(fault(pointer, expected).unwrap().contains(part), "{pointer} {expected}");
        }
    }
}
