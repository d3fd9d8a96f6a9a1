//! Health of layers and of all, its trend, and progress.

use super::reader::Reader;
use super::{DAY, flag, integer, reflecting, text};
use crate::figures::{Figures, round};
use crate::health::{self, Health, LAYERS};
use crate::kept::WHOLE;
use crate::trend;
use memstrata_sdk::{Answer, Fault, Map, Query, Value, clock, json};

fn shown(layer: &Health, anomalies: bool) -> Value {
    let factors: Map<String, Value> =
        layer.factors.iter().map(|(name, v)| ((*name).to_owned(), json!(round(*v)))).collect();
    let mut shown = json!({
        "layer": layer.layer, "rows": layer.rows, "score": layer.score, "status": layer.status, "factors": factors,
    });
    if let Some(fields) = shown.as_object_mut().filter(|_| anomalies) {
        fields.insert("anomalies".into(), json!(layer.anomalies));
    }
    shown
}

/// The counts of all layers.
pub(super) fn counts(f: &Figures) -> Value {
    json!({
        "events": f.events, "memories": f.memories, "procedures": f.procedures, "executions": f.executions,
        "entities": f.entities, "relations": f.relations, "tasks": f.tasks, "goals": f.goals,
        "tasks_completed": f.completed.1, "goals_completed": f.completed.0, "events_consolidated": f.consolidated,
    })
}

fn metrics(f: &Figures) -> Value {
    json!({
        "counts": counts(f), "held_in_mind": f.held,
        "compression": f.compression().map(round), "consistency": f.consistency().map(round),
        "relations_per_entity": f.density().map(round),
        "confidence": {
            "episodic": f.event_confidence.mean.map(round), "semantic": f.memory_confidence.mean.map(round),
            "procedural": f.procedure_confidence.mean.map(round), "graph": f.relation_confidence.mean.map(round),
        },
        "executions": {"succeeded": f.outcomes.0, "failed": f.outcomes.1},
        "tasks": {"open": f.open.0, "blocked": f.open.1, "overdue": f.open.2},
    })
}

/// The seven readings of health.
pub(super) fn health(operation: &str, given: &Value) -> Answer {
    let mut reader = Reader::of_call(given);
    let figures = reader.figures()?;
    let mut layers = health::layers(&figures);
    let asked = text(given, "layer").or_else(|| text(given, "component")).unwrap_or("all");
    if asked != "all" {
        if !LAYERS.contains(&asked) {
            return Err(Fault::invalid(format!(
                "`{asked}` is no layer with a health: take one of {}",
                LAYERS.join(", ")
            )));
        }
        layers.retain(|layer| layer.layer == asked);
    }
    let anomalies = flag(given, "include_anomalies");
    // One layer alone is told as it is; the rule of more than two is for all.
    let status = match layers.as_slice() {
        [one] => one.status,
        all => health::status(all),
    };
    let mut answer = json!({"health": health::overall(&layers), "status": status});
    if let Some(fields) = answer.as_object_mut() {
        if operation != "aggregate_analytics_summary" {
            fields.insert("layers".into(), layers.iter().map(|layer| shown(layer, anomalies)).collect());
        }
        let detailed = ["monitor_system_health_detailed", "aggregate_analytics_summary"].contains(&operation);
        if detailed || (operation == "get_health_report" && flag(given, "include_metrics")) {
            fields.insert("metrics".into(), metrics(&figures));
        }
        if operation == "get_health_report" {
            fields.insert("recommendations".into(), json!(reflecting::advice(&figures)));
        }
        if operation == "monitor_system_health_detailed" {
            fields.insert("trend".into(), json!(trend::direction(trend::slope(&series("overall", 30)?))));
        }
    }
    Ok(reader.answer(answer))
}

fn snapshots(days: u64) -> Result<Vec<Value>, Fault> {
    let since = clock::now().saturating_sub(days * DAY);
    let whole = Query::of("snapshots").filter(json!(["namespace", "=", WHOLE]))?;
    whole.filter(json!(["taken_at", ">=", since]))?.ascending("taken_at")?.limit(366).all(366)
}

fn series(metric: &str, days: u64) -> Result<Vec<(f64, f64)>, Fault> {
    let rows = snapshots(days)?;
    Ok(rows.iter().filter_map(|row| Some((integer(row, "day") as f64, row.get(metric)?.as_f64()?))).collect())
}

/// `analyze_health_trends`.
pub(super) fn trends(given: &Value) -> Answer {
    let metric = text(given, "metric").unwrap_or("overall");
    let points = series(metric, integer(given, "days_back"))?;
    let mut reader = Reader::of_call(given);
    if points.len() < 3 {
        reader.note(format!("{} daily snapshots: a trend needs three", points.len()));
    }
    let slope = trend::slope(&points);
    let shown: Vec<Value> =
        points.iter().map(|(day, score)| json!({"at": *day as u64 * DAY, "score": score})).collect();
    Ok(reader.answer(json!({
        "metric": metric, "trend": trend::direction(slope), "per_day": slope.map(round), "points": shown,
    })))
}

/// `get_progress`.
pub(super) fn progress(given: &Value) -> Answer {
    let mut reader = Reader::of_call(given);
    let figures = reader.figures()?;
    let first = snapshots(integer(given, "days_back"))?.into_iter().next();
    if first.is_none() {
        reader.note("there is no snapshot of these days yet: call `measure`, or wait for the daily one".into());
    }
    let before = first.as_ref().and_then(|row| row.get("counts"));
    let mut changes = Map::new();
    if let (Value::Object(now), Some(before)) = (counts(&figures), before) {
        for (name, count) in now {
            let old = before.get(&name).and_then(Value::as_i64).unwrap_or_default();
            changes.insert(name, json!(count.as_i64().unwrap_or_default() - old));
        }
    }
    let was = first.as_ref().and_then(|row| row.get("overall")?.as_f64());
    let is = health::overall(&health::layers(&figures));
    let change = is.zip(was).map(|(is, was)| round(is - was));
    let since = first.as_ref().map(|row| integer(row, "taken_at"));
    Ok(reader.answer(json!({"since": since, "changes": changes, "health_change": change})))
}
