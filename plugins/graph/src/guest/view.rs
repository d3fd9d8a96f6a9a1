//! What a reader sees of the graph: a namespace, a valid time, a known time, some types; and the relations in it.

use super::{ENTITIES, RELATIONS, now, settings};
use crate::args::Time;
use crate::community::{Member, Tie};
use crate::kind::{self, Direction};
use crate::network::Network;
use crate::paths::{Roads, Step, cost};
use memstrata_sdk::bindings::memstrata::plugin::store_read as wit;
use memstrata_sdk::{Fault, Query, Value, json};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Rows a page, and ids in one condition.
const PAGE: u32 = 1_000;
const MOST_IDS: usize = 5_000;
/// Entities whose relations are asked for at once: few enough that mostly one page has them, since each page sorts all anew.
const FRONT: usize = 200;

/// The arguments that reading operations share.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct View {
    pub(super) namespace: Option<String>,
    /// Relations and observations valid then; now if absent.
    pub(super) as_of: Option<Time>,
    /// Rows as the store knew them then.
    pub(super) known_at: Option<Time>,
    pub(super) relation_types: Vec<String>,
    pub(super) relation_type: Option<String>,
    /// Computed now, even where figures are kept.
    pub(super) fresh: bool,
}

/// A relation, as far as the shape of the graph goes.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Relation {
    pub(super) id: u64,
    pub(super) from_id: u64,
    pub(super) to_id: u64,
    pub(super) relation_type: String,
    #[serde(default)]
    pub(super) strength: Option<f64>,
    #[serde(default)]
    pub(super) confidence: Option<f64>,
}

impl Relation {
    /// Strength x confidence.
    pub(super) fn weight(&self) -> f64 {
        self.strength.unwrap_or(1.0) * self.confidence.unwrap_or(1.0)
    }

    pub(super) fn cost(&self) -> f64 {
        cost(self.strength.unwrap_or(1.0), self.confidence.unwrap_or(1.0))
    }

    /// The other end.
    pub(super) fn other(&self, end: u64) -> u64 {
        if self.from_id == end { self.to_id } else { self.from_id }
    }

    /// Short, for answers.
    pub(super) fn shown(&self) -> Value {
        json!({"id": self.id, "from_id": self.from_id, "to_id": self.to_id, "relation_type": self.relation_type,
               "strength": self.strength.unwrap_or(1.0), "confidence": self.confidence.unwrap_or(1.0)})
    }
}

/// A name and a type.
#[derive(Debug, Clone, Default)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) entity_type: String,
}

impl View {
    /// The valid time meant: given, or the known time, or now.
    pub(super) fn valid_at(&self) -> u64 {
        self.as_of.or(self.known_at).map_or_else(now, |time| time.0)
    }

    pub(super) fn known_at(&self) -> Option<u64> {
        self.known_at.map(|time| time.0)
    }

    /// Whether it is the whole graph as it is now, of which figures are kept.
    pub(super) fn is_plain(&self) -> bool {
        let timeless = self.as_of.is_none() && self.known_at.is_none();
        timeless && self.namespace().is_none() && self.relation_types.is_empty() && self.relation_type.is_none()
    }

    pub(super) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref().filter(|namespace| !namespace.is_empty())
    }

    /// The relation types wanted, as stored; none: all.
    pub(super) fn types(&self) -> Result<Vec<String>, Fault> {
        self.relation_types.iter().chain(&self.relation_type).map(|given| kind::relation_type(given)).collect()
    }

    /// A query of a collection of this layer in this view, valid time left out.
    pub(super) fn rows(&self, collection: &str) -> Result<Query, Fault> {
        Ok(Query::of(collection).namespace(self.namespace())?.known_at(self.known_at()))
    }

    /// Relations that meet one more condition, read without building JSON values of them.
    fn relations(&self, condition: Option<Value>, most: usize, into: &mut Vec<Relation>) -> Result<bool, Fault> {
        let query = wit::Query::new(RELATIONS);
        if let Some(condition) = condition {
            query.filter(&condition.to_string())?;
        }
        let types = self.types()?;
        if !types.is_empty() {
            query.filter(&json!(["relation_type", "in", types]).to_string())?;
        }
        if let Some(namespace) = self.namespace() {
            query.namespace(namespace)?;
        }
        query.valid_at(self.valid_at());
        if let Some(time) = self.known_at() {
            query.known_at(time);
        }
        let fields = ["from_id", "to_id", "relation_type", "strength", "confidence"];
        query.select(&fields.map(str::to_owned))?;
        query.limit(PAGE);
        loop {
            let page = query.rows()?;
            for row in &page.rows {
                into.push(serde_json::from_str(row).map_err(|error| Fault::new("internal", error.to_string()))?);
            }
            match page.next {
                Some(_) if into.len() >= most => return Ok(true),
                Some(next) => query.after(&next)?,
                None => return Ok(false),
            }
        }
    }

    /// The relations at these entities, in the order of their ids, and whether there are more than `most`.
    pub(super) fn touching(
        &self,
        entities: &[u64],
        direction: Direction,
        most: usize,
    ) -> Result<(Vec<Relation>, bool), Fault> {
        let mut found = Vec::new();
        let mut cut = false;
        for some in entities.chunks(FRONT) {
            cut |= found.len() >= most;
            for (field, wanted) in [("from_id", direction != Direction::In), ("to_id", direction != Direction::Out)] {
                if wanted && !cut {
                    cut = self.relations(Some(json!([field, "in", some])), most, &mut found)?;
                }
            }
        }
        found.sort_by_key(|relation| relation.id);
        found.dedup_by_key(|relation| relation.id);
        Ok((found, cut))
    }

    /// Names and types of entities.
    pub(super) fn names(&self, ids: &[u64]) -> Result<BTreeMap<u64, Named>, Fault> {
        let mut names = BTreeMap::new();
        for some in ids.chunks(MOST_IDS) {
            let query = Query::of(ENTITIES).known_at(self.known_at()).filter(json!(["id", "in", some]))?;
            for row in query.select(&["name", "entity_type"])?.limit(PAGE).all(MOST_IDS)? {
                names.insert(crate::refer::id(&row), named(&row));
            }
        }
        Ok(names)
    }

    /// The whole graph.
    pub(super) fn whole(&self) -> Result<Whole, Fault> {
        let most = settings()?.graph_relations;
        let mut entities = BTreeMap::new();
        for row in self.rows(ENTITIES)?.select(&["name", "entity_type"])?.limit(PAGE).all(most)? {
            entities.insert(crate::refer::id(&row), named(&row));
        }
        let mut relations = Vec::new();
        let cut = self.relations(None, most, &mut relations)?;
        // Ends outside the view, deleted ones for instance, are no part of it.
        relations.retain(|relation| entities.contains_key(&relation.from_id) && entities.contains_key(&relation.to_id));
        let ids: Vec<u64> = entities.keys().copied().collect();
        let place = ids.iter().zip(0..).map(|(id, place)| (*id, place)).collect();
        let mut notes = Vec::new();
        if cut {
            notes.push(format!(
                "only the first {most} relations were read: narrow it by `namespace` or `relation_types`, or raise the setting graph_relations"
            ));
        }
        Ok(Whole { ids, place, named: entities.into_values().collect(), relations, notes })
    }
}

