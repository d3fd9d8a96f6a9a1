//! The thirteen kinds of hooks (requirements 1.11), and the event each one is.

/// A kind of hook.
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// When a client should trigger it.
    pub when: &'static str,
}

const fn kind(name: &'static str, when: &'static str) -> Kind {
    Kind { name, when }
}

/// All kinds, in the order of a session.
pub const KINDS: [Kind; 13] = [
    kind("session_start", "a session begins"),
    kind("session_end", "a session ends"),
    kind("conversation_turn", "user and assistant have both spoken"),
    kind("user_prompt_submit", "the user has sent a prompt"),
    kind("assistant_response", "the assistant has answered"),
    kind("task_started", "work on a task begins"),
    kind("task_completed", "a task is done"),
    kind("error_occurred", "something failed"),
    kind("pre_tool_use", "a tool is about to be used"),
    kind("post_tool_use", "a tool was used"),
    kind("consolidation_start", "a consolidation begins"),
    kind("consolidation_complete", "a consolidation is done"),
    kind("pre_clear", "a model's window is about to be cleared"),
];

/// The names of all kinds.
pub const NAMES: [&str; 13] = {
    let mut names = [""; 13];
    let mut at = 0;
    while at < 13 {
        #[allow(clippy::indexing_slicing, reason = "checked when it is compiled")]
        {
            names[at] = KINDS[at].name;
        }
        at += 1;
    }
    names
};

/// The event that a hook is to rules: `hook.session_start`.
#[must_use]
pub fn event(hook_type: &str) -> String {
    format!("hook.{hook_type}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn there_are_thirteen_of_different_names() {
        assert_eq!(NAMES.iter().collect::<BTreeSet<_>>().len(), 13);
        assert!(NAMES.iter().all(|name| crate::event::check(&event(name)).is_ok()));
    }
}
