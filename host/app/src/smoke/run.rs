//! Running checks one after the other, each step as often and as long as it says.

use super::asked::{Check, Step};
use super::client::{Answer, Client};
use super::expect::{Names, json};
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What is said where a check needs a folder and there is none.
const NO_FOLDER: &str =
    "needs a folder the host may read: `folders = { name = \"path\" }` of the layer in the configuration of both";

/// How many times longer what must come by itself is waited for, at most.
const MOST_PATIENCE: f64 = 5.0;

/// What became of a check.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Outcome {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) passed: bool,
    pub(crate) ms: u64,
    /// What was measured, or what went wrong.
    pub(crate) told: String,
}

/// What the checks find around them.
pub(crate) struct Surroundings {
    /// A granted folder's name, and where the checks may write in it.
    pub(crate) folder: Option<(String, PathBuf)>,
    /// The path of that place in the granted folder.
    pub(crate) path: String,
    /// Time limits are so many times longer.
    pub(crate) patience: f64,
    /// Distinguishes this run's names from those of others.
    pub(crate) run: String,
}

/// Runs checks against a host.
pub(crate) struct Runner {
    client: Client,
    around: Surroundings,
    names: Names,
}

impl Runner {
    pub(crate) fn new(client: Client, around: Surroundings) -> Self {
        let mut names = HashMap::from([("run".to_owned(), Value::from(around.run.clone()))]);
        names.insert("path".into(), around.path.clone().into());
        if let Some((folder, _)) = &around.folder {
            names.insert("folder".into(), folder.clone().into());
        }
        Self { client, around, names: Names(names) }
    }

    /// Runs a check to its end or first fault.
    pub(crate) fn run(&mut self, check: &Check) -> Outcome {
        let begun = Instant::now();
        let mut told = Vec::new();
        let mut fault = None;
        if check.needs_folder && self.around.folder.is_none() {
            fault = Some(NO_FOLDER.to_owned());
        }
        for (at, step) in check.steps.iter().enumerate() {
            if fault.is_some() {
                break;
            }
            match self.step(step) {
                Ok(measured) => told.extend(measured),
                Err(error) => fault = Some(format!("step {}: {error}", at + 1)),
            }
        }
        Outcome {
            group: check.group.clone(),
            name: check.name.clone(),
            passed: fault.is_none(),
            ms: begun.elapsed().as_millis() as u64,
            told: fault.unwrap_or_else(|| told.join("; ")),
        }
    }

    /// One step; what was measured, if it has a limit.
    fn step(&mut self, step: &Step) -> Result<Option<String>, String> {
        if let Some(file) = &step.write {
            let Some((_, folder)) = &self.around.folder else { return Err("there is no granted folder".into()) };
            let path = folder.join(self.names.text(file));
            return std::fs::write(&path, self.names.text(&step.text))
                .map(|()| None)
                .map_err(|error| format!("cannot write {}: {error}", path.display()));
        }
        // Patience is for slow machines, not for what never comes.
        let end = Instant::now() + Duration::from_secs(step.until_s).mul_f64(self.around.patience.min(MOST_PATIENCE));
        loop {
            match self.attempt(step) {
                Err(_) if Instant::now() < end => std::thread::sleep(Duration::from_millis(500)),
                other => return other,
            }
        }
    }

