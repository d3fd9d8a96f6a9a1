//! Small builders for the JSON Schemas of this manifest.

use crate::kind::{ENTITY_TYPES, OBSERVATION_TYPES, RELATION_TYPES};
use memstrata_sdk::{Map, Value, json};

/// A named operation.
pub(super) type Named = (&'static str, Value);

/// An input: these properties and no others.
pub(super) fn input(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// The argument that asks for figures of now.
pub(super) fn fresh() -> Value {
    json!({"type": "boolean", "description": "Compute it now. Else, of the whole graph where it is large, the figures kept at `computed_at`."})
}

/// An input that also takes what a view of the graph takes: namespace, the two times, relation types.
pub(super) fn viewed(properties: &Value, required: &[&str]) -> Value {
    let mut all = properties.as_object().cloned().unwrap_or_default();
    for (name, schema) in [
        ("namespace", namespace()),
        ("as_of", time("What was true at this time; now if absent.")),
        ("known_at", time("What the store knew at this time.")),
        ("relation_type", relation_type()),
        (
            "relation_types",
            json!({"type": "array", "items": relation_type(), "maxItems": 30, "description": "Only these types."}),
        ),
    ] {
        all.insert(name.into(), schema);
    }
    input(&Value::Object(all), required)
}

/// An output: these fields, each of a type by its name: `s` text, `i` integer, `n` number, `b` boolean, `a` list, `o` object;
/// with `?` it may be null.
pub(super) fn output(fields: &[(&str, &str)]) -> Value {
    let mut properties = Map::new();
    for (name, kind) in fields {
        let word = match kind.trim_end_matches('?') {
            "s" => "string",
            "i" => "integer",
            "n" => "number",
            "b" => "boolean",
            "a" => "array",
            _ => "object",
        };
        let schema = if kind.ends_with('?') { json!({"type": [word, "null"]}) } else { json!({"type": word}) };
        properties.insert((*name).to_owned(), schema);
    }
    let required: Vec<&str> = fields.iter().filter(|(_, kind)| !kind.ends_with('?')).map(|(name, _)| *name).collect();
    json!({"type": "object", "properties": properties, "required": required})
}

/// Text of a length.
pub(super) fn text(description: &str, most: u32) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": most, "description": description})
}

/// An integer in a range with a default.
pub(super) fn integer(description: &str, least: u32, most: u32, default: u32) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most, "default": default, "description": description})
}

/// 0 to 1.
pub(super) fn share(description: &str) -> Value {
    json!({"type": "number", "minimum": 0, "maximum": 1, "description": description})
}

/// Above 0, to 1.
pub(super) fn part(description: &str) -> Value {
    json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1, "description": description})
}

/// True or false with a default.
pub(super) fn flag(description: &str, default: bool) -> Value {
    json!({"type": "boolean", "default": default, "description": description})
}

/// One id.
pub(super) fn id(description: &str) -> Value {
    json!({"type": ["integer", "string"], "description": format!("{description} 42 or \"m:42\".")})
}

/// A list of ids.
pub(super) fn ids(description: &str, most: u32) -> Value {
    json!({"type": "array", "items": {"type": ["integer", "string"]}, "maxItems": most,
           "description": format!("{description} Each 42 or \"m:42\".")})
}

/// An entity.
pub(super) fn entity(description: &str) -> Value {
    json!({"type": ["string", "integer"], "maxLength": 500, "description": format!("{description} Its name, 42 or \"m:42\".")})
}

/// An instant.
pub(super) fn time(description: &str) -> Value {
    json!({"type": ["integer", "string"], "description": format!("{description} ISO date or time, or ms UTC.")})
}

/// A namespace.
pub(super) fn namespace() -> Value {
    json!({"type": "string", "maxLength": 200, "description": "A namespace and below, such as `user:alice`."})
}

/// A type of entity.
pub(super) fn entity_type() -> Value {
    text(&format!("One of {}, or your own.", ENTITY_TYPES.join(", ")), 60)
}

/// A type of relation.
pub(super) fn relation_type() -> Value {
    text(&format!("One of {}, or your own.", RELATION_TYPES.join(", ")), 60)
}

