//! The figures of the layers that all readings are made of; nothing here is estimated or made up.

use serde::{Deserialize, Serialize};

/// Counts and means over recorded rows. Means are over the newest rows of a collection, at most a thousand.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Rows: events, memories, procedures, executions, entities, relations, tasks, goals, items held.
    pub events: u64,
    /// Memories.
    pub memories: u64,
    /// Procedures.
    pub procedures: u64,
    /// Executions of procedures.
    pub executions: u64,
    /// Entities.
    pub entities: u64,
    /// Relations.
    pub relations: u64,
    /// Tasks.
    pub tasks: u64,
    /// Goals.
    pub goals: u64,
    /// Items in working memory that are held now.
    pub held: u64,
    /// Events that consolidation has dealt with.
    pub consolidated: u64,
    /// Memories in flux: labile or being reconsolidated.
    pub labile: u64,
    /// Confidence of events.
    pub event_confidence: Sample,
    /// Confidence of memories.
    pub memory_confidence: Sample,
    /// Usefulness of memories.
    pub usefulness: Sample,
    /// Confidence of relations.
    pub relation_confidence: Sample,
    /// Confidence of procedures.
    pub procedure_confidence: Sample,
    /// Executions that succeeded and that failed.
    pub outcomes: (u64, u64),
    /// Tasks not over yet, of these blocked, and overdue.
    pub open: (u64, u64, u64),
    /// Goals and tasks that were completed.
    pub completed: (u64, u64),
}

/// A mean of a sample and how much of it is low.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Values seen.
    pub count: usize,
    /// Their mean.
    pub mean: Option<f64>,
    /// Share below 0.5.
    pub low: f64,
}

impl Sample {
    /// Of values; what is no number is left out.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let values: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        if values.is_empty() {
            return Self::default();
        }
        let count = values.len() as f64;
        Self {
            count: values.len(),
            mean: Some(values.iter().sum::<f64>() / count),
            low: values.iter().filter(|v| **v < 0.5).count() as f64 / count,
        }
    }
}

/// A share of a whole; none of nothing.
#[must_use]
pub fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Three decimals.
#[must_use]
pub fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

impl Figures {
    /// 1 - memories / events: how much experience was condensed. None without events or without memories.
    #[must_use]
    pub fn compression(&self) -> Option<f64> {
        share(self.memories, self.events).filter(|_| self.memories > 0).map(|share| (1.0 - share).max(0.0))
    }

    /// Share of memories that are not in flux.
    #[must_use]
    pub fn consistency(&self) -> Option<f64> {
        share(self.labile, self.memories).map(|share| 1.0 - share)
    }

    /// Relations for each entity. Edges over all possible pairs would call every large graph thin.
    #[must_use]
    pub fn density(&self) -> Option<f64> {
        share(self.relations, self.entities)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_leaves_out_what_is_no_number() {
        assert_eq!(Sample::of(&[0.4, f64::NAN, 0.8]), Sample { count: 2, mean: Some(0.6000000000000001), low: 0.5 });
        assert_eq!(Sample::of(&[]), Sample::default());
    }

    #[test]
    fn compression_is_what_events_lost() {
        let figures = Figures { events: 100, memories: 20, labile: 5, ..Figures::default() };
        assert_eq!(figures.compression().map(round), Some(0.8));
        assert_eq!(figures.consistency(), Some(0.75));
        assert_eq!(Figures::default().compression(), None);
    }
}
