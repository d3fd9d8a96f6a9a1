//! The engine: an event fires rules, a rule's actions lead to further events, and all of it is one commit.

use super::acting::Done;
use super::{ACTIONS, FIRINGS, MOST, RULES, config, now, own, put, put_some};
use crate::action;
use crate::allowance::{Allowance, MOST_DONE, kept};
use crate::cascade;
use crate::condition::Condition;
use crate::config::Config;
use crate::event;
use memstrata_sdk::row;
use memstrata_sdk::{Fault, Query, Value, events, get, json, write};
use std::collections::BTreeMap;

/// Bytes of data that are kept with a firing.
const MOST_DATA: usize = 40_000;

mod hooking;
mod working;

/// Who fires, and where.
#[derive(Debug, Clone, Default)]
pub(super) struct Occasion {
    /// The events that led here, oldest first.
    pub(super) way: Vec<String>,
    /// The firing that led here.
    pub(super) parent: Option<u64>,
    /// The caller's name of it.
    pub(super) key: Option<String>,
}

/// What came of a call.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) outcome: &'static str,
    pub(super) firing: Option<u64>,
    pub(super) reason: Option<String>,
    pub(super) retry_after_ms: Option<u64>,
}

/// One call's firings.
pub(super) struct Engine {
    pub(super) now: u64,
    pub(super) config: Config,
    pub(super) session: Option<String>,
    pub(super) namespace: String,
    /// When the episode at hand was written: rules that did not wait yet do not hear it.
    written_at: Option<u64>,
    left: u64,
    allowance: Allowance,
    /// Bytes of all actions done.
    bytes: usize,
    /// Kinds of hooks that fired in this call, and how often.
    hooks: BTreeMap<String, u64>,
    fired: Vec<Value>,
    pub(super) done: Vec<Value>,
    pub(super) to_do: Vec<Value>,
    refused: Vec<Value>,
}

/// What one firing is called.
struct Subject<'a> {
    kind: &'a str,
    name: &'a str,
    event: &'a str,
}

impl Engine {
    /// An engine for one call.
    pub(super) fn new(session: Option<String>, namespace: impl Into<Option<String>>) -> Result<Self, Fault> {
        let config = config::read()?;
        Ok(Self {
            now: now(),
            left: config.count("max_firings"),
            config,
            session,
            namespace: namespace.into().unwrap_or_default(),
            written_at: None,
            allowance: Allowance::default(),
            bytes: 0,
            hooks: BTreeMap::new(),
            fired: Vec::new(),
            done: Vec::new(),
            to_do: Vec::new(),
            refused: Vec::new(),
        })
    }

    /// Goes on to the next episode, with firings of its own.
    pub(super) fn turn(&mut self, session: Option<&str>, namespace: &str, written_at: u64) {
        self.session = session.map(str::to_owned);
        namespace.clone_into(&mut self.namespace);
        self.written_at = Some(written_at);
        self.left = self.config.count("max_firings");
        self.allowance = Allowance::default();
    }

    /// The occasion after a firing that a caller names.
    pub(super) fn after(parent: Option<u64>, key: Option<String>) -> Result<Occasion, Fault> {
        let Some(parent) = parent else { return Ok(Occasion { key, ..Occasion::default() }) };
        let known = get(FIRINGS, parent)?.ok_or_else(|| {
            let name = row::reference(parent);
            Fault::new("not-found.firing", format!("there is no firing {name}: take an id from list_firings"))
        })?;
        Ok(Occasion { way: row::texts(&known, "way"), parent: Some(parent), key })
    }

    /// The whole answer of a call.
    pub(super) fn answer(self, of: Outcome) -> Value {
        let mut answer = json!({
            "outcome": of.outcome, "firing": of.firing, "fired": self.fired, "done": self.done, "to_do": self.to_do,
        });
        put_some(&mut answer, "reason", of.reason);
        put_some(&mut answer, "retry_after_ms", of.retry_after_ms);
        if !self.refused.is_empty() {
            put(&mut answer, "refused", self.refused);
        }
        answer
    }

    /// Bytes of what was done.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many fired.
    pub(super) fn count(&self) -> usize {
        self.fired.len()
    }

