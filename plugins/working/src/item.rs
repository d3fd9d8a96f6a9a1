//! An item of working memory: its components, types and states, its row, and how it is shown.

use crate::decay::{self, ACTIVE, FULL, GONE};
use crate::row;
use crate::settings::Settings;
use memstrata_sdk::{Map, Value, json};

/// The four components, after A. Baddeley, "The episodic buffer: a new component of working memory?" (2000).
pub const COMPONENTS: [&str; 4] =
    ["phonological_loop", "visuospatial_sketchpad", "episodic_buffer", "central_executive"];
/// What an item may be. Verbal, spatial, episodic and goal name a component; action and decision have half-lives of their own.
pub const TYPES: [&str; 6] = ["verbal", "spatial", "episodic", "goal", "action", "decision"];
/// What becomes of an item: held, or handed to a long-term layer and no longer counted.
pub const STATES: [&str; 2] = ["held", "consolidated"];
/// A chunk of the episodic buffer binds so many items at most.
pub const MOST_IN_CHUNK: usize = 5;

/// The component that holds a type unless the caller says otherwise: what is to be done or chosen is the executive's.
#[must_use]
pub fn component_of(content_type: &str) -> &'static str {
    match content_type {
        "spatial" => "visuospatial_sketchpad",
        "episodic" => "episodic_buffer",
        "goal" | "action" | "decision" => "central_executive",
        _ => "phonological_loop",
    }
}

/// What an item holds now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strength {
    /// 0 to 1.
    pub activation: f64,
    /// When it will be gone (ms UTC) if nobody rehearses it.
    pub gone_at: u64,
}

/// The activation of a row at an instant (ms UTC).
#[must_use]
pub fn strength(item: &Value, now: u64) -> Strength {
    let start = row::number(item, "activation").unwrap_or(FULL);
    let half_life = row::number(item, "half_life_ms").unwrap_or(1.0);
    let touched = row::int(item, "touched_at").unwrap_or(now);
    Strength {
        activation: decay::activation(start, half_life, now.saturating_sub(touched)),
        gone_at: row::int(item, "gone_at").unwrap_or(now),
    }
}

/// The fields that rehearsal sets: full activation, from now on, for as long as the type and importance give.
#[must_use]
pub fn rehearsed(settings: &Settings, content_type: &str, importance: f64, now: u64) -> Map<String, Value> {
    let half_life = decay::half_life_ms(settings, content_type, importance);
    let mut fields = Map::new();
    fields.insert("activation".into(), json!(FULL));
    fields.insert("half_life_ms".into(), json!(half_life));
    fields.insert("touched_at".into(), json!(now));
    fields.insert("gone_at".into(), json!(now.saturating_add(decay::lasts_ms(FULL, half_life, GONE))));
    fields
}

/// The fields that a change of importance or type sets: what is left now, from now on at the new pace.
#[must_use]
pub fn repaced(settings: &Settings, item: &Value, content_type: &str, importance: f64, now: u64) -> Map<String, Value> {
    let left = strength(item, now).activation;
    let half_life = decay::half_life_ms(settings, content_type, importance);
    let mut fields = Map::new();
    fields.insert("activation".into(), json!(left));
    fields.insert("half_life_ms".into(), json!(half_life));
    fields.insert("touched_at".into(), json!(now));
    fields.insert("gone_at".into(), json!(now.saturating_add(decay::lasts_ms(left, half_life, GONE))));
    fields
}

/// Weakest first: least activation, then least importance, then the older id.
pub fn weakest_first(items: &mut [Value], now: u64) {
    items.sort_by(|a, b| {
        let by = |item: &Value| (strength(item, now).activation, row::number(item, "importance").unwrap_or(0.5));
        let ((a_left, a_weight), (b_left, b_weight)) = (by(a), by(b));
        a_left.total_cmp(&b_left).then(a_weight.total_cmp(&b_weight)).then(row::id(a).cmp(&row::id(b)))
    });
}

/// An item as callers see it; long content is clipped if a length is given.
#[must_use]
pub fn show(item: &Value, now: u64, clip: Option<usize>) -> Map<String, Value> {
    let Strength { activation, gone_at } = strength(item, now);
    let content = row::text(item, "content");
    let mut shown = Map::new();
    shown.insert("id".into(), json!(row::id(item)));
    shown.insert("ref".into(), json!(row::reference(row::id(item))));
    shown.insert("content".into(), json!(clip.map_or_else(|| content.to_owned(), |most| row::clip(content, most))));
    // The store keeps `component` for the digest of the component that wrote a row.
    shown.insert("component".into(), item.get("held_in").cloned().unwrap_or(Value::Null));
    for field in ["session_id", "content_type", "importance", "status", "rehearsals", "namespace"] {
        shown.insert(field.into(), item.get(field).cloned().unwrap_or(Value::Null));
    }
    if row::text(item, "status") == "held" {
        shown.insert("activation".into(), json!(row::round(activation)));
        shown.insert("active".into(), json!(activation > ACTIVE));
        shown
            .insert("half_life_s".into(), json!(row::round(row::number(item, "half_life_ms").unwrap_or(0.0) / 1000.0)));
        shown.insert("gone_in_s".into(), json!(gone_at.saturating_sub(now) / 1000));
    }
    for field in ["chunk", "tags", "metadata", "sources", "target", "next", "stored_as", "consolidated_at"] {
        if let Some(value) = item.get(field).filter(|value| !is_empty(value)) {
            shown.insert(field.into(), value.clone());
        }
    }
    shown
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: u64, activation: f64, importance: f64) -> Value {
        json!({"id": id, "activation": activation, "importance": importance, "half_life_ms": 30_000.0,
               "touched_at": 0, "gone_at": 1_000_000, "status": "held", "content": "x"})
    }

    #[test]
    fn the_weakest_come_first() {
        let mut items = vec![item(1, 0.9, 0.5), item(2, 0.4, 0.9), item(3, 0.4, 0.1), item(4, 0.4, 0.1)];
        weakest_first(&mut items, 0);
        assert_eq!(items.iter().map(row::id).collect::<Vec<_>>(), [3, 4, 2, 1]);
    }

    #[test]
    fn rehearsal_brings_it_back_to_full_and_repacing_does_not() {
        let settings = Settings::default();
        let faded = item(1, 1.0, 0.5);
        let now = 30_000;
        assert!((strength(&faded, now).activation - 0.5).abs() < 1e-9);
        assert_eq!(rehearsed(&settings, "verbal", 0.5, now)["activation"], json!(1.0));
        let slower = repaced(&settings, &faded, "verbal", 0.9, now);
        assert!((slower["activation"].as_f64().unwrap_or(0.0) - 0.5).abs() < 1e-9);
        assert_eq!(slower["half_life_ms"], json!(30_000.0 / 0.7));
        assert_eq!(slower["touched_at"], json!(now));
    }

    #[test]
    fn each_type_has_a_component() {
        for kind in TYPES {
            assert!(COMPONENTS.contains(&component_of(kind)), "{kind}");
        }
        assert_eq!(component_of("spatial"), "visuospatial_sketchpad");
        assert_eq!(component_of("goal"), "central_executive");
    }

    #[test]
    fn an_item_shows_what_is_left_and_hides_what_is_empty() {
        let shown = show(&item(7, 1.0, 0.5), 60_000, None);
        assert_eq!(shown["activation"], json!(0.25));
        assert_eq!(shown["gone_in_s"], json!(940));
        assert!(!shown.contains_key("chunk") && !shown.contains_key("next"));
    }
}
