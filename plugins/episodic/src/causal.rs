//! What probably led to what: heuristics over events of one session.

use crate::moment::HOUR;
use crate::observed::Observed;
use crate::temporal::Edge;

/// Name of the relation these heuristics draw.
pub const LED_TO: &str = "led_to";

/// Most effects of one cause that are kept: the nearest.
const EFFECTS_OF_A_CAUSE: usize = 5;
/// How many events after a cause are looked at.
const LOOK_AHEAD: usize = 100;

/// The rule by which the earlier event may have led to the later one (requirements 1.3).
#[must_use]
pub fn rule(cause: &Observed, effect: &Observed) -> Option<&'static str> {
    let share_a_file = cause.file_overlap(effect) > 0.0;
    if cause.is_error() && share_a_file && (effect.is_change() || effect.is_success()) {
        Some("error_then_fix")
    } else if (cause.failed() || cause.is_failed_test()) && effect.is_change() {
        Some("failure_then_change")
    } else if cause.is_change() && effect.is_passed_test() {
        Some("change_then_passed_test")
    } else if cause.kind == "decision" && effect.kind == "action" {
        Some("decision_then_action")
    } else if cause.kind == "debugging" && effect.is_success() {
        Some("debugging_then_success")
    } else {
        None
    }
}

/// 0.5 + up to 0.2 for nearness in time + up to 0.2 for shared files + 0.1 for the same session.
#[must_use]
pub fn strength(cause: &Observed, effect: &Observed) -> f64 {
    let gap = (effect.timestamp - cause.timestamp).clamp(0, HOUR);
    let time = 0.2 * (1.0 - gap as f64 / HOUR as f64);
    let same_session = cause.session.is_some() && cause.session == effect.session;
    0.5 + time + 0.2 * cause.file_overlap(effect) + if same_session { 0.1 } else { 0.0 }
}

/// Causal links among the events of one session, in order of time: gap below an hour, the nearest five effects of each cause.
#[must_use]
pub fn links(events: &[Observed]) -> Vec<Edge> {
    let mut found = Vec::new();
    for (at, cause) in events.iter().enumerate() {
        let after = events.iter().skip(at + 1).take(LOOK_AHEAD).take_while(|e| e.timestamp - cause.timestamp < HOUR);
        let effects = after.filter_map(|effect| {
            let rule = rule(cause, effect)?;
            Some(Edge { from: cause.id, to: effect.id, relation_type: LED_TO, strength: strength(cause, effect), rule })
        });
        found.extend(effects.take(EFFECTS_OF_A_CAUSE));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observed::event;

    #[test]
    fn each_rule_and_its_counter_example() {
        let cases = [
            (event(1, 0, "error", "", "a"), event(2, 1, "file_change", "", "a"), Some("error_then_fix")),
            (event(1, 0, "error", "", "a"), event(2, 1, "success", "", "a"), Some("error_then_fix")),
            (event(1, 0, "error", "", "a"), event(2, 1, "file_change", "", "b"), None),
            (event(1, 0, "action", "failure", ""), event(2, 1, "file_change", "", "b"), Some("failure_then_change")),
            (
                event(1, 0, "file_change", "", ""),
                event(2, 1, "test_run", "success", ""),
                Some("change_then_passed_test"),
            ),
            (event(1, 0, "file_change", "", ""), event(2, 1, "test_run", "failure", ""), None),
            (event(1, 0, "decision", "", ""), event(2, 1, "action", "", ""), Some("decision_then_action")),
            (event(1, 0, "debugging", "", ""), event(2, 1, "success", "", ""), Some("debugging_then_success")),
            (event(1, 0, "conversation", "", ""), event(2, 1, "action", "", ""), None),
        ];
        for (cause, effect, expected) in cases {
            assert_eq!(rule(&cause, &effect), expected, "{} -> {}", cause.kind, effect.kind);
        }
    }

    #[test]
    fn strength_adds_up() {
        let cause = event(1, 0, "error", "", "a");
        assert!((strength(&cause, &event(2, 0, "success", "", "a")) - 1.0).abs() < 1e-9);
        assert!((strength(&cause, &event(2, 1_800, "success", "", "b")) - 0.7).abs() < 1e-9);
        let mut elsewhere = event(2, 1_800, "success", "", "b");
        elsewhere.session = None;
        assert!((strength(&cause, &elsewhere) - 0.6).abs() < 1e-9);
    }

    #[test]
    fn an_hour_ends_it_and_five_effects_are_enough() {
        let mut events = vec![event(1, 0, "decision", "", "")];
        events.extend((2..12).map(|id| event(id, id as i64, "action", "", "")));
        assert_eq!(links(&events).len(), 5);
        let late = [event(1, 0, "decision", "", ""), event(2, 3_600, "action", "", "")];
        assert!(links(&late).is_empty());
    }
}
