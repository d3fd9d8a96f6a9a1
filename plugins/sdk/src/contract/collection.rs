//! The rules of a collection: its fields, and what names them.

use super::{at, entries, is_name, items, text, unknown, words};
use crate::Value;
use std::collections::BTreeSet;

/// The fields the host keeps of every row; a collection declares none of them and may index them.
pub const SYSTEM: [&str; 10] = [
    "id",
    "version",
    "namespace",
    "created_at",
    "updated_at",
    "deleted_at",
    "valid_from",
    "valid_to",
    "sources",
    "component",
];
/// The keys of a collection.
const KEYS: [&str; 8] = ["summary", "fields", "indexes", "unique", "recall", "sequence", "raw", "marks"];
/// The keys of a field.
const FIELD_KEYS: [&str; 8] = ["type", "required", "default", "values", "search", "embed", "max_bytes", "digest_of"];
/// The types of a field.
const TYPES: [&str; 8] = ["text", "integer", "number", "boolean", "time", "ref", "list", "json"];

pub(super) fn faults(name: &str, collection: &Value, faults: &mut Vec<String>) {
    let mut say = |fault: String| faults.push(format!("collection {name}: {fault}"));
    let fields = at(collection, "fields");
    for key in unknown(collection, &KEYS) {
        say(format!("it has an unknown key `{key}`"));
    }
    for (field, spec) in entries(fields) {
        if !is_name(field, 40) || SYSTEM.contains(&field.as_str()) {
            say(format!("{field} is no name for a field"));
        }
        if !text(spec, "type").is_some_and(|kind| TYPES.contains(&kind)) {
            say(format!("{field} has an unknown type"));
        }
        for key in unknown(spec, &FIELD_KEYS) {
            say(format!("{field} has an unknown key `{key}`"));
        }
        let of_text = ["search", "embed", "values"].iter().any(|key| spec.get(*key).is_some());
        if of_text && text(spec, "type") != Some("text") {
            say(format!("{field}: search, embed and values are for text"));
        }
    }
    if entries(fields).filter(|(_, spec)| at(spec, "embed") == &Value::Bool(true)).count() > 1 {
        say("more than one field is embedded".into());
    }
    for field in named(collection) {
        if fields.get(field).is_none() && !SYSTEM.contains(&field) {
            say(format!("there is no field {field}"));
        }
    }
}

/// The system fields that the collections of a manifest name: in indexes, unique keys, and the other parts [`super::faults`] checks.
///
/// A layer that asserts them notices when it names one more.
#[must_use]
pub fn system_fields(manifest: &Value) -> BTreeSet<&str> {
    let collections = entries(at(manifest, "collections")).map(|(_, collection)| collection);
    collections.flat_map(named).filter(|field| SYSTEM.contains(field)).collect()
}

/// Every field that some part of a collection names.
fn named(collection: &Value) -> impl Iterator<Item = &str> {
    let unique = entries(at(collection, "unique")).map(|(_, fields)| fields);
    let lists = items(at(collection, "indexes")).chain(unique).flat_map(words);
    let views = ["recall", "sequence"].into_iter().flat_map(|part| entries(at(collection, part)));
    lists.chain(views.filter_map(|(_, field)| field.as_str())).chain(words(at(collection, "marks")))
}
