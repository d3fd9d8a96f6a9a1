//! Monte Carlo over a plan's network (R. M. Van Slyke, "Monte Carlo methods and the PERT problem", 1963): durations are drawn, the critical path is computed, many times.

use crate::chance::{Chance, Duration};
use crate::cpm;
use crate::plan::Step;
use crate::row::round;
use crate::sample::{deviation, mean, quantile, sorted};
use memstrata_sdk::{Value, json};

/// What can be asked. `best_case`, `most_likely` and `worst_case` are runs of one simulation: those that end in its first tenth, its middle half, and
/// its last tenth; the others change what is drawn.
pub const SCENARIOS: [&str; 12] = [
    "best_case",
    "worst_case",
    "most_likely",
    "nominal",
    "critical_path",
    "black_swan",
    "time_plus",
    "time_minus",
    "resource_plus",
    "resource_minus",
    "assumption_violated",
    "cascading",
];
/// Draws of durations a call makes at most: steps times iterations.
pub const MOST_DRAWS: usize = 400_000;

/// The runs of one scenario.
struct Runs {
    ends: Vec<f64>,
    minutes: Vec<f64>,
    critical: Vec<usize>,
}

/// A plan to be simulated.
pub struct Model<'a> {
    /// Its steps that are not over or put off.
    pub steps: &'a [Step],
    /// What each may take.
    pub durations: &'a [Duration],
    /// Minutes until the deadline, if there is one.
    pub limit: Option<f64>,
}

impl Model<'_> {
    /// Each scenario's numbers, and the common ones.
    #[must_use]
    pub fn run(&self, scenarios: &[String], iterations: usize, seed: u64) -> Value {
        let mut chance = Chance::new(seed);
        let draws: Vec<Vec<f64>> = (0..iterations)
            .map(|_| self.durations.iter().map(|duration| duration.draw(&mut chance)).collect())
            .collect();
        let order = cpm::order(self.steps).unwrap_or_default();
        let likely: Vec<f64> = self.durations.iter().map(Duration::likely).collect();
        let line = cpm::timeline(self.steps, &likely);
        let nominal = self.runs(&order, &draws);
        let mut told = serde_json::Map::new();
        for name in scenarios {
            let answer = match name.as_str() {
                "best_case" => self.tail(&nominal, &draws, 0.0, 0.1),
                "worst_case" => self.tail(&nominal, &draws, 0.9, 1.0),
                "most_likely" => self.tail(&nominal, &draws, 0.25, 0.75),
                other => {
                    let changed = self.change(other, &draws, &line, seed);
                    let runs = match other {
                        "resource_minus" => Runs {
                            ends: changed.iter().map(|run| run.iter().sum()).collect(),
                            minutes: vec![],
                            critical: vec![],
                        },
                        _ => self.runs(&order, &changed),
                    };
                    let mut numbers = self.numbers(&runs.ends);
                    if let Some(numbers) = numbers.as_object_mut() {
                        numbers.insert("means".into(), json!(meaning(other)));
                    }
                    numbers
                }
            };
            told.insert(name.clone(), answer);
        }
        let share = |count: &usize| round(*count as f64 / iterations.max(1) as f64);
        json!({
            "critical_path_minutes": round(line.minutes),
            "overall": self.numbers(&nominal.ends),
            "scenarios": told,
            "steps": self.steps.iter().zip(self.durations).zip(nominal.critical.iter().zip(&nominal.minutes)).map(|((step, duration), (critical, minutes))| json!({
                "content": step.content, "distribution": duration.name(), "mean_minutes": round(*minutes), "on_critical_path": share(critical),
            })).collect::<Vec<_>>(),
        })
    }

    fn runs(&self, order: &[usize], draws: &[Vec<f64>]) -> Runs {
        let count = self.steps.len();
        let (mut critical, mut sums, mut at) = (vec![0; count], vec![0.0; count], vec![0.0; count]);
        let mut ends = Vec::with_capacity(draws.len());
        for run in draws {
            ends.push(cpm::end(self.steps, order, run, &mut at));
            for number in cpm::path(self.steps, &at) {
                if let Some(count) = critical.get_mut(number - 1) {
                    *count += 1;
                }
            }
            for (sum, minutes) in sums.iter_mut().zip(run) {
                *sum += minutes;
            }
        }
        let minutes = sums.iter().map(|sum| sum / draws.len().max(1) as f64).collect();
        Runs { ends, minutes, critical }
    }

    fn numbers(&self, ends: &[f64]) -> Value {
        let in_order = sorted(ends);
        let at = |share: f64| quantile(&in_order, share).map(round);
        let in_time = self
            .limit
            .map(|limit| in_order.iter().filter(|end| **end <= limit).count() as f64 / in_order.len().max(1) as f64);
        json!({
            "mean": mean(ends).map(round), "deviation": deviation(ends).map(round), "p10": at(0.1), "p50": at(0.5), "p80": at(0.8),
            "p90": at(0.9), "p95": at(0.95), "in_time": in_time.map(round), "runs": ends.len(),
        })
    }

    /// The runs between two quantiles of the whole's end, and what their steps took.
    fn tail(&self, nominal: &Runs, draws: &[Vec<f64>], from: f64, to: f64) -> Value {
        let in_order = sorted(&nominal.ends);
        let (low, high) = (quantile(&in_order, from).unwrap_or(0.0), quantile(&in_order, to).unwrap_or(0.0));
        let inside: Vec<(&f64, &Vec<f64>)> =
            nominal.ends.iter().zip(draws).filter(|(end, _)| (low..=high).contains(*end)).collect();
        let ends: Vec<f64> = inside.iter().map(|(end, _)| **end).collect();
        let mut numbers = self.numbers(&ends);
        let step =
            |at: usize| mean(&inside.iter().filter_map(|(_, run)| run.get(at).copied()).collect::<Vec<_>>()).map(round);
        if let Some(numbers) = numbers.as_object_mut() {
            numbers.insert("step_minutes".into(), (0..self.steps.len()).map(step).collect());
            numbers.insert("means".into(), json!(format!("runs that end between the quantiles {from} and {to}")));
        }
        numbers
    }

    /// The draws as a scenario changes them.
    fn change(&self, name: &str, draws: &[Vec<f64>], line: &cpm::Timeline, seed: u64) -> Vec<Vec<f64>> {
        let each = |scale: f64| draws.iter().map(|run| run.iter().map(|minutes| minutes * scale).collect()).collect();
        let critical = |at: usize| line.path.contains(&(at + 1));
        match name {
            "time_plus" => each(1.2),
            "time_minus" => each(0.8),
            "critical_path" => draws
                .iter()
                .map(|run| {
                    run.iter()
                        .zip(self.durations)
                        .enumerate()
                        .map(|(at, (minutes, duration))| if critical(at) { *minutes } else { duration.likely() })
                        .collect()
                })
                .collect(),
            "black_swan" => {
                let mut chance = Chance::new(seed ^ 0xB1AC);
                let hit = |run: &Vec<f64>, chance: &mut Chance| {
                    let hit = line.path.get(chance.below(line.path.len())).map_or(0, |number| number - 1);
                    let most = self.durations.get(hit).map_or(0.0, Duration::most);
                    run.iter().enumerate().map(|(at, minutes)| if at == hit { most } else { *minutes }).collect()
                };
                draws.iter().map(|run| hit(run, &mut chance)).collect()
            }
            "assumption_violated" => draws
                .iter()
                .map(|run| {
                    let longest = line.path.iter().copied().max_by(|a, b| {
                        let of = |number: &usize| run.get(number - 1).copied().unwrap_or(0.0);
                        of(a).total_cmp(&of(b)).then(b.cmp(a))
                    });
                    run.iter()
                        .enumerate()
                        .map(|(at, minutes)| if longest == Some(at + 1) { minutes * 2.0 } else { *minutes })
                        .collect()
                })
                .collect(),
            // All steps at the same quantile: one cause delays them together.
            "cascading" => {
                let columns: Vec<Vec<f64>> = (0..self.steps.len())
                    .map(|at| sorted(&draws.iter().filter_map(|run| run.get(at).copied()).collect::<Vec<_>>()))
                    .collect();
                (0..draws.len())
                    .map(|run| columns.iter().filter_map(|column| column.get(run).copied()).collect())
                    .collect()
            }
            _ => draws.to_vec(),
        }
    }
}

