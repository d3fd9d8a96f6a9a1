//! Asks the host for runs.

use super::{REQUESTS, if_there, measuring, named, now, records, settings};
use crate::request::{EVENT, Request, since};
use crate::row;
use crate::run::is_running;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, events, get, json, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct Run {
    #[serde(default)]
    force: bool,
    #[serde(default)]
    max_age_minutes: u64,
    strategy: String,
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    namespace: Option<String>,
}

/// Keeps a request and tells the host. Answers it as the caller sees it.
pub(super) fn ask(mut request: Request) -> Answer {
    let id = write::insert(REQUESTS, &request.row())?;
    // A caller who is limited to a namespace asks for it alone: the host put the row there.
    if let Some(kept) = get(REQUESTS, id)? {
        row::text(&kept, "namespace").clone_into(&mut request.namespace);
    }
    events::emit(EVENT, &request.payload(id))?;
    Ok(request.answer(id))
}

pub(super) fn run(given: Value) -> Answer {
    let given: Run = arguments(given)?;
    ask(Request {
        strategy: settings()?.strategy(&given.strategy),
        asked: given.strategy,
        namespace: given.namespace.unwrap_or_default(),
        since: since(now(), given.max_age_minutes),
        again: given.force,
        dry_run: given.dry_run,
        reason: "manual".into(),
    })
}

#[derive(Deserialize)]
struct Trigger {
    trigger_reason: String,
    strategy: String,
    measure_quality: bool,
    analyze_strategies: bool,
    #[serde(default)]
    namespace: Option<String>,
}

pub(super) fn trigger(given: Value) -> Answer {
    let given: Trigger = arguments(given)?;
    let settings = settings()?;
    let mut notes = Vec::new();
    let namespace = named(given.namespace.as_deref());
    let waiting = if_there(waiting(&settings.events, namespace).map(Some), &mut notes)?;
    let runs = records::latest_runs(50)?;
    let going = runs.iter().find(|run| is_running(run));
    let (ask_now, why) = match (waiting, going) {
        (_, Some(run)) => (false, format!("run {} goes on", row::text(run, "run"))),
        (Some(0), None) => (false, "every event is consolidated".to_owned()),
        (Some(events), None) => (true, format!("{events} events are not consolidated yet")),
        (None, None) => (true, "how many events wait is not known".to_owned()),
    };
    let request = if ask_now {
        Some(ask(Request {
            strategy: settings.strategy(&given.strategy),
            asked: given.strategy,
            namespace: namespace.unwrap_or_default().to_owned(),
            reason: given.trigger_reason,
            ..Request::default()
        })?)
    } else {
        None
    };
    let finished = runs.iter().find(|run| !is_running(run));
    let strategies = given.analyze_strategies.then(|| measuring::compared(&settings, 24, None)).transpose()?;
    Ok(json!({
        "waiting": waiting, "asked": ask_now, "why": why, "request": request,
        "last_quality": finished.filter(|_| given.measure_quality).map(measuring::quality_of),
        "strategies": strategies, "notes": notes,
    }))
}

/// Events no run has worked on.
fn waiting(events: &str, namespace: Option<&str>) -> Result<u64, Fault> {
    Query::of(events).namespace(namespace)?.filter(json!(["consolidation_status", "=", "unconsolidated"]))?.count()
}
