//! The configuration that clients may change while the host runs: known keys, each of a type and within bounds.

use memstrata_sdk::{Fault, Value, json};

/// A key.
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    default: Default,
}

enum Default {
    Flag(bool),
    Count { value: u64, least: u64, most: u64 },
}

const fn count(name: &'static str, value: u64, least: u64, most: u64, about: &'static str) -> Key {
    Key { name, about, default: Default::Count { value, least, most } }
}

/// All keys.
pub const KEYS: [Key; 7] = [
    Key { name: "enabled", about: "Whether hooks and rules fire at all.", default: Default::Flag(true) },
    Key { name: "hear_events", about: "Whether rules hear events of other layers.", default: Default::Flag(true) },
    count("max_depth", 5, 1, 10, "How many events may follow each other."),
    count("max_firings", 50, 1, 200, "Firings of one call."),
    count(
        "default_rate_limit",
        100,
        0,
        100_000,
        "Firings of a hook in its window, where configure_rate_limiting said nothing; 0: no limit.",
    ),
    count("default_window_seconds", 60, 1, 86_400, "That window."),
    count("keep_days", 90, 1, 3_650, "How long firings, tool uses and reports are kept."),
];

impl Key {
    /// What it is if nobody says otherwise.
    #[must_use]
    pub fn default(&self) -> Value {
        match self.default {
            Default::Flag(value) => json!(value),
            Default::Count { value, .. } => json!(value),
        }
    }

    /// Reads a value; texts such as `"true"` and `"30"` are taken for what they say.
    ///
    /// # Errors
    /// `invalid.argument` that names type and bounds.
    pub fn read(&self, given: &Value) -> Result<Value, Fault> {
        let given = match given {
            Value::String(text) => serde_json::from_str(text.trim()).unwrap_or_else(|_| given.clone()),
            other => other.clone(),
        };
        match (&self.default, &given) {
            (Default::Flag(_), Value::Bool(_)) => Ok(given),
            (Default::Flag(_), _) => Err(Fault::invalid(format!("`{}` is true or false", self.name))),
            (Default::Count { least, most, .. }, value) => match whole(value) {
                Some(count) if (*least..=*most).contains(&count) => Ok(json!(count)),
                _ => Err(Fault::invalid(format!("`{}` is a whole number from {least} to {most}", self.name))),
            },
        }
    }
}

/// A whole number, also one written as `3.0`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be whole and in range")]
fn whole(value: &Value) -> Option<u64> {
    let number = value.as_f64().filter(|number| number.fract() == 0.0 && (0.0..=1e15).contains(number));
    number.map(|number| number as u64)
}

/// The key of a name.
///
/// # Errors
/// `not-found.config_key` that names all keys.
pub fn key(name: &str) -> Result<&'static Key, Fault> {
    KEYS.iter().find(|key| key.name == name).ok_or_else(|| {
        let names: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
        Fault::new(
            "not-found.config_key",
            format!("there is no key `{}`: take one of {}", memstrata_sdk::row::clip(name, 60), names.join(", ")),
        )
    })
}

/// What holds now: defaults, and what clients changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Config(serde_json::Map<String, Value>);

impl Config {
    /// Of rows with `key` and `value`; values that do not fit any more count as not given.
    #[must_use]
    pub fn of(rows: &[Value]) -> Self {
        let value = |key: &Key| {
            let row = rows.iter().find(|row| memstrata_sdk::row::text(row, "key") == key.name);
            row.and_then(|row| row.get("value")).and_then(|value| key.read(value).ok())
        };
        Self(KEYS.iter().map(|key| (key.name.to_owned(), value(key).unwrap_or_else(|| key.default()))).collect())
    }

    /// A flag; false for a name that is none.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// A count; 0 for a name that is none.
    #[must_use]
    pub fn count(&self, name: &str) -> u64 {
        self.0.get(name).and_then(Value::as_u64).unwrap_or_default()
    }

    /// All values by key.
    #[must_use]
    pub fn all(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_by_type_and_bounds() {
        let read = |name: &str, value: Value| key(name).unwrap().read(&value);
        assert_eq!(read("enabled", json!(false)).unwrap(), json!(false));
        assert_eq!(read("enabled", json!("false")).unwrap(), json!(false));
        assert_eq!(read("max_depth", json!("3")).unwrap(), json!(3));
        assert_eq!(read("max_depth", json!(3.0)).unwrap(), json!(3));
        assert!(read("max_depth", json!(3.5)).is_err() && read("max_depth", json!(-3)).is_err());
        for (name, bad) in
            [("enabled", json!(1)), ("max_depth", json!(0)), ("max_depth", json!(11)), ("keep_days", json!("x"))]
        {
            assert_eq!(read(name, bad.clone()).unwrap_err().code, "invalid.argument", "{name} {bad}");
        }
        assert!(key("colour").is_err_and(|fault| fault.message.contains("max_depth")));
    }

    #[test]
    fn what_is_stored_overrides_the_defaults_if_it_fits() {
        let config = Config::of(&[json!({"key": "max_depth", "value": 2}), json!({"key": "enabled", "value": "?"})]);
        assert_eq!(config.count("max_depth"), 2);
        assert!(config.flag("enabled"));
        assert_eq!(config.count("keep_days"), 90);
        assert!(KEYS.iter().all(|key| key.read(&key.default()).is_ok()));
    }
}