fn meaning(scenario: &str) -> &'static str {
    match scenario {
        "critical_path" => "only the steps of the critical path vary",
        "black_swan" => "in each run one step of the critical path takes the longest it can",
        "time_plus" => "all steps take a fifth longer",
        "time_minus" => "all steps take a fifth less",
        "resource_minus" => "one worker: no two steps at once",
        "assumption_violated" => "in each run the longest step of the critical path is done twice",
        "cascading" => "all steps are late or early together",
        _ => "as drawn, as many workers as steps can use",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(scenario: &str, seed: u64) -> Value {
        let step = |content: &str, depends_on: &[usize]| Step {
            content: content.into(),
            depends_on: depends_on.to_vec(),
            ..Step::default()
        };
        let steps = [step("a", &[]), step("b", &[]), step("c", &[1, 2])];
        let durations = [Duration::Pert(10.0, 20.0, 60.0), Duration::Fixed(1.0), Duration::Triangular(5.0, 10.0, 15.0)];
        Model { steps: &steps, durations: &durations, limit: Some(30.0) }.run(&[scenario.to_owned()], 4_000, seed)
    }

    fn mean_of(scenario: &str) -> f64 {
        told(scenario, 42)["scenarios"][scenario]["mean"].as_f64().unwrap()
    }

    #[test]
    fn the_mean_of_a_chain_is_the_sum_of_means() {
        let whole = told("nominal", 42);
        assert!((mean_of("nominal") - 35.0).abs() < 0.5, "{whole}");
        assert_eq!(whole["critical_path_minutes"], 30.0);
        assert_eq!(whole["steps"][0]["on_critical_path"], 1.0);
        assert_eq!(whole["steps"][1]["on_critical_path"], 0.0);
        let in_time = whole["overall"]["in_time"].as_f64().unwrap();
        assert!((0.2..0.45).contains(&in_time), "{in_time}");
    }

    #[test]
    fn scenarios_stand_in_their_order() {
        let [best, likely, worst] = ["best_case", "most_likely", "worst_case"].map(mean_of);
        assert!(best < likely && likely < worst);
        assert!((mean_of("time_plus") / mean_of("nominal") - 1.2).abs() < 1e-3);
        assert!((mean_of("resource_minus") - mean_of("nominal") - 1.0).abs() < 1e-2);
        for worse in ["black_swan", "assumption_violated"] {
            assert!(mean_of(worse) > mean_of("nominal"), "{worse}");
        }
        let deviation = |name: &str| told(name, 42)["scenarios"][name]["deviation"].as_f64().unwrap();
        assert!(deviation("cascading") > deviation("nominal"));
    }

    #[test]
    fn a_seed_repeats_a_run() {
        assert_eq!(told("nominal", 1), told("nominal", 1));
        assert_ne!(told("nominal", 1), told("nominal", 2));
    }
}
