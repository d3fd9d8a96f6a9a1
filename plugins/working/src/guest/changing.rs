//! Taking things in, changing, rehearsing and dropping them, and binding several into one.

use super::session::Session;
use super::{CLIP, ITEMS, handing};
use crate::capacity::{Admission, admit, limits};
use crate::item::{self, component_of};
use crate::{load, row};
use memstrata_sdk::args::{Id, distinct};
use memstrata_sdk::{Answer, Fault, Map, Value, arguments, json, write};
use serde::Deserialize;

/// The component that holds chunks.
const BUFFER: &str = "episodic_buffer";
/// An item named in a fault shows so many characters.
const NAMED: usize = 40;

#[derive(Deserialize)]
struct Add {
    content: String,
    content_type: String,
    component: Option<String>,
    importance: f64,
    session_id: String,
    #[serde(default)]
    chunk: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    metadata: Option<Value>,
    namespace: Option<String>,
    auto_consolidate: bool,
}

fn meaningful(content: &str) -> Result<(), Fault> {
    if content.trim().is_empty() {
        return Err(Fault::invalid("`content` is blank: say what to hold in mind"));
    }
    Ok(())
}

fn full(component: &str, held: &[Value], hard: usize, now: u64) -> Fault {
    let named: Vec<String> = held
        .iter()
        .take(3)
        .map(|held| {
            let left = row::round(item::strength(held, now).activation);
            format!("m:{} ({left}, \"{}\")", row::id(held), row::clip(row::text(held, "content"), NAMED))
        })
        .collect();
    let fault = format!(
        "{component} holds {} of {hard}: let_go or consolidate_working_memory one of the weakest, {}; or add with auto_consolidate",
        held.len(),
        named.join(", "),
    );
    Fault::new("limit.capacity", fault)
}

pub(super) fn add(given: Value) -> Answer {
    let given: Add = arguments(given)?;
    meaningful(&given.content)?;
    let session = Session::open(&given.session_id)?;
    let component = given.component.as_deref().unwrap_or_else(|| component_of(&given.content_type));
    if !given.chunk.is_empty() && component != BUFFER {
        return Err(Fault::invalid(format!(
            "only the episodic buffer holds chunks, not {component}: give `component` episodic_buffer or content_type episodic"
        )));
    }
    let faded = session.purge()?;
    let held = session.held(Some(component))?;
    session.expect(component, held.len())?;
    let limits = limits(&session.settings, component);
    let pace = item::rehearsed(&session.settings, &given.content_type, given.importance, session.now);
    if let Some(known) = held.iter().find(|held| row::text(held, "content") == given.content) {
        return again(&session, known, component, (held.len(), limits.soft, limits.hard), faded);
    }
    let (mut consolidated, mut left, mut warning) = (Vec::new(), held.len(), None);
    match admit(limits, held.len(), given.auto_consolidate) {
        Admission::Full => return Err(full(component, &held, limits.hard, session.now)),
        Admission::Fits => {}
        Admission::Narrow => warning = Some(format!("{component} is getting full: {} of {}", left + 1, limits.hard)),
        Admission::MakeRoom(count) => {
            let router = handing::router(&session)?;
            for weakest in held.iter().take(count) {
                consolidated.push(handing::hand_over(
                    &session,
                    weakest,
                    handing::decide(&router, weakest, session.now),
                )?);
                left -= 1;
            }
            warning = Some(format!("{component} was full: make the calls in `consolidated` to keep what gave way"));
        }
    }
    let mut new = pace;
    for (field, value) in [
        ("session_id", json!(session.id)),
        ("content", json!(given.content)),
        ("content_type", json!(given.content_type)),
        ("held_in", json!(component)),
        ("importance", json!(given.importance)),
        ("status", json!("held")),
        ("chunk", json!(given.chunk)),
        ("tags", json!(given.tags)),
    ] {
        new.insert(field.into(), value);
    }
    for (field, value) in [("metadata", given.metadata), ("namespace", given.namespace.map(Value::from))] {
        if let Some(value) = value {
            new.insert(field.into(), value);
        }
    }
    let gone_at = row::int(&Value::Object(new.clone()), "gone_at").unwrap_or(session.now);
    let id = write::insert(ITEMS, &Value::Object(new))?;
    let total = session.held_query(None)?.count()?;
    let mut answer = json!({
        "id": id, "ref": row::reference(id), "created": true, "component": component, "held": left + 1,
        "soft_limit": limits.soft, "hard_limit": limits.hard, "zone": load::zone(usize::try_from(total).unwrap_or(usize::MAX)),
        "gone_in_s": (gone_at - session.now) / 1000, "consolidated": consolidated, "faded": faded,
    });
    if let (Some(fields), Some(warning)) = (answer.as_object_mut(), warning) {
        fields.insert("warning".into(), json!(warning));
    }
    Ok(answer)
}

