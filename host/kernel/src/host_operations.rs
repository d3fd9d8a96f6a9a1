//! Operations of the host itself, beside those of layers: what operators do to consolidation, through the same doors.

use crate::api::{CallAnswer, CallError, CallRequest, Effect, Operation};
use crate::consolidation::records::HOST;
use crate::consolidation::{Compare, Consolidate, Mode, Pin};
use crate::dispatch::{canonical, hash, repeated, take_key};
use crate::kernel::Kernel;
use crate::validate::Schemas;
use memstrata_store::{CommitMeta, Idempotent, UndoTarget, WriteSet};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Units told in the answer to a run.
const MOST_UNITS: usize = 20;

/// They, with their compiled schemas.
#[derive(Debug, Default)]
pub(crate) struct HostOperations {
    known: BTreeMap<String, (Operation, Schemas)>,
}

impl HostOperations {
    pub(crate) fn new() -> Result<Self, CallError> {
        let mut known = BTreeMap::new();
        for operation in all() {
            let schemas = Schemas::compile(&operation.input, &operation.output);
            let schemas =
                schemas.map_err(|fault| CallError::new("internal", format!("{}: {fault}", operation.name)))?;
            known.insert(operation.name.clone(), (operation, schemas));
        }
        Ok(Self { known })
    }
}

/// What they are, for the catalog.
pub(crate) fn all() -> Vec<Operation> {
    let operation =
        |name: &str, summary: &str, description: &str, effect, properties: Value, required: &[&str]| Operation {
            name: format!("{HOST}.{name}"),
            layer: HOST.into(),
            summary: summary.into(),
            description: description.into(),
            effect,
            input: json!({
                "type": "object", "properties": properties, "required": required, "additionalProperties": false,
            }),
            output: json!({ "type": "object" }),
        };
    let strategy =
        json!({"type": "string", "maxLength": 100, "description": "A strategy's name; the active one if absent."});
    let namespace =
        json!({"type": "string", "maxLength": 200, "default": "", "description": "Only this namespace and below."});
    let since = json!({"type": "integer", "minimum": 0, "description": "Only rows changed since, ms UTC."});
    let limit = json!({"type": "integer", "minimum": 1, "maximum": 100, "default": 20});
    let names = json!({"type": "array", "items": {"type": "string", "maxLength": 100}, "maxItems": 15, "default": [],
                       "description": "Strategies to try beside the active one; those of the configuration if empty."});
    let instead_of = json!({"type": "string", "maxLength": 100,
                            "description": "A run to undo on the copies first: what would have been done in its place?"});
    vec![
        operation(
            "consolidate",
            "Derives lasting memories from raw ones with a consolidation strategy.",
            "Runs now and answers what it did; `dry_run` shows each proposed change and its evidence and writes nothing. The run can be \
             taken back whole with `host.undo_run`.",
            Effect::Write,
            json!({
                "strategy": strategy, "namespace": namespace, "since": since,
                "again": {"type": "boolean", "default": false, "description": "Also what an earlier run has done already."},
                "dry_run": {"type": "boolean", "default": false},
            }),
            &[],
        ),
        operation(
            "runs",
            "Consolidation runs, newest first; one run with its units.",
            "",
            Effect::Read,
            json!({"run": {"type": "string", "maxLength": 100}, "limit": limit}),
            &[],
        ),
        operation(
            "replay_run",
            "Proposes a consolidation run again from its recorded inputs and compares the patches.",
            "",
            Effect::Read,
            json!({"run": {"type": "string", "maxLength": 100}}),
            &["run"],
        ),
        operation(
            "undo_run",
            "Takes a whole consolidation run back.",
            "Refused, naming the rows, where later writes depend on what it did. `dry_run` shows what would change.",
            Effect::Destructive,
            json!({"run": {"type": "string", "maxLength": 100}, "dry_run": {"type": "boolean", "default": false}}),
            &["run"],
        ),
        operation(
            "shadow",
            "Tries consolidation strategies on copies of the space and compares them with the active one.",
            "Nothing is changed but the record of the comparison: coverage of evidence, duplicates, contradictions, rows saved, tokens, time, \
             pinned recalls, and a score.",
            Effect::Write,
            json!({"candidates": names, "namespace": namespace, "since": since, "instead_of": instead_of}),
            &[],
        ),
        operation(
            "strategies",
            "The consolidation strategies, which is active, and how it came to be.",
            "",
            Effect::Read,
            json!({"limit": limit}),
            &[],
        ),
        operation(
            "promote",
            "Makes a consolidation strategy the active one, if it passes its trial.",
            "It runs on a copy of the space first; refused if a unit fails there or a pinned recall breaks. `back` goes back to the one before.",
            Effect::Write,
            json!({
                "strategy": {"type": "string", "maxLength": 100}, "back": {"type": "boolean", "default": false},
                "namespace": namespace, "since": since, "instead_of": instead_of,
            }),
            &[],
        ),
        operation(
            "pin",
            "Pins a recall: this question must go on finding that memory.",
            "Name a memory (`finds`) or a text (`says`). No strategy that breaks it is promoted; a run that breaks it is taken back.",
            Effect::Write,
            json!({
                "question": {"type": "string", "minLength": 1, "maxLength": 2000},
                "finds": {"type": ["integer", "string"], "description": "The memory, 42 or \"m:42\"."},
                "says": {"type": "string", "minLength": 1, "maxLength": 2000},
                "within": {"type": "integer", "minimum": 1, "maximum": 100, "description": "Hits looked at, 10 if absent."},
                "namespace": namespace,
                "note": {"type": "string", "maxLength": 500, "default": ""},
            }),
            &["question"],
        ),
        operation(
            "unpin",
            "Lets go of a pinned recall.",
            "",
            Effect::Write,
            json!({"pin": {"type": ["integer", "string"], "description": "Its id, 42 or \"m:42\"."}}),
            &["pin"],
        ),
        operation(
            "collections",
            "What the space holds: each collection with its fields, rows and indexes, and whether SQLite uses them.",
            "",
            Effect::Read,
            json!({"collection": {"type": "string", "maxLength": 100, "description": "Only this one, like layer.collection, or those of a layer."}}),
            &[],
        ),
        operation(
            "verify",
            "Checks the space: the file, foreign keys, the journal, full text and vectors against the rows.",
            "Writes wait meanwhile: about a second for each 100,000 rows. `faults` is empty if all is sound.",
            Effect::Write,
            json!({}),
            &[],
        ),
        operation("pins", "Asks every pinned recall and tells which hold.", "", Effect::Read, json!({}), &[]),
    ]
}

