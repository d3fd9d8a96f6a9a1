//! The component: names of operations to functions, and what several of them share.

mod acting;
mod config;
mod coordinating;
mod cycles;
mod firing;
mod hearing;
mod history;
mod hooks;
mod looking;
mod own;
mod registering;
mod resilience;
mod rules;
mod workflows;

use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Layer, Query, Value, clock, json};

const HOOKS: &str = "hooks";
const HOOK_KINDS: &str = "hook_kinds";
const RULES: &str = "rules";
const WORKFLOWS: &str = "workflows";
const FIRINGS: &str = "firings";
const ACTIONS: &str = "actions";
const NOTES: &str = "notes";
const CONFIG: &str = "config";
const TOOL_USES: &str = "tool_uses";
const BREAKERS: &str = "breakers";
const REPORTS: &str = "reports";
const POLICIES: &str = "policies";
/// Collections of other layers.
const EVENTS: &str = "episodic.events";
const TASKS: &str = "prospective.tasks";
const DEPENDENCIES: &str = "prospective.dependencies";
const GOALS: &str = "prospective.goals";
const FIRED: &str = "prospective.firings";
/// Hooks of one kind, rules of one event: no more are registered.
const MOST: usize = 200;
/// Rules of all events, and workflows.
const MOST_RULES: usize = 2_000;

struct Automation;

memstrata_sdk::layer!(Automation);

impl Layer for Automation {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "register_hook" => hooks::register(arguments),
            "remove_hook" => hooks::remove(arguments),
            "list_hooks" => hooks::list(arguments),
            "trigger_hook" => hooks::trigger(arguments),
            "configure_rate_limiting" => hooks::limit(arguments),
            "detect_hook_cycles" => cycles::detect(arguments),
            "register_automation_rule" => rules::register(arguments),
            "set_automation_rule_enabled" => rules::enable(arguments),
            "remove_automation_rule" => rules::remove(arguments),
            "list_automation_rules" => rules::list(arguments),
            "trigger_automation_event" => rules::trigger(arguments),
            "update_automation_config" => config::update(arguments),
            "get_automation_config" => config::get(),
            "hear_new_episodes" => hearing::episodes(),
            "hear_event" => hearing::event(arguments),
            "register_workflow" => workflows::register(arguments),
            "list_workflows" => workflows::list(arguments),
            "remove_workflow" => workflows::remove(arguments),
            "execute_automation_workflow" => workflows::execute(arguments),
            "list_firings" => history::list(arguments),
            "get_firing" => history::one(arguments),
            "list_pending_actions" => history::pending(arguments),
            "acknowledge_action" => history::acknowledge(arguments),
            "tidy" => history::tidy(),
            "optimize_session_start" => coordinating::session_start(arguments),
            "optimize_session_end" => coordinating::session_end(arguments),
            "optimize_user_prompt_submit" => coordinating::prompt(arguments),
            "optimize_post_tool_use" => coordinating::tool(arguments),
            "optimize_pre_execution" => coordinating::pre_execution(arguments),
            "configure_circuit_breaker" => resilience::configure(arguments),
            "report_outcome" => resilience::report(arguments),
            "allow" => resilience::allow(arguments),
            "get_resilience_status" => resilience::status(arguments),
            "test_fallback_chain" => resilience::chain(arguments),
            "configure_retry_policy" => resilience::policy(arguments),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

fn now() -> u64 {
    clock::now()
}

/// A namespace if one was given.
fn namespace(given: Option<&str>) -> Option<&str> {
    given.filter(|namespace| !namespace.is_empty())
}

/// The one live row of a name, in the namespace if one is given.
fn named(collection: &str, field: &str, name: &str, within: Option<&str>) -> Result<Option<Value>, Fault> {
    let query = Query::of(collection).filter(json!([field, "=", name]))?.filter_if("namespace", "=", within)?;
    let found = query.limit(2).page()?.rows;
    if found.len() > 1 {
        let name = row::clip(name, 60);
        return Err(Fault::invalid(format!("`{name}` is used in several namespaces: give `namespace`")));
    }
    Ok(found.into_iter().next())
}

/// Whether a fault says that another layer, or the grant for it, is not here.
fn is_absent(fault: &Fault) -> bool {
    ["not-found", "denied", "invalid"].iter().any(|code| fault.code.starts_with(code))
}

/// Puts a field into an object.
fn put(object: &mut Value, field: &str, value: impl Into<Value>) {
    if let Some(object) = object.as_object_mut() {
        object.insert(field.to_owned(), value.into());
    }
}

/// Puts a field into an object if there is something to put.
fn put_some(object: &mut Value, field: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        put(object, field, value);
    }
}
