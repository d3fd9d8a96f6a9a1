//! Which goals are in each other's way, by rules over what is stored, and who yields.

use crate::contradiction::{Words, between, candidates};
use crate::row;
use memstrata_sdk::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// From this priority on, goals of one priority that need one thing are in each other's way.
const HIGH: u64 = 8;
/// Milliseconds of a day: deadlines on one day UTC count as the same.
const DAY: u64 = 86_400_000;

/// A conflict between two goals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// `deadline_resource`, `criteria`, `priority` or `priority_inversion`.
    pub rule: &'static str,
    /// The two goals, smaller id first; in an inversion, parent and subgoal.
    pub goals: (u64, u64),
    /// `high` or `medium`.
    pub severity: &'static str,
    /// What the conflict is.
    pub message: String,
}

impl Conflict {
    /// As it is answered.
    #[must_use]
    pub fn value(&self) -> Value {
        json!({"rule": self.rule, "goals": [self.goals.0, self.goals.1], "severity": self.severity, "message": self.message})
    }
}

struct Seen<'a> {
    id: u64,
    row: &'a Value,
    resources: Vec<String>,
    statements: Vec<(String, Words)>,
}

fn priority(goal: &Value) -> u64 {
    row::int(goal, "priority").unwrap_or(5)
}

fn shared<'a>(a: &'a Seen<'_>, b: &Seen<'_>) -> Vec<&'a str> {
    a.resources.iter().filter(|one| b.resources.contains(one)).map(String::as_str).collect()
}

/// The conflicts among open goals, in the order of their ids.
#[must_use]
pub fn find<'a>(goals: impl IntoIterator<Item = &'a Value>) -> Vec<Conflict> {
    let mut seen: Vec<Seen<'_>> = goals
        .into_iter()
        .map(|goal| {
            let texts = std::iter::once(row::text(goal, "goal_text").to_owned()).chain(row::texts(goal, "criteria"));
            Seen {
                id: row::id(goal),
                row: goal,
                resources: row::texts(goal, "resources").iter().map(|name| name.trim().to_lowercase()).collect(),
                statements: texts.map(|text| (text.clone(), Words::of(&text))).collect(),
            }
        })
        .collect();
    seen.sort_by_key(|goal| goal.id);
    let mut found = contending(&seen);
    found.extend(criteria(&seen));
    found.extend(inversions(&seen));
    found.sort_by_key(|conflict| (conflict.goals, conflict.rule));
    found
}

/// A goal and its own parent share what they need.
fn are_kin(a: &Seen<'_>, b: &Seen<'_>) -> bool {
    row::int(a.row, "parent") == Some(b.id) || row::int(b.row, "parent") == Some(a.id)
}

