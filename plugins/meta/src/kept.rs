//! What is kept of a large space, so that its readings need not count all rows at each call.

use crate::figures::Figures;
use memstrata_sdk::{Fault, Value};
use serde::{Deserialize, Serialize};

/// Name of the row.
pub const NAME: &str = "figures";
/// The namespace of rows that are of the whole space: callers confined to one see none of them, and rows of theirs are not taken
/// for it.
pub const WHOLE: &str = "";
/// The longest a call takes unless the operator allows more, in ms: a row's time of change is the begin of the call that wrote it, which may be so long before
/// it was to be seen.
pub const CALL: u64 = 120_000;
/// From so many events, or so many memories, on a space is large.
pub const LARGE: u64 = 5_000;
/// Domains that one call measures in a large space; what is left is measured by the calls that follow.
pub const STEP: usize = 4;

/// Collections of other layers that are read.
pub const READ: [&str; 9] = [
    "episodic.events",
    "semantic.memories",
    "procedural.procedures",
    "procedural.executions",
    "graph.entities",
    "graph.relations",
    "prospective.tasks",
    "prospective.goals",
    "working_memory.items",
];

/// Figures of all layers and what was counted beside them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The figures.
    pub figures: Figures,
    /// Collections that were read for them.
    pub readable: Vec<String>,
    /// Why others were not.
    pub notes: Vec<String>,
    /// Kinds of events of ninety days: failures, and those that ended in success or failure.
    pub kinds: Vec<(String, u64, u64)>,
    /// What `get_learning_rates` answers.
    pub rates: Value,
    /// The errors that `discover_patterns` answers.
    pub errors: Vec<Value>,
    /// The largest topics, largest first.
    pub topics: Vec<String>,
    /// Memories in flux, and superseded.
    pub flux: (u64, u64),
}

/// Whether a row is of the whole space, not of a namespace.
#[must_use]
pub fn of_the_whole(row: &Value) -> bool {
    row.get("namespace").and_then(Value::as_str).unwrap_or_default() == WHOLE
}

/// When an answer was computed that is made of several things: when the oldest of them was; nothing if all are of now.
#[must_use]
pub fn computed_at(parts: impl IntoIterator<Item = Option<u64>>) -> Option<u64> {
    parts.into_iter().flatten().min()
}

/// A collection by its name.
#[must_use]
pub fn readable(name: &str) -> Option<&'static str> {
    READ.into_iter().find(|known| *known == name)
}

/// The first `most` rows whose domain is still a topic of some memory: what is kept or measured outlives the memories it was
/// made of. No more are asked for than it takes.
///
/// # Errors
/// What `lives` answers.
pub fn living<T>(
    rows: impl IntoIterator<Item = T>,
    most: usize,
    domain: impl Fn(&T) -> &str,
    mut lives: impl FnMut(&str) -> Result<bool, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut found = Vec::new();
    for row in rows {
        if found.len() == most {
            break;
        }
        if lives(domain(&row))? {
            found.push(row);
        }
    }
    Ok(found)
}

/// The domains to measure next: those measured longest ago first, never measured ones before all; with `before`, only those
/// measured before that time (ms UTC). At most `most`, and whether there are more.
#[must_use]
pub fn next<'a>(
    topics: &'a [String],
    measured: &[(String, u64)],
    before: Option<u64>,
    most: usize,
) -> (Vec<&'a str>, bool) {
    let at = |topic: &str| measured.iter().find(|(name, _)| name == topic).map_or(0, |(_, at)| *at);
    let mut due: Vec<&str> =
        topics.iter().map(String::as_str).filter(|topic| before.is_none_or(|before| at(topic) < before)).collect();
    // Stable: of those measured at one time the larger goes first.
    due.sort_by_key(|topic| at(topic));
    let more = due.len() > most;
    due.truncate(most);
    (due, more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_the_same() {
        let kept = Kept {
            figures: Figures { events: 7, outcomes: (2, 1), ..Figures::default() },
            kinds: vec![("error".into(), 2, 3)],
            topics: vec!["rust".into()],
            ..Kept::default()
        };
        let text = serde_json::to_string(&kept).unwrap_or_default();
        assert_eq!(serde_json::from_str::<Kept>(&text).ok(), Some(kept));
        assert_eq!((readable("graph.entities"), readable("x.y")), (Some("graph.entities"), None));
    }

    #[test]
    fn rows_of_a_namespace_are_not_of_the_whole_space() {
        let of = |namespace: &str| of_the_whole(&serde_json::json!({"namespace": namespace, "name": NAME}));
        assert_eq!((of(""), of("user:alice")), (true, false));
    }

    #[test]
    fn a_topic_whose_memories_were_all_erased_is_not_shown() {
        let kept = ["rust", "secret", "tea", "wood"].map(str::to_owned);
        let mut asked = Vec::new();
        let shown = living(kept.clone(), 2, String::as_str, |topic| {
            asked.push(topic.to_owned());
            Ok(topic != "secret")
        });
        // The next takes its place, and what lies beyond the limit is not asked for.
        assert_eq!(shown, Ok(vec!["rust".to_owned(), "tea".to_owned()]));
        assert_eq!(asked, ["rust", "secret", "tea"]);
        let fault = Fault::new("limit.rows", "too many");
        assert_eq!(living(kept, 2, String::as_str, |_| Err(fault.clone())), Err(fault));
    }

    #[test]
    fn an_answer_is_as_old_as_its_oldest_part() {
        assert_eq!(computed_at([Some(9), None, Some(4)]), Some(4));
        assert_eq!(computed_at([None, None]), None);
    }

    #[test]
    fn the_longest_unmeasured_goes_first() {
        let topics = ["a", "b", "c", "d"].map(str::to_owned);
        let measured = [("a".to_owned(), 9), ("b".to_owned(), 5)];
        assert_eq!(next(&topics, &measured, None, 3), (vec!["c", "d", "b"], true));
        assert_eq!(next(&topics, &measured, Some(9), 3), (vec!["c", "d", "b"], false));
        assert_eq!(next(&topics, &measured, Some(5), 9), (vec!["c", "d"], false));
    }
}
