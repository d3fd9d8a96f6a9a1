//! Progress of a call as MCP notifications: strictly increasing, a few a second, never after the answer.

use memstrata_kernel::{Progress, ProgressSink};
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::{Peer, RoleServer};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The least time between two notifications.
const PACE: Duration = Duration::from_millis(250);

/// What is left to tell; older news that nobody was told are overwritten, not queued.
pub(super) struct Reports {
    news: watch::Receiver<Option<Progress>>,
    told: Option<u64>,
}

/// A sink for the kernel, and what it reports.
pub(super) fn channel() -> (ProgressSink, Reports) {
    let (sender, news) = watch::channel(None);
    let sink: ProgressSink = Arc::new(move |progress| {
        sender.send_replace(Some(progress));
    });
    (sink, Reports { news, told: None })
}

impl Reports {
    /// Waits for progress that goes beyond what was told.
    async fn next(&mut self) -> Progress {
        loop {
            if self.news.changed().await.is_err() {
                // The kernel let the sink go: nothing will come any more, and the answer ends the waiting.
                std::future::pending::<()>().await;
            }
            let progress = self.news.borrow_and_update().clone();
            if let Some(progress) = progress.filter(|progress| self.told.is_none_or(|told| progress.done > told)) {
                self.told = Some(progress.done);
                return progress;
            }
        }
    }

    /// Tells the peer until dropped.
    pub(super) async fn tell(mut self, peer: Peer<RoleServer>, token: ProgressToken) {
        loop {
            let Progress { done, total, message } = self.next().await;
            let mut note = ProgressNotificationParam::new(token.clone(), done as f64);
            if total > 0 {
                note = note.with_total(total as f64);
            }
            if !message.is_empty() {
                note = note.with_message(message);
            }
            if let Err(error) = peer.notify_progress(note).await {
                tracing::debug!(%error, "progress could not be told");
            }
            tokio::time::sleep(PACE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(done: u64) -> Progress {
        Progress { done, total: 10, message: String::new() }
    }

    #[tokio::test]
    async fn only_news_that_goes_further_is_told() {
        let (sink, mut reports) = channel();
        sink(at(1));
        sink(at(3));
        assert_eq!(reports.next().await.done, 3, "the newest wins");
        sink(at(3));
        sink(at(2));
        let waited = tokio::time::timeout(Duration::from_millis(30), reports.next()).await;
        assert!(waited.is_err(), "neither the same nor less");
        sink(at(4));
        assert_eq!(reports.next().await.done, 4);
    }

    #[tokio::test]
    async fn a_dropped_sink_never_ends_the_waiting() {
        let (sink, mut reports) = channel();
        drop(sink);
        assert!(tokio::time::timeout(Duration::from_millis(30), reports.next()).await.is_err());
    }
}
