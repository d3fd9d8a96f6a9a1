//! A strategy in the kit: each job is proposed, proposed again, applied and undone, in a space of its own.

use super::jobs::{Job, edge_cases, recorded};
use super::labels::Labels;
use super::{Kit, Report, scratch};
use crate::api::{CallError, Principal};
use crate::consolidation::{Consolidate, Mode, Refused, Rehearsed};
use crate::kernel::{Kernel, LayerOptions, now_ms};
use memstrata_runtime::{Grants, Manifest, Patch, StrategySpec};
use memstrata_store::{
    Collection, CollectionSpec, CommitMeta, Deadline, FieldType, Namespace, Query, SessionOptions, Space, UndoTarget,
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Rows written in one transaction.
const BATCH: usize = 1_000;
/// Faults told of one job.
const TOLD: usize = 5;
/// The seed of all rehearsals.
const SEED: u64 = 7;

/// One thing that was seen, or the first that must be fixed.
type Seen = Result<String, String>;

/// Tests a strategy and notes what was seen.
pub(super) fn test(report: &mut Report, options: &LayerOptions, manifest: &Manifest, spec: &StrategySpec, kit: &Kit) {
    let layers = match layers(options, manifest, spec, kit) {
        Ok(layers) => layers,
        Err(faults) => {
            faults.into_iter().for_each(|fault| report.note("collections", Err(fault)));
            return;
        }
    };
    let started = scratch(layers, kit.limits.clone(), &kit.embedder, kit.cache.as_deref());
    let (kernel, _folder) = match started {
        Ok(started) => started,
        Err(error) => return report.note("start", Err(error.message)),
    };
    let collection = declaration(&kernel, spec);
    match collection {
        Err(fault) => report.note("collections", Err(fault)),
        Ok(collection) => {
            report.note("collections", Ok(format!("`{}` and all else it names are there", spec.collection)));
            let bench =
                Bench { kernel: &kernel, strategy: &manifest.name, spec, collection: &collection, now: now_ms() };
            bench.run(report, kit);
        }
    }
    kernel.stop();
}

/// The strategy, granted what its manifest asks for, and the layers whose collections it names.
fn layers(
    options: &LayerOptions,
    manifest: &Manifest,
    spec: &StrategySpec,
    kit: &Kit,
) -> Result<BTreeMap<String, LayerOptions>, Vec<String>> {
    let mut layers = BTreeMap::new();
    let mut faults = Vec::new();
    let named = std::iter::once(&spec.collection).chain(&manifest.reads).chain(&manifest.writes);
    for name in named {
        let owner = name.split('.').next().unwrap_or_default();
        match kit.layers.get(owner) {
            // All of them: what it reads is for it to say.
            _ if owner == "*" => layers.extend(kit.layers.clone()),
            Some(layer) => _ = layers.insert(owner.to_owned(), layer.clone()),
            // The host's own records are always there.
            None if owner == "host" => {}
            None => {
                let known: Vec<&str> = kit.layers.keys().map(String::as_str).collect();
                faults.push(format!(
                    "`{name}` belongs to no layer of the configuration, which has: {}; add a section for `{owner}`, or name the configuration that has it with --config",
                    known.join(", ")
                ));
            }
        }
    }
    faults.dedup();
    if !faults.is_empty() {
        return Err(faults);
    }
    let grants = Grants {
        interfaces: options.grants.interfaces.clone(),
        reads: manifest.reads.iter().cloned().collect(),
        writes: manifest.writes.iter().cloned().collect(),
        folders: options.grants.folders.clone(),
    };
    layers.insert(manifest.name.clone(), LayerOptions { grants, ..options.clone() });
    Ok(layers)
}

/// The declaration of the collection it consolidates.
fn declaration(kernel: &Kernel, spec: &StrategySpec) -> Result<CollectionSpec, String> {
    let health = kernel.health().layers;
    let problems: Vec<String> = (health.iter().filter(|(_, layer)| layer.status == "failed"))
        .flat_map(|(name, layer)| {
            layer.problems.iter().map(move |problem| format!("`{name}` does not load: {problem}"))
        })
        .collect();
    if !problems.is_empty() {
        return Err(problems.join("; "));
    }
    let space = kernel.open_space("default").map_err(|error| error.message)?;
    match space.collection(&spec.collection) {
        Ok(collection) => Ok(collection.spec().clone()),
        Err(_) => {
            let known: Vec<String> = space.collections().iter().map(|one| one.name().to_owned()).collect();
            Err(format!("there is no collection `{}`; there are: {}", spec.collection, known.join(", ")))
        }
    }
}

/// The scratch kernel with the strategy in it.
struct Bench<'a> {
    kernel: &'a Kernel,
    strategy: &'a str,
    spec: &'a StrategySpec,
    collection: &'a CollectionSpec,
    /// The instant of all rehearsals.
    now: u64,
}

