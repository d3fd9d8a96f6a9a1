//! Conditions of queries: typed, checked against the collection, turned into SQL with parameters.

use crate::collection::{Collection, FieldType};
use crate::error::{Result, StoreError};
use crate::namespace::Namespace;
use crate::row::kind_to_sql;
use rusqlite::types::Value as Sql;
use serde_json::Value;

/// Comparisons in one query, at most.
const MOST_COMPARISONS: usize = 200;
/// Nesting of conditions, at most.
const MOST_DEPTH: usize = 12;
/// Values in one `in` list, at most.
const MOST_LIST: usize = 10_000;

/// A condition, checked for its form; fields and values are checked against a collection when it is compiled.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// All of them hold; so does an empty list.
    All(Vec<Condition>),
    /// One of them holds; none does in an empty list.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// A field compared with a value.
    Compare {
        /// The field.
        field: String,
        /// The operator, see `store-read.query.filter`.
        operator: String,
        /// The value.
        value: Value,
    },
}

impl Condition {
    /// Reads a condition from JSON text.
    ///
    /// # Errors
    /// `invalid.condition` with what is wrong.
    pub fn parse(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| StoreError::Condition(format!("the condition is no JSON: {error}")))?;
        let mut left = MOST_COMPARISONS;
        Self::from_value(&value, 0, &mut left)
    }

    fn from_value(value: &Value, depth: usize, left: &mut usize) -> Result<Self> {
        if depth > MOST_DEPTH {
            return Err(StoreError::Condition(format!("conditions nest {MOST_DEPTH} deep at most")));
        }
        let list = |value: &Value, left: &mut usize| match value {
            Value::Array(items) => items.iter().map(|item| Self::from_value(item, depth + 1, left)).collect(),
            _ => Err(StoreError::Condition("`all` and `any` take a list of conditions".into())),
        };
        match value {
            Value::Array(parts) => {
                *left = left
                    .checked_sub(1)
                    .ok_or_else(|| StoreError::Condition(format!("{MOST_COMPARISONS} comparisons at most")))?;
                match parts.as_slice() {
                    [Value::String(field), Value::String(operator), value] => {
                        Ok(Self::Compare { field: field.clone(), operator: operator.clone(), value: value.clone() })
                    }
                    _ => Err(StoreError::Condition("a comparison is [field, operator, value]".into())),
                }
            }
            Value::Object(map) => match map.iter().next() {
                Some((key, value)) if map.len() == 1 => match key.as_str() {
                    "all" => Ok(Self::All(list(value, left)?)),
                    "any" => Ok(Self::Any(list(value, left)?)),
                    "not" => Ok(Self::Not(Box::new(Self::from_value(value, depth + 1, left)?))),
                    other => Err(StoreError::Condition(format!("`{other}` is none of all, any, not"))),
                },
                _ => Err(StoreError::Condition("a condition object has one key: all, any or not".into())),
            },
            _ => Err(StoreError::Condition("a condition is [field, operator, value] or {all|any|not: ..}".into())),
        }
    }

    /// The condition as SQL over a row alias `r`; its parameters are appended.
    pub(crate) fn sql(&self, collection: &Collection, parameters: &mut Vec<Sql>) -> Result<String> {
        let joined = |parts: &[Self], word: &str, none: &str, parameters: &mut Vec<Sql>| {
            let parts: Vec<_> = parts.iter().map(|part| part.sql(collection, parameters)).collect::<Result<_>>()?;
            Ok(if parts.is_empty() { none.to_owned() } else { format!("({})", parts.join(word)) })
        };
        match self {
            Self::All(parts) => joined(parts, " AND ", "1", parameters),
            Self::Any(parts) => joined(parts, " OR ", "0", parameters),
            // Comparisons with null are false, not unknown: so that `not` is the exact opposite.
            Self::Not(part) => Ok(format!("NOT coalesce({}, 0)", part.sql(collection, parameters)?)),
            Self::Compare { field, operator, value } => compare(collection, field, operator, value, parameters),
        }
    }
}