/// Conflicts over resources. Only goals that need one thing on one day, or at one high priority, are looked at together.
fn contending(seen: &[Seen<'_>]) -> Vec<Conflict> {
    let mut meeting: BTreeMap<(&str, bool, u64), Vec<usize>> = BTreeMap::new();
    for (at, goal) in seen.iter().enumerate() {
        for resource in &goal.resources {
            if let Some(day) = day(goal) {
                meeting.entry((resource, true, day)).or_default().push(at);
            }
            if priority(goal.row) >= HIGH {
                meeting.entry((resource, false, priority(goal.row))).or_default().push(at);
            }
        }
    }
    let mut pairs = BTreeSet::new();
    for places in meeting.values() {
        for (nth, a) in places.iter().enumerate() {
            pairs.extend(places.iter().skip(nth + 1).filter(|b| *b != a).map(|b| (*a, *b)));
        }
    }
    pairs.into_iter().filter_map(|(a, b)| resources(seen.get(a)?, seen.get(b)?)).collect()
}

fn day(goal: &Seen<'_>) -> Option<u64> {
    row::int(goal.row, "deadline").map(|at| at / DAY)
}

fn resources(a: &Seen<'_>, b: &Seen<'_>) -> Option<Conflict> {
    let both = shared(a, b);
    if both.is_empty() || are_kin(a, b) {
        return None;
    }
    let goals = (a.id, b.id);
    let names = both.join(", ");
    if let Some(day) = day(a).filter(|of_a| day(b) == Some(*of_a)) {
        let message = format!("both are due on {} and need {names}", memstrata_sdk::when::iso(day * DAY));
        return Some(Conflict { rule: "deadline_resource", goals, severity: "high", message });
    }
    let level = priority(a.row);
    (level >= HIGH && level == priority(b.row)).then(|| Conflict {
        rule: "priority",
        goals,
        severity: "medium",
        message: format!("both have priority {level} and need {names}: say which comes first"),
    })
}

/// The first contradiction of each two goals, in the order of their statements.
fn criteria(seen: &[Seen<'_>]) -> Vec<Conflict> {
    let all: Vec<(usize, &(String, Words))> = seen
        .iter()
        .enumerate()
        .flat_map(|(at, goal)| goal.statements.iter().map(move |statement| (at, statement)))
        .collect();
    let words: Vec<&Words> = all.iter().map(|(_, statement)| &statement.1).collect();
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for (a, b) in candidates(&words) {
        let (Some((one, (left, words))), Some((other, (right, others)))) = (all.get(a), all.get(b)) else { continue };
        let (Some(first), Some(second)) = (seen.get(*one), seen.get(*other)) else { continue };
        if one == other || told.contains(&(one, other)) {
            continue;
        }
        if let Some(how) = between(words, others) {
            told.insert((one, other));
            found.push(Conflict {
                rule: "criteria",
                goals: (first.id, second.id),
                severity: "high",
                message: format!("\"{}\" and \"{}\": {how}", row::clip(left, 120), row::clip(right, 120)),
            });
        }
    }
    found
}

fn inversions(seen: &[Seen<'_>]) -> Vec<Conflict> {
    let by_id: BTreeMap<u64, &Value> = seen.iter().map(|goal| (goal.id, goal.row)).collect();
    seen.iter()
        .filter_map(|goal| {
            let parent = row::int(goal.row, "parent")?;
            let (own, above) = (priority(goal.row), priority(by_id.get(&parent)?));
            (own > above).then(|| Conflict {
                rule: "priority_inversion",
                goals: (parent, goal.id),
                severity: "medium",
                message: format!("the subgoal has priority {own}, above the {above} of its parent"),
            })
        })
        .collect()
}

/// Which of two goals yields: the one of lower priority, else the later deadline (none is latest), else the one made later. With `by_deadline`,
/// the deadline is asked first.
#[must_use]
pub fn who_yields<'a>(a: &'a Value, b: &'a Value, by_deadline: bool) -> (&'a Value, &'static str) {
    let deadline = |goal: &Value| row::int(goal, "deadline").unwrap_or(u64::MAX);
    let by_priority = priority(b).cmp(&priority(a));
    let by_due = deadline(a).cmp(&deadline(b));
    let by_age = row::id(a).cmp(&row::id(b));
    let steps = if by_deadline {
        [(by_due, "its deadline is later"), (by_priority, "its priority is lower"), (by_age, "it was made later")]
    } else {
        [(by_priority, "its priority is lower"), (by_due, "its deadline is later"), (by_age, "it was made later")]
    };
    for (order, why) in steps {
        match order {
            std::cmp::Ordering::Less => return (b, why),
            std::cmp::Ordering::Greater => return (a, why),
            std::cmp::Ordering::Equal => {}
        }
    }
    (b, "it was made later")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goal(id: u64, more: Value) -> Value {
        let mut goal = json!({"id": id, "goal_text": format!("Goal number {id}"), "priority": 5});
        if let (Some(goal), Some(more)) = (goal.as_object_mut(), more.as_object()) {
            goal.extend(more.clone());
        }
        goal
    }

    fn rules(goals: &[Value]) -> Vec<(&'static str, (u64, u64))> {
        find(goals).iter().map(|conflict| (conflict.rule, conflict.goals)).collect()
    }

    #[test]
    fn one_day_and_one_resource_conflict() {
        let due = |id: u64, at: u64, resource: &str| goal(id, json!({"deadline": at, "resources": [resource]}));
        assert_eq!(rules(&[due(2, DAY + 5, "Staging"), due(1, DAY + 9, "staging ")]), [("deadline_resource", (1, 2))]);
        assert_eq!(rules(&[due(1, DAY, "staging"), due(2, 2 * DAY, "staging")]), []);
        assert_eq!(rules(&[due(1, DAY, "staging"), due(2, DAY, "ada")]), []);
    }

    #[test]
    fn equal_high_priorities_for_one_resource_conflict() {
        let wants = |id: u64, priority: u64| goal(id, json!({"priority": priority, "resources": ["ada"]}));
        assert_eq!(rules(&[wants(1, 9), wants(2, 9)]), [("priority", (1, 2))]);
        assert_eq!(rules(&[wants(1, 9), wants(2, 8)]), []);
        assert_eq!(rules(&[wants(1, 7), wants(2, 7)]), []);
        let child = goal(2, json!({"priority": 9, "resources": ["ada"], "parent": 1}));
        assert_eq!(rules(&[wants(1, 9), child]), []);
    }

    #[test]
    fn contradicting_criteria_conflict() {
        let goals = [
            goal(1, json!({"criteria": ["Memory stays low", "Keep the old API"]})),
            goal(2, json!({"criteria": ["Remove the old API"]})),
        ];
        let found = find(&goals);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].rule, "criteria");
        assert!(found[0].message.contains("`keep` against `remove`"), "{}", found[0].message);
    }

    #[test]
    fn a_subgoal_above_its_parent_is_an_inversion() {
        let goals = [goal(1, json!({"priority": 4})), goal(2, json!({"priority": 6, "parent": 1}))];
        assert_eq!(rules(&goals), [("priority_inversion", (1, 2))]);
    }

    #[test]
    fn the_weaker_claim_yields() {
        let strong = goal(1, json!({"priority": 8, "deadline": 9}));
        let soon = goal(2, json!({"priority": 5, "deadline": 5}));
        let late = goal(3, json!({"priority": 8}));
        assert_eq!(row::id(who_yields(&strong, &soon, false).0), 2);
        assert_eq!(row::id(who_yields(&strong, &soon, true).0), 1);
        assert_eq!(row::id(who_yields(&late, &strong, false).0), 3);
        assert_eq!(row::id(who_yields(&goal(4, json!({})), &goal(5, json!({})), false).0), 5);
    }
}
