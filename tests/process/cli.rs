//! The command line: each command with real data, and errors that say what to do.

use crate::running::{fails, memstrata, ok, run};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::Stdio;

fn remember(folder: &std::path::Path, content: &str) -> u64 {
    let answer = ok(folder, &["call", "remember", &json!({ "content": content }).to_string()]);
    serde_json::from_str::<Value>(&answer).unwrap()["id"].as_u64().unwrap()
}

fn recalls(folder: &std::path::Path, query: &str) -> Vec<u64> {
    let answer = ok(folder, &["call", "recall", &json!({ "query": query }).to_string()]);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    answer["hits"].as_array().unwrap().iter().map(|hit| hit["id"].as_u64().unwrap()).collect()
}

#[test]
fn history_diff_and_undo() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let id = remember(folder, "The standup is at nine");
    let before = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis().to_string();
    std::thread::sleep(std::time::Duration::from_millis(5));
    ok(folder, &["call", "semantic.update_memory", &json!({ "id": id, "confidence": 0.25 }).to_string()]);
    assert!(ok(folder, &["history", &format!("m:{id}")]).contains("confidence: 1.0 -> 0.25"));
    let known = ok(folder, &["--json", "asof", &id.to_string(), &before]);
    assert_eq!(serde_json::from_str::<Value>(&known).unwrap()["row"]["confidence"], 1.0);
    assert!(ok(folder, &["diff", &before]).contains("confidence: 1.0 -> 0.25"));
    let transactions: Value = serde_json::from_str(&ok(folder, &["--json", "history"])).unwrap();
    let (newest, first) = (transactions[0]["seq"].to_string(), transactions[1]["seq"].to_string());
    // The first transaction cannot go while a later one stands on it.
    let said = fails(folder, &["undo", &first]);
    assert!(said.contains(&format!("semantic.memories:{id} was changed by transaction {newest}")), "{said}");
    assert!(ok(folder, &["undo", &newest, "--dry-run"]).contains("would change"));
    assert!(ok(folder, &["diff", &before]).contains("confidence"), "a dry run changes nothing");
    ok(folder, &["undo", &newest]);
    assert!(ok(folder, &["diff", &before]).contains("no difference"));
    assert!(fails(folder, &["undo", "999"]).contains("the journal of `default` has no 999"));
    assert!(ok(folder, &["verify"]).contains("ok"));
}

#[test]
fn backup_and_restore_give_the_same_recalls() {
    let folder = tempfile::tempdir().unwrap();
    for text in ["Ada drinks green tea", "The cellar floods in spring", "Deploys happen on Tuesdays"] {
        remember(folder.path(), text);
    }
    let queries = ["what does Ada drink", "water damage", "when do we release"];
    let before: Vec<_> = queries.iter().map(|query| recalls(folder.path(), query)).collect();
    let file = folder.path().join("backup.db");
    ok(folder.path(), &["backup", file.to_str().unwrap()]);
    assert!(fails(folder.path(), &["backup", file.to_str().unwrap()]).contains("exists"));
    let empty = tempfile::tempdir().unwrap();
    ok(empty.path(), &["restore", file.to_str().unwrap()]);
    let after: Vec<_> = queries.iter().map(|query| recalls(empty.path(), query)).collect();
    assert_eq!(before, after);
    assert!(ok(empty.path(), &["verify"]).contains("ok"));
    assert!(remember(empty.path(), "new after the restore") > *before.iter().flatten().max().unwrap());
    // A space with a past is not overwritten.
    assert!(fails(empty.path(), &["restore", file.to_str().unwrap()]).contains("exists"));
    let junk = folder.path().join("junk.db");
    std::fs::write(&junk, "not a database").unwrap();
    assert!(fails(empty.path(), &["restore", junk.to_str().unwrap(), "--as", "other"]).contains("no sound backup"));
}

#[test]
fn spaces_are_apart() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    ok(folder, &["space", "create", "red"]);
    ok(folder, &["--space", "red", "call", "remember", "{\"content\": \"red secret number 17\"}"]);
    assert!(recalls(folder, "red secret number").is_empty());
    assert!(ok(folder, &["space", "list"]).contains("red"));
    assert!(fails(folder, &["--space", "rad", "call", "recall", "{\"query\": \"x\"}"]).contains("space create rad"));
    assert!(!ok(folder, &["space", "list"]).contains("rad"), "a misspelt space is not made");
    assert!(fails(folder, &["space", "create", "no/good"]).contains("1 to 100"));
    assert!(fails(folder, &["space", "delete", "red"]).contains("--yes"));
    ok(folder, &["space", "delete", "red", "--yes"]);
    assert!(!ok(folder, &["space", "list"]).contains("red"));
    assert!(fails(folder, &["space", "delete", "red", "--yes"]).contains("no space `red`"));
}

