//! Reads other layers, and remembers which of them could not be read.

use crate::figures::{Figures, Sample};
use memstrata_sdk::{Fault, Query, Value, clock, json};

/// Rows a mean is taken over, at most: the newest.
const SAMPLE: u32 = 1_000;

/// What could be read so far, and why the rest could not.
#[derive(Default)]
pub(super) struct Reader {
    readable: Vec<&'static str>,
    notes: Vec<String>,
}

impl Reader {
    /// What `read` finds in a collection; nothing, and a note, where its layer is not loaded or not granted.
    pub(super) fn of<T: Default>(
        &mut self,
        collection: &'static str,
        read: impl FnOnce(Query) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        match read(Query::of(collection)) {
            Ok(found) => {
                if !self.readable.contains(&collection) {
                    self.readable.push(collection);
                }
                Ok(found)
            }
            Err(fault) if fault.code == "not-found" || fault.code.starts_with("denied.") => {
                self.note(format!("{collection} could not be read: {}", fault.message));
                Ok(T::default())
            }
            Err(fault) => Err(fault),
        }
    }

    pub(super) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The answer with what was read.
    pub(super) fn answer(self, mut answer: Value) -> Value {
        if let Some(fields) = answer.as_object_mut() {
            fields.insert("readable".into(), json!(self.readable));
            fields.insert("notes".into(), json!(self.notes));
        }
        answer
    }

    fn sample(&mut self, collection: &'static str, field: &str) -> Result<Sample, Fault> {
        let values = self.of(collection, |query| query.descending("id")?.limit(SAMPLE).column(field))?;
        Ok(Sample::of(&values))
    }

    fn count(&mut self, collection: &'static str) -> Result<u64, Fault> {
        self.of(collection, |query| query.count())
    }

    /// Rows for each value of a field.
    pub(super) fn groups(&mut self, collection: &'static str, field: &str) -> Result<Vec<(Value, u64)>, Fault> {
        self.of(collection, |query| query.group_count(field))
    }

    /// All figures. Counts use indexes, means a sample of bounded size.
    pub(super) fn figures(&mut self) -> Result<Figures, Fault> {
        let now = clock::now();
        let statuses = self.groups("prospective.tasks", "status")?;
        let states = self.groups("semantic.memories", "consolidation_state")?;
        let outcomes = self.groups("procedural.executions", "outcome")?;
        let open = ["pending", "active", "blocked"];
        let overdue = self.of("prospective.tasks", |query| {
            query.filter(json!(["status", "in", open]))?.filter(json!(["due_at", "<", now]))?.count()
        })?;
        let goals = self.groups("prospective.goals", "status")?;
        Ok(Figures {
            events: self.count("episodic.events")?,
            memories: self.count("semantic.memories")?,
            procedures: self.count("procedural.procedures")?,
            executions: total(&outcomes, &[]),
            entities: self.count("graph.entities")?,
            relations: self.count("graph.relations")?,
            tasks: total(&statuses, &[]),
            goals: total(&goals, &[]),
            held: self.of("working_memory.items", |query| {
                query.filter(json!(["status", "=", "held"]))?.filter(json!(["gone_at", ">", now]))?.count()
            })?,
            consolidated: self.of("episodic.events", |query| {
                query.filter(json!(["consolidation_status", "=", "consolidated"]))?.count()
            })?,
            labile: total(&states, &["labile", "reconsolidating"]),
            event_confidence: self.sample("episodic.events", "confidence")?,
            memory_confidence: self.sample("semantic.memories", "confidence")?,
            usefulness: self.sample("semantic.memories", "usefulness_score")?,
            relation_confidence: self.sample("graph.relations", "confidence")?,
            procedure_confidence: self.sample("procedural.procedures", "confidence")?,
            outcomes: (total(&outcomes, &["success"]), total(&outcomes, &["failure"])),
            open: (total(&statuses, &open), total(&statuses, &["blocked"]), overdue),
            completed: (total(&goals, &["completed"]), total(&statuses, &["completed"])),
            readable: self.readable.clone(),
            notes: self.notes.clone(),
        })
    }
}

/// Rows of these values; of all values if none is named.
pub(super) fn total(groups: &[(Value, u64)], of: &[&str]) -> u64 {
    groups
        .iter()
        .filter(|(value, _)| of.is_empty() || value.as_str().is_some_and(|v| of.contains(&v)))
        .map(|(_, n)| n)
        .sum()
}
