//! `export`: the rows of a space as JSON lines or Markdown.

use crate::cli::Global;
use crate::host::start;
use crate::output::{Meter, print};
use crate::transfer::{HEADER, markdown};
use anyhow::{Context as _, Result, bail};
use memstrata_kernel::{CallError, Selection};
use memstrata_store::Namespace;
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What the command line says of an export.
pub(crate) struct Asked {
    pub(crate) to: PathBuf,
    pub(crate) markdown: bool,
    pub(crate) only: Vec<String>,
    pub(crate) namespace: String,
}

/// The code of a reader that has gone.
const GONE: &str = "cancelled";

fn is_gone(error: &anyhow::Error) -> bool {
    error.downcast_ref::<CallError>().is_some_and(|error| error.code == GONE)
        || error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// Exports a space.
pub(crate) fn export(global: &Global, asked: Asked) -> Result<ExitCode> {
    let host = start(global, false)?;
    let selection = Selection { collections: asked.only, namespace: Namespace::parse(&asked.namespace)? };
    let to_stdout = asked.to == Path::new("-");
    // Written beside its place and put there at the end: a broken export never looks like a whole one.
    let partial = asked.to.with_added_extension("part");
    let mut out: Box<dyn Write> = if to_stdout {
        Box::new(std::io::stdout().lock())
    } else {
        if asked.to.exists() {
            bail!("{} exists; name another file", asked.to.display());
        }
        Box::new(File::create(&partial).with_context(|| format!("cannot write {}", partial.display()))?)
    };
    let mut out = BufWriter::new(&mut out);
    let broken = |error: std::io::Error| {
        let code = if error.kind() == ErrorKind::BrokenPipe { GONE } else { "unavailable.file" };
        CallError::new(code, format!("cannot write the export: {error}"))
    };
    let exported = (|| -> Result<u64> {
        let now = crate::output::now();
        match asked.markdown {
            true => writeln!(out, "# Memory of space `{}`, {}", host.space(), crate::output::time(now))?,
            false => writeln!(out, "{}", json!({ HEADER: 1, "space": host.space(), "at": now }))?,
        }
        let mut meter = Meter::new("export");
        let mut section = String::new();
        let mut shown = 0;
        let rows = host.kernel.export_rows(host.space(), &selection, |collection, rows, done, total| {
            let (name, spec, count) = (collection.name(), collection.spec(), rows.len() as u64);
            for row in rows {
                if !asked.markdown {
                    writeln!(out, "{}", json!({ "collection": name, "row": row })).map_err(broken)?;
                } else if let Some(view) = &spec.recall {
                    if section != name {
                        name.clone_into(&mut section);
                        write!(out, "{}", markdown::section(name, spec)).map_err(broken)?;
                    }
                    write!(out, "{}", markdown::entry(view, &row)).map_err(broken)?;
                } else {
                    continue;
                }
                shown += 1;
            }
            meter.show(done + count, total);
            Ok(())
        })?;
        out.flush()?;
        meter.end();
        Ok(if asked.markdown { shown } else { rows })
    })();
    let rows = match exported {
        Ok(rows) => rows,
        Err(error) => {
            if !to_stdout {
                _ = std::fs::remove_file(&partial);
            }
            // A reader that has gone (`| head`) is no failure.
            return if to_stdout && is_gone(&error) { Ok(ExitCode::SUCCESS) } else { Err(error) };
        }
    };
    if !to_stdout {
        std::fs::rename(&partial, &asked.to).with_context(|| format!("cannot write {}", asked.to.display()))?;
        let told = json!({ "space": host.space(), "file": asked.to, "rows": rows });
        print(global.json, &told, |_| {
            format!("{rows} rows of space `{}` are in {}", host.space(), asked.to.display())
        })?;
    }
    Ok(ExitCode::SUCCESS)
}
