//! Actions of hooks, rules and workflows: what one does here, and what is left to the client.

use crate::condition::Condition;
use crate::{event, kind};
use memstrata_sdk::{Fault, Map, Value, json};
use serde::{Deserialize, Serialize};

/// Actions of one hook or rule, steps of one workflow.
pub const MOST: usize = 20;
/// Bytes of one action once it is filled in.
pub const MOST_FILLED: usize = 16_000;
/// Bytes of all actions of one hook, rule or workflow, as they are stored.
pub const MOST_STORED: usize = 12_000;
/// The types, as they are written.
pub const TYPES: [&str; 8] =
    ["emit_event", "record_event", "create_task", "note", "trigger_hook", "run_workflow", "call", "notify"];

/// One action. Texts in it may hold templates; names may not, so that cycles can be seen before they run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Emits the event `automation.<name>`, and sets off the rules that wait for `<name>`.
    EmitEvent {
        /// `[a-z][a-z0-9_]*`.
        name: String,
        /// What goes with it; the data of the event at hand if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payload: Option<Value>,
    },
    /// Records an episode.
    RecordEvent {
        /// What happened.
        content: String,
        /// One of the episodic layer's types.
        #[serde(default = "action")]
        event_type: String,
        /// How it ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<String>,
    },
    /// Makes a task.
    CreateTask {
        /// What is to be done.
        content: String,
        /// How urgent it is.
        #[serde(default = "medium")]
        priority: String,
    },
    /// Keeps a note in this layer.
    Note {
        /// Its text.
        text: String,
    },
    /// Triggers a hook.
    TriggerHook {
        /// Its kind.
        hook_type: String,
    },
    /// Runs a workflow of this layer.
    RunWorkflow {
        /// Its name.
        workflow_name: String,
        /// Its parameters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        params: Option<Value>,
    },
    /// A call of another layer, for the client to make.
    Call {
        /// `layer.operation`.
        operation: String,
        /// Its arguments.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arguments: Option<Value>,
    },
    /// Something the client should be told, or do.
    Notify {
        /// In words.
        message: String,
    },
}

fn action() -> String {
    "action".into()
}

fn medium() -> String {
    "medium".into()
}

/// An action with the condition it is done on.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// Checked; null: always.
    pub condition: Value,
}

/// Whether a text is `layer.operation`.
fn is_operation(text: &str) -> bool {
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    text.len() <= 80 && text.split_once('.').is_some_and(|(layer, name)| is_name(layer) && is_name(name))
}

impl Step {
    /// Reads one action: an object with `type` and perhaps `if`; or a text: `layer.operation` is a call, other words are told to the client.
    ///
    /// # Errors
    /// `invalid.action` that names the types or the field, `invalid.condition`.
    pub fn read(given: &Value) -> Result<Self, Fault> {
        let (action, condition) = match given {
            Value::String(text) if text.trim().is_empty() => return Err(bad("it is empty")),
            Value::String(text) if is_operation(text.trim()) => {
                (Action::Call { operation: text.trim().to_owned(), arguments: None }, Value::Null)
            }
            Value::String(text) => (Action::Notify { message: text.trim().to_owned() }, Value::Null),
            Value::Object(map) => {
                let mut map = map.clone();
                let condition = map.remove("if").unwrap_or_default();
                let action = serde_json::from_value(Value::Object(map))
                    .map_err(|error| bad(&format!("{error}; `type` is one of {}", TYPES.join(", "))))?;
                (action, condition)
            }
            _ => return Err(bad("it is a text or an object with `type`")),
        };
        Condition::read(&condition)?;
        let step = Self { action, condition };
        step.check()?;
        Ok(step)
    }

    fn check(&self) -> Result<(), Fault> {
        match &self.action {
            Action::EmitEvent { name, .. } => event::check_emitted(name),
            Action::RecordEvent { event_type, outcome, .. } => crate::episode::check(event_type, outcome.as_deref()),
            Action::CreateTask { priority, .. } => crate::task::check(priority),
            Action::TriggerHook { hook_type } if !kind::NAMES.contains(&hook_type.as_str()) => {
                Err(bad(&format!("`{hook_type}` is no kind of hook: {}", kind::NAMES.join(", "))))
            }
            Action::Call { operation, .. } if !is_operation(operation) => {
                Err(bad(&format!("`{operation}` is no operation: write `layer.operation`")))
            }
            _ => Ok(()),
        }
    }

