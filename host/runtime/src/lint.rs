//! The lint of a manifest: all faults at once; a bad operation is dropped with its reason, never the whole list.

use crate::grants::{GRANTABLE, HARMLESS, WRITING};
use crate::manifest::{Manifest, OperationSpec, UnitSpec};
use serde_json::Value;
use std::collections::BTreeSet;

/// Nesting of a schema, at most.
const MOST_DEPTH: usize = 16;
/// Subschemas, at most.
const MOST_SUBSCHEMAS: usize = 256;
/// Bytes of a schema, at most.
const MOST_BYTES: usize = 8 * 1024;
/// Summary and description together, at most: what clients show whole.
const MOST_TEXT: usize = 600;
/// The shortest time between two runs of a schedule.
const LEAST_EVERY_MS: u64 = 1_000;
/// Rows in a unit of a strategy's job, at most.
const MOST_UNIT: u32 = 5_000;

/// What the lint says of a manifest.
#[derive(Debug, Default)]
pub(crate) struct Linted {
    /// Reasons to refuse the component.
    pub(crate) faults: Vec<String>,
    /// Operations dropped, with the reason.
    pub(crate) dropped: Vec<(String, String)>,
}

/// Checks a manifest for itself and against the interfaces its component imports.
pub(crate) fn lint(manifest: &Manifest, imports: &BTreeSet<String>) -> Linted {
    let mut linted = Linted::default();
    let mut say = |fault: String| linted.faults.push(fault);
    if manifest.manifest != 1 {
        say(format!("`manifest` is {}, this host reads 1", manifest.manifest));
    }
    if !is_name(&manifest.name, 31) {
        say(format!("name `{}` must be [a-z][a-z0-9_]{{0,30}} without `__`", manifest.name));
    }
    if manifest.summary.is_empty() {
        say("`summary` is empty".into());
    }
    lint_imports(manifest, imports, &mut say);
    lint_world(manifest, imports, &mut say);
    for collection in manifest.reads.iter().filter(|name| *name != "*").chain(&manifest.writes) {
        if collection.split_once('.').is_none_or(|(layer, name)| !is_name(layer, 31) || !is_name(name, 31)) {
            say(format!("`{collection}` in reads or writes must be `layer.collection`"));
        }
    }
    for (name, spec) in &manifest.collections {
        spec.faults(name).into_iter().for_each(&mut say);
    }
    if let Some(schema) = &manifest.settings {
        for fault in schema_faults(schema) {
            say(format!("settings: {fault}"));
        }
    }
    for (name, operation) in &manifest.operations {
        let faults = operation_faults(name, operation);
        if !faults.is_empty() {
            linted.dropped.push((name.clone(), faults.join("; ")));
        }
    }
    let known = |operation: &String| manifest.operations.contains_key(operation);
    let mut names = BTreeSet::new();
    for schedule in &manifest.schedules {
        if !is_name(&schedule.name, 40) || !names.insert(&schedule.name) {
            linted.faults.push(format!("schedule `{}` needs a name of its own, [a-z][a-z0-9_]*", schedule.name));
        }
        if schedule.every_ms < LEAST_EVERY_MS {
            linted.faults.push(format!("schedule `{}` must be {LEAST_EVERY_MS} ms apart at least", schedule.name));
        }
        if !known(&schedule.operation) {
            linted.faults.push(format!("schedule `{}` runs no operation of this component", schedule.name));
        }
    }
    let mut names = BTreeSet::new();
    for event in &manifest.events {
        if !is_name(&event.name, 40) || !names.insert(&event.name) {
            linted.faults.push(format!("event `{}` needs a name of its own, [a-z][a-z0-9_]*", event.name));
        }
        if !known(&event.operation) {
            linted.faults.push(format!("event `{}` runs no operation of this component", event.name));
        }
        let (what, verb) =
            event.on.split_once(':').map_or((event.on.as_str(), None), |(what, verb)| (what, Some(verb)));
        if !what.contains('.') || verb.is_some_and(|verb| !matches!(verb, "insert" | "update" | "delete")) {
            linted.faults.push(format!(
                "event `{}`: `on` must be layer.collection:insert|update|delete, or layer.event",
                event.name
            ));
        }
    }
    linted
}

