//! stdio: MCP line by line, in the era of `initialize`, ending when stdin does.

use crate::running::memstrata;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

#[test]
fn a_client_remembers_and_recalls_and_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = memstrata(folder.path()).arg("stdio").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut ask = |message: Value| {
        writeln!(input, "{message}").unwrap();
        if message.get("id").is_none() {
            return Value::Null;
        }
        serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap()
    };
    let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } });
    let answer = ask(json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello }));
    assert_eq!(answer["result"]["serverInfo"]["name"], "memstrata");
    ask(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    let mut call = |id: u64, name: &str, arguments: Value| {
        ask(
            json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": name, "arguments": arguments } }),
        )
    };
    let kept = call(2, "remember", json!({ "content": "The wifi password hangs in the kitchen" }));
    assert_ne!(kept["result"]["isError"], true, "{kept}");
    let found = call(3, "recall", json!({ "query": "how do I get online here" }));
    let text = found["result"]["content"][0]["text"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), found["result"]["structuredContent"]);
    let unknown = call(4, "recal", json!({}));
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_line_has_an_end() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("memstrata.toml"), "[gateway]\nmax_body_bytes = 2000\n").unwrap();
    let mut child = memstrata(folder.path()).arg("stdio").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let hello =
        json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
    let long = json!({ "name": "remember", "arguments": { "content": "x".repeat(3_000) } });
    for message in [
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello }),
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": long }),
    ] {
        // Once the host has had enough, nobody reads any more.
        _ = writeln!(input, "{message}");
    }
    drop(input);
    let answers: Vec<Value> = output.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    assert_eq!(answers[0]["id"], 1);
    assert!(!answers.iter().any(|answer| answer["id"] == 2 && answer.get("result").is_some()), "{answers:?}");
    child.wait().unwrap();
}
