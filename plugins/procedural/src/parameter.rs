//! Parameters of procedures: their types, and values checked against them, every fault by the parameter's name.

use crate::words::one_line;
use memstrata_sdk::{Fault, Map, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A procedure has no more parameters than this.
pub const MOST: usize = 50;
/// A value given as text, or an item of a list, is no longer than this, in characters.
pub const MOST_VALUE: usize = 10_000;

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Text.
    #[default]
    String,
    /// A JSON number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// The path of a file: not empty, no end in a slash, no control characters. Whether it exists is not known here.
    File,
    /// The path of a directory: not empty, no control characters.
    Directory,
    /// A list of texts, numbers and booleans; filled in with `, ` between its items.
    List,
}

impl Kind {
    /// All of them, as the manifest lists them.
    pub const NAMES: [&str; 6] = ["string", "number", "boolean", "file", "directory", "list"];

    fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::File => "file",
            Self::Directory => "directory",
            Self::List => "list",
        }
    }

    /// The value as it stands in a filled template, or what is wrong with it.
    fn render(self, value: &Value) -> Result<String, String> {
        let wrong = || format!("must be a {}, not {}", self.name(), described(value));
        match (self, value) {
            (Self::String, Value::String(text)) => bounded(text),
            (Self::Number, Value::Number(number)) => Ok(number.to_string()),
            (Self::Boolean, Value::Bool(flag)) => Ok(flag.to_string()),
            (Self::File | Self::Directory, Value::String(path)) => {
                if path.trim().is_empty() || path.chars().any(char::is_control) {
                    return Err(format!(
                        "must be the path of a {}: some text, without control characters",
                        self.name()
                    ));
                }
                if self == Self::File && path.ends_with(['/', '\\']) {
                    return Err("must be the path of a file: it ends in a slash as a directory's does".into());
                }
                bounded(path)
            }
            (Self::List, Value::Array(items)) => {
                let items: Result<Vec<String>, String> = items.iter().map(scalar).collect();
                Ok(items?.join(", "))
            }
            _ => Err(wrong()),
        }
    }
}

fn bounded(text: &str) -> Result<String, String> {
    if text.chars().nth(MOST_VALUE).is_some() {
        return Err(format!("is longer than {MOST_VALUE} characters"));
    }
    Ok(text.to_owned())
}

fn scalar(item: &Value) -> Result<String, String> {
    match item {
        Value::String(text) => bounded(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        other => Err(format!("must be a list of texts, numbers and booleans; it holds {}", described(other))),
    }
}

fn described(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A parameter of a procedure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name in templates: `[A-Za-z_][A-Za-z0-9_]{0,39}`.
    pub name: String,
    /// What its values must be.
    #[serde(rename = "type", default)]
    pub kind: Kind,
    /// Whether it must be given; if this is not said, it must unless it has a default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// The value where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// True of one nobody declared: the template or a step names it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inferred: bool,
}

impl Parameter {
    /// One nobody declared: required text.
    #[must_use]
    pub fn inferred(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: Kind::String,
            required: None,
            default: None,
            description: None,
            inferred: true,
        }
    }

    /// Whether it must be given.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.required.unwrap_or(self.default.is_none())
    }
}

