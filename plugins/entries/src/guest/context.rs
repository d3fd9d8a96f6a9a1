//! What memory has for a turn: one key by precedence, or the context.

use super::{access, name, reading, store};
use crate::scope;
use memstrata_sdk::{Answer, Fault, Value, arguments, json};
use serde::Deserialize;

#[derive(Deserialize)]
struct Turn {
    session_id: Option<Value>,
    user_id: Option<Value>,
    app_name: Option<Value>,
    project_id: Option<Value>,
    actor: Option<String>,
}

impl Turn {
    /// The namespaces the actor may read, the strongest first.
    fn namespaces(&self) -> Result<Vec<String>, Fault> {
        let [session, user, app, project] =
            [&self.session_id, &self.user_id, &self.app_name, &self.project_id].map(|given| name(given.as_ref()));
        let mut readable = Vec::new();
        for namespace in scope::of_turn(session.as_deref(), user.as_deref(), app.as_deref(), project.as_deref()) {
            if access::may_read(self.actor.as_deref(), &namespace)? {
                readable.push(namespace);
            }
        }
        Ok(readable)
    }
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

pub(super) fn resolve(given: Value) -> Answer {
    let turn: Turn = arguments(given.clone())?;
    let given: Key = arguments(given)?;
    let (mut memory, mut shadowed) = (None, Vec::new());
    for namespace in turn.namespaces()? {
        match store::current(&namespace, &given.key)? {
            Some(row) if memory.is_none() => memory = Some(store::show(&row)),
            Some(_) => shadowed.push(namespace),
            None => {}
        }
    }
    Ok(json!({"found": memory.is_some(), "memory": memory, "shadowed": shadowed}))
}

#[derive(Deserialize)]
struct Limits {
    query: Option<String>,
    user_limit: u32,
    project_limit: u32,
    app_limit: u32,
    episodic_limit: u32,
}

pub(super) fn synthesize(given: Value) -> Answer {
    let turn: Turn = arguments(given.clone())?;
    let limits: Limits = arguments(given)?;
    let namespaces = turn.namespaces()?;
    let of = |prefix: &str| namespaces.iter().find(|namespace| namespace.starts_with(prefix));
    let part = |prefix: &str, limit: u32| -> Result<Vec<Value>, Fault> {
        match of(prefix) {
            Some(namespace) if limit > 0 => {
                Ok(reading::newest(Some(namespace), None, limit)?.page()?.rows.iter().map(store::show).collect())
            }
            _ => Ok(Vec::new()),
        }
    };
    let mut episodic: Vec<Value> = Vec::new();
    let limit = limits.episodic_limit;
    for namespace in namespaces.iter().filter(|_| limit > 0) {
        let rows = match limits.query.as_deref() {
            Some(query) => reading::matching(Some(namespace), Some("episodic"), query, limit)?,
            None => reading::newest(Some(namespace), Some("episodic"), limit)?.page()?.rows,
        };
        episodic.extend(rows.iter().map(store::show));
    }
    episodic.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let session = [part("temp:", 10)?, part("session:", 10)?].concat();
    let (user, project, app) =
        (part("user:", limits.user_limit)?, part("project:", limits.project_limit)?, part("app:", limits.app_limit)?);
    let count = session.len() + user.len() + project.len() + app.len() + episodic.len();
    Ok(json!({"session": session, "user": user, "project": project, "app": app, "episodic": episodic, "count": count}))
}
