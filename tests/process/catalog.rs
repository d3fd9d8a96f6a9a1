//! The catalog: every operation answers its own example over MCP, and docs/catalog.md tells what there is.

use crate::http::modern_at;
use crate::running::Server;
use memstrata_runtime::{Example, Grants, Limits, Manifest, Runtime, Wasm, json_fits};
use memstrata_store::Control;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Names the default configuration gives operations.
const NAMES: &str = include_str!("../../host/app/src/config/names.toml");
/// Operations of the 34 tool groups that are left out, and why.
const LEFT_OUT: &str = include_str!("left_out.toml");
/// Operations and groups the requirements list.
const PROMISED: (usize, usize) = (271, 34);

/// The manifests of the bundled layers.
fn manifests() -> BTreeMap<&'static str, Manifest> {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    let runtime = Arc::new(Runtime::new(Limits::default(), 1, Some(&cache)).unwrap());
    let load = |name| {
        let bundled = memstrata_bundle::bundled(name).unwrap();
        let wasm = Wasm::elsewhere(bundled.digest, move || bundled.bytes());
        let plugin = runtime.load(name, wasm, &Grants::everything(), &Map::new()).unwrap();
        (name, plugin.manifest().clone())
    };
    memstrata_bundle::names().map(load).filter(|(_, manifest)| manifest.strategy.is_none()).collect()
}

/// Runs an example in a space of its own; what is wrong with its answer.
fn run(server: &Server, space: &str, layer: &str, name: &str, example: &Example, output: &Value) -> Result<(), String> {
    let call = |operation: &str, arguments: &Map<String, Value>| {
        let tool = format!("{layer}.{operation}");
        let path = format!("/mcp/{space}");
        modern_at(server, &path, "tools/call", Some(&tool), json!({ "name": tool, "arguments": arguments }))["result"]
            .clone()
    };
    for setup in &example.setup {
        let answer = call(&setup.operation, &setup.arguments);
        if answer["isError"] == true || answer.is_null() {
            return Err(format!("its setup {} fails: {answer}", setup.operation));
        }
    }
    let answer = call(name, &example.arguments);
    match &example.fault {
        Some(code) if answer["structuredContent"]["code"] == **code => Ok(()),
        None if answer["isError"] != true && answer["structuredContent"].is_object() => {
            let faults = json_fits(output, &answer["structuredContent"]);
            faults.first().map_or(Ok(()), |fault| Err(format!("the answer does not fit: {fault:?}")))
        }
        wanted => Err(format!("it should answer {wanted:?}: {answer}")),
    }
}

#[test]
fn every_operation_answers_its_examples_over_mcp() {
    let folder = tempfile::tempdir().unwrap();
    // Hundreds of spaces that nobody needs after a loss of power.
    std::fs::write(folder.path().join("memstrata.toml"), "[store]\ndurability = \"process\"\n").unwrap();
    let server = Server::start(folder.path(), &[]);
    let control = Control::open(&folder.path().join("data")).unwrap();
    let (mut wrong, mut asked) = (Vec::new(), 0);
    for (layer, manifest) in manifests() {
        for (name, operation) in &manifest.operations {
            for example in &operation.examples {
                asked += 1;
                let space = format!("example-{asked}");
                control.add_space(&space).unwrap();
                if let Err(fault) = run(&server, &space, layer, name, example, &operation.output) {
                    wrong.push(format!("{layer}.{name}: {}", fault.chars().take(300).collect::<String>()));
                }
            }
        }
    }
    assert!(asked > 500, "{asked} examples");
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
}

/// One parameter as the catalog shows it.
fn parameter((name, schema): (&String, &Value), required: &[Value]) -> String {
    let mut text = format!("`{name}`");
    if required.contains(&json!(name)) {
        text.push('*');
    }
    if let Some(default) = schema.get("default") {
        _ = write!(text, "={default}");
    }
    text
}

fn parameters(input: &Value) -> String {
    let required = input["required"].as_array().cloned().unwrap_or_default();
    let properties = input["properties"].as_object().cloned().unwrap_or_default();
    properties.iter().map(|one| parameter(one, &required)).collect::<Vec<_>>().join(", ")
}

