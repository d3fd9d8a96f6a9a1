//! Misbehaviour in reach: interfaces and collections that were not granted.

use super::{Raw, done, number, text};
use memstrata_sdk::bindings::memstrata::plugin::{hints, search::Request, store_read};
use memstrata_sdk::{
    Fault, Query, Value, batch::Batch, budget, events, files, get, get_many, history, json, llm, locate, log, random,
    write,
};

/// The plainest use of one interface.
pub(super) fn use_interface(arguments: &Value) -> Raw {
    match text(arguments, "interface") {
        "store-read" => _ = get("items", 1)?,
        "store-read.query" => _ = Query::of("items").count()?,
        "store-write" => _ = write::insert("items", &json!({ "text": "not granted" }))?,
        "search" => _ = Request::new("a").run().map_err(Fault::from)?,
        "vectors" => _ = Batch::embed(&["a".to_owned()]).map_err(Fault::from)?,
        "hints" => hints::touch(&[1]).map_err(Fault::from)?,
        "events" => events::emit("seen", arguments.get("payload").unwrap_or(&json!({})))?,
        "files" => _ = files::about("docs", "a.txt")?,
        "llm" => _ = llm::Prompt::new("a").run().map_err(Fault::from)?,
        "harmless" => {
            budget::report(1, 2, "on the way");
            log::info("a line");
            return done(json!({ "next": random::next() != 0, "stop": budget::should_stop() }));
        }
        other => return Err(Fault::invalid(format!("no interface `{other}`"))),
    }
    done(json!({}))
}

/// A collection of another component.
pub(super) fn foreign(arguments: &Value) -> Raw {
    let (collection, id) = (text(arguments, "collection"), number(arguments, "id"));
    let value = match text(arguments, "how") {
        "get" => json!(get(collection, id)?),
        "get_many" => json!(get_many(collection, &[id])?),
        "history" => json!(history(collection, id)?),
        "locate" => json!(locate(id)?),
        "count" => json!(Query::of(collection).count()?),
        "rows" => json!(Query::of(collection).page()?.rows),
        "expect" => {
            write::expect(&Query::of(collection), 0)?;
            json!(null)
        }
        "of_rows" => json!(Batch::of_rows(collection, &[id]).map_err(Fault::from)?.present()),
        "nearest" => {
            let batch = Batch::embed(&["secret".to_owned()]).map_err(Fault::from)?;
            json!(batch.nearest(collection, 10).map_err(Fault::from)?.len())
        }
        "search" => {
            let request = Request::new("secret");
            request.collection(collection).map_err(Fault::from)?;
            json!(request.run().map_err(Fault::from)?.ids())
        }
        // No collection named: what is readable, and no more.
        "search_all" => json!(Request::new("secret").run().map_err(Fault::from)?.ids()),
        // Its own collection's door, the other's id.
        "own_get" => json!(get("items", id)?),
        "own_rows" => {
            let batch = Batch::of_rows("items", &[id]).map_err(Fault::from)?;
            json!(batch.present())
        }
        "own_history" => json!(store_read::history("items", id).map_err(Fault::from)?),
        "seeds" => {
            let request = Request::new("");
            request.seeds(&[id]);
            json!(request.run().map_err(Fault::from)?.ids())
        }
        "insert" => json!(write::insert(collection, &json!({ "text": "planted" }))?),
        other => return Err(Fault::invalid(format!("nothing reaches by `{other}`"))),
    };
    done(json!({ "value": value }))
}

pub(super) fn settings() -> Raw {
    done(memstrata_sdk::settings::get::<Value>()?)
}
