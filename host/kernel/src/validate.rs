//! Arguments against their JSON Schema (2020-12): defaults filled in, every fault with its JSON pointer.

use crate::api::CallError;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// Faults named in one error, at most.
const NAMED: usize = 10;

/// The compiled schemas of one operation.
#[derive(Debug)]
pub(crate) struct Schemas {
    input: Validator,
    output: Validator,
    defaults: Vec<(String, Value)>,
}

impl Schemas {
    /// Compiles an operation's schemas.
    pub(crate) fn compile(input: &Value, output: &Value) -> Result<Self, String> {
        let compile = |schema: &Value| jsonschema::draft202012::new(schema).map_err(|error| error.to_string());
        let properties = input.get("properties").and_then(Value::as_object);
        let default = |(name, property): (&String, &Value)| Some((name.clone(), property.get("default")?.clone()));
        Ok(Self {
            input: compile(input)?,
            output: compile(output)?,
            defaults: properties.into_iter().flatten().filter_map(default).collect(),
        })
    }

    /// Fills in defaults and checks the arguments.
    ///
    /// # Errors
    /// `invalid.argument` with each fault's pointer.
    pub(crate) fn check(&self, operation: &str, arguments: &mut Map<String, Value>) -> Result<(), CallError> {
        for (name, default) in &self.defaults {
            if !arguments.contains_key(name) {
                arguments.insert(name.clone(), default.clone());
            }
        }
        let value = Value::Object(std::mem::take(arguments));
        let faults = faults(&self.input, &value);
        if let Value::Object(map) = value {
            *arguments = map;
        }
        let Some((pointer, first)) = faults.first() else { return Ok(()) };
        let more = if faults.len() > 1 { format!(" (and {} more)", faults.len() - 1) } else { String::new() };
        let at = if pointer.is_empty() { String::new() } else { format!("{pointer}: ") };
        let list: Vec<_> = faults
            .iter()
            .take(NAMED)
            .map(|(pointer, message)| json!({"pointer": pointer, "message": message}))
            .collect();
        Err(CallError::new("invalid.argument", format!("the arguments do not fit `{operation}`: {at}{first}{more}"))
            .with_details(json!({ "faults": list })))
    }

    /// Every way an answer does not fit.
    pub(crate) fn answer_faults(&self, answer: &Value) -> Vec<(String, String)> {
        faults(&self.output, answer)
    }
}

fn faults(validator: &Validator, value: &Value) -> Vec<(String, String)> {
    if validator.is_valid(value) {
        return Vec::new();
    }
    // A long value would come back whole in the sentence.
    let short = |text: String| {
        if text.len() > 300 { format!("{}..", text.chars().take(300).collect::<String>()) } else { text }
    };
    validator.iter_errors(value).map(|error| (error.instance_path().to_string(), short(error.to_string()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_defaults_and_points_at_faults() {
        let input = json!({
            "type": "object", "additionalProperties": false, "required": ["q"],
            "properties": {"q": {"type": "string", "maxLength": 5}, "k": {"type": "integer", "default": 3}}
        });
        let schemas = Schemas::compile(&input, &json!({"type": "object"})).unwrap();
        let mut good = json!({"q": "a"}).as_object().cloned().unwrap();
        schemas.check("x", &mut good).unwrap();
        assert_eq!(good["k"], 3);
        let mut bad = json!({"q": "too long", "z": 1}).as_object().cloned().unwrap();
        let error = schemas.check("x", &mut bad).unwrap_err();
        assert_eq!(error.code, "invalid.argument");
        let faults = error.details.unwrap()["faults"].as_array().cloned().unwrap();
        assert_eq!(faults.len(), 2);
        assert!(faults.iter().any(|fault| fault["pointer"] == "/q"));
    }

    #[test]
    fn of_many_faults_ten_are_named_and_all_counted() {
        let list = json!({"type": "array", "items": {"type": "string"}});
        let input = json!({"type": "object", "properties": {"list": list}});
        let schemas = Schemas::compile(&input, &json!({"type": "object"})).unwrap();
        let mut bad = json!({"list": vec![7; 30]}).as_object().cloned().unwrap();
        let error = schemas.check("x", &mut bad).unwrap_err();
        assert!(error.message.contains("(and 29 more)"), "{error}");
        assert_eq!(error.details.unwrap()["faults"].as_array().unwrap().len(), NAMED);
    }
}
