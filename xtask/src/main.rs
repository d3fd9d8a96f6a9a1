//! Chores of this repository: `cargo xtask interop`.

mod interop;
mod shell;

use anyhow::{Result, bail};
use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "cargo xtask interop [rust] [js] [python] [--binary FILE]
    Builds the layers of tests/interop, and projects as `memstrata plugin new` writes them, from their lock files, and runs
    them in a host; the projects are one strategy in three languages, and their patches must be equal. Prints what they cost.
    Needs rustup, node with npm, and python3 with venv. The host is built in release unless a binary is named.";

fn main() -> ExitCode {
    match chore() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn chore() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("interop") => {
            let (mut languages, mut binary) = (Vec::new(), None);
            while let Some(argument) = arguments.next() {
                match (argument.as_str(), interop::Language::named(&argument)) {
                    ("--binary", _) => match arguments.next() {
                        Some(file) => binary = Some(PathBuf::from(file)),
                        None => bail!("--binary needs a file"),
                    },
                    (_, Some(language)) => languages.push(language),
                    (other, None) => bail!("`{other}` is no argument of interop\n\n{HELP}"),
                }
            }
            interop::run(&languages, binary)
        }
        None | Some("help" | "--help" | "-h") => {
            println!("{HELP}");
            Ok(())
        }
        Some(other) => bail!("there is no chore `{other}`\n\n{HELP}"),
    }
}
