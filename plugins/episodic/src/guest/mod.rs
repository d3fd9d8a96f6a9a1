//! The glue to the host: reads the arguments, asks the host for rows, lets a pure module decide, answers.

mod list;
mod mention;
mod note;
mod place;
mod read;
mod record;
mod relate;
mod segment;
mod session;
mod source;
mod stats;

use memstrata_sdk::{Answer, Fault, Layer, Map, Value, clock, json};

/// Names of the layer's collections.
const EVENTS: &str = "events";
const RELATIONS: &str = "relations";
const METRICS: &str = "metrics";
const SOURCES: &str = "sources";
const PLACES: &str = "places";
const MENTIONS: &str = "mentions";
const FIGURES: &str = "figures";
const PROGRESS: &str = "progress";

struct Episodic;

impl Layer for Episodic {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "record_event" => record::event(arguments),
            "batch_record_events" => record::batch(arguments),
            "mark_consolidated" => record::mark_consolidated(arguments),
            "forget" => record::forget(arguments),
            "record_metric" => record::metric(arguments),
            "record_git_commit" => note::git_commit(arguments),
            "record_execution" => note::execution(arguments),
            "record_execution_feedback" => note::feedback(arguments),
            "remember_decision" => note::decision(arguments),
            "remember_insight" => note::insight(arguments),
            "remember_error" => note::error(arguments),
            "recall_events" => list::recall(arguments),
            "recall_events_by_session" => list::plain(arguments, 50, list::OLDEST),
            "events_by_type" | "events_by_tags" => list::plain(arguments, 20, list::NEWEST),
            "recent_events" => list::plain(arguments, 10, list::NEWEST),
            "oldest_events" => list::plain(arguments, 10, list::OLDEST),
            "events_between" => list::between(arguments),
            "get_timeframe" => list::timeframe(arguments),
            "get_timeline" => list::timeline(arguments),
            "code_events" => list::code(arguments),
            "high_surprise" => list::plain(arguments, 10, list::SURPRISING),
            "get_event" => read::event(arguments),
            "search_events" => read::search(arguments),
            "get_event_timeline" => read::timeline(arguments),
            "get_event_causality" => read::causality(arguments),
            "event_metrics" => read::metrics(arguments),
            "event_stats" => stats::answer(arguments),
            "keep_stats" => stats::keep(),
            "index_lists" => mention::index(),
            "create_relation" => relate::create(arguments),
            "related_events" => relate::related(arguments),
            "temporal_links" => relate::temporal(arguments),
            "causal_links" => relate::causal(arguments),
            "temporal_kg_synthesis" => relate::synthesis(arguments),
            "event_chains" => relate::chains(arguments),
            "find_patterns" => relate::patterns(arguments),
            "segment_by_surprise" => segment::by_surprise(arguments),
            "score_surprise" => segment::score(arguments),
            "segment_events" => segment::events(arguments),
            "build_spatial_hierarchy" => place::build(arguments),
            "spatial_indexing" => place::index(arguments),
            "spatial_distance" => place::distance(arguments),
            "spatial_query" => place::query(arguments),
            "get_spatial_context" => place::context(arguments),
            "symbol_analysis" => place::symbols(arguments),
            "upsert_source" => source::upsert(arguments),
            "list_sources" => source::list(arguments),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

memstrata_sdk::layer!(Episodic);

/// The call's time, as the rules count it.
fn now() -> i64 {
    i64::try_from(clock::now()).unwrap_or(crate::moment::LAST)
}

/// A live event, or a fault that says where to look.
fn event(id: u64) -> Answer {
    memstrata_sdk::get(EVENTS, id)?
        .ok_or_else(|| Fault::not_found(format!("no event {id}; find ids with recall_events or search_events")))
}

/// The namespace of a row, ready to be put into another one.
fn namespace_of(row: &Value) -> &str {
    row.get("namespace").and_then(Value::as_str).unwrap_or_default()
}

/// Where the caller's rows go: empty, or the namespace it is confined to. The host places each row, so one is placed and taken
/// back; that stages nothing.
fn home() -> Result<String, Fault> {
    let id = memstrata_sdk::write::insert(PROGRESS, &json!({"name": "home", "upto": 0, "done": false}))?;
    let namespace = memstrata_sdk::get(PROGRESS, id)?.map_or_else(String::new, |row| namespace_of(&row).to_owned());
    memstrata_sdk::write::delete(PROGRESS, id, None)?;
    Ok(namespace)
}

/// A row without its empty fields.
fn compact(mut row: Value) -> Value {
    if let Some(row) = row.as_object_mut() {
        row.retain(|_, value| !value.is_null());
    }
    row
}

/// Puts a field into a row or an answer if there is something to put.
fn put(object: &mut Map<String, Value>, field: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        object.insert(field.to_owned(), value.into());
    }
}

/// Start and end as RFC 3339, for a summary.
fn date_range(start: i64, end: i64) -> Value {
    json!({"start": crate::moment::rfc3339(start), "end": crate::moment::rfc3339(end)})
}