/// A type of observation.
pub(super) fn observation_type() -> Value {
    json!({"type": "string", "enum": OBSERVATION_TYPES, "description": "Note if absent."})
}

/// Free fields.
pub(super) fn metadata() -> Value {
    json!({"type": "object", "maxProperties": 100, "description": "Anything else, as JSON."})
}

/// Which way relations are followed.
pub(super) fn direction() -> Value {
    json!({"type": "string", "enum": ["out", "in", "both"], "default": "both", "description": "Which way relations are followed."})
}

/// A cursor.
pub(super) fn cursor() -> Value {
    text("`next_cursor` of the page before, with the same other arguments.", 4096)
}

/// An operation of the manifest.
pub(super) fn operation(
    effect: &str,
    summary: &str,
    description: &str,
    (input, output): (Value, Value),
    examples: &Value,
) -> Value {
    json!({
        "summary": summary, "description": description, "effect": effect, "input": input, "output": output,
        "examples": examples,
    })
}

/// A small graph, for examples: two files, two functions, a test, a person, a decision and what it caused.
pub(super) fn setup() -> Value {
    json!([
        {"operation": "create_entities", "arguments": {"entities": [
            {"name": "parser.rs", "entity_type": "File"},
            {"name": "lexer.rs", "entity_type": "File"},
            {"name": "parse", "entity_type": "Function", "observations": ["It is recursive."]},
            {"name": "next_token", "entity_type": "Function"},
            {"name": "Ada Lovelace", "entity_type": "Person", "observations": ["She likes short functions."]},
            {"name": "Rewrite the parser", "entity_type": "Decision"},
            {"name": "Slow builds", "entity_type": "Concept"},
            {"name": "Loner", "entity_type": "Concept"},
        ]}},
        {"operation": "create_relations", "arguments": {"relations": [
            {"from_entity": "parser.rs", "to_entity": "parse", "relation_type": "contains"},
            {"from_entity": "lexer.rs", "to_entity": "next_token", "relation_type": "contains"},
            {"from_entity": "parse", "to_entity": "next_token", "relation_type": "depends_on", "strength": 0.9},
            {"from_entity": "parser.rs", "to_entity": "lexer.rs", "relation_type": "depends_on"},
            {"from_entity": "Ada Lovelace", "to_entity": "Rewrite the parser", "relation_type": "assigned_to"},
            {"from_entity": "Rewrite the parser", "to_entity": "Slow builds", "relation_type": "caused_by"},
            {"from_entity": "Rewrite the parser", "to_entity": "parser.rs", "relation_type": "relates_to"},
        ]}},
    ])
}

/// The settings an operator may give.
pub(super) fn settings() -> Value {
    let number = |default: f64, description: &str| json!({"type": "number", "minimum": 0, "default": default, "description": description});
    let whole = |least: u32, most: u32, default: u32, description: &str| json!({"type": "integer", "minimum": least, "maximum": most, "default": default, "description": description});
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "resolve_threshold": {"type": "number", "minimum": 0.5, "maximum": 1, "default": 0.9,
                "description": "Names at least so similar are one entity; 1: only names with the same normal form."},
            "path_relations": whole(100, 100_000, 20_000, "Relations a path or a walk may read."),
            "graph_relations": whole(1_000, 150_000, 100_000, "Relations an operation over the whole graph may read."),
            "min_community_size": whole(1, 1_000, 2, "Communities with fewer members are not kept."),
            "resolution": number(1.0, "Leiden: above 1 more and smaller communities."),
            "seed": whole(0, 4_294_967_295, 42, "Leiden: of its random choices."),
            "max_iterations": whole(1, 1_000, 100, "Leiden: runs at most."),
            "quality_threshold": number(0.01, "Leiden: a run that betters modularity by less is the last."),
            "weight_similarity": number(0.6, "GraphRAG: weight of an entity's own likeness to the question."),
            "weight_nearness": number(0.2, "GraphRAG: weight of its nearness to what was found."),
            "weight_community": number(0.2, "GraphRAG: weight of its community's likeness to the question."),
        },
    })
}
