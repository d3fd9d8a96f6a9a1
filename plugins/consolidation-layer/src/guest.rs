//! The component: names of operations to functions, and what several of them read.

mod asking;
mod conflicts;
mod measuring;
mod memories;
mod origin;
mod records;
mod scheduling;
mod studying;

use crate::settings::Settings;
use memstrata_sdk::{Answer, Fault, Layer, Value, clock};

/// What was asked for.
const REQUESTS: &str = "requests";
/// What is wished regularly.
const SCHEDULES: &str = "schedules";
/// What was decided.
const RESOLUTIONS: &str = "resolutions";
/// The host's records.
const RUNS: &str = "host.runs";
const UNITS: &str = "host.units";
const CONFLICTS: &str = "host.conflicts";
const COMPARISONS: &str = "host.comparisons";
const PROMOTIONS: &str = "host.promotions";

struct Consolidation;

memstrata_sdk::layer!(Consolidation);

impl Layer for Consolidation {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "run_consolidation" => asking::run(arguments),
            "optimize_consolidation_trigger" => asking::trigger(arguments),
            "schedule_consolidation" => scheduling::schedule(arguments),
            "get_schedule" => scheduling::get(arguments),
            "run_due_schedules" => scheduling::run_due(),
            "list_runs" => records::runs(arguments),
            "get_run" => records::run(arguments),
            "list_comparisons" => records::comparisons(arguments),
            "get_strategy_history" => records::promotions(arguments),
            "list_patterns" => memories::list(arguments),
            "get_pattern" => memories::get(arguments),
            "explain_memory" => origin::explain(arguments),
            "measure_consolidation_quality" => measuring::quality(arguments),
            "measure_advanced_consolidation_metrics" => measuring::advanced(arguments),
            "analyze_validation_effectiveness" => measuring::validation(arguments),
            "analyze_consolidation_performance" => measuring::performance(arguments),
            "analyze_strategy_effectiveness" => measuring::strategies(arguments),
            "extract_consolidation_patterns" => studying::extract(arguments),
            "cluster_consolidation_events" => studying::cluster(arguments),
            "analyze_project_patterns" => studying::project(arguments),
            "discover_orchestration_patterns" => studying::orchestration(arguments),
            "list_conflicts" => conflicts::list(arguments),
            "resolve_conflict" => conflicts::resolve(arguments),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

fn now() -> u64 {
    clock::now()
}

fn settings() -> Result<Settings, Fault> {
    memstrata_sdk::settings::get()
}

/// A namespace argument that names one.
fn named(namespace: Option<&str>) -> Option<&str> {
    namespace.filter(|namespace| !namespace.is_empty())
}

/// What is read of a collection that may not be there, or not be granted: then nothing, and a note says why.
fn if_there<T: Default>(read: Result<T, Fault>, notes: &mut Vec<String>) -> Result<T, Fault> {
    match read {
        Err(fault) if fault.code == "not-found" || fault.code.starts_with("denied.") => {
            if !notes.contains(&fault.message) {
                notes.push(fault.message);
            }
            Ok(T::default())
        }
        other => other,
    }
}
