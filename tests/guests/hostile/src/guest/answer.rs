//! Misbehaviour in what comes back.

use super::{Raw, number, text};
use memstrata_sdk::{Fault, Value, budget};

/// The text as it is given, or so many bytes of a sound answer, or one nested so deep.
pub(super) fn answer(arguments: &Value) -> Raw {
    let (bytes, depth) = (number(arguments, "bytes") as usize, number(arguments, "depth") as usize);
    if bytes > 0 {
        return Ok(format!("{{\"text\":\"{}\"}}", "x".repeat(bytes)));
    }
    if depth > 0 {
        return Ok(format!("{{\"text\":{}{}}}", "[".repeat(depth), "]".repeat(depth)));
    }
    Ok(text(arguments, "raw").to_owned())
}

/// The manifest promises a number.
pub(super) fn misfit() -> Raw {
    Ok("{\"sum\":\"seven\"}".into())
}

pub(super) fn fault(arguments: &Value) -> Raw {
    // Whoever watches sees how often it is run.
    budget::report(1, 1, "once more");
    let mut fault = Fault::new(text(arguments, "code"), "m".repeat(number(arguments, "bytes") as usize));
    fault.retry_after_ms = Some(u64::MAX);
    Err(fault)
}
