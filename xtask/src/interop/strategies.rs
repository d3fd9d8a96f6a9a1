//! One strategy in three languages: written by `plugin new`, built by the tools of each, tested, and run over the same space.
//! Their patches must be equal.

#![expect(clippy::indexing_slicing, reason = "a missing key of a `Value` is null, no panic")]

use super::figures::Figures;
use super::host::Host;
use super::{Language, Place, empty, tools};
use crate::shell::{self, command};
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The strategy, and its project.
const NAME: &str = "session_digest";
/// The data directory with the space all of them read. A dry run writes nothing, so it is the same for all.
const DATA: &str = "data-strategies";
/// Sessions of one event, of which the strategy makes nothing: what they take is what a call takes.
const SINGLE: usize = 20;
/// Runs of which the quickest counts: others use the machine, too.
const TIMED: usize = 3;

/// Writes, builds, tests and compares the strategy of each language.
pub(super) fn run(place: &Place, languages: &[Language]) -> Result<Vec<Figures>> {
    let mut built = Vec::new();
    for language in languages {
        let name = language.folder();
        let host = build(place, *language).with_context(|| format!("the strategy in {name} was not built"))?;
        built.push((*language, host));
    }
    fill(place)?;
    let (mut figures, mut reference): (Vec<Figures>, Option<(Language, Value)>) = (Vec::new(), None);
    for (language, (host, component)) in &built {
        let name = language.folder();
        let path = component.to_str().context("the path of the component is no UTF-8")?;
        let mut measured = Figures::of(host, *language, "strategy", path)?;
        let jobs = project(place, *language).join("jobs.jsonl");
        shell::run(host.command(&["plugin", "test", path, "--jobs"]).arg(jobs))
            .with_context(|| format!("the strategy in {name} does not pass the kit"))?;
        measured.call_ms = Some(per_unit(host, "single")?.0);
        let (time, report) = per_unit(host, "default")?;
        measured.unit_ms = Some(time);
        match &reference {
            None => reference = Some((*language, report["details"].clone())),
            Some((other, details)) => equal((*other, details), (*language, &report["details"]))?,
        }
        figures.push(measured);
        println!("ok: {NAME} in {name}\n");
    }
    for unit in reference.iter().flat_map(|(_, details)| details.as_array()).flatten() {
        println!("    {}  {} rows  {}", unit["patch_hash"], unit["rows"], unit["unit"]);
    }
    println!("the patches are equal in {} languages\n", figures.len());
    Ok(figures)
}

/// The folder of a project.
fn project(place: &Place, language: Language) -> PathBuf {
    place.out.join(format!("new-{}", language.folder())).join(NAME)
}

/// Has the project written and builds it; answers a host that is configured to use it, and the component.
fn build(place: &Place, language: Language) -> Result<(Host, PathBuf)> {
    let folder = project(place, language);
    let above = folder.parent().context("a project lies in a folder")?;
    empty(above)?;
    let new = ["plugin", "new", "--kind", "strategy", "--lang", language.folder(), NAME];
    shell::run(&mut command(&place.binary, new, above))?;
    let file = format!("{NAME}.wasm");
    let component = match language {
        Language::Rust => tools::cargo(place, &folder)?.join(&file),
        Language::JavaScript => {
            tools::npm_ci(&folder)?;
            tools::npm_run(&folder, "test")?;
            tools::npm_run(&folder, "build")?;
            folder.join(&file)
        }
        Language::Python => {
            let tools = tools::venv(place, &folder)?;
            shell::run(&mut command(tools.join("python"), ["-m", "unittest", "--quiet"], &folder))?;
            let build =
                ["--quiet", "--wit-path", "wit", "--world", "component", "componentize", "strategy", "--output"];
            shell::run(command(tools.join("componentize-py"), build, &folder).arg(&file))?;
            folder.join(&file)
        }
    };
    let collections = r#"["episodic.events", "semantic.memories"]"#;
    let text = format!(
        "[strategies.{NAME}]\nsource = {:?}\ninterfaces = [\"store-read\"]\nreads = {collections}\nwrites = {collections}\n",
        component.display().to_string()
    );
    Ok((Host::new(place, &format!("strategy-{}", language.folder()), DATA, &text)?, component))
}