impl Kernel {
    /// Runs an operation of the host; none where the name is no such operation's.
    pub(crate) async fn host_call(&self, mut request: CallRequest) -> Option<Result<CallAnswer, CallError>> {
        let (operation, schemas) = self.shared.host.known.get(&request.operation)?;
        if let Err(error) = self.admit(&request, operation).and_then(|()| whole_space(&request)) {
            return Some(Err(error));
        }
        let key = match take_key(&mut request.arguments) {
            Ok(key) => key.filter(|_| operation.effect != Effect::Read && !request.dry_run),
            Err(error) => return Some(Err(error)),
        };
        let has_dry_run = operation.input.pointer("/properties/dry_run").is_some();
        if request.dry_run && operation.effect != Effect::Read {
            if !has_dry_run {
                let name = &operation.name;
                return Some(Err(CallError::new("invalid.argument", format!("`{name}` has no dry run"))));
            }
            request.arguments.insert("dry_run".into(), true.into());
        }
        if let Err(error) = schemas.check(&request.operation, &mut request.arguments) {
            return Some(Err(error));
        }
        let kernel = self.clone();
        // Whole runs: they have the slow workers, and limits of their own for each unit.
        Some(self.shared.slow.run(move || kernel.host_answer_once(&request, key)).await)
    }

    /// The answer; with a key, that of the first call with it.
    fn host_answer_once(&self, request: &CallRequest, key: Option<String>) -> Result<CallAnswer, CallError> {
        let Some(key) = key else { return self.host_answer(request) };
        let space = self.space(&request.space)?;
        let arguments = hash(&[&request.operation, &canonical(&request.arguments)]);
        if let Some((known, result, seq)) = space.answered(&request.principal.name, &key)? {
            return repeated(known == arguments, &result, seq);
        }
        let answer = self.host_answer(request)?;
        let meta = CommitMeta {
            kind: "call".into(),
            principal: request.principal.name.clone(),
            layer: HOST.into(),
            component: HOST.into(),
            operation: request.operation.clone(),
            idempotent: Some(Idempotent { key, arguments, result: answer.value.to_string() }),
            ..CommitMeta::default()
        };
        space.commit(WriteSet::default(), meta, None)?;
        Ok(answer)
    }

