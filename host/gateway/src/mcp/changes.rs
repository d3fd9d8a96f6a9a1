//! Tells clients once when the catalog changed: `notifications/tools/list_changed` for both eras.

use rmcp::service::{SubscriptionContext, SubscriptionSendError};
use rmcp::{Peer, RoleServer};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How long changes are gathered; a swap of several plugins is one change to a client.
const GATHER: Duration = Duration::from_millis(300);
/// How long a client may take to be told.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who wants to be told.
pub(super) struct Changes {
    told: watch::Sender<u64>,
    sessions: Mutex<Vec<Peer<RoleServer>>>,
}

impl Changes {
    pub(super) fn new() -> Self {
        Self { told: watch::channel(0).0, sessions: Mutex::default() }
    }

    /// Adds a client of the era of sessions; those that went are dropped.
    pub(super) fn join(&self, peer: Peer<RoleServer>) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|peer| !peer.is_transport_closed());
        sessions.push(peer);
    }

    /// Serves a subscription of the era without sessions until either side ends it.
    pub(super) async fn serve(&self, subscription: &SubscriptionContext, closing: &CancellationToken) {
        let mut told = self.told.subscribe();
        loop {
            tokio::select! {
                () = subscription.cancelled() => return,
                () = closing.cancelled() => return,
                changed = told.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    match subscription.sink().notify_tool_list_changed().await {
                        Ok(()) | Err(SubscriptionSendError::NotificationNotAccepted(_)) => {}
                        Err(error) => {
                            tracing::debug!(%error, "a subscription ended");
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Follows the catalog's generations until the gateway closes.
    pub(super) async fn follow(&self, mut generations: watch::Receiver<u64>, closing: CancellationToken) {
        loop {
            tokio::select! {
                () = closing.cancelled() => return,
                changed = generations.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
            }
            tokio::time::sleep(GATHER).await;
            generations.borrow_and_update();
            self.tell();
        }
    }

    fn tell(&self) {
        self.told.send_modify(|count| *count += 1);
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|peer| !peer.is_transport_closed());
        for peer in sessions.iter() {
            let peer = peer.clone();
            // Each on its own, so that a client that does not read holds up no other.
            tokio::spawn(async move {
                let told = tokio::time::timeout(PATIENCE, peer.notify_tool_list_changed()).await;
                if !matches!(told, Ok(Ok(()))) {
                    tracing::debug!("a client could not be told that the tools changed");
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn changes_close_together_are_told_once() {
        let changes = std::sync::Arc::new(Changes::new());
        let mut told = changes.told.subscribe();
        let (sender, generations) = watch::channel(1);
        let closing = CancellationToken::new();
        let follower = {
            let (changes, closing) = (changes.clone(), closing.clone());
            tokio::spawn(async move { changes.follow(generations, closing).await })
        };
        for generation in 2..6 {
            sender.send_replace(generation);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(GATHER * 2).await;
        assert_eq!(*told.borrow_and_update(), 1);
        sender.send_replace(9);
        told.changed().await.unwrap();
        assert_eq!(*told.borrow(), 2);
        closing.cancel();
        follower.await.unwrap();
    }
}
