//! A layer in the kit: every example runs, and arguments nobody means end in errors and not in traps.

use super::{Report, scratch};
use crate::api::{CallError, CallRequest, Effect, Principal};
use crate::kernel::{Kernel, LayerOptions};
use memstrata_models::Embedder;
use memstrata_runtime::{Example, Limits, Manifest, Runtime, Wasm, json_fits};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A kernel with this one layer and an empty space, gone with the folder.
fn alone(
    wasm: &Wasm,
    options: &LayerOptions,
    embedder: &Arc<dyn Embedder>,
    cache: Option<&Path>,
) -> Result<(Kernel, Manifest, tempfile::TempDir), CallError> {
    let runtime = Arc::new(
        Runtime::new(Limits::default(), 1, cache).map_err(|reason| CallError::new("unavailable.runtime", reason))?,
    );
    let manifest = runtime
        .load(&options.origin, wasm, &options.grants, &options.settings)
        .map_err(|error| CallError::new("invalid.component", error.to_string()))?
        .manifest()
        .clone();
    let layer = LayerOptions { wasm: Some(wasm.clone()), ..options.clone() };
    let layers = BTreeMap::from([(manifest.name.clone(), layer)]);
    let (kernel, folder) = scratch(layers, Limits::default(), embedder, cache)?;
    Ok((kernel, manifest, folder))
}

fn call(
    kernel: &Kernel,
    space: &str,
    operation: &str,
    arguments: &Map<String, Value>,
) -> Result<crate::CallAnswer, CallError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| CallError::new("internal", error.to_string()))?;
    runtime.block_on(kernel.call(CallRequest {
        space: space.to_owned(),
        principal: Principal::local(),
        operation: operation.to_owned(),
        arguments: arguments.clone(),
        dry_run: false,
        cancelled: Arc::default(),
        progress: None,
    }))
}

/// Runs every declared example, each in a space of its own.
pub(crate) fn examples(
    wasm: &Wasm,
    options: &LayerOptions,
    embedder: &Arc<dyn Embedder>,
    cache: Option<&Path>,
) -> Result<Report, CallError> {
    let (kernel, manifest, _folder) = alone(wasm, options, embedder, cache)?;
    let mut report = Report::default();
    for layer in kernel.health().layers.values() {
        for problem in &layer.problems {
            report.note("manifest", Err(problem.clone()));
        }
    }
    let mut spaces = 0_u32;
    for (name, spec) in &manifest.operations {
        if spec.examples.is_empty() {
            report.note(format!("operation {name}"), Err("declares no example; add one that shows it".into()));
        }
        for (nth, example) in (1..).zip(&spec.examples) {
            spaces += 1;
            let space = format!("example-{spaces}");
            kernel.create_space(&space)?;
            let result = run_example(&kernel, &manifest, &space, name, example);
            report.note(format!("operation {name}, example {nth}"), result);
            kernel.delete_space(&space)?;
        }
    }
    kernel.stop();
    Ok(report)
}

fn run_example(
    kernel: &Kernel,
    manifest: &Manifest,
    space: &str,
    name: &str,
    example: &Example,
) -> Result<String, String> {
    let layer = &manifest.name;
    for (nth, setup) in (1..).zip(&example.setup) {
        call(kernel, space, &format!("{layer}.{}", setup.operation), &setup.arguments)
            .map_err(|error| format!("its setup {nth} ({}) fails: {error}", setup.operation))?;
    }
    match (call(kernel, space, &format!("{layer}.{name}"), &example.arguments), &example.fault) {
        (Ok(answer), None) => {
            let spec = manifest.operations.get(name);
            let misfits = spec.map(|spec| json_fits(&spec.output, &answer.value)).unwrap_or_default();
            match misfits.first() {
                None => Ok(answer.value.to_string().chars().take(100).collect()),
                Some((pointer, fault)) => Err(format!("the answer does not fit `output`: {pointer}: {fault}")),
            }
        }
        (Ok(_), Some(code)) => Err(format!("it answers, the example says it fails with `{code}`")),
        (Err(error), Some(code)) if error.code == *code => Ok(format!("fails with `{code}` as it should")),
        (Err(error), Some(code)) => {
            Err(format!("it fails with `{}`, the example says `{code}`: {}", error.code, error.message))
        }
        (Err(error), None) => Err(error.for_author()),
    }
}

