//! Rows: JSON objects on the plugin's side, SQLite values in column order on ours.

use crate::collection::{Collection, DEFAULT_MAX_BYTES, FieldSpec, FieldType, at};
use crate::error::{Result, StoreError};
use rusqlite::types::{Value as Sql, ValueRef};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The largest integer JSON carries exactly: 2^53-1.
pub(crate) const MOST_INTEGER: i64 = (1 << 53) - 1;

/// A row's values in the order of [`Collection::columns`].
pub(crate) type Values = Vec<Sql>;

/// Checks one value of a declared field and turns it into its column's value.
pub(crate) fn to_sql(field: &str, spec: &FieldSpec, value: &Value) -> Result<Sql> {
    let sql = kind_to_sql(field, spec.kind, value)?;
    if let Sql::Text(text) = &sql {
        let most = spec.max_bytes.unwrap_or(DEFAULT_MAX_BYTES);
        if text.len() > most {
            return Err(StoreError::limit(
                "text",
                format!("field `{field}` has {} bytes, at most {most} are stored; split it", text.len()),
            ));
        }
        if spec.values.as_ref().is_some_and(|values| !values.contains(text)) {
            let values = spec.values.iter().flatten().cloned().collect::<Vec<_>>().join(", ");
            return Err(StoreError::Invalid(format!("field `{field}` must be one of: {values}")));
        }
    }
    Ok(sql)
}

/// Turns a JSON value into the value of a column of a type.
pub(crate) fn kind_to_sql(field: &str, kind: FieldType, value: &Value) -> Result<Sql> {
    let wrong = |wanted: &str| Err(StoreError::Invalid(format!("field `{field}` must be {wanted}")));
    Ok(match (kind, value) {
        (_, Value::Null) => Sql::Null,
        (FieldType::Text, Value::String(text)) => Sql::Text(text.clone()),
        (FieldType::Text, _) => return wrong("text"),
        (FieldType::Integer | FieldType::Time | FieldType::Ref, Value::Number(number)) => match integer(number) {
            Some(integer) if kind == FieldType::Integer || integer >= 0 => Sql::Integer(integer),
            _ => return wrong("an integer within 2^53-1, not negative for times and ids"),
        },
        (FieldType::Integer | FieldType::Time | FieldType::Ref, _) => return wrong("an integer"),
        (FieldType::Number, Value::Number(number)) => match number.as_f64() {
            Some(float) if float.is_finite() => Sql::Real(float),
            _ => return wrong("a finite number"),
        },
        (FieldType::Number, _) => return wrong("a number"),
        (FieldType::Boolean, Value::Bool(truth)) => Sql::Integer(i64::from(*truth)),
        (FieldType::Boolean, _) => return wrong("true or false"),
        (FieldType::List, Value::Array(items)) => {
            if items.iter().any(|item| !(item.is_string() || item.is_number())) {
                return wrong("a list of strings or numbers");
            }
            Sql::Text(value.to_string())
        }
        (FieldType::List, _) => return wrong("a list"),
        (FieldType::Json, _) => Sql::Text(value.to_string()),
    })
}

/// An integer within 2^53-1; `1.0` counts as 1.
fn integer(number: &serde_json::Number) -> Option<i64> {
    let integer = match number.as_i64() {
        Some(integer) => integer,
        None => {
            let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
            if float.abs() > MOST_INTEGER as f64 {
                return None;
            }
            float as i64
        }
    };
    (-MOST_INTEGER..=MOST_INTEGER).contains(&integer).then_some(integer)
}

/// Writes one column's value as JSON.
pub(crate) fn value_json(out: &mut String, kind: FieldType, value: ValueRef<'_>) {
    match (kind, value) {
        (_, ValueRef::Null | ValueRef::Blob(_)) => out.push_str("null"),
        (FieldType::Boolean, ValueRef::Integer(truth)) => out.push_str(if truth == 0 { "false" } else { "true" }),
        (_, ValueRef::Integer(integer)) => _ = write!(out, "{integer}"),
        (_, ValueRef::Real(float)) => match serde_json::Number::from_f64(float) {
            Some(number) => _ = write!(out, "{number}"),
            None => out.push_str("null"),
        },
        // Lists and JSON were checked on the way in.
        (FieldType::List | FieldType::Json, ValueRef::Text(text)) => out.push_str(&String::from_utf8_lossy(text)),
        (_, ValueRef::Text(text)) => {
            out.push_str(&serde_json::to_string(&String::from_utf8_lossy(text)).unwrap_or_default());
        }
    }
}

/// A row as JSON text, of these columns (positions in [`Collection::columns`]) read from `get`.
pub(crate) fn row_json<'a>(
    collection: &Collection,
    columns: impl Iterator<Item = usize>,
    get: impl Fn(usize) -> ValueRef<'a>,
) -> String {
    let mut out = String::with_capacity(256);
    out.push('{');
    for (nth, index) in columns.enumerate() {
        let Some(column) = collection.columns.get(index) else {
            continue;
        };
        if nth > 0 {
            out.push(',');
        }
        out.push('"');
        out.push_str(&column.name);
        out.push_str("\":");
        value_json(&mut out, column.kind, get(nth));
    }
    out.push('}');
    out
}