    /// As it is stored: an object that [`Step::read`] reads back.
    #[must_use]
    pub fn stored(&self) -> Value {
        let mut stored = json!(self.action);
        if let Some(stored) = stored.as_object_mut().filter(|_| !self.condition.is_null()) {
            stored.insert("if".into(), self.condition.clone());
        }
        stored
    }
}

/// Reads one action or a list of them.
///
/// # Errors
/// See [`Step::read`]; more than [`MOST`].
pub fn read(given: &Value) -> Result<Vec<Step>, Fault> {
    let items = match given {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    if items.len() > MOST {
        return Err(bad(&format!("{} actions; {MOST} at most", items.len())));
    }
    let steps = items.iter().map(Step::read).collect::<Result<Vec<_>, _>>()?;
    let bytes: usize = steps.iter().map(|step| step.stored().to_string().len()).sum();
    if bytes > MOST_STORED {
        return Err(bad(&format!("{bytes} bytes of actions; {MOST_STORED} at most")));
    }
    Ok(steps)
}

/// The actions of a stored row; one that cannot be read any more is left out.
#[must_use]
pub fn stored(row: &Value, field: &str) -> Vec<Step> {
    row.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(|item| Step::read(item).ok()).collect()
}

fn bad(reason: &str) -> Fault {
    Fault::new("invalid.action", format!("the action cannot be read: {reason}"))
}

impl Action {
    /// Its type, as it is written.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::EmitEvent { .. } => "emit_event",
            Self::RecordEvent { .. } => "record_event",
            Self::CreateTask { .. } => "create_task",
            Self::Note { .. } => "note",
            Self::TriggerHook { .. } => "trigger_hook",
            Self::RunWorkflow { .. } => "run_workflow",
            Self::Call { .. } => "call",
            Self::Notify { .. } => "notify",
        }
    }

    /// The action with its templates filled.
    ///
    /// # Errors
    /// `invalid.action` if a value that was filled in does not fit its place.
    pub fn filled(&self, data: &Value) -> Result<Self, Fault> {
        let filled = crate::template::fill(&json!(self), data);
        let bytes = filled.to_string().len();
        if bytes > MOST_FILLED {
            return Err(bad(&format!("{bytes} bytes once it is filled in; {MOST_FILLED} at most")));
        }
        let action: Self = serde_json::from_value(filled)
            .map_err(|error| bad(&format!("what was filled in does not fit: {error}")))?;
        match &action {
            Self::RecordEvent { content, .. } | Self::CreateTask { content, .. } if content.trim().is_empty() => {
                Err(bad("`content` is empty once it is filled in"))
            }
            Self::Note { text } if text.trim().is_empty() => Err(bad("`text` is empty once it is filled in")),
            _ => Ok(action),
        }
    }

    /// The event this action leads to, as rules may hear it; none if nothing here follows.
    #[must_use]
    pub fn leads_to(&self) -> Option<String> {
        match self {
            Self::EmitEvent { name, .. } => Some(name.clone()),
            Self::TriggerHook { hook_type } => Some(kind::event(hook_type)),
            Self::RunWorkflow { workflow_name, .. } => Some(workflow_node(workflow_name)),
            Self::RecordEvent { event_type, .. } => Some(format!("episodic.{event_type}")),
            _ => None,
        }
    }

    /// What the client is asked to do instead, as `operation` and `arguments`, where a call would do it.
    #[must_use]
    pub fn as_call(&self) -> Option<(String, Value)> {
        match self {
            Self::Call { operation, arguments } => {
                Some((operation.clone(), arguments.clone().unwrap_or_else(|| json!(Map::new()))))
            }
            Self::RecordEvent { content, event_type, outcome } => {
                let mut arguments = json!({"content": content, "event_type": event_type});
                if let (Some(arguments), Some(outcome)) = (arguments.as_object_mut(), outcome) {
                    arguments.insert("outcome".into(), json!(outcome));
                }
                Some(("episodic.record_event".into(), arguments))
            }
            Self::CreateTask { content, priority } => {
                Some(("prospective.create_task".into(), json!({"content": content, "priority": priority})))
            }
            _ => None,
        }
    }
}

