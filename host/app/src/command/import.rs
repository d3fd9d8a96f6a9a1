//! `import`: records of other memories through the operations the configuration names, and exports of ours into a new space.

use crate::cli::Global;
use crate::host::{Host, configure, start_resolved};
use crate::output::{Meter, print};
use crate::transfer::{Call, Content, Import, Kind, PlacedRow, Reading, Record, Report, read};
use anyhow::{Context as _, Result, anyhow, bail};
use indexmap::IndexMap;
use memstrata_kernel::{CallError, CallRequest, ExportedRow, Principal};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// What the operator ships: workflows, policies, templates of preferences and an example session, as calls.
const INITIAL: &str = include_str!("../config/initial.jsonl");
/// Rows of an export in one commit.
const ROWS: usize = 500;

/// What the command line says of an import.
pub(crate) struct Asked {
    pub(crate) from: Option<PathBuf>,
    pub(crate) reading: Reading,
    pub(crate) skip_bad: bool,
    pub(crate) dry_run: bool,
}

/// Imports a file, or what is shipped.
pub(crate) fn import(global: &Global, asked: &Asked) -> Result<ExitCode> {
    let content = match &asked.from {
        None => read(&mut INITIAL.as_bytes(), &asked.reading),
        Some(path) if path == Path::new("-") => read(&mut std::io::stdin().lock(), &asked.reading),
        Some(path) => {
            let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
            read(&mut BufReader::new(file), &asked.reading)
        }
    };
    let named = asked.from.as_ref().map_or_else(|| "the initial data".to_owned(), |path| path.display().to_string());
    let content = content.map_err(|fault| anyhow!("{named} cannot be imported: {fault}"))?;
    let mut report = Report::of(content.format, asked.dry_run);
    content.faults.iter().for_each(|fault| report.fault(fault.clone()));
    if !content.faults.is_empty() && !asked.skip_bad {
        bail!(
            "nothing was imported: {named} has faults; mend them, or leave them out with --skip-bad:{}",
            report.listed()
        );
    }
    report.empty = content.empty;
    let resolved = configure(global, None)?;
    let imports = resolved.imports.clone();
    let host = start_resolved(resolved, false)?;
    Importer {
        host: &host,
        imports: &imports,
        dry_run: asked.dry_run,
        runtime: tokio::runtime::Builder::new_current_thread().build()?,
    }
    .run(content, &mut report)?;
    print(global.json, &report, Report::text)?;
    Ok(if report.failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

struct Importer<'a> {
    host: &'a Host,
    imports: &'a IndexMap<String, Import>,
    dry_run: bool,
    runtime: tokio::runtime::Runtime,
}

impl Importer<'_> {
    fn run(&self, content: Content, report: &mut Report) -> Result<()> {
        let all = (content.records.len() + content.rows.len() + content.calls.len()) as u64;
        let mut meter = Meter::new("import");
        let mut done = 0;
        meter.show(0, all);
        self.rows(content.rows, report, |count| {
            done += count;
            meter.show(done, all);
        })?;
        for (call, place) in content.calls {
            self.one(&call, &place, report)?;
            done += 1;
            meter.show(done, all);
        }
        let mut of_kind: BTreeMap<Kind, Vec<Record>> = BTreeMap::new();
        for record in content.records {
            of_kind.entry(record.kind).or_default().push(record);
        }
        for (kind, records) in of_kind {
            let import = self.imports.get(kind.name()).with_context(|| {
                format!("the configuration says not what becomes of a record of kind {0}: [imports.{0}]", kind.name())
            })?;
            for batch in records.chunks(import.size.max(1)) {
                self.batch(import, batch, report)?;
                done += batch.len() as u64;
                meter.show(done, all);
            }
        }
        meter.end();
        Ok(())
    }

    /// Rows keep their ids, so that whatever names one goes on doing so. All are checked before the first is written.
    fn rows(&self, rows: Vec<PlacedRow>, report: &mut Report, mut done: impl FnMut(u64)) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let (kernel, space) = (&self.host.kernel, self.host.space());
        let mut ids = HashSet::with_capacity(rows.len());
        for (row, place) in &rows {
            let id =
                row.row.get("id").and_then(Value::as_u64).with_context(|| format!("{place}: the row has no id"))?;
            if !ids.insert(id) {
                bail!("{place}: the id {id} stands twice in the export");
            }
        }
        if !kernel.is_pristine(space)? {
            bail!(
                "space `{space}` has had rows, and an export keeps its ids: make a new space with `memstrata space create NAME` and import with --space NAME"
            );
        }
        let rows: Vec<ExportedRow> = rows.into_iter().map(|(row, _)| row).collect();
        for batch in rows.chunks(ROWS) {
            kernel.adopt_rows(space, batch.to_vec(), true)?;
            if self.dry_run {
                done(batch.len() as u64);
            }
        }
        if !self.dry_run {
            kernel.prepare_adoption(space, ids.into_iter().max().unwrap_or_default())?;
            let mut in_it = 0;
            for batch in rows.chunks(ROWS) {
                kernel.adopt_rows(space, batch.to_vec(), false).map_err(|error| {
                    anyhow!(
                        "{} ({}); {in_it} of {} rows are in space `{space}`: delete it and import anew",
                        error.message,
                        error.code,
                        rows.len()
                    )
                })?;
                in_it += batch.len();
                done(batch.len() as u64);
            }
        }
        report.imported.insert("row", rows.len());
        Ok(())
    }

    /// Records of one kind in one call; if it is refused, each alone, so that the good ones get in.
    fn batch(&self, import: &Import, records: &[Record], report: &mut Report) -> Result<()> {
        let mut items = Vec::with_capacity(records.len());
        for record in records {
            let (arguments, dropped) = import.arguments(record);
            dropped.into_iter().for_each(|field| *report.dropped.entry(field).or_default() += 1);
            items.push(arguments);
        }
        if let (Some(list), true) = (&import.list, items.len() > 1) {
            let listed: Vec<Value> = items.iter().cloned().map(Value::Object).collect();
            let arguments = Map::from_iter([(list.clone(), Value::Array(listed))]);
            match self.call(&import.operation, arguments) {
                Ok(answer) => {
                    self.count(&answer, records, report);
                    return Ok(());
                }
                Err(error) if !is_of_one(&error) => bail!("{} ({})", error.message, error.code),
                Err(_) => {}
            }
        }
        for (record, arguments) in records.iter().zip(items) {
            let arguments = match &import.list {
                Some(list) => Map::from_iter([(list.clone(), Value::Array(vec![arguments.into()]))]),
                None => arguments,
            };
            match self.call(&import.operation, arguments) {
                Ok(answer) => self.count(&answer, std::slice::from_ref(record), report),
                // What it names may be earlier records of this file, which a dry run has not written.
                Err(error) if self.dry_run && error.code.starts_with("not-found.") => report.unchecked += 1,
                Err(error) if is_of_one(&error) => {
                    report.fault(format!("{}: {} ({})", record.place, faults(&error), error.code));
                }
                Err(error) => bail!("{}: {} ({})", record.place, error.message, error.code),
            }
        }
        Ok(())
    }

    /// An operation that answers for each item says which it refused, or how many it knew.
    fn count(&self, answer: &Value, records: &[Record], report: &mut Report) {
        let refused: Vec<(usize, &str)> = answer
            .get("results")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|result| Some((result.get("index")?.as_u64()? as usize, result.get("error")?.as_str()?)))
            .collect();
        let known = ["known", "duplicates"].iter().find_map(|name| answer.get(*name)?.as_u64()).unwrap_or_default();
        report.known += known as usize;
        let taken = records.len().saturating_sub(refused.len() + known as usize);
        if let Some(kind) = records.first().map(|record| record.kind.name()) {
            *report.imported.entry(kind).or_default() += taken;
        }
        for (at, why) in refused {
            let place = records.get(at).map_or("?", |record| record.place.as_str());
            report.fault(format!("{place}: {why}"));
        }
    }

    fn one(&self, call: &Call, place: &str, report: &mut Report) -> Result<()> {
        match self.call(&call.operation, call.arguments.clone()) {
            Ok(_) => *report.imported.entry("call").or_default() += 1,
            Err(error) if error.code == "conflict.duplicate" => report.known += 1,
            Err(error) if self.dry_run && error.code.starts_with("not-found.") => report.unchecked += 1,
            Err(error) if is_of_one(&error) => report.fault(format!("{place}: {} ({})", faults(&error), error.code)),
            Err(error) => bail!("{place}: {} ({})", error.message, error.code),
        }
        Ok(())
    }

    fn call(&self, operation: &str, mut arguments: Map<String, Value>) -> Result<Value, CallError> {
        let operation = self.host.gateway.operation(operation, &mut arguments)?;
        let request = CallRequest {
            space: self.host.space().to_owned(),
            principal: Principal::local(),
            operation,
            arguments,
            dry_run: self.dry_run,
            cancelled: Arc::default(),
            progress: None,
        };
        self.runtime.block_on(self.host.kernel.call(request)).map(|answer| answer.value)
    }
}

/// Whether an error says something of the record, not of the host.
fn is_of_one(error: &CallError) -> bool {
    ["invalid", "limit", "conflict", "not-found", "denied"]
        .iter()
        .any(|kind| error.code.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
        && error.code != "not-found.operation"
        && error.code != "not-found.space"
}

/// An error in words, with the first fault of its arguments.
fn faults(error: &CallError) -> String {
    let listed = error.details.as_ref().and_then(|details| details.get("faults")).and_then(Value::as_array);
    let first = listed.and_then(|faults| faults.first());
    let part = |name: &str| first.and_then(|fault| fault.get(name)).and_then(Value::as_str).unwrap_or_default();
    match first {
        None => error.message.clone(),
        Some(_) => format!("{}: {} {}", error.message, part("pointer"), part("message")),
    }
}
