//! `doctor`: what works here, what does not, and what to do about it.

use crate::cli::Global;
use crate::config::load;
use crate::host::{configure, start_resolved};
use anyhow::Result;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Checks one thing after the other; later checks need the earlier ones.
pub(crate) fn run(global: &Global) -> Result<ExitCode> {
    let mut sound = true;
    let mut say = |what: &str, result: Result<String, String>| {
        match result {
            Ok(message) => println!("ok    {what}: {message}"),
            Err(message) => {
                println!("FAIL  {what}: {message}");
                sound = false;
            }
        };
    };
    match load(global.config.as_deref()) {
        Ok((_, Some(file))) => say("configuration", Ok(file.display().to_string())),
        Ok((_, None)) => say("configuration", Ok("none, the defaults hold (see `memstrata config default`)".into())),
        Err(error) => say("configuration", Err(format!("{error:#}"))),
    }
    let resolved = match configure(global, Some("error")) {
        Ok(resolved) => resolved,
        Err(error) => {
            say("configuration", Err(format!("{error:#}")));
            return Ok(ExitCode::FAILURE);
        }
    };
    say("data directory", Ok(resolved.kernel.data.display().to_string()));
    let embedder = resolved.kernel.embedder.clone();
    let begun = Instant::now();
    say(
        "embedder",
        match embedder.embed(&["hello"], Duration::from_secs(10)) {
            Ok(_) => {
                Ok(format!("{} ({} numbers) answers in {:?}", embedder.model(), embedder.dimension(), begun.elapsed()))
            }
            Err(error) => Err(error.to_string()),
        },
    );
    let begun = Instant::now();
    match start_resolved(resolved, false) {
        Ok(host) => {
            say("engine and layers", Ok(format!("started in {:?}", begun.elapsed())));
            let health = host.kernel.health();
            if let Some(llm) = health.llm {
                let money = llm.money_today.map(|money| match llm.money_per_day {
                    Some(most) => format!(", money {money:.4} of {most}"),
                    None => format!(", money {money:.4}"),
                });
                let (used, most, prompts) = (llm.tokens_today, llm.tokens_per_day, llm.prompts_today);
                let used = format!("{used} of {most} tokens today in {prompts} prompts{}", money.unwrap_or_default());
                say("language model", Ok(format!("{}, not asked now; {used}", llm.model)));
            }
            for (name, layer) in health.layers {
                let message = format!("{} operations, version {}", layer.operations, layer.version);
                say(
                    &format!("layer {name}"),
                    if layer.problems.is_empty() { Ok(message) } else { Err(layer.problems.join("; ")) },
                );
            }
            for (name, _) in host.kernel.spaces()? {
                let checked = host
                    .kernel
                    .open_space(&name)
                    .map_err(|error| error.to_string())
                    .and_then(|space| space.verify().map_err(|error| error.message()));
                say(
                    &format!("space {name}"),
                    match checked {
                        Ok(found) if found.faults.is_empty() => {
                            Ok(format!("{} rows, {} commits", found.rows, found.commits))
                        }
                        Ok(found) => Err(found.faults.join("; ")),
                        Err(error) => Err(error),
                    },
                );
            }
        }
        Err(error) => say("engine and layers", Err(format!("{error:#}"))),
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
