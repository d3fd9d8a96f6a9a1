//! Goals: the tree, status and progress.

use super::{GOALS, PAGE, PROGRESS, TASKS, child, emit, goal, map, now, patch, refuse_twin};
use crate::args::Time;
use crate::cycle::{named, way};
use crate::goal::{check_status, is_open, rank, through_parts};
use crate::row;
use memstrata_sdk::reference::Reference;
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, get, json, write};
use serde::Deserialize;

/// Goals above a goal, at most: a tree is no deeper.
const MOST_DEPTH: usize = 50;
/// Statuses of goals that are still aimed at.
pub(super) const OPEN: [&str; 4] = ["active", "in_progress", "suspended", "blocked"];

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Given {
    pub(super) goal_id: Option<Reference>,
    goal_text: Option<String>,
    content: Option<String>,
    key: Option<String>,
    goal_type: Option<String>,
    parent_goal_id: Option<Reference>,
    priority: Option<u64>,
    status: Option<String>,
    deadline: Option<Time>,
    criteria: Option<Vec<String>>,
    resources: Option<Vec<String>>,
    notes: Option<String>,
    outcome: Option<String>,
    progress_percent: Option<f64>,
    pub(super) namespace: Option<String>,
    include_subgoals: Option<bool>,
    limit: Option<u32>,
    cursor: Option<String>,
}

impl Given {
    pub(super) fn goal(&self) -> Result<Value, Fault> {
        goal(self.goal_id.as_ref().ok_or_else(|| Fault::invalid("`goal_id` is missing"))?)
    }

    fn fields(&self, old: &Value) -> Map<String, Value> {
        let mut fields = Map::new();
        let notes = self.notes.as_ref().filter(|notes| !notes.trim().is_empty());
        for (field, value) in [
            ("priority", self.priority.map(|priority| json!(priority))),
            ("deadline", self.deadline.map(|at| json!(at.0))),
            ("criteria", self.criteria.as_ref().map(|texts| json!(texts))),
            ("resources", self.resources.as_ref().map(|texts| json!(texts))),
            ("notes", notes.map(|notes| json!(row::appended(row::text(old, "notes"), notes)))),
        ] {
            if let Some(value) = value {
                fields.insert(field.into(), value);
            }
        }
        fields
    }
}

pub(super) fn shown(goal: &Value) -> Value {
    let mut out = map(json!({"id": row::id(goal), "ref": row::reference(row::id(goal))}));
    for field in [
        "goal_text",
        "key",
        "goal_type",
        "parent",
        "priority",
        "status",
        "progress",
        "deadline",
        "criteria",
        "resources",
        "outcome",
        "notes",
        "created_at",
        "completed_at",
        "namespace",
        "version",
    ] {
        if let Some(value) = goal.get(field).filter(|value| !value.is_null() && **value != json!("")) {
            out.insert(field.into(), value.clone());
        }
    }
    out.into()
}

