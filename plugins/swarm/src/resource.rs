//! Which open tasks want the same thing without an order between them.

use crate::network::way;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

/// A task and what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The task.
    pub task: u64,
    /// Its project.
    pub project: String,
    /// Whether it runs now.
    pub running: bool,
    /// What it needs: files, machines, whatever their names are.
    pub resources: Vec<String>,
}

/// Two tasks that may run at once and need one resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clash {
    /// What both need.
    pub resource: String,
    /// The tasks, the smaller id first.
    pub tasks: (u64, u64),
    /// `high`: both run now; `medium`: one does; `low`: neither.
    pub severity: &'static str,
    /// Whether they are of two projects.
    pub across: bool,
}

/// The clashes, at most `most`, by resource and tasks, and whether there were more. `edges` are (before, after): tasks with a way from
/// one to the other never run at once.
#[must_use]
pub fn clashes(needs: &[Need], edges: &[(u64, u64)], most: usize) -> (Vec<Clash>, bool) {
    let mut by_resource: BTreeMap<&str, Vec<&Need>> = BTreeMap::new();
    for need in needs {
        for resource in need.resources.iter().map(String::as_str).collect::<BTreeSet<_>>() {
            by_resource.entry(resource).or_default().push(need);
        }
    }
    let mut after: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for (a, b) in edges {
        after.entry(*a).or_default().push(*b);
    }
    let leads = |from: u64, to: u64| {
        let next = |frontier: &[u64]| {
            Ok::<_, Infallible>(
                frontier.iter().flat_map(|a| after.get(a).into_iter().flatten().map(move |b| (*a, *b))).collect(),
            )
        };
        matches!(way(from, to, usize::MAX, next), Ok(Some(_)))
    };
    let mut found = Vec::new();
    for (resource, mut wanting) in by_resource {
        wanting.sort_by_key(|need| need.task);
        for (nth, a) in wanting.iter().enumerate() {
            for b in wanting.iter().skip(nth + 1) {
                if found.len() >= most {
                    return (found, true);
                }
                if a.task == b.task || leads(a.task, b.task) || leads(b.task, a.task) {
                    continue;
                }
                let severity = match (a.running, b.running) {
                    (true, true) => "high",
                    (false, false) => "low",
                    _ => "medium",
                };
                let across = a.project != b.project;
                found.push(Clash { resource: resource.to_owned(), tasks: (a.task, b.task), severity, across });
            }
        }
    }
    (found, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(task: u64, project: &str, running: bool, resources: &[&str]) -> Need {
        Need { task, project: project.into(), running, resources: resources.iter().map(|r| (*r).to_owned()).collect() }
    }

    #[test]
    fn only_what_may_run_at_once_clashes() {
        let needs = [
            need(1, "1", true, &["db", "db"]),
            need(2, "1", false, &["db"]),
            need(3, "2", true, &["db", "x"]),
            need(4, "2", false, &["y"]),
        ];
        let (found, more) = clashes(&needs, &[(1, 9), (9, 2)], 10);
        assert!(!more);
        let short: Vec<_> = found.iter().map(|c| (c.tasks, c.severity, c.across)).collect();
        assert_eq!(short, [((1, 3), "high", true), ((2, 3), "medium", true)]);
        assert!(clashes(&needs, &[], 1).1);
    }
}
