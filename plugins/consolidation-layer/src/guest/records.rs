//! Shows the host's records: runs, comparisons, promotions.

use super::{COMPARISONS, PROMOTIONS, REQUESTS, RUNS, UNITS, now};
use crate::metric::before_and_after;
use crate::{request, row, run};
use memstrata_sdk::args::Id;
use memstrata_sdk::{Answer, Fault, Page, Query, Value, arguments, get, json};
use serde::Deserialize;

/// Units shown with a run.
const SHOWN_UNITS: usize = 200;
/// Units read to count the rows of a run.
const MOST_UNITS: usize = 20_000;

/// The newest runs.
pub(super) fn latest_runs(most: usize) -> Result<Vec<Value>, Fault> {
    Query::of(RUNS).descending("started_at")?.limit(200).all(most)
}

/// A run by name; `latest` is the one that began last.
pub(super) fn run_named(name: &str) -> Result<Value, Fault> {
    let query = Query::of(RUNS);
    let query =
        if name == "latest" { query.descending("started_at")? } else { query.filter(json!(["run", "=", name]))? };
    query.first()?.ok_or_else(|| {
        let what =
            if name == "latest" { "nothing has run here".to_owned() } else { format!("there is no run `{name}`") };
        Fault::new("not-found.run", format!("{what}: `list_runs` shows the runs, `run_consolidation` asks for one"))
    })
}

/// The recorded units of a run.
pub(super) fn units_of(run: &Value) -> Result<Vec<Value>, Fault> {
    Query::of(UNITS).filter(json!(["run", "=", row::text(run, "run")]))?.limit(1_000).all(MOST_UNITS)
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    strategy: Option<String>,
    #[serde(default)]
    request: Option<Id>,
    limit: u32,
    #[serde(default)]
    cursor: Option<String>,
}

pub(super) fn runs(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let page = Query::of(RUNS)
        .filter_if("status", "=", given.status)?
        .filter_if("strategy", "=", given.strategy)?
        .filter_if("trigger", "=", given.request.map(|Id(id)| request::trigger(id)))?
        .descending("started_at")?
        .limit(given.limit)
        .after(given.cursor.as_deref())?
        .page()?;
    let runs: Vec<Value> = page.rows.iter().map(|run| Value::Object(run::show(run))).collect();
    Ok(json!({ "runs": runs, "count": runs.len(), "next_cursor": page.next }))
}

#[derive(Deserialize)]
struct One {
    #[serde(default)]
    run: Option<String>,
    #[serde(default)]
    request: Option<Id>,
    units: bool,
}

pub(super) fn run(given: Value) -> Answer {
    let given: One = arguments(given)?;
    let asked = given.request.map(|Id(id)| id);
    let request = asked.map(asked_for).transpose()?;
    let found = match (asked, &given.run) {
        (Some(id), _) => {
            Query::of(RUNS).filter(json!(["trigger", "=", request::trigger(id)]))?.descending("started_at")?.first()?
        }
        (None, name) => Some(run_named(name.as_deref().unwrap_or("latest"))?),
    };
    let shown = request.as_ref().map(show_request);
    let Some(found) = found else {
        let why = request.as_ref().map(|request| request::waiting(request, now()));
        return Ok(
            json!({ "run": null, "status": "requested", "why": why, "request": shown, "measures": null, "quality": null, "units": [] }),
        );
    };
    let units = if given.units { units_of(&found)? } else { Vec::new() };
    Ok(json!({
        "run": run::show(&found), "status": row::text(&found, "status"), "request": shown,
        "measures": found.get("measures").filter(|measures| measures.is_object()),
        "quality": Some(before_and_after(&found)).filter(|quality| !quality.is_null()),
        "units": units.iter().take(SHOWN_UNITS).map(run::show_unit).collect::<Vec<_>>(),
    }))
}

fn asked_for(id: u64) -> Result<Value, Fault> {
    get(REQUESTS, id)?.ok_or_else(|| {
        Fault::new(
            "not-found.request",
            format!("m:{id} is no request: take `request` of what run_consolidation answered"),
        )
    })
}

fn show_request(request: &Value) -> Value {
    let mut shown =
        row::some(request, &["asked", "strategy", "namespace", "since", "again", "dry_run", "reason", "created_at"]);
    shown.insert("request".into(), json!(row::reference(row::id(request))));
    Value::Object(shown)
}

#[derive(Deserialize)]
struct Pages {
    limit: u32,
    #[serde(default)]
    cursor: Option<String>,
}

fn newest(collection: &str, given: Value) -> Result<Page, Fault> {
    let given: Pages = arguments(given)?;
    Query::of(collection).descending("at")?.limit(given.limit).after(given.cursor.as_deref())?.page()
}

pub(super) fn comparisons(given: Value) -> Answer {
    let page = newest(COMPARISONS, given)?;
    let fields = ["comparison", "at", "as_of", "trigger", "principal", "active", "winner", "entries"];
    let shown: Vec<Value> = page.rows.iter().map(|one| Value::Object(row::some(one, &fields))).collect();
    Ok(json!({ "comparisons": shown, "count": shown.len(), "next_cursor": page.next }))
}

pub(super) fn promotions(given: Value) -> Answer {
    let page = newest(PROMOTIONS, given)?;
    let fields = ["strategy", "before", "at", "principal", "comparison", "reason", "status"];
    let shown: Vec<Value> = page.rows.iter().map(|one| Value::Object(row::some(one, &fields))).collect();
    let stands = Query::of(PROMOTIONS).filter(json!(["status", "=", "active"]))?.descending("at")?.first()?;
    let active = stands.as_ref().map(|stands| row::text(stands, "strategy"));
    let why = active
        .is_none()
        .then_some("no promotion stands in this space: the configuration's `[consolidation] active` runs");
    Ok(json!({ "active": active, "why": why, "promotions": shown, "count": shown.len(), "next_cursor": page.next }))
}
