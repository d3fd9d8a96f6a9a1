//! Whether a value fits a schema, for the keywords that layers write.

use super::{at, entries, items, words};
use crate::Value;

/// Says what of a value does not fit; `place` is where it is. A schema without `type` takes every type.
pub(super) fn misfits(value: &Value, schema: &Value, place: &str, faults: &mut Vec<String>) {
    if !typed(value, at(schema, "type")) {
        faults.push(format!("{place}: {value} is no {}", at(schema, "type")));
        return;
    }
    if !(listed(value, schema) && in_range(value, schema) && long_enough(value, schema)) {
        faults.push(format!("{place}: {value} does not fit {schema}"));
    }
    for item in items(value) {
        misfits(item, at(schema, "items"), place, faults);
    }
    if !value.is_object() {
        return;
    }
    for required in words(at(schema, "required")).filter(|required| value.get(*required).is_none()) {
        faults.push(format!("{place}: {required} is missing"));
    }
    for (key, inner) in entries(value) {
        match (at(schema, "properties").get(key), at(schema, "additionalProperties")) {
            (None, Value::Bool(false)) => faults.push(format!("{place}: {key} is unknown")),
            (Some(schema), _) | (None, schema) => misfits(inner, schema, &format!("{place}.{key}"), faults),
        }
    }
}

fn typed(value: &Value, kind: &Value) -> bool {
    match kind {
        Value::String(kind) => is(value, kind),
        Value::Array(_) => words(kind).any(|kind| is(value, kind)),
        _ => true,
    }
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    }
}

fn listed(value: &Value, schema: &Value) -> bool {
    at(schema, "enum").as_array().is_none_or(|words| words.contains(value))
}

fn in_range(value: &Value, schema: &Value) -> bool {
    let bound = |key: &str| at(schema, key).as_f64();
    value.as_f64().is_none_or(|number| {
        bound("minimum").is_none_or(|least| number >= least) && bound("maximum").is_none_or(|most| number <= most)
    })
}

fn long_enough(value: &Value, schema: &Value) -> bool {
    let (least, most, length) = match value {
        Value::String(text) => ("minLength", "maxLength", text.chars().count()),
        Value::Array(items) => ("minItems", "maxItems", items.len()),
        _ => return true,
    };
    let (bound, length) = (|key: &str| at(schema, key).as_u64(), length as u64);
    bound(least).is_none_or(|least| length >= least) && bound(most).is_none_or(|most| length <= most)
}
