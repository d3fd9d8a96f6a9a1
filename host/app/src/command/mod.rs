//! The commands, one file a group.

mod call;
mod care;
mod consolidate;
mod doctor;
mod export;
mod history;
mod import;
mod new;
mod pin;
mod plugin;
mod serve;
mod shadow;
mod smoke;
mod space;

use crate::cli::{Cli, Command, Config};
use crate::transfer::Reading;
use crate::{config, host, output};
use anyhow::Result;
use memstrata_store::UndoTarget;
use std::process::ExitCode;

/// Runs what the command line says.
pub(crate) fn run(cli: Cli) -> Result<ExitCode> {
    let global = cli.global;
    match cli.command {
        Command::Serve { bind } => serve::http(&global, bind),
        Command::Stdio => serve::stdio(&global),
        Command::Call { operation, arguments, dry_run, list } => match (operation, list) {
            (_, Some(words)) => call::list(&global, &words),
            (Some(operation), None) => call::call(&global, &operation, &arguments, dry_run),
            (None, None) => call::list(&global, ""),
        },
        Command::Plugin(command) => plugin::run(&global, command),
        Command::Space(command) => space::run(&global, command),
        Command::History { id, limit } => history::history(&global, id.as_deref(), limit),
        Command::Asof { id, time } => history::asof(&global, &id, &time),
        Command::Diff { from, to, limit } => history::diff(&global, &from, to.as_deref(), limit),
        Command::Consolidate { strategy, namespace, since, dry_run, again } => {
            consolidate::consolidate(&global, consolidate::Asked { strategy, namespace, since, dry_run, again })
        }
        Command::Runs { run, limit } => consolidate::runs(&global, run.as_deref(), limit),
        Command::Replay { run } => consolidate::replay(&global, &run),
        Command::Shadow { list: Some(limit), .. } => shadow::list(&global, limit),
        Command::Shadow { candidates, namespace, since, instead_of, list: None } => {
            shadow::shadow(&global, shadow::Asked { candidates, namespace, since, instead_of })
        }
        Command::Promote { list: true, .. } => shadow::promotions(&global),
        Command::Promote { strategy, instead_of, .. } => shadow::promote(&global, strategy.as_deref(), instead_of),
        Command::Pin(command) => pin::run(&global, command),
        Command::Undo { transaction, component, run, dry_run } => history::undo(&global, dry_run, |host| {
            Ok(match (transaction, component, run) {
                (_, _, Some(run)) => UndoTarget::Run(host.run(&run)?),
                (_, Some(digest), None) => UndoTarget::Component(digest),
                (transaction, None, None) => UndoTarget::Transaction(transaction.unwrap_or_default()),
            })
        }),
        Command::Backup { to } => care::backup(&global, &to),
        Command::Restore { from, name } => care::restore(&global, &from, name),
        Command::Import { file, initial: _, format, kind, field, skip_bad, dry_run } => {
            let reading = Reading { format, kind, names: field };
            import::import(&global, &import::Asked { from: file, reading, skip_bad, dry_run })
        }
        Command::Export { to, markdown, only, namespace } => {
            export::export(&global, export::Asked { to, markdown, only, namespace })
        }
        Command::Verify { rebuild, all } => care::verify(&global, rebuild, all),
        Command::Reembed => care::reembed(&global),
        Command::Smoke { url, checks, token_env, patience } => {
            smoke::smoke(&global, smoke::Asked { url, checks, token_env, patience })
        }
        Command::Doctor => doctor::run(&global),
        Command::Config(Config::Check) => {
            let resolved = host::configure(&global, None)?;
            println!(
                "the configuration is sound; data: {}; `memstrata doctor` also loads the components it names",
                resolved.kernel.data.display()
            );
            Ok(ExitCode::SUCCESS)
        }
        Command::Config(Config::Show) => {
            let (config, _) = config::load(global.config.as_deref())?;
            println!("{config:#?}");
            Ok(ExitCode::SUCCESS)
        }
        Command::Config(Config::Default) => {
            output::print(false, &(), |()| config::DEFAULT.to_owned())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