/// A strategy cannot write and offers no operations; a layer builds no patch.
fn lint_world(manifest: &Manifest, imports: &BTreeSet<String>, say: &mut impl FnMut(String)) {
    let Some(strategy) = &manifest.strategy else {
        if imports.contains("consolidation") {
            say("`consolidation` is for strategies: the manifest needs the key `strategy`".into());
        }
        return;
    };
    for name in WRITING.iter().filter(|name| imports.contains(**name)) {
        say(format!("a strategy proposes and cannot write: it must not import `{name}`"));
    }
    let owns = [
        ("operations", manifest.operations.len()),
        ("collections", manifest.collections.len()),
        ("schedules", manifest.schedules.len()),
        ("events", manifest.events.len()),
    ];
    for (what, _) in owns.iter().filter(|(_, count)| *count > 0) {
        say(format!("a strategy has no `{what}`; what it proposes goes into collections of layers, named in `writes`"));
    }
    if !strategy.collection.contains('.') {
        say("`strategy.collection` must be `layer.collection`".into());
    }
    if strategy.max_rows == 0 || strategy.max_rows > MOST_UNIT {
        say(format!("`strategy.max_rows` must be 1 to {MOST_UNIT}"));
    }
    if matches!(&strategy.units, UnitSpec::Window { every_ms, .. } if *every_ms < LEAST_EVERY_MS) {
        say(format!("`strategy.units.every_ms` must be {LEAST_EVERY_MS} at least"));
    }
    if matches!(&strategy.units, UnitSpec::Cluster { threshold, .. } if !(0.0..=1.0).contains(threshold)) {
        say("`strategy.units.threshold` is a cosine, 0 to 1".into());
    }
}

/// The imports a manifest tells are exactly the component's.
fn lint_imports(manifest: &Manifest, imports: &BTreeSet<String>, say: &mut impl FnMut(String)) {
    let told: BTreeSet<String> = manifest.imports.iter().chain(&manifest.optional_imports).cloned().collect();
    for name in &told {
        if !HARMLESS.contains(&name.as_str()) && !GRANTABLE.contains(&name.as_str()) {
            say(format!("import `{name}` is no interface of this host"));
        } else if !imports.contains(name) {
            say(format!("the manifest lists import `{name}`, the component does not import it"));
        }
    }
    for name in imports.difference(&told).filter(|name| *name != "types") {
        say(format!("the component imports `{name}`, the manifest does not say so"));
    }
    for name in &manifest.imports {
        if manifest.optional_imports.contains(name) {
            say(format!("import `{name}` is both needed and optional"));
        }
    }
}

fn operation_faults(name: &str, operation: &OperationSpec) -> Vec<String> {
    let mut faults = Vec::new();
    if !is_name(name, 40) {
        faults.push("its name must be [a-z][a-z0-9_]{0,39}".into());
    }
    if operation.summary.is_empty() {
        faults.push("`summary` is empty".into());
    }
    let text = operation.summary.len() + operation.description.len();
    if text > MOST_TEXT {
        faults.push(format!("summary and description have {text} bytes, at most {MOST_TEXT}"));
    }
    for (which, schema) in [("input", &operation.input), ("output", &operation.output)] {
        faults.extend(schema_faults(schema).into_iter().map(|fault| format!("{which}: {fault}")));
    }
    faults
}

/// What keeps a schema from working in every MCP client, in words (see docs/manifest.md).
#[must_use]
pub fn schema_faults(schema: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let Some(root) = schema.as_object() else { return vec!["the schema is no object".into()] };
    if root.get("type").and_then(Value::as_str) != Some("object") {
        faults.push("its root must say `type: object`".into());
    }
    for keyword in ["oneOf", "anyOf", "allOf", "not", "if"] {
        if root.contains_key(keyword) {
            faults.push(format!("its root must not use `{keyword}`"));
        }
    }
    if schema.to_string().len() > MOST_BYTES {
        faults.push(format!("it is over {MOST_BYTES} bytes"));
    }
    let mut count = 0;
    walk(schema, 0, &mut count, &mut faults);
    if count > MOST_SUBSCHEMAS {
        faults.push(format!("it has {count} subschemas, at most {MOST_SUBSCHEMAS}"));
    }
    if faults.is_empty()
        && let Err(error) = jsonschema::draft202012::meta::validate(schema)
    {
        faults.push(format!("it is no JSON Schema 2020-12: {error} at {}", error.instance_path()));
    }
    faults
}

fn walk(schema: &Value, depth: usize, count: &mut usize, faults: &mut Vec<String>) {
    *count += 1;
    if depth > MOST_DEPTH {
        if depth == MOST_DEPTH + 1 {
            faults.push(format!("it nests deeper than {MOST_DEPTH}"));
        }
        return;
    }
    let Some(object) = schema.as_object() else { return };
    if object.contains_key("$ref") || object.contains_key("$dynamicRef") {
        faults.push("it must not use `$ref`".into());
    }
    for (keyword, value) in object {
        match (keyword.as_str(), value) {
            ("properties" | "patternProperties" | "$defs" | "dependentSchemas", Value::Object(map)) => {
                for (name, value) in map {
                    let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
                    if keyword == "properties" && (name.is_empty() || name.len() > 64 || !name.chars().all(sound)) {
                        faults.push(format!("property `{name}` must be [A-Za-z0-9_.-]{{1,64}}"));
                    }
                    walk(value, depth + 1, count, faults);
                }
            }
            (
                "items" | "additionalProperties" | "not" | "if" | "then" | "else" | "contains" | "propertyNames",
                value,
            ) => {
                walk(value, depth + 1, count, faults);
            }
            ("oneOf" | "anyOf" | "allOf" | "prefixItems", Value::Array(list)) => {
                list.iter().for_each(|value| walk(value, depth + 1, count, faults));
            }
            _ => {}
        }
    }
}

