//! Sessions of clients before 2026-07-28: at most so many, the idle ones end, the longest unused makes room.

use crate::gate::Gate;
use futures_core::Stream;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_server::session::local::{LocalSessionManager, LocalSessionManagerError};
use rmcp::transport::streamable_http_server::session::{RestoreOutcome, ServerSseMessage, SessionId, SessionManager};
use std::cell::Cell;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

tokio::task_local! {
    /// Set when a request was refused for want of a session: rmcp answers that with 500, and the door makes it 503.
    pub(super) static REFUSED: Cell<bool>;
}

/// The most sessions nobody used since their handshake. A flood of handshakes takes the place of its like, not of clients at work.
const MOST_NEW: usize = 64;
/// Requests after which a session is at work: the first after `initialize` is only `notifications/initialized`.
const AT_WORK: u32 = 2;

#[derive(Debug)]
struct Entry {
    used: Instant,
    requests: u32,
    /// Open streams; a session with one has a client that listens.
    streams: usize,
}

/// What a new session costs.
#[derive(Debug, PartialEq, Eq)]
enum Room {
    Free,
    Evict(SessionId),
    Full,
}

/// Which sessions there are and when they were used; the clock is an argument.
#[derive(Debug)]
struct Book {
    most: usize,
    idle: Duration,
    entries: HashMap<SessionId, Entry>,
}

impl Book {
    fn room(&self) -> Room {
        let is_new = |entry: &Entry| entry.requests < AT_WORK;
        let too_many_new = self.entries.values().filter(|entry| is_new(entry)).count() >= MOST_NEW;
        if !too_many_new && self.entries.len() < self.most {
            return Room::Free;
        }
        let silent = self.entries.iter().filter(|(_, entry)| entry.streams == 0 && (!too_many_new || is_new(entry)));
        match silent.min_by_key(|(_, entry)| entry.used) {
            Some((id, _)) => Room::Evict(id.clone()),
            None if self.entries.len() < self.most => Room::Free,
            None => Room::Full,
        }
    }

    fn add(&mut self, id: SessionId, now: Instant) {
        self.entries.insert(id, Entry { used: now, requests: 0, streams: 0 });
    }

    /// Notes a request.
    fn touch(&mut self, id: &SessionId, now: Instant) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.used = now;
            entry.requests = entry.requests.saturating_add(1);
        }
    }

    /// Notes that streams were opened (1) or closed (-1).
    fn count(&mut self, id: &SessionId, now: Instant, streams: isize) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.used = now;
            entry.streams = entry.streams.saturating_add_signed(streams);
        }
    }

    fn idle(&self, now: Instant) -> Vec<SessionId> {
        let is_idle = |entry: &Entry| entry.streams == 0 && now.saturating_duration_since(entry.used) >= self.idle;
        self.entries.iter().filter(|(_, entry)| is_idle(entry)).map(|(id, _)| id.clone()).collect()
    }
}

