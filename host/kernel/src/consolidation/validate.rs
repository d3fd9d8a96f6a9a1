//! The validator: pure rules between a strategy's patch and the store. A patch with any fault changes nothing.

use memstrata_runtime::{Change, Patch, RowName, Step};
use memstrata_store::Collection;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// What is known of a stored row at the job's instant. A row outside the caller's scope is not known.
#[derive(Debug, Clone)]
pub struct RowFacts {
    /// Its collection, `layer.name`.
    pub collection: String,
    /// The version the strategy saw.
    pub version: u64,
    /// It is no longer valid.
    pub ended: bool,
    /// How far to believe it, 0 to 1.
    pub trust: f64,
    /// The rows it cites.
    pub sources: Vec<u64>,
    /// Its namespace.
    pub namespace: String,
}

/// What is known of a collection.
#[derive(Debug, Clone)]
pub struct CollectionFacts {
    /// Its declaration.
    pub collection: Arc<Collection>,
    /// The strategy may propose changes of it.
    pub writable: bool,
    /// Rows that may still end in this run.
    pub quota: u64,
}

impl CollectionFacts {
    /// The field that says how far to believe a row.
    pub(crate) fn trust_field(&self) -> Option<&str> {
        self.collection.spec().recall.as_ref()?.trust.as_deref()
    }
}

/// Everything the rules need to know of the store.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The rows a patch names, by id.
    pub rows: HashMap<u64, RowFacts>,
    /// Their collections, and those it creates rows in.
    pub collections: BTreeMap<String, CollectionFacts>,
}

/// What is wrong with one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PatchFault {
    /// The step, from 0.
    pub step: usize,
    /// `patch.<what>`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
}

/// Kinds and severities of conflicts.
const KINDS: [&str; 4] = ["simple", "contradictory", "temporal", "manual"];
const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];
/// Trust is compared up to rounding.
const TRUST_SLACK: f64 = 1e-9;

impl Facts {
    /// The least trust among some rows; full trust in none.
    pub(crate) fn weakest(&self, evidence: &[u64]) -> f64 {
        evidence.iter().filter_map(|id| self.rows.get(id)).map(|row| row.trust).fold(1.0, f64::min)
    }

    /// Every fault of a patch, in the order of its steps.
    #[must_use]
    pub fn faults(&self, patch: &Patch) -> Vec<PatchFault> {
        let mut check =
            Check { facts: self, patch, step: 0, faults: Vec::new(), ending: HashSet::new(), spent: BTreeMap::new() };
        for (nth, step) in patch.steps.iter().enumerate() {
            check.step = nth;
            check.step(step);
        }
        check.successors();
        check.faults
    }
}

struct Check<'a> {
    facts: &'a Facts,
    patch: &'a Patch,
    step: usize,
    faults: Vec<PatchFault>,
    /// Rows that end by this patch.
    ending: HashSet<u64>,
    /// How many of each collection.
    spent: BTreeMap<&'a str, u64>,
}

impl<'a> Check<'a> {
    fn say(&mut self, code: &'static str, message: String) {
        self.faults.push(PatchFault { step: self.step, code, message });
    }

    fn step(&mut self, step: &'a Step) {
        self.evidence(step);
        match &step.change {
            Change::Create { collection, row } => self.create(collection, row, &step.evidence),
            Change::Update { row, fields } => self.update(*row, fields, &step.evidence),
            Change::Supersede { row, by } => {
                self.ends(*row);
                self.successor(*by);
            }
            Change::Merge { rows, into } => {
                if rows.is_empty() {
                    self.say("patch.empty", "it merges no rows".into());
                }
                rows.iter().for_each(|row| self.ends(*row));
                self.successor(*into);
            }
            Change::Link { row, to } => {
                if let RowName::Row(id) = row {
                    self.changes(*id);
                }
                self.all_known(to);
                if to.iter().any(|id| *row == RowName::Row(*id)) {
                    self.say("patch.cycle", format!("{row} cannot cite itself"));
                }
            }
            Change::Mark { rows, fields } => self.mark(rows, fields),
            Change::Retire { rows } => {
                if rows.is_empty() {
                    self.say("patch.empty", "it retires no rows".into());
                }
                rows.iter().for_each(|row| self.ends(*row));
            }
            Change::FlagConflict { rows, kind, severity } => {
                if rows.iter().collect::<HashSet<_>>().len() < 2 {
                    self.say("patch.empty", "a conflict needs two rows".into());
                }
                if *rows != step.evidence {
                    self.all_known(rows);
                }
                for (what, value, known) in [("kind", kind, KINDS), ("severity", severity, SEVERITIES)] {
                    if !known.contains(&value.as_str()) {
                        self.say("patch.argument", format!("{what} `{value}` is none of: {}", known.join(", ")));
                    }
                }
            }
        }
    }

    /// Evidence exists, can be seen, and is there at all.
    fn evidence(&mut self, step: &Step) {
        let needs = !matches!(step.change, Change::Mark { .. });
        if needs && step.evidence.is_empty() {
            self.say("patch.evidence", "it names no evidence".into());
        }
        self.all_known(&step.evidence);
    }

    fn all_known(&mut self, ids: &[u64]) {
        let unknown: Vec<String> =
            ids.iter().filter(|id| !self.facts.rows.contains_key(id)).take(5).map(|id| format!("m:{id}")).collect();
        if !unknown.is_empty() {
            self.say("patch.unknown", format!("there is no row {} this strategy can see", unknown.join(", ")));
        }
    }

