//! Reaches for files of granted folders, and for what lies beside them.

use super::{Raw, done, number, text};
use memstrata_sdk::{Fault, Value, bindings::memstrata::plugin::files as wit, files, json};

/// `how`: folders, entries, about, read, size (of what one read gives), whole.
pub(super) fn folder(arguments: &Value) -> Raw {
    let (folder, path) = (text(arguments, "folder"), text(arguments, "path"));
    let length = u32::try_from(number(arguments, "length")).unwrap_or(u32::MAX);
    let answer = match text(arguments, "how") {
        "folders" => json!(files::folders()),
        "entries" => json!(files::entries(folder, path, text(arguments, "after"), length)?),
        "about" => files::about(folder, path)?,
        "size" => {
            json!(wit::read(folder, path, number(arguments, "offset"), length).map_err(Fault::from)?.len())
        }
        "whole" => json!(files::read(folder, path, number(arguments, "length"))?.len()),
        _ => {
            let bytes = wit::read(folder, path, number(arguments, "offset"), length).map_err(Fault::from)?;
            json!(String::from_utf8_lossy(&bytes))
        }
    };
    done(json!({ "answer": answer }))
}