/// rmcp's sessions in memory, with a limit.
pub(super) struct Sessions {
    inner: LocalSessionManager,
    book: Arc<Mutex<Book>>,
    gate: Arc<Gate>,
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionError {
    #[error("all sessions are in use")]
    Full,
    #[error(transparent)]
    Inner(#[from] LocalSessionManagerError),
}

impl Sessions {
    pub(super) fn new(most: usize, idle: Duration, gate: Arc<Gate>) -> Self {
        let mut inner = LocalSessionManager::default();
        // rmcp's own idle time would also end sessions whose client only listens; `reap` does it better.
        inner.session_config.keep_alive = None;
        Self { inner, book: Arc::new(Mutex::new(Book { most, idle, entries: HashMap::new() })), gate }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends idle sessions until the gateway closes.
    pub(super) async fn reap(&self, closing: CancellationToken) {
        let pause = (self.book().idle / 4).clamp(Duration::from_millis(100), Duration::from_secs(5));
        loop {
            tokio::select! {
                () = closing.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            let idle = self.book().idle(Instant::now());
            for id in idle {
                self.end(&id).await;
            }
        }
    }

    async fn end(&self, id: &SessionId) {
        if let Err(error) = self.close_session(id).await {
            tracing::debug!(%error, "a session did not end well");
        }
    }

    fn hold<S>(&self, id: &SessionId, stream: S) -> Held<S> {
        self.book().count(id, Instant::now(), 1);
        Held { stream: Box::pin(stream), id: id.clone(), book: self.book.clone() }
    }
}

impl SessionManager for Sessions {
    type Error = SessionError;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        let room = self.book().room();
        match room {
            Room::Free => {}
            Room::Evict(oldest) => self.end(&oldest).await,
            Room::Full => {
                // Outside a request nobody reads the mark.
                let _ = REFUSED.try_with(|refused| refused.set(true));
                return Err(SessionError::Full);
            }
        }
        let (id, transport) = self.inner.create_session().await?;
        let count = {
            let mut book = self.book();
            book.add(id.clone(), Instant::now());
            book.entries.len()
        };
        self.gate.metrics().sessions(count);
        Ok((id, transport))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, Self::Error> {
        Ok(self.inner.initialize_session(id, message).await?)
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, Self::Error> {
        self.book().touch(id, Instant::now());
        Ok(self.inner.has_session(id).await?)
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), Self::Error> {
        let count = {
            let mut book = self.book();
            book.entries.remove(id);
            book.entries.len()
        };
        self.gate.metrics().sessions(count);
        Ok(self.inner.close_session(id).await?)
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        Ok(self.hold(id, self.inner.create_stream(id, message).await?))
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), Self::Error> {
        Ok(self.inner.accept_message(id, message).await?)
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        Ok(self.hold(id, self.inner.create_standalone_stream(id).await?))
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        Ok(self.hold(id, self.inner.resume(id, last_event_id).await?))
    }

    async fn restore_session(&self, _id: SessionId) -> Result<RestoreOutcome<Self::Transport>, Self::Error> {
        Ok(RestoreOutcome::NotSupported)
    }
}

/// A stream that counts as open until it is dropped.
struct Held<S> {
    stream: Pin<Box<S>>,
    id: SessionId,
    book: Arc<Mutex<Book>>,
}

impl<S: Stream> Stream for Held<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.stream.as_mut().poll_next(context)
    }
}

impl<S> Drop for Held<S> {
    fn drop(&mut self) {
        self.book.lock().unwrap_or_else(PoisonError::into_inner).count(&self.id, Instant::now(), -1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> SessionId {
        name.into()
    }

    fn book(most: usize) -> Book {
        Book { most, idle: Duration::from_secs(10), entries: HashMap::new() }
    }

    #[test]
    fn the_longest_unused_session_makes_room() {
        let (mut book, start) = (book(2), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(book.room(), Room::Free);
        book.add(id("a"), at(0));
        book.add(id("b"), at(1));
        assert_eq!(book.room(), Room::Evict(id("a")));
        book.touch(&id("a"), at(2));
        assert_eq!(book.room(), Room::Evict(id("b")));
    }

    #[test]
    fn sessions_with_a_stream_are_kept() {
        let (mut book, start) = (book(1), Instant::now());
        book.add(id("a"), start);
        book.count(&id("a"), start, 1);
        assert_eq!(book.room(), Room::Full);
        assert!(book.idle(start + Duration::from_secs(60)).is_empty());
        book.count(&id("a"), start + Duration::from_secs(60), -1);
        assert_eq!(book.room(), Room::Evict(id("a")));
        assert!(book.idle(start + Duration::from_secs(69)).is_empty());
        assert_eq!(book.idle(start + Duration::from_secs(70)), [id("a")]);
    }

    #[test]
    fn a_flood_of_handshakes_evicts_its_like() {
        let (mut book, start) = (book(1000), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        book.add(id("worker"), at(0));
        book.touch(&id("worker"), at(0));
        book.touch(&id("worker"), at(0));
        for n in 0..MOST_NEW {
            assert_eq!(book.room(), Room::Free);
            book.add(id(&format!("new{n}")), at(1 + n as u64));
        }
        assert_eq!(book.room(), Room::Evict(id("new0")), "though `worker` is older");
    }

    #[test]
    fn a_session_that_went_is_not_touched_back() {
        let mut book = book(1);
        book.touch(&id("ghost"), Instant::now());
        assert!(book.entries.is_empty());
    }
}
