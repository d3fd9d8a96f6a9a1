//! Reads fields out of a row, and the references (`m:42`) that callers see.

use memstrata_sdk::Value;
pub use memstrata_sdk::row::{id, ids, int, number, reference, text, texts};

/// Whether a row holds at an instant: `valid_from <= t < valid_to`, open ends included.
#[must_use]
pub fn valid_at(row: &Value, time: u64) -> bool {
    int(row, "valid_from").is_none_or(|from| from <= time) && int(row, "valid_to").is_none_or(|to| time < to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    #[test]
    fn validity_is_half_open_with_open_ends() {
        for (row, time, valid) in [
            (json!({}), 5, true),
            (json!({"valid_from": 5}), 5, true),
            (json!({"valid_from": 6}), 5, false),
            (json!({"valid_from": null, "valid_to": 5}), 5, false),
            (json!({"valid_from": 1, "valid_to": 6}), 5, true),
        ] {
            assert_eq!(valid_at(&row, time), valid, "{row}");
        }
    }
}
