//! Operations as MCP tools: the same list for the same catalog, sorted, and short enough to be read by every model.

use super::{CALL, builtin};
use memstrata_kernel::{Effect, Operation};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::sync::Arc;

/// What one tool should weigh as JSON, in bytes.
const TOOL_BYTES: usize = 1_200;
/// What all tools together should weigh, in bytes; about 3,000 tokens.
const LIST_BYTES: usize = 12_000;
const DESCRIPTION_CHARS: usize = 600;
const SHORT_DESCRIPTION_CHARS: usize = 160;

/// An operation under the name it is shown by.
pub(crate) struct Shown<'a> {
    pub(crate) name: &'a str,
    pub(crate) operation: &'a Operation,
}

/// The list of tools: those given and the built-in ones, sorted by name.
///
/// Who may not write sees nothing that writes. Input schemas stay whole, since models need them to call; what is too large
/// loses detail of its output schema first, then of its description.
pub(crate) fn tools(shown: &[Shown<'_>], may_write: bool) -> Vec<Tool> {
    let own = builtin::operations();
    let own = own.iter().map(|operation| Shown { name: &operation.name, operation });
    let mut tools: Vec<Tool> = shown
        .iter()
        .map(|shown| Shown { ..*shown })
        .chain(own)
        .filter(|shown| may_write || shown.operation.effect == Effect::Read || shown.name == CALL)
        .filter_map(|shown| tool(&shown, may_write))
        .collect();
    tools.sort_by(|left, right| left.name.cmp(&right.name));
    for step in STEPS {
        for tool in &mut tools {
            if bytes(tool) > TOOL_BYTES {
                step(tool);
            }
        }
    }
    for step in STEPS {
        if tools.iter().map(|tool| bytes(tool) + 1).sum::<usize>() > LIST_BYTES {
            tools.iter_mut().for_each(step);
        }
    }
    tools
}

/// Whether an answer that does not fit the tool's output schema would still be let in by clients that check.
pub(crate) fn is_open(tool: &Tool) -> bool {
    tool.output_schema.as_deref().is_none_or(|schema| schema == &open())
}

/// What a list that is too large gives up, in this order.
const STEPS: [fn(&mut Tool); 3] = [
    |tool| tool.output_schema = tool.output_schema.take().map(|schema| Arc::new(outline(&schema))),
    |tool| tool.output_schema = tool.output_schema.take().map(|_| Arc::new(open())),
    |tool| tool.description = tool.description.take().map(|text| Cow::Owned(clip(&text, SHORT_DESCRIPTION_CHARS))),
];

fn tool(shown: &Shown<'_>, may_write: bool) -> Option<Tool> {
    let Shown { name, operation } = shown;
    let input = operation.input.as_object()?;
    // A schema whose root is not an object makes some clients drop the whole list, so it is never sent.
    let output = operation.output.as_object().filter(|schema| schema.get("type") == Some(&json!("object")));
    let effect = if may_write { operation.effect } else { Effect::Read };
    let mut input = input.clone();
    if operation.effect != Effect::Read && *name != CALL {
        show_idempotency_key(&mut input);
    }
    let mut tool =
        Tool::new((*name).to_owned(), description(operation), input).with_title(title(name)).with_annotations(
            ToolAnnotations::new()
                .read_only(effect == Effect::Read)
                .destructive(effect == Effect::Destructive)
                .idempotent(effect == Effect::Read)
                .open_world(false),
        );
    if let Some(output) = output {
        tool = tool.with_raw_output_schema(Arc::new(output.clone()));
    }
    Some(tool)
}

fn description(operation: &Operation) -> String {
    let Operation { summary, description, .. } = operation;
    let text = if description.is_empty() || description.starts_with(summary.as_str()) {
        if description.is_empty() { summary.clone() } else { description.clone() }
    } else {
        format!("{summary}\n{description}")
    };
    clip(&text, DESCRIPTION_CHARS)
}

/// `remember_many` -> `Remember many`.
fn title(name: &str) -> String {
    let words = name.replace(['_', '.'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// At most `most` characters, cut between words.
fn clip(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let end = text.char_indices().nth(most - 1).map_or(text.len(), |(end, _)| end);
    let (kept, rest) = text.split_at(end);
    let in_a_word = !rest.starts_with(char::is_whitespace);
    let space = kept.rfind(char::is_whitespace).filter(|_| in_a_word);
    let kept = space.and_then(|space| kept.get(..space)).unwrap_or(kept);
    format!("{}…", kept.trim_end())
}

/// Every write takes a key that makes it happen once; the kernel reads it, the plugin never sees it.
fn show_idempotency_key(input: &mut JsonObject) {
    let properties = input.entry("properties").or_insert_with(|| Value::Object(Map::new()));
    if let Some(properties) = properties.as_object_mut() {
        properties
            .entry("idempotency_key")
            .or_insert_with(|| json!({"type": "string", "description": "Same key, same call: done once."}));
    }
}

/// A looser schema that lets in all the given one does: its properties with their types only.
fn outline(schema: &JsonObject) -> JsonObject {
    let mut outlined = open();
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let properties = properties.iter().map(|(name, property)| {
            let kind = property.get("type").map_or_else(|| json!({}), |kind| json!({ "type": kind }));
            (name.clone(), kind)
        });
        outlined.insert("properties".into(), Value::Object(properties.collect()));
    }
    if let Some(required) = schema.get("required") {
        outlined.insert("required".into(), required.clone());
    }
    outlined
}

fn open() -> JsonObject {
    Map::from_iter([("type".to_owned(), json!("object"))])
}

fn bytes(tool: &Tool) -> usize {
    serde_json::to_string(tool).map_or(usize::MAX, |text| text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(name: &str, effect: Effect, input: Value, output: Value, description: &str) -> Operation {
        Operation {
            name: name.into(),
            layer: "diary".into(),
            summary: "Writes a page.".into(),
            description: description.into(),
            effect,
            input,
            output,
        }
    }

    fn write() -> Operation {
        operation(
            "diary.write",
            Effect::Write,
            json!({"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}),
            json!({"type": "object", "properties": {"id": {"type": "integer", "description": "its id"}}, "required": ["id"]}),
            "Call it in the evening.",
        )
    }

    fn names(tools: &[Tool]) -> Vec<&str> {
        tools.iter().map(|tool| tool.name.as_ref()).collect()
    }

    #[test]
    fn a_tool_has_all_a_client_wants() {
        let write = write();
        let tools = tools(&[Shown { name: "note_down", operation: &write }], true);
        assert_eq!(names(&tools), ["forget", "note_down", "status", "tools_call", "tools_find"]);
        assert_eq!(
            serde_json::to_value(&tools[1]).unwrap(),
            json!({
                "name": "note_down", "title": "Note down", "description": "Writes a page.\nCall it in the evening.",
                "inputSchema": {"type": "object", "required": ["text"], "properties": {
                    "text": {"type": "string"},
                    "idempotency_key": {"type": "string", "description": "Same key, same call: done once."}
                }},
                "outputSchema": {"type": "object", "properties": {"id": {"type": "integer", "description": "its id"}}, "required": ["id"]},
                "annotations": {"readOnlyHint": false, "destructiveHint": false, "idempotentHint": false, "openWorldHint": false}
            })
        );
    }

    #[test]
    fn built_in_tools_are_small() {
        for tool in tools(&[], true) {
            assert!(bytes(&tool) <= TOOL_BYTES, "{} has {}", tool.name, bytes(&tool));
            assert!(tool.annotations.is_some() && tool.output_schema.is_some());
        }
    }

    #[test]
    fn who_may_not_write_sees_nothing_that_writes() {
        let write = write();
        let tools = tools(&[Shown { name: "note_down", operation: &write }], false);
        assert_eq!(names(&tools), ["status", "tools_call", "tools_find"]);
        assert!(tools.iter().all(|tool| tool.annotations.as_ref().unwrap().read_only_hint == Some(true)));
    }

    #[test]
    fn a_large_tool_loses_output_detail_but_no_input() {
        let many: Map<String, Value> =
            (0..20).map(|n| (format!("field_{n}"), json!({"type": "string", "description": "d".repeat(60)}))).collect();
        let output =
            json!({"type": "object", "properties": many, "required": ["field_0"], "additionalProperties": false});
        let large = operation("diary.large", Effect::Read, write().input, output, "");
        let tools = tools(&[Shown { name: "large", operation: &large }], true);
        let tool = tools.iter().find(|tool| tool.name == "large").unwrap();
        assert!(bytes(tool) <= TOOL_BYTES);
        let schema = tool.output_schema.as_ref().unwrap();
        assert_eq!(schema["properties"]["field_3"], json!({"type": "string"}));
        assert_eq!(schema["required"], json!(["field_0"]));
        assert!(schema.get("additionalProperties").is_none());
        assert_eq!(Value::Object(tool.input_schema.as_ref().clone()), large.input);
    }

    #[test]
    fn a_long_list_stays_within_its_budget() {
        let description = "word ".repeat(200);
        let read = operation("diary.read", Effect::Read, write().input, write().output, &description);
        let labels: Vec<String> = (0..20).map(|n| format!("read_{n:02}")).collect();
        let shown: Vec<Shown<'_>> = labels.iter().map(|name| Shown { name, operation: &read }).collect();
        let list = tools(&shown, true);
        let total = serde_json::to_string(&list).unwrap().len();
        assert!(total <= LIST_BYTES, "{total}");
        assert_eq!(list, tools(&shown, true), "the same every time");
    }

    #[test]
    fn a_root_that_is_no_object_is_not_sent() {
        let odd = operation("diary.odd", Effect::Read, json!({"type": "object"}), json!({"type": "array"}), "");
        let bad = operation("diary.bad", Effect::Read, json!(true), json!({}), "");
        let tools = tools(&[Shown { name: "odd", operation: &odd }, Shown { name: "bad", operation: &bad }], true);
        assert!(tools.iter().all(|tool| tool.name != "bad"));
        let odd = tools.iter().find(|tool| tool.name == "odd").unwrap();
        assert!(odd.output_schema.is_none() && is_open(odd));
    }

    #[test]
    fn text_is_cut_between_words() {
        assert_eq!(clip("one two three", 100), "one two three");
        assert_eq!(clip("one two three", 9), "one two…");
        assert_eq!(clip("äöü äöü äöü", 8), "äöü äöü…");
        assert!(clip(&"x".repeat(700), 600).chars().count() <= 600);
    }
}
