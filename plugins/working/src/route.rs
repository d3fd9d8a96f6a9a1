//! Which long-term layer an item belongs to: by rules, or by a forest once enough decisions have been labelled.
//!
//! Features and rules after Athena's consolidation router. Its rules took the first class with any sign; a sentence such as
//! "we need to fix it before Friday" has signs of three. Here the class with most signs wins, ties in Athena's order.

use crate::forest::{Forest, Options, Sample};
use crate::item;
use crate::markers::{Markers, markers};
use crate::row;
use memstrata_sdk::Value;

/// The layers, in the order in which ties are settled; a label is a place in this list.
pub const LAYERS: [&str; 4] = ["episodic", "procedural", "prospective", "semantic"];

/// What the forest looks at, in order.
pub const FEATURES: [&str; 11] = [
    "content_length",
    "is_verbal",
    "is_spatial",
    "activation",
    "importance",
    "seconds_held",
    "has_temporal_markers",
    "has_action_verbs",
    "has_future_markers",
    "has_question_words",
    "has_file_references",
];

/// A decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// One of [`LAYERS`].
    pub layer: &'static str,
    /// `rules`, `forest` or `caller`.
    pub by: &'static str,
    /// The share of the forest's votes; none where nothing was measured.
    pub confidence: Option<f64>,
    /// What spoke for it, in words.
    pub reasons: Vec<String>,
}

/// The text of an item and of what it binds.
#[must_use]
pub fn full_text(item: &Value) -> String {
    let mut text = row::text(item, "content").to_owned();
    for part in row::texts(item, "chunk") {
        text.push('\n');
        text.push_str(&part);
    }
    text
}

fn truth(value: bool) -> f64 {
    f64::from(u8::from(value))
}

/// The features of an item at an instant (ms UTC), in the order of [`FEATURES`].
#[must_use]
pub fn features(item: &Value, now: u64) -> Vec<f64> {
    let text = full_text(item);
    let Markers { temporal, action, future, question, file } = markers(&text);
    #[expect(clippy::cast_precision_loss, reason = "lengths and ages are below 2^53")]
    let (length, held) = (
        text.chars().count() as f64,
        now.saturating_sub(row::int(item, "created_at").or_else(|| row::int(item, "touched_at")).unwrap_or(now)) as f64
            / 1000.0,
    );
    let component = row::text(item, "held_in");
    vec![
        length,
        truth(component == "phonological_loop"),
        truth(component == "visuospatial_sketchpad"),
        item::strength(item, now).activation,
        row::number(item, "importance").unwrap_or(0.5),
        held,
        truth(!temporal.is_empty()),
        truth(!action.is_empty()),
        truth(!future.is_empty()),
        truth(question),
        truth(file),
    ]
}

/// Decides by the rules: temporal signs mean episodic, actions procedural, what is to come prospective, nothing semantic.
/// The item's type counts as one sign.
#[must_use]
pub fn by_rules(item: &Value) -> Route {
    let found = markers(&full_text(item));
    let kind = row::text(item, "content_type");
    let signs = |mut signs: Vec<String>, own: &str| {
        if kind == own {
            signs.push(format!("its type, {own}"));
        }
        signs
    };
    let classes = [
        ("episodic", signs(found.temporal, "episodic")),
        ("procedural", signs(found.action, "action")),
        ("prospective", signs(found.future, "goal")),
    ];
    let mut best: (&'static str, Vec<String>) = ("semantic", Vec::new());
    for (layer, signs) in classes {
        if signs.len() > best.1.len() {
            best = (layer, signs);
        }
    }
    let (layer, mut reasons) = best;
    if reasons.is_empty() {
        reasons.push("no sign of time, action or future".into());
    }
    Route { layer, by: "rules", confidence: None, reasons }
}

/// The place of a layer in [`LAYERS`].
#[must_use]
pub fn label(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|known| *known == layer)
}

/// Turns stored, labelled decisions into samples; a row without a label or with other features is left out.
#[must_use]
pub fn samples(decisions: &[Value]) -> Vec<Sample> {
    let sample = |decision: &Value| {
        let features = row::numbers(decision, "features");
        let label = label(row::text(decision, "label"))?;
        (features.len() == FEATURES.len()).then_some(Sample { features, label })
    };
    decisions.iter().filter_map(sample).collect()
}

