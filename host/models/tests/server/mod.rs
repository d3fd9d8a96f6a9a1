//! A scripted HTTP server on loopback: one reply for each request, in order, and a record of what was asked.

pub(crate) mod wire;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What to do with one request.
pub(crate) enum Reply {
    /// Send a status, one more header line (may be empty) and a body.
    Send(u16, &'static str, String),
    /// Send nothing for this long, then hang up.
    Silence(Duration),
}

/// A reply of status 200.
pub(crate) fn ok(body: impl ToString) -> Reply {
    Reply::Send(200, "", body.to_string())
}

/// A reply of another status.
pub(crate) fn status(status: u16) -> Reply {
    Reply::Send(status, "", "{\"error\":\"sk-hidden is wrong\"}".to_owned())
}

/// A request as received.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    /// Names in small letters.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: serde_json::Value,
}

impl Asked {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

pub(crate) struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves the replies in order; once they are used up it hangs up on every request, which is recorded all the same.
    pub(crate) fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, stop) = (Arc::<Mutex<Vec<Asked>>>::default(), Arc::<AtomicBool>::default());
        let mut replies = replies.into_iter().collect::<Vec<_>>().into_iter();
        let (record, stopped) = (asked.clone(), stop.clone());
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let stream = stream.unwrap();
                let Some(request) = read_request(&stream) else {
                    continue;
                };
                record.lock().unwrap().push(request);
                answer(stream, replies.next());
            }
        });
        Self { address, asked, stop, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
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

fn read_request(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut headers, mut length) = (Vec::new(), 0);
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        match line.trim().split_once(": ") {
            Some((name, value)) => {
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.parse().unwrap();
                }
                headers.push((name.to_lowercase(), value.to_owned()));
            }
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let authorization = headers.iter().find(|(name, _)| name == "authorization").map(|(_, value)| value.clone());
    Some(Asked { path, authorization, headers, body: serde_json::from_slice(&body).unwrap() })
}

fn answer(mut stream: TcpStream, reply: Option<Reply>) {
    match reply {
        Some(Reply::Send(status, header, body)) => {
            let header = if header.is_empty() { String::new() } else { format!("{header}\r\n") };
            let length = body.len();
            let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n{header}\r\n");
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
        Some(Reply::Silence(time)) => thread::sleep(time),
        None => {}
    }
}