    fn collection(&mut self, name: &str) -> Option<&'a CollectionFacts> {
        match self.facts.collections.get(name) {
            Some(facts) if facts.writable => Some(facts),
            Some(_) => {
                self.say("patch.denied", format!("it was not granted to propose changes of `{name}`"));
                None
            }
            None => {
                self.say("patch.unknown", format!("there is no collection `{name}`"));
                None
            }
        }
    }

    /// The collection of a row that the patch changes.
    fn changes(&mut self, id: u64) -> Option<&'a CollectionFacts> {
        let Some(row) = self.facts.rows.get(&id) else {
            self.say("patch.unknown", format!("there is no row m:{id} this strategy can see"));
            return None;
        };
        let facts = self.collection(&row.collection)?;
        if facts.collection.spec().raw {
            self.say(
                "patch.raw",
                format!("m:{id} is raw evidence of `{}`: it can be marked, not changed", row.collection),
            );
            return None;
        }
        Some(facts)
    }

    fn create(&mut self, name: &str, row: &Map<String, Value>, evidence: &[u64]) {
        let Some(facts) = self.collection(name) else { return };
        if facts.collection.spec().raw {
            self.say("patch.raw", format!("`{name}` holds raw evidence: nothing is derived into it"));
        }
        for field in ["id", "sources"].into_iter().filter(|field| row.contains_key(*field)) {
            self.say("patch.row", format!("`{field}` is the host's: evidence becomes sources"));
        }
        if let Err(error) = facts.collection.check_row(row) {
            self.say("patch.row", error.message());
        }
        self.trust(facts, row, evidence);
    }

    fn update(&mut self, id: u64, fields: &Map<String, Value>, evidence: &[u64]) {
        let Some(facts) = self.changes(id) else { return };
        if fields.is_empty() {
            self.say("patch.empty", format!("it changes nothing of m:{id}"));
        }
        let known = |field: &&str| fields.contains_key(*field);
        for field in ["sources", "valid_from", "valid_to", "namespace"].iter().filter(|field| known(field)) {
            self.say("patch.row", format!("`{field}` is changed by link, supersede, merge and retire, not by update"));
        }
        if let Err(error) = facts.collection.check_fields(fields) {
            self.say("patch.row", error.message());
        }
        self.trust(facts, fields, evidence);
    }

    /// A derived row is believed no more than its weakest source.
    fn trust(&mut self, facts: &CollectionFacts, row: &Map<String, Value>, evidence: &[u64]) {
        let claimed = facts.trust_field().and_then(|field| row.get(field)).and_then(Value::as_f64);
        let weakest = self.facts.weakest(evidence);
        if let Some(claimed) = claimed.filter(|claimed| *claimed > weakest + TRUST_SLACK) {
            self.say("patch.trust", format!("it claims trust {claimed}, its weakest source has {weakest}"));
        }
    }

    fn mark(&mut self, rows: &[u64], fields: &Map<String, Value>) {
        if rows.is_empty() || fields.is_empty() {
            self.say("patch.empty", "it marks nothing".into());
        }
        self.all_known(rows);
        let facts = self.facts;
        let names: HashSet<&str> =
            rows.iter().filter_map(|id| facts.rows.get(id)).map(|row| row.collection.as_str()).collect();
        for name in names {
            let Some(facts) = self.collection(name) else { continue };
            let spec = facts.collection.spec();
            for field in fields.keys().filter(|field| !spec.marks.contains(field)) {
                self.say("patch.mark", format!("`{name}` does not let strategies mark `{field}`"));
            }
            if let Err(error) = facts.collection.check_fields(fields) {
                self.say("patch.row", error.message());
            }
        }
    }

    /// A row ends: once, not if it is raw, and within the quota of its collection.
    fn ends(&mut self, id: u64) {
        let Some(facts) = self.changes(id) else { return };
        let name = facts.collection.name();
        if self.facts.rows.get(&id).is_some_and(|row| row.ended) || !self.ending.insert(id) {
            self.say("patch.ended", format!("m:{id} has ended already"));
            return;
        }
        let spent = self.spent.entry(name).or_default();
        *spent += 1;
        // Said once, at the row that is too many.
        if *spent == facts.quota + 1 {
            self.say("patch.quota", format!("only {} more rows of `{name}` may end in this run", facts.quota));
        }
    }

    /// The row that stays is valid itself, and can be changed.
    fn successor(&mut self, name: RowName) {
        let RowName::Row(id) = name else { return };
        if self.changes(id).is_some() && self.facts.rows.get(&id).is_some_and(|row| row.ended) {
            self.say("patch.ended", format!("m:{id} has ended: it cannot stand for others"));
        }
    }

    /// What ends by this patch cannot stand for others in it: so no chain of successors closes.
    fn successors(&mut self) {
        for (nth, step) in self.patch.steps.iter().enumerate() {
            let (Change::Supersede { by: RowName::Row(id), .. } | Change::Merge { into: RowName::Row(id), .. }) =
                &step.change
            else {
                continue;
            };
            if self.ending.contains(id) {
                self.step = nth;
                self.say("patch.cycle", format!("m:{id} ends by this patch too: it cannot stand for others"));
            }
        }
    }
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