/// Whether a text can be a parameter's name.
#[must_use]
pub fn is_name(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Checks declared parameters: names, each once, defaults that fit.
///
/// # Errors
/// `invalid.argument` with all faults.
pub fn check(parameters: &[Parameter]) -> Result<(), Fault> {
    let mut faults = Vec::new();
    if parameters.len() > MOST {
        faults.push(format!("a procedure has at most {MOST} parameters"));
    }
    for (at, parameter) in parameters.iter().enumerate() {
        let name = &parameter.name;
        if !is_name(name) {
            faults.push(format!(
                "`{name}` is no parameter name: use letters, digits and `_`, at most 40, no digit first"
            ));
        }
        if parameters.iter().take(at).any(|earlier| earlier.name == *name) {
            faults.push(format!("parameter `{name}` is declared twice"));
        }
        if let Some(default) = &parameter.default {
            if parameter.required == Some(true) {
                faults.push(format!("parameter `{name}` is required and has a default: drop one of them"));
            }
            if let Err(wrong) = parameter.kind.render(default) {
                faults.push(format!("the default of `{name}` {wrong}"));
            }
        }
    }
    told(faults)
}

/// The values of a call, as texts to fill in. What is not given has its default, or is empty if it need not be given.
///
/// # Errors
/// `invalid.argument` that names every missing required variable, every unknown one and every one of a wrong type.
pub fn values(parameters: &[Parameter], given: &Map<String, Value>) -> Result<BTreeMap<String, String>, Fault> {
    let mut faults = Vec::new();
    let mut values = BTreeMap::new();
    for parameter in parameters {
        let name = &parameter.name;
        let value = given.get(name).or(parameter.default.as_ref());
        match value {
            None if parameter.is_required() => {
                let what =
                    parameter.description.as_deref().map(|what| format!(": {}", one_line(what))).unwrap_or_default();
                faults.push(format!("required variable `{name}` ({}{what}) is missing", parameter.kind.name()));
            }
            None => {
                values.insert(name.clone(), String::new());
            }
            Some(value) => match parameter.kind.render(value) {
                Ok(text) => {
                    values.insert(name.clone(), text);
                }
                Err(wrong) => faults.push(format!("variable `{name}` {wrong}")),
            },
        }
    }
    let known: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    for name in given.keys().filter(|name| !known.contains(&name.as_str())) {
        let shown = crate::words::clip(name, 60);
        let known =
            if known.is_empty() { "this procedure takes none".to_owned() } else { format!("use {}", known.join(", ")) };
        faults.push(format!("unknown variable `{shown}`: {known}"));
    }
    told(faults).map(|()| values)
}

fn told(faults: Vec<String>) -> Result<(), Fault> {
    if faults.is_empty() { Ok(()) } else { Err(Fault::invalid(faults.join("; "))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    fn parameters(value: Value) -> Vec<Parameter> {
        serde_json::from_value(value).unwrap()
    }

    fn given(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn every_fault_is_named() {
        let parameters = parameters(json!([
            {"name": "branch", "description": "where to"}, {"name": "tries", "type": "number"},
            {"name": "force", "type": "boolean", "default": false},
        ]));
        let fault = values(&parameters, &given(json!({"tries": "3", "colour": "red"}))).unwrap_err();
        assert_eq!(fault.code, "invalid.argument");
        for said in [
            "required variable `branch` (string: where to) is missing",
            "variable `tries` must be a number, not text",
            "unknown variable `colour`: use branch, tries, force",
        ] {
            assert!(fault.message.contains(said), "{}", fault.message);
        }
    }

    #[test]
    fn values_are_rendered_by_type_and_defaults_stand_in() {
        let parameters = parameters(json!([
            {"name": "a"}, {"name": "n", "type": "number"}, {"name": "b", "type": "boolean", "default": true},
            {"name": "l", "type": "list"}, {"name": "f", "type": "file"}, {"name": "o", "required": false},
        ]));
        let values =
            values(&parameters, &given(json!({"a": "x", "n": 2, "l": ["p", 1, false], "f": "src/a.rs"}))).unwrap();
        let shown: Vec<&str> = values.values().map(String::as_str).collect();
        assert_eq!(shown, ["x", "true", "src/a.rs", "p, 1, false", "2", ""]);
    }

    #[test]
    fn wrong_types_are_refused_whatever_the_type() {
        for (kind, bad) in [
            ("string", json!(1)),
            ("number", json!("1")),
            ("boolean", json!("true")),
            ("file", json!("src/")),
            ("file", json!(" ")),
            ("directory", json!("a\u{0}b")),
            ("list", json!("a, b")),
            ("list", json!([["a"]])),
            ("string", json!("x".repeat(MOST_VALUE + 1))),
            ("string", json!(null)),
        ] {
            let parameters = parameters(json!([{"name": "v", "type": kind}]));
            let fault = values(&parameters, &given(json!({"v": bad}))).unwrap_err();
            assert!(fault.message.contains("`v`"), "{kind}: {}", fault.message);
        }
    }

    #[test]
    fn declarations_must_make_sense() {
        let bad = parameters(json!([
            {"name": "2x"}, {"name": "a"}, {"name": "a"}, {"name": "n", "type": "number", "default": "3"},
            {"name": "r", "required": true, "default": "x"},
        ]));
        let message = check(&bad).unwrap_err().message;
        for said in ["`2x`", "`a` is declared twice", "default of `n`", "`r` is required and has a default"] {
            assert!(message.contains(said), "{message}");
        }
        assert!(check(&parameters(json!([{"name": "n", "type": "number", "default": 3}]))).is_ok());
    }
}
