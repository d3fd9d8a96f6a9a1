//! The component: names of operations to functions, and what several of them share.

mod executing;
mod extracting;
mod finding;
mod listing;
mod measuring;
mod naming;
mod planning;
mod suggesting;
mod writing;

use crate::effectiveness::Run;
use crate::execution::Tally;
use crate::row;
use crate::settings::Settings;
use memstrata_sdk::{Answer, Fault, Layer, Query, Value, clock, json};
use std::collections::BTreeMap;

/// This layer's procedures.
const PROCEDURES: &str = "procedures";
/// Each time one was done.
const EXECUTIONS: &str = "executions";
/// Sums over the executions of each.
const TALLIES: &str = "tallies";
/// What the last study of the events found.
const STUDIES: &str = "studies";
/// Of the executions of a procedure, so many are looked at, the newest.
const MOST_RUNS: u32 = 500;

struct Procedural;

memstrata_sdk::layer!(Procedural);

impl Layer for Procedural {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "create_procedure" => writing::create(arguments),
            "update_procedure" => writing::update(arguments),
            "delete_procedure" => writing::delete(arguments),
            "restore_procedure" => writing::restore(arguments),
            "record_execution" => executing::record(arguments),
            "execute_procedure" => executing::execute(arguments),
            "find_procedures" | "search_procedures" => finding::find(arguments),
            "procedures_for_context" => finding::by_context(arguments),
            "procedures_for_trigger" => finding::by_trigger(arguments),
            "get_procedure" => listing::get_procedure(arguments),
            "list_procedures" => listing::list(arguments),
            "procedure_history" => listing::history(arguments),
            "procedure_stats" => listing::stats(arguments),
            "list_executions" => measuring::executions(arguments),
            "get_procedure_effectiveness" => measuring::effectiveness(arguments),
            "summarize_procedures" => measuring::summarize(arguments),
            "suggest_procedure_improvements" => suggesting::improvements(arguments),
            "get_pattern_suggestions" => suggesting::patterns(arguments),
            "apply_suggestion" => suggesting::apply(arguments),
            "generate_workflow_from_task" => planning::workflow(arguments),
            "extract_procedures" => extracting::extract(arguments),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

/// The tallies of procedures by procedure; what was never done has none.
fn tallies(ids: &[u64]) -> Result<BTreeMap<u64, Tally>, Fault> {
    let mut tallies = BTreeMap::new();
    for ids in ids.chunks(500) {
        let rows = Query::of(TALLIES).filter(json!(["procedure", "in", ids]))?.limit(500).page()?.rows;
        tallies.extend(rows.iter().filter_map(|tally| Some((row::int(tally, "procedure")?, Tally::of_row(tally)))));
    }
    Ok(tallies)
}

/// The tally of one procedure.
fn tally(id: u64) -> Result<Tally, Fault> {
    Ok(tallies(&[id])?.remove(&id).unwrap_or_default())
}

/// What effectiveness reads of an execution; suggestions read it whole.
const MEASURED: [&str; 5] = ["procedure_version", "timestamp", "outcome", "duration_ms", "failed_step"];

/// The newest executions of a procedure: only these fields of them, if there are any.
fn runs(id: u64, fields: &[&str]) -> Result<Vec<Run>, Fault> {
    let query = Query::of(EXECUTIONS).filter(json!(["procedure", "=", id]))?.descending("timestamp")?.limit(MOST_RUNS);
    let query = if fields.is_empty() { query } else { query.select(fields)? };
    Ok(query.page()?.rows.iter().filter_map(Run::of_row).collect())
}

/// Sets a field of an answer.
fn put(answer: &mut Value, field: &str, value: Value) {
    if let Some(answer) = answer.as_object_mut() {
        answer.insert(field.to_owned(), value);
    }
}

/// A namespace argument that names one.
fn named(namespace: Option<&str>) -> Option<&str> {
    namespace.filter(|namespace| !namespace.is_empty())
}

fn now() -> u64 {
    clock::now()
}

fn settings() -> Result<Settings, Fault> {
    memstrata_sdk::settings::get()
}
