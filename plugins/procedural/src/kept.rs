//! Which of the kept studies of the events answers for a namespace.

use crate::pattern::covers;
use crate::row;
use memstrata_sdk::Value;

/// So many patterns of a study are kept, the most frequent.
pub const MOST: usize = 100;

fn patterns(study: &Value) -> &[Value] {
    study.get("patterns").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The newest study that holds all that is known of a namespace: its own, or that of the whole space. A study is of the namespace its
/// row is in, of the whole space where that is empty; one of the whole space that left patterns out may lack the namespace's, so it
/// answers for the whole space alone. Told of a part of it, `events` is null: they were not counted by namespace.
#[must_use]
pub fn choose(studies: &[Value], wanted: &str) -> Option<Value> {
    let of = |namespace: &str| {
        studies
            .iter()
            .filter(|study| row::text(study, "namespace") == namespace)
            .max_by_key(|study| row::int(study, "computed_at"))
    };
    let own = of(wanted);
    let whole = of("").filter(|study| !wanted.is_empty() && patterns(study).len() < MOST);
    let newer = |whole: &Value| own.is_none_or(|own| row::int(own, "computed_at") < row::int(whole, "computed_at"));
    let Some(whole) = whole.filter(|whole| newer(whole)) else { return own.cloned() };
    let mut study = whole.clone();
    if let Some(study) = study.as_object_mut() {
        if let Some(patterns) = study.get_mut("patterns").and_then(Value::as_array_mut) {
            patterns.retain(|one| covers(wanted, row::text(one, "namespace")));
        }
        study.insert("events".into(), Value::Null);
    }
    Some(study)
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    fn study(namespace: &str, at: u64, patterns: &[&str]) -> Value {
        let patterns: Vec<Value> = patterns.iter().map(|namespace| json!({"namespace": namespace})).collect();
        json!({"namespace": namespace, "computed_at": at, "events": 9, "patterns": patterns})
    }

    #[test]
    fn nobody_is_told_the_study_of_another_namespace() {
        let hers = study("user:alice", 5, &["user:alice"]);
        assert_eq!(choose(std::slice::from_ref(&hers), ""), None, "hers is not the whole space");
        assert_eq!(choose(std::slice::from_ref(&hers), "user"), None);
        assert_eq!(choose(std::slice::from_ref(&hers), "user:alice"), Some(hers.clone()));
        let whole = study("", 1, &["user:alice", "user:bob"]);
        assert_eq!(choose(&[hers, whole.clone()], ""), Some(whole));
    }

    #[test]
    fn the_newest_answers_and_a_part_of_the_whole_has_no_count_of_events() {
        let hers = study("user:alice", 5, &["user:alice"]);
        let whole = study("", 6, &["user:alice", "user:alicia", "user:alice:home", ""]);
        let told = choose(&[hers.clone(), whole.clone()], "user:alice").unwrap();
        assert_eq!(told["patterns"], json!([{"namespace": "user:alice"}, {"namespace": "user:alice:home"}]));
        assert_eq!((&told["events"], &told["computed_at"]), (&Value::Null, &json!(6)));
        let older = study("", 4, &["user:alice"]);
        assert_eq!(choose(&[older, hers.clone()], "user:alice"), Some(hers));
        assert_eq!(choose(&[whole], "user:carol").unwrap()["patterns"], json!([]));
    }

    #[test]
    fn a_study_that_left_patterns_out_answers_for_the_whole_space_alone() {
        let full = study("", 6, &["user:bob"; MOST]);
        assert_eq!(choose(std::slice::from_ref(&full), "user:alice"), None);
        assert_eq!(choose(std::slice::from_ref(&full), ""), Some(full.clone()));
        let hers = study("user:alice", 5, &["user:alice"]);
        assert_eq!(choose(&[full, hers.clone()], "user:alice"), Some(hers));
    }
}