#[test]
fn call_reads_stdin_lists_and_previews() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut child =
        memstrata(folder).args(["call", "remember", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"{\"content\": \"from stdin\"}").unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    let preview = ok(folder, &["call", "remember", "{\"content\": \"only a preview\"}", "--dry-run"]);
    assert!(preview.contains("would_change") && preview.contains("only a preview"));
    assert!(
        !ok(folder, &["call", "recall", "{\"query\": \"only a preview\"}"]).contains("only a preview"),
        "a dry run writes nothing"
    );
    assert!(ok(folder, &["call", "--list", "timeline"]).contains("get_timeline"));
    assert!(fails(folder, &["call", "recal", "{}"]).contains("did you mean"));
    assert!(fails(folder, &["call", "recall", "not json"]).contains("JSON object"));
    assert!(fails(folder, &["call", "recall", "{\"k\": 1}"]).contains("query"));
    let said = fails(folder, &["--json", "call", "recall", "{}"]);
    assert_eq!(serde_json::from_str::<Value>(&said).unwrap()["code"], "invalid.argument");
}

#[test]
fn configuration_is_checked_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.toml");
    let text = "color = 1\n[gateway]\nbind = \"0.0.0.0:80\"\nport = 3\n[limits]\nwall_ms = \"long\"\n[layers.mine]\nsource = \"x.wasm\"\nsecrets = 1\n";
    std::fs::write(&file, text).unwrap();
    let said = fails(folder.path(), &["--config", file.to_str().unwrap(), "config", "check"]);
    for fault in ["color", "gateway.port", "limits.wall_ms", "layers.mine"] {
        assert!(said.contains(fault), "{fault} in {said}");
    }
    std::fs::write(&file, "[gateway]\nbind = \"0.0.0.0:80\"\n[layers.mine]\nsource = \"x.wasm\"\n").unwrap();
    let said = fails(folder.path(), &["--config", file.to_str().unwrap(), "config", "check"]);
    assert!(said.contains("other machines") && said.contains("x.wasm"), "{said}");
    let text = "[limits]\nwall_ms = 0\nmemory_bytes = 5\n[consolidation]\nend_share = 2.0\nbusy_share = 0.0\n\
        [layers.semantic]\nsource = \"bundled\"\ninterfaces = [\"shell\"]\n[strategies.episodic]\nsource = \"bundled\"\n";
    std::fs::write(&file, text).unwrap();
    let said = fails(folder.path(), &["--config", file.to_str().unwrap(), "config", "check"]);
    for fault in ["limits.wall_ms", "limits.memory_bytes", "end_share", "busy_share", "`shell`", "the name of a layer"]
    {
        assert!(said.contains(fault), "{fault} in {said}");
    }
    let text = "[imports.rumour]\noperation = \"a.b\"\narguments = {}\n[imports.memory]\nsize = 0\n\
        [layers.documents]\nfolders = { papers = \"nowhere\" }\n[aliases]\nrecall = \"a.b\"\n";
    std::fs::write(&file, text).unwrap();
    let said = fails(folder.path(), &["--config", file.to_str().unwrap(), "config", "check"]);
    for fault in
        ["imports.rumour", "imports.memory.size is 0", "layers.documents.folders.papers: cannot open", "aliases.recall"]
    {
        assert!(said.contains(fault), "{fault} in {said}");
    }
    assert!(ok(folder.path(), &["config", "check"]).contains("sound"));
    let default = ok(folder.path(), &["config", "default"]);
    std::fs::write(&file, default).unwrap();
    ok(folder.path(), &["--config", file.to_str().unwrap(), "config", "check"]);
    assert!(ok(folder.path(), &["doctor"]).contains("layer"));
    assert!(run(folder.path(), &["--help"]).status.success());
}

#[test]
fn a_consolidation_is_tried_applied_replayed_and_undone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let event = |content: &str, kind: &str| json!({ "content": content, "event_type": kind, "session_id": "s", "outcome": "success" });
    let events = json!({ "events": [
        event("Chose SQLite over Postgres because one file is enough", "decision"),
        event("Wrote the migration to SQLite", "file_change"),
    ] });
    ok(folder, &["call", "episodic.batch_record_events", &events.to_string()]);

    let tried = ok(folder, &["consolidate", "dual_process", "--dry-run"]);
    assert!(
        tried.contains("+ semantic.memories") && tried.contains("because") && tried.contains("would be new"),
        "{tried}"
    );
    assert!(ok(folder, &["--json", "runs"]).trim() == "[]", "a dry run is no run");

    let applied = ok(folder, &["consolidate", "dual_process"]);
    let run = applied.split("undo --run ").nth(1).unwrap().trim().to_owned();
    assert!(ok(folder, &["runs"]).contains(&run));
    let found = ok(folder, &["call", "recall", "{\"query\": \"why SQLite and not Postgres\", \"detail\": \"full\"}"]);
    assert!(found.contains("\"consolidation\"") && found.contains("\"sources\""), "{found}");
    assert!(ok(folder, &["replay", &run]).contains("1 of 1 patches are what they were"));
    assert!(ok(folder, &["undo", "--run", &run]).contains("undone run"));
    assert!(ok(folder, &["runs"]).contains("undone"));
    assert!(fails(folder, &["consolidate", "nobody"]).contains("there is no strategy `nobody`; there are: "));
    assert!(ok(folder, &["consolidate"]).contains("of `dual_process`: done"), "the active one where none is named");
    assert!(ok(folder, &["verify"]).contains("ok"));
}