/// A whole row as JSON text.
pub(crate) fn values_json(collection: &Collection, values: &Values) -> String {
    row_json(collection, 0..collection.columns.len(), |nth| values.get(nth).map_or(ValueRef::Null, ValueRef::from))
}

/// What a plugin may set besides the declared fields: their columns.
const SETTABLE: [(&str, usize); 4] = [
    ("namespace", at::NAMESPACE),
    ("valid_from", at::VALID_FROM),
    ("valid_to", at::VALID_TO),
    ("sources", at::SOURCES),
];

/// The digest of a text: SHA-256, hexadecimal, of its words with one blank between.
fn digest(text: &str) -> String {
    let mut hasher = Sha256::new();
    for (nth, word) in text.split_whitespace().enumerate() {
        if nth > 0 {
            hasher.update(b" ");
        }
        hasher.update(word.as_bytes());
    }
    hasher.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Adds the digests of fields that are set and whose writer gives none.
fn add_digests(collection: &Collection, set: &mut Vec<(usize, Sql)>) {
    for (place, (_, spec)) in collection.spec.fields.iter().enumerate() {
        let Some(source) = spec.digest_of.as_ref().and_then(|field| collection.spec.fields.get_index_of(field)) else {
            continue;
        };
        let set_to =
            |place: usize| set.iter().find(|(column, _)| *column == place + at::FIELDS).map(|(_, value)| value);
        if let (None, Some(Sql::Text(text))) = (set_to(place), set_to(source)) {
            let digest = digest(text);
            set.push((place + at::FIELDS, Sql::Text(digest)));
        }
    }
}

/// Checks the fields of a row or patch and turns them into (column, value).
///
/// # Errors
/// `invalid.argument` naming the field that is unknown, not settable, or does not fit.
pub(crate) fn settable(collection: &Collection, row: &serde_json::Map<String, Value>) -> Result<Vec<(usize, Sql)>> {
    let mut set = Vec::with_capacity(row.len());
    for (field, value) in row {
        if let Some((place, _, spec)) = collection.spec.fields.get_full(field) {
            if spec.required && value.is_null() {
                return Err(StoreError::Invalid(format!("field `{field}` of `{}` is required", collection.name)));
            }
            set.push((place + at::FIELDS, to_sql(field, spec, value)?));
        } else if let Some((_, column)) = SETTABLE.iter().find(|(name, _)| name == field) {
            let sql = match *column {
                at::NAMESPACE => match value {
                    Value::Null => Sql::Text(String::new()),
                    Value::String(text) => Sql::Text(crate::Namespace::parse(text)?.as_str().into()),
                    _ => return Err(StoreError::Invalid("`namespace` must be text".into())),
                },
                at::SOURCES => kind_to_sql(field, FieldType::List, value)?,
                _ => kind_to_sql(field, FieldType::Time, value)?,
            };
            if *column == at::SOURCES && value.as_array().is_some_and(|ids| ids.iter().any(|id| id.as_u64().is_none()))
            {
                return Err(StoreError::Invalid("`sources` must be a list of row ids".into()));
            }
            set.push((*column, sql));
        } else {
            return Err(StoreError::Invalid(format!(
                "`{}` has no field `{field}` that a component may set",
                collection.name
            )));
        }
    }
    add_digests(collection, &mut set);
    Ok(set)
}

/// A new row's values: defaults, then what was given; required fields must be there.
pub(crate) fn new_values(collection: &Collection, row: &serde_json::Map<String, Value>) -> Result<Values> {
    let mut values = vec![Sql::Null; collection.columns.len()];
    for ((field, spec), value) in collection.spec.fields.iter().zip(values.iter_mut().skip(at::FIELDS)) {
        if let Some(default) = &spec.default {
            *value = to_sql(field, spec, default)?;
        }
    }
    for (column, sql) in settable(collection, row)? {
        if let Some(value) = values.get_mut(column) {
            *value = sql;
        }
    }
    for ((field, spec), value) in collection.spec.fields.iter().zip(values.iter().skip(at::FIELDS)) {
        if spec.required && *value == Sql::Null {
            return Err(StoreError::Invalid(format!("field `{field}` of `{}` is required", collection.name)));
        }
    }
    if let Some(namespace) = values.get_mut(at::NAMESPACE)
        && *namespace == Sql::Null
    {
        *namespace = Sql::Text(String::new());
    }
    Ok(values)
}

/// The integer at a place, if there is one.
pub(crate) fn int(values: &[Sql], place: usize) -> Option<i64> {
    match values.get(place) {
        Some(Sql::Integer(integer)) => Some(*integer),
        _ => None,
    }
}

/// The text at a place, if there is one.
pub(crate) fn text(values: &[Sql], place: usize) -> Option<&str> {
    match values.get(place) {
        Some(Sql::Text(text)) => Some(text),
        _ => None,
    }
}

/// The ids in a row's `sources`.
pub(crate) fn sources(values: &[Sql]) -> Vec<i64> {
    text(values, at::SOURCES).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}
