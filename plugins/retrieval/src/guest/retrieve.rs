//! `retrieve`: rows by id, with what they cite and how they came to be.

use super::find::find;
use crate::args::{Id, Time, distinct};
use crate::fit::reference;
use crate::gist::{gist, lean, sources};
use crate::request::Request;
use crate::terms::Terms;
use crate::text::{clip, one_line};
use crate::when;
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, clock, get, hints, history, json, locate};
use serde::Deserialize;

/// Text of a summary, and of a cited row, in characters.
const CLIP: usize = 400;
/// Cited rows resolved for each row.
const MOST_SOURCES: usize = 20;
/// Stored versions shown of each row.
const MOST_VERSIONS: usize = 20;

#[derive(Deserialize)]
struct Retrieve {
    #[serde(default)]
    ids: Vec<Id>,
    #[serde(default)]
    query: Option<String>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    sources: Option<bool>,
    #[serde(default)]
    history: Option<bool>,
    #[serde(default)]
    known_at: Option<Time>,
}

/// A row that can be read, or why not.
pub(super) enum Read {
    Row { collection: String, row: Value },
    Deleted { collection: String, at: u64 },
    Unknown,
}

/// Looks an id up wherever it lives.
pub(super) fn read(id: u64, known_at: Option<u64>) -> Result<Read, Fault> {
    let Some(collection) = locate(id)? else {
        return Ok(Read::Unknown);
    };
    let by_id = || Query::of(&collection).filter(json!(["id", "=", id]));
    let row = match known_at {
        Some(_) => by_id()?.known_at(known_at).first()?,
        None => get(&collection, id)?,
    };
    if let Some(row) = row {
        return Ok(Read::Row { collection, row });
    }
    let deleted = by_id()?.with_deleted().first()?;
    match deleted.and_then(|row| row.get("deleted_at")?.as_u64()) {
        Some(at) if known_at.is_none() => Ok(Read::Deleted { collection, at }),
        _ => Ok(Read::Unknown),
    }
}

fn cited(id: u64) -> Answer {
    Ok(match read(id, None)? {
        Read::Row { collection, row } => json!({
            "id": id, "ref": reference(id), "collection": collection,
            "text": clip(&one_line(gist(&row)), CLIP),
            "when": row.get("created_at").and_then(Value::as_u64).map(when::iso),
        }),
        Read::Deleted { collection, at } => json!({
            "id": id, "ref": reference(id), "collection": collection,
            "missing": format!("deleted at {}", when::iso(at)),
        }),
        Read::Unknown => json!({"id": id, "ref": reference(id), "missing": "not readable here"}),
    })
}

fn one(id: u64, collection: &str, row: &Value, given: &Retrieve) -> Answer {
    let full = given.detail.as_deref() != Some("summary");
    let mut shown = Map::new();
    shown.insert("id".into(), json!(id));
    shown.insert("ref".into(), json!(reference(id)));
    shown.insert("collection".into(), json!(collection));
    let text = gist(row);
    shown.insert("text".into(), if full { json!(text) } else { json!(clip(&one_line(text), CLIP)) });
    if full {
        shown.insert("row".into(), Value::Object(lean(row)));
    }
    if given.sources.unwrap_or(true) {
        let ids = sources(row);
        let resolved: Result<Vec<Value>, Fault> = ids.iter().take(MOST_SOURCES).map(|id| cited(*id)).collect();
        shown.insert("sources".into(), json!(resolved?));
        if ids.len() > MOST_SOURCES {
            shown.insert("more_sources".into(), json!(ids.len() - MOST_SOURCES));
        }
    }
    if given.history.unwrap_or(false) {
        let versions = history(collection, id)?;
        let old = versions.len().saturating_sub(MOST_VERSIONS);
        let versions: Vec<Value> = versions.iter().skip(old).map(|row| Value::Object(lean(row))).collect();
        shown.insert("history".into(), json!(versions));
    }
    Ok(Value::Object(shown))
}

/// The ids a question finds, best first.
fn asked(given: &Retrieve, query: &str) -> Result<Vec<u64>, Fault> {
    let request = Request {
        query: query.to_owned(),
        namespace: given.namespace.clone(),
        known_at: given.known_at,
        ..Request::default()
    };
    let query = request.check()?;
    let found = find(&request, query, &Terms::of(query), given.limit.unwrap_or(10), clock::now())?.found;
    Ok(found.into_iter().map(|hit| hit.id).collect())
}

pub(super) fn retrieve(given: Value) -> Answer {
    let given: Retrieve = arguments(given)?;
    let known_at = given.known_at.map(|time| time.0);
    let mut ids = distinct(&given.ids);
    match (&given.query, ids.is_empty()) {
        (Some(query), true) => {
            ids = asked(&given, query)?;
            if ids.is_empty() {
                return Ok(json!({"rows": [], "missing": []}));
            }
        }
        (None, true) => return Err(Fault::invalid("give `ids`, as `recall` answers them, or a `query`")),
        (Some(_), false) => return Err(Fault::invalid("give either `ids` or a `query`, not both")),
        (None, false) => {}
    }
    let (mut rows, mut missing, mut touched) = (Vec::new(), Vec::new(), Vec::new());
    for id in ids {
        let reason = match read(id, known_at)? {
            Read::Row { collection, row } => {
                rows.push(one(id, &collection, &row, &given)?);
                touched.push(id);
                continue;
            }
            Read::Deleted { at, .. } => format!("deleted at {}", when::iso(at)),
            Read::Unknown if known_at.is_some() => "not known at that time, or not readable here".into(),
            Read::Unknown => "no memory that recall may read has this id".into(),
        };
        missing.push(json!({"id": id, "ref": reference(id), "reason": reason}));
    }
    if rows.is_empty() {
        let reasons: Vec<String> = missing
            .iter()
            .take(5)
            .filter_map(|one| Some(format!("{}: {}", one.get("ref")?.as_str()?, one.get("reason")?.as_str()?)))
            .collect();
        return Err(Fault::not_found(format!("{}; take ids from `recall`", reasons.join("; "))));
    }
    hints::touch(&touched)?;
    Ok(json!({"rows": rows, "missing": missing}))
}
