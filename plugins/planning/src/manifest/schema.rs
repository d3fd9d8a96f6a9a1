//! Small builders for the schemas and operations of this manifest.

pub(super) use memstrata_sdk::schema::{Named, choice, flag, integer, or};
use memstrata_sdk::{Map, Value, json};

/// An operation: properties whose name ends in `!` are required. Outputs are what is always there.
pub(super) fn operation(
    name: &'static str,
    effect: &str,
    summary: &str,
    description: &str,
    properties: &Value,
    output: &Value,
    examples: &Value,
) -> Named {
    let mut fields = Map::new();
    let mut required = Vec::new();
    for (field, schema) in properties.as_object().into_iter().flatten() {
        let bare = field.trim_end_matches('!');
        if bare != field {
            required.push(bare.to_owned());
        }
        fields.insert(bare.to_owned(), schema.clone());
    }
    let always: Vec<&String> = output.as_object().into_iter().flat_map(Map::keys).collect();
    let operation = json!({
        "summary": summary, "description": description, "effect": effect,
        "input": {"type": "object", "properties": fields, "required": required, "additionalProperties": false},
        "output": {"type": "object", "properties": output, "required": always},
        "examples": examples,
    });
    (name, operation)
}

pub(super) fn text(description: &str, most: u32) -> Value {
    json!({"type": "string", "maxLength": most, "description": description})
}

pub(super) fn named(description: &str) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 500, "description": description})
}

pub(super) fn choices(values: &[&str], description: &str) -> Value {
    json!({"type": "array", "items": {"type": "string", "enum": values}, "maxItems": 20, "description": description})
}

pub(super) fn number(description: &str, most: f64) -> Value {
    json!({"type": "number", "minimum": 0, "maximum": most, "description": description})
}

/// Money or minutes.
pub(super) fn amount(description: &str) -> Value {
    number(description, 1e12)
}

pub(super) fn minutes(description: &str) -> Value {
    number(description, 1e7)
}

pub(super) fn texts(description: &str) -> Value {
    json!({"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 500}, "maxItems": 50, "description": description})
}

/// A task or a plan.
pub(super) fn task() -> Value {
    json!({"type": ["integer", "string"], "maxLength": 64, "description": "A task of the layer prospective or a plan of this one: 42, \"m:42\", or a plan's key."})
}

/// The same, or none.
pub(super) fn task_or_none() -> Value {
    or(
        json!({"type": ["integer", "string"], "maxLength": 64, "description": "A task or a plan: 42, \"m:42\", or a plan's key; 0 is none."}),
        0,
    )
}

/// A space is one project: only budgets and namespaces tell projects apart.
pub(super) fn project() -> Value {
    json!({"type": ["integer", "string", "null"], "maxLength": 200, "description": "Accepted and not needed: a space is one project."})
}

pub(super) fn factors() -> Value {
    json!({"type": "array", "maxItems": 50, "description": "Outer influences: a name, or {name, impact} with the relative deviation it adds.",
        "items": {"type": ["string", "object"], "maxLength": 500, "additionalProperties": false, "required": ["name"],
            "properties": {"name": named("Its name."), "impact": number("Relative deviation, 0.1 for ten percent.", 10.0)}}})
}

pub(super) fn steps(description: &str) -> Value {
    let before = json!({"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 100}, "maxItems": 100});
    json!({"type": "array", "maxItems": 100, "description": description, "items": {
    "type": ["string", "object"], "maxLength": 2000, "additionalProperties": false, "required": ["content"],
    "properties": {
        "content": text("What is done.", 2000), "estimated_minutes": minutes("Likely."), "optimistic_minutes": minutes("If all goes well."),
        "pessimistic_minutes": minutes("If much goes wrong."), "actual_minutes": minutes("What it took."), "depends_on": before,
        "order_assumed": {"type": "boolean"}, "acceptance": text("When it is done.", 1000), "phase": text("Part of the work.", 200),
        "resources": texts("People and things it occupies."), "optional": {"type": "boolean"}, "deferred": {"type": "boolean"}, "escalated": {"type": "boolean"},
        "status": choice(&crate::plan::STATUSES, "How far it is."), "basis": text("Where it comes from.", 1000),
    }}})
}

pub(super) fn assumptions() -> Value {
    json!({"type": "array", "maxItems": 50, "description": "What it takes for granted: a text, or {text, critical, violated}.", "items": {
        "type": ["string", "object"], "maxLength": 1000, "additionalProperties": false, "required": ["text"],
        "properties": {"text": named("In words."), "critical": {"type": "boolean"}, "violated": {"type": "boolean"}}}})
}

pub(super) fn constraints() -> Value {
    json!({"type": "array", "maxItems": 50, "description": "What binds it: a text, or one with limits that are checked.", "items": {
        "type": ["string", "object"], "maxLength": 1000, "additionalProperties": false, "required": ["text"],
        "properties": {"text": named("In words."), "max_minutes": minutes("Of the critical path."), "max_steps": integer("Steps.", 1, 100), "must_include": named("Words some step must have.")}}})
}

pub(super) fn milestones() -> Value {
    json!({"type": "array", "maxItems": 50, "description": "Points on the way, in order.", "items": {
        "type": "object", "additionalProperties": false, "required": ["title", "after_step"],
        "properties": {"title": named("Its name."), "after_step": integer("Reached when this step is done.", 1, 100), "due_at": {"type": ["integer", "string"], "maxLength": 40}}}})
}

/// A plan `p` to try things on.
pub(super) fn given() -> Value {
    json!([{"operation": "create_plan", "arguments": {
        "key": "p", "title": "Ship the importer",
        "steps": [{"content": "Write the importer", "optimistic_minutes": 60, "estimated_minutes": 90, "pessimistic_minutes": 240},
            {"content": "Paint the logo", "estimated_minutes": 30, "depends_on": [1], "order_assumed": true, "optional": true},
            {"content": "Test the importer", "estimated_minutes": 30, "depends_on": [1]}],
        "assumptions": ["The file format stays", {"text": "The server has room", "critical": true}],
        "acceptance_criteria": ["The importer reads all files"]}}])
}

/// An example on that plan with more arguments, and one on an id nobody has.
pub(super) fn on_plan(more: &Value) -> Value {
    let with = |task: Value| {
        let mut arguments = more.as_object().cloned().unwrap_or_default();
        arguments.insert("task_id".into(), task);
        arguments
    };
    json!([{"arguments": with(json!("p")), "setup": given()},
           {"arguments": with(json!(999_999)), "fault": "not-found.task", "note": "Nobody has this id."}])
}
