//! What registering a hook, a rule or a workflow has in common: a name registered again replaces what it was.

use super::named;
use crate::action::{self, Step};
use crate::condition::Condition;
use memstrata_sdk::row;
use memstrata_sdk::{Fault, Query, Value, write};

/// Actions as they are stored, checked.
pub(super) fn actions(given: &Value) -> Result<Value, Fault> {
    Ok(action::read(given)?.iter().map(Step::stored).collect())
}

/// A condition as it is stored, checked.
pub(super) fn condition(given: Option<Value>) -> Result<Value, Fault> {
    let given = given.unwrap_or_default();
    Condition::read(&given)?;
    Ok(given)
}

/// Stages a row under its unique key; its id, and `registered` or `updated`. Refused where one of `most` (a query, and how many it
/// may count) is full: what fires asks for all of them at once, and none may be passed over.
pub(super) fn store(
    collection: &str,
    key: &str,
    new: &Value,
    most: &[(Query, u64)],
) -> Result<(u64, &'static str), Fault> {
    let before = most.iter().map(|(query, _)| query.count()).collect::<Result<Vec<_>, _>>()?;
    let (id, is_new) = write::upsert(collection, key, new)?;
    for ((query, most), before) in most.iter().zip(before) {
        let count = query.count()?;
        if count > before {
            if count > *most {
                return Err(Fault::new(
                    "conflict.full",
                    format!("{collection}: {most} are registered, no more fit: remove some first"),
                ));
            }
            // Two at once do not both take the last place: one runs again.
            write::expect(query, before)?;
        }
    }
    Ok((id, if is_new { "registered" } else { "updated" }))
}

/// Deletes a row by its name; the row that was.
pub(super) fn remove(
    collection: &str,
    (field, what): (&str, &str),
    name: &str,
    within: Option<&str>,
) -> Result<Value, Fault> {
    let known = known(collection, (field, what), name, within)?;
    write::delete(collection, row::id(&known), None)?;
    Ok(known)
}

/// A row by its name.
pub(super) fn known(
    collection: &str,
    (field, what): (&str, &str),
    name: &str,
    within: Option<&str>,
) -> Result<Value, Fault> {
    named(collection, field, name, within)?.ok_or_else(|| {
        let name = row::clip(name, 60);
        Fault::new(&format!("not-found.{what}"), format!("there is no {what} `{name}`: list them, or register it"))
    })
}
