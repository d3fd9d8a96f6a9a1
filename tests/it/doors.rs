//! The HTTP door in this process: who comes in, with how much, for how long, and what is told to whom.

use crate::hostile::stage;
use crate::support::Host;
use memstrata_gateway::{GatewayConfig, GatewayError, ResolvedToken, Serving, StdioOptions, serve, serve_stdio};
use memstrata_kernel::KernelOptions;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// A host behind an open door.
struct Door {
    host: Host,
    runtime: tokio::runtime::Runtime,
    serving: Option<Serving>,
    address: SocketAddr,
    shutdown: CancellationToken,
}

/// The door with a changed configuration and the tokens `name = secret`.
fn door(config: Value, tokens: &[(&str, &str)], change: impl FnOnce(&mut KernelOptions)) -> Door {
    let host = stage(change);
    let mut config: GatewayConfig = serde_json::from_value(config).unwrap();
    config.bind = "127.0.0.1:0".into();
    let tokens = tokens.iter().map(|(name, secret)| ResolvedToken::new(*name, secret)).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let shutdown = CancellationToken::new();
    let serving = runtime.block_on(serve(host.kernel.clone(), config, tokens, shutdown.clone())).unwrap();
    Door { address: serving.address(), host, runtime, serving: Some(serving), shutdown }
}

impl Door {
    /// Sends a request as it is written, and reads the answer to its end: status and body.
    fn raw(&self, request: &[u8]) -> (u16, Value) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = Vec::new();
        // A refused body may be cut off after the answer.
        _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned())))
    }

    /// One request with more header lines.
    fn ask(&self, method: &str, path: &str, headers: &[&str], body: &str) -> (u16, Value) {
        let host = if headers.iter().any(|line| line.to_lowercase().starts_with("host:")) {
            ""
        } else {
            "Host: localhost\r\n"
        };
        let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let length = body.len();
        self.raw(
            format!(
                "{method} {path} HTTP/1.1\r\n{host}Connection: close\r\nContent-Type: application/json\r\n\
                 Content-Length: {length}\r\n{headers}\r\n{body}"
            )
            .as_bytes(),
        )
    }

    fn code(&self, method: &str, path: &str, headers: &[&str], body: &str) -> (u16, String) {
        let (status, answer) = self.ask(method, path, headers, body);
        (status, answer["error"].as_str().unwrap_or_default().to_owned())
    }

    /// An MCP session of an older client; its id, or the code it was refused with.
    fn session(&self) -> Result<String, (u16, String)> {
        let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
        let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello }).to_string();
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let length = hello.len();
        let request = format!(
            "POST /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nContent-Length: {length}\r\n\r\n{hello}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let id = head.lines().find_map(|line| line.strip_prefix("mcp-session-id: ").map(str::to_owned));
        id.ok_or_else(|| {
            let body: Value = serde_json::from_str(body).unwrap_or_default();
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            (status, body["error"].as_str().unwrap_or_default().to_owned())
        })
    }

    /// The status of a request in a session.
    fn in_session(&self, id: &str) -> u16 {
        let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" }).to_string();
        let session = format!("Mcp-Session-Id: {id}");
        let accept = "Accept: application/json, text/event-stream";
        self.ask("POST", "/mcp", &[accept, &session, "Mcp-Protocol-Version: 2025-11-25"], &list).0
    }

    /// Closes the door; how long that took.
    fn close(&mut self) -> Duration {
        let started = Instant::now();
        self.shutdown.cancel();
        if let Some(serving) = self.serving.take() {
            self.runtime.block_on(serving.finished()).unwrap();
        }
        started.elapsed()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.close();
    }
}

