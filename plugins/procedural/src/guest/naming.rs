//! Which procedure a caller means: by id or by name.

use super::PROCEDURES;
use crate::args::Id;
use crate::words::{clip, one_line};
use crate::{row, when};
use memstrata_sdk::{Fault, Query, Search, Value, get, json};
use serde::Deserialize;

/// An id, or a name.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Key {
    Id(Id),
    Name(String),
}

fn not_found(message: String) -> Fault {
    Fault::new("not-found.procedure", message)
}

impl Key {
    /// The live procedure.
    pub(super) fn live(&self) -> Result<Value, Fault> {
        match self {
            Self::Id(Id(id)) => match get(PROCEDURES, *id)? {
                Some(stored) => Ok(stored),
                None => Err(match deleted(json!(["id", "=", id]))?.first() {
                    Some(gone) => not_found(format!(
                        "procedure m:{id} (`{}`) was deleted at {}: `restore_procedure` brings it back",
                        row::text(gone, "name"),
                        when::iso(row::int(gone, "deleted_at").unwrap_or_default())
                    )),
                    None => not_found(format!(
                        "there is no procedure m:{id}: take an id from `find_procedures` or `list_procedures`"
                    )),
                }),
            },
            Self::Name(name) => by_name(&one_line(name)),
        }
    }

    /// The deleted procedure.
    pub(super) fn gone(&self) -> Result<Value, Fault> {
        let (condition, what) = match self {
            Self::Id(Id(id)) => (json!(["id", "=", id]), row::reference(*id)),
            Self::Name(name) => (json!(["name", "=", one_line(name)]), format!("`{}`", clip(&one_line(name), 60))),
        };
        let mut found = deleted(condition)?;
        match (found.pop(), found.is_empty()) {
            (Some(one), true) => Ok(one),
            (Some(_), false) => Err(several(&what, "deleted ")),
            (None, _) => Err(not_found(format!("no deleted procedure is {what}: see `procedure_history` for ids"))),
        }
    }
}

fn deleted(condition: Value) -> Result<Vec<Value>, Fault> {
    let rows = Query::of(PROCEDURES).with_deleted().filter(condition)?.limit(20).page()?.rows;
    Ok(rows.into_iter().filter(|stored| row::int(stored, "deleted_at").is_some()).collect())
}

fn several(what: &str, which: &str) -> Fault {
    Fault::new("conflict.name", format!("several {which}procedures are called {what}: give the id of the one you mean"))
}

fn by_name(name: &str) -> Result<Value, Fault> {
    let mut found = Query::of(PROCEDURES).filter(json!(["name", "=", name]))?.limit(3).page()?.rows;
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(other), false) => {
            let ids: Vec<String> = found.iter().chain([&other]).map(|stored| row::reference(row::id(stored))).collect();
            Err(several(&format!("`{}` ({})", clip(name, 60), ids.join(", ")), ""))
        }
        (None, _) => {
            let near = Search::of(name).collection(PROCEDURES)?.limit(1).hits()?;
            let near =
                near.first().map(|hit| format!("; the nearest is `{}` (m:{})", row::text(&hit.row, "name"), hit.id));
            let near = near.unwrap_or_default();
            Err(not_found(format!("no procedure is called `{}`{near}: look with `find_procedures`", clip(name, 60))))
        }
    }
}

/// Refuses a name that another live procedure of the namespace has.
pub(super) fn free(name: &str, namespace: &str, own: u64) -> Result<(), Fault> {
    let query = Query::of(PROCEDURES).filter(json!(["namespace", "=", namespace]))?;
    let holders = query.filter(json!(["name_hash", "=", memstrata_sdk::digest(name)]))?.limit(2).ids()?;
    match holders.into_iter().find(|id| *id != own) {
        Some(holder) => Err(taken(name, holder)),
        None => Ok(()),
    }
}

/// The fault of a name that is taken.
pub(super) fn taken(name: &str, holder: u64) -> Fault {
    let name = clip(name, 60);
    Fault::new(
        "conflict.name",
        format!("m:{holder} is called `{name}` already: update that one, or choose another name"),
    )
}
