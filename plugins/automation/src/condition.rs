//! Conditions of rules and hooks: comparisons on the data of an event, joined by all, any and not.

use memstrata_sdk::{Fault, Value};
use std::cmp::Ordering;

/// Comparisons in one condition.
const MOST: usize = 100;
/// Bytes of one condition as JSON.
const MOST_BYTES: usize = 4_200;
/// Nesting of one condition.
const DEEPEST: usize = 12;
/// What compares.
pub const OPERATORS: [&str; 10] = ["=", "!=", "<", "<=", ">", ">=", "in", "contains", "matches", "exists"];

/// A condition that was read and checked.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// All hold; an empty list holds.
    All(Vec<Condition>),
    /// One holds; an empty list does not.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// The value at a path compared with a value.
    Compare {
        /// Keys joined by dots, numbers for places in lists: `result.files.0`.
        path: String,
        /// One of [`OPERATORS`].
        operator: &'static str,
        /// What it is compared with.
        value: Value,
    },
}

/// The operator of a name; `==` is `=`.
#[must_use]
pub fn operator(name: &str) -> Option<&'static str> {
    let name = if name == "==" { "=" } else { name };
    OPERATORS.into_iter().find(|known| *known == name)
}

/// The value at a path.
#[must_use]
pub fn at<'a>(data: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(data, |value, key| match value {
        Value::Object(map) => map.get(key),
        Value::Array(items) => key.parse::<usize>().ok().and_then(|place| items.get(place)),
        _ => None,
    })
}

impl Condition {
    /// Reads what a caller gave: nothing and null hold always; a text is an [`crate::expression`]; a list is `[path, operator, value]`;
    /// an object is `{"all": [..]}`, `{"any": [..]}`, `{"not": ..}`, or values that must be equal, by path.
    ///
    /// # Errors
    /// `invalid.condition` that says what is wrong.
    pub fn read(given: &Value) -> Result<Self, Fault> {
        let bytes = given.to_string().len();
        if bytes > MOST_BYTES {
            return Err(bad(&format!("{bytes} bytes; {MOST_BYTES} at most")));
        }
        let condition = Self::parse(given, 0)?;
        match condition.size() {
            size if size > MOST => Err(bad(&format!("{size} comparisons; {MOST} at most"))),
            _ => Ok(condition),
        }
    }

    fn parse(given: &Value, depth: usize) -> Result<Self, Fault> {
        if depth > DEEPEST {
            return Err(bad(&format!("it nests more than {DEEPEST} deep")));
        }
        let each = |items: &Value| match items {
            Value::Array(items) => items.iter().map(|item| Self::parse(item, depth + 1)).collect(),
            _ => Err(bad("`all` and `any` take a list of conditions")),
        };
        match given {
            Value::Null => Ok(Self::All(vec![])),
            Value::String(text) if text.trim().is_empty() => Ok(Self::All(vec![])),
            Value::String(text) => crate::expression::read(text),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(path), Value::String(name)] if name == "exists" => {
                    Self::compare(path, name, Value::Bool(true))
                }
                [Value::String(path), Value::String(name), value] => Self::compare(path, name, value.clone()),
                _ => Err(bad("a comparison is [path, operator, value]")),
            },
            Value::Object(map) => match map.iter().next() {
                Some((key, items)) if map.len() == 1 && key == "all" => Ok(Self::All(each(items)?)),
                Some((key, items)) if map.len() == 1 && key == "any" => Ok(Self::Any(each(items)?)),
                Some((key, inner)) if map.len() == 1 && key == "not" => {
                    Ok(Self::Not(Box::new(Self::parse(inner, depth + 1)?)))
                }
                _ => Ok(Self::All(
                    map.iter()
                        .map(|(path, value)| Self::compare(path, "=", value.clone()))
                        .collect::<Result<_, _>>()?,
                )),
            },
            Value::Bool(_) | Value::Number(_) => Err(bad("it is a text, a list or an object")),
        }
    }

    /// A comparison.
    ///
    /// # Errors
    /// `invalid.condition` for an unknown operator, an empty path, or a value that does not go with the operator.
    pub fn compare(path: &str, name: &str, value: Value) -> Result<Self, Fault> {
        let operator = operator(name).ok_or_else(|| {
            bad(&format!("`{}` is none of {}", memstrata_sdk::row::clip(name, 20), OPERATORS.join(" ")))
        })?;
        if path.is_empty() || path.split('.').any(str::is_empty) {
            return Err(bad("a path is keys joined by dots"));
        }
        let fits = match operator {
            "in" => value.is_array(),
            "matches" => value.is_string(),
            "exists" => value.is_boolean(),
            "<" | "<=" | ">" | ">=" => value.is_number() || value.is_string(),
            _ => true,
        };
        if !fits {
            return Err(bad(&format!(
                "`{operator}` does not go with {}",
                memstrata_sdk::row::clip(&value.to_string(), 40)
            )));
        }
        Ok(Self::Compare { path: path.to_owned(), operator, value })
    }

    fn size(&self) -> usize {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::size).sum(),
            Self::Not(inner) => inner.size(),
            Self::Compare { .. } => 1,
        }
    }

    /// Whether it holds for this data. What is missing is equal to null and to nothing else.
    #[must_use]
    pub fn holds(&self, data: &Value) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(data)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(data)),
            Self::Not(inner) => !inner.holds(data),
            Self::Compare { path, operator, value } => compare(at(data, path), operator, value),
        }
    }
}