    /// The step once, with all its repetitions.
    fn attempt(&mut self, step: &Step) -> Result<Option<String>, String> {
        let begun = Instant::now();
        let mut took = Vec::with_capacity(step.times);
        let (mut taken, mut last) = (0, None);
        let numbers: Vec<usize> = (0..step.times).collect();
        let shared: &Self = self;
        for group in numbers.chunks(step.together) {
            let answers: Vec<_> = std::thread::scope(|scope| {
                let clients: Vec<_> =
                    group.iter().map(|number| scope.spawn(move || shared.ask(step, *number))).collect();
                clients.into_iter().filter_map(|client| client.join().ok()).collect()
            });
            if answers.len() != group.len() {
                return Err("a client of this check failed".into());
            }
            for (answered, time) in answers {
                took.push(time);
                let (answer, names) = answered?;
                match step.winners {
                    None => as_expected(step, &answer, &names)?,
                    Some(_) if answer.status < 400 => taken += 1,
                    Some(_) => refused(step, &answer)?,
                }
                last = Some(answer);
            }
        }
        let whole = begun.elapsed();
        if let Some(winners) = step.winners.filter(|winners| *winners != taken) {
            return Err(format!("{winners} of {} should have been taken, but {taken} were", step.times));
        }
        for (name, pointer) in &step.save {
            let found = last.as_ref().and_then(|answer| answer.body.pointer(pointer)).cloned();
            let value = found.ok_or_else(|| format!("the answer has no `{pointer}`"))?;
            self.names.0.insert(name.clone(), value);
        }
        self.measured(step, took, whole)
    }

    /// One repetition: what was answered, with the names it was asked with, and how long it took.
    fn ask(&self, step: &Step, number: usize) -> (Result<(Answer, Names), String>, Duration) {
        let mut names = self.names.clone();
        names.0.insert("n".into(), number.into());
        let arguments = names.filled(&json(&toml::Value::Table(step.with.clone())));
        let begun = Instant::now();
        let answer = match (&step.call, &step.get) {
            (Some(operation), _) => self.client.call(&names.text(operation), &arguments),
            (None, Some(path)) => self.client.get(&names.text(path)),
            (None, None) => Err("the step asks nothing".into()),
        };
        (answer.map(|answer| (answer, names)), begun.elapsed())
    }

    /// How long it took, if the step sets a limit; an error if it was longer.
    fn measured(&self, step: &Step, mut took: Vec<Duration>, whole: Duration) -> Result<Option<String>, String> {
        took.sort_unstable();
        let nineteen = took.get((took.len() * 19).div_ceil(20).saturating_sub(1)).copied().unwrap_or_default();
        let mut told = Vec::new();
        for (limit, time, what) in [(step.within_ms, nineteen, "p95"), (step.all_within_ms, whole, "all")] {
            let Some(limit) = limit else { continue };
            let shown = format!("{what} {:.1} ms of {limit}", time.as_secs_f64() * 1000.0);
            if time > Duration::from_millis(limit).mul_f64(self.around.patience) {
                return Err(format!("too slow: {shown}"));
            }
            told.push(shown);
        }
        Ok((!told.is_empty()).then(|| told.join(", ")))
    }
}

/// Checks an answer, or the error the step wants.
fn as_expected(step: &Step, answer: &Answer, names: &Names) -> Result<(), String> {
    if step.fails.is_some() {
        refused(step, answer)?;
    } else if answer.status >= 400 {
        return Err(shown_error(answer));
    }
    match step.expect.iter().find_map(|(pointer, expected)| expected.fault(pointer, &answer.body, names)) {
        Some(fault) => Err(fault),
        None => Ok(()),
    }
}

/// Checks that an answer is the error the step names.
fn refused(step: &Step, answer: &Answer) -> Result<(), String> {
    let wanted = step.fails.as_deref().unwrap_or_default();
    let code = answer.body.get("error").and_then(Value::as_str).unwrap_or_default();
    if answer.status < 400 {
        return Err(format!("should have been refused with `{wanted}`, but was answered"));
    }
    let begins = code.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    if begins || wanted.is_empty() { Ok(()) } else { Err(shown_error(answer)) }
}

fn shown_error(answer: &Answer) -> String {
    let part = |name: &str| answer.body.get(name).and_then(Value::as_str).unwrap_or_default();
    match part("error") {
        "" => format!("status {}: {}", answer.status, answer.body),
        code => format!("{} ({code})", part("message")),
    }
}