/// Writes the recorded rows of the example as events, and sessions of one event into a space of their own.
fn fill(place: &Place) -> Result<()> {
    // Without the strategies: their first load is measured later.
    let host = Host::new(place, "fill", DATA, "")?;
    empty(host.data())?;
    let file = place.root.join("examples/strategies/jobs.jsonl");
    let lines = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let events: Vec<Value> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let answer = host.answer("episodic.batch_record_events", &json!({ "events": events }).to_string())?;
    let refused = answer["results"].as_array().into_iter().flatten().find(|one| one["status"] != "recorded");
    ensure!(refused.is_none(), "an event was not recorded: {}", refused.unwrap_or(&Value::Null));
    let single =
        |nth| json!({"content": format!("{nth} alone"), "event_type": "action", "session_id": format!("s{nth}")});
    let events: Vec<Value> = (0..SINGLE).map(single).collect();
    shell::run(&mut host.command(&["space", "create", "single"]))?;
    let events = json!({ "events": events }).to_string();
    let mut record = host.command(&["--json", "--space", "single", "call", "episodic.batch_record_events"]);
    let (_, ok) = shell::read(record.arg(events))?;
    ensure!(ok, "the single events were not recorded");
    Ok(())
}

/// What the strategy proposes for a space.
fn propose(host: &Host, space: &str) -> Result<Value> {
    let report = host.json(&["--space", space, "consolidate", NAME, "--dry-run"])?;
    ensure!(report["status"] == "done", "the run says {}: {}", report["status"], report["error"]);
    Ok(report)
}

/// Time inside the component for a unit of a space, ms: the least of a few runs, and the last report.
fn per_unit(host: &Host, space: &str) -> Result<(f64, Value)> {
    let mut least = f64::INFINITY;
    for _ in 1..TIMED {
        least = least.min(timed(&propose(host, space)?)?);
    }
    let report = propose(host, space)?;
    Ok((least.min(timed(&report)?), report))
}

fn timed(report: &Value) -> Result<f64> {
    let (time, units) = (report["guest_ms"].as_f64(), report["units"].as_f64());
    match (time, units) {
        (Some(time), Some(units)) if units > 0.0 => Ok(time / units),
        _ => bail!("the run had no unit: {report}"),
    }
}

/// The same units, and for each the same patch to the byte.
fn equal((one, left): (Language, &Value), (two, right): (Language, &Value)) -> Result<()> {
    let units = |details: &Value| details.as_array().cloned().unwrap_or_default();
    let (left, right) = (units(left), units(right));
    ensure!(left.len() == right.len(), "{one:?} has {} units, {two:?} has {}", left.len(), right.len());
    for (a, b) in left.iter().zip(&right) {
        ensure!(a["unit"] == b["unit"], "{one:?} has unit {}, {two:?} has {}", a["unit"], b["unit"]);
        ensure!(a["patch_hash"].is_string(), "unit {} has no patch: {a}", a["unit"]);
        if a["patch_hash"] == b["patch_hash"] && a["patch"] == b["patch"] {
            continue;
        }
        let steps = |unit: &Value| unit["patch"]["steps"].as_array().cloned().unwrap_or_default();
        let (before, after) = (steps(a), steps(b));
        let step = (0..before.len().max(after.len())).find(|at| before.get(*at) != after.get(*at));
        let told = |steps: &[Value]| step.and_then(|at| steps.get(at)).map(Value::to_string).unwrap_or_default();
        bail!(
            "unit {}: {one:?} and {two:?} differ in step {step:?}:\n  {}\n  {}\n  measures {} and {}",
            a["unit"],
            told(&before),
            told(&after),
            a["patch"]["measures"],
            b["patch"]["measures"]
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_that_differ_are_told_with_their_step() {
        let details = |hash: &str, content: &str| {
            json!([{ "unit": "a@m:1", "patch_hash": hash, "patch": {
                "steps": [{ "verb": "mark" }, { "verb": "create", "content": content }], "measures": {},
            } }])
        };
        let compare = |left: &Value, right: &Value| equal((Language::Rust, left), (Language::Python, right));
        let one = details("1", "x");
        assert!(compare(&one, &one).is_ok());
        let told = compare(&one, &details("2", "y")).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(told.contains("Rust and Python differ in step Some(1)") && told.contains("\"y\""), "{told}");
        assert!(compare(&one, &json!([])).is_err(), "a unit less");
        let failed = json!([{ "unit": "a@m:1", "error": "it trapped" }]);
        assert!(compare(&failed, &failed).is_err(), "two failures are no equal patches");
    }
}