fn named(row: &Value) -> Named {
    Named {
        name: crate::refer::text(row, "name").to_owned(),
        entity_type: crate::refer::text(row, "entity_type").to_owned(),
    }
}

/// Entities and relations, the entities also as numbers 0..n.
pub(super) struct Whole {
    pub(super) ids: Vec<u64>,
    pub(super) place: BTreeMap<u64, usize>,
    pub(super) named: Vec<Named>,
    pub(super) relations: Vec<Relation>,
    pub(super) notes: Vec<String>,
}

impl Whole {
    fn ends(&self, relation: &Relation) -> Option<(usize, usize)> {
        Some((*self.place.get(&relation.from_id)?, *self.place.get(&relation.to_id)?))
    }

    pub(super) fn network(&self) -> Network {
        let edges = self.relations.iter().filter_map(|relation| {
            let (a, b) = self.ends(relation)?;
            Some((a, b, relation.weight()))
        });
        Network::new(self.ids.len(), edges)
    }

    pub(super) fn ties(&self) -> Vec<Tie> {
        let tie = |relation: &Relation| {
            let relation_type = relation.relation_type.clone();
            Some(Tie { ends: self.ends(relation)?, relation_type, weight: relation.weight() })
        };
        self.relations.iter().filter_map(tie).collect()
    }

    pub(super) fn directed(&self) -> Vec<(usize, usize)> {
        self.relations.iter().filter_map(|relation| self.ends(relation)).collect()
    }

    pub(super) fn members(&self) -> Vec<Member> {
        let member = |named: &Named| Member {
            name: named.name.clone(),
            entity_type: named.entity_type.clone(),
            observations: Vec::new(),
        };
        self.named.iter().map(member).collect()
    }

    /// An entity by its number, for answers.
    pub(super) fn shown(&self, place: usize) -> Value {
        let id = self.ids.get(place).copied().unwrap_or_default();
        shown(id, self.named.get(place))
    }
}

/// An entity, short, for answers.
pub(super) fn shown(id: u64, named: Option<&Named>) -> Value {
    json!({"id": id, "name": named.map(|named| named.name.as_str()).unwrap_or_default(),
           "entity_type": named.map(|named| named.entity_type.as_str()).unwrap_or_default()})
}

/// The roads of a view, remembering which relations were walked.
pub(super) struct StoreRoads<'a> {
    pub(super) view: &'a View,
    pub(super) direction: Direction,
    pub(super) most: usize,
    pub(super) relations: BTreeMap<u64, Relation>,
    /// Whether some request had more relations than were read.
    pub(super) cut: bool,
}

impl<'a> StoreRoads<'a> {
    pub(super) fn new(view: &'a View, direction: Direction, most: usize) -> Self {
        Self { view, direction, most, relations: BTreeMap::new(), cut: false }
    }
}

impl Roads for StoreRoads<'_> {
    fn steps(&mut self, frontier: &[u64], backward: bool) -> Result<Vec<Step>, Fault> {
        let way = match (self.direction, backward) {
            (Direction::Both, _) => Direction::Both,
            (Direction::Out, false) | (Direction::In, true) => Direction::Out,
            _ => Direction::In,
        };
        let (found, cut) = self.view.touching(frontier, way, self.most)?;
        self.cut |= cut;
        let near: BTreeSet<u64> = frontier.iter().copied().collect();
        let mut steps = Vec::new();
        for relation in found {
            let ends = [
                (relation.from_id, relation.to_id, way != Direction::In),
                (relation.to_id, relation.from_id, way != Direction::Out),
            ];
            for (here, there, _) in ends.into_iter().filter(|end| end.2 && near.contains(&end.0)) {
                let (from, to) = if backward { (there, here) } else { (here, there) };
                steps.push(Step { from, to, relation: relation.id, cost: relation.cost() });
            }
            self.relations.insert(relation.id, relation);
        }
        Ok(steps)
    }
}
