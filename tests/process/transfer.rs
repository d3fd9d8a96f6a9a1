//! Import and export: what other memories wrote is found again, our own exports come back as they were, bad files change nothing.

use crate::running::{fails, ok, run};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn call(folder: &Path, operation: &str, arguments: &Value) -> Value {
    serde_json::from_str(&ok(folder, &["call", operation, &arguments.to_string()])).unwrap()
}

fn import(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&ok(folder, &[&["--json", "import"], arguments].concat())).unwrap()
}

/// The rows of an export, less what a new space says itself.
fn rows(text: &str) -> Vec<Value> {
    let rows = text.lines().skip(1).map(|line| {
        let mut row: Value = serde_json::from_str(line).unwrap();
        for made in ["updated_at", "version", "component"] {
            row["row"].as_object_mut().unwrap().remove(made);
        }
        row
    });
    rows.collect()
}

#[test]
fn what_other_memories_wrote_is_found_by_the_layers() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let graph = file(
        folder,
        "memory.json",
        "{\"type\":\"entity\",\"name\":\"Ada\",\"entityType\":\"person\",\"observations\":[\"builds engines\"]}\n\
         {\"type\":\"relation\",\"from\":\"Ada\",\"to\":\"Charles\",\"relationType\":\"works_with\"}\n\
         {\"type\":\"entity\",\"name\":\"Charles\",\"entityType\":\"person\",\"observations\":[]}\n",
    );
    let report = import(folder, &[graph.to_str().unwrap()]);
    assert_eq!((&report["format"], &report["imported"]), (&json!("mcp-memory"), &json!({"entity": 2, "relation": 1})));
    let ada = call(folder, "graph.get_entity", &json!({"entity": "Ada"}));
    assert_eq!(ada["observations"][0]["content"], "builds engines");
    assert_eq!(ada["relations"][0]["relation_type"], "works_with");

    let mem0 = json!({"results": [{"memory": "Prefers green tea", "user_id": "ada", "created_at": "2026-01-02T00:00:00Z", "categories": ["drinks"]}]});
    let mem0 = file(folder, "mem0.json", &mem0.to_string());
    assert_eq!(import(folder, &[mem0.to_str().unwrap()])["imported"], json!({"memory": 1}));
    assert_eq!(import(folder, &[mem0.to_str().unwrap()])["known"], 1, "a second import doubles nothing");
    let hit = &call(folder, "recall", &json!({"query": "which tea", "namespace": "user:ada"}))["hits"][0];
    assert_eq!(hit["text"], "Prefers green tea");

    let claude = json!([{"uuid": "c1", "name": "Tea", "chat_messages": [
        {"uuid": "m1", "sender": "human", "text": "Where does the kettle stand?", "created_at": "2026-02-03T04:05:06Z"},
        {"uuid": "m2", "sender": "assistant", "text": "In the cellar.", "created_at": "2026-02-03T04:05:09Z"}]}]);
    let claude = file(folder, "conversations.json", &claude.to_string());
    assert_eq!(import(folder, &[claude.to_str().unwrap()])["imported"], json!({"event": 2}));
    let events = call(folder, "episodic.recall_events_by_session", &json!({"session_id": "c1"}));
    assert!(events.to_string().contains("assistant: In the cellar."), "{events}");

    let lines =
        file(folder, "log.jsonl", "{\"subject\": \"Mend the pump\", \"timestamp\": 1668641302, \"author\": \"eve\"}\n");
    let named = ["--as", "event", "--field", "text=subject"];
    assert_eq!(import(folder, &[&[lines.to_str().unwrap()], &named[..]].concat())["imported"], json!({"event": 1}));
    let first = call(folder, "episodic.recall_events", &json!({"query": "pump"}));
    assert!(first.to_string().contains("Mend the pump"), "{first}");
}

#[test]
fn the_initial_data_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let report = import(folder.path(), &["--initial"]);
    assert_eq!(report["failed"], 0);
    let count = report["imported"]["call"].as_u64().unwrap();
    assert_eq!(import(folder.path(), &["--initial"])["known"], count);
    let memory = call(folder.path(), "entries.get_memory", &json!({"namespace": "app:workflows", "key": "bug"}));
    assert!(memory.to_string().contains("Mend a fault"), "{memory}");
    assert_eq!(
        call(folder.path(), "sessions.get_session", &json!({"session_id": "example"}))["session"]["status"],
        "created"
    );
}

