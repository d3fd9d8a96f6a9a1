//! The built-in tools: forget, status, and the two that make the whole catalog reachable from a short list.

use super::arguments::{Arguments, whole};
use super::{CALL, FIND, FORGET, STATUS};
use indexmap::IndexMap;
use memstrata_kernel::{CallError, Catalog, Effect, Forget, Operation};
use serde_json::{Map, Value, json};

/// The most ids of one call of `forget`.
const MOST_IDS: usize = 100;
/// The most tools `tools_find` answers.
const MOST_FOUND: u64 = 8;
const DEFAULT_FOUND: u64 = 5;
/// The longest query `tools_find` reads, in bytes; a whole prompt fits.
const MOST_QUERY_BYTES: usize = 10_000;

/// The built-in tools as operations, so that they are shown by the same code as all others.
pub(super) fn operations() -> [Operation; 4] {
    let operation = |name: &str, summary: &str, description: &str, effect, input, output| Operation {
        name: name.into(),
        layer: String::new(),
        summary: summary.into(),
        description: description.into(),
        effect,
        input,
        output,
    };
    let object = json!({"type": "object"});
    [
        operation(
            FORGET,
            "Forget memories by id.",
            "Take the ids from what you recalled. They are retired and can be brought back, unless `erase` is true: then their \
             content is gone for good everywhere. `dry_run` shows what would go.",
            Effect::Destructive,
            json!({
                "type": "object",
                "properties": {
                    "ids": {
                        "type": "array", "minItems": 1, "maxItems": MOST_IDS, "items": {"type": ["integer", "string"]},
                        "description": "Ids, as 42 or \"m:42\"."
                    },
                    "erase": {"type": "boolean", "default": false, "description": "Overwrite the content; no undo."},
                    "dry_run": {"type": "boolean", "default": false}
                },
                "required": ["ids"],
                "additionalProperties": false
            }),
            object.clone(),
        ),
        operation(
            STATUS,
            "State of this memory: where the data lies, what it holds, which parts work.",
            "",
            Effect::Read,
            json!({"type": "object", "properties": {}, "additionalProperties": false}),
            object.clone(),
        ),
        operation(
            CALL,
            "Call any tool of this memory by name, also one that is not listed.",
            "Find the name and its arguments with `tools_find` (detail `schema`). The tool's own rules hold. `dry_run` shows what a \
             write would change.",
            Effect::Destructive,
            json!({
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "arguments": {"type": "object", "default": {}},
                    "dry_run": {"type": "boolean", "default": false}
                },
                "required": ["name"],
                "additionalProperties": false
            }),
            object,
        ),
        operation(
            FIND,
            "Find more tools of this memory for a task.",
            "Many more tools exist than are listed. Say what you want to do; then call the one that fits with `tools_call`.",
            Effect::Read,
            json!({
                "type": "object",
                "properties": {
                    "query": {"type": "string", "description": "The task, in words."},
                    "k": {"type": "integer", "minimum": 1, "maximum": MOST_FOUND, "default": DEFAULT_FOUND},
                    "detail": {"enum": ["name", "summary", "schema"], "default": "summary"}
                },
                "required": ["query"],
                "additionalProperties": false
            }),
            json!({"type": "object", "properties": {"tools": {"type": "array"}}, "required": ["tools"]}),
        ),
    ]
}

/// Reads the arguments of `forget`.
pub(super) fn forget(arguments: Map<String, Value>, dry_run: bool) -> Result<Forget, CallError> {
    let mut arguments = Arguments::new(arguments);
    let mut ids = Vec::new();
    match arguments.take("ids") {
        Some(Value::Array(given)) if (1..=MOST_IDS).contains(&given.len()) => {
            for (index, value) in given.iter().enumerate() {
                match id(value) {
                    Some(id) => ids.push(id),
                    None => arguments.fault(format!("/ids/{index}"), "must be an id, like 42 or \"m:42\""),
                }
            }
        }
        // One id without a list is what models often send, and there is no doubt what it means.
        Some(value) if id(&value).is_some() => ids.extend(id(&value)),
        _ => arguments.fault("/ids", format!("must be a list of 1 to {MOST_IDS} ids")),
    }
    let forget = Forget {
        ids,
        erase: arguments.flag("erase"),
        dry_run: arguments.flag("dry_run") || dry_run,
        idempotency_key: arguments.text("idempotency_key"),
    };
    arguments.end(FORGET)?;
    Ok(forget)
}

fn id(value: &Value) -> Option<u64> {
    let id = match value {
        Value::String(text) => text.strip_prefix("m:").unwrap_or(text).parse().ok(),
        other => whole(other),
    };
    id.filter(|id| *id > 0)
}

/// Reads the arguments of `status`, of which there are none.
pub(super) fn status(arguments: Map<String, Value>) -> Result<(), CallError> {
    Arguments::new(arguments).end(STATUS)
}

/// The arguments of `tools_call`.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) name: String,
    pub(super) arguments: Map<String, Value>,
    pub(super) dry_run: bool,
}

impl Inner {
    pub(super) fn read(arguments: Map<String, Value>) -> Result<Self, CallError> {
        let mut arguments = Arguments::new(arguments);
        let name = arguments.text("name").unwrap_or_default();
        if name.is_empty() {
            arguments.fault("/name", format!("must name a tool; `{FIND}` searches all"));
        }
        let inner = Self { name, arguments: arguments.object("arguments"), dry_run: arguments.flag("dry_run") };
        arguments.end(CALL)?;
        Ok(inner)
    }
}

