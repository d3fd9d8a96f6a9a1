//! Step 1 of 7 (names): what a client may call: tools of the configuration, built-in tools, and every operation of the catalog.

mod answer;
mod arguments;
mod builtin;
mod group;
mod near;
mod render;

pub(crate) use answer::{Answer, fit};
pub(crate) use group::as_operation;
pub(crate) use group::choose;
pub use group::{Group, Renaming, Route};
pub(crate) use render::{Shown, is_open, tools};

use crate::gate::{Access, Call, Company, Gate};
use memstrata_kernel::{CallError, Effect};
use serde_json::{Map, Value, json};

pub(crate) const FORGET: &str = "forget";
pub(crate) const STATUS: &str = "status";
pub(crate) const CALL: &str = "tools_call";
pub(crate) const FIND: &str = "tools_find";

/// Names of the built-in tools; the configuration may not use them.
pub const RESERVED: [&str; 4] = [FORGET, STATUS, CALL, FIND];

/// What a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Forget,
    Status,
    Find,
    Call,
    /// An operation, which may have left the catalog since the configuration named it.
    Operation(String),
    /// Another name of an operation.
    Alias(String),
    /// One operation of a group, which the arguments choose.
    Group(String),
}

/// What `name` means; none if nothing has this name.
pub(crate) fn resolve(gate: &Gate, name: &str) -> Option<Target> {
    match name {
        FORGET => Some(Target::Forget),
        STATUS => Some(Target::Status),
        FIND => Some(Target::Find),
        CALL => Some(Target::Call),
        _ => match gate.tools().get(name) {
            Some(operation) => Some(Target::Operation(operation.clone())),
            None if gate.aliases().contains_key(name) => Some(Target::Alias(name.to_owned())),
            None if gate.groups().contains_key(name) => Some(Target::Group(name.to_owned())),
            None => gate.kernel().catalog().get(name).map(|operation| Target::Operation(operation.name.clone())),
        },
    }
}

/// Names that may have been meant by one that means nothing.
pub(crate) fn near(gate: &Gate, name: &str) -> Vec<String> {
    const MOST: usize = 5;
    let configured = gate.tools().keys().chain(gate.aliases().keys()).chain(gate.groups().keys());
    let own = RESERVED.into_iter().chain(configured.map(String::as_str));
    let mut names = near::near(name, own, MOST);
    for operation in gate.kernel().catalog().near(name, MOST) {
        if names.len() < MOST && !names.contains(&operation) {
            names.push(operation);
        }
    }
    names
}

/// The error for a name that means nothing.
pub(crate) fn unknown(gate: &Gate, name: &str) -> CallError {
    // What a client sent goes back cut, so that it cannot fill an answer or a log line.
    let short: String = name.chars().take(80).collect();
    let near = near(gate, &short);
    let hint = if near.is_empty() { format!("`{FIND}` searches all") } else { format!("near: {}", near.join(", ")) };
    CallError::new("not-found", format!("There is no tool `{short}`; {hint}.")).with_details(json!({ "near": near }))
}

/// Calls what a name means.
///
/// # Errors
/// `invalid.argument` for a built-in tool's arguments, or what the gate and the kernel say.
pub(crate) async fn run(
    gate: &Gate,
    access: &Access,
    target: Target,
    arguments: Map<String, Value>,
    dry_run: bool,
    company: &Company,
) -> Result<Answer, CallError> {
    let Target::Call = target else {
        return run_plain(gate, access, target, arguments, dry_run, company).await;
    };
    let inner = builtin::Inner::read(arguments)?;
    match resolve(gate, &inner.name) {
        None => Err(unknown(gate, &inner.name)),
        Some(Target::Call) => Err(CallError::new("invalid.argument", format!("`{CALL}` cannot call itself."))),
        Some(target) => run_plain(gate, access, target, inner.arguments, inner.dry_run || dry_run, company).await,
    }
}

async fn run_plain(
    gate: &Gate,
    access: &Access,
    target: Target,
    mut arguments: Map<String, Value>,
    dry_run: bool,
    company: &Company,
) -> Result<Answer, CallError> {
    let target = match (&target, gate.groups(), gate.aliases()) {
        (Target::Group(name), groups, _) if let Some(group) = groups.get(name) => {
            Target::Operation(choose(name, group, &mut arguments)?)
        }
        (Target::Alias(name), _, aliases) if let Some(route) = aliases.get(name) => {
            route.rename(&mut arguments);
            Target::Operation(route.operation().to_owned())
        }
        _ => target,
    };
    match target {
        Target::Forget => {
            let forget = builtin::forget(arguments, dry_run)?;
            let dry_run = forget.dry_run;
            let value = gate.forget(access, forget).await?;
            Ok(Answer::own(FORGET, value, !dry_run, &[]))
        }
        Target::Status => {
            builtin::status(arguments)?;
            Ok(Answer::own(STATUS, gate.status(access).await?, false, &[]))
        }
        Target::Find => {
            let find = builtin::Find::read(arguments)?;
            let value = gate.own(access, FIND, || Ok(find.run(&gate.kernel().catalog(), gate.tools()))).await?;
            Ok(Answer::own(FIND, value, false, &["k", "detail"]))
        }
        Target::Call | Target::Alias(_) | Target::Group(_) => {
            Err(CallError::new("invalid.argument", format!("`{CALL}` cannot call itself.")))
        }
        Target::Operation(operation) => {
            let catalog = gate.kernel().catalog();
            let Some(found) = catalog.get(&operation) else {
                return Err(CallError::new(
                    "not-found",
                    format!("The operation `{operation}` behind this tool is not loaded; `{STATUS}` tells why."),
                )
                .with_details(json!({ "operation": operation, "near": catalog.near(&operation, 5) })));
            };
            let effect = found.effect;
            let narrow = answer::narrowing(&found.input);
            let answer =
                gate.call(access, Call { operation: operation.clone(), effect, arguments, dry_run }, company).await?;
            Ok(Answer::of_operation(operation, answer, effect != Effect::Read && !dry_run, narrow, dry_run))
        }
    }
}
