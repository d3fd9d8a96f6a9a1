//! Tests that hold the manifest to the rules of docs/manifest.md.

use super::manifest;
use memstrata_sdk::{Map, Value};

fn operations() -> Map<String, Value> {
    manifest()["operations"].as_object().unwrap().clone()
}

fn is_name(name: &str, most: usize) -> bool {
    name.len() <= most
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Object(object) => 1 + object.values().map(depth).max().unwrap_or(0),
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn keys(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                found.push(key.clone());
                keys(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        _ => {}
    }
}

/// Whether a value fits a schema of the kinds this crate writes; the first misfit otherwise.
fn fits(value: &Value, schema: &Value, at: &str) -> Result<(), String> {
    let kind = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        other => panic!("{at}: type {other}"),
    };
    let named = match &schema["type"] {
        Value::String(name) => kind(name),
        Value::Array(names) => names.iter().any(|name| kind(name.as_str().unwrap())),
        other => panic!("{at}: type {other}"),
    };
    let number = value.as_f64();
    let below = schema["minimum"].as_f64().zip(number).is_some_and(|(least, n)| n < least);
    let above = schema["maximum"].as_f64().zip(number).is_some_and(|(most, n)| n > most);
    let listed = schema["enum"].as_array().is_none_or(|words| words.contains(value));
    let short = schema["minLength"].as_u64().zip(value.as_str()).is_some_and(|(n, text)| (text.len() as u64) < n);
    if !named || below || above || !listed || short {
        return Err(format!("{at}: {value} does not fit {schema}"));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        fits(item, &schema["items"], &format!("{at}[{index}]"))?;
    }
    if let Some(object) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten() {
            object.get(name.as_str().unwrap()).ok_or(format!("{at}: {name} is missing"))?;
        }
        for (name, inner) in object {
            match (&schema["properties"][name], &schema["additionalProperties"]) {
                (Value::Null, Value::Bool(false)) => {
                    return Err(format!("{at}: {name} is not taken"));
                }
                (Value::Null, Value::Null) => {}
                (Value::Null, schema) | (schema, _) => fits(inner, schema, &format!("{at}.{name}"))?,
            }
        }
    }
    Ok(())
}

#[test]
fn it_is_the_same_twice_and_names_its_parts() {
    assert_eq!(manifest().to_string(), manifest().to_string());
    let manifest = manifest();
    let known = ["manifest", "name", "version", "summary", "imports", "collections", "operations", "schedules"];
    assert!(manifest.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())));
    assert!(is_name(manifest["name"].as_str().unwrap(), 31));
}

