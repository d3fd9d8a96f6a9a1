//! The binary `memstrata`: command line, configuration, wiring. The only floor that reads files, environment and arguments.

mod cli;
mod command;
mod config;
mod host;
mod output;
mod smoke;
mod transfer;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = cli::Cli::parse();
    match command::run(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("memstrata: {error:#}");
            ExitCode::FAILURE
        }
    }
}