/// `set_goal`.
pub(super) fn set(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let text = given.goal_text.as_ref().or(given.content.as_ref()).map(|text| text.trim()).unwrap_or_default();
    if text.is_empty() {
        return Err(Fault::invalid("`goal_text` is empty: say what is aimed at"));
    }
    let parent = given.parent_goal_id.as_ref().map(goal).transpose()?;
    if let Some(parent) = &parent {
        if !is_open(row::text(parent, "status")) {
            let status = row::text(parent, "status");
            return Err(Fault::new(
                "conflict.transition",
                format!("the parent goal is {status}: it takes no subgoals"),
            ));
        }
        if above(row::id(parent))?.len() >= MOST_DEPTH {
            return Err(Fault::new("limit.depth", format!("goals nest {MOST_DEPTH} deep at most")));
        }
    }
    if let Some(key) = &given.key {
        crate::task::check_key(key)?;
        refuse_twin(GOALS, key, given.namespace.as_deref())?;
    }
    let kind = given.goal_type.as_deref().unwrap_or(if parent.is_some() { "subgoal" } else { "primary" });
    if (kind == "subgoal") != parent.is_some() {
        return Err(Fault::invalid("a `subgoal` has a `parent_goal_id`, and only a subgoal has one"));
    }
    let mut fields = given.fields(&Value::Null);
    fields.entry("priority").or_insert_with(|| json!(5));
    fields.extend(map(json!({"goal_text": text, "goal_type": kind, "status": "active", "progress": 0.0})));
    for (field, value) in [
        ("key", given.key.as_ref().map(|key| json!(key))),
        ("parent", parent.as_ref().map(|parent| json!(row::id(parent)))),
        ("namespace", given.namespace.as_ref().or(None).map(|namespace| json!(namespace))),
    ] {
        if let Some(value) = value {
            fields.insert(field.into(), value);
        }
    }
    if let (Some(parent), None) = (&parent, &given.namespace) {
        fields.insert("namespace".into(), json!(row::text(parent, "namespace")));
    }
    let id = write::insert(GOALS, &fields.into())?;
    emit("goal_set", &json!({"goal": id}))?;
    if let Some(parent) = &parent {
        roll_up(row::id(parent), now())?;
    }
    Ok(shown(&get(GOALS, id)?.unwrap_or_default()))
}

/// The goals above one, nearest first.
fn above(id: u64) -> Result<Vec<u64>, Fault> {
    let mut found = Vec::new();
    let mut at = get(GOALS, id)?;
    while let Some(parent) = at.as_ref().and_then(|goal| row::int(goal, "parent")).filter(|_| found.len() < MOST_DEPTH)
    {
        found.push(parent);
        at = get(GOALS, parent)?;
    }
    Ok(found)
}

fn subgoals(id: u64) -> Result<Vec<Value>, Fault> {
    Query::of(GOALS).filter(json!(["parent", "=", id]))?.limit(PAGE).all(super::MOST)
}

fn log(goal: &Value, progress: f64, status: &str, notes: Option<&str>) -> Result<(), Fault> {
    let entry = map(json!({"progress": progress, "status": status, "notes": notes}));
    write::insert(PROGRESS, &child(entry, "goal", goal)).map(|_| ())
}

/// Sets a goal's progress from its parts and goes on to its parent; complete at 1.0. Answers the goals that changed.
pub(super) fn roll_up(id: u64, now: u64) -> Result<Vec<Value>, Fault> {
    let mut changed = Vec::new();
    let mut next = Some(id);
    while let Some(goal) = next.take().map(|id| get(GOALS, id)).transpose()?.flatten() {
        let (id, status) = (row::id(&goal), row::text(&goal, "status"));
        if !is_open(status) || changed.len() > MOST_DEPTH {
            break;
        }
        let goals = subgoals(id)?;
        let mut parts: Vec<f64> = goals
            .iter()
            .filter(|part| row::text(part, "status") != "failed")
            .map(|part| row::number(part, "progress").unwrap_or_default())
            .collect();
        let tasks = Query::of(TASKS)
            .filter(json!(["goal", "=", id]))?
            .filter(json!(["status", "!=", "cancelled"]))?
            .select(&["status", "progress"])?
            .limit(PAGE)
            .all(super::MOST)?;
        // An open task whose milestones are all reached is still to be completed.
        parts.extend(tasks.iter().map(|task| match row::text(task, "status") {
            "completed" => 1.0,
            _ => row::number(task, "progress").unwrap_or_default().min(0.99),
        }));
        let Some(progress) = through_parts(&parts) else { break };
        if row::number(&goal, "progress") == Some(progress) {
            break;
        }
        progressed(&goal, progress, Some("through its parts"), now)?;
        changed.push(json!({"id": id, "progress": progress, "completed": progress >= 1.0}));
        next = row::int(&goal, "parent");
    }
    Ok(changed)
}

