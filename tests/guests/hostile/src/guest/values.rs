//! Misbehaviour in values: numbers that are none, conditions and names that try to be SQL, cursors, searches.

use super::{Raw, done, number as count, text, told};
use memstrata_sdk::bindings::memstrata::plugin::{search::Request, store_read::Query};
use memstrata_sdk::{Fault, Value, batch::Batch, json, write};

/// The number named by `value` in the place named by `how`.
pub(super) fn number(arguments: &Value) -> Raw {
    let value = match text(arguments, "value") {
        "nan" => f64::NAN,
        "infinity" => f64::INFINITY,
        "large" => 1e300,
        _ => 0.5,
    };
    let id = count(arguments, "id");
    match text(arguments, "how") {
        "add" => write::add("items", id, "x", value)?,
        "add_integer" => write::add("items", id, "n", value)?,
        "max" => write::max("items", id, "x", value)?,
        "weight" => Request::new("a").weight("text", value).map_err(Fault::from)?,
        "similarity" => {
            let request = Request::new("good memory");
            request.collection("items").map_err(Fault::from)?;
            // By meaning alone, so that nothing else finds what the threshold hides.
            for channel in ["text", "context", "time", "graph"] {
                request.weight(channel, 0.0).map_err(Fault::from)?;
            }
            request.min_similarity(value);
            return done(json!({ "hits": request.run().map_err(Fault::from)?.ids().len() }));
        }
        "pairs" => {
            let batch = Batch::embed(&["a cat".to_owned(), "a cat".to_owned()]).map_err(Fault::from)?;
            let pairs = batch.near_pairs(value as f32, 10).map_err(Fault::from)?.len();
            return done(json!({ "pairs": pairs, "clusters": batch.cluster(value as f32).map_err(Fault::from)? }));
        }
        other => return Err(Fault::invalid(format!("no number goes to `{other}`"))),
    }
    done(json!({}))
}

/// Nested `depth` deep, or with `width` comparisons, or as given.
fn condition(arguments: &Value) -> Option<String> {
    let (depth, width) = (count(arguments, "depth") as usize, count(arguments, "width") as usize);
    if depth > 0 {
        return Some(format!("{}[\"n\",\"=\",1]{}", "{\"not\":".repeat(depth), "}".repeat(depth)));
    }
    if width > 0 {
        return Some(json!({ "any": vec![json!(["n", "=", 1]); width] }).to_string());
    }
    let list = count(arguments, "list");
    if list > 0 {
        return Some(json!(["n", "in", (0..list).collect::<Vec<_>>()]).to_string());
    }
    arguments.get("condition").and_then(Value::as_str).map(str::to_owned)
}

/// A query of which any part may be hostile.
pub(super) fn query(arguments: &Value) -> Raw {
    let query = Query::new(arguments.get("collection").and_then(Value::as_str).unwrap_or("items"));
    if let Some(condition) = condition(arguments) {
        query.filter(&condition).map_err(Fault::from)?;
    }
    if let Some(namespace) = arguments.get("namespace").and_then(Value::as_str) {
        query.namespace(namespace).map_err(Fault::from)?;
    }
    if let Some(field) = arguments.get("order").and_then(Value::as_str) {
        query.order_by(field, true).map_err(Fault::from)?;
    }
    if let Some(field) = arguments.get("select").and_then(Value::as_str) {
        query.select(&[field.to_owned()]).map_err(Fault::from)?;
    }
    if let Some(field) = arguments.get("group").and_then(Value::as_str) {
        query.group_count(field).map_err(Fault::from)?;
    }
    if let Some(field) = arguments.get("column").and_then(Value::as_str) {
        query.column(field).map_err(Fault::from)?;
    }
    if let Some(function) = arguments.get("function").and_then(Value::as_str) {
        query.aggregate(function, arguments.get("of").and_then(Value::as_str).unwrap_or("n")).map_err(Fault::from)?;
    }
    done(json!({ "count": query.count().map_err(Fault::from)? }))
}

/// A page, with a cursor from anywhere.
pub(super) fn page(arguments: &Value) -> Raw {
    let query = Query::new("items");
    query.limit(u32::try_from(count(arguments, "limit")).unwrap_or(u32::MAX));
    if let Some(cursor) = arguments.get("cursor").and_then(Value::as_str) {
        query.after(cursor).map_err(Fault::from)?;
    }
    if arguments["descending"] == json!(true) {
        query.order_by("n", true).map_err(Fault::from)?;
    }
    let page = query.rows().map_err(Fault::from)?;
    done(json!({ "rows": page.rows.len(), "next": page.next }))
}

/// A search of which any part may be hostile.
pub(super) fn find(arguments: &Value) -> Raw {
    let words = match count(arguments, "bytes") as usize {
        0 => text(arguments, "text").to_owned(),
        bytes => "word ".repeat(bytes / 5),
    };
    let request = Request::new(&words);
    if let Some(name) = arguments.get("collection").and_then(Value::as_str) {
        request.collection(name).map_err(Fault::from)?;
    }
    if let Some(condition) = condition(arguments) {
        request.filter(&condition).map_err(Fault::from)?;
    }
    if let Some(channel) = arguments.get("channel").and_then(Value::as_str) {
        request.weight(channel, 1.0).map_err(Fault::from)?;
    }
    if let Some(method) = arguments.get("fusion").and_then(Value::as_str) {
        request.fusion(method).map_err(Fault::from)?;
    }
    request.limit(u32::MAX);
    let results = request.run().map_err(Fault::from)?;
    let rows = told(results.rows().map(|rows| rows.len()).map_err(Fault::from));
    done(json!({ "hits": results.ids().len(), "rows": rows, "collections": results.collections() }))
}
