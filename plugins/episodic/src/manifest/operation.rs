//! One operation of the manifest, built step by step.

use super::schema::{Property, object};
use memstrata_sdk::{Map, Value, json};

/// An operation under construction.
pub(super) struct Operation {
    name: &'static str,
    body: Map<String, Value>,
    examples: Vec<Value>,
}

impl Operation {
    /// An operation that stages no writes.
    pub(super) fn read(name: &'static str, summary: &str) -> Self {
        Self::new(name, summary, "read")
    }

    /// An operation that stages writes.
    pub(super) fn write(name: &'static str, summary: &str) -> Self {
        Self::new(name, summary, "write")
    }

    /// An operation that takes memories away.
    pub(super) fn destructive(name: &'static str, summary: &str) -> Self {
        Self::new(name, summary, "destructive")
    }

    fn new(name: &'static str, summary: &str, effect: &str) -> Self {
        let mut body = Map::new();
        body.insert("summary".into(), json!(summary));
        body.insert("effect".into(), json!(effect));
        Self { name, body, examples: Vec::new() }
    }

    /// When to use it, for a model that has to choose.
    pub(super) fn says(self, description: &str) -> Self {
        self.with("description", json!(description))
    }

    /// Its arguments.
    pub(super) fn takes(self, required: &[&str], properties: impl IntoIterator<Item = Property>) -> Self {
        self.with("input", object(required, properties))
    }

    /// Its answer.
    pub(super) fn answers(self, schema: Value) -> Self {
        self.with("output", schema)
    }

    /// A call that works in an empty space.
    pub(super) fn example(self, note: &str, arguments: Value) -> Self {
        self.shown(json!({"note": note, "arguments": arguments}))
    }

    /// A call that works after another one.
    pub(super) fn example_after(self, note: &str, operation: &str, first: Value, arguments: Value) -> Self {
        let setup = json!([{"operation": operation, "arguments": first}]);
        self.shown(json!({"note": note, "setup": setup, "arguments": arguments}))
    }

    /// A call that fails with this code in an empty space.
    pub(super) fn fails(self, note: &str, fault: &str, arguments: Value) -> Self {
        self.shown(json!({"note": note, "arguments": arguments, "fault": fault}))
    }

    fn shown(mut self, example: Value) -> Self {
        self.examples.push(example);
        self
    }

    fn with(mut self, key: &str, value: Value) -> Self {
        self.body.insert(key.into(), value);
        self
    }

    /// Name and JSON.
    pub(super) fn finish(self) -> (String, Value) {
        let mut body = self.body;
        body.insert("examples".into(), self.examples.into());
        (self.name.to_owned(), body.into())
    }
}
