//! Pinned recalls: questions that must go on finding a memory, whatever strategies do to it.

use super::records::{PINS, condition, host_session, object, record_meta};
use crate::api::{CallError, CallRequest, Principal};
use crate::kernel::{Kernel, admit_space, now_ms};
use memstrata_store::{FieldType, Namespace, Query, Space};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The most pinned recalls of a space: each is asked before and after every run.
const MOST_PINS: usize = 200;
/// Hits looked at where a pin does not say.
pub(super) const WITHIN: u32 = 10;
/// Rows looked at to find what stands for a memory.
const MOST_HEIRS: usize = 100;
/// The longest question and text.
const MOST_TEXT: usize = 2_000;

/// What must be found.
#[derive(Debug, Clone, Default)]
pub struct Pin {
    /// What is asked.
    pub question: String,
    /// The memory that must be among the hits, or one that stands for it since it ended.
    pub finds: Option<u64>,
    /// Or: a text that must stand in a hit, in whatever case.
    pub says: Option<String>,
    /// Hits looked at, 1 to 100.
    pub within: Option<u32>,
    /// Where it is asked.
    pub namespace: String,
    /// For people.
    pub note: String,
}

/// How a pinned recall fares.
#[derive(Debug, Clone, Serialize)]
pub struct Pinned {
    /// Its id, `m:42`; empty before it is kept.
    pub pin: String,
    /// What is asked.
    pub question: String,
    /// What must be found, in words.
    pub wants: String,
    /// Whether it is.
    pub holds: bool,
    /// Whether it could be asked at all; if not, it neither holds nor is broken.
    pub asked: bool,
    /// The hit that answers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// Its place, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<usize>,
    /// Why it does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Pin {
    fn faults(&self) -> Vec<&'static str> {
        let mut faults = Vec::new();
        if self.question.trim().is_empty() || self.question.len() > MOST_TEXT {
            faults.push("`question` must be 1 to 2000 bytes");
        }
        let says = self.says.as_deref().map(str::trim);
        if self.finds.is_some() == says.is_some() {
            faults.push("say what it must find: a memory's id or a text, one of them");
        }
        if says.is_some_and(|text| text.is_empty() || text.len() > MOST_TEXT) {
            faults.push("`says` must be 1 to 2000 bytes");
        }
        if self.within.is_some_and(|within| !(1..=100).contains(&within)) {
            faults.push("`within` must be 1 to 100");
        }
        faults
    }

    fn wants(&self) -> String {
        let what = match (&self.finds, &self.says) {
            (Some(id), _) => format!("m:{id}"),
            (None, says) => format!("{:?}", says.as_deref().unwrap_or_default()),
        };
        format!("{what} within {}", self.within.unwrap_or(WITHIN))
    }

    fn read(row: &Value) -> Self {
        let text = |field: &str| row.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            question: text("question"),
            finds: row.get("finds").and_then(Value::as_u64),
            says: Some(text("says")).filter(|says| !says.is_empty()),
            within: row.get("within").and_then(Value::as_u64).and_then(|within| u32::try_from(within).ok()),
            namespace: text("namespace"),
            note: text("note"),
        }
    }
}

impl Kernel {
    /// Pins a recall: from now on no strategy is promoted that breaks it, and a run that does is taken back.
    ///
    /// # Errors
    /// `invalid.argument`; `invalid.pin` where the question does not find it now; `denied.*`, and those of the store.
    pub fn pin(&self, space: &str, principal: &Principal, pin: &Pin) -> Result<Pinned, CallError> {
        admit_space(principal, space)?;
        may_pin(principal)?;
        if let Some(fault) = pin.faults().first() {
            return Err(CallError::new("invalid.argument", *fault));
        }
        let space = self.space(space)?;
        let namespace = within_scope(principal, &pin.namespace)?;
        let kept = self.pins(&space)?;
        if kept.len() >= MOST_PINS {
            return Err(CallError::new("limit.pins", format!("a space has at most {MOST_PINS} pinned recalls")));
        }
        let pin = Pin { namespace, ..pin.clone() };
        let mut pinned = self.ask(&space, String::new(), &pin)?;
        if !pinned.holds {
            let why = pinned.why.unwrap_or_default();
            return Err(CallError::new(
                "invalid.pin",
                format!("it does not hold now, so it would guard nothing: {why}"),
            ));
        }
        let mut session = host_session(self, &space, now_ms());
        let row = object(json!({
            "question": pin.question, "finds": pin.finds, "says": pin.says, "within": pin.within.unwrap_or(WITHIN),
            "note": pin.note, "namespace": pin.namespace,
        }));
        let id = session.insert(&space.collection(PINS)?, row)?;
        space.commit(session.finish(), record_meta(&principal.name), None)?;
        pinned.pin = format!("m:{id}");
        Ok(pinned)
    }

