//! `tools/call` of a trivial operation over HTTP keep-alive and over stdio.

use crate::sample::row;
use crate::start::{Program, program};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

const TIME: Duration = Duration::from_secs(5);
/// stdio requests on their way at once.
const DEPTH: usize = 16;

fn call(id: u64) -> Value {
    json!({
        "jsonrpc": "2.0", "id": id, "method": "tools/call",
        "params": { "name": "tools_call", "arguments": { "name": "episodic.spatial_distance", "arguments": { "from": "a/b", "to": "a/c" } } },
    })
}

pub fn run() -> anyhow::Result<()> {
    http()?;
    stdio()
}

fn http() -> anyhow::Result<()> {
    for clients in [1, 8] {
        let folder = tempfile::tempdir()?;
        let host = Program::serve(folder.path())?;
        let begun = Instant::now();
        let threads: Vec<_> = (0..clients)
            .map(|_| {
                let url = format!("{}/mcp", host.url);
                std::thread::spawn(move || {
                    let agent = ureq::Agent::new_with_defaults();
                    let mut body = call(1);
                    body["params"]["_meta"] = json!({
                        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {},
                    });
                    let body = body.to_string();
                    let mut count = 0_u64;
                    while begun.elapsed() < TIME {
                        let mut answer = agent
                            .post(&url)
                            .header("content-type", "application/json")
                            .header("accept", "application/json, text/event-stream")
                            .header("mcp-protocol-version", "2026-07-28")
                            .header("mcp-method", "tools/call")
                            .header("mcp-name", "tools_call")
                            .send(&body)
                            .unwrap();
                        let text = answer.body_mut().read_to_string().unwrap();
                        assert!(text.contains("distance"), "{text}");
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        let count: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
        row(
            &format!("tools/call over HTTP, {clients} connections"),
            &format!("{:.0} a second", count as f64 / TIME.as_secs_f64()),
        );
    }
    Ok(())
}

fn stdio() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut child = program(folder.path())?
        .arg("stdio")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut input = child.stdin.take().expect("stdin");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "bench", "version": "1" } });
    writeln!(input, "{}", json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello }))?;
    lines.next().expect("an answer")?;
    writeln!(input, "{}", json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))?;
    for depth in [1, DEPTH] {
        let begun = Instant::now();
        let (mut sent, mut answered) = (0_u64, 0_u64);
        while begun.elapsed() < TIME {
            while sent - answered < depth as u64 {
                sent += 1;
                writeln!(input, "{}", call(sent))?;
            }
            let line = lines.next().expect("an answer")?;
            assert!(line.contains("distance"), "{line}");
            answered += 1;
        }
        while answered < sent {
            lines.next().expect("an answer")?;
            answered += 1;
        }
        row(
            &format!("tools/call over stdio, {depth} at a time"),
            &format!("{:.0} a second", answered as f64 / begun.elapsed().as_secs_f64()),
        );
    }
    drop(input);
    child.wait()?;
    Ok(())
}
