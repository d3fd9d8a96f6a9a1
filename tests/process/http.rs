//! HTTP: REST and MCP in both protocol eras, tokens, and an end that loses nothing.

use crate::running::Server;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// One MCP request of the newest protocol: no session, the version in the request itself.
fn modern(server: &Server, method: &str, name: Option<&str>, params: Value) -> Value {
    modern_at(server, "/mcp", method, name, params)
}

/// A request of the newer era.
pub fn modern_at(server: &Server, path: &str, method: &str, name: Option<&str>, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {},
    });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    let mut headers = vec![
        ("accept", "application/json, text/event-stream"),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", method),
    ];
    headers.extend(name.map(|name| ("mcp-name", name)));
    server.post_text(path, &body, &headers).unwrap().1
}

#[test]
fn rest_answers_and_explains() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let (status, health) = server.get("/health").unwrap();
    let health: Value = serde_json::from_str(&health).unwrap();
    assert_eq!((status, &health["status"]), (200, &json!("healthy")));
    for layer in ["episodic", "semantic"] {
        assert_eq!(health["layers"][layer]["status"], "ok");
    }
    let (_, tools) = server.get("/tools").unwrap();
    assert!(tools.contains("episodic.record_event") && tools.contains("semantic.optimize"));
    server.remember("Grace prefers trains to planes").unwrap();
    assert_eq!(server.recall("how does Grace like to travel"), ["Grace prefers trains to planes"]);
    let (status, empty) = server.post("/recall", &json!({ "query": "xylophone", "namespace": "nobody" })).unwrap();
    assert_eq!((status, &empty["empty"]), (200, &json!(true)));
    assert!(empty["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{empty}");
    for (path, body, status) in [
        ("/recall", "{\"query\": ", 400),
        ("/recall", "[]", 400),
        ("/recall", "{}", 400),
        ("/recall", "{\"query\": \"x\", \"colour\": 1}", 400),
        ("/recall?space=nowhere", "{\"query\": \"x\"}", 404),
        ("/tools/semantic.recal", "{}", 404),
    ] {
        let (found, answer) = server.post_text(path, body, &[]).unwrap();
        assert_eq!(found, status, "{path} {body}: {answer}");
        assert!(answer["error"].is_string() && answer["message"].is_string(), "{answer}");
    }
    let (_, metrics) = server.get("/metrics").unwrap();
    for name in ["athena_operations_total", "athena_tokens_per_op", "memstrata_operations_total"] {
        assert!(metrics.contains(name), "{name}");
    }
}

#[test]
fn mcp_in_both_eras() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let discovered = modern(&server, "server/discover", None, json!({}));
    assert_eq!(discovered["result"]["resultType"], "complete", "{discovered}");
    let listed = modern(&server, "tools/list", None, json!({}));
    let names: Vec<_> = listed["result"]["tools"].as_array().unwrap().iter().map(|tool| tool["name"].clone()).collect();
    assert_eq!(names, ["forget", "recall", "remember", "status", "tools_call", "tools_find"]);
    assert_eq!(listed["result"]["tools"], modern(&server, "tools/list", None, json!({}))["result"]["tools"]);
    let kept = modern(
        &server,
        "tools/call",
        Some("remember"),
        json!({ "name": "remember", "arguments": { "content": "Hopper found a moth" } }),
    );
    let id = kept["result"]["structuredContent"]["id"].as_u64().unwrap();
    let found = modern(
        &server,
        "tools/call",
        Some("recall"),
        json!({ "name": "recall", "arguments": { "query": "who found an insect" } }),
    );
    assert_eq!(found["result"]["structuredContent"]["hits"][0]["id"], id, "{found}");
    let bad = modern(&server, "tools/call", Some("recall"), json!({ "name": "recall", "arguments": { "query": 7 } }));
    assert_eq!(bad["result"]["isError"], true, "{bad}");
    assert!(bad.to_string().contains("/query"), "{bad}");
    let deep =
        json!({ "name": "tools_call", "arguments": { "name": "retrieval.retrieve", "arguments": { "ids": [id] } } });
    assert!(modern(&server, "tools/call", Some("tools_call"), deep).to_string().contains("moth"));
    let gone = modern(
        &server,
        "tools/call",
        Some("forget"),
        json!({ "name": "forget", "arguments": { "ids": [format!("m:{id}")] } }),
    );
    assert_ne!(gone["result"]["isError"], true, "{gone}");
    assert!(server.recall("who found an insect").is_empty());
}