    /// Lets go of a pinned recall; answers whether there was one.
    ///
    /// # Errors
    /// `denied.*`, `not-found.pin`, and those of the store.
    pub fn unpin(&self, space: &str, principal: &Principal, id: u64) -> Result<(), CallError> {
        admit_space(principal, space)?;
        may_pin(principal)?;
        let space = self.space(space)?;
        let mut session = host_session(self, &space, now_ms());
        let pins = space.collection(PINS)?;
        if !self.pins(&space)?.iter().any(|(known, _)| *known == id) {
            let name = space.name();
            return Err(CallError::new("not-found.pin", format!("space `{name}` has no pinned recall m:{id}")));
        }
        session.delete(&pins, id, None)?;
        space.commit(session.finish(), record_meta(&principal.name), None)?;
        Ok(())
    }

    /// Asks every pinned recall of a space.
    ///
    /// # Errors
    /// `denied.space`, `unavailable.recall` where no recall is configured, and those of the store.
    pub fn check_pins(&self, space: &str, principal: &Principal) -> Result<Vec<Pinned>, CallError> {
        admit_space(principal, space)?;
        self.pinned(&self.space(space)?)
    }

    /// Asks every pinned recall on a space or a copy of one.
    pub(super) fn pinned(&self, space: &Arc<Space>) -> Result<Vec<Pinned>, CallError> {
        self.pins(space)?.into_iter().map(|(id, pin)| self.ask(space, format!("m:{id}"), &pin)).collect()
    }

    fn pins(&self, space: &Arc<Space>) -> Result<Vec<(u64, Pin)>, CallError> {
        let mut session = host_session(self, space, now_ms());
        let mut query = Query::new(space.collection(PINS)?);
        query.order_by("id", false)?;
        query.limit(1_000);
        let rows = session.rows(&query)?.rows;
        let rows = rows.iter().filter_map(|row| serde_json::from_str::<Value>(row).ok());
        Ok(rows.filter_map(|row| Some((row.get("id")?.as_u64()?, Pin::read(&row)))).collect())
    }

    /// Asks as a client would, and looks among the hits.
    fn ask(&self, space: &Arc<Space>, name: String, pin: &Pin) -> Result<Pinned, CallError> {
        let mut pinned = Pinned {
            pin: name,
            question: pin.question.clone(),
            wants: pin.wants(),
            holds: false,
            asked: true,
            found: None,
            place: None,
            why: None,
        };
        // Once more: a recall that fails for a moment must not cost a run.
        let hits = match self.recall(space, pin).or_else(|_| self.recall(space, pin)) {
            Ok(hits) => hits,
            Err(error) if error.code == "unavailable.recall" => return Err(error),
            Err(error) => {
                (pinned.asked, pinned.why) = (false, Some(error.to_string()));
                return Ok(pinned);
            }
        };
        let stands_for = pin.finds.map(|id| self.stands_for(space, id)).transpose()?.unwrap_or_default();
        let within = pin.within.unwrap_or(WITHIN) as usize;
        for (place, hit) in (1..=within).zip(&hits) {
            let answers = match &pin.says {
                Some(says) => hit.text.to_lowercase().contains(&says.to_lowercase()),
                None => hit.ids.iter().any(|id| stands_for.contains(id)),
            };
            if answers {
                pinned.holds = true;
                pinned.found = hit.ids.first().map(|id| format!("m:{id}"));
                pinned.place = Some(place);
                return Ok(pinned);
            }
        }
        let first: Vec<String> =
            hits.iter().take(3).filter_map(|hit| Some(format!("m:{}", hit.ids.first()?))).collect();
        let told =
            if first.is_empty() { "it finds nothing".to_owned() } else { format!("it finds {}", first.join(", ")) };
        pinned.why = Some(format!("{told}, not {}", pinned.wants));
        Ok(pinned)
    }

