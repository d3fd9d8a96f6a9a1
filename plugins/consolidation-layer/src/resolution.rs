//! How a conflict is decided: which of its rows stand, and which end.

use crate::row;
use memstrata_sdk::{Fault, Value};

/// Ways to decide, after requirements 1.10.
pub const STRATEGIES: [&str; 4] = ["timestamp_precedence", "merge", "user_input", "keep_both"];

/// What becomes of the rows of a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Rows that stand.
    pub kept: Vec<u64>,
    /// Rows that end now.
    pub ended: Vec<u64>,
    /// The row that cites those that end.
    pub into: Option<u64>,
}

/// Decides. `rows` are the rows of the conflict that still hold; `keep` is what the caller wants kept.
///
/// # Errors
/// `invalid.argument` where the caller must say more, or names a row that has nothing to do with it.
pub fn decide(strategy: &str, rows: &[Value], keep: &[u64]) -> Result<Decision, Fault> {
    let ids: Vec<u64> = rows.iter().map(row::id).collect();
    let others = |kept: &[u64]| ids.iter().copied().filter(|id| !kept.contains(id)).collect::<Vec<u64>>();
    match strategy {
        "keep_both" => Ok(Decision { kept: ids, ended: Vec::new(), into: None }),
        "timestamp_precedence" => {
            let newest = newest(rows)?;
            let kept: Vec<u64> = newest.into_iter().collect();
            Ok(Decision { ended: others(&kept), into: newest, kept })
        }
        "merge" => {
            let [into] = keep else {
                return Err(Fault::invalid(
                    "`merge` needs in `keep` the one memory that says it all: one of the conflict's, or one you stored for it",
                ));
            };
            Ok(Decision { kept: vec![*into], ended: others(&[*into]), into: Some(*into) })
        }
        "user_input" => {
            if keep.is_empty() {
                return Err(Fault::invalid("`user_input` needs in `keep` the memories that stand; the others end"));
            }
            if let Some(foreign) = keep.iter().find(|id| !ids.contains(id)) {
                let there = row::references(&ids).join(", ");
                return Err(Fault::invalid(format!(
                    "m:{foreign} is none of the conflict's memories that hold: {there}"
                )));
            }
            let into = if let [only] = keep { Some(*only) } else { None };
            Ok(Decision { kept: keep.to_vec(), ended: others(keep), into })
        }
        other => Err(Fault::invalid(format!("`{other}` is none of: {}", STRATEGIES.join(", ")))),
    }
}

/// The row that holds since the latest instant. Ids have no order in time, so equal instants decide nothing.
fn newest(rows: &[Value]) -> Result<Option<u64>, Fault> {
    let latest = rows.iter().map(row::since).max();
    let mut newest = rows.iter().filter(|one| Some(row::since(one)) == latest);
    let (first, second) = (newest.next(), newest.next());
    if second.is_some() {
        return Err(Fault::invalid("they are equally old, so time decides nothing: use `user_input` with `keep`"));
    }
    Ok(first.map(row::id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    fn rows() -> Vec<Value> {
        vec![
            json!({"id": 1, "created_at": 10}),
            json!({"id": 2, "created_at": 5, "valid_from": 20}),
            json!({"id": 3, "created_at": 15}),
        ]
    }

    #[test]
    fn each_strategy_decides_in_its_way() {
        let decided = |strategy, keep: &[u64]| {
            let Decision { kept, ended, into } = decide(strategy, &rows(), keep).unwrap();
            (kept, ended, into)
        };
        assert_eq!(decided("timestamp_precedence", &[]), (vec![2], vec![1, 3], Some(2)));
        assert_eq!(decided("keep_both", &[]), (vec![1, 2, 3], vec![], None));
        assert_eq!(decided("user_input", &[1, 3]), (vec![1, 3], vec![2], None));
        assert_eq!(decided("user_input", &[3]), (vec![3], vec![1, 2], Some(3)));
        assert_eq!(decided("merge", &[3]), (vec![3], vec![1, 2], Some(3)));
        assert_eq!(decided("merge", &[9]), (vec![9], vec![1, 2, 3], Some(9)), "one stored for it");
    }

    #[test]
    fn what_decides_nothing_is_refused() {
        for (strategy, keep) in [
            ("merge", vec![]),
            ("merge", vec![1, 2]),
            ("user_input", vec![]),
            ("user_input", vec![9]),
            ("dice", vec![1]),
        ] {
            assert_eq!(decide(strategy, &rows(), &keep).unwrap_err().code, "invalid.argument", "{strategy} {keep:?}");
        }
        let equal = [json!({"id": 1, "created_at": 10}), json!({"id": 2, "created_at": 10})];
        assert!(decide("timestamp_precedence", &equal, &[]).unwrap_err().message.contains("equally old"));
    }

    #[test]
    fn one_that_is_left_stands() {
        let decided = decide("timestamp_precedence", &rows()[..1], &[]).unwrap();
        assert_eq!((decided.kept, decided.ended), (vec![1], vec![]));
    }
}
