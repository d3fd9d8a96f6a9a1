//! A running host and what can be asked of it.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// The program under test, with its data in a folder and nothing of this machine's user.
pub fn memstrata(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_memstrata"));
    command.env_clear().env("HOME", data).env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir(data);
    command.arg("--data").arg(data.join("data"));
    // Compiling the components is not what is tested here; one cache serves all.
    command.env("MEMSTRATA__CACHE", concat!(env!("CARGO_TARGET_TMPDIR"), "/compiled"));
    command
}

/// Runs a command to its end.
pub fn run(data: &Path, arguments: &[&str]) -> Output {
    memstrata(data).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// Runs a command that must succeed; answers what it printed.
pub fn ok(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that must fail; answers what it said.
pub fn fails(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments);
    assert!(!output.status.success(), "{arguments:?} succeeded: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap() + &String::from_utf8_lossy(&output.stdout)
}

/// A host that serves HTTP until it is dropped.
pub struct Server {
    pub child: Child,
    pub url: String,
    agent: ureq::Agent,
}

impl Server {
    pub fn start(data: &Path, arguments: &[&str]) -> Self {
        let mut command = memstrata(data);
        command.args(["serve", "--bind", "127.0.0.1:0"]).args(arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let url = loop {
            let Some(Ok(line)) = lines.next() else { panic!("the host ended: {said:?}") };
            if let Some((_, rest)) = line.split_once("serves ") {
                break rest.split("/mcp").next().unwrap().to_owned();
            }
            said.push(line);
        };
        // Somebody must read on, or the host blocks on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)))
            .build()
            .into();
        Self { child, url, agent }
    }

    /// POSTs JSON; the status and the answer, or nothing if the host has gone.
    pub fn post(&self, path: &str, body: &Value) -> Option<(u16, Value)> {
        self.post_text(path, &body.to_string(), &[])
    }

    pub fn post_text(&self, path: &str, body: &str, headers: &[(&str, &str)]) -> Option<(u16, Value)> {
        let mut request = self.agent.post(format!("{}{path}", self.url)).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = request.send(body).ok()?;
        let text = response.body_mut().read_to_string().ok()?;
        Some((response.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    pub fn get(&self, path: &str) -> Option<(u16, String)> {
        // A kept connection that the server has just closed is no answer: once more on a new one.
        let ask = || self.agent.get(format!("{}{path}", self.url)).call();
        let mut response = ask().or_else(|_| ask()).ok()?;
        Some((response.status().as_u16(), response.body_mut().read_to_string().ok()?))
    }

    /// Remembers a text; its id, once the host has said that it is durable.
    pub fn remember(&self, content: &str) -> Option<u64> {
        let (status, answer) = self.post("/remember", &json!({ "content": content }))?;
        (status == 200).then(|| answer["id"].as_u64().unwrap())
    }

    /// The texts a recall finds.
    pub fn recall(&self, query: &str) -> Vec<String> {
        let (status, answer) = self.post("/recall", &json!({ "query": query, "budget": 2000 })).unwrap();
        assert_eq!(status, 200, "{answer}");
        answer["hits"].as_array().unwrap().iter().map(|hit| hit["text"].as_str().unwrap().to_owned()).collect()
    }

    /// The digest that serves a layer.
    pub fn digest(&self, layer: &str) -> String {
        let (_, health) = self.get("/health").unwrap();
        let health: Value = serde_json::from_str(&health).unwrap();
        health["layers"][layer]["digest"].as_str().unwrap().to_owned()
    }

    /// SIGTERM, and how it ended.
    pub fn terminate(mut self) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
