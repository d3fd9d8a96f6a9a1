//! Dependencies between tasks; those that order tasks may not close a circle.

use super::moving::settle;
use super::{DEPENDENCIES, PAGE, TASKS, now, task};
use crate::cycle::{named, way};
use crate::row;
use memstrata_sdk::reference::Reference;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get, json, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct Edge {
    from_task_id: Reference,
    to_task_id: Reference,
    dependency_type: String,
}

/// The tasks that come after some, one step on.
fn after(tasks: &[u64]) -> Result<Vec<(u64, u64)>, Fault> {
    let edges = Query::of(DEPENDENCIES)
        .filter(json!(["from_task", "in", tasks]))?
        .filter(json!(["dependency_type", "in", ["blocks", "enables"]]))?
        .limit(PAGE)
        .all(super::MOST)?;
    Ok(edges.iter().filter_map(|edge| Some((row::int(edge, "from_task")?, row::int(edge, "to_task")?))).collect())
}

/// Stages a dependency; answers its id and whether it is new.
pub(super) fn link(from: &Value, to: &Value, kind: &str) -> Result<(u64, bool), Fault> {
    let (a, b) = (row::id(from), row::id(to));
    if a == b {
        return Err(Fault::new("conflict.cycle", format!("{} cannot depend on itself", row::reference(a))));
    }
    if kind != "related"
        && let Some(circle) = way(b, a, after)?
    {
        return Err(Fault::new(
            "conflict.cycle",
            format!("this would close the circle {}: remove one of its dependencies first", named(&circle)),
        ));
    }
    let open = row::text(from, "status") != "completed";
    super::unchanged(TASKS, from, "status")?;
    let edge = json!({"from_task": a, "to_task": b, "dependency_type": kind, "open": open, "namespace": row::text(to, "namespace")});
    let (id, new) = write::insert_or_get(DEPENDENCIES, "edge", &edge)?;
    if kind == "blocks" && open {
        settle(b, now())?;
    }
    Ok((id, new))
}

fn answer(id: u64, new: bool, to: u64) -> Answer {
    let status = get(TASKS, to)?.map(|task| row::text(&task, "status").to_owned());
    Ok(json!({"id": id, "created": new, "to_task": to, "status": status}))
}

/// `add_dependency`.
pub(super) fn add(given: Value) -> Answer {
    let given: Edge = arguments(given)?;
    let (from, to) = (task(&given.from_task_id)?, task(&given.to_task_id)?);
    let status = row::text(&to, "status");
    if given.dependency_type != "related" && crate::phase::is_over(status) {
        return Err(Fault::new(
            "conflict.transition",
            format!("{} is {status}: it waits for nothing", row::reference(row::id(&to))),
        ));
    }
    // Two calls at once might each close half a circle: of those that add order, one runs again and sees the other's.
    let ordered = Query::of(DEPENDENCIES).filter(json!(["dependency_type", "in", ["blocks", "enables"]]))?;
    write::expect(&ordered, ordered.count()?)?;
    let (id, new) = link(&from, &to, &given.dependency_type)?;
    answer(id, new, row::id(&to))
}

/// `remove_dependency`.
pub(super) fn remove(given: Value) -> Answer {
    let given: Edge = arguments(given)?;
    let (from, to) = (row::id(&task(&given.from_task_id)?), row::id(&task(&given.to_task_id)?));
    let edge = Query::of(DEPENDENCIES)
        .filter(json!(["from_task", "=", from]))?
        .filter(json!(["to_task", "=", to]))?
        .filter(json!(["dependency_type", "=", given.dependency_type]))?
        .first()?
        .map(|edge| row::id(&edge))
        .ok_or_else(|| {
            Fault::new("not-found.dependency", "there is no such dependency: get_task lists those of a task")
        })?;
    write::delete(DEPENDENCIES, edge, None)?;
    settle(to, now())?;
    answer(edge, false, to)
}

/// The dependencies of a task: what it waits for, and what waits for it.
pub(super) fn of(id: u64) -> Result<Vec<Value>, Fault> {
    let edges = Query::of(DEPENDENCIES)
        .filter(json!({"any": [["from_task", "=", id], ["to_task", "=", id]]}))?
        .limit(PAGE)
        .page()?
        .rows;
    let shown = |edge: &Value| {
        json!({"from_task": row::int(edge, "from_task"), "to_task": row::int(edge, "to_task"),
               "dependency_type": row::text(edge, "dependency_type"), "open": row::flag(edge, "open")})
    };
    Ok(edges.iter().map(shown).collect())
}
