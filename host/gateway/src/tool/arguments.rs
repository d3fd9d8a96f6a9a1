//! Reads the arguments of built-in tools and collects every fault before it answers.

use memstrata_kernel::CallError;
use serde_json::{Map, Value, json};

/// Arguments that are taken out one by one; what is left at the end is unknown, hence a fault.
pub(super) struct Arguments {
    map: Map<String, Value>,
    faults: Vec<(String, String)>,
}

impl Arguments {
    pub(super) fn new(map: Map<String, Value>) -> Self {
        Self { map, faults: Vec::new() }
    }

    /// Takes an argument; JSON's null counts as absent, since many models send it.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.map.remove(name).filter(|value| !value.is_null())
    }

    /// Notes a fault at a place under the arguments.
    pub(super) fn fault(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.faults.push((pointer.into(), message.into()));
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            _ => {
                self.fault(format!("/{name}"), "must be a string");
                None
            }
        }
    }

    pub(super) fn flag(&mut self, name: &str) -> bool {
        match self.take(name) {
            None => false,
            Some(Value::Bool(flag)) => flag,
            Some(_) => {
                self.fault(format!("/{name}"), "must be true or false");
                false
            }
        }
    }

    pub(super) fn number(&mut self, name: &str, least: u64, most: u64) -> Option<u64> {
        let value = self.take(name)?;
        let number = whole(&value).filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.fault(format!("/{name}"), format!("must be a whole number from {least} to {most}"));
        }
        number
    }

    pub(super) fn object(&mut self, name: &str) -> Map<String, Value> {
        match self.take(name) {
            None => Map::new(),
            Some(Value::Object(map)) => map,
            Some(_) => {
                self.fault(format!("/{name}"), "must be an object");
                Map::new()
            }
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// `invalid.argument` with all faults.
    pub(super) fn end(mut self, tool: &str) -> Result<(), CallError> {
        for name in self.map.keys() {
            self.faults.push((
                format!("/{}", name.replace('~', "~0").replace('/', "~1")),
                "is not an argument of this tool".into(),
            ));
        }
        let Some((pointer, message)) = self.faults.first() else { return Ok(()) };
        let more = match self.faults.len() - 1 {
            0 => String::new(),
            count => format!(" ({count} more in details)"),
        };
        let sentence = format!("Argument `{pointer}` of `{tool}` {message}{more}.");
        let faults: Vec<Value> =
            self.faults.iter().map(|(pointer, message)| json!({ "pointer": pointer, "message": message })).collect();
        Err(CallError::new("invalid.argument", sentence).with_details(json!({ "faults": faults })))
    }
}

/// A whole number; `1.0` is one too.
pub(super) fn whole(value: &Value) -> Option<u64> {
    const MOST: u64 = (1 << 53) - 1;
    let number = value.as_u64().or_else(|| {
        let float = value.as_f64()?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked: whole and within 2^53")]
        (float.fract() == 0.0 && (0.0..=MOST as f64).contains(&float)).then_some(float as u64)
    })?;
    (number <= MOST).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_are_told_at_once() {
        let Value::Object(map) = json!({"a": 1, "b": "x", "k": 9, "~/": 0, "n": null}) else { unreachable!() };
        let mut arguments = Arguments::new(map);
        assert_eq!(arguments.text("a"), None);
        assert!(!arguments.flag("b"));
        assert_eq!(arguments.number("k", 1, 8), None);
        assert_eq!(arguments.text("n"), None);
        let error = arguments.end("t").unwrap_err();
        assert_eq!(error.code, "invalid.argument");
        let details = error.details.unwrap();
        let pointers: Vec<&str> =
            details["faults"].as_array().unwrap().iter().map(|f| f["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["/a", "/b", "/k", "/~0~1"]);
    }

    #[test]
    fn whole_numbers() {
        assert_eq!(whole(&json!(1.0)), Some(1));
        assert_eq!(whole(&json!(9_007_199_254_740_991_u64)), Some(9_007_199_254_740_991));
        for value in [json!(1.5), json!(-1), json!("1"), json!(9_007_199_254_740_992_u64), json!(1e300)] {
            assert_eq!(whole(&value), None, "{value}");
        }
    }
}
