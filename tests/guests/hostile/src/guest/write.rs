//! Misbehaviour in writing and reading rows: too much, at the wrong time, under forged ids.

use super::{Raw, done, number, text, told};
use memstrata_sdk::bindings::memstrata::plugin::search::Request;
use memstrata_sdk::{Fault, Query, Value, batch::Batch, events, get, get_many, history, json, write};

/// What a sound operation does.
pub(super) fn good(arguments: &Value) -> Raw {
    let words = arguments.get("text").and_then(Value::as_str).unwrap_or("a good memory");
    let id = write::insert("items", &json!({ "text": words }))?;
    done(json!({ "id": id, "rows": Query::of("items").count()? }))
}

/// `count` rows, each with `bytes` of text.
pub(super) fn seed(arguments: &Value) -> Raw {
    let filler = "y".repeat(number(arguments, "bytes") as usize);
    let rows: Vec<Value> = match arguments.get("text").and_then(Value::as_str) {
        Some(text) => (0..number(arguments, "count")).map(|nth| json!({ "text": text, "n": nth })).collect(),
        None => (0..number(arguments, "count")).map(|nth| json!({ "note": filler, "n": nth })).collect(),
    };
    done(json!({ "ids": write::insert_many("items", &rows)? }))
}

pub(super) fn write_then(arguments: &Value) -> Raw {
    let id = write::insert("items", &json!({ "text": "never to be seen" }))?;
    events::emit("seen", &json!({ "id": id }))?;
    match text(arguments, "then") {
        "trap" => panic!("a trap after writing"),
        "fault" => Err(Fault::new("made.up", "a fault after writing")),
        "loop" => super::time::loop_forever(),
        "exit" => super::world::exit(arguments),
        "misfit" => super::answer::misfit(),
        other => Err(Fault::invalid(format!("nothing follows as `{other}`"))),
    }
}

/// Declared `read`. With `swallow` it hides that it was refused.
pub(super) fn write_in_read(arguments: &Value) -> Raw {
    let answers = [
        told(write::insert("items", &json!({ "text": "from a read" }))),
        told(write::delete("items", number(arguments, "id"), None).map(|()| true)),
        told(write::erase("items", number(arguments, "id")).map(|()| true)),
        told(write::new_ids(1).map(|ids| json!(ids))),
        told(events::emit("seen", &json!({})).map(|()| true)),
    ];
    done(json!({ "answers": answers }))
}

/// One row after the other; with `swallow` it goes on as if nothing was wrong.
pub(super) fn rows_flood(arguments: &Value) -> Raw {
    let mut refused = 0;
    for nth in 0..number(arguments, "count") {
        match write::insert("items", &json!({ "text": "a row", "n": nth })) {
            Ok(_) => {}
            Err(_) if arguments["swallow"] == json!(true) => refused += 1,
            Err(fault) => return Err(fault),
        }
    }
    done(json!({ "refused": refused }))
}

pub(super) fn bytes_flood(arguments: &Value) -> Raw {
    for _ in 0..number(arguments, "count") {
        write::insert("items", &json!({ "text": "z".repeat(number(arguments, "bytes") as usize) }))?;
    }
    done(json!({}))
}

pub(super) fn events_flood(arguments: &Value) -> Raw {
    let payload = json!("e".repeat(number(arguments, "bytes") as usize));
    let name = arguments.get("name").and_then(Value::as_str).unwrap_or("seen");
    for _ in 0..number(arguments, "count") {
        events::emit(name, &payload)?;
    }
    done(json!({}))
}

pub(super) fn ids_flood(arguments: &Value) -> Raw {
    let count = u32::try_from(number(arguments, "count")).unwrap_or(u32::MAX);
    done(json!({ "ids": write::new_ids(count)?.len() + write::new_ids(count)?.len() }))
}

/// The same rows again and again.
pub(super) fn read_flood(arguments: &Value) -> Raw {
    let id = number(arguments, "id");
    for _ in 0..number(arguments, "count") {
        match text(arguments, "how") {
            "get" => _ = get("items", id)?,
            "many" => _ = get_many("items", &[id; 100])?,
            "history" => _ = history("items", id)?,
            "page" => _ = Query::of("items").page()?,
            "ids" => _ = Query::of("items").ids()?,
            "column" => _ = Query::of("items").column("n")?,
            "groups" => _ = Query::of("items").group_count("n")?,
            "vectors" => _ = Batch::of_rows("items", &[id; 100]).map_err(Fault::from)?,
            "search" => {
                let request = Request::new("good memory");
                request.collection("items").map_err(Fault::from)?;
                request.limit(100);
                _ = request.run().map_err(Fault::from)?;
            }
            "touch" => memstrata_sdk::hints::touch(&[id; 100])?,
            "usage" => _ = memstrata_sdk::hints::usage(&[id; 100])?,
            other => return Err(Fault::invalid(format!("nothing is read by `{other}`"))),
        }
    }
    done(json!({}))
}

/// The row as given, whatever it claims.
pub(super) fn insert(arguments: &Value) -> Raw {
    let collection = arguments.get("collection").and_then(Value::as_str).unwrap_or("items");
    if let Some(raw) = arguments.get("raw").and_then(Value::as_str) {
        let raw =
            if raw == "deep" { format!("{{\"tags\":{}{}}}", "[".repeat(5000), "]".repeat(5000)) } else { raw.into() };
        let id =
            memstrata_sdk::bindings::memstrata::plugin::store_write::insert(collection, &raw).map_err(Fault::from)?;
        return done(json!({ "id": id }));
    }
    let row = &arguments["row"];
    let id = match text(arguments, "key") {
        "" => write::insert(collection, row)?,
        key => write::upsert(collection, key, row)?.0,
    };
    done(json!({ "id": id, "row": get(collection, id)? }))
}

/// A row of any collection changed in any way.
pub(super) fn change(arguments: &Value) -> Raw {
    let collection = arguments.get("collection").and_then(Value::as_str).unwrap_or("items");
    let id = number(arguments, "id");
    match text(arguments, "verb") {
        "update" => _ = write::update(collection, id, None, &json!({ "text": "taken over" }))?,
        "add" => write::add(collection, id, "n", 1.0)?,
        "max" => write::max(collection, id, "n", 1e6)?,
        "delete" => write::delete(collection, id, None)?,
        "restore" => write::restore(collection, id)?,
        "erase" => write::erase(collection, id)?,
        other => return Err(Fault::invalid(format!("no change `{other}`"))),
    }
    done(json!({}))
}