#[test]
fn operations_are_named_and_described() {
    for (name, operation) in operations() {
        assert!(is_name(&name, 40), "{name}");
        let known = ["summary", "description", "effect", "input", "output", "examples"];
        assert!(operation.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{name}");
        assert!(["read", "write", "destructive"].contains(&operation["effect"].as_str().unwrap()), "{name}");
        let (summary, description) =
            (operation["summary"].as_str().unwrap(), operation["description"].as_str().unwrap());
        let length = summary.chars().count() + description.chars().count();
        assert!(length <= 600, "{name}: {length} characters");
        assert!(!summary.contains('\n') && !description.contains("  "), "{name}");
    }
}

#[test]
fn schemas_obey_the_rules() {
    for (name, operation) in operations() {
        for side in ["input", "output"] {
            let schema = &operation[side];
            assert_eq!(schema["type"], "object", "{name}.{side}");
            for banned in ["oneOf", "anyOf", "allOf", "not", "if"] {
                assert!(schema.get(banned).is_none(), "{name}.{side}: {banned}");
            }
            assert!(depth(schema) <= 16, "{name}.{side}: depth {}", depth(schema));
            assert!(schema.to_string().len() <= 8_192, "{name}.{side}: {} bytes", schema.to_string().len());
            let mut found = Vec::new();
            keys(schema, &mut found);
            assert!(!found.contains(&"$ref".to_owned()), "{name}.{side}");
            let fine = |key: &String| {
                (1..=64).contains(&key.len()) && key.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
            };
            assert!(found.iter().all(fine), "{name}.{side}");
            for required in schema["required"].as_array().into_iter().flatten() {
                assert!(schema["properties"].get(required.as_str().unwrap()).is_some(), "{name}.{side}: {required}");
            }
        }
        assert_eq!(operation["input"]["additionalProperties"], false, "{name}");
    }
}

#[test]
fn defaults_fit_their_schema() {
    for (name, operation) in operations() {
        for (argument, schema) in operation["input"]["properties"].as_object().unwrap() {
            if let Some(default) = schema.get("default") {
                fits(default, schema, &format!("{name}.{argument}")).unwrap();
            }
        }
    }
}

#[test]
fn each_operation_has_an_example_that_fits() {
    let all = operations();
    for (name, operation) in &all {
        let examples = operation["examples"].as_array().unwrap();
        assert!(!examples.is_empty(), "{name}");
        for example in examples {
            fits(&example["arguments"], &operation["input"], name).unwrap();
            for step in example["setup"].as_array().into_iter().flatten() {
                let first = step["operation"].as_str().unwrap();
                fits(&step["arguments"], &all[first]["input"], &format!("{name}: setup {first}")).unwrap();
            }
        }
    }
}

#[test]
fn lists_have_limits_and_pages() {
    for (name, operation) in operations() {
        let input = &operation["input"]["properties"];
        if operation["output"]["properties"].get("next_cursor").is_some() {
            assert!(input["limit"]["maximum"].as_i64().is_some_and(|most| most <= 500), "{name}");
            assert!(input.get("cursor").is_some(), "{name}");
        }
    }
}

#[test]
fn collections_obey_the_rules() {
    let system = "id version namespace created_at updated_at deleted_at valid_from valid_to sources component"
        .split(' ')
        .collect::<Vec<_>>();
    for (name, collection) in manifest()["collections"].as_object().unwrap() {
        let fields = collection["fields"].as_object().unwrap();
        for (field, spec) in fields {
            assert!(is_name(field, 40) && !system.contains(&field.as_str()), "{name}.{field}");
            let kinds = ["text", "integer", "number", "boolean", "time", "ref", "list", "json"];
            assert!(kinds.contains(&spec["type"].as_str().unwrap()), "{name}.{field}");
            let known = ["type", "required", "default", "values", "search", "embed", "max_bytes"];
            assert!(spec.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{name}.{field}");
            let text_only = spec.get("search").or(spec.get("embed")).or(spec.get("values")).is_some();
            assert!(!text_only || spec["type"] == "text", "{name}.{field}");
        }
        assert!(fields.values().filter(|spec| spec["embed"] == true).count() <= 1, "{name}");
        let exists = |field: &Value| {
            let field = field.as_str().unwrap();
            assert!(fields.contains_key(field) || system.contains(&field), "{name}: {field}");
        };
        let lists =
            collection["indexes"].as_array().unwrap().iter().chain(collection["unique"].as_object().unwrap().values());
        lists.flat_map(|list| list.as_array().unwrap()).for_each(exists);
        for view in ["recall", "sequence"] {
            collection[view].as_object().into_iter().flat_map(|view| view.values()).for_each(exists);
        }
    }
}

#[test]
fn what_a_draft_takes_is_what_record_event_offers() {
    let input = &operations()["record_event"]["input"]["properties"];
    let mut event = Map::new();
    for (name, schema) in input.as_object().unwrap() {
        let value = match (&schema["enum"][0], schema["type"].as_str()) {
            (Value::Null, Some("string")) => "x".into(),
            (Value::Null, Some("integer" | "number")) => 1.into(),
            (Value::Null, Some("boolean")) => true.into(),
            (Value::Null, Some("array")) => Value::Array(vec!["x".into()]),
            (Value::Null, Some("object")) => Value::Object(Map::new()),
            (Value::Null, _) => 1_000.into(),
            (word, _) => word.clone(),
        };
        event.insert(name.clone(), value);
    }
    let row = crate::event::Draft::read(event.into()).unwrap().row(0).unwrap();
    let fields = manifest()["collections"]["events"]["fields"].as_object().unwrap().clone();
    assert!(row.keys().all(|key| fields.contains_key(key) || key == "namespace"), "{:?}", row.keys());
    let stored: Vec<&String> = fields.keys().filter(|field| !row.contains_key(*field)).collect();
    assert_eq!(
        stored,
        ["cwd", "files", "task", "phase", "branch", "consolidated_at"],
        "only the empty context is missing"
    );
}