/// Stages progress, and completion with it.
fn progressed(goal: &Value, progress: f64, notes: Option<&str>, now: u64) -> Result<(), Fault> {
    let id = row::id(goal);
    let mut fields = map(json!({"progress": progress}));
    let done = progress >= 1.0;
    let status = if done { "completed" } else { row::text(goal, "status") };
    if done {
        fields.extend(map(json!({"status": "completed", "completed_at": now, "outcome": "success"})));
        emit("goal_completed", &json!({"goal": id, "outcome": "success"}))?;
    }
    patch(GOALS, id, fields)?;
    log(goal, progress, status, notes)
}

fn refuse_open_parts(id: u64) -> Result<(), Fault> {
    let open: Vec<u64> = subgoals(id)?.iter().filter(|part| is_open(row::text(part, "status"))).map(row::id).collect();
    if open.is_empty() {
        return Ok(());
    }
    let names = row::references(&open);
    Err(Fault::new(
        "conflict.open-subgoals",
        format!("its subgoals {names} are open: complete them, or let them fail, first"),
    ))
}

/// `record_execution_progress`.
pub(super) fn record(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let (goal, at) = (given.goal()?, now());
    let (id, status) = (row::id(&goal), row::text(&goal, "status"));
    if !is_open(status) {
        return Err(Fault::new("conflict.transition", format!("the goal is {status}: it makes no progress any more")));
    }
    let progress = row::round(given.progress_percent.unwrap_or_default() / 100.0);
    if progress >= 1.0 {
        refuse_open_parts(id)?;
    }
    progressed(&goal, progress, given.notes.as_deref(), at)?;
    let goals = row::int(&goal, "parent").map(|parent| roll_up(parent, at)).transpose()?.unwrap_or_default();
    let mut answer = map(shown(&get(GOALS, id)?.unwrap_or_default()));
    answer.insert("goals".into(), json!(goals));
    Ok(answer.into())
}

/// `complete_goal`.
pub(super) fn complete(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let (goal, at) = (given.goal()?, now());
    let id = row::id(&goal);
    let outcome = given.outcome.as_deref().unwrap_or("success");
    let status = if outcome == "failure" { "failed" } else { "completed" };
    check_status(row::text(&goal, "status"), status)?;
    let progress = if outcome == "success" { 1.0 } else { row::number(&goal, "progress").unwrap_or_default() };
    if status == "completed" {
        refuse_open_parts(id)?;
    }
    let mut fields = given.fields(&goal);
    fields.extend(map(json!({"status": status, "outcome": outcome, "completed_at": at, "progress": progress})));
    patch(GOALS, id, fields)?;
    log(&goal, progress, status, given.notes.as_deref())?;
    emit("goal_completed", &json!({"goal": id, "outcome": outcome}))?;
    let goals = row::int(&goal, "parent").map(|parent| roll_up(parent, at)).transpose()?.unwrap_or_default();
    let mut answer = map(shown(&get(GOALS, id)?.unwrap_or_default()));
    answer.insert("goals".into(), json!(goals));
    Ok(answer.into())
}

fn become_status(goal: &Value, status: &str, notes: Option<&str>) -> Result<(), Fault> {
    check_status(row::text(goal, "status"), status)?;
    patch(GOALS, row::id(goal), map(json!({"status": status, "completed_at": null, "outcome": null})))?;
    log(goal, row::number(goal, "progress").unwrap_or_default(), status, notes)?;
    emit("goal_status", &json!({"goal": row::id(goal), "status": status}))
}

/// `activate_goal`: it is worked on now.
pub(super) fn activate(given: Value) -> Answer {
    let goal = arguments::<Given>(given)?.goal()?;
    if row::text(&goal, "status") != "in_progress" {
        become_status(&goal, "in_progress", None)?;
    }
    Ok(shown(&get(GOALS, row::id(&goal))?.unwrap_or_default()))
}