/// The forest over labelled decisions, if there are at least `least`.
#[must_use]
pub fn forest(samples: &[Sample], least: usize) -> Option<Forest> {
    if samples.len() < least.max(1) {
        return None;
    }
    Forest::fit(samples, LAYERS.len(), Options::default())
}

/// Decides by the forest if there is one, else by the rules.
#[must_use]
pub fn route(item: &Value, forest: Option<&Forest>, now: u64) -> Route {
    let Some(forest) = forest else {
        return by_rules(item);
    };
    let votes = forest.predict(&features(item, now));
    let best = votes.iter().enumerate().fold(
        (0, f64::NEG_INFINITY),
        |best, (at, vote)| {
            if *vote > best.1 { (at, *vote) } else { best }
        },
    );
    match LAYERS.get(best.0) {
        Some(layer) => Route {
            layer,
            by: "forest",
            confidence: Some(best.1),
            reasons: LAYERS
                .iter()
                .zip(&votes)
                .filter(|(_, vote)| **vote > 0.0)
                .map(|(layer, vote)| format!("{layer} {vote:.2}"))
                .collect(),
        },
        None => by_rules(item),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    fn item(content: &str, kind: &str) -> Value {
        json!({"content": content, "content_type": kind, "held_in": item::component_of(kind), "importance": 0.5,
               "activation": 1.0, "half_life_ms": 30_000.0, "touched_at": 0, "created_at": 0, "status": "held"})
    }

    #[test]
    fn rules_by_most_signs() {
        for (content, kind, layer) in [
            ("Yesterday the login failed at 09:30", "verbal", "episodic"),
            ("Run the migration, then restart the server", "verbal", "procedural"),
            ("We need to talk to Alice tomorrow", "verbal", "prospective"),
            ("Ada prefers tabs over spaces", "verbal", "semantic"),
            ("The build takes nine minutes", "verbal", "semantic"),
            ("We need to fix this by the deadline", "verbal", "prospective"),
            ("Ship the release", "goal", "prospective"),
            ("Standup with the team", "episodic", "episodic"),
        ] {
            let route = by_rules(&item(content, kind));
            assert_eq!((route.layer, route.by), (layer, "rules"), "{content}: {:?}", route.reasons);
            assert!(route.confidence.is_none() && !route.reasons.is_empty());
        }
    }

    #[test]
    fn ties_are_settled_in_order() {
        // One sign of time, one of action.
        assert_eq!(by_rules(&item("Deploy during maintenance", "verbal")).layer, "episodic");
    }

    #[test]
    fn features_are_eleven_in_their_order() {
        let mut given = item("How to fix src/main.rs tomorrow?", "spatial");
        given["chunk"] = json!(["yesterday"]);
        let seen = features(&given, 30_000);
        assert_eq!(seen.len(), FEATURES.len());
        assert_eq!(seen[1..3], [0.0, 1.0]);
        assert!((seen[3] - 0.5).abs() < 1e-9 && (seen[5] - 30.0).abs() < 1e-9);
        assert_eq!(seen[6..], [1.0, 1.0, 1.0, 1.0, 1.0]);
    }

    fn decision(content: &str, label: &str) -> Value {
        json!({"features": features(&item(content, "verbal"), 1000), "label": label})
    }

    #[test]
    fn ten_labels_teach_what_the_rules_do_not_know() {
        // Here questions are what this user wants as procedures.
        let asked = (0..6).map(|n| decision(&format!("Why is case {n} so slow?"), "procedural"));
        let told = (0..6).map(|n| decision(&format!("Case {n} is slow because of its size"), "semantic"));
        let decisions: Vec<Value> = asked.chain(told).collect();
        let learned = samples(&decisions);
        assert!(forest(&learned[..9], 10).is_none());
        let forest = forest(&learned, 10);
        let question = item("Why is the cache so cold?", "verbal");
        assert_eq!(by_rules(&question).layer, "semantic");
        let routed = route(&question, forest.as_ref(), 1000);
        assert_eq!((routed.layer, routed.by), ("procedural", "forest"));
        assert!(routed.confidence.is_some_and(|share| share > 0.6 && share <= 1.0));
        assert_eq!(
            route(&item("The cache is cold because of its size", "verbal"), forest.as_ref(), 1000).layer,
            "semantic"
        );
    }

    #[test]
    fn a_decision_without_a_label_teaches_nothing() {
        let odd = [json!({"features": [1, 2], "label": "semantic"}), json!({"features": vec![0.0; 11]}), json!({})];
        assert!(samples(&odd).is_empty());
    }
}