/// The text of docs/catalog.md.
fn written(manifests: &BTreeMap<&str, Manifest>) -> String {
    let names: toml::Table = NAMES.parse().unwrap();
    let left_out: toml::Table = LEFT_OUT.parse().unwrap();
    let target = |route: &toml::Value| {
        let name = route.as_str().unwrap_or_else(|| route["operation"].as_str().unwrap()).to_owned();
        let (layer, operation) = name.split_once('.').unwrap();
        let found = manifests.get(layer).and_then(|manifest| manifest.operations.get(operation));
        assert!(found.is_some(), "names.toml names `{name}`, which is no operation");
        let renamed = route.get("rename").and_then(toml::Value::as_table).cloned().unwrap_or_default();
        let told = renamed.iter().map(|(from, to)| match to.as_str().unwrap() {
            "" => format!("without `{from}`"),
            to => format!("`{from}` is `{to}`"),
        });
        (name, found.unwrap(), told.collect::<Vec<_>>().join(", "))
    };
    let operations: usize = manifests.values().map(|manifest| manifest.operations.len()).sum();
    let mut text = format!(
        "# Catalog of operations\n\nWritten from the manifests by `MEMSTRATA_WRITE_DOCS=1 cargo test -p memstrata --test process catalog`; a test holds\nthe two together. {operations} operations of {} layers; each can be called as `layer.operation` over MCP (`tools_call`, or by its\nname), REST (`POST /tools/layer.operation`) and the command line (`memstrata call`). A star marks a required parameter.\n",
        manifests.len()
    );
    text.push_str("\n## Tool groups\n\nOne tool each, whose argument `operation` chooses; shown in the list of tools with `show_groups = true` under `[gateway]`,\ncallable always. They carry the names clients of other systems know.\n");
    let (mut routed, mut left) = (0, 0);
    let groups = names["groups"].as_table().unwrap();
    let none = toml::Table::new();
    let mut all: Vec<&String> = groups.keys().chain(left_out.keys()).collect();
    all.sort();
    all.dedup();
    for group in &all {
        _ = write!(text, "\n### {group}\n\n| operation | is | parameters | |\n|---|---|---|---|\n");
        let table = |all: &toml::Table| all.get(*group).and_then(toml::Value::as_table).unwrap_or(&none).clone();
        for (name, route) in table(groups) {
            routed += 1;
            let (operation, spec, renamed) = target(&route);
            _ = writeln!(text, "| {name} | `{operation}` | {} | {renamed} |", parameters(&spec.input));
        }
        for (name, reason) in table(&left_out) {
            left += 1;
            assert!(!table(groups).contains_key(&name), "{name} is not left out");
            _ = writeln!(text, "| {name} | *left out* | | {} |", reason.as_str().unwrap());
        }
    }
    assert_eq!((routed + left, all.len()), PROMISED, "every promised operation is routed, or left out with a reason");
    _ = write!(text, "\n{routed} of these {} names are served, {left} are left out.\n", routed + left);
    text.push_str("\n## Aliases\n\n| name | is | |\n|---|---|---|\n");
    for (name, route) in names["aliases"].as_table().unwrap() {
        let (operation, _, renamed) = target(route);
        _ = writeln!(text, "| {name} | `{operation}` | {renamed} |");
    }
    for (layer, manifest) in manifests {
        _ = write!(
            text,
            "\n## {layer}\n\n{}\n\n| operation | effect | what it does |\n|---|---|---|\n",
            manifest.summary
        );
        for (name, operation) in &manifest.operations {
            let effect = serde_json::to_value(operation.effect).unwrap();
            let summary = operation.summary.replace('|', "\\|");
            _ = writeln!(text, "| {name} | {} | {summary} |", effect.as_str().unwrap());
        }
    }
    text
}

#[test]
fn the_catalog_is_written_down() {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/catalog.md"));
    let text = written(&manifests());
    if std::env::var_os("MEMSTRATA_WRITE_DOCS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "docs/catalog.md is not what the manifests say: run this with MEMSTRATA_WRITE_DOCS=1");
}