    /// Whether this occasion is over before it begins: switched off, or met before.
    fn before(&mut self, kind: &str, name: &str, key: Option<&str>) -> Result<Option<Outcome>, Fault> {
        if !self.config.flag("enabled") {
            let reason = Some("the configuration has `enabled` false".into());
            return Ok(Some(Outcome { outcome: "disabled", reason, ..Outcome::default() }));
        }
        let Some(key) = key else { return Ok(None) };
        let twin_in = |within: Option<&str>| {
            Query::of(FIRINGS)
                .filter_if("namespace", "=", within)?
                .filter(json!(["kind", "=", kind]))?
                .filter(json!(["subject", "=", name]))?
                .filter(json!(["key", "=", key]))?
                .first()
        };
        let mut twin = twin_in(Some(&self.namespace))?;
        if twin.is_none() && self.namespace.is_empty() && twin_in(None)?.is_some() {
            // Who names no namespace may be confined to one.
            twin = twin_in(Some(&own::namespace()?))?;
        }
        let Some(twin) = twin else { return Ok(None) };
        // What it left is told again: the caller that asks twice may not have heard the first answer.
        self.to_do = super::history::left_by(row::id(&twin))?;
        let at = row::int(&twin, "fired_at").map(memstrata_sdk::when::iso).unwrap_or_default();
        let reason = Some(format!("this occasion fired already, {at}; `to_do` is what is still pending of it"));
        Ok(Some(Outcome { outcome: "duplicate", firing: Some(row::id(&twin)), reason, ..Outcome::default() }))
    }

    /// Writes a firing down and tells it.
    fn record(
        &mut self,
        id: u64,
        of: &Subject<'_>,
        occasion: &Occasion,
        data: &Value,
        done: Done,
    ) -> Result<(), Fault> {
        let outcome = done.outcome;
        let mut firing = json!({
            "id": id, "kind": of.kind, "subject": of.name, "event": of.event, "outcome": outcome, "fired_at": self.now,
            "way": way(occasion, of.event), "done": kept(&done.done, MOST_DONE), "left": done.to_do.len(), "namespace": self.namespace,
        });
        put_some(&mut firing, "reason", done.reason.clone());
        put_some(&mut firing, "parent", occasion.parent);
        put_some(&mut firing, "key", occasion.key.clone());
        put_some(&mut firing, "session_id", self.session.clone());
        put(&mut firing, "data", short(data));
        write::insert(FIRINGS, &firing)?;
        let mut told = json!({"firing": id, "kind": of.kind, "subject": of.name, "event": of.event});
        put_some(&mut told, "reason", done.reason);
        if outcome == "fired" {
            self.fired.push(told);
        } else {
            put(&mut told, "outcome", outcome);
            self.refused.push(told);
        }
        for (position, step) in (1..).zip(done.to_do) {
            self.leave(id, position, step)?;
        }
        Ok(())
    }

    /// Leaves an action to the client.
    fn leave(&mut self, firing: u64, position: usize, step: Value) -> Result<(), Fault> {
        let mut action = step;
        put(&mut action, "firing", firing);
        put(&mut action, "position", position);
        put(&mut action, "status", "pending");
        put(&mut action, "namespace", self.namespace.clone());
        let id = write::insert(ACTIONS, &action)?;
        put(&mut action, "id", id);
        self.to_do.push(super::history::shown(&action));
        Ok(())
    }

    /// Whether one more event may follow; if not, the refusal is written down.
    fn may(&mut self, name: &str, occasion: &Occasion, data: &Value) -> Result<Option<Outcome>, Fault> {
        let most = usize::try_from(self.config.count("max_depth")).unwrap_or(1);
        let (outcome, reason) = match cascade::step(&occasion.way, name, most) {
            cascade::Step::Go if self.left > 0 => {
                self.left -= 1;
                return Ok(None);
            }
            cascade::Step::Go => {
                let reason = format!("{} firings of one call (max_firings)", self.config.count("max_firings"));
                self.refused.push(json!({"event": name, "outcome": "too_many", "reason": reason}));
                return Ok(Some(Outcome { outcome: "too_deep", reason: Some(reason), ..Outcome::default() }));
            }
            cascade::Step::Cycle(reason) => ("cycle", reason),
            cascade::Step::TooDeep(reason) => ("too_deep", reason),
        };
        let id = new_id()?;
        let of = Subject { kind: "event", name, event: name };
        let occasion = Occasion { key: None, ..occasion.clone() };
        let done = Done { outcome, reason: Some(reason.clone()), ..Done::default() };
        self.record(id, &of, &occasion, data, done)?;
        Ok(Some(Outcome { outcome, firing: Some(id), reason: Some(reason), ..Outcome::default() }))
    }

