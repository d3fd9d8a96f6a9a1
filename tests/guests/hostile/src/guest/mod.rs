//! The export: operation name to misbehaviour.

mod answer;
mod folder;
mod manifest;
mod reach;
mod size;
mod time;
mod values;
mod world;
mod write;

use memstrata_sdk::bindings::{self, memstrata::plugin::types::Fault as WitFault};
use memstrata_sdk::{Fault, Value, json};

/// An answer as raw text: what is no JSON must be able to leave.
type Raw = Result<String, Fault>;

struct Exported;

impl bindings::Guest for Exported {
    fn manifest() -> String {
        manifest::text()
    }

    fn call(operation: String, arguments: String) -> Result<String, WitFault> {
        let arguments: Value = serde_json::from_str(&arguments).map_err(|error| Fault::invalid(error.to_string()))?;
        Ok(run(&operation, &arguments)?)
    }
}

memstrata_sdk::bindings::export!(Exported with_types_in memstrata_sdk::bindings);

fn run(operation: &str, arguments: &Value) -> Raw {
    match operation {
        "good" => write::good(arguments),
        "seed" => write::seed(arguments),
        "prompts" => size::prompts(arguments),
        "loop_forever" => time::loop_forever(),
        "loop_clock" => time::loop_clock(),
        "loop_queries" => time::loop_queries(),
        "slow" => time::slow(arguments),
        "recurse" => size::recurse(arguments),
        "grow_memory" => size::grow_memory(),
        "hoard" => size::hoard(arguments),
        "stuff" => size::stuff(arguments),
        "gulp" => size::gulp(arguments),
        "pass" => size::pass(arguments),
        "batch_flood" => size::batch_flood(arguments),
        "log_flood" => size::log_flood(arguments),
        "answer" => answer::answer(arguments),
        "misfit" => answer::misfit(),
        "fault" => answer::fault(arguments),
        "write_then" => write::write_then(arguments),
        "write_in_read" => write::write_in_read(arguments),
        "rows_flood" => write::rows_flood(arguments),
        "bytes_flood" => write::bytes_flood(arguments),
        "events_flood" => write::events_flood(arguments),
        "ids_flood" => write::ids_flood(arguments),
        "read_flood" => write::read_flood(arguments),
        "insert" => write::insert(arguments),
        "change" => write::change(arguments),
        "number" => values::number(arguments),
        "query" => values::query(arguments),
        "page" | "other_page" => values::page(arguments),
        "find" => values::find(arguments),
        "use_interface" => reach::use_interface(arguments),
        "folder" => folder::folder(arguments),
        "foreign" => reach::foreign(arguments),
        "settings" => reach::settings(),
        "sleep" => world::sleep(),
        "files" => world::files(),
        "surroundings" => world::surroundings(),
        "sockets" => world::sockets(arguments),
        "exit" => world::exit(arguments),
        "panic" => world::panic(),
        "entropy" => world::entropy(),
        other => Err(Fault::new("not-found", format!("no misbehaviour `{other}`"))),
    }
}

/// A text argument; empty if there is none.
fn text<'a>(arguments: &'a Value, name: &str) -> &'a str {
    arguments.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A number argument; zero if there is none.
fn number(arguments: &Value, name: &str) -> u64 {
    arguments.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// The answer of one that got through.
fn done(value: Value) -> Raw {
    Ok(value.to_string())
}

/// What a host function answered, as a value: a fault by its code.
fn told<T: Into<Value>>(result: Result<T, Fault>) -> Value {
    match result {
        Ok(value) => json!({ "ok": value.into() }),
        Err(fault) => json!({ "fault": fault.code, "message": fault.message }),
    }
}
