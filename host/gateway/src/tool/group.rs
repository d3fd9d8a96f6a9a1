//! Other names of operations, one by one or in groups, of which the argument `operation` chooses one.

use indexmap::IndexMap;
use memstrata_kernel::{CallError, Catalog, Effect, Operation};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The argument that chooses.
const CHOICE: &str = "operation";

/// What another name of an operation means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Route {
    /// `layer.operation` as it is.
    Plain(String),
    /// With other names of its arguments too.
    Renaming(Renaming),
}

/// An operation whose callers know its arguments by other names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renaming {
    /// `layer.operation`.
    pub operation: String,
    /// The name callers use -> the operation's own; an empty one drops the argument, `ids[]` makes a list of it.
    #[serde(default)]
    pub rename: IndexMap<String, String>,
    /// Arguments, by the operation's own names, where a caller gives none.
    #[serde(default)]
    pub defaults: IndexMap<String, Value>,
}

impl Route {
    /// `layer.operation`.
    #[must_use]
    pub fn operation(&self) -> &str {
        match self {
            Self::Plain(operation) | Self::Renaming(Renaming { operation, .. }) => operation,
        }
    }

    /// Gives arguments the operation's own names.
    pub fn rename(&self, arguments: &mut Map<String, Value>) {
        let Self::Renaming(Renaming { rename, defaults, .. }) = self else { return };
        for (from, to) in rename {
            let Some(value) = arguments.remove(from) else { continue };
            match to.strip_suffix("[]") {
                Some(list) => _ = arguments.insert(list.to_owned(), json!([value])),
                None if to.is_empty() => {}
                None => _ = arguments.insert(to.clone(), value),
            }
        }
        for (name, value) in defaults {
            arguments.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
}

/// The operations of a group by the names clients use.
pub type Group = IndexMap<String, Route>;

/// Takes the choice out of the arguments and gives the others the operation's own names; answers the operation.
///
/// # Errors
/// `invalid.argument` that lists the operations there are.
pub(crate) fn choose(name: &str, group: &Group, arguments: &mut Map<String, Value>) -> Result<String, CallError> {
    let said = arguments.remove(CHOICE);
    let chosen = said.as_ref().and_then(Value::as_str);
    if let Some(route) = chosen.and_then(|chosen| group.get(chosen)) {
        route.rename(arguments);
        return Ok(route.operation().to_owned());
    }
    Err({
        let fault = match (&said, chosen) {
            (None, _) => format!("`{name}` needs the argument `{CHOICE}`"),
            (_, Some(chosen)) => format!("`{name}` has no operation `{}`", chosen.chars().take(80).collect::<String>()),
            (Some(_), None) => format!("the argument `{CHOICE}` of `{name}` must be a text"),
        };
        let known: Vec<&String> = group.keys().collect();
        let list = known.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        CallError::new("invalid.argument", format!("{fault}; there are: {list}."))
            .with_details(json!({ "operations": known }))
    })
}

/// A group as one operation, for the list of tools: those of its operations that are loaded.
pub(crate) fn as_operation(name: &str, group: &Group, catalog: &Catalog, may_write: bool) -> Option<Operation> {
    let loaded: Vec<(&String, &Operation)> = group
        .iter()
        .filter_map(|(called, operation)| Some((called, catalog.get(operation.operation())?)))
        .filter(|(_, operation)| may_write || operation.effect == Effect::Read)
        .collect();
    let strongest = |effect: Effect| loaded.iter().any(|(_, operation)| operation.effect == effect);
    let effect = if strongest(Effect::Destructive) {
        Effect::Destructive
    } else if strongest(Effect::Write) {
        Effect::Write
    } else {
        Effect::Read
    };
    let names: Vec<&String> = loaded.iter().map(|(called, _)| *called).collect();
    let lines = loaded.iter().map(|(called, operation)| format!("{called}: {}", operation.summary));
    (!loaded.is_empty()).then(|| Operation {
        name: name.to_owned(),
        layer: String::new(),
        summary: format!("{} operations; `{CHOICE}` chooses one, the other arguments are its own.", loaded.len()),
        description: format!(
            "{} operations; `{CHOICE}` chooses one, the other arguments are its own.\n{}",
            loaded.len(),
            lines.collect::<Vec<_>>().join("\n")
        ),
        effect,
        input: json!({
            "type": "object",
            "properties": { CHOICE: { "type": "string", "enum": names } },
            "required": [CHOICE],
            "additionalProperties": true
        }),
        output: json!({ "type": "object" }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_taken_out_and_a_wrong_one_lists_those_there_are() {
        let group = Group::from_iter([
            ("add".to_owned(), Route::Plain("diary.write".into())),
            (
                "find".into(),
                serde_json::from_value(json!({
                    "operation": "diary.find", "rename": { "k": "limit", "project_id": "", "id": "ids[]" }, "defaults": { "limit": 5 }
                }))
                .unwrap(),
            ),
        ]);
        let arguments = |value: Value| value.as_object().cloned().unwrap();
        let mut good = arguments(json!({ "operation": "add", "text": "a" }));
        assert_eq!(choose("diary_tools", &group, &mut good).unwrap(), "diary.write");
        assert_eq!(Value::Object(good), json!({ "text": "a" }));
        for (given, meant) in [
            (json!({ "operation": "find", "k": 3, "project_id": 1 }), json!({ "limit": 3 })),
            (json!({ "operation": "find" }), json!({ "limit": 5 })),
            (json!({ "operation": "find", "id": 7 }), json!({ "ids": [7], "limit": 5 })),
        ] {
            let mut given = arguments(given);
            assert_eq!(choose("diary_tools", &group, &mut given).unwrap(), "diary.find");
            assert_eq!(Value::Object(given), meant);
        }
        for (bad, says) in [
            (json!({}), "needs the argument `operation`"),
            (json!({ "operation": "sing" }), "has no operation `sing`"),
            (json!({ "operation": 3 }), "must be a text"),
        ] {
            let error = choose("diary_tools", &group, &mut arguments(bad)).unwrap_err();
            assert!(error.message.contains(says) && error.message.ends_with("there are: add, find."), "{error}");
            assert_eq!(error.details.unwrap()["operations"], json!(["add", "find"]));
        }
    }
}
