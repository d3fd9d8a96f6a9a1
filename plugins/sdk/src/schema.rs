//! Builders for the JSON Schemas of a manifest: what most layers say in the same words.

use crate::{Map, Value, json};

/// A named operation.
pub type Named = (&'static str, Value);

/// An input: these properties and no others.
#[must_use]
pub fn input(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// An answer: at least these.
#[must_use]
pub fn output(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}

/// An answer: at least these, each of a type such as `integer` or `string|null`.
#[must_use]
pub fn output_of(fields: &[(&str, &str)]) -> Value {
    let kinds = |kind: &str| json!({"type": kind.split('|').collect::<Vec<_>>()});
    let properties: Map<String, Value> = fields.iter().map(|(name, kind)| ((*name).to_owned(), kinds(kind))).collect();
    output(&Value::Object(properties), &fields.iter().map(|(name, _)| *name).collect::<Vec<_>>())
}

/// A property of a kind in an answer.
#[must_use]
pub fn of(kind: &str) -> Value {
    json!({"type": kind})
}

/// A property of a kind, or null.
#[must_use]
pub fn maybe(kind: &str) -> Value {
    json!({"type": [kind, "null"]})
}

/// Objects in an answer.
#[must_use]
pub fn objects() -> Value {
    json!({"type": "array", "items": {"type": "object"}})
}

/// A row by id.
#[must_use]
pub fn id(description: &str) -> Value {
    json!({"type": ["integer", "string"], "maxLength": 40, "description": format!("{description} 42 or \"m:42\".")})
}

/// A namespace to look in.
#[must_use]
pub fn namespace() -> Value {
    json!({"type": "string", "maxLength": 200, "description": "Only this namespace and below, such as `project:shop`; all if absent."})
}

/// The namespace of something new.
#[must_use]
pub fn own_namespace() -> Value {
    json!({"type": "string", "maxLength": 200, "description": "Where it belongs, such as `project:shop`."})
}

/// A call before an example.
#[must_use]
pub fn step(operation: &str, arguments: &Value) -> Value {
    json!({"operation": operation, "arguments": arguments})
}

/// Text of a length.
#[must_use]
pub fn text(description: &str, most: u32) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": most, "description": description})
}

/// Text of a length, or null.
#[must_use]
pub fn maybe_text(description: &str, most: u32) -> Value {
    json!({"type": ["string", "null"], "minLength": 1, "maxLength": most, "description": description})
}

/// One word of a list.
#[must_use]
pub fn choice(values: &[&str], description: &str) -> Value {
    json!({"type": "string", "enum": values, "description": description})
}

/// The same schema with a default.
#[must_use]
pub fn or(mut schema: Value, default: impl Into<Value>) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("default".into(), default.into());
    }
    schema
}

/// An integer in a range.
#[must_use]
pub fn integer(description: &str, least: i64, most: i64) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most, "description": description})
}

/// An integer in a range, with a default.
#[must_use]
pub fn integer_or(description: &str, least: i64, most: i64, default: i64) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most, "default": default, "description": description})
}

/// A number in a range.
#[must_use]
pub fn number(description: &str, least: f64, most: f64) -> Value {
    json!({"type": "number", "minimum": least, "maximum": most, "description": description})
}

/// True or false, with a default.
#[must_use]
pub fn flag(description: &str, default: bool) -> Value {
    json!({"type": "boolean", "default": default, "description": description})
}

/// An instant.
#[must_use]
pub fn time(description: &str) -> Value {
    json!({"type": ["integer", "string"], "description": format!("{description} ISO date or time, or ms UTC.")})
}

/// A list.
#[must_use]
pub fn list(items: &Value, most: usize, description: &str) -> Value {
    json!({"type": "array", "items": items, "maxItems": most, "description": description})
}

/// Short texts: tags, names.
#[must_use]
pub fn texts(description: &str) -> Value {
    list(&json!({"type": "string", "minLength": 1, "maxLength": 200}), 50, description)
}

/// Any object, or null.
#[must_use]
pub fn maybe_object(description: &str) -> Value {
    json!({"type": ["object", "null"], "description": description})
}

/// A project, by number or name: accepted where other systems' clients send one.
#[must_use]
pub fn project(description: &str, most: u32) -> Value {
    json!({"type": ["integer", "string", "null"], "maxLength": most, "description": description})
}

/// The cursor of a page.
#[must_use]
pub fn cursor() -> Value {
    text("`next_cursor` of the page before, with the same other arguments.", 4096)
}

/// An operation from whole schemas.
#[must_use]
pub fn operation(
    effect: &str,
    summary: &str,
    description: &str,
    (input, output): (Value, Value),
    examples: &Value,
) -> Value {
    json!({"summary": summary, "description": description, "effect": effect, "input": input, "output": output, "examples": examples})
}

/// An operation from its input properties with the required ones, and what its answer has with what is always there.
#[must_use]
pub fn operation_of(
    (effect, summary, description): (&str, &str, &str),
    (properties, required): (&Value, &[&str]),
    (answer, answered): (&Value, &[&str]),
    examples: &Value,
) -> Value {
    operation(effect, summary, description, (input(properties, required), output(answer, answered)), examples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_lets_in_what_it_names_and_nothing_else() {
        let made = operation_of(
            ("read", "Finds.", ""),
            (&json!({"query": text("What.", 10), "limit": or(integer("How many.", 1, 5), 3)}), &["query"]),
            (&json!({"count": {"type": "integer"}}), &["count"]),
            &json!([]),
        );
        assert_eq!(made["input"]["additionalProperties"], false);
        assert_eq!((&made["input"]["required"], &made["output"]["required"]), (&json!(["query"]), &json!(["count"])));
        assert_eq!(made["input"]["properties"]["limit"], integer_or("How many.", 1, 5, 3));
    }
    #[test]
    fn an_answer_has_all_its_fields_each_of_its_types() {
        let answer = json!({"type": "object", "properties": {"id": {"type": ["integer"]}, "next": {"type": ["string", "null"]}},
                            "required": ["id", "next"]});
        assert_eq!(output_of(&[("id", "integer"), ("next", "string|null")]), answer);
    }
}