    /// An event comes: it is written down if `always`, and each rule that waits for it and whose condition holds fires.
    pub(super) fn happen(
        &mut self,
        names: &[String],
        data: &Value,
        occasion: &Occasion,
        always: bool,
    ) -> Result<Outcome, Fault> {
        let Some(name) = names.first() else { return Ok(Outcome::default()) };
        if let Some(over) = self.before("event", name, occasion.key.as_deref())? {
            return Ok(over);
        }
        let written_at = self.written_at.take();
        let mut rules = self.rules(names, data)?;
        rules.retain(|rule| written_at.is_none_or(|at| row::int(rule, "since").is_none_or(|since| since <= at)));
        if rules.is_empty() && !always {
            return Ok(Outcome { outcome: "fired", ..Outcome::default() });
        }
        if let Some(refused) = self.may(name, occasion, data)? {
            return Ok(refused);
        }
        let mut firing = occasion.parent;
        if always {
            let id = new_id()?;
            let of = Subject { kind: "event", name, event: name };
            self.record(id, &of, occasion, data, Done::default())?;
            firing = Some(id);
        }
        let after = Occasion { way: way(occasion, name), parent: firing, key: None };
        for rule in rules {
            self.rule(&rule, name, data, &after)?;
        }
        Ok(Outcome { outcome: "fired", firing, ..Outcome::default() })
    }

    /// The enabled rules that wait for an event and whose condition holds, oldest first.
    fn rules(&self, names: &[String], data: &Value) -> Result<Vec<Value>, Fault> {
        let waited: Vec<String> = names.iter().flat_map(|name| event::waited_for(name)).collect();
        let waits = waited.len();
        let scope = scope(names.first().map_or("", String::as_str), data);
        let rules = Query::of(RULES)
            .filter(json!(["trigger_event", "in", waited]))?
            .filter(json!(["enabled", "=", true]))?
            .all(MOST * waits)?;
        let holds = |rule: &Value| {
            let condition = Condition::read(rule.get("condition").unwrap_or(&Value::Null));
            event::covers(row::text(rule, "namespace"), &self.namespace)
                && condition.is_ok_and(|condition| condition.holds(&scope))
        };
        Ok(rules.into_iter().filter(holds).collect())
    }

    fn rule(&mut self, rule: &Value, event: &str, data: &Value, occasion: &Occasion) -> Result<(), Fault> {
        let name = row::text(rule, "rule_name");
        let cooldown = row::int(rule, "cooldown_seconds").unwrap_or_default().saturating_mul(1_000);
        let again = row::int(rule, "last_fired_at").map_or(0, |last| last.saturating_add(cooldown));
        if cooldown > 0 && self.now < again {
            let seconds = (again - self.now).div_ceil(1_000);
            self.refused.push(json!({"kind": "rule", "subject": name, "event": event, "outcome": "cooldown",
                "reason": format!("it may fire again in {seconds} s")}));
            return Ok(());
        }
        if self.left == 0 {
            self.refused.push(json!({"kind": "rule", "subject": name, "event": event, "outcome": "too_many",
                "reason": "no more firings in this call (max_firings)"}));
            return Ok(());
        }
        self.left -= 1;
        let id = row::id(rule);
        if cooldown > 0 {
            // At the version that was read: of two at once, one runs again and finds it cooling down.
            let times = row::int(rule, "times_fired").unwrap_or_default() + 1;
            write::update(RULES, id, None, &json!({"last_fired_at": self.now, "times_fired": times}))?;
        } else {
            write::add(RULES, id, "times_fired", 1.0)?;
            write::max(RULES, id, "last_fired_at", millis(self.now))?;
        }
        let steps = action::stored(rule, "actions");
        let firing = new_id()?;
        let done = self.act(&steps, event, data, firing, &occasion.way)?;
        self.record(firing, &Subject { kind: "rule", name, event }, occasion, data, done)?;
        events::emit("rule_fired", &json!({"rule": id, "rule_name": name, "event": event, "firing": firing}))
    }
}

/// Data as it is kept and emitted: what is too large is not.
fn short(data: &Value) -> Value {
    match data.to_string().len() {
        bytes if bytes > MOST_DATA => json!({"left_out": format!("{bytes} bytes; {MOST_DATA} at most are kept")}),
        _ => data.clone(),
    }
}

/// What conditions and templates see: the data's own fields, `event`, and all of the data as `data`.
fn scope(event: &str, data: &Value) -> Value {
    let mut scope = if data.is_object() { data.clone() } else { json!({}) };
    put(&mut scope, "data", data.clone());
    put(&mut scope, "event", event);
    scope
}

/// The way up to this event: what fires at it is on the way already.
fn way(occasion: &Occasion, event: &str) -> Vec<String> {
    let mut way = occasion.way.clone();
    if way.last().is_none_or(|last| last != event) {
        way.push(event.to_owned());
    }
    way
}

/// Times are whole and far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are exact in a double")]
fn millis(at: u64) -> f64 {
    at as f64
}

fn new_id() -> Result<u64, Fault> {
    write::new_ids(1)?.first().copied().ok_or_else(|| Fault::new("unavailable.store", "no id was issued: call again"))
}