/// What is held already is rehearsed.
fn again(
    session: &Session,
    known: &Value,
    component: &str,
    (held, soft, hard): (usize, usize, usize),
    faded: usize,
) -> Answer {
    refresh(session, known, Map::new())?;
    let id = row::id(known);
    let total = session.held_query(None)?.count()?;
    Ok(json!({
        "id": id, "ref": row::reference(id), "created": false, "component": component, "held": held, "soft_limit": soft,
        "hard_limit": hard, "zone": load::zone(usize::try_from(total).unwrap_or(usize::MAX)), "consolidated": [], "faded": faded,
    }))
}

/// Stages a rehearsal with other changes.
fn refresh(session: &Session, held: &Value, mut changes: Map<String, Value>) -> Result<(), Fault> {
    let importance = number_of(&changes, held, "importance");
    let kind = changes.get("content_type").and_then(Value::as_str).unwrap_or_else(|| row::text(held, "content_type"));
    let pace = item::rehearsed(&session.settings, kind, importance, session.now);
    changes.extend(pace);
    changes.insert("rehearsals".into(), json!(row::int(held, "rehearsals").unwrap_or(0) + 1));
    write::update(ITEMS, row::id(held), None, &Value::Object(changes)).map(|_| ())
}

fn number_of(changes: &Map<String, Value>, held: &Value, field: &str) -> f64 {
    changes.get(field).and_then(Value::as_f64).or_else(|| row::number(held, field)).unwrap_or(0.5)
}

#[derive(Deserialize)]
struct Update {
    item_id: Option<Id>,
    content: Option<String>,
    content_type: Option<String>,
    importance: Option<f64>,
    chunk: Option<Vec<String>>,
    tags: Option<Vec<String>>,
    metadata: Option<Value>,
    rehearse: bool,
    session_id: String,
}

pub(super) fn update(given: Value) -> Answer {
    let given: Update = arguments(given)?;
    given.content.as_deref().map_or(Ok(()), meaningful)?;
    let session = Session::open(&given.session_id)?;
    let held = session.one(given.item_id)?;
    session.purge()?;
    if given.chunk.as_ref().is_some_and(|chunk| !chunk.is_empty()) && row::text(&held, "held_in") != BUFFER {
        return Err(Fault::invalid(format!(
            "m:{} is not in the episodic buffer, which alone holds chunks",
            row::id(&held)
        )));
    }
    let wanted = [
        ("content", given.content.map(Value::from)),
        ("content_type", given.content_type.map(Value::from)),
        ("importance", given.importance.map(|importance| json!(importance))),
        ("chunk", given.chunk.map(|chunk| json!(chunk))),
        ("tags", given.tags.map(|tags| json!(tags))),
        ("metadata", given.metadata),
    ];
    let mut changes = Map::new();
    for (field, value) in wanted {
        if let Some(value) = value.filter(|value| held.get(field) != Some(value)) {
            changes.insert(field.into(), value);
        }
    }
    let changed: Vec<String> = changes.keys().cloned().collect();
    if given.rehearse {
        refresh(&session, &held, changes)?;
    } else if !changes.is_empty() {
        let kind =
            changes.get("content_type").and_then(Value::as_str).unwrap_or_else(|| row::text(&held, "content_type"));
        let importance = number_of(&changes, &held, "importance");
        let pace = item::repaced(&session.settings, &held, kind, importance, session.now);
        changes.extend(pace);
        write::update(ITEMS, row::id(&held), None, &Value::Object(changes))?;
    }
    let now = memstrata_sdk::get(ITEMS, row::id(&held))?.unwrap_or(held);
    let mut shown = item::show(&now, session.now, Some(CLIP));
    shown.insert("changed".into(), json!(changed));
    Ok(Value::Object(shown))
}

#[derive(Deserialize)]
struct Several {
    item_ids: Option<Vec<Id>>,
    #[serde(default)]
    component: Option<String>,
    session_id: String,
}

/// The held items of a list of ids, and the ids that name none.
fn among(held: &[Value], ids: &[u64]) -> (Vec<Value>, Vec<u64>) {
    let found = held.iter().filter(|held| ids.contains(&row::id(held))).cloned().collect();
    let missing = ids.iter().copied().filter(|id| !held.iter().any(|held| row::id(held) == *id)).collect();
    (found, missing)
}

