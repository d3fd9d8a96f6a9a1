//! What a call answered, and whether it is small enough for a model to read.

use crate::config::HARD_RESULT_BYTES;
use memstrata_kernel::{CallAnswer, CallError};
use serde_json::{Value, json};

/// Arguments that commonly make an answer smaller; only names an operation really has are ever shown.
const NARROWING: [&str; 14] = [
    "limit",
    "k",
    "top_k",
    "count",
    "max_results",
    "page_size",
    "max_tokens",
    "max_bytes",
    "depth",
    "detail",
    "fields",
    "since",
    "kind",
    "namespace",
];

/// An answer, the same for every door.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The operation or built-in tool that gave it.
    pub(crate) label: String,
    /// Its JSON.
    pub(crate) value: Value,
    /// Whether it may have changed memory, so that calling again would change it again.
    pub(crate) wrote: bool,
    /// The commit.
    pub(crate) seq: Option<u64>,
    /// Rows whose vector comes later.
    pub(crate) embed_pending: u64,
    /// Whether an earlier call with the same idempotency key gave it.
    pub(crate) repeated: bool,
    /// Arguments that make it smaller.
    narrow: Vec<String>,
}

impl Answer {
    /// The answer of a built-in tool.
    pub(super) fn own(label: &str, value: Value, wrote: bool, narrow: &[&str]) -> Self {
        Self {
            label: label.to_owned(),
            value,
            wrote,
            seq: None,
            embed_pending: 0,
            repeated: false,
            narrow: narrow.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// The answer of an operation; of a dry run it says what would have changed.
    pub(super) fn of_operation(
        label: String,
        answer: CallAnswer,
        wrote: bool,
        narrow: Vec<String>,
        dry_run: bool,
    ) -> Self {
        let CallAnswer { value, seq, embed_pending, repeated, preview } = answer;
        let value = if dry_run {
            json!({ "dry_run": true, "value": value, "preview": preview.unwrap_or_default() })
        } else {
            value
        };
        Self { label, value, wrote, seq, embed_pending, repeated, narrow }
    }
}

#[cfg(test)]
impl Answer {
    /// An answer of a read with a commit, for tests of what shows it.
    pub(crate) fn for_tests(value: Value) -> Self {
        Self { seq: Some(7), ..Self::own("x.y", value, false, &["limit"]) }
    }
}

/// The arguments of a schema that make an answer smaller.
pub(super) fn narrowing(input: &Value) -> Vec<String> {
    let properties = input.get("properties").and_then(Value::as_object);
    NARROWING
        .into_iter()
        .filter(|name| properties.is_some_and(|properties| properties.contains_key(*name)))
        .map(str::to_owned)
        .collect()
}

/// Whether an answer of `bytes` may go to a model. JSON is never cut: a part of it would be wrong, or no JSON.
///
/// What changed memory may be as large as the hard limit, because calling again would change it twice.
///
/// # Errors
/// `limit.result`, with the arguments that make the answer smaller.
pub(crate) fn fit(answer: &Answer, bytes: usize, limit: usize) -> Result<(), CallError> {
    let limit = if answer.wrote { HARD_RESULT_BYTES } else { limit };
    if bytes <= limit {
        return Ok(());
    }
    let message = if answer.wrote {
        format!("Done, do not call again; but the answer of {bytes} bytes is over {limit} and cannot be shown.")
    } else if answer.narrow.is_empty() {
        format!("The answer has {bytes} bytes, {limit} are allowed; ask for less.")
    } else {
        let names: Vec<String> = answer.narrow.iter().map(|name| format!("`{name}`")).collect();
        format!("The answer has {bytes} bytes, {limit} are allowed; narrow it with {}.", names.join(", "))
    };
    Err(CallError::new("limit.result", message).with_details(json!({
        "bytes": bytes, "limit": limit, "narrow": answer.narrow, "truncated": true, "done": answer.wrote, "seq": answer.seq,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_arguments_that_exist_narrow() {
        let input = json!({"type": "object", "properties": {"query": {}, "limit": {}, "detail": {}}});
        assert_eq!(narrowing(&input), ["limit", "detail"]);
        assert!(narrowing(&json!({"type": "object"})).is_empty());
    }

    #[test]
    fn a_large_read_is_refused_and_says_how_to_narrow_it() {
        let answer = Answer::own("x.y", json!({}), false, &["limit"]);
        assert!(fit(&answer, 40_000, 40_000).is_ok());
        let error = fit(&answer, 40_001, 40_000).unwrap_err();
        assert_eq!(error.code, "limit.result");
        assert!(error.message.contains("`limit`") && error.message.contains("40001"), "{}", error.message);
        assert_eq!(error.details.unwrap()["narrow"], json!(["limit"]));
    }

    #[test]
    fn a_large_answer_of_a_write_is_shown_up_to_the_hard_limit() {
        let answer = Answer::own("x.y", json!({}), true, &[]);
        assert!(fit(&answer, HARD_RESULT_BYTES, 1_000).is_ok());
        let error = fit(&answer, HARD_RESULT_BYTES + 1, 1_000).unwrap_err();
        assert!(error.message.contains("do not call again"));
        assert_eq!(error.details.unwrap()["done"], json!(true));
    }

    #[test]
    fn a_dry_run_shows_its_preview() {
        let answer = CallAnswer {
            value: json!({"id": 1}),
            seq: None,
            embed_pending: 0,
            repeated: false,
            preview: Some(vec![json!("row")]),
        };
        let answer = Answer::of_operation("x.y".into(), answer, false, vec![], true);
        assert_eq!(answer.value, json!({"dry_run": true, "value": {"id": 1}, "preview": ["row"]}));
    }
}
