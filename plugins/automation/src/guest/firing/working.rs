//! Steps done in order: those of a workflow, and the actions of hooks and rules.

use super::super::acting::Done;
use super::super::{MOST, WORKFLOWS, acting};
use super::{Engine, Occasion, Outcome, Subject, millis, new_id, scope, short, way};
use crate::action::{self, Action, Step};
use crate::condition::Condition;
use crate::event;
use memstrata_sdk::{Fault, Query, Value, events, json, row, write};

impl Engine {
    /// A workflow runs.
    pub(in crate::guest) fn workflow(
        &mut self,
        known: &Value,
        params: &Value,
        occasion: &Occasion,
    ) -> Result<Outcome, Fault> {
        let name = row::text(known, "workflow_name");
        if let Some(over) = self.before("workflow", name, occasion.key.as_deref())? {
            return Ok(over);
        }
        let missing: Vec<String> =
            row::texts(known, "required_params").into_iter().filter(|param| params.get(param).is_none()).collect();
        if !missing.is_empty() {
            let name = row::clip(name, 60);
            return Err(Fault::invalid(format!(
                "workflow `{name}` needs `{}` in its parameters",
                missing.join("`, `")
            )));
        }
        let node = action::workflow_node(name);
        if let Some(refused) = self.may(&node, occasion, params)? {
            return Ok(refused);
        }
        write::add(WORKFLOWS, row::id(known), "times_run", 1.0)?;
        write::max(WORKFLOWS, row::id(known), "last_run_at", millis(self.now))?;
        let firing = new_id()?;
        let done = self.act(&action::stored(known, "steps"), &node, params, firing, &way(occasion, &node))?;
        self.record(firing, &Subject { kind: "workflow", name, event: &node }, occasion, params, done)?;
        Ok(Outcome { outcome: "fired", firing: Some(firing), ..Outcome::default() })
    }

    /// The workflow of a name that is nearest to where this happens.
    fn nearest(&self, workflow_name: &str) -> Result<Option<Value>, Fault> {
        let mut known = Query::of(WORKFLOWS).filter(json!(["workflow_name", "=", workflow_name]))?.all(MOST)?;
        let place = event::nearest(known.iter().map(|row| row::text(row, "namespace")), &self.namespace);
        Ok(place.map(|place| known.swap_remove(place)))
    }

    /// Does the steps whose condition holds, in order.
    pub(super) fn act(
        &mut self,
        steps: &[Step],
        event: &str,
        data: &Value,
        firing: u64,
        way: &[String],
    ) -> Result<Done, Fault> {
        let scope = scope(event, data);
        let mut all = Done::default();
        for (place, step) in steps.iter().enumerate() {
            if !Condition::read(&step.condition).is_ok_and(|condition| condition.holds(&scope)) {
                continue;
            }
            let filled = step.action.filled(&scope);
            let bytes = filled.as_ref().map_or(0, |action| json!(action).to_string().len());
            match filled {
                Ok(action) if self.allowance.takes(bytes) => {
                    self.bytes += bytes;
                    self.one(&action, (firing, place), data, way, &mut all)?;
                }
                Ok(_) => all.failed(&step.action, "this call has done as much as one may"),
                Err(fault) => all.failed(&step.action, &row::clip(&fault.message, 300)),
            }
        }
        self.done.extend(all.done.iter().cloned());
        Ok(all)
    }

    /// Does one action: here what can be done here, on the caller's list what cannot.
    fn one(
        &mut self,
        action: &Action,
        (firing, place): (u64, usize),
        data: &Value,
        way: &[String],
        all: &mut Done,
    ) -> Result<(), Fault> {
        let next = Occasion { way: way.to_vec(), parent: Some(firing), key: None };
        match action {
            Action::EmitEvent { name, payload } => {
                let payload = payload.clone().unwrap_or_else(|| data.clone());
                events::emit(name, &short(&payload))?;
                all.did(action, json!({ "name": name }));
                self.happen(std::slice::from_ref(name), &payload, &next, false)?;
            }
            Action::TriggerHook { hook_type } => {
                let outcome = self.hook(hook_type, data, &next)?;
                all.did(action, json!({"hook_type": hook_type, "outcome": outcome.outcome, "firing": outcome.firing}));
            }
            Action::RunWorkflow { workflow_name, params } => {
                let params = params.clone().unwrap_or_else(|| data.clone());
                match self.nearest(workflow_name)? {
                    None => all.failed(action, &format!("there is no workflow `{workflow_name}`")),
                    Some(known) => match self.workflow(&known, &params, &next) {
                        Ok(of) => all.did(
                            action,
                            json!({"workflow_name": workflow_name, "outcome": of.outcome, "firing": of.firing}),
                        ),
                        Err(fault) if fault.code == "invalid.argument" => all.failed(action, &fault.message),
                        Err(fault) => return Err(fault),
                    },
                }
            }
            other => acting::act(self, other, (firing, place), all)?,
        }
        Ok(())
    }
}
