//! A language model on loopback: it speaks the wire format it is asked in, and answers as its mood is.

use memstrata_models::ProviderKind;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What every answer says it has read and produced.
pub(super) const INPUT: u64 = 100;
pub(super) const OUTPUT: u64 = 20;

/// What the model makes of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// It claims what the events say, and cites them.
    Honest,
    /// It claims what no event says, and cites them all the same.
    Lying,
    /// It cites events that are not there.
    Inventing,
    /// It answers prose.
    Chatty,
    /// Its answer ends in the middle.
    Wordy,
    /// Its server sends half a body.
    Broken,
    /// Its server answers with this status.
    Status(u16),
    /// It answers after so many milliseconds.
    Slow(u64),
}

pub(super) struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Value>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn start(kind: ProviderKind, mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, stop) = (Arc::<Mutex<Vec<Value>>>::default(), Arc::<AtomicBool>::default());
        let (record, stopped) = (asked.clone(), stop.clone());
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let record = record.clone();
                thread::spawn(move || {
                    let stream = stream.unwrap();
                    if let Some(body) = read(&stream) {
                        record.lock().unwrap().push(body.clone());
                        answer(stream, kind, mood, &body);
                    }
                });
            }
        });
        Self { address, asked, stop, thread: Some(thread) }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The bodies of all requests.
    pub(super) fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn read(stream: &TcpStream) -> Option<Value> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().ok()?,
            None if line.trim().is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

fn answer(mut stream: TcpStream, kind: ProviderKind, mood: Mood, body: &Value) {
    let (status, text) = match mood {
        Mood::Status(status) => (status, json!({"error": {"message": "no"}}).to_string()),
        Mood::Broken => (200, reply(kind, "{}", false).to_string()[..20].to_owned()),
        Mood::Chatty => (200, reply(kind, "I would love to help!", false).to_string()),
        Mood::Wordy => (200, reply(kind, "{\"patterns\": [{\"kind\": \"fa", true).to_string()),
        _ => (200, reply(kind, &claims(mood, &prompt(kind, body)).to_string(), false).to_string()),
    };
    if let Mood::Slow(ms) = mood {
        thread::sleep(Duration::from_millis(ms));
    }
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", text.len());
    let _ = stream.write_all(format!("{head}{text}").as_bytes());
}

/// The user's message of a request.
fn prompt(kind: ProviderKind, body: &Value) -> String {
    let text = match kind {
        ProviderKind::Ollama | ProviderKind::OpenAi => &body["messages"].as_array().unwrap().last().unwrap()["content"],
        ProviderKind::Anthropic => &body["messages"][0]["content"],
        ProviderKind::Gemini => &body["contents"][0]["parts"][0]["text"],
    };
    text.as_str().unwrap().to_owned()
}

/// One claim about the events a prompt shows.
fn claims(mood: Mood, prompt: &str) -> Value {
    let events = prompt.split_once("\nEVENTS\n").unwrap().1.lines();
    let ids: Vec<u64> =
        events.map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_u64().unwrap()).collect();
    let (content, sources) = match mood {
        Mood::Lying => ("Customers of Acme never pay 500 dollars", ids),
        Mood::Inventing => ("Users ask for dark mode in the editor", vec![4_000_000]),
        _ => ("Users ask for dark mode in the editor", ids),
    };
    json!({"patterns": [{"kind": "best-practice", "content": content, "confidence": 0.95, "sources": sources}]})
}

/// A text as the provider wraps it.
fn reply(kind: ProviderKind, text: &str, cut: bool) -> Value {
    match kind {
        ProviderKind::Ollama => json!({
            "message": {"role": "assistant", "content": text}, "done": true,
            "done_reason": if cut { "length" } else { "stop" }, "prompt_eval_count": INPUT, "eval_count": OUTPUT,
        }),
        ProviderKind::OpenAi => json!({
            "choices": [{"message": {"role": "assistant", "content": text},
                         "finish_reason": if cut { "length" } else { "stop" }}],
            "usage": {"prompt_tokens": INPUT, "completion_tokens": OUTPUT},
        }),
        // Its answer by schema is the input of a tool; what is no JSON it can only say.
        ProviderKind::Anthropic => json!({
            "content": match serde_json::from_str::<Value>(text) {
                Ok(input) => json!([{"type": "tool_use", "id": "t", "name": "answer", "input": input}]),
                Err(_) => json!([{"type": "text", "text": text}]),
            },
            "stop_reason": if cut { "max_tokens" } else { "tool_use" },
            "usage": {"input_tokens": INPUT, "output_tokens": OUTPUT},
        }),
        ProviderKind::Gemini => json!({
            "candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": if cut { "MAX_TOKENS" } else { "STOP" }}],
            "usageMetadata": {"promptTokenCount": INPUT, "candidatesTokenCount": OUTPUT - 5, "thoughtsTokenCount": 5},
        }),
    }
}
