//! One session's working memory: what is held in it now, and the removal of what has faded.

use super::{INHIBITIONS, ITEMS};
use crate::item::COMPONENTS;
use crate::row;
use crate::settings::Settings;
use crate::{capacity, item, load};
use memstrata_sdk::args::Id;
use memstrata_sdk::{Fault, Query, Value, clock, json, settings, write};

/// Rows of one session that are looked at; far above what limits allow.
const MOST: usize = 1_000;

/// A session at the call's instant.
pub(super) struct Session {
    pub(super) id: String,
    pub(super) now: u64,
    pub(super) settings: Settings,
}

impl Session {
    /// The session of a call.
    pub(super) fn open(id: &str) -> Result<Self, Fault> {
        Ok(Self { id: id.to_owned(), now: clock::now(), settings: settings::get()? })
    }

    /// The query for what is held, in one component or in all.
    pub(super) fn held_query(&self, component: Option<&str>) -> Result<Query, Fault> {
        Query::of(ITEMS)
            .filter(json!(["session_id", "=", self.id]))?
            .filter(json!(["status", "=", "held"]))?
            .filter(json!(["gone_at", ">", self.now]))?
            .filter_if("held_in", "=", component.filter(|component| *component != "all"))
    }

    /// What is held, weakest first.
    pub(super) fn held(&self, component: Option<&str>) -> Result<Vec<Value>, Fault> {
        let mut items = self.held_query(component)?.all(MOST)?;
        item::weakest_first(&mut items, self.now);
        Ok(items)
    }

    /// Makes the commit depend on what is held in a component: of two calls at once that fill the last place, one runs again.
    pub(super) fn expect(&self, component: &str, held: usize) -> Result<(), Fault> {
        write::expect(&self.held_query(Some(component))?, held as u64)
    }

    /// Removes what has faded in this session; answers how many items.
    pub(super) fn purge(&self) -> Result<usize, Fault> {
        let faded = Query::of(ITEMS)
            .filter(json!(["session_id", "=", self.id]))?
            .filter(json!(["status", "=", "held"]))?
            .filter(json!(["gone_at", "<=", self.now]))?
            .limit(200)
            .ids()?;
        for id in &faded {
            write::delete(ITEMS, *id, None)?;
        }
        let gone = Query::of(INHIBITIONS)
            .filter(json!(["session_id", "=", self.id]))?
            .filter(json!(["gone_at", "<=", self.now]))?
            .limit(200)
            .ids()?;
        for id in gone {
            write::delete(INHIBITIONS, id, None)?;
        }
        Ok(faded.len())
    }

    /// A held item by id, or the newest one, the one touched last.
    pub(super) fn one(&self, id: Option<Id>) -> Result<Value, Fault> {
        let held = self.held(None)?;
        match id {
            Some(Id(id)) => held.into_iter().find(|item| row::id(item) == id).ok_or_else(|| self.missing(id)),
            None => held
                .into_iter()
                .max_by_key(|item| (row::int(item, "touched_at"), row::id(item)))
                .ok_or_else(|| self.empty()),
        }
    }

    /// A held item by id, or the weakest one.
    pub(super) fn one_or_weakest(&self, id: Option<Id>) -> Result<Value, Fault> {
        match id {
            Some(_) => self.one(id),
            None => self.held(None)?.into_iter().next().ok_or_else(|| self.empty()),
        }
    }

    fn empty(&self) -> Fault {
        Fault::not_found(format!("session `{}` holds nothing now: add something first", self.id))
    }

    /// Why an item is not held.
    fn missing(&self, id: u64) -> Fault {
        let row = memstrata_sdk::get(ITEMS, id).ok().flatten();
        let session = &self.id;
        Fault::not_found(match row {
            Some(row) if row::text(&row, "session_id") != session => format!(
                "item m:{id} is of session `{}`, not of `{session}`: give that as `session_id`",
                row::text(&row, "session_id")
            ),
            Some(row) if row::text(&row, "status") == "consolidated" => {
                format!("item m:{id} was consolidated to {}: see list_consolidated", row::text(&row, "target"))
            }
            Some(_) => format!("item m:{id} has faded: add it again if it matters"),
            None => format!("session `{session}` has no item m:{id}: take an id from get_working_memory"),
        })
    }

    /// The use of each component.
    pub(super) fn components(&self, held: &[Value]) -> Vec<Use> {
        COMPONENTS
            .into_iter()
            .map(|component| Use {
                component,
                held: held.iter().filter(|item| row::text(item, "held_in") == component).count(),
                limits: capacity::limits(&self.settings, component),
            })
            .collect()
    }
}

/// How full a component is.
pub(super) struct Use {
    component: &'static str,
    held: usize,
    limits: capacity::Limits,
}

impl Use {
    /// Items held by what it can hold.
    #[expect(clippy::cast_precision_loss, reason = "a few items")]
    pub(super) fn share(&self) -> f64 {
        self.held as f64 / self.limits.hard as f64
    }

    pub(super) fn show(&self) -> Value {
        json!({
            "component": self.component, "held": self.held, "soft_limit": self.limits.soft, "hard_limit": self.limits.hard,
            "utilisation": row::round(self.share()), "zone": load::zone(self.held),
        })
    }
}
