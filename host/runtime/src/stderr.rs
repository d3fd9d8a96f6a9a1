//! What a component writes to standard error: its last words, for who must find out why it failed.

use bytes::Bytes;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi_io::poll::Pollable;
use wasmtime_wasi_io::streams::{OutputStream, StreamResult};

/// Bytes that are kept; what came before is forgotten.
const KEPT: usize = 4096;
/// Lines and characters that are told.
const LINES: usize = 6;
const CHARACTERS: usize = 600;

/// The stream, and what is left of it.
#[derive(Clone, Default)]
pub(crate) struct Stderr(Arc<Mutex<VecDeque<u8>>>);

impl Stderr {
    fn append(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(bytes.get(bytes.len().saturating_sub(KEPT)..).unwrap_or_default());
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
    }

    /// The last lines on one line, without control characters; empty if nothing was said.
    pub(crate) fn last_words(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: Vec<u8> = kept.iter().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let told = lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default().join(" | ");
        let plain = told.chars().filter(|c| !c.is_control());
        let surplus = plain.clone().count().saturating_sub(CHARACTERS);
        plain.skip(surplus).collect()
    }
}

impl IsTerminal for Stderr {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Stderr {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Stderr {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.append(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(KEPT)
    }
}

#[async_trait::async_trait]
impl Pollable for Stderr {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Stderr {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.append(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_stay_and_nothing_grows() {
        let stderr = Stderr::default();
        assert_eq!(stderr.last_words(), "");
        for nth in 0..10_000 {
            stderr.append(format!("line {nth}\u{1b}[31m\n\n").as_bytes());
        }
        stderr.append(b"ValueError: no such field\n");
        assert!(stderr.0.lock().unwrap().len() <= KEPT);
        let told = stderr.last_words();
        assert!(told.starts_with("line 9995[31m | ") && told.ends_with(" | ValueError: no such field"), "{told}");
        stderr.append(&[b'x'; 3 * KEPT]);
        assert_eq!(stderr.last_words(), "x".repeat(CHARACTERS));
    }
}