#[test]
fn foreign_hosts_and_origins_stay_outside_every_path() {
    let door = door(json!({}), &[], |_| {});
    for (method, path) in [("GET", "/health"), ("GET", "/tools"), ("POST", "/mcp"), ("POST", "/tools/hostile.good")] {
        let foreign = door.code(method, path, &["Host: evil.example"], "{}");
        assert_eq!(foreign, (403, "denied.host".into()), "{path}");
        let foreign = door.code(method, path, &["Origin: http://evil.example"], "{}");
        assert_eq!(foreign, (403, "denied.origin".into()), "{path}");
    }
    assert_eq!(door.raw(b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n").0, 403, "no host at all");
    assert_eq!(door.ask("GET", "/health", &["Origin: http://localhost:3000"], "").0, 200);
}

#[test]
fn a_token_is_wanted_and_confines_to_its_spaces() {
    let tokens = json!({ "tokens": { "team": { "token_env": "T", "spaces": ["team"] }, "all": { "token_env": "A" } } });
    let door = door(tokens, &[("team", "team-secret"), ("all", "all-secret")], |_| {});
    door.host.kernel.create_space("team").unwrap();
    let team = "Authorization: Bearer team-secret";
    let code = |path: &str, headers: &[&str]| door.code("POST", path, headers, "{}");
    assert_eq!(code("/tools/hostile.query", &[]), (401, "unauthenticated.missing".into()));
    assert_eq!(code("/tools/hostile.query", &["Authorization: Bearer x"]), (401, "unauthenticated.token".into()));
    assert_eq!(code("/tools/hostile.query", &[team]), (403, "denied.space".into()), "not the default space");
    assert_eq!(code("/tools/hostile.query?space=team", &[team]).0, 200);
    assert_eq!(code("/tools/hostile.query", &[team, "X-Memstrata-Space: team"]).0, 200);
    assert_eq!(code("/mcp/default", &[team]).0, 403);
    // A space that cannot be one is refused, and never passed over.
    let all = "Authorization: Bearer all-secret";
    assert_eq!(code("/tools/hostile.query?space=a%20b", &[all]), (400, "invalid.argument".into()));
    let bytes = b"POST /tools/hostile.query HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n\
        Authorization: Bearer all-secret\r\nX-Memstrata-Space: \xff\r\n\r\n{}";
    let (status, answer) = door.raw(bytes);
    assert_eq!((status, &answer["error"]), (400, &json!("invalid.argument")));
    // Health is told to all, its parts to those who may come in; the rest to nobody else.
    let health = door.ask("GET", "/health", &[], "");
    assert_eq!(health, (200, json!({ "status": "healthy" })));
    assert!(door.ask("GET", "/health", &[all], "").1["layers"]["hostile"].is_object());
    for path in ["/metrics", "/tools", "/mcp", "/nothing"] {
        assert_eq!(door.ask("GET", path, &[], "").0, 401, "{path}");
    }
}

#[test]
fn a_reader_and_a_confined_caller_get_no_further_by_any_tool() {
    let tokens = json!({ "tokens": {
        "reader": { "token_env": "R", "read_only": true }, "alice": { "token_env": "A", "namespace": "user:alice" },
    } });
    let door = door(tokens, &[("reader", "r"), ("alice", "a")], |_| {});
    let id = door.host.ok("hostile.good", json!({}))["id"].as_u64().unwrap();
    let (reader, alice) = ("Authorization: Bearer r", "Authorization: Bearer a");
    let inner = json!({ "name": "hostile.good" }).to_string();
    let forget = json!({ "ids": [id] }).to_string();
    for (path, body) in [("/tools/hostile.good", "{}"), ("/tools/tools_call", &*inner), ("/tools/forget", &*forget)] {
        let (status, answer) = door.ask("POST", path, &[reader], body);
        assert_eq!((status, &answer["error"]), (403, &json!("denied.write")), "{path}");
        // The door says it, before anything is asked of the kernel.
        assert!(answer["message"].as_str().unwrap().contains("ask the operator for a token"), "{path}: {answer}");
    }
    let (status, answer) = door.ask("POST", "/tools/forget", &[alice], &forget);
    assert_eq!((status, &answer["not_found"]), (200, &json!([id])), "what she cannot see she cannot forget: {answer}");
    assert_eq!(door.ask("POST", "/tools/hostile.query", &[alice], "{}").1["count"], 0);
}

#[test]
fn a_body_has_a_size_by_every_path() {
    let door = door(json!({ "max_body_bytes": 2000 }), &[], |_| {});
    let long = json!({ "text": "x".repeat(3000) }).to_string();
    assert_eq!(door.code("POST", "/tools/hostile.good", &[], &long), (413, "limit.body".into()));
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "status", "arguments": { "x": long } } });
    let accept = "Accept: application/json, text/event-stream";
    assert_eq!(door.ask("POST", "/mcp", &[accept], &call.to_string()).0, 413);
    assert_eq!(door.ask("POST", "/tools/hostile.good", &[], "{}").0, 200);
}

