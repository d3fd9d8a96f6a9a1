//! Cursors: where a page ended, opaque, authenticated, bound to the query and the call they were made for.

use crate::error::{Result, StoreError};
use hmac::{Hmac, KeyInit, Mac};
use rusqlite::types::Value as Sql;
use serde_json::Value;
use sha2::Sha256;

/// Bytes of the authentication tag kept.
const TAG: usize = 16;

/// Seals the sort values of the last row of a page.
pub(crate) fn seal(secret: &[u8], binding: &str, last: &[Sql]) -> String {
    let values: Vec<Value> = last
        .iter()
        .map(|value| match value {
            Sql::Integer(integer) => Value::from(*integer),
            Sql::Real(real) => serde_json::json!({ "r": real.to_bits().to_string() }),
            Sql::Text(text) => Value::from(text.as_str()),
            Sql::Null | Sql::Blob(_) => Value::Null,
        })
        .collect();
    let body = Value::Array(values).to_string();
    let mut out = hex(&tag(secret, binding, body.as_bytes()));
    out.push_str(&hex(body.as_bytes()));
    out
}

/// Opens a cursor.
///
/// # Errors
/// `invalid.cursor` for any text this space did not make for this query and call.
pub(crate) fn open(secret: &[u8], binding: &str, cursor: &str) -> Result<Vec<Sql>> {
    let bytes = unhex(cursor).ok_or(StoreError::Cursor)?;
    let (given, body) = bytes.split_at_checked(TAG).ok_or(StoreError::Cursor)?;
    mac(secret, binding, body).verify_truncated_left(given).map_err(|_| StoreError::Cursor)?;
    let values: Vec<Value> = serde_json::from_slice(body).map_err(|_| StoreError::Cursor)?;
    values
        .into_iter()
        .map(|value| match value {
            Value::Null => Ok(Sql::Null),
            Value::String(text) => Ok(Sql::Text(text)),
            Value::Number(number) => number.as_i64().map(Sql::Integer).ok_or(StoreError::Cursor),
            Value::Object(real) => {
                let bits = real.get("r").and_then(Value::as_str).and_then(|bits| bits.parse().ok());
                bits.map(|bits| Sql::Real(f64::from_bits(bits))).ok_or(StoreError::Cursor)
            }
            _ => Err(StoreError::Cursor),
        })
        .collect()
}

fn mac(secret: &[u8], binding: &str, body: &[u8]) -> Hmac<Sha256> {
    // HMAC takes a key of any length; the fallback is never reached.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap_or_else(|_| Hmac::new(&Default::default()));
    mac.update(&(binding.len() as u64).to_le_bytes());
    mac.update(binding.as_bytes());
    mac.update(body);
    mac
}

fn tag(secret: &[u8], binding: &str, body: &[u8]) -> Vec<u8> {
    mac(secret, binding, body).finalize().into_bytes().iter().take(TAG).copied().collect()
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        _ = write!(out, "{byte:02x}");
        out
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_what_it_sealed_for_the_same_binding() {
        let last = vec![Sql::Integer(-7), Sql::Real(0.1), Sql::Text("ä".into()), Sql::Null];
        let cursor = seal(b"key", "a", &last);
        assert_eq!(open(b"key", "a", &cursor).unwrap(), last);
        assert!(open(b"key", "b", &cursor).is_err());
        assert!(open(b"other", "a", &cursor).is_err());
        let mut forged = cursor.clone();
        forged.replace_range(cursor.len() - 1.., "0");
        assert!(open(b"key", "a", &forged).is_err());
        for bad in ["", "zz", "abc", "äää"] {
            assert!(open(b"key", "a", bad).is_err(), "{bad}");
        }
    }
}