fn compare(
    collection: &Collection,
    field: &str,
    operator: &str,
    value: &Value,
    parameters: &mut Vec<Sql>,
) -> Result<String> {
    let (_, column) = collection.column(field)?;
    let name = format!("r.\"{field}\"");
    let misfit = |error: StoreError| StoreError::Condition(error.to_string());
    let typed = |value: &Value| kind_to_sql(field, column.kind, value).map_err(misfit);
    let text = |value: &Value| match (column.kind, value) {
        (FieldType::Text, Value::String(text)) => Ok(text.clone()),
        _ => Err(StoreError::Condition(format!("`{operator}` compares a text field with text, `{field}` is not so"))),
    };
    match (operator, value) {
        ("=", Value::Null) => Ok(format!("{name} IS NULL")),
        ("!=", Value::Null) => Ok(format!("{name} IS NOT NULL")),
        ("=" | "!=" | "<" | "<=" | ">" | ">=", value) if !value.is_null() => {
            parameters.push(typed(value)?);
            Ok(if operator == "!=" { format!("{name} IS NOT ?") } else { format!("{name} {operator} ?") })
        }
        ("in", Value::Array(values)) => {
            if values.len() > MOST_LIST {
                return Err(StoreError::Condition(format!("`in` takes {MOST_LIST} values at most")));
            }
            let mut list = Vec::with_capacity(values.len());
            for value in values {
                list.push(match typed(value)? {
                    Sql::Integer(integer) => Value::from(integer),
                    Sql::Real(real) => Value::from(real),
                    Sql::Text(text) => Value::from(text),
                    _ => return Err(StoreError::Condition("`in` takes no null; use [field, \"=\", null]".into())),
                });
            }
            parameters.push(Sql::Text(Value::Array(list).to_string()));
            Ok(format!("{name} IN (SELECT value FROM json_each(?))"))
        }
        ("prefix", value) => {
            let prefix = text(value)?;
            parameters.push(Sql::Text(prefix.clone()));
            // An upper bound lets an index on the field serve it; without one (all 0xFF) the lower bound must do.
            Ok(match after(&prefix) {
                Some(end) => {
                    parameters.push(Sql::Text(end));
                    format!("({name} >= ? AND {name} < ?)")
                }
                None => format!("{name} >= ?"),
            })
        }
        ("contains", value) => {
            parameters.push(Sql::Text(text(value)?.to_ascii_lowercase()));
            Ok(format!("instr(lower({name}), ?) > 0"))
        }
        ("has", value @ (Value::String(_) | Value::Number(_))) if column.kind == FieldType::List => {
            let has = format!("EXISTS(SELECT 1 FROM json_each({name}) WHERE value = ?)");
            Ok(match value {
                // The list is stored as it is written here, so most rows are told apart without reading it as JSON.
                Value::String(text) => {
                    parameters.extend([Sql::Text(value.to_string()), Sql::Text(text.clone())]);
                    format!("(instr({name}, ?) > 0 AND {has})")
                }
                number => {
                    parameters.push(kind_to_sql(field, FieldType::Number, number).map_err(misfit)?);
                    has
                }
            })
        }
        ("under", value) => {
            let namespace = Namespace::parse(&text(value)?).map_err(misfit)?;
            Ok(match namespace.sql(&name) {
                Some((sql, values)) => {
                    parameters.extend(values.map(Sql::Text));
                    sql
                }
                None => "1".into(),
            })
        }
        _ => Err(StoreError::Condition(format!(
            "`{operator}` with this value does not fit field `{field}`; operators: = != < <= > >= in prefix contains has under"
        ))),
    }
}

/// The least text greater than all that start with `prefix`.
fn after(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        let next = (u32::from(last) + 1..=0x10_FFFF).find_map(char::from_u32);
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_no_condition() {
        for bad in [
            "7",
            "[]",
            "[1,2,3]",
            "[\"a\",\"=\"]",
            "{}",
            "{\"all\":1}",
            "{\"all\":[],\"any\":[]}",
            "{\"xor\":[]}",
            "[",
            "null",
        ] {
            assert!(Condition::parse(bad).is_err(), "{bad}");
        }
        let deep = format!("{}{}{}", "{\"not\":".repeat(20), "{\"all\":[]}", "}".repeat(20));
        assert!(Condition::parse(&deep).is_err());
        let long = format!("{{\"any\":[{}]}}", vec!["[\"a\",\"=\",1]"; 201].join(","));
        assert!(Condition::parse(&long).is_err());
    }

    #[test]
    fn the_end_of_a_prefix_is_the_next_text() {
        assert_eq!(after("ab").as_deref(), Some("ac"));
        assert_eq!(after("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(after("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(after(""), None);
    }
}