    fn host_answer(&self, request: &CallRequest) -> Result<CallAnswer, CallError> {
        let (space, principal) = (request.space.as_str(), &request.principal);
        let arguments = Arguments(&request.arguments);
        let named =
            |argument: &str| arguments.text(argument).map(|meant| self.find_run(space, principal, &meant)).transpose();
        let run = || named("run").map(Option::unwrap_or_default);
        let limit = u32::try_from(arguments.number("limit").unwrap_or(20)).unwrap_or(20);
        let value = match request.operation.trim_start_matches(HOST).trim_start_matches('.') {
            "consolidate" => {
                let report = self.consolidate(&Consolidate {
                    strategy: arguments.text("strategy"),
                    namespace: arguments.text("namespace").unwrap_or_default(),
                    since: arguments.number("since"),
                    again: arguments.flag("again"),
                    mode: if arguments.flag("dry_run") { Mode::DryRun } else { Mode::Apply },
                    cancelled: Arc::clone(&request.cancelled),
                    progress: request.progress.clone(),
                    ..Consolidate::new(space, principal.clone())
                })?;
                let more = report.details.len().saturating_sub(MOST_UNITS);
                let mut value = json!(report);
                if let Some(units) = value.get_mut("details").and_then(Value::as_array_mut) {
                    units.truncate(MOST_UNITS);
                }
                if let Some(report) = value.as_object_mut().filter(|_| more > 0) {
                    report.insert("more_units".into(), more.into());
                }
                value
            }
            "runs" => json!({ "runs": self.runs(space, principal, named("run")?.as_deref(), limit)? }),
            "replay_run" => {
                let run = run()?;
                let replayed = self.replay(space, &run, principal)?;
                let differing: Vec<_> = replayed.iter().filter(|unit| !unit.same).collect();
                json!({ "run": run, "units": replayed.len(), "same": replayed.len() - differing.len(), "differing": differing })
            }
            "undo_run" => json!(self.undo(space, &UndoTarget::Run(run()?), principal, arguments.flag("dry_run"))?),
            "shadow" => json!(self.compare(&compare(request, &arguments, named("instead_of")?))?),
            "strategies" => json!({
                "strategies": self.strategies(), "active": self.active_strategy(space, principal)?,
                "promotions": self.promotions(space, principal, limit)?,
                "comparisons": self.comparisons(space, principal, limit)?,
            }),
            "promote" => match (arguments.text("strategy"), arguments.flag("back")) {
                (Some(strategy), false) => {
                    json!(self.promote(&compare(request, &arguments, named("instead_of")?), &strategy)?)
                }
                (None, true) => json!(self.demote(space, principal, &format!("taken back by {}", principal.name))?),
                _ => return Err(CallError::new("invalid.argument", "name a `strategy`, or say `back`: one of them")),
            },
            "pin" => json!(self.pin(
                space,
                principal,
                &Pin {
                    question: arguments.text("question").unwrap_or_default(),
                    finds: arguments.id("finds")?,
                    says: arguments.text("says"),
                    within: arguments.number("within").and_then(|within| u32::try_from(within).ok()),
                    namespace: arguments.text("namespace").unwrap_or_default(),
                    note: arguments.text("note").unwrap_or_default(),
                },
            )?),
            "unpin" => {
                let pin = arguments.id("pin")?.unwrap_or_default();
                self.unpin(space, principal, pin)?;
                json!({ "unpinned": format!("m:{pin}") })
            }
            "collections" => self.describe(space, arguments.text("collection").as_deref())?,
            "verify" => json!(self.open_space(space)?.verify()?),
            _ => json!({ "pins": self.check_pins(space, principal)? }),
        };
        Ok(CallAnswer { value, seq: None, embed_pending: 0, repeated: false, preview: None })
    }
}

/// These operations are of a whole space; who sees a part of it must not change what all others see.
fn whole_space(request: &CallRequest) -> Result<(), CallError> {
    let principal = &request.principal;
    if principal.scope.as_str().is_empty() {
        return Ok(());
    }
    Err(CallError::new(
        "denied.namespace",
        format!(
            "`{}` is of the whole space; `{}` sees `{}` only",
            request.operation,
            principal.name,
            principal.scope.as_str()
        ),
    ))
}

fn compare(request: &CallRequest, arguments: &Arguments<'_>, instead_of: Option<String>) -> Compare {
    let candidates = request.arguments.get("candidates").and_then(Value::as_array).into_iter().flatten();
    Compare {
        candidates: candidates.filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        namespace: arguments.text("namespace").unwrap_or_default(),
        since: arguments.number("since"),
        instead_of,
        cancelled: Arc::clone(&request.cancelled),
        progress: request.progress.clone(),
        ..Compare::new(&request.space, request.principal.clone())
    }
}

/// Arguments that fit their schema.
struct Arguments<'a>(&'a Map<String, Value>);

impl Arguments<'_> {
    fn text(&self, name: &str) -> Option<String> {
        self.0.get(name)?.as_str().map(str::to_owned)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// A row's id, 42 or "m:42".
    fn id(&self, name: &str) -> Result<Option<u64>, CallError> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let id = value.as_u64().or_else(|| value.as_str()?.trim_start_matches("m:").parse().ok()).filter(|id| *id > 0);
        id.map(Some)
            .ok_or_else(|| CallError::new("invalid.argument", format!("/{name}: must be an id, like 42 or \"m:42\"")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_sound_schemas_and_a_short_text() {
        let operations = HostOperations::new().unwrap();
        assert_eq!(operations.known.len(), all().len());
        for operation in all() {
            assert!(operation.summary.len() + operation.description.len() <= 600, "{}", operation.name);
        }
    }
}