/// `update_goal`.
pub(super) fn update(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let goal_row = given.goal()?;
    let id = row::id(&goal_row);
    let mut fields = given.fields(&goal_row);
    if let Some(text) = given.goal_text.as_ref().map(|text| text.trim()) {
        if text.is_empty() {
            return Err(Fault::invalid("`goal_text` is empty: say what is aimed at"));
        }
        fields.insert("goal_text".into(), json!(text));
    }
    let before = row::int(&goal_row, "parent");
    let mut after = before;
    if let Some(reference) = &given.parent_goal_id {
        let parent = row::id(&goal(reference)?);
        let up = |frontier: &[u64]| -> Result<Vec<(u64, u64)>, Fault> {
            let mut steps = Vec::new();
            for goal in memstrata_sdk::get_many(GOALS, frontier)?.into_iter().flatten() {
                // Another call might hang a goal above below this one at the same time.
                super::unchanged(GOALS, &goal, "parent")?;
                steps.extend(row::int(&goal, "parent").map(|parent| (row::id(&goal), parent)));
            }
            Ok(steps)
        };
        if let Some(circle) = way(parent, id, up)? {
            return Err(Fault::new(
                "conflict.cycle",
                format!("this would close the circle {}: choose another parent", named(&circle)),
            ));
        }
        after = Some(parent);
        fields.extend(map(json!({"parent": parent, "goal_type": "subgoal"})));
    }
    if !fields.is_empty() {
        patch(GOALS, id, fields)?;
    }
    if let Some(status) = given.status.as_deref().filter(|status| *status != row::text(&goal_row, "status")) {
        if matches!(status, "completed" | "failed") {
            let outcome = if status == "failed" { "failure" } else { "success" };
            return complete(json!({"goal_id": id, "outcome": outcome}));
        }
        become_status(&goal_row, status, None)?;
    }
    if before != after {
        for parent in before.into_iter().chain(after) {
            roll_up(parent, now())?;
        }
    }
    Ok(shown(&get(GOALS, id)?.unwrap_or_default()))
}

/// `get_goal`.
pub(super) fn get_goal(given: Value) -> Answer {
    let goal = arguments::<Given>(given)?.goal()?;
    let id = row::id(&goal);
    let mut answer = map(shown(&goal));
    let tasks = Query::of(TASKS).filter(json!(["goal", "=", id]))?.limit(PAGE).page()?.rows;
    answer.insert("subgoals".into(), subgoals(id)?.iter().map(shown).collect());
    answer.insert("tasks".into(), tasks.iter().map(|task| crate::task::brief(task, now())).collect());
    answer.insert("above".into(), json!(above(id)?));
    answer.insert("rank".into(), json!(rank(&goal, now()).score));
    Ok(answer.into())
}

/// `list_goals`.
pub(super) fn list(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let parent = given.parent_goal_id.as_ref().map(goal).transpose()?;
    let page = Query::of(GOALS)
        .namespace(given.namespace.as_deref())?
        .filter_if("status", "=", given.status.as_deref())?
        .filter_if("goal_type", "=", given.goal_type.as_deref())?
        .filter_if("parent", "=", parent.as_ref().map(row::id))?
        .limit(given.limit.unwrap_or(20))
        .after(given.cursor.as_deref())?
        .page()?;
    let goals: Vec<Value> = page.rows.iter().map(shown).collect();
    Ok(json!({"count": goals.len(), "goals": goals, "next_cursor": page.next}))
}

/// Open goals.
pub(super) fn open(space: Option<&str>) -> Result<Vec<Value>, Fault> {
    aimed(space)?.limit(PAGE).all(PAGE as usize)
}

/// The query for open goals of a namespace and below.
pub(super) fn aimed(space: Option<&str>) -> Result<Query, Fault> {
    Query::of(GOALS).namespace(space)?.filter(json!(["status", "in", OPEN]))
}

/// `get_active_goals`.
pub(super) fn active(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let mut query = Query::of(GOALS).namespace(given.namespace.as_deref())?.filter(json!([
        "status",
        "in",
        ["active", "in_progress"]
    ]))?;
    if given.include_subgoals == Some(false) {
        query = query.filter(json!(["parent", "=", null]))?;
    }
    let page = query.limit(PAGE).after(given.cursor.as_deref())?.page()?;
    let goals: Vec<Value> = page.rows.iter().map(shown).collect();
    Ok(json!({"count": goals.len(), "goals": goals, "next_cursor": page.next}))
}