pub(super) fn rehearse(given: Value) -> Answer {
    let given: Several = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    session.purge()?;
    let held = session.held(given.component.as_deref())?;
    let (wanted, missing) = match &given.item_ids {
        Some(ids) => among(&held, &distinct(ids)),
        None => (held, Vec::new()),
    };
    for held in &wanted {
        refresh(&session, held, Map::new())?;
    }
    let rehearsed: Vec<u64> = wanted.iter().map(row::id).collect();
    Ok(json!({"rehearsed": rehearsed, "count": rehearsed.len(), "missing": missing}))
}

pub(super) fn let_go(given: Value) -> Answer {
    let given: Several = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let held = session.held(None)?;
    let (wanted, missing) = match &given.item_ids {
        Some(ids) => among(&held, &distinct(ids)),
        None => (held.into_iter().take(1).collect(), Vec::new()),
    };
    session.purge()?;
    for held in &wanted {
        write::delete(ITEMS, row::id(held), None)?;
    }
    let gone: Vec<u64> = wanted.iter().map(row::id).collect();
    Ok(json!({"let_go": gone, "count": gone.len(), "missing": missing}))
}

#[derive(Deserialize)]
struct Bind {
    item_ids: Option<Vec<Id>>,
    content: Option<String>,
    session_id: String,
}

pub(super) fn chunk(given: Value) -> Answer {
    let given: Bind = arguments(given)?;
    given.content.as_deref().map_or(Ok(()), meaningful)?;
    let ids = given.item_ids.as_deref().map(distinct);
    if ids.as_ref().is_some_and(|ids| ids.len() < 2) {
        return Err(Fault::invalid("a chunk binds two to five items: name at least two in `item_ids`"));
    }
    let session = Session::open(&given.session_id)?;
    session.purge()?;
    let held = session.held(None)?;
    let parts: Vec<Value> = match &ids {
        Some(ids) => {
            let (found, missing) = among(&held, ids);
            if let Some(id) = missing.first() {
                return Err(session
                    .one(Some(Id(*id)))
                    .err()
                    .unwrap_or_else(|| Fault::not_found(format!("no item m:{id}"))));
            }
            // In the order the caller gave.
            ids.iter().filter_map(|id| found.iter().find(|part| row::id(part) == *id).cloned()).collect()
        }
        None => {
            let outside = held.iter().filter(|held| row::text(held, "held_in") != BUFFER);
            outside.take(item::MOST_IN_CHUNK).cloned().collect()
        }
    };
    if parts.len() < 2 {
        return Err(Fault::invalid(
            "there are not two items outside the episodic buffer to bind: add some, or name them in `item_ids`",
        ));
    }
    if let Some(nested) = parts.iter().find(|part| !row::texts(part, "chunk").is_empty()) {
        return Err(Fault::invalid(format!(
            "m:{} is a chunk already: a chunk binds items, not chunks",
            row::id(nested)
        )));
    }
    let buffer: Vec<Value> = held.iter().filter(|held| row::text(held, "held_in") == BUFFER).cloned().collect();
    session.expect(BUFFER, buffer.len())?;
    let freed = parts.iter().filter(|part| row::text(part, "held_in") == BUFFER).count();
    let limits = limits(&session.settings, BUFFER);
    if admit(limits, buffer.len() - freed, false) == Admission::Full {
        return Err(full(BUFFER, &buffer, limits.hard, session.now));
    }
    let texts: Vec<String> = parts.iter().map(|part| row::text(part, "content").to_owned()).collect();
    let content = given.content.unwrap_or_else(|| row::clip(&texts.join("; "), 2_000));
    let importance = parts.iter().filter_map(|part| row::number(part, "importance")).fold(0.0, f64::max);
    let mut tags: Vec<String> = Vec::new();
    for tag in parts.iter().flat_map(|part| row::texts(part, "tags")) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    let sources: Vec<u64> = parts.iter().map(row::id).collect();
    let mut new = item::rehearsed(&session.settings, "episodic", importance, session.now);
    for (field, value) in [
        ("session_id", json!(session.id)),
        ("content", json!(content)),
        ("content_type", json!("episodic")),
        ("held_in", json!(BUFFER)),
        ("importance", json!(importance)),
        ("status", json!("held")),
        ("chunk", json!(texts)),
        ("tags", json!(tags)),
        ("metadata", json!({"parts": sources})),
        ("namespace", json!(parts.first().map_or("", |part| row::text(part, "namespace")))),
    ] {
        new.insert(field.into(), value);
    }
    for id in &sources {
        write::delete(ITEMS, *id, None)?;
    }
    let id = write::insert(ITEMS, &Value::Object(new))?;
    Ok(json!({
        "id": id, "ref": row::reference(id), "chunk": texts, "parts": sources, "held": buffer.len() - freed + 1,
        "hard_limit": limits.hard,
    }))
}
