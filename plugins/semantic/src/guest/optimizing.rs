//! `optimize`: re-scores and prunes in bounded batches.

use super::{MEMORIES, note, now, settings, usage};
use crate::history::{Action, record};
use crate::page::Cursor;
use crate::row;
use crate::score::{Use, age_days, prunes, round, usefulness};
use crate::settings::Settings;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, budget, json, write};
use serde::Deserialize;

/// Rows read at a time.
const BATCH: u32 = 500;
/// Rows written in one call: one commit must stay short. Pruning writes two.
const MOST_WRITES: usize = 4_000;

#[derive(Deserialize)]
struct Optimize {
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    prune: Option<bool>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    max_rows: Option<u64>,
    #[serde(default)]
    min_change: Option<f64>,
    #[serde(default)]
    cursor: Option<String>,
}

/// What to do about a memory. Done after all is read: pages over staged rows would cost the store a sort each.
enum Change {
    Score(u64, f64),
    Prune(Value, String),
}

/// What a run found.
#[derive(Default)]
struct Tally {
    changes: Vec<Change>,
    examined: u64,
    rescored: usize,
    pruned: usize,
    pruned_ids: Vec<u64>,
    before: f64,
    after: f64,
}

pub(super) fn optimize(given: Value) -> Answer {
    let given: Optimize = arguments(given)?;
    let (now, settings) = (now(), settings()?);
    let most = given.max_rows.unwrap_or(20_000);
    // The same on every page: a cursor may be bound to it.
    let batch_size = u32::try_from(most).unwrap_or(BATCH).clamp(1, BATCH);
    let mut cursor = super::listing::read_cursor(given.cursor.as_deref())?.map(|cursor| cursor.rest);
    let mut tally = Tally::default();
    loop {
        let page = Query::of(MEMORIES)
            .namespace(given.namespace.as_deref().filter(|namespace| !namespace.is_empty()))?
            .filter(json!(["consolidation_state", "!=", "superseded"]))?
            .select(&[
                "namespace",
                "memory_type",
                "usefulness_score",
                "helpful",
                "unhelpful",
                "created_at",
                "revision",
            ])?
            .limit(batch_size)
            .after(cursor.as_deref())?
            .page()?;
        judge(&given, &settings, page.rows, now, &mut tally)?;
        cursor = page.next;
        let full = tally.examined >= most || tally.rescored + 2 * tally.pruned >= MOST_WRITES;
        if cursor.is_none() || full || budget::should_stop() {
            break;
        }
        budget::report(tally.examined, most, "re-scoring memories");
    }
    if !given.dry_run {
        for change in &tally.changes {
            apply(change)?;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "row counts")]
    let mean = |sum: f64| (tally.examined > 0).then(|| round(sum / tally.examined as f64));
    Ok(json!({
        "dry_run": given.dry_run,
        "examined": tally.examined,
        "rescored": tally.rescored,
        "pruned": tally.pruned,
        "pruned_ids": tally.pruned_ids,
        "avg_usefulness_before": mean(tally.before),
        "avg_usefulness_after": mean(tally.after),
        "done": cursor.is_none(),
        "next_cursor": cursor.map(|rest| Cursor::encode(now, &rest)),
    }))
}

/// Scores a page of memories.
fn judge(given: &Optimize, settings: &Settings, rows: Vec<Value>, now: u64, tally: &mut Tally) -> Result<(), Fault> {
    let ids: Vec<u64> = rows.iter().map(row::id).collect();
    for (row, used) in rows.into_iter().zip(usage(&ids)?) {
        let born = row::int(&row, "created_at").unwrap_or(now);
        let idle_days = age_days(now, used.last.max(born));
        let used = Use {
            accesses: used.count,
            age_days: age_days(now, born),
            idle_days,
            helpful: row::int(&row, "helpful").unwrap_or(0),
            unhelpful: row::int(&row, "unhelpful").unwrap_or(0),
        };
        let old = row::number(&row, "usefulness_score").unwrap_or_default();
        let new = usefulness(settings, row::text(&row, "memory_type"), used);
        tally.examined += 1;
        tally.before += old;
        tally.after += new;
        if given.prune.unwrap_or(true) && prunes(settings, new, idle_days) {
            tally.pruned += 1;
            if tally.pruned_ids.len() < 100 {
                tally.pruned_ids.push(row::id(&row));
            }
            let reason = format!("usefulness {new}, {idle_days:.0} days without access");
            tally.changes.push(Change::Prune(row, reason));
        } else if (new - old).abs() >= given.min_change.unwrap_or(0.02) {
            tally.rescored += 1;
            tally.changes.push(Change::Score(row::id(&row), new));
        }
    }
    Ok(())
}

fn apply(change: &Change) -> Result<(), Fault> {
    match change {
        Change::Score(id, score) => write::update(MEMORIES, *id, None, &json!({"usefulness_score": score})).map(|_| ()),
        Change::Prune(row, reason) => {
            write::delete(MEMORIES, row::id(row), None)?;
            note(&record(row, Action::Pruned, None, &[], Some(reason)))
        }
    }
}