#[test]
fn an_unknown_name_does_not_come_back_whole() {
    let door = door(json!({}), &[], |_| {});
    let (status, answer) = door.ask("POST", &format!("/tools/{}", "x".repeat(5_000)), &[], "{}");
    assert_eq!(status, 404);
    assert!(answer.to_string().len() < 1_000, "{}", answer.to_string().len());
}

#[test]
fn sessions_are_so_many_and_idle_ones_end() {
    let door = door(json!({ "sessions": 2, "session_idle_s": 1 }), &[], |_| {});
    let first = door.session().unwrap();
    assert_eq!(door.in_session(&first), 200);
    let (second, third) = (door.session().unwrap(), door.session().unwrap());
    assert_eq!(door.in_session(&first), 404, "the longest unused made room");
    assert_eq!((door.in_session(&second), door.in_session(&third)), (200, 200));
    let until = Instant::now() + Duration::from_secs(15);
    std::thread::sleep(Duration::from_secs(2));
    // Asking is using: each is asked once, after it should have ended.
    while door.in_session(&second) != 404 && Instant::now() < until {
        std::thread::sleep(Duration::from_secs(3));
    }
    assert_eq!(door.in_session(&second), 404, "it was idle");
}

#[test]
fn sessions_whose_clients_listen_are_not_taken_away() {
    let door = door(json!({ "sessions": 1 }), &[], |_| {});
    let id = door.session().unwrap();
    let mut listening = TcpStream::connect(door.address).unwrap();
    let listen = format!(
        "GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nMcp-Session-Id: {id}\r\n\
         Mcp-Protocol-Version: 2025-11-25\r\n\r\n"
    );
    listening.write_all(listen.as_bytes()).unwrap();
    let mut head = [0; 12];
    listening.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    assert_eq!(door.session(), Err((503, "unavailable.sessions".into())));
    drop(listening);
}

#[test]
fn a_call_whose_caller_has_gone_is_stopped() {
    let door = door(json!({}), &[], |options| {
        (options.workers, options.limits.guest_ms, options.limits.wall_ms) = (1, 20_000, 20_000);
    });
    let mut stream = TcpStream::connect(door.address).unwrap();
    stream
        .write_all(b"POST /tools/hostile.loop_forever HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
        .unwrap();
    std::thread::sleep(Duration::from_millis(500));
    drop(stream);
    let started = Instant::now();
    assert_eq!(door.ask("POST", "/tools/hostile.good", &[], "{}").0, 200);
    assert!(started.elapsed() < Duration::from_secs(10), "the only worker was free after {:?}", started.elapsed());
}

#[test]
fn a_closing_door_waits_so_long_and_no_longer() {
    let mut door = door(json!({ "drain_s": 1 }), &[], |options| {
        (options.limits.guest_ms, options.limits.wall_ms) = (20_000, 20_000);
    });
    let mut stream = TcpStream::connect(door.address).unwrap();
    stream
        .write_all(b"POST /tools/hostile.loop_forever HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
        .unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let took = door.close();
    assert!(took >= Duration::from_secs(1) && took < Duration::from_secs(12), "{took:?}");
}

#[test]
fn no_door_opens_with_a_faulty_configuration() {
    let host = stage(|_| {});
    let config = GatewayConfig { bind: "0.0.0.0:0".into(), ..GatewayConfig::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let opened = runtime.block_on(serve(host.kernel.clone(), config.clone(), vec![], CancellationToken::new()));
    assert!(matches!(opened, Err(GatewayError::Config(_))));
    let stopped = CancellationToken::new();
    stopped.cancel();
    let served = runtime.block_on(serve_stdio(host.kernel.clone(), config, StdioOptions::default(), stopped));
    assert!(matches!(served, Err(GatewayError::Config(_))));
}
