//! Reads other layers, and remembers which of them could not be read.

use crate::figures::{Figures, Sample};
use crate::kept::{self, Kept, NAME, WHOLE, readable};
use memstrata_sdk::{Fault, Query, Value, clock, json};
use std::collections::HashMap;

/// Rows a mean is taken over, at most: the newest.
const SAMPLE: u32 = 1_000;

/// What could be read so far, and why the rest could not.
#[derive(Default)]
pub(super) struct Reader {
    readable: Vec<&'static str>,
    notes: Vec<String>,
    /// Nothing kept is used.
    fresh: bool,
    /// What was kept and when, once it was looked for.
    kept: Option<Option<(Kept, u64)>>,
    /// Whether topics are those of some memory, as far as it was asked.
    lives: HashMap<String, bool>,
    /// When that was computed of which the answer is made.
    computed_at: Option<u64>,
}

impl Reader {
    /// The reader of a call, which may ask for figures of now.
    pub(super) fn of_call(given: &Value) -> Self {
        Self { fresh: given.get("fresh").and_then(Value::as_bool).unwrap_or_default(), ..Self::default() }
    }

    /// A reader that uses nothing kept.
    pub(super) fn of_now() -> Self {
        Self { fresh: true, ..Self::default() }
    }

    /// What is kept of a large space; nothing in a small one, where all is computed at each call. A caller confined to a
    /// namespace does not see it, and has its own rows counted.
    pub(super) fn kept(&mut self) -> Result<Option<Kept>, Fault> {
        self.look()?;
        let Some((kept, at)) = self.kept.clone().flatten() else { return Ok(None) };
        self.measured_at(at);
        for name in kept.readable.iter().filter_map(|name| readable(name)) {
            if !self.readable.contains(&name) {
                self.readable.push(name);
            }
        }
        for note in &kept.notes {
            self.note(note.clone());
        }
        Ok(Some(kept))
    }

    /// Whether figures are kept, and may be used; nothing is told of them by this.
    pub(super) fn keeps(&mut self) -> Result<bool, Fault> {
        self.look()?;
        Ok(self.kept.as_ref().is_some_and(Option::is_some))
    }

    /// The topics that are kept, less those no memory has any more. Their names alone make no figure an old one.
    pub(super) fn kept_topics(&mut self, most: usize) -> Result<Option<Vec<String>>, Fault> {
        self.look()?;
        let topics = self.kept.as_ref().and_then(Option::as_ref).map(|(kept, _)| kept.topics.clone());
        topics.map(|topics| kept::living(topics, most, String::as_str, |topic| self.lives(topic))).transpose()
    }

    /// Whether some memory has this topic, by the index of topics and times. Where memories cannot be read, that is not known,
    /// and what was measured stands.
    pub(super) fn lives(&mut self, topic: &str) -> Result<bool, Fault> {
        if let Some(lives) = self.lives.get(topic) {
            return Ok(*lives);
        }
        let found = self.of("semantic.memories", |query| {
            let first = query.filter(json!(["topic", "=", topic]))?.ascending("created_at")?.limit(1);
            Ok(Some(!first.ids()?.is_empty()))
        })?;
        let lives = found.unwrap_or(true);
        self.lives.insert(topic.to_owned(), lives);
        Ok(lives)
    }

    /// Whether all is to be of now.
    pub(super) fn is_fresh(&self) -> bool {
        self.fresh
    }

    fn look(&mut self) -> Result<(), Fault> {
        if self.fresh {
            return Ok(());
        }
        if self.kept.is_none() {
            let query = Query::of("kept").filter(json!(["namespace", "=", WHOLE]))?;
            let row = query.filter(json!(["name", "=", NAME]))?.first()?;
            let read = |row: Value| {
                let kept = serde_json::from_value(row.get("figures")?.clone()).ok()?;
                Some((kept, row.get("computed_at")?.as_u64()?))
            };
            self.kept = Some(row.and_then(read));
        }
        Ok(())
    }

    /// What is told was measured then, not now.
    pub(super) fn measured_at(&mut self, at: u64) {
        self.computed_at = kept::computed_at([self.computed_at, Some(at)]);
    }

    /// What was read and what could not be, so far.
    pub(super) fn so_far(&self) -> (Vec<String>, Vec<String>) {
        (self.readable.iter().map(|name| (*name).to_owned()).collect(), self.notes.clone())
    }

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
            fields.insert("computed_at".into(), json!(self.computed_at));
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

    /// All figures, as kept or computed now. Counts use indexes, means a sample of bounded size.
    pub(super) fn figures(&mut self) -> Result<Figures, Fault> {
        if let Some(kept) = self.kept()? {
            return Ok(kept.figures);
        }
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
