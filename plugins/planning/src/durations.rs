//! Which distribution the minutes of a step have, by what is known of it.

use crate::chance::Duration;
use crate::history::FEWEST;
use crate::plan::Step;

/// How the minutes of steps are drawn.
#[derive(Debug, Clone)]
pub struct Rule<'a> {
    /// Recorded ratios of actual to estimated minutes, in order.
    pub ratios: &'a [f64],
    /// Low and high as shares of an estimate when nothing else tells.
    pub spread: (f64, f64),
    /// Triangles in place of PERT for three-point estimates.
    pub triangular: bool,
}

/// The distribution of each step. Three points: PERT, or a triangle if asked for; an estimate and recorded ratios: those; an estimate alone: a
/// triangle of the supposed spread.
///
/// # Errors
/// The numbers of steps without an estimate: nothing is made up for them.
pub fn durations(steps: &[Step], rule: &Rule) -> Result<Vec<Duration>, Vec<usize>> {
    let missing: Vec<usize> =
        (1..).zip(steps).filter(|(_, step)| step.estimated_minutes.is_none()).map(|(number, _)| number).collect();
    if !missing.is_empty() {
        return Err(missing);
    }
    let of = |step: &Step| {
        let likely = step.estimated_minutes.unwrap_or(0.0);
        let (low, high) = rule.spread;
        match (step.optimistic_minutes, step.pessimistic_minutes) {
            (Some(a), Some(b)) if rule.triangular => Duration::Triangular(a, likely, b),
            (Some(a), Some(b)) => Duration::Pert(a, likely, b),
            (None, None) if rule.ratios.len() >= FEWEST => Duration::Recorded(likely, rule.ratios.to_vec()),
            (a, b) => {
                let (low, high) = (likely * low.clamp(0.0, 1.0), likely * high.max(1.0));
                Duration::Triangular(a.unwrap_or(low), likely, b.unwrap_or(high))
            }
        }
    };
    Ok(steps.iter().map(of).collect())
}

/// What the draws rest on, in a sentence.
#[must_use]
pub fn basis(durations: &[Duration], rule: &Rule, steps: &[Step]) -> String {
    let count = |name: &str| durations.iter().filter(|duration| duration.name() == name).count();
    let stated =
        steps.iter().filter(|step| step.optimistic_minutes.is_some() && step.pessimistic_minutes.is_some()).count();
    let supposed = durations.len() - stated - count("recorded ratios");
    let (low, high) = rule.spread;
    format!(
        "{stated} steps by their three-point estimates, {} by {} recorded ratios of actual to estimated minutes, {supposed} by a supposed spread of {low} to {high} times the estimate (settings)",
        count("recorded ratios"),
        rule.ratios.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_knowledge_is_used_and_none_made_up() {
        let step = |low: Option<f64>, likely: Option<f64>, high: Option<f64>| Step {
            optimistic_minutes: low,
            estimated_minutes: likely,
            pessimistic_minutes: high,
            ..Step::default()
        };
        let bare = [step(None, Some(10.0), None), step(Some(5.0), Some(10.0), Some(30.0))];
        let rule = Rule { ratios: &[], spread: (0.5, 2.0), triangular: false };
        assert_eq!(
            durations(&bare, &rule),
            Ok(vec![Duration::Triangular(5.0, 10.0, 20.0), Duration::Pert(5.0, 10.0, 30.0)])
        );
        let known = Rule { ratios: &[1.0, 1.5, 2.0], triangular: true, ..rule.clone() };
        assert_eq!(
            durations(&bare, &known),
            Ok(vec![Duration::Recorded(10.0, vec![1.0, 1.5, 2.0]), Duration::Triangular(5.0, 10.0, 30.0)])
        );
        assert_eq!(durations(&[bare[0].clone(), step(None, None, None)], &rule), Err(vec![2]));
    }
}
