//! When a plan is changed, and how much of it: the decision table of requirements 1.11.

/// How bad something is, mildest first.
pub const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];
/// How much is planned anew, least first.
pub const LEVELS: [&str; 5] = ["none", "local", "segment", "full", "abort"];
/// What sets replanning off.
pub const TRIGGERS: [&str; 6] = [
    "duration_exceeded",
    "quality_degradation",
    "blocker_encountered",
    "assumption_violated",
    "milestone_missed",
    "resource_constraint",
];
/// A step's duration is exceeded above so many percent.
pub const EXCEEDED_PERCENT: f64 = 20.0;

/// What is known when the table is asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Case {
    /// Assumptions found wrong.
    pub violated_assumptions: usize,
    /// One of [`SEVERITIES`]: of the trigger, or of the deviation.
    pub severity: String,
    /// A constraint is broken, not an estimate or an assumption.
    pub constraint_broken: bool,
    /// Share of the plan that is done, 0 to 1.
    pub done: f64,
}

/// The severity of a deviation in percent: above 50 critical, above 25 high, above 10 medium.
#[must_use]
pub fn severity(percent: f64) -> &'static str {
    match percent.abs() {
        percent if percent > 50.0 => "critical",
        percent if percent > 25.0 => "high",
        percent if percent > 10.0 => "medium",
        _ => "low",
    }
}

/// The level and the rule that chose it. A broken constraint that is critical comes first, for nothing smaller mends it; then the rows in the order of
/// the requirements.
#[must_use]
pub fn decide(case: &Case) -> (&'static str, &'static str) {
    let is = |severity: &str| case.severity == severity;
    match case {
        _ if case.constraint_broken && is("critical") => ("abort", "a constraint is broken critically"),
        case if case.violated_assumptions > 1 => ("full", "more than one assumption is violated"),
        case if case.violated_assumptions == 1 && is("critical") => ("full", "one assumption is violated, critically"),
        case if case.violated_assumptions == 1 && is("high") => {
            ("segment", "one assumption is violated, severity high")
        }
        _ if is("low") => ("none", "severity low"),
        case if case.done > 0.7 => ("local", "more than 70 % is done"),
        _ if is("critical") => ("segment", "a critical deviation"),
        case if is("high") && case.done < 0.5 => ("segment", "severity high and less than half is done"),
        _ if is("high") || case.violated_assumptions == 1 || case.constraint_broken => {
            ("local", "no stronger rule holds")
        }
        _ => ("none", "no rule holds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_requirements() {
        let ask = |violated, severity: &str, broken, done| {
            decide(&Case { violated_assumptions: violated, severity: severity.into(), constraint_broken: broken, done })
                .0
        };
        for (violated, severity, broken, done, level) in [
            (2, "low", false, 0.9, "full"),
            (1, "critical", false, 0.9, "full"),
            (1, "high", false, 0.9, "segment"),
            (1, "medium", false, 0.1, "local"),
            (0, "critical", true, 0.9, "abort"),
            (0, "critical", false, 0.71, "local"),
            (0, "critical", false, 0.7, "segment"),
            (0, "high", false, 0.49, "segment"),
            (0, "high", false, 0.5, "local"),
            (0, "medium", false, 0.2, "none"),
            (0, "low", false, 0.9, "none"),
        ] {
            assert_eq!(ask(violated, severity, broken, done), level, "{violated} {severity} {broken} {done}");
        }
    }

    #[test]
    fn severity_begins_above_its_limit() {
        assert_eq!([10.0, 10.1, 25.1, -50.1].map(severity), ["low", "medium", "high", "critical"]);
    }
}
