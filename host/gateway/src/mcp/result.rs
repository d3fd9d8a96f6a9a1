//! Answers and errors as MCP tool results.

use crate::tool::{Answer, fit};
use memstrata_kernel::CallError;
use rmcp::model::{CallToolResult, ContentBlock, Implementation, MetaObject};
use serde_json::{Map, Value, json};

const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";
/// Where facts about a call stand that are no part of its answer.
const CALL_INFO: &str = "memstrata/call";

/// The result of a call: structured, and the same JSON as text for clients that read only that; with the bytes of it.
///
/// Errors are results with `isError`, so that the model reads them. `open` says that the tool's output schema lets any object
/// in: only then may an error be structured too, because clients check structured content of errors against the schema as well
/// and would show the model their own complaint instead of our sentence.
pub(super) fn result(outcome: Result<Answer, CallError>, limit: usize, open: bool) -> (CallToolResult, usize) {
    let fitted = outcome.and_then(|answer| {
        let text = answer.value.to_string();
        fit(&answer, text.len(), limit).map(|()| (answer, text))
    });
    match fitted {
        Ok((answer, text)) => {
            let bytes = text.len();
            let meta = call_info(&answer);
            let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
            result.structured_content = Some(answer.value);
            result.meta = meta;
            (result, bytes)
        }
        Err(error) => {
            let value = json!(error);
            let text = value.to_string();
            let bytes = text.len();
            let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
            result.structured_content = open.then_some(value);
            (result, bytes)
        }
    }
}

fn call_info(answer: &Answer) -> Option<MetaObject> {
    let mut info = Map::new();
    if let Some(seq) = answer.seq {
        info.insert("seq".into(), seq.into());
    }
    if answer.embed_pending > 0 {
        info.insert("embed_pending".into(), answer.embed_pending.into());
    }
    if answer.repeated {
        info.insert("repeated".into(), true.into());
    }
    (!info.is_empty()).then(|| MetaObject(Map::from_iter([(CALL_INFO.to_owned(), Value::Object(info))])))
}

/// Adds who answers to a result's `_meta`, as 2026-07-28 recommends.
pub(super) fn sign(meta: &mut Option<MetaObject>, server: &Implementation) {
    meta.get_or_insert_with(MetaObject::new).0.insert(SERVER_INFO.to_owned(), json!(server));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::Answer;

    fn answer(value: Value) -> Answer {
        Answer::for_tests(value)
    }

    #[test]
    fn an_answer_is_structured_and_text() {
        let (result, bytes) = result(Ok(answer(json!({"a": 1}))), 1000, false);
        assert_eq!(
            serde_json::to_value(&result).unwrap(),
            json!({
                "resultType": "complete", "isError": false, "structuredContent": {"a": 1},
                "content": [{"type": "text", "text": "{\"a\":1}"}], "_meta": {"memstrata/call": {"seq": 7}}
            })
        );
        assert_eq!(bytes, 7);
    }

    #[test]
    fn an_error_is_structured_only_if_the_schema_lets_it_in() {
        let error = || CallError::new("invalid.argument", "No.").with_details(json!({"x": 1}));
        let (closed, _) = result(Err(error()), 1000, false);
        assert_eq!(closed.is_error, Some(true));
        assert!(closed.structured_content.is_none());
        let text = closed.content[0].as_text().unwrap().text.clone();
        let told: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(told, json!({"code": "invalid.argument", "message": "No.", "details": {"x": 1}}));
        let (open, _) = result(Err(error()), 1000, true);
        assert_eq!(open.structured_content, Some(told));
    }

    #[test]
    fn a_large_answer_becomes_an_error_and_no_broken_json() {
        let (result, _) = result(Ok(answer(json!({"a": "x".repeat(100)}))), 50, true);
        assert_eq!(result.is_error, Some(true));
        assert_eq!(result.structured_content.unwrap()["code"], json!("limit.result"));
    }

    #[test]
    fn a_signature_keeps_what_is_there() {
        let mut meta = Some(MetaObject(Map::from_iter([("a/b".to_owned(), json!(1))])));
        sign(&mut meta, &Implementation::new("n", "1"));
        let meta = serde_json::to_value(meta).unwrap();
        assert_eq!(meta, json!({"a/b": 1, "io.modelcontextprotocol/serverInfo": {"name": "n", "version": "1"}}));
    }
}
