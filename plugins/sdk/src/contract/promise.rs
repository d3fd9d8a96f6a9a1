//! What a manifest promises its callers: parameters with their defaults, and settings with theirs.

use super::{at, entries, words};
use crate::{Map, Value};

/// Says which of these parameters an operation does not take as promised; empty when all are there.
///
/// Each entry is an operation and an object of its parameters. A parameter's value is its default; null says that it has
/// none and may be left out; `"*"` that it must be given. A parameter that must be given and is not named is a lack too:
/// whoever sends only what is named here would be refused.
///
/// ```
/// # use memstrata_sdk::{contract, json};
/// let input = json!({"properties": {"query": {}, "limit": {"default": 10}}, "required": ["query"]});
/// let manifest = json!({"operations": {"find": {"input": input}}});
/// assert!(contract::lacking(&manifest, &[("find", json!({"query": "*", "limit": 10}))]).is_empty());
/// assert_eq!(contract::lacking(&manifest, &[("find", json!({"limit": 5}))]).len(), 2);
/// ```
#[must_use]
pub fn lacking(manifest: &Value, wanted: &[(&str, Value)]) -> Vec<String> {
    let mut lacks = Vec::new();
    for (name, parameters) in wanted {
        let Some(operation) = at(manifest, "operations").get(name) else {
            lacks.push(format!("there is no operation {name}"));
            continue;
        };
        let input = at(operation, "input");
        for (parameter, default) in entries(parameters) {
            if let Some(lack) = lack(input, parameter, default) {
                lacks.push(format!("{name} {lack}"));
            }
        }
        for required in words(at(input, "required")).filter(|required| parameters.get(*required).is_none()) {
            lacks.push(format!("{name} requires {required} besides"));
        }
    }
    lacks
}

fn lack(input: &Value, parameter: &str, wanted: &Value) -> Option<String> {
    let Some(schema) = at(input, "properties").get(parameter).filter(|schema| schema.is_object()) else {
        return Some(format!("takes no {parameter}"));
    };
    let required = words(at(input, "required")).any(|required| required == parameter);
    if wanted == "*" {
        return (!required || schema.get("default").is_some())
            .then(|| format!("must require {parameter}, without a default"));
    }
    if required {
        return Some(format!("requires {parameter}"));
    }
    let default = at(schema, "default");
    (default != wanted).then(|| format!("takes {parameter}: {default}, not {wanted}"))
}

/// The defaults a manifest declares for its settings, as one object; null for a setting without.
///
/// A layer's test reads it as its settings and compares: the manifest then states the defaults of the code.
#[must_use]
pub fn defaults(manifest: &Value) -> Value {
    let properties = at(at(manifest, "settings"), "properties");
    let defaults: Map<String, Value> =
        entries(properties).map(|(name, schema)| (name.clone(), at(schema, "default").clone())).collect();
    Value::Object(defaults)
}
