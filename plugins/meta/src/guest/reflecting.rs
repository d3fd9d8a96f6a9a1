//! Self-reflection: what the figures say in sentences, and what to do about it.

use super::reader::Reader;
use crate::confidence;
use crate::figures::{Figures, round};
use crate::health;
use memstrata_sdk::{Answer, Value, json};

/// What would help, from the anomalies and figures that are there.
pub(super) fn advice(f: &Figures) -> Vec<String> {
    let mut advice = Vec::new();
    for layer in health::layers(f) {
        let what = match layer.layer {
            "episodic" => "verify the events of low confidence",
            "semantic" => "verify or correct the memories of low confidence",
            "procedural" => "improve the procedures that fail",
            "prospective" => "unblock tasks: see detect_bottlenecks",
            _ => "relate the entities that stand alone",
        };
        advice.extend(layer.anomalies.iter().map(|anomaly| format!("{what} ({anomaly})")));
    }
    let waiting = f.events.saturating_sub(f.consolidated);
    if waiting > 100 && waiting * 2 > f.events {
        advice.push(format!("run a consolidation ({waiting} of {} events wait for it)", f.events));
    }
    if f.events > 10 && f.procedures == 0 {
        advice.push(format!("extract procedures ({} events and no procedure)", f.events));
    }
    if f.open.2 > 0 {
        advice.push(format!("finish or move the tasks that are overdue ({} of {} open)", f.open.2, f.open.0));
    }
    advice
}

/// `get_recommendations`.
pub(super) fn recommendations(given: &Value) -> Answer {
    let mut reader = Reader::of_call(given);
    let advice = advice(&reader.figures()?);
    Ok(reader.answer(json!({"recommendations": advice})))
}

/// `get_self_reflection`: shares from 0.7 on are strengths, those below 0.5 weaknesses.
pub(super) fn reflection(given: &Value) -> Answer {
    let mut reader = Reader::of_call(given);
    let f = reader.figures()?;
    let (mut strengths, mut weaknesses) = (Vec::new(), Vec::new());
    for layer in health::layers(&f).into_iter().filter(|layer| layer.rows > 0) {
        for (name, value) in &layer.factors {
            let told = json!({"layer": layer.layer, "factor": name, "value": round(*value)});
            match *value {
                v if v >= 0.7 => strengths.push(told),
                v if v < 0.5 => weaknesses.push(told),
                _ => {}
            }
        }
    }
    let means = [f.event_confidence, f.memory_confidence, f.procedure_confidence, f.relation_confidence];
    let known: Vec<f64> = means.iter().filter_map(|sample| sample.mean).collect();
    let mean = (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64);
    Ok(reader.answer(json!({
        "strengths": strengths, "weaknesses": weaknesses, "confidence": mean.map(round),
        "confidence_level": mean.map(confidence::level),
    })))
}

/// `get_metacognition_insights`.
pub(super) fn insights(given: &Value) -> Answer {
    let mut reader = Reader::of_call(given);
    let f = reader.figures()?;
    let mut found = Vec::new();
    let mut add = |kind: &str, value: f64, text: String| {
        found.push(json!({"kind": kind, "value": round(value), "insight": text}))
    };
    if let Some(c) = f.compression() {
        add("compression", c, format!("{} events are held in {} memories", f.events, f.memories));
    }
    if let Some(c) = f.consistency() {
        add("consistency", c, format!("{} of {} memories are in flux", f.labile, f.memories));
    }
    if let Some(u) = f.usefulness.mean {
        add("usefulness", u, format!("the newest {} memories are useful to {u:.2} in the mean", f.usefulness.count));
    }
    let ended = f.outcomes.0 + f.outcomes.1;
    if let Some(success) = crate::figures::share(f.outcomes.0, ended) {
        add("success", success, format!("{} of {ended} executions of procedures succeeded", f.outcomes.0));
    }
    if let Some(d) = f.density() {
        add("connectedness", d, format!("{} relations between {} entities", f.relations, f.entities));
    }
    Ok(reader.answer(json!({"insights": found})))
}
