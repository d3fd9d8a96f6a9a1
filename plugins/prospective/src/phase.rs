//! The life of a task: its phases, the status that goes with each, and what may follow what.
//!
//! A plan has to be found valid before its task is started. A task without a plan may be started, or ticked off, at once.

use memstrata_sdk::Fault;

/// The phases that may follow a phase. `planned`: the task has a plan.
#[must_use]
pub fn next_phases(phase: &str, planned: bool) -> &'static [&'static str] {
    match (phase, planned) {
        ("planning", true) => &["plan_ready", "failed", "abandoned"],
        ("planning", false) => &["executing", "completed", "failed", "abandoned"],
        ("plan_ready", _) => &["planning", "executing", "failed", "abandoned"],
        ("executing", _) => &["planning", "verifying", "completed", "failed", "abandoned"],
        ("verifying", _) => &["executing", "completed", "failed", "abandoned"],
        ("failed" | "abandoned", _) => &["planning"],
        _ => &[],
    }
}

/// The statuses that may follow a status.
#[must_use]
pub fn next_statuses(status: &str) -> &'static [&'static str] {
    match status {
        "pending" => &["active", "blocked", "completed", "cancelled"],
        "active" => &["pending", "blocked", "completed", "cancelled"],
        "blocked" => &["pending", "active", "cancelled"],
        "cancelled" => &["pending"],
        _ => &[],
    }
}

/// The status a task has on entering a phase.
#[must_use]
pub fn status_of(phase: &str) -> &'static str {
    match phase {
        "executing" | "verifying" => "active",
        "completed" => "completed",
        "failed" | "abandoned" => "cancelled",
        _ => "pending",
    }
}

/// Whether a task of this status is over.
#[must_use]
pub fn is_over(status: &str) -> bool {
    matches!(status, "completed" | "cancelled")
}

fn refused(what: &str, from: &str, to: &str, allowed: &[&str], hint: &str) -> Fault {
    let next = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
    Fault::new("conflict.transition", format!("{what} `{from}` may be followed by {next}, not by `{to}`{hint}"))
}

/// Refuses a phase that may not follow, naming those that may.
///
/// # Errors
/// `conflict.transition`.
pub fn check_phase(from: &str, to: &str, planned: bool) -> Result<(), Fault> {
    let allowed = next_phases(from, planned);
    if allowed.contains(&to) {
        return Ok(());
    }
    let hint = match (from, to, planned) {
        ("planning", "executing" | "completed", true) => ": the task has a plan, call validate_task_plan first",
        ("planning" | "plan_ready", "verifying", _) => ": call start_task first",
        ("plan_ready", "completed", _) => ": call start_task first",
        _ => "",
    };
    Err(refused("phase", from, to, allowed, hint))
}

/// Refuses a status that may not follow, naming those that may.
///
/// # Errors
/// `conflict.transition`.
pub fn check_status(from: &str, to: &str) -> Result<(), Fault> {
    let allowed = next_statuses(from);
    if allowed.contains(&to) { Ok(()) } else { Err(refused("status", from, to, allowed, "")) }
}

/// What a trigger's firing does to a task of this status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// It becomes active.
    Activated,
    /// It is active already.
    Already,
    /// It is blocked: it becomes active as soon as nothing blocks it.
    WhenUnblocked,
    /// It is over.
    Over,
}

impl Activation {
    /// Of a task of this status.
    #[must_use]
    pub fn of(status: &str) -> Self {
        match status {
            "pending" => Self::Activated,
            "active" => Self::Already,
            "blocked" => Self::WhenUnblocked,
            _ => Self::Over,
        }
    }

    /// The word for it in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Activated => "activated",
            Self::Already => "already_active",
            Self::WhenUnblocked => "when_unblocked",
            Self::Over => "over",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::{PHASES, STATUSES};

    #[test]
    fn every_pair_of_phases_is_as_the_table_says() {
        let allowed = [
            ("planning", "executing"),
            ("planning", "completed"),
            ("planning", "failed"),
            ("planning", "abandoned"),
            ("plan_ready", "planning"),
            ("plan_ready", "executing"),
            ("plan_ready", "failed"),
            ("plan_ready", "abandoned"),
            ("executing", "planning"),
            ("executing", "verifying"),
            ("executing", "completed"),
            ("executing", "failed"),
            ("executing", "abandoned"),
            ("verifying", "executing"),
            ("verifying", "completed"),
            ("verifying", "failed"),
            ("verifying", "abandoned"),
            ("failed", "planning"),
            ("abandoned", "planning"),
        ];
        for from in PHASES {
            for to in PHASES {
                assert_eq!(check_phase(from, to, false).is_ok(), allowed.contains(&(from, to)), "{from} -> {to}");
            }
        }
    }

    #[test]
    fn a_plan_is_validated_before_its_task_starts() {
        let fault = check_phase("planning", "executing", true).unwrap_err();
        assert_eq!(fault.code, "conflict.transition");
        assert!(fault.message.contains("plan_ready, failed, abandoned"), "{}", fault.message);
        assert!(fault.message.contains("validate_task_plan"), "{}", fault.message);
        assert!(check_phase("planning", "plan_ready", true).is_ok());
        assert!(check_phase("planning", "plan_ready", false).is_err());
        assert!(check_phase("plan_ready", "executing", true).is_ok());
    }

    #[test]
    fn what_is_completed_stays_so() {
        for phase in PHASES {
            assert!(check_phase("completed", phase, false).is_err());
        }
        for status in STATUSES {
            assert!(check_status("completed", status).is_err());
        }
        let fault = check_status("completed", "active").unwrap_err();
        assert!(fault.message.contains("nothing"), "{}", fault.message);
    }

    #[test]
    fn each_phase_gives_a_status_of_the_list() {
        for phase in PHASES {
            assert!(STATUSES.contains(&status_of(phase)), "{phase}");
            assert_eq!(is_over(status_of(phase)), ["completed", "failed", "abandoned"].contains(&phase), "{phase}");
        }
    }

    #[test]
    fn a_firing_never_starts_a_blocked_task() {
        assert_eq!(
            STATUSES.map(|status| Activation::of(status).name()),
            ["activated", "already_active", "over", "over", "when_unblocked"]
        );
    }
}
