//! Shortcuts that record: commits, executions, feedback, decisions, insights, errors.

use super::record::{attach, status, store};
use super::{EVENTS, namespace_of};
use crate::event::Draft;
use crate::shortcut::{Execution, Feedback, GitCommit, Note};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json};

fn recorded(draft: Draft) -> Answer {
    let (id, new) = store(draft)?;
    Ok(json!({"id": id, "status": status(new)}))
}

/// `record_git_commit`: a commit is known by its hash, so it is looked for first.
pub(super) fn git_commit(given: Value) -> Answer {
    let draft = arguments::<GitCommit>(given)?.draft()?;
    if let Some(id) = known_commit(&draft)? {
        return Ok(json!({"id": id, "status": status(false)}));
    }
    recorded(draft)
}

fn known_commit(draft: &Draft) -> Result<Option<u64>, Fault> {
    let rows = Query::of(EVENTS)
        .filter(json!(["git_commit", "=", draft.git_commit]))?
        .filter(json!(["tags", "has", "git_commit"]))?
        .page()?
        .rows;
    let known = rows.iter().find(|row| namespace_of(row) == draft.namespace);
    Ok(known.and_then(|row| row.get("id")?.as_u64()))
}

/// `record_execution`.
pub(super) fn execution(given: Value) -> Answer {
    recorded(arguments::<Execution>(given)?.draft()?)
}

/// `record_execution_feedback`: the event and its metrics.
pub(super) fn feedback(given: Value) -> Answer {
    let (draft, metrics) = arguments::<Feedback>(given)?.draft()?;
    let namespace = draft.namespace.clone();
    let (id, new) = store(draft)?;
    for (name, value) in &metrics {
        attach(id, &namespace, name, *value)?;
    }
    Ok(json!({"id": id, "status": status(new), "metrics": metrics.len()}))
}

/// `remember_decision`.
pub(super) fn decision(given: Value) -> Answer {
    recorded(arguments::<Note>(given)?.decision())
}

/// `remember_insight`.
pub(super) fn insight(given: Value) -> Answer {
    recorded(arguments::<Note>(given)?.insight())
}

/// `remember_error`.
pub(super) fn error(given: Value) -> Answer {
    recorded(arguments::<Note>(given)?.error())
}
