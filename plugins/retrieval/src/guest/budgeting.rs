//! `allocate_token_budget`: the tokens of a context shared out among its sections, and texts cut to what they got.

use crate::allocate::{BUFFER, Overflow, Priority, RESPONSE, Share, TOTAL, Want, fit, with_drops};
use crate::text::tokens;
use memstrata_sdk::{Answer, Fault, Map, Value, arguments, json};
use serde::Deserialize;

#[derive(Deserialize)]
struct Section {
    name: String,
    text: Option<String>,
    need_tokens: Option<usize>,
    #[serde(default)]
    min_tokens: usize,
    #[serde(default)]
    priority: Priority,
    overflow: Option<Overflow>,
}

#[derive(Deserialize)]
struct Budget {
    #[serde(default)]
    sections: Vec<Section>,
    total: Option<usize>,
    buffer: Option<usize>,
    response: Option<usize>,
    #[serde(default)]
    strategy: Share,
    #[serde(default)]
    overflow: Overflow,
}

pub(super) fn allocate_token_budget(given: Value) -> Answer {
    let given: Budget = arguments(given)?;
    let (total, buffer) = (given.total.unwrap_or(TOTAL), given.buffer.unwrap_or(BUFFER));
    let response = given.response.unwrap_or(RESPONSE);
    let available = total.checked_sub(buffer + response).ok_or_else(|| {
        Fault::invalid(format!(
            "`buffer` and `response` take {} tokens of {total}: raise `total` or lower them",
            buffer + response
        ))
    })?;
    let mut wants = Vec::with_capacity(given.sections.len());
    for section in &given.sections {
        let said = section.need_tokens.or_else(|| section.text.as_deref().map(tokens));
        let need =
            said.ok_or_else(|| Fault::invalid(format!("section `{}` needs `text` or `need_tokens`", section.name)))?;
        wants.push(Want { need, least: section.min_tokens.min(need), priority: section.priority });
    }
    let needs: Vec<usize> = wants.iter().map(|want| want.need).collect();
    let overflow = |section: &Section| section.overflow.unwrap_or(given.overflow);
    let may_go: Vec<bool> = given.sections.iter().map(|section| overflow(section) == Overflow::Drop).collect();
    let (shares, dropped) = with_drops(wants, &may_go, available, given.strategy);
    let mut shown = Vec::new();
    for (at, section) in given.sections.iter().enumerate() {
        let (need, share) = (needs.get(at).copied().unwrap_or_default(), shares.get(at).copied().unwrap_or_default());
        if share < need && overflow(section) == Overflow::Fail {
            return Err(Fault::new(
                "limit.tokens",
                format!(
                    "section `{}` needs {need} tokens and gets {share}: raise `total`, its priority, or let it be cut",
                    section.name
                ),
            ));
        }
        let mut one = Map::new();
        one.insert("name".into(), json!(section.name));
        one.insert("need".into(), json!(need));
        one.insert("tokens".into(), json!(share));
        one.insert("overflowed".into(), json!(share < need));
        one.insert("dropped".into(), json!(dropped.contains(&at)));
        if let Some(text) = section.text.as_deref().filter(|_| share < need) {
            one.insert("text".into(), json!(fit(text, share, overflow(section))));
        }
        shown.push(Value::Object(one));
    }
    let allocated: usize = shares.iter().sum();
    Ok(json!({"total": total, "buffer": buffer, "response": response, "available": available, "allocated": allocated,
              "unused": available - allocated, "sections": shown}))
}