/// Calls each operation with arguments its schema allows but nobody means: they may fail, they must not trap or hang.
pub(super) fn hostile(
    wasm: &Wasm,
    options: &LayerOptions,
    embedder: &Arc<dyn Embedder>,
    cache: Option<&Path>,
) -> Result<Report, CallError> {
    let (kernel, manifest, _folder) = alone(wasm, options, embedder, cache)?;
    let mut report = Report::default();
    for (name, spec) in &manifest.operations {
        let mut fault = None;
        for arguments in hostile_arguments(&spec.input) {
            if !json_fits(&spec.input, &Value::Object(arguments.clone())).is_empty() {
                continue;
            }
            let before = kernel.open_space("default")?.latest()?;
            let called = call(&kernel, "default", &format!("{}.{name}", manifest.name), &arguments);
            let after = kernel.open_space("default")?.latest()?;
            fault = match called {
                Err(error)
                    if error.code.starts_with("plugin.")
                        || error.code.starts_with("budget.")
                        || error.code.starts_with("limit.memory") =>
                {
                    Some(format!(
                        "{} with {}",
                        error.for_author(),
                        Value::Object(arguments).to_string().chars().take(200).collect::<String>()
                    ))
                }
                Ok(_) if after != before && Effect::from_spec(spec) == Effect::Read => {
                    Some("it is `read` and wrote".into())
                }
                _ => None,
            };
            if fault.is_some() {
                break;
            }
        }
        report.note(
            format!("operation {name}, hostile arguments"),
            fault.map_or_else(|| Ok("no trap, no hang".into()), Err),
        );
    }
    kernel.stop();
    Ok(report)
}

impl Effect {
    fn from_spec(spec: &memstrata_runtime::OperationSpec) -> Self {
        match spec.effect {
            memstrata_runtime::OperationEffect::Read => Self::Read,
            memstrata_runtime::OperationEffect::Write => Self::Write,
            memstrata_runtime::OperationEffect::Destructive => Self::Destructive,
        }
    }
}

/// Objects with every property at one extreme, and with the required ones alone.
fn hostile_arguments(input: &Value) -> Vec<Map<String, Value>> {
    let properties = input.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let required: Vec<&str> =
        input.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let fill = |extreme: usize, all: bool| -> Map<String, Value> {
        let wanted = properties.iter().filter(|(name, _)| all || required.contains(&name.as_str()));
        wanted.map(|(name, schema)| (name.clone(), extreme_value(schema, extreme))).collect()
    };
    (0..4).flat_map(|extreme| [fill(extreme, false), fill(extreme, true)]).collect()
}

/// A value of a schema's type: empty, odd, large.
fn extreme_value(schema: &Value, extreme: usize) -> Value {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values.get(extreme % values.len().max(1)).cloned().unwrap_or_default();
    }
    let least = schema.get("minimum").and_then(Value::as_i64);
    let most = schema.get("maximum").and_then(Value::as_i64);
    let kind = schema.get("type").and_then(|kind| kind.as_str().or_else(|| kind.as_array()?.first()?.as_str()));
    match kind {
        Some("integer") => match extreme {
            0 => json!(least.unwrap_or(0)),
            1 => json!(most.unwrap_or((1 << 53) - 1)),
            2 => json!(1.max(least.unwrap_or(1))),
            _ => json!(least.unwrap_or(-1)),
        },
        Some("number") => match extreme {
            0 => json!(least.unwrap_or(0)),
            1 => json!(most.map_or(1e300, |most| most as f64)),
            2 => json!(0.5),
            _ => json!(least.map_or(-1e300, |least| least as f64)),
        },
        Some("boolean") => json!(extreme % 2 == 1),
        Some("array") => {
            let item = schema.get("items").map(|items| extreme_value(items, extreme)).unwrap_or_default();
            match extreme {
                0 => json!([]),
                1 => Value::Array(vec![
                    item;
                    schema.get("maxItems").and_then(Value::as_u64).unwrap_or(50).min(50) as usize
                ]),
                _ => json!([item]),
            }
        }
        Some("object") => match extreme {
            0 => json!({}),
            _ => Value::Object(
                (schema.get("properties").and_then(Value::as_object).into_iter().flatten())
                    .map(|(name, schema)| (name.clone(), extreme_value(schema, extreme)))
                    .collect(),
            ),
        },
        _ => match extreme {
            0 => json!(""),
            1 => {
                json!("x".repeat(schema.get("maxLength").and_then(Value::as_u64).unwrap_or(5_000).min(50_000) as usize))
            }
            2 => json!("\u{202e}\u{0}ß𝔘🦀 \" OR 1=1 -- %s"),
            _ => json!("a:b"),
        },
    }
}