#[test]
fn grouped_tools_and_aliases_are_other_names_of_operations() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("memstrata.toml"), "[gateway]\nshow_groups = true\n").unwrap();
    let server = Server::start(folder.path(), &["--config", "memstrata.toml"]);
    let listed = modern(&server, "tools/list", None, json!({}));
    let tools = listed["result"]["tools"].as_array().unwrap();
    let memory = tools.iter().find(|tool| tool["name"] == "memory_tools").unwrap();
    let offered = memory["inputSchema"]["properties"]["operation"]["enum"].as_array().unwrap();
    assert!(offered.contains(&json!("recall")) && offered.contains(&json!("record_event")), "{memory}");
    let tool = |name: &str, arguments: Value| {
        modern(&server, "tools/call", Some(name), json!({ "name": name, "arguments": arguments }))["result"].clone()
    };
    let kept = tool(
        "memory_tools",
        json!({ "operation": "remember", "content": "Hopper found a moth", "memory_type": "fact" }),
    );
    let id = kept["structuredContent"]["id"].as_u64().unwrap();
    let found = tool("memory_tools", json!({ "operation": "recall", "query": "who found an insect", "k": 1 }));
    assert_eq!(found["structuredContent"]["hits"][0]["id"], id, "{found}");
    let unknown = tool("memory_tools", json!({ "operation": "sing" }));
    assert_eq!(unknown["isError"], true);
    assert!(unknown.to_string().contains("has no operation `sing`; there are: analyze_coverage, "), "{unknown}");
    // The same door for `tools_call` and REST; an argument that a group drops, and one it makes a list of.
    let inner =
        json!({ "name": "task_management_tools", "arguments": { "operation": "get_project_status", "project_id": 1 } });
    assert_ne!(tool("tools_call", inner)["isError"], true);
    let gone = json!({ "operation": "forget", "memory_id": id });
    assert_eq!(server.post("/tools/memory_tools", &gone).unwrap().0, 200);
    assert!(server.recall("who found an insect").is_empty());
    let added = json!({ "namespace": "user:a", "key": "k", "value": { "likes": "tea" }, "memory_type": "semantic", "created_by": "a" });
    assert_eq!(server.post("/tools/memory_add", &added).unwrap().0, 200);
    let (_, read) = server.post("/tools/memory_get", &json!({ "namespace": "user:a", "key": "k" })).unwrap();
    assert_eq!(read["memory"]["value"]["likes"], "tea", "{read}");
}

#[test]
fn tokens_guard_and_confine() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("reader.txt"), "reader-secret\n").unwrap();
    std::fs::write(folder.path().join("alice.txt"), "alice-secret\n").unwrap();
    let config = "[gateway.tokens.reader]\ntoken_file = \"reader.txt\"\nread_only = true\n[gateway.tokens.alice]\ntoken_file = \"alice.txt\"\nnamespace = \"user:alice\"\n";
    std::fs::write(folder.path().join("memstrata.toml"), config).unwrap();
    let server = Server::start(folder.path(), &["--config", "memstrata.toml"]);
    let call = |token: &str, path: &str, body: Value| {
        server.post_text(path, &body.to_string(), &[("authorization", &format!("Bearer {token}"))]).unwrap()
    };
    assert_eq!(server.post("/recall", &json!({ "query": "x" })).unwrap().0, 401);
    assert_eq!(call("wrong", "/recall", json!({ "query": "x" })).0, 401);
    assert_eq!(call("reader-secret", "/recall", json!({ "query": "x" })).0, 200);
    assert_eq!(call("reader-secret", "/remember", json!({ "content": "x" })).0, 403);
    let (status, kept) = call("alice-secret", "/remember", json!({ "content": "Alice's door code is 4711" }));
    assert_eq!((status, &kept["namespace"]), (200, &json!("user:alice")), "{kept}");
    let outside = json!({ "content": "x", "namespace": "user:alice2" });
    assert_eq!(call("alice-secret", "/remember", outside).0, 403);
}

#[test]
fn sigterm_answers_what_is_in_flight() {
    let folder = tempfile::tempdir().unwrap();
    let server = Arc::new(Server::start(folder.path(), &[]));
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let server = Arc::clone(&server);
            std::thread::spawn(move || {
                (0..200).take_while(|nth| server.remember(&format!("{writer} {nth}")).is_some()).count()
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(300));
    let pid = server.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let acknowledged: usize = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
    let mut server = Arc::into_inner(server).unwrap();
    assert!(server.child.wait().unwrap().success(), "a drained host ends well");
    let found = crate::running::ok(folder.path(), &["--json", "verify"]);
    let rows = serde_json::from_str::<Value>(&found).unwrap()[0]["rows"].as_u64().unwrap() as usize;
    // One answer of each writer may have been lost on the way; none that arrived may be missing.
    assert!((acknowledged..=acknowledged + 8).contains(&rows), "{acknowledged} acknowledged, {rows} rows");
}

#[test]
fn calls_and_bodies_are_limited() {
    let folder = tempfile::tempdir().unwrap();
    let config = "[gateway]\nmax_body_bytes = 2000\nrate_limits = { \"*\" = 3 }\n";
    std::fs::write(folder.path().join("memstrata.toml"), config).unwrap();
    let server = Server::start(folder.path(), &["--config", "memstrata.toml"]);
    let (status, answer) = server.post("/remember", &json!({ "content": "x".repeat(3000) })).unwrap();
    assert_eq!(status, 413, "{answer}");
    let statuses: Vec<u16> = (0..6).map(|_| server.post("/recall", &json!({ "query": "x" })).unwrap().0).collect();
    assert_eq!(statuses[0], 200, "{statuses:?}");
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(server.get("/health").unwrap().0, 200, "health is always told");
}
