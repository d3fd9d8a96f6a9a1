//! The component: names of operations to functions, and what several of them share.

mod exporting;
mod messages;
mod snapshots;
mod threads;

use crate::settings::Settings;
use memstrata_sdk::reference::Reference;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Layer, Query, Value, clock, get, json};

const THREADS: &str = "threads";
const MESSAGES: &str = "messages";
const SNAPSHOTS: &str = "snapshots";

struct Conversations;

memstrata_sdk::layer!(Conversations);

impl Layer for Conversations {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "start_new_conversation" => threads::start(arguments),
            "get_conversation" => threads::one(arguments),
            "update_conversation" => threads::update(arguments),
            "resume_conversation_session" => threads::resume(arguments),
            "close_conversation" => threads::end(arguments, "closed"),
            "archive_conversation" => threads::end(arguments, "archived"),
            "delete_conversation" => threads::delete(arguments),
            "list_active_conversations" => threads::list(arguments, Some("active")),
            "list_conversations" => threads::list(arguments, None),
            "add_message_to_conversation" => messages::add(arguments),
            "get_conversation_history" => messages::history(arguments),
            "search_messages" => messages::search(arguments),
            "create_context_snapshot" => snapshots::create(arguments),
            "recover_conversation_context" => snapshots::recover(arguments),
            "list_context_snapshots" => snapshots::list(arguments),
            "export_conversation_data" => exporting::export(arguments),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

/// The one live thread a caller names by id or key.
fn thread(reference: &Reference) -> Answer {
    let missing = |name: String| {
        Fault::new(
            "not-found.conversation",
            format!("there is no conversation {name}: take an id from list_conversations, or start one"),
        )
    };
    match reference {
        Reference::Id(id) => get(THREADS, *id)?.ok_or_else(|| missing(row::reference(*id))),
        Reference::Key(key) => {
            let found = Query::of(THREADS).filter(json!(["key", "=", key]))?.limit(2).page()?.rows;
            if found.len() > 1 {
                return Err(Fault::invalid(format!("key `{key}` is used in several namespaces: give an id")));
            }
            found.into_iter().next().ok_or_else(|| missing(format!("with the key `{key}`")))
        }
    }
}

fn now() -> u64 {
    clock::now()
}

fn settings() -> Result<Settings, Fault> {
    memstrata_sdk::settings::get()
}