/// Every way a value does not fit a schema: the JSON pointer and the sentence.
#[must_use]
pub fn json_fits(schema: &Value, value: &Value) -> Vec<(String, String)> {
    match jsonschema::draft202012::new(schema) {
        Ok(validator) => {
            validator.iter_errors(value).map(|error| (error.instance_path().to_string(), error.to_string())).collect()
        }
        Err(error) => vec![(String::new(), format!("the schema is broken: {error}"))],
    }
}

fn is_name(text: &str, most: usize) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && text.len() <= most
        && !text.contains("__")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_each_fault_of_a_schema() {
        for (schema, fault) in [
            (json!(7), "no object"),
            (json!({"type": "array"}), "type: object"),
            (json!({"type": "object", "oneOf": [{}]}), "`oneOf`"),
            (json!({"type": "object", "anyOf": [{}]}), "`anyOf`"),
            (json!({"type": "object", "allOf": [{}]}), "`allOf`"),
            (json!({"type": "object", "not": {}}), "`not`"),
            (json!({"type": "object", "if": {}}), "`if`"),
            (json!({"type": "object", "properties": {"a": {"$dynamicRef": "#x"}}}), "$ref"),
            (json!({"type": "object", "properties": {"a": {"anyOf": vec![json!({}); 300]}}}), "subschemas"),
            (json!({"type": "object", "properties": {"a b": {}}}), "property"),
            (json!({"type": "object", "properties": {"a": {"$ref": "#/x"}}}), "$ref"),
            (json!({"type": "object", "properties": {"a": {"type": "strng"}}}), "2020-12"),
            (json!({"type": "object", "description": "x".repeat(9000)}), "bytes"),
        ] {
            let faults = schema_faults(&schema).join(";");
            assert!(faults.contains(fault), "{schema} -> {faults}");
        }
        let mut deep = json!({"type": "string"});
        for _ in 0..20 {
            deep = json!({"type": "array", "items": deep});
        }
        let deep = json!({"type": "object", "properties": {"a": deep}});
        assert!(schema_faults(&deep).join(";").contains("deeper"));
        assert!(schema_faults(&json!({"type": "object", "properties": {"a": {"type": "integer"}}})).is_empty());
    }

    #[test]
    fn what_is_named_has_a_name_of_its_own_and_says_what_it_is() {
        let operation =
            json!({"summary": "", "effect": "read", "input": {"type": "object"}, "output": {"type": "object"}});
        let told = json!({
            "manifest": 1, "name": "mine", "version": "1", "summary": "", "operations": {"x": operation},
            "schedules": [
                {"name": "Loud", "every_ms": 1000, "operation": "x"},
                {"name": "one", "every_ms": 1000, "operation": "x"}, {"name": "one", "every_ms": 1000, "operation": "x"},
            ],
            "events": [
                {"name": "Loud", "on": "a.b", "operation": "x"},
                {"name": "one", "on": "a.b", "operation": "x"}, {"name": "one", "on": "a.b:insert", "operation": "x"},
            ],
        });
        let manifest: Manifest = serde_json::from_value(told).unwrap();
        let Linted { faults, dropped } = lint(&manifest, &BTreeSet::new());
        for told in ["`summary` is empty", "schedule `Loud`", "schedule `one`", "event `Loud`", "event `one`"] {
            assert_eq!(faults.iter().filter(|fault| fault.contains(told)).count(), 1, "{told}: {faults:?}");
        }
        assert_eq!(faults.len(), 5, "{faults:?}");
        assert_eq!(dropped, [("x".to_owned(), "`summary` is empty".to_owned())]);
    }

    #[test]
    fn a_strategy_cannot_write_and_offers_nothing() {
        let told = json!({
            "manifest": 1, "name": "mine", "version": "1", "summary": "s",
            "imports": ["consolidation", "store-read", "store-write", "events"],
            "operations": {"x": {"summary": "s", "effect": "read", "input": {"type": "object"}, "output": {"type": "object"}}},
            "strategy": {"collection": "events", "units": {"by": "window", "field": "at", "every_ms": 5}, "max_rows": 0},
        });
        let manifest: Manifest = serde_json::from_value(told).unwrap();
        let imports = manifest.imports.iter().cloned().collect();
        let faults = lint(&manifest, &imports).faults.join(";");
        for word in ["`store-write`", "`events`", "`operations`", "layer.collection", "max_rows", "every_ms"] {
            assert!(faults.contains(word), "{word}: {faults}");
        }
        let mut clusters = manifest.clone();
        if let Some(strategy) = &mut clusters.strategy {
            strategy.units = UnitSpec::Cluster { threshold: 1.5, order: "at".into() };
        }
        assert!(lint(&clusters, &imports).faults.join(";").contains("units.threshold"));
        let layer = Manifest { strategy: None, ..manifest };
        assert!(lint(&layer, &imports).faults.join(";").contains("`consolidation` is for strategies"));
    }
}