/// A workflow in the graph of what leads to what.
#[must_use]
pub fn workflow_node(name: &str) -> String {
    format!("workflow {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_calls_or_words() {
        let read = |text: &str| Step::read(&json!(text)).unwrap().action;
        assert_eq!(read("semantic.optimize"), Action::Call { operation: "semantic.optimize".into(), arguments: None });
        assert_eq!(read("Tell Ada."), Action::Notify { message: "Tell Ada.".into() });
        assert!(Step::read(&json!(" ")).is_err());
    }

    #[test]
    fn what_is_stored_reads_back() {
        for given in [
            json!({"type": "emit_event", "name": "build_failed", "payload": {"code": "{{code}}"}, "if": "code != 0"}),
            json!({"type": "record_event", "content": "x", "event_type": "error", "outcome": "failure"}),
            json!({"type": "create_task", "content": "Fix {{test}}", "priority": "high"}),
            json!({"type": "note", "text": "x"}),
            json!({"type": "trigger_hook", "hook_type": "error_occurred"}),
            json!({"type": "run_workflow", "workflow_name": "release", "params": {"a": 1}}),
            json!({"type": "call", "operation": "graph.stats", "arguments": {}}),
            json!({"type": "notify", "message": "x"}),
        ] {
            let step = Step::read(&given).unwrap();
            assert_eq!(step.stored(), given);
            assert!(TYPES.contains(&step.action.kind()));
            assert_eq!(given["type"], step.action.kind());
        }
    }

    #[test]
    fn what_cannot_be_done_is_refused_when_it_is_registered() {
        for bad in [
            json!({"type": "explode"}),
            json!({"type": "emit_event", "name": "Bad Name"}),
            json!({"type": "emit_event", "name": "{{name}}"}),
            json!({"type": "record_event", "content": "x", "event_type": "party"}),
            json!({"type": "create_task", "content": "x", "priority": "soon"}),
            json!({"type": "trigger_hook", "hook_type": "breakfast"}),
            json!({"type": "call", "operation": "rm -rf"}),
            json!({"type": "note", "text": "x", "surplus": 1}),
            json!({"type": "note", "text": "x", "if": "and and"}),
            json!(5),
        ] {
            assert!(Step::read(&bad).is_err(), "{bad}");
        }
        assert!(read(&json!(vec!["x"; 21])).is_err());
        assert!(read(&json!(vec!["x".repeat(3_000); 3])).is_ok());
        assert!(read(&json!(vec!["x".repeat(3_000); 4])).is_err());
        assert_eq!(read(&json!(["a", "b"])).unwrap().len(), 2);
    }

    #[test]
    fn templates_are_filled_and_checked() {
        let action = Step::read(&json!({"type": "create_task", "content": "Fix {{test}}"})).unwrap().action;
        assert_eq!(
            action.filled(&json!({"test": "lexer"})).unwrap(),
            Action::CreateTask { content: "Fix lexer".into(), priority: "medium".into() }
        );
        let bare = Step::read(&json!({"type": "create_task", "content": "{{test}}"})).unwrap().action;
        assert_eq!(bare.filled(&json!({})).unwrap_err().code, "invalid.action");
        assert!(bare.filled(&json!({"test": ""})).is_err());
        let call = Step::read(&json!({"type": "call", "operation": "a.b", "arguments": "{{data}}"})).unwrap().action;
        assert!(call.filled(&json!({"data": {"a": "x".repeat(15_000)}})).is_ok());
        assert!(call.filled(&json!({"data": {"a": "x".repeat(16_000)}})).is_err());
    }

    #[test]
    fn a_recorded_event_leads_back_to_the_episodes() {
        let action =
            Step::read(&json!({"type": "record_event", "content": "x", "event_type": "error"})).unwrap().action;
        assert_eq!(action.leads_to().unwrap(), "episodic.error");
        assert_eq!(action.as_call().unwrap().0, "episodic.record_event");
    }
}
