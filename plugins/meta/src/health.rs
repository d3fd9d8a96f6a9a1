//! Health of each layer and of all, 0 to 100: the mean of the shares that could be read (requirements 1.9, 1.14).

use crate::figures::{Figures, share};

/// The layers that have a health.
pub const LAYERS: [&str; 5] = ["episodic", "semantic", "procedural", "prospective", "graph"];

/// One layer's health.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// One of [`LAYERS`].
    pub layer: &'static str,
    /// Rows it has.
    pub rows: u64,
    /// 0 to 100; none while there is nothing to judge.
    pub score: Option<f64>,
    /// healthy, warning, or empty.
    pub status: &'static str,
    /// The shares the score is the mean of.
    pub factors: Vec<(&'static str, f64)>,
    /// What is wrong.
    pub anomalies: Vec<String>,
}

/// The health of every layer.
#[must_use]
pub fn layers(f: &Figures) -> Vec<Health> {
    let ended = f.outcomes.0 + f.outcomes.1;
    let (open, blocked, overdue) = f.open;
    let low = |what: &str, share: f64| {
        (share > 0.3).then(|| format!("{:.0} % of {what} have a confidence below 0.5, more than 30 %", share * 100.0))
    };
    let over = |what: &str, part: Option<f64>, most: f64| {
        part.filter(|part| *part > most)
            .map(|part| format!("{:.0} % of {what}, more than {:.0} %", part * 100.0, most * 100.0))
    };
    let thin = f.density().filter(|d| *d < 0.1).map(|d| format!("{d:.2} relations for each entity, fewer than 0.1"));
    vec![
        health(
            "episodic",
            f.events,
            [("confidence", f.event_confidence.mean), ("consolidated", share(f.consolidated, f.events))],
            [low("events", f.event_confidence.low), None],
        ),
        health(
            "semantic",
            f.memories,
            [
                ("confidence", f.memory_confidence.mean),
                ("usefulness", f.usefulness.mean),
                ("consistency", f.consistency()),
            ],
            [low("memories", f.memory_confidence.low), None],
        ),
        health(
            "procedural",
            f.procedures,
            [("confidence", f.procedure_confidence.mean), ("success", share(f.outcomes.0, ended))],
            [low("procedures", f.procedure_confidence.low), over("executions failed", share(f.outcomes.1, ended), 0.3)],
        ),
        health(
            "prospective",
            f.tasks,
            [
                ("unblocked", share(open.saturating_sub(blocked), open)),
                ("in_time", share(open.saturating_sub(overdue), open)),
            ],
            [over("open tasks are blocked", share(blocked, open), 0.2), None],
        ),
        health(
            "graph",
            f.entities,
            [("confidence", f.relation_confidence.mean), ("connected", f.density().map(|d| d.min(1.0)))],
            [low("relations", f.relation_confidence.low), thin],
        ),
    ]
}

fn health<const N: usize>(
    layer: &'static str,
    rows: u64,
    factors: [(&'static str, Option<f64>); N],
    anomalies: [Option<String>; 2],
) -> Health {
    let factors: Vec<(&'static str, f64)> =
        factors.into_iter().filter_map(|(name, value)| Some((name, value?.clamp(0.0, 1.0)))).collect();
    let anomalies: Vec<String> = anomalies.into_iter().flatten().collect();
    let sum: f64 = factors.iter().map(|(_, value)| value).sum();
    let score = (rows > 0 && !factors.is_empty()).then(|| (1000.0 * sum / factors.len() as f64).round() / 10.0);
    let status = match (rows, anomalies.is_empty()) {
        (0, _) => "empty",
        (_, true) => "healthy",
        (_, false) => "warning",
    };
    Health { layer, rows, score, status, factors, anomalies }
}

/// The mean of the layers that have a score.
#[must_use]
pub fn overall(layers: &[Health]) -> Option<f64> {
    let scores: Vec<f64> = layers.iter().filter_map(|layer| layer.score).collect();
    (!scores.is_empty()).then(|| (10.0 * scores.iter().sum::<f64>() / scores.len() as f64).round() / 10.0)
}

/// warning when more than two layers warn (1.14), empty when none has rows.
#[must_use]
pub fn status(layers: &[Health]) -> &'static str {
    let warn = layers.iter().filter(|layer| layer.status == "warning").count();
    if layers.iter().all(|layer| layer.status == "empty") {
        "empty"
    } else if warn > 2 {
        "warning"
    } else {
        "healthy"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Sample;

    #[test]
    fn an_empty_memory_has_no_score() {
        let layers = layers(&Figures::default());
        assert_eq!((overall(&layers), status(&layers)), (None, "empty"));
    }

    #[test]
    fn more_than_two_warnings_warn_of_all() {
        let mut f = Figures { tasks: 10, open: (10, 3, 0), entities: 100, relations: 9, ..Figures::default() };
        assert_eq!(status(&layers(&f)), "healthy");
        f.procedures = 1;
        f.outcomes = (6, 4);
        let all = layers(&f);
        assert_eq!(status(&all), "warning");
        assert_eq!(
            all.iter().map(|l| l.status).collect::<Vec<_>>(),
            ["empty", "empty", "warning", "warning", "warning"]
        );
        assert_eq!(all[3].score, Some(85.0));
    }

    #[test]
    fn thirty_percent_low_is_not_yet_too_much() {
        let low = |low| Figures {
            events: 10,
            event_confidence: Sample { count: 10, mean: Some(0.6), low },
            ..Figures::default()
        };
        assert!(layers(&low(0.3))[0].anomalies.is_empty());
        assert_eq!(layers(&low(0.31))[0].anomalies.len(), 1);
        assert_eq!(layers(&low(0.3))[0].score, Some(30.0));
    }
}
