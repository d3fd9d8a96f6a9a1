//! `call`: any operation from the command line.

use crate::cli::Global;
use crate::host::start;
use crate::output::print;
use anyhow::{Context as _, Result, anyhow, bail};
use memstrata_kernel::{CallRequest, Operation, Principal, Progress};
use serde_json::{Map, Value, json};
use std::io::{IsTerminal as _, Read as _};
use std::process::ExitCode;
use std::sync::Arc;

/// Calls one operation and prints its answer as JSON.
pub(crate) fn call(global: &Global, operation: &str, arguments: &str, dry_run: bool) -> Result<ExitCode> {
    let mut text = arguments.to_owned();
    if arguments == "-" {
        text.clear();
        std::io::stdin().read_to_string(&mut text).context("cannot read the arguments from stdin")?;
    }
    let mut arguments: Map<String, Value> =
        serde_json::from_str(&text).context("the arguments are no JSON object; quote them: '{\"query\": \"tea\"}'")?;
    let host = start(global, false)?;
    let operation = host.gateway.operation(operation, &mut arguments).map_err(|error| anyhow!(error.message))?;
    let interactive = std::io::stderr().is_terminal();
    let request = CallRequest {
        space: host.space().to_owned(),
        principal: Principal::local(),
        operation,
        arguments,
        dry_run,
        cancelled: Arc::default(),
        progress: interactive.then(|| -> memstrata_kernel::ProgressSink {
            Arc::new(|Progress { done, total, message }| eprint!("\r{done}/{total} {message}\x1b[K"))
        }),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    match runtime.block_on(host.kernel.call(request)) {
        Ok(answer) if dry_run => {
            print(true, &json!({ "answer": answer.value, "would_change": answer.preview }), |_| String::new())?;
        }
        Ok(answer) => print(true, &answer.value, |_| String::new())?,
        Err(error) => {
            if global.json {
                print(true, &error, |_| String::new())?;
                return Ok(ExitCode::FAILURE);
            }
            let faults = error.details.as_ref().and_then(|details| details.get("faults")).and_then(Value::as_array);
            let part =
                |fault: &Value, name: &str| fault.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let line = |fault: &Value| format!("\n  - {} {}", part(fault, "pointer"), part(fault, "message"));
            let listed: String = faults.into_iter().flatten().map(line).collect();
            bail!("{} ({}){listed}", error.message, error.code);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// One operation with its arguments.
fn described(operation: &Operation) -> String {
    let mut text = format!("{}\n  {}\n", operation.name, operation.summary);
    let required: Vec<&str> = operation
        .input
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = operation.input.get("properties").and_then(Value::as_object);
    for (name, schema) in properties.into_iter().flatten() {
        let part =
            |part: &str| schema.get(part).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        let mut told: Vec<String> = vec![part("type").unwrap_or_else(|| "any".into())];
        told.extend(required.contains(&name.as_str()).then(|| "required".to_owned()));
        told.extend(part("enum").map(|values| format!("one of {values}")));
        told.extend(part("default").map(|value| format!("default {value}")));
        text.push_str(&format!("  {name} ({})", told.join(", ")));
        text.push_str(&part("description").map(|text| format!(": {text}\n")).unwrap_or_else(|| "\n".into()));
    }
    if properties.is_none_or(Map::is_empty) {
        text.push_str("  no arguments\n");
    }
    text
}

/// Lists operations, all or those that fit some words; one that is named with its arguments.
pub(crate) fn list(global: &Global, words: &str) -> Result<ExitCode> {
    let host = start(global, false)?;
    let catalog = host.kernel.catalog();
    if let Some(group) = host.gateway.groups.get(words) {
        let found: Vec<_> =
            group.iter().filter_map(|(name, operation)| Some((name, catalog.get(operation.operation())?))).collect();
        let told: Vec<_> = found.iter().map(|(name, one)| json!({ "name": name, "operation": one })).collect();
        print(global.json, &told, |_| {
            let line = |(name, one): &(&String, &Operation)| format!("operation {name}: {}", described(one));
            found.iter().map(line).collect::<Vec<_>>().join("\n")
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let name = host.gateway.operation(words, &mut Map::new()).unwrap_or_else(|_| words.to_owned());
    if let Some(operation) = catalog.operations().find(|operation| operation.name == name) {
        print(global.json, operation, described)?;
        return Ok(ExitCode::SUCCESS);
    }
    let found: Vec<_> = match words.is_empty() {
        true => catalog.operations().collect(),
        false => catalog.find(words, 20).into_iter().map(|(operation, _)| operation).collect(),
    };
    print(global.json, &found, |found| {
        let width = found.iter().map(|operation| operation.name.len()).max().unwrap_or_default();
        let line = |operation: &&Operation| format!("{:width$}  {}", operation.name, operation.summary);
        found.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    Ok(ExitCode::SUCCESS)
}
