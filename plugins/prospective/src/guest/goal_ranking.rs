//! Which goals deserve attention, and how they get on.

use super::goals::{Given, OPEN, open, shown};
use super::{GOALS, PAGE, PROGRESS, TASKS, map, now};
use crate::goal::rank;
use crate::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json};

fn ranked(space: Option<&str>) -> Result<Vec<(Value, crate::goal::Rank)>, Fault> {
    let at = now();
    let mut ranked: Vec<_> =
        open(space)?.into_iter().map(|goal| (rank(&goal, at), goal)).map(|(rank, goal)| (goal, rank)).collect();
    ranked.sort_by(|a, b| b.1.score.total_cmp(&a.1.score).then(row::id(&a.0).cmp(&row::id(&b.0))));
    Ok(ranked)
}

fn with_rank(goal: &Value, rank: &crate::goal::Rank) -> Value {
    let mut out = map(shown(goal));
    out.insert("score".into(), json!(rank.score));
    out.insert("terms".into(), rank.value());
    out.into()
}

/// `get_goal_priority_ranking`.
pub(super) fn ranking(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let ranked = ranked(given.namespace.as_deref())?;
    let goals: Vec<Value> = ranked.iter().map(|(goal, rank)| with_rank(goal, rank)).collect();
    Ok(json!({"count": goals.len(), "goals": goals}))
}

/// `recommend_next_goal`: the first in rank that can be worked on, which a goal with open subgoals cannot.
pub(super) fn recommend(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let ranked = ranked(given.namespace.as_deref())?;
    let parents: Vec<u64> = ranked.iter().filter_map(|(goal, _)| row::int(goal, "parent")).collect();
    let mut passed = Vec::new();
    for (goal, rank) in &ranked {
        let (id, status) = (row::id(goal), row::text(goal, "status"));
        let why = match status {
            "suspended" | "blocked" => Some(format!("it is {status}")),
            _ if parents.contains(&id) => Some("its subgoals come first".to_owned()),
            _ => None,
        };
        match why {
            Some(why) => passed.push(json!({"id": id, "why": why})),
            None => {
                let tasks = Query::of(TASKS).filter(json!(["goal", "=", id]))?.filter(json!([
                    "status",
                    "in",
                    ["active", "pending"]
                ]))?;
                let tasks = tasks.ascending("urgency")?.limit(5).page()?.rows;
                let tasks: Vec<Value> = tasks.iter().map(|task| crate::task::brief(task, now())).collect();
                return Ok(json!({"goal": with_rank(goal, rank), "tasks": tasks, "passed_over": passed}));
            }
        }
    }
    Ok(json!({"goal": null, "tasks": [], "passed_over": passed}))
}

/// `get_progress_metrics`: of one goal, or of all.
pub(super) fn metrics(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let all = || Query::of(GOALS).namespace(given.namespace.as_deref());
    let mean = all()?.filter(json!(["status", "in", OPEN]))?.aggregate("avg", "progress")?;
    let mut answer = map(json!({
        "by_status": crate::task::counts(&crate::vocabulary::GOAL_STATUSES, &all()?.group_count("status")?),
        "mean_open_progress": mean.map(row::round),
        "overdue": all()?.filter(json!(["status", "in", OPEN]))?.filter(json!(["deadline", "<", now()]))?.count()?,
    }));
    if given.goal_id.is_some() {
        let goal = given.goal()?;
        let records = Query::of(PROGRESS)
            .filter(json!(["goal", "=", row::id(&goal)]))?
            .ascending("created_at")?
            .limit(PAGE)
            .page()?
            .rows;
        let shown = |entry: &Value| {
            json!({"at": row::int(entry, "created_at"), "progress": row::number(entry, "progress"),
                   "status": row::text(entry, "status"), "notes": row::text(entry, "notes")})
        };
        answer.insert("progress".into(), json!(row::number(&goal, "progress")));
        answer.insert("records".into(), records.iter().map(shown).collect());
    }
    Ok(answer.into())
}
