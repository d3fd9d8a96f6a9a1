//! The contract of a manifest (docs/manifest.md) for a layer's own tests: what breaks a rule, and what is not as promised.
//!
//! The host checks a manifest too, when it loads the component; here the same and stricter rules run in milliseconds,
//! without a component. A layer's test is one line: `assert_eq!(contract::faults(&manifest()), Vec::<String>::new())`.
//! A guest calls nothing of this, so nothing of it is in a component.

mod collection;
mod fit;
mod operation;
mod promise;

pub use collection::{SYSTEM, system_fields};
pub use operation::unshown;
pub use promise::{defaults, lacking};

use crate::{Map, Value};

/// The arguments the host gives the operation of an event.
const EVENT: [&str; 6] = ["event", "seq", "at", "collection", "id", "payload"];
/// The keys of a manifest.
const KEYS: [&str; 15] = [
    "manifest",
    "name",
    "version",
    "summary",
    "imports",
    "optional_imports",
    "background",
    "reads",
    "writes",
    "collections",
    "operations",
    "schedules",
    "events",
    "settings",
    "strategy",
];

/// Everything in a manifest that breaks a rule, one sentence each; empty when it keeps them all.
///
/// - **Manifest**: known keys only, a name of `[a-z][a-z0-9_]{0,30}` without `__`.
/// - **Operations**: a name of at most 40 bytes; known keys only; an effect `read`, `write` or `destructive`; a summary of
///   one line and a description without double blanks, at most 600 bytes together. One that answers `next_cursor`
///   takes `cursor`, and a read that takes one answers the next.
/// - **Schemas** (`input`, `output`): `type: object`; no `$ref` and no `oneOf anyOf allOf not if` at the root; at most
///   8,192 bytes and a depth of 16 (counted over all of the JSON); keys of `[A-Za-z0-9_.-]{1,64}`; what is required is a
///   property. An input says `additionalProperties: false`, and its defaults fit their own schema.
/// - **Examples**: at least one. Each, and each step of its setup, calls a known operation
///   with arguments that fit its input: known names only, all required ones, the right types, words of the list, numbers
///   in their range, texts and lists not too short.
/// - **Schedules** call a known operation with arguments that fit; **events** a known operation that takes what the host
///   gives (`event seq at collection id payload`) and requires nothing else.
/// - **Collections**: known keys only; fields with a sound name (none of [`SYSTEM`]), a known type and known keys; `search`, `embed` and
///   `values` for text only; at most one embedded field; `indexes`, `unique`, `recall`, `sequence` and `marks` name only
///   fields and system fields.
#[must_use]
pub fn faults(manifest: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for key in unknown(manifest, &KEYS) {
        faults.push(format!("the manifest has an unknown key `{key}`"));
    }
    if !text(manifest, "name").is_some_and(|name| is_name(name, 31)) {
        faults.push("the manifest's name must be [a-z][a-z0-9_]{0,30}".into());
    }
    for (name, one) in entries(at(manifest, "operations")) {
        operation::faults(manifest, name, one, &mut faults);
    }
    for schedule in items(at(manifest, "schedules")) {
        operation::call(manifest, "a schedule", schedule, &mut faults);
    }
    for event in items(at(manifest, "events")) {
        operation::hears(manifest, event, &mut faults);
    }
    for (name, one) in entries(at(manifest, "collections")) {
        collection::faults(name, one, &mut faults);
    }
    faults
}

/// A member of an object, null if there is none.
fn at<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).unwrap_or(&Value::Null)
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    at(value, key).as_str()
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The texts of a list.
fn words(value: &Value) -> impl Iterator<Item = &str> {
    items(value).filter_map(Value::as_str)
}

/// The keys of an object that are none of these.
fn unknown<'a>(value: &'a Value, known: &'a [&str]) -> impl Iterator<Item = &'a String> {
    entries(value).map(|(key, _)| key).filter(|key| !known.contains(&key.as_str()))
}

fn is_name(name: &str, most: usize) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= most
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !name.contains("__")
}

#[cfg(test)]
mod tests;
