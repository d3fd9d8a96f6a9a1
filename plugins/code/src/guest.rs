//! The component: names of operations to functions, and what several of them share.

mod analyses;
mod analyzing;
mod dependencies;
mod given;
mod history;
mod indexing;
mod keeping;
mod navigating;
mod patterns;
mod places;
mod searching;
mod telling;
mod walk;

use memstrata_sdk::{Answer, Fault, Layer, Value, settings};
use serde::Deserialize;

/// Followed folders.
const REPOSITORIES: &str = "repositories";
/// Source files.
const FILES: &str = "files";
/// Declarations.
const UNITS: &str = "units";
/// What calls, imports and contains what.
const EDGES: &str = "edges";
/// Recorded analyses.
const ANALYSES: &str = "analyses";

/// What `manifest` makes, as text: the code that makes it would be an eighth of the component. A test keeps the two equal.
const MANIFEST: &str = include_str!("manifest.json");

struct Code;

memstrata_sdk::layer!(Code);

impl Layer for Code {
    fn manifest() -> String {
        MANIFEST.to_owned()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "index_code_repository" => indexing::index(arguments),
            "refresh_code_index" => indexing::refresh(),
            "forget_code_repository" => indexing::forget(arguments),
            "add_code_entities" => given::add(arguments),
            "search_code_semantically" => searching::by_meaning(arguments),
            "search_code_by_type" => searching::by_type(arguments),
            "search_code_by_name" => searching::by_name(arguments),
            "find_code_dependencies" => dependencies::find(arguments),
            "code_navigation" => navigating::navigate(arguments),
            "analyze_code_file" => analyzing::file(arguments),
            "get_code_statistics" => analyzing::statistics(arguments),
            "analyze_repository" => analyzing::repository(arguments),
            "analyze_project_codebase" | "analyze_project_with_skill" => analyzing::project(arguments),
            "record_code_analysis" => analyses::record(arguments),
            "store_code_insights" => analyses::insights(arguments),
            "store_project_analysis" => analyses::project(arguments),
            "get_analysis_metrics" => analyses::metrics(arguments),
            "extract_code_patterns" => patterns::extract(arguments),
            "get_git_status" => history::status(arguments),
            "get_recent_files" => history::recent(arguments),
            "get_file_changes" => history::changes(arguments),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

/// The operator's settings.
#[derive(Deserialize)]
struct Settings {
    max_bytes: u64,
    exclude: Vec<String>,
}

impl Settings {
    fn read() -> Result<Self, Fault> {
        settings::get()
    }
}

/// A count as JSON numbers have it.
fn count(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}
