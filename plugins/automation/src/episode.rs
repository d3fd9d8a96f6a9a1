//! The row of an episode that automation records in `episodic.events`, where that is granted.

use memstrata_sdk::{Fault, Value, json};

/// The episodic layer's types of events (requirements 1.3).
pub const TYPES: [&str; 10] = [
    "conversation",
    "action",
    "decision",
    "error",
    "success",
    "file_change",
    "test_run",
    "deployment",
    "refactoring",
    "debugging",
];
/// How one ended.
pub const OUTCOMES: [&str; 4] = ["success", "failure", "partial", "ongoing"];
/// The `source` of episodes recorded here: those that come back as events are known by it.
pub const SOURCE: &str = "automation";

/// Refuses types and outcomes the episodic layer does not know.
///
/// # Errors
/// `invalid.action`.
pub fn check(event_type: &str, outcome: Option<&str>) -> Result<(), Fault> {
    let bad = |what: &str, word: &str, known: &[&str]| {
        Fault::new("invalid.action", format!("`{word}` is no {what} of episodes: take one of {}", known.join(", ")))
    };
    if !TYPES.contains(&event_type) {
        return Err(bad("type", event_type, &TYPES));
    }
    match outcome {
        Some(outcome) if !OUTCOMES.contains(&outcome) => Err(bad("outcome", outcome, &OUTCOMES)),
        _ => Ok(()),
    }
}

/// The row. Its identity is the firing and the place of the action in it: each firing records it once.
#[must_use]
pub fn row(content: &str, event_type: &str, outcome: Option<&str>, firing: u64, place: usize, now: u64) -> Value {
    let identity = format!("{SOURCE}:{firing}:{place}");
    let hash = memstrata_sdk::sha256(identity.as_bytes());
    let mut row = json!({
        "content": memstrata_sdk::row::clip(content, 10_000), "timestamp": now, "event_type": event_type, "confidence": 1.0,
        "consolidation_status": "unconsolidated", "source": SOURCE, "external_id": firing.to_string(), "content_hash": hash,
        "sources": [firing],
    });
    if let (Some(row), Some(outcome)) = (row.as_object_mut(), outcome) {
        row.insert("outcome".into(), json!(outcome));
    }
    row
}

/// The firing that recorded an episode, if one did.
#[must_use]
pub fn recorded_by(event: &Value) -> Option<u64> {
    let of_ours = memstrata_sdk::row::text(event, "source") == SOURCE;
    of_ours.then(|| memstrata_sdk::row::text(event, "external_id").parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_episode_is_known_again_when_it_comes_back() {
        let stored = row("Build failed", "error", Some("failure"), 42, 0, 5);
        assert_eq!(recorded_by(&stored), Some(42));
        assert_eq!(recorded_by(&json!({"source": "git", "external_id": "42"})), None);
        assert_eq!(stored["outcome"], "failure");
        assert!(row("x", "action", None, 42, 0, 5).get("outcome").is_none());
    }

    #[test]
    fn each_action_of_a_firing_is_an_episode_of_its_own() {
        let hash = |firing, place| row("x", "action", None, firing, place, 5)["content_hash"].clone();
        assert_ne!(hash(1, 0), hash(1, 1));
        assert_ne!(hash(1, 0), hash(2, 0));
        assert_eq!(hash(1, 0), hash(1, 0));
        assert_eq!(hash(1, 0).as_str().map(str::len), Some(64));
    }

    #[test]
    fn words_the_episodic_layer_does_not_know_are_refused() {
        assert!(check("error", Some("failure")).is_ok());
        assert!(check("party", None).is_err());
        assert!(check("error", Some("great")).is_err());
    }
}
