//! Keeps wished schedules, and asks for the runs that are due.

use super::asking::ask;
use super::{SCHEDULES, named, now, settings};
use crate::request::{Request, since};
use crate::row;
use crate::schedule::{Frequency, next, time_of_day};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get as get_row, json, write};
use serde::Deserialize;

/// Schedules looked at in one call; the others come ten minutes later.
const MOST: usize = 100;

#[derive(Deserialize)]
struct Schedule {
    frequency: String,
    time_of_day: String,
    strategy: String,
    max_age_minutes: u64,
    #[serde(default)]
    namespace: Option<String>,
}

pub(super) fn schedule(given: Value) -> Answer {
    let given: Schedule = arguments(given)?;
    let due = due(&given.frequency, &given.time_of_day, now())?;
    let mut wished = json!({
        "frequency": given.frequency, "time_of_day": given.time_of_day, "asked": given.strategy,
        "max_age_minutes": given.max_age_minutes, "next_due": due,
    });
    if let (Some(namespace), Some(wished)) = (named(given.namespace.as_deref()), wished.as_object_mut()) {
        wished.insert("namespace".into(), json!(namespace));
    }
    let (id, _) = write::upsert(SCHEDULES, "namespace", &wished)?;
    show(&get_row(SCHEDULES, id)?.unwrap_or(wished))
}

fn due(frequency: &str, at: &str, now: u64) -> Result<Option<u64>, Fault> {
    let frequency = Frequency::parse(frequency)
        .ok_or_else(|| Fault::invalid(format!("`{frequency}` is none of hourly, daily, off")))?;
    let at = time_of_day(at).ok_or_else(|| Fault::invalid(format!("`{at}` is no time of day such as 02:00")))?;
    Ok(next(frequency, at, now))
}

fn show(wished: &Value) -> Answer {
    let off = row::text(wished, "frequency") == "off";
    let asked = row::text(wished, "asked");
    Ok(json!({
        "frequency": row::text(wished, "frequency"), "time_of_day": row::text(wished, "time_of_day"), "asked": asked,
        "strategy": settings()?.strategy(asked), "namespace": row::text(wished, "namespace"),
        "max_age_minutes": row::int(wished, "max_age_minutes"),
        "next_due": row::int(wished, "next_due").filter(|_| !off),
        "last_request": row::int(wished, "last_request").map(row::reference), "notes": [],
    }))
}

#[derive(Deserialize)]
struct Get {
    #[serde(default)]
    namespace: Option<String>,
}

pub(super) fn get(given: Value) -> Answer {
    let given: Get = arguments(given)?;
    let wanted = given.namespace.unwrap_or_default();
    let all = Query::of(SCHEDULES).namespace(Some(&wanted))?.ascending("namespace")?.all(MOST)?;
    let mut told = match all.iter().find(|wished| row::text(wished, "namespace") == wanted) {
        Some(wished) => show(wished)?,
        None => json!({
            "frequency": "off", "time_of_day": null, "strategy": null, "namespace": wanted, "max_age_minutes": null,
            "next_due": null, "last_request": null, "notes": [],
        }),
    };
    let below = all
        .iter()
        .filter(|wished| row::text(wished, "namespace") != wanted)
        .map(show)
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(told) = told.as_object_mut() {
        told.insert("below".into(), json!(below));
    }
    Ok(told)
}

pub(super) fn run_due() -> Answer {
    let (now, settings) = (now(), settings()?);
    let due_now = Query::of(SCHEDULES).filter(json!(["next_due", "<=", now]))?.ascending("next_due")?.all(MOST)?;
    let mut requests = Vec::new();
    for wished in due_now {
        let asked = row::text(&wished, "asked");
        let answer = ask(Request {
            asked: asked.to_owned(),
            strategy: settings.strategy(asked),
            namespace: row::text(&wished, "namespace").to_owned(),
            since: since(now, row::int(&wished, "max_age_minutes").unwrap_or(0)),
            reason: "schedule".into(),
            ..Request::default()
        })?;
        let next_due = due(row::text(&wished, "frequency"), row::text(&wished, "time_of_day"), now)?;
        let id = row::int(&answer, "id");
        let changes = json!({ "next_due": next_due, "last_request": id });
        write::update(SCHEDULES, row::id(&wished), row::int(&wished, "version"), &changes)?;
        requests.extend(id.map(row::reference));
    }
    Ok(json!({ "requests": requests }))
}
