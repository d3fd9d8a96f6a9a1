//! Quality of memories: against targets, in sum, and one by one.

use super::reader::Reader;
use super::{DAY, integer, text};
use crate::confidence::{self, Factors};
use crate::figures::{Figures, round};
use crate::health;
use memstrata_sdk::{Answer, Fault, Value, clock, hints, json};

/// Memories that are scored: the newest.
const SCORED: u32 = 200;

fn targets(f: &Figures) -> Value {
    let met = |value: Option<f64>, low: f64, high: f64| value.map(|value| value >= low && value <= high);
    json!([
        {"metric": "compression", "value": f.compression().map(round), "target": "0.70-0.85", "met": met(f.compression(), 0.7, 0.85)},
        {"metric": "recall", "value": null, "target": "> 0.80", "met": null},
        {"metric": "consistency", "value": f.consistency().map(round), "target": "> 0.75", "met": met(f.consistency(), 0.750_001, 1.0)},
        {"metric": "density", "value": null, "target": "> 0.7", "met": null},
    ])
}

/// `evaluate_memory_quality` and `get_memory_quality_summary`.
pub(super) fn quality(given: &Value) -> Answer {
    let mut reader = Reader::of_call(given);
    let f = reader.figures()?;
    reader.note("recall and density need reading with questions: the layer consolidation measures them".into());
    Ok(reader.answer(json!({
        "targets": targets(&f),
        "semantic": {
            "memories": f.memories, "confidence": f.memory_confidence.mean.map(round),
            "usefulness": f.usefulness.mean.map(round), "low_confidence": round(f.memory_confidence.low),
            "sampled": f.memory_confidence.count,
        },
        "score": health::overall(&health::layers(&f)),
    })))
}

/// `assess_memory_quality`.
pub(super) fn assess(given: &Value) -> Answer {
    let mut reader = Reader::of_call(given);
    let f = reader.figures()?;
    let mut layers = health::layers(&f);
    let asked = text(given, "memory_type");
    layers.retain(|layer| {
        asked.map_or(["episodic", "semantic", "procedural"].contains(&layer.layer), |a| a == layer.layer)
    });
    Ok(reader.answer(json!({
        "episodic_events": f.events, "semantic_memories": f.memories, "procedures": f.procedures,
        "avg_confidence": {
            "episodic": f.event_confidence.mean.map(round), "semantic": f.memory_confidence.mean.map(round),
            "procedural": f.procedure_confidence.mean.map(round),
        },
        "overall_quality_score": health::overall(&layers), "memory_health": health::status(&layers),
    })))
}

/// The newest memories with their quality, as it is stored.
pub(super) fn newest(reader: &mut Reader) -> Result<Vec<Value>, Fault> {
    let rows = reader.of("semantic.memories", |query| {
        query
            .filter(json!(["consolidation_state", "!=", "superseded"]))?
            .descending("created_at")?
            .limit(SCORED)
            .select(&[
                "created_at",
                "updated_at",
                "usefulness_score",
                "confidence",
                "helpful",
                "unhelpful",
                "component",
            ])?
            .page()
            .map(|page| page.rows)
    })?;
    let ids: Vec<u64> = rows.iter().map(|row| integer(row, "id")).collect();
    let usage = if ids.is_empty() { Vec::new() } else { hints::usage(&ids)? };
    let now = clock::now();
    Ok(rows.iter().zip(usage).map(|(row, used)| one(row, used, now)).collect())
}

fn one(row: &Value, (uses, last): (u64, u64), now: u64) -> Value {
    let number = |field: &str| row.get(field).and_then(Value::as_f64);
    let seen = last.max(integer(row, "updated_at")).max(integer(row, "created_at"));
    let relevance = confidence::relevance(now.saturating_sub(seen) as f64 / DAY as f64);
    let usefulness = number("usefulness_score");
    let factors = Factors {
        base: confidence::base("semantic"),
        stored: number("confidence").unwrap_or(1.0),
        usefulness: usefulness.unwrap_or(0.5),
        relevance,
        uses,
    };
    let (helpful, unhelpful) = (integer(row, "helpful"), integer(row, "unhelpful"));
    json!({
        "memory": integer(row, "id"), "layer": "semantic", "access_count": uses, "useful_count": helpful,
        "usefulness": usefulness, "confidence": round(factors.mean()), "relevance_decay": round(relevance),
        "source": row.get("component"), "verified": helpful > unhelpful, "measured_at": now,
    })
}

/// `score_semantic_memories`.
pub(super) fn scores(given: &Value) -> Answer {
    let mut reader = Reader::of_call(given);
    let mut rows = newest(&mut reader)?;
    let scored = rows.len();
    let score = |row: &Value| row.get("confidence").and_then(Value::as_f64).unwrap_or_default();
    rows.sort_by(|a, b| score(b).total_cmp(&score(a)));
    rows.truncate(usize::try_from(integer(given, "limit")).unwrap_or(10));
    for row in &mut rows {
        let level = confidence::level(score(row));
        if let Some(fields) = row.as_object_mut() {
            fields.insert("level".into(), json!(level));
        }
    }
    Ok(reader.answer(json!({"memories": rows, "scored": scored})))
}