impl Bench<'_> {
    fn run(&self, report: &mut Report, kit: &Kit) {
        let mut jobs = edge_cases(self.collection, self.spec, kit.rows);
        for given in &kit.jobs {
            match recorded(given, self.collection, self.spec) {
                Ok(job) => jobs.push(job),
                Err(fault) => report.note(format!("job {}", given.name), Err(fault)),
            }
        }
        let mut units = 0;
        let mut unmet = None;
        for (nth, job) in jobs.iter().enumerate() {
            let space = format!("job-{nth}");
            match self.job(report, &space, job) {
                Ok(found) => {
                    units += found;
                    if found == 0 && !job.rows.is_empty() {
                        unmet.get_or_insert(&job.name);
                    }
                }
                Err(Stop) => return,
            }
        }
        if units == 0 {
            let fault = "no job gave it a unit: the rows made up here do not meet its `filter`; give recorded ones with --jobs FILE";
            report.note("units", Err(fault.into()));
        }
        if let Some(few) = jobs.iter().find(|job| job.made_up && job.name == "a few rows")
            && units > 0
        {
            report.note("job a few rows, other ids", self.other_ids(few));
        }
    }

    /// Runs one job; answers how many units it had.
    fn job(&self, report: &mut Report, name: &str, job: &Job) -> Result<usize, Stop> {
        let check = |what: &str| format!("job {}, {what}", job.name);
        let told = |error: CallError| error.to_string();
        let filled = (self.kernel.create_space(name).map_err(told)).and_then(|_| {
            let space = self.kernel.open_space(name).map_err(told)?;
            self.fill(&space, &job.rows, self.now)?;
            Ok(space)
        });
        let space = match filled {
            Ok(space) => space,
            Err(fault) => {
                report.note(check("rows"), Err(fault));
                return Ok(0);
            }
        };
        let rehearsed = match self.kernel.rehearse(name, self.strategy, self.now, SEED) {
            Ok(rehearsed) => rehearsed,
            Err(error) => {
                report.note(check("proposals"), Err(error.to_string()));
                return Ok(0);
            }
        };
        let units = rehearsed.len();
        let proposals = self.proposals(job, &rehearsed);
        let sound = proposals.is_ok();
        report.note(check("proposals"), proposals);
        if sound && units > 0 {
            report.note(check("same twice"), self.same_twice(name, &rehearsed));
            report.note(check("apply and undo"), self.apply_and_undo(name, &space));
        }
        drop(space);
        _ = self.kernel.delete_space(name);
        let gone =
            |one: &Rehearsed| matches!(&one.outcome, Err(Refused::Failed(error)) if error.code.starts_with("budget."));
        // What loops, loops in every job, and each would take as long.
        if rehearsed.iter().any(gone) { Err(Stop) } else { Ok(units) }
    }

    /// Writes rows as their layer would.
    fn fill(&self, space: &Arc<Space>, rows: &[Map<String, Value>], now: u64) -> Result<Vec<u64>, String> {
        let collection = space.collection(&self.spec.collection).map_err(|error| error.to_string())?;
        let mut ids = Vec::with_capacity(rows.len());
        for (chunk, rows) in rows.chunks(BATCH).enumerate() {
            let mut session = space.session(self.session(now));
            for (nth, row) in rows.iter().enumerate() {
                let at = chunk * BATCH + nth;
                let id = session.insert(&collection, row.clone());
                ids.push(
                    id.map_err(|error| format!("row {} does not fit `{}`: {error}", at + 1, self.spec.collection))?,
                );
            }
            let mut write_set = session.finish();
            let deadline = Deadline::within(self.kernel.shared.runtime.limits().wall(true));
            crate::dispatch::embed(&*self.kernel.shared.embedder, &mut write_set, &deadline);
            let meta = CommitMeta { kind: "import".into(), layer: collection.layer().into(), ..CommitMeta::default() };
            space.commit(write_set, meta, None).map_err(|error| format!("the rows cannot be written: {error}"))?;
        }
        Ok(ids)
    }

    fn session(&self, now: u64) -> SessionOptions {
        let limits = self.kernel.shared.runtime.limits();
        let mut reads = limits.store();
        reads.rows_read = u64::MAX;
        SessionOptions {
            layer: self.spec.collection.split('.').next().unwrap_or_default().to_owned(),
            component: "test".into(),
            scope: Namespace::default(),
            now,
            deadline: Deadline::within(limits.wall(true)),
            limits: reads,
            binding: String::new(),
            read_only: false,
            as_of: None,
        }
    }

    fn proposals(&self, job: &Job, rehearsed: &[Rehearsed]) -> Seen {
        let mut faults: Vec<String> = Vec::new();
        let (mut steps, mut empty, mut slowest) = (0, 0, 0.0_f64);
        for one in rehearsed {
            match &one.outcome {
                Ok(patch) => {
                    steps += patch.steps.len();
                    empty += usize::from(patch.steps.is_empty());
                    slowest = slowest.max(one.guest.as_secs_f64() * 1_000.0);
                }
                Err(Refused::Failed(error)) => faults.push(format!("unit {}: {}", one.unit, self.advice(one, error))),
                Err(Refused::Faults(_, found)) => {
                    faults.extend(found.iter().map(|fault| {
                        format!("unit {}, step {}: {}: {}", one.unit, fault.step, fault.code, fault.message)
                    }))
                }
            }
        }
        if faults.is_empty() {
            let (rows, units) = (job.rows.len(), rehearsed.len());
            if units == 0 && rows > 0 && !job.made_up {
                return Err(format!(
                    "none of its {rows} rows meets the strategy's filter {}, so nothing was tried; give rows that do",
                    json!(self.spec.filter)
                ));
            }
            if units == 0 && rows > 0 {
                return Ok(format!("{rows} rows, none of which meets its filter: no unit"));
            }
            return Ok(format!(
                "{rows} rows in {units} units: {steps} steps, {empty} patches empty, {slowest:.1} ms for the slowest"
            ));
        }
        let more = faults.len().saturating_sub(TOLD);
        faults.truncate(TOLD);
        if more > 0 {
            faults.push(format!("and {more} more"));
        }
        Err(faults.join("; "))
    }

    /// What its author can do about a call that failed.
    fn advice(&self, one: &Rehearsed, error: &CallError) -> String {
        let rows = one.ids.len();
        let what = match error.code.as_str() {
            "plugin.trap" => "it must not panic or leave an exception uncaught, whatever the rows say: propose nothing for rows it cannot use".to_owned(),
            code if code.starts_with("budget.") => format!(
                "its unit has {rows} rows: does a loop not end? else do less for a row, ask for fewer with `max_rows`, or say `background`"
            ),
            code if code.starts_with("limit.") => format!("for {rows} rows: propose less, or ask for fewer with `max_rows`"),
            code if code.starts_with("unavailable.") => "it must do without a model when there is none".to_owned(),
            _ => "a fault fails the unit: propose nothing where there is nothing to propose".to_owned(),
        };
        format!("{} ({what})", error.for_author())
    }

    /// The same rows, clock and seed must give the same patch.
    fn same_twice(&self, name: &str, first: &[Rehearsed]) -> Seen {
        let second = self.kernel.rehearse(name, self.strategy, self.now, SEED).map_err(|error| error.to_string())?;
        let none = Labels { rows: HashMap::new(), refs: BTreeSet::new() };
        for (one, two) in first.iter().zip(&second) {
            let (Ok(before), Ok(after)) = (&one.outcome, &two.outcome) else {
                return Err(format!("unit {}: proposed again, it has no patch", one.unit));
            };
            if before.hash() != after.hash() {
                return Err(format!(
                    "unit {}: the same rows, clock and seed gave two patches; {}. Use `clock` and `random`, and nothing that depends on how fast it runs",
                    one.unit,
                    difference(&none.of(before), &none.of(after))
                ));
            }
        }
        let shown = first.first().and_then(|one| one.outcome.as_ref().ok()).map(Patch::hash).unwrap_or_default();
        Ok(format!("{} patches; the first is {}..", first.len(), shown.chars().take(12).collect::<String>()))
    }

    /// What it proposes can be applied, and taken back to the row.
    fn apply_and_undo(&self, name: &str, space: &Arc<Space>) -> Seen {
        let told = |error: CallError| error.to_string();
        let before = self.rows(space)?;
        let report = self.kernel.consolidate(&Consolidate {
            space: name.to_owned(),
            strategy: Some(self.strategy.to_owned()),
            namespace: String::new(),
            since: None,
            again: false,
            mode: Mode::Apply,
            trigger: "test".into(),
            principal: Principal::local(),
            cancelled: Arc::default(),
            progress: None,
        });
        let report = report.map_err(told)?;
        if report.failed > 0 {
            let failed = report.details.iter().find(|unit| unit.status == "failed");
            let why = failed.map(|unit| format!("unit {}: {}", unit.unit, unit.error.as_deref().unwrap_or("failed")));
            return Err(format!("{} of {} units fail; {}", report.failed, report.units, why.unwrap_or_default()));
        }
        if report.applied == 0 {
            return Ok("nothing to apply".into());
        }
        self.kernel.undo(name, &UndoTarget::Run(report.run), &Principal::local(), false).map_err(told)?;
        let after = self.rows(space)?;
        let different = |(id, row): &(&u64, &Value)| after.get(id) != Some(row);
        if let Some((id, _)) = before.iter().find(different) {
            return Err(format!("after the undo m:{id} is not what it was"));
        }
        if let Some((id, _)) = after.iter().find(|(id, _)| !before.contains_key(id)) {
            return Err(format!("after the undo m:{id} is still there"));
        }
        Ok(format!(
            "{} rows new, {} changed, {} ended, {} conflicts; all undone",
            report.created, report.changed, report.ended, report.conflicts
        ))
    }

    /// Live rows by id, without what an undo cannot bring back: when and by whom they were written last.
    fn rows(&self, space: &Arc<Space>) -> Result<BTreeMap<u64, Value>, String> {
        let mut rows = BTreeMap::new();
        let mut session = space.session(SessionOptions { read_only: true, ..self.session(self.now) });
        let layers = |collection: &Arc<Collection>| collection.layer() != crate::consolidation::records::HOST;
        for collection in space.collections().into_iter().filter(layers) {
            let mut query = Query::new(collection);
            query.limit(1_000);
            loop {
                let page = session.rows(&query).map_err(|error| error.to_string())?;
                for row in &page.rows {
                    let Ok(Value::Object(mut row)) = serde_json::from_str(row) else { continue };
                    row.retain(|field, _| !matches!(field.as_str(), "version" | "updated_at" | "component"));
                    rows.insert(row.get("id").and_then(Value::as_u64).unwrap_or_default(), Value::Object(row));
                }
                match page.next {
                    Some(next) => query.after(&next),
                    None => break,
                }
            }
        }
        Ok(rows)
    }

    /// Rows written in another order have other ids; nothing may hang on that.
    fn other_ids(&self, job: &Job) -> Seen {
        let told = |error: CallError| error.to_string();
        let mut sides = Vec::new();
        for (name, backwards) in [("forwards", false), ("backwards", true)] {
            self.kernel.create_space(name).map_err(told)?;
            let space = self.kernel.open_space(name).map_err(told)?;
            let mut order: Vec<usize> = (0..job.rows.len()).collect();
            if backwards {
                order.reverse();
            }
            let mut rows = HashMap::new();
            for label in order {
                // Each at an instant of its own, the same on both sides: `created_at` may order rows.
                let at = self.now.saturating_sub(3_600_000) + label as u64;
                let ids = self.fill(&space, job.rows.get(label..=label).unwrap_or_default(), at)?;
                rows.extend(ids.into_iter().map(|id| (id, label)));
            }
            let specs = space.collections();
            let fields = specs.iter().flat_map(|one| &one.spec().fields);
            let refs = fields.filter(|(_, field)| field.kind == FieldType::Ref).map(|(name, _)| name.clone()).collect();
            let labels = Labels { rows, refs };
            let rehearsed = self.kernel.rehearse(name, self.strategy, self.now, SEED).map_err(told)?;
            let units: Vec<(Vec<usize>, Vec<Value>)> = (rehearsed.iter())
                .map(|one| {
                    let rows = one.ids.iter().filter_map(|id| labels.rows.get(id).copied()).collect();
                    (rows, one.outcome.as_ref().map(|patch| labels.unordered(patch)).unwrap_or_default())
                })
                .collect();
            sides.push(units);
            drop(space);
            _ = self.kernel.delete_space(name);
        }
        let [one, two] = sides.as_slice() else { return Err("two sides were to be compared".into()) };
        if one.iter().map(|(rows, _)| rows).ne(two.iter().map(|(rows, _)| rows)) {
            return Ok("not compared: its units are cut by ids".into());
        }
        for (nth, ((_, before), (_, after))) in one.iter().zip(two).enumerate() {
            if before != after {
                return Err(format!(
                    "unit {}: the same rows with other ids gave another patch; {}. Order by what rows say, never by their ids",
                    nth + 1,
                    difference(before, after)
                ));
            }
        }
        Ok(format!("{} units: the same patches, whatever the rows' ids", one.len()))
    }
}

/// The rest of the jobs is not worth its time.
struct Stop;

/// The first step in which two patches differ.
fn difference(one: &[Value], two: &[Value]) -> String {
    let short = |value: Option<&Value>| match value {
        None => "nothing".to_owned(),
        Some(value) => value.to_string().chars().take(300).collect(),
    };
    let at = (0..one.len().max(two.len())).find(|at| one.get(*at) != two.get(*at)).unwrap_or_default();
    let what = if at + 1 == one.len() && at + 1 == two.len() {
        "the measures are".to_owned()
    } else {
        format!("step {at} is")
    };
    format!("{what} {} and then {}", short(one.get(at)), short(two.get(at)))
}
