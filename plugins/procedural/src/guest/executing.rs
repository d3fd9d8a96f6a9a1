//! Filling procedures in, and recording that they were done.

use super::naming::Key;
use super::{EXECUTIONS, TALLIES, now};
use crate::execution::{Tally, Told};
use crate::{parameter, procedure, row, step, template};
use memstrata_sdk::{Answer, Fault, Map, Value, arguments, get, json, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct Execute {
    procedure: Key,
    #[serde(default)]
    variables: Map<String, Value>,
}

pub(super) fn execute(given: Value) -> Answer {
    let given: Execute = arguments(given)?;
    let stored = given.procedure.live()?;
    let (id, name) = (row::id(&stored), row::text(&stored, "name"));
    let (text, steps) = (row::text(&stored, "template"), step::of_row(&stored));
    if text.is_empty() && steps.is_empty() {
        return Err(Fault::new(
            "invalid.procedure",
            format!("`{name}` (m:{id}) has neither template nor steps: give it some with `update_procedure`"),
        ));
    }
    let values = parameter::values(&procedure::all_parameters(&stored)?, &given.variables)?;
    Ok(json!({
        "procedure": id,
        "name": name,
        "version": row::int(&stored, "version"),
        "filled": template::fill(&template::parse("the template", text)?, &values)?,
        "steps": step::filled(&steps, &values)?,
        "variables": values,
    }))
}

#[derive(Deserialize)]
struct Record {
    procedure: Key,
    #[serde(flatten)]
    told: Told,
}

pub(super) fn record(given: Value) -> Answer {
    let given: Record = arguments(given)?;
    let stored = given.procedure.live()?;
    let procedure = row::id(&stored);
    let execution = given.told.row(&stored, step::of_row(&stored).len(), now())?;
    let at = row::int(&Value::Object(execution.clone()), "timestamp").unwrap_or_default();
    let id = write::insert(EXECUTIONS, &Value::Object(execution))?;
    let (tally, _) = write::insert_or_get(
        TALLIES,
        "procedure",
        &json!({"procedure": procedure, "namespace": row::text(&stored, "namespace"), "category": row::text(&stored, "category")}),
    )?;
    // Sums commute: calls at the same time all count, and none is run again.
    for (field, amount) in given.told.additions() {
        write::add(TALLIES, tally, field, amount)?;
    }
    #[expect(clippy::cast_precision_loss, reason = "times are below 2^53")]
    write::max(TALLIES, tally, "last_used", at as f64)?;
    let tally = Tally::of_row(&get(TALLIES, tally)?.unwrap_or_default());
    Ok(json!({
        "id": id,
        "ref": row::reference(id),
        "procedure": procedure,
        "usage_count": tally.usage,
        "success_rate": tally.success_rate().map(row::round),
        "avg_completion_time_ms": tally.mean_ms().map(f64::round),
    }))
}
