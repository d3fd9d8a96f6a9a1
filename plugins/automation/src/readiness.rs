//! Whether a task can be begun: what stands in its way, and what should make one think.

/// What the rows say of a task.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Its status.
    pub status: String,
    /// Tasks that block it.
    pub blockers: Vec<u64>,
    /// Steps of its plan; none without a plan.
    pub steps: Option<usize>,
    /// Whether the plan was validated.
    pub validated: bool,
    /// Its estimate in minutes.
    pub estimate: Option<f64>,
    /// When it is due (ms).
    pub due_at: Option<u64>,
}

/// Something that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// `blocking` or `warning`.
    pub severity: &'static str,
    /// In words, with what to do.
    pub what: String,
}

/// What stands in the way of beginning a task at `now` (ms).
#[must_use]
pub fn issues(facts: &Facts, now: u64) -> Vec<Issue> {
    let mut found = Vec::new();
    let mut say = |severity, what: String| found.push(Issue { severity, what });
    if ["completed", "cancelled"].contains(&facts.status.as_str()) {
        say("blocking", format!("it is {}: reopen it first", facts.status));
    }
    if !facts.blockers.is_empty() {
        let names: Vec<String> = facts.blockers.iter().take(10).map(|id| memstrata_sdk::row::reference(*id)).collect();
        say("blocking", format!("it waits for {}", names.join(", ")));
    } else if facts.status == "blocked" {
        say("blocking", "it is blocked by hand: unblock it first".into());
    }
    match facts.steps {
        None => say("warning", "it has no plan".into()),
        Some(0) => say("warning", "its plan has no steps".into()),
        Some(_) if !facts.validated => say("warning", "its plan was not validated".into()),
        Some(_) => {}
    }
    if facts.estimate.is_none() {
        say("warning", "it has no estimate".into());
    }
    match facts.due_at {
        Some(due) if due < now => say("warning", "it is overdue".into()),
        Some(due) => {
            #[expect(clippy::cast_precision_loss, reason = "minutes to a date")]
            let left = (due - now) as f64 / 60_000.0;
            if facts.estimate.is_some_and(|estimate| estimate > left) {
                say("warning", "its estimate is longer than the time until it is due".into());
            }
        }
        None => {}
    }
    found
}

/// Whether it may be begun: nothing blocks it, and in strict mode nothing warns either.
#[must_use]
pub fn ready(issues: &[Issue], strict: bool) -> bool {
    !issues.iter().any(|issue| strict || issue.severity == "blocking")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Facts {
        Facts { status: "pending".into(), steps: Some(3), validated: true, estimate: Some(30.0), ..Facts::default() }
    }

    #[test]
    fn a_planned_free_task_is_ready_in_strict_mode_too() {
        assert!(ready(&issues(&good(), 0), true));
    }

    #[test]
    fn warnings_block_in_strict_mode_alone() {
        for facts in [
            Facts { steps: None, ..good() },
            Facts { steps: Some(0), ..good() },
            Facts { validated: false, ..good() },
            Facts { estimate: None, ..good() },
            Facts { due_at: Some(999), ..good() },
            Facts { due_at: Some(1_000 + 29 * 60_000), ..good() },
        ] {
            let found = issues(&facts, 1_000);
            assert_eq!(found.len(), 1, "{facts:?}");
            assert!(ready(&found, false) && !ready(&found, true));
        }
        assert!(issues(&Facts { due_at: Some(1_000 + 31 * 60_000), ..good() }, 1_000).is_empty());
    }

    #[test]
    fn what_blocks_always_blocks() {
        for facts in [
            Facts { status: "completed".into(), ..good() },
            Facts { status: "blocked".into(), ..good() },
            Facts { status: "blocked".into(), blockers: vec![7], ..good() },
        ] {
            let found = issues(&facts, 0);
            assert_eq!(found.len(), 1);
            assert!(!ready(&found, false));
        }
        assert!(issues(&Facts { blockers: vec![7], ..good() }, 0)[0].what.contains("m:7"));
    }
}