    fn recall(&self, space: &Arc<Space>, pin: &Pin) -> Result<Vec<Hit>, CallError> {
        let Some(operation) = self.shared.options.consolidation.recall.clone() else {
            return Err(CallError::new(
                "unavailable.recall",
                "pinned recalls need [tools] recall in the configuration",
            ));
        };
        let catalog = self.catalog();
        let properties = catalog.get(&operation).and_then(|known| known.input.get("properties")).cloned();
        let mut arguments = Map::from_iter([("query".to_owned(), json!(pin.question))]);
        // As clients ask it; only a pin that looks further needs more hits than they get.
        if pin.within.is_some_and(|within| within > WITHIN) {
            let knows = |name: &str| properties.as_ref().is_some_and(|known| known.get(name).is_some());
            for (name, value) in [("limit", pin.within.unwrap_or(WITHIN)), ("budget", 20_000)] {
                if knows(name) {
                    arguments.insert(name.into(), value.into());
                }
            }
        }
        let principal = Principal { scope: Namespace::parse(&pin.namespace)?, ..Principal::local() };
        let request = CallRequest {
            space: space.name().to_owned(),
            principal,
            operation,
            arguments,
            dry_run: false,
            cancelled: Arc::default(),
            progress: None,
        };
        let answer = self.call_on(space, request)?.value;
        let hits = answer.get("hits").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(hits.iter().map(Hit::read).collect())
    }

    /// A memory and, once it has ended, what stands for it: rows that cite or refer to it, and so on while those have ended too.
    fn stands_for(&self, space: &Arc<Space>, id: u64) -> Result<Vec<u64>, CallError> {
        let now = now_ms();
        let mut session = host_session(self, space, now);
        let mut all = vec![id];
        let mut next = 0;
        while let Some(id) = all.get(next).copied().filter(|_| next < MOST_HEIRS) {
            next += 1;
            let Some(collection) = session.locate(id)? else { continue };
            let row: Option<Value> = session.get(&collection, id)?.and_then(|row| serde_json::from_str(&row).ok());
            let ended = |row: &Value| row.get("valid_to").and_then(Value::as_u64).is_some_and(|end| end <= now);
            if row.as_ref().is_some_and(|row| !ended(row)) {
                continue;
            }
            let refers = collection.spec().fields.iter().filter(|(_, field)| field.kind == FieldType::Ref);
            let refers = refers.map(|(name, _)| json!([name, "=", id])).chain([json!(["sources", "has", id])]);
            let mut heirs = Query::new(Arc::clone(&collection));
            heirs.filter(condition(&json!({ "any": refers.collect::<Vec<_>>() }))?)?;
            heirs.limit(100);
            let found = session.ids(&heirs)?;
            all.extend(found.into_iter().filter(|heir| !all.contains(heir)).collect::<Vec<_>>());
        }
        Ok(all)
    }
}

/// A hit as far as a pin looks at it.
struct Hit {
    /// The row, and near-identical ones shown with it.
    ids: Vec<u64>,
    text: String,
}

impl Hit {
    fn read(hit: &Value) -> Self {
        let id = |value: &Value| value.as_u64().or_else(|| value.as_str()?.strip_prefix("m:")?.parse().ok());
        let also = hit.get("also").and_then(Value::as_array).into_iter().flatten();
        Self {
            ids: hit.get("id").into_iter().chain(also).filter_map(id).collect(),
            text: hit.get("text").and_then(Value::as_str).unwrap_or_default().to_owned(),
        }
    }
}

/// Pins decide what strategies may do, so they are for those who may write.
fn may_pin(principal: &Principal) -> Result<(), CallError> {
    if principal.may_write {
        return Ok(());
    }
    Err(CallError::new("denied.write", format!("`{}` may only read", principal.name)))
}

/// The namespace a pin is asked in, which is the principal's or below.
fn within_scope(principal: &Principal, namespace: &str) -> Result<String, CallError> {
    if namespace.is_empty() {
        return Ok(principal.scope.as_str().to_owned());
    }
    let asked = Namespace::parse(namespace)?;
    if !principal.scope.covers(asked.as_str()) {
        let (name, scope) = (&principal.name, principal.scope.as_str());
        return Err(CallError::new("denied.namespace", format!("`{name}` sees `{scope}` only, not `{namespace}`")));
    }
    Ok(asked.as_str().to_owned())
}