fn bad(reason: &str) -> Fault {
    Fault::new("invalid.condition", format!("the condition cannot be read: {reason}"))
}

fn equal(found: &Value, value: &Value) -> bool {
    match (found.as_f64(), value.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => found == value,
    }
}

fn order(found: &Value, value: &Value) -> Option<Ordering> {
    match (found, value) {
        (Value::Number(a), Value::Number(b)) => a.as_f64()?.partial_cmp(&b.as_f64()?),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

fn compare(found: Option<&Value>, operator: &str, value: &Value) -> bool {
    let found = found.unwrap_or(&Value::Null);
    match operator {
        "=" => equal(found, value),
        "!=" => !equal(found, value),
        "<" => order(found, value) == Some(Ordering::Less),
        ">" => order(found, value) == Some(Ordering::Greater),
        "<=" => order(found, value).is_some_and(Ordering::is_le),
        ">=" => order(found, value).is_some_and(Ordering::is_ge),
        "in" => value.as_array().is_some_and(|items| items.iter().any(|item| equal(found, item))),
        "contains" => match (found, value) {
            (Value::String(text), Value::String(part)) => text.to_lowercase().contains(&part.to_lowercase()),
            (Value::Array(items), value) => items.iter().any(|item| equal(item, value)),
            (Value::Object(map), Value::String(key)) => map.contains_key(key),
            _ => false,
        },
        "matches" => match (found, value) {
            (Value::String(text), Value::String(pattern)) => matches(text, pattern),
            _ => false,
        },
        "exists" => found.is_null() != (*value == Value::Bool(true)),
        _ => false,
    }
}

/// Whether a text fits a pattern in which `*` stands for any letters and `?` for one; case is ignored.
///
/// Two places are remembered, that of the last `*` and of the text it has taken: linear space, and no blow-up with many `*`.
fn matches(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let pattern: Vec<char> = pattern.chars().flat_map(char::to_lowercase).collect();
    let (mut t, mut p, mut star) = (0, 0, None);
    while let Some(c) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(known) if *known == '?' || known == c => {
                t += 1;
                p += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    t = taken + 1;
                    p = at + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;
    use proptest::prelude::*;

    fn holds(condition: Value) -> bool {
        let data = json!({"code": 1, "name": "cargo test", "ok": false, "files": ["a.rs", "b.rs"], "result": {"n": 2.5}, "none": null});
        Condition::read(&condition).unwrap().holds(&data)
    }

    #[test]
    fn each_operator_compares() {
        for (condition, expected) in [
            (json!(["code", "=", 1.0]), true),
            (json!(["code", "==", 2]), false),
            (json!(["code", "!=", 0]), true),
            (json!(["result.n", ">", 2]), true),
            (json!(["result.n", "<=", 2]), false),
            (json!(["name", "<", "d"]), true),
            (json!(["name", "<", 5]), false),
            (json!(["code", "in", [0, 1]]), true),
            (json!(["name", "contains", "TEST"]), true),
            (json!(["files", "contains", "b.rs"]), true),
            (json!(["result", "contains", "n"]), true),
            (json!(["name", "matches", "cargo*"]), true),
            (json!(["name", "matches", "cargo"]), false),
            (json!(["files.1", "=", "b.rs"]), true),
            (json!(["missing", "=", null]), true),
            (json!(["none", "exists", true]), false),
            (json!(["code", "exists"]), true),
            (json!(["code", "exists", false]), false),
            (json!(["missing", "!=", 0]), true),
        ] {
            assert_eq!(holds(condition.clone()), expected, "{condition}");
        }
    }

    #[test]
    fn conditions_join() {
        assert!(holds(json!(null)));
        assert!(holds(json!("")));
        assert!(holds(json!({"code": 1, "ok": false})));
        assert!(!holds(json!({"code": 1, "ok": true})));
        assert!(holds(json!({"any": [["code", "=", 9], {"not": ["ok", "=", true]}]})));
        assert!(!holds(json!({"any": []})));
        assert!(holds(json!({"all": []})));
        assert!(holds(json!("code = 1 and not ok")));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let mut deep = json!(["a", "=", 1]);
        for _ in 0..20 {
            deep = json!({ "not": deep });
        }
        for bad in [
            json!(5),
            json!(["a"]),
            json!(["a", "~", 1]),
            json!(["", "=", 1]),
            json!(["a..b", "=", 1]),
            json!({"all": 1}),
            json!(["a", "in", 1]),
            json!(["a", "<", null]),
            deep,
            json!({"all": vec![json!(["a", "=", 1]); 101]}),
            json!(["a", "=", "x".repeat(4_200)]),
        ] {
            assert_eq!(Condition::read(&bad).unwrap_err().code, "invalid.condition", "{bad}");
        }
    }

    #[test]
    fn patterns_match_whole_texts() {
        for (text, pattern, expected) in [
            ("", "", true),
            ("", "*", true),
            ("abc", "a?c", true),
            ("abc", "a?", false),
            ("src/Lexer.rs", "*lexer*", true),
            ("aXbXc", "a*b*c", true),
            ("aXbXd", "a*b*c", false),
            ("a*", "a**", true),
        ] {
            assert_eq!(matches(text, pattern), expected, "{text} {pattern}");
        }
    }

    proptest! {
        #[test]
        fn many_stars_end(text in "a{0,60}", pattern in "(a\\*){0,20}b") {
            prop_assert!(!matches(&text, &pattern));
        }
    }
}
