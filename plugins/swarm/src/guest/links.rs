//! Dependencies between tasks that are there already; those that order may not close a circle.

use super::{DEPENDENCIES, MOST, PAGE, TASKS, audit, finishing, project, queue, task, unchanged};
use crate::network::way;
use memstrata_sdk::reference::Reference;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get, json, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct Link {
    from_task_id: Reference,
    to_task_id: Reference,
    from_project_id: Option<Value>,
    to_project_id: Option<Value>,
    dependency_type: Option<String>,
}

/// The tasks that some wait for, one step back.
fn before(tasks: &[u64]) -> Result<Vec<(u64, u64)>, Fault> {
    let edges = Query::of(DEPENDENCIES)
        .filter(json!(["task", "in", tasks]))?
        .filter(json!(["kind", "=", "depends_on"]))?
        .limit(PAGE)
        .all(MOST)?;
    Ok(edges.iter().filter_map(|edge| Some((row::int(edge, "task")?, row::int(edge, "depends_on")?))).collect())
}

fn checked(task: &Value, given: Option<&Value>) -> Result<(), Fault> {
    let (named, real) = (project(given), row::text(task, "project"));
    if named == real {
        return Ok(());
    }
    let name = row::reference(row::id(task));
    Err(Fault::invalid(format!("{name} is of project `{real}`, not `{named}`: give its project")))
}

/// `add_project_dependency`.
pub(super) fn add(given: Value) -> Answer {
    let given: Link = arguments(given)?;
    let (from, to) = (task(&given.from_task_id)?, task(&given.to_task_id)?);
    checked(&from, given.from_project_id.as_ref())?;
    checked(&to, given.to_project_id.as_ref())?;
    let kind = given.dependency_type.as_deref().unwrap_or("depends_on");
    let (waiter, first) = if kind == "blocks" { (to, from) } else { (from, to) };
    let (a, b) = (row::id(&waiter), row::id(&first));
    let orders = kind != "related";
    if a == b {
        return Err(Fault::new("conflict.cycle", format!("{} cannot wait for itself", row::reference(a))));
    }
    if orders {
        let status = row::text(&waiter, "status");
        if !matches!(status, "blocked" | "ready") {
            let name = row::reference(a);
            return Err(Fault::new(
                "conflict.transition",
                format!("{name} is {status}: it waits for nothing any more"),
            ));
        }
        if let Some(circle) = way(b, a, MOST, before)? {
            let names: Vec<String> = circle.iter().chain(circle.first()).map(|id| row::reference(*id)).collect();
            let names = names.join(" -> ");
            return Err(Fault::new(
                "conflict.cycle",
                format!("each would wait for the other: {names} (read `waits for`)"),
            ));
        }
        if matches!(row::text(&first, "status"), "failed" | "cancelled") {
            let (name, status) = (row::reference(b), row::text(&first, "status"));
            return Err(Fault::new(
                "conflict.dependency",
                format!("{name} is {status}: task_retry puts it back first"),
            ));
        }
        // Two calls at once might each close half a circle: one of them runs again and sees the other's.
        let all =
            Query::of(DEPENDENCIES).filter(json!(["kind", "=", "depends_on"]))?.filter(json!(["open", "=", true]))?;
        write::expect(&all, all.count()?)?;
        unchanged(&first)?;
    }
    let open = orders && row::text(&first, "status") != "completed";
    let pair = queue::pair(row::text(&waiter, "project"), row::text(&first, "project"));
    let stored = if orders { "depends_on" } else { "related" };
    let edge = json!({"task": a, "depends_on": b, "kind": stored, "open": open, "pair": pair});
    let (id, created) = write::insert_or_get(DEPENDENCIES, "edge", &edge)?;
    if created && orders {
        finishing::settle(a)?;
    }
    if created {
        audit::note("dependency_added", Some(a), None, &json!({"depends_on": b, "kind": stored}))?;
    }
    let status = get(TASKS, a)?.map(|task| row::text(&task, "status").to_owned());
    Ok(json!({"id": id, "created": created, "waiting_task": a, "status": status}))
}
