//! Lists of the episodic layer, page by page, while events come and go.

use crate::support::{Host, bundled_wasm, layer, options};
use memstrata_kernel::Kernel;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

fn host() -> Host {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let mut options =
        options(folder.path(), BTreeMap::from([("episodic".to_owned(), layer(bundled_wasm("episodic")))]));
    options.background = false;
    Host { kernel: Kernel::start(options).unwrap(), _folder: folder }
}

fn ids(answer: &Value) -> Vec<u64> {
    answer["events"].as_array().unwrap().iter().map(|event| event["id"].as_u64().unwrap()).collect()
}

#[test]
fn the_events_of_a_file_are_listed_to_the_end_though_some_go_and_others_come() {
    let host = host();
    let record = |number: u64, named: Value| {
        let mut event = json!({"content": format!("event {number}"), "event_type": "action", "timestamp": 1_700_000_000_000 + number * 1_000});
        event.as_object_mut().unwrap().extend(named.as_object().unwrap().clone());
        host.ok("episodic.record_event", event)["id"].as_u64().unwrap()
    };
    let named = |number: u64| match number % 2 {
        0 => json!({"file_path": "src/kiln.rs"}),
        _ => json!({"context": {"files": ["src/kiln.rs", "src/pot.rs"]}}),
    };
    let all: Vec<u64> = (0..6).map(|number| record(number, named(number))).collect();
    record(6, json!({"file_path": "src/other.rs"}));
    while host.ok("episodic.index_lists", json!({}))["done"] == false {}
    let page = |after: Option<&Value>| {
        let mut asked = json!({"file_path": "src/kiln.rs", "limit": 2});
        if let Some(after) = after {
            asked["cursor"] = after["next_cursor"].clone();
        }
        host.ok("episodic.code_events", asked)
    };
    let first = page(None);
    assert_eq!(ids(&first), [all[5], all[4]]);
    host.ok("episodic.forget", json!({"ids": [all[2]]}));
    record(7, named(0));
    let second = page(Some(&first));
    assert_eq!(ids(&second), [all[3], all[1]]);
    let third = page(Some(&second));
    assert_eq!((ids(&third), &third["next_cursor"]), (vec![all[0]], &Value::Null));
}