/// How much `tools_find` tells of each tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    Name,
    Summary,
    Schema,
}

/// The arguments of `tools_find`.
#[derive(Debug)]
pub(super) struct Find {
    query: String,
    most: usize,
    detail: Detail,
}

impl Find {
    pub(super) fn read(arguments: Map<String, Value>) -> Result<Self, CallError> {
        let mut arguments = Arguments::new(arguments);
        // `prompt` is accepted too: some clients hand the user's whole prompt on under that name.
        let query = arguments.text("query");
        let query = query.or_else(|| arguments.text("prompt")).unwrap_or_default();
        if query.trim().is_empty() || query.len() > MOST_QUERY_BYTES {
            arguments.fault("/query", format!("must say what you want to do, in 1 to {MOST_QUERY_BYTES} bytes"));
        }
        let most = arguments.number("k", 1, MOST_FOUND).unwrap_or(DEFAULT_FOUND);
        let detail = match arguments.text("detail").as_deref() {
            None | Some("summary") => Detail::Summary,
            Some("name") => Detail::Name,
            Some("schema") => Detail::Schema,
            Some(_) => {
                arguments.fault("/detail", "must be `name`, `summary` or `schema`");
                Detail::Summary
            }
        };
        arguments.end(FIND)?;
        Ok(Self { query, most: usize::try_from(most).unwrap_or(1), detail })
    }

    pub(super) fn run(&self, catalog: &Catalog, tools: &IndexMap<String, String>) -> Value {
        let found: Vec<Value> = catalog
            .find(&self.query, self.most)
            .into_iter()
            .take(self.most)
            .map(|(operation, score)| describe(operation, score, self.detail, tools))
            .collect();
        let mut answer = json!({ "tools": found, "generation": catalog.generation() });
        if found.is_empty() {
            // An empty list must not read as "no such ability": the words may just differ.
            if let Some(answer) = answer.as_object_mut() {
                answer.insert("hint".into(), "Nothing fits these words; try others.".into());
            }
        }
        answer
    }
}

fn describe(operation: &Operation, score: f64, detail: Detail, tools: &IndexMap<String, String>) -> Value {
    let mut described = Map::new();
    described.insert("name".into(), operation.name.clone().into());
    if let Some((alias, _)) = tools.iter().find(|(_, target)| **target == operation.name) {
        described.insert("listed_as".into(), alias.clone().into());
    }
    described.insert("score".into(), json!((score * 1000.0).round() / 1000.0));
    if detail != Detail::Name {
        described.insert("summary".into(), operation.summary.clone().into());
        described.insert("effect".into(), json!(operation.effect));
    }
    if detail == Detail::Schema {
        described.insert("description".into(), operation.description.clone().into());
        described.insert("arguments".into(), operation.input.clone());
        described.insert("answer".into(), operation.output.clone());
    }
    Value::Object(described)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn ids_are_numbers_or_names() {
        let read = forget(map(json!({"ids": [42, "m:7", "8", 9.0], "erase": true})), false).unwrap();
        assert_eq!(read.ids, [42, 7, 8, 9]);
        assert!(read.erase && !read.dry_run);
        assert_eq!(forget(map(json!({"ids": "m:5"})), true).unwrap().ids, [5]);
    }

    #[test]
    fn bad_ids_are_all_named() {
        for ids in [json!([]), json!(null), json!("m:x"), json!({}), json!(vec![1; 101])] {
            assert_eq!(forget(map(json!({"ids": ids})), false).err().unwrap().code, "invalid.argument");
        }
        let error = forget(map(json!({"ids": [1, "x", -2, 0], "all": true})), false).err().unwrap();
        assert_eq!(error.details.unwrap()["faults"].as_array().unwrap().len(), 4);
    }

    #[test]
    fn find_reads_query_or_prompt() {
        let find = Find::read(map(json!({"prompt": "when did we", "k": 8, "detail": "schema"}))).unwrap();
        assert_eq!((find.query.as_str(), find.most, find.detail), ("when did we", 8, Detail::Schema));
        for wrong in [
            json!({}),
            json!({"query": " "}),
            json!({"query": "a".repeat(10_001)}),
            json!({"query": "a", "k": 9}),
            json!({"query": "a", "detail": "all"}),
        ] {
            assert_eq!(Find::read(map(wrong)).unwrap_err().code, "invalid.argument");
        }
    }

    #[test]
    fn call_wants_a_name_and_an_object() {
        let inner = Inner::read(map(json!({"name": "a.b", "arguments": null}))).unwrap();
        assert!(inner.arguments.is_empty() && !inner.dry_run);
        assert!(Inner::read(map(json!({"name": "a.b", "arguments": "x"}))).is_err());
        assert!(Inner::read(map(json!({"arguments": {}}))).is_err());
    }

    #[test]
    fn detail_grows() {
        let [operation, ..] = operations();
        let tools = IndexMap::from([("drop".to_owned(), FORGET.to_owned())]);
        let name = describe(&operation, 0.12345, Detail::Name, &tools);
        assert_eq!(name, json!({"name": "forget", "listed_as": "drop", "score": 0.123}));
        assert!(describe(&operation, 1.0, Detail::Summary, &tools).get("arguments").is_none());
        assert!(describe(&operation, 1.0, Detail::Schema, &tools).get("arguments").is_some());
    }
}