#[test]
fn an_export_comes_back_in_a_new_space_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    ok(folder, &["import", "--initial"]);
    let first = call(folder, "remember", &json!({"content": "Ada drinks green tea", "tags": ["tea"]}));
    call(folder, "remember", &json!({"content": "The tea comes from Assam", "sources": [first["id"]]}));
    let entities =
        json!({"entities": [{"name": "Ada", "entity_type": "person"}, {"name": "tea", "entity_type": "plant"}]});
    call(folder, "graph.create_entities", &entities);
    let relation = json!({"from_entity": "Ada", "to_entity": "tea", "relation_type": "likes"});
    call(folder, "graph.create_relation", &relation);
    let path = folder.join("all.jsonl");
    let told = ok(folder, &["export", path.to_str().unwrap()]);
    assert!(told.contains("rows of space `default`"), "{told}");
    let before = std::fs::read_to_string(&path).unwrap();
    assert!(fails(folder, &["export", path.to_str().unwrap()]).contains("exists"));
    assert!(fails(folder, &["import", path.to_str().unwrap()]).contains("make a new space"));
    ok(folder, &["space", "create", "copy"]);
    ok(folder, &["--space", "copy", "import", path.to_str().unwrap()]);
    let after = ok(folder, &["--space", "copy", "export"]);
    assert_eq!(rows(&before), rows(&after));
    assert!(ok(folder, &["--space", "copy", "verify"]).contains("ok"));
    let recall = json!({"query": "what does Ada drink"}).to_string();
    let found = |space: &str| {
        let answer: Value = serde_json::from_str(&ok(folder, &["--space", space, "call", "recall", &recall])).unwrap();
        answer["hits"].as_array().unwrap().iter().map(|hit| hit["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(found("default"), found("copy"));
    // New rows get ids of their own.
    let remembered = ok(folder, &["--space", "copy", "call", "remember", "{\"content\": \"new\"}"]);
    let new = serde_json::from_str::<Value>(&remembered).unwrap()["id"].as_u64().unwrap();
    assert!(rows(&before).iter().all(|row| row["row"]["id"].as_u64().unwrap() < new));

    let markdown = ok(folder, &["export", "--markdown", "--only", "semantic"]);
    assert!(markdown.contains("## semantic.memories") && markdown.contains("> Ada drinks green tea"), "{markdown}");
    assert!(!markdown.contains("## graph"), "{markdown}");
    assert!(
        fails(folder, &["export", "--only", "weather"]).contains("no collection and no layer `weather`; there are")
    );
}

#[test]
fn a_file_with_faults_changes_nothing_unless_they_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let bad = file(folder, "bad.jsonl", "{\"text\": \"Good\"}\n{oops\n{\"mood\": 1}\n");
    let said = fails(folder, &["import", bad.to_str().unwrap()]);
    for part in ["nothing was imported", "line 2: no JSON", "line 3: a record of kind memory needs", "--skip-bad"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!ok(folder, &["export"]).contains("Good"));
    let output = run(folder, &["import", "--skip-bad", bad.to_str().unwrap()]);
    assert!(!output.status.success(), "what was left out is a failure to the caller");
    assert!(ok(folder, &["export"]).contains("Good"));
    // One record its operation refuses does not keep the others out.
    let long = "x".repeat(60_000);
    let mixed = format!("{{\"text\": \"Fine one\"}}\n{{\"text\": \"{long}\"}}\n{{\"text\": \"Fine two\"}}\n");
    let mixed = file(folder, "mixed.jsonl", &mixed);
    let said = fails(folder, &["import", mixed.to_str().unwrap()]);
    assert!(said.contains("memory: 2") && said.contains("line 2: "), "{said}");
    for (name, text, part) in [
        ("zip", "PK\u{3}\u{4}", "neither JSON lines nor one JSON document"),
        ("empty", "", "it is empty"),
        ("row", "{\"memstrata_export\": 1}\n{\"collection\": \"no.such\", \"row\": {\"id\": 1}}\n", "no.such"),
    ] {
        let path = file(folder, name, text);
        ok(folder, &["space", "create", name]);
        let said = fails(folder, &["--space", name, "import", path.to_str().unwrap()]);
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(fails(folder, &["import", "nowhere.jsonl"]).contains("cannot read nowhere.jsonl"));
}
