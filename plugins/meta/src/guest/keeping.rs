//! Keeps the figures of a large space.

use super::reader::Reader;
use super::{domains, integer, learning};
use crate::kept::{CALL, Kept, LARGE, NAME, WHOLE, of_the_whole};
use memstrata_sdk::{Answer, Fault, Query, Value, clock, json, write};

/// Collections whose changes change the figures much.
const WATCHED: [&str; 5] =
    ["episodic.events", "semantic.memories", "procedural.executions", "prospective.tasks", "graph.relations"];

/// Whether there are so many events or memories that figures are kept.
pub(super) fn is_large(reader: &mut Reader) -> Result<bool, Fault> {
    Ok(reader.of("episodic.events", |query| query.count())? >= LARGE
        || reader.of("semantic.memories", |query| query.count())? >= LARGE)
}

fn changed(reader: &mut Reader, since: u64) -> Result<bool, Fault> {
    let since = since.saturating_sub(CALL);
    for collection in WATCHED {
        let new = reader.of(collection, |query| {
            Ok(!query.filter(json!(["updated_at", ">", since]))?.with_deleted().limit(1).ids()?.is_empty())
        })?;
        if new {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the caller sees the whole space.
pub(super) fn sees_all() -> Result<bool, Fault> {
    Ok(write::home("kept", &json!({"name": "home", "figures": {}, "computed_at": 0}))? == WHOLE)
}

/// `keep_figures`: of the whole space; a caller confined to a namespace does not see it, and keeps nothing.
pub(super) fn keep() -> Answer {
    let mut reader = Reader::of_now();
    if !sees_all()? {
        reader.note("figures are kept of the whole space, and this caller is confined to a namespace".into());
        return Ok(reader.answer(json!({"kept": false})));
    }
    let mut old = None;
    for row in Query::of("kept").select(&["name", "namespace", "computed_at"])?.limit(500).page()?.rows {
        if old.is_none() && of_the_whole(&row) && super::text(&row, "name") == Some(NAME) {
            old = Some(row);
        } else {
            write::delete("kept", integer(&row, "id"), None)?;
        }
    }
    if !is_large(&mut reader)? {
        if let Some(old) = &old {
            write::delete("kept", integer(old, "id"), None)?;
        }
        return Ok(reader.answer(json!({"kept": false})));
    }
    if let Some(old) = &old
        && !changed(&mut reader, integer(old, "computed_at"))?
    {
        return Ok(reader.answer(json!({"kept": false})));
    }
    let mut reader = Reader::of_now();
    let mut kept = Kept {
        figures: reader.figures()?,
        kinds: learning::kinds(&mut reader)?,
        rates: learning::rates_now(&mut reader)?,
        errors: learning::errors_now(&mut reader)?,
        topics: domains::topics(&mut reader, domains::TOPICS)?,
        flux: domains::flux_now(&mut reader)?,
        ..Kept::default()
    };
    (kept.readable, kept.notes) = reader.so_far();
    let figures: Value = serde_json::to_value(&kept).map_err(|error| Fault::new("internal", error.to_string()))?;
    write::upsert("kept", "name", &json!({"name": NAME, "figures": figures, "computed_at": clock::now()}))?;
    Ok(reader.answer(json!({"kept": true})))
}
