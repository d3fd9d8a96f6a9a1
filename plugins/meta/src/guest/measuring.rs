//! The daily measure: snapshot, coverage, gaps, and quality of the newest memories.

use super::reader::Reader;
use super::{DAY, domains, flag, healths, integer, qualities, text};
use crate::health;
use memstrata_sdk::{Answer, Fault, Query, Value, clock, json, write};

/// `measure` and `optimize_quality_monitor`.
pub(super) fn measure(given: &Value) -> Answer {
    let mut reader = Reader::default();
    let now = clock::now();
    let day = now / DAY;
    let mut overall = None;
    if flag(given, "measure_layers") {
        let figures = reader.figures()?;
        let layers = health::layers(&figures);
        overall = health::overall(&layers);
        let mut row = json!({"day": day, "taken_at": now, "overall": overall, "counts": healths::counts(&figures)});
        if let Some(fields) = row.as_object_mut() {
            fields.extend(layers.iter().map(|layer| (layer.layer.to_owned(), json!(layer.score))));
        }
        write::upsert("snapshots", "day", &row)?;
    }
    let (mut measured, mut gaps) = (0, 0);
    if flag(given, "domain_analysis") {
        for topic in domains::topics(&mut reader, domains::TOPICS)? {
            let row = domains::row(&domains::of(&mut reader, &topic, false)?, now);
            write::upsert("coverage", "domain", &row)?;
            measured += 1;
            for kind in row.get("gaps").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
                seen(&topic, kind, day)?;
                gaps += 1;
            }
        }
    }
    let memories = qualities::newest(&mut reader)?;
    for row in &memories {
        write::upsert("quality", "memory", row)?;
    }
    Ok(reader.answer(json!({
        "day": day, "health": overall, "domains": measured, "gaps": gaps, "memories": memories.len(),
    })))
}

/// A gap that is there today: one more day, if it was not seen today already; anew, if it was away.
fn seen(domain: &str, kind: &str, day: u64) -> Result<(), Fault> {
    let key = format!("{kind}:{domain}");
    let old = Query::of("gaps").filter(json!(["key", "=", key]))?.first()?;
    let (first, days) = match &old {
        Some(row) if integer(row, "last_day") == day => (integer(row, "first_day"), integer(row, "days_seen")),
        Some(row) if integer(row, "last_day") + 1 == day => (integer(row, "first_day"), integer(row, "days_seen") + 1),
        _ => (day, 1),
    };
    let severity = old.as_ref().and_then(|row| text(row, "severity")).unwrap_or("medium");
    let row = json!({
        "key": key, "domain": domain, "kind": kind, "severity": severity, "first_day": first, "last_day": day, "days_seen": days,
    });
    write::upsert("gaps", "key", &row).map(|_| ())
}
