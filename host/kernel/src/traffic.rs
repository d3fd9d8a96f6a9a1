//! Whether clients are being answered: what runs beside them gives way.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// So long after the last call clients are taken to be there still.
const LINGER: Duration = Duration::from_millis(100);
/// The longest anything waits at once.
const LONGEST: Duration = Duration::from_secs(1);
/// How often who waits looks again.
const LOOK: Duration = Duration::from_millis(20);

/// The calls of clients.
pub(crate) struct Traffic {
    start: Instant,
    answering: AtomicU64,
    /// When the last one ended, in milliseconds after `start`; 0 for never.
    ended: AtomicU64,
}

/// A call that is being answered, until this is dropped.
pub(crate) struct Answering<'a>(&'a Traffic);

impl Default for Traffic {
    fn default() -> Self {
        Self { start: Instant::now(), answering: AtomicU64::new(0), ended: AtomicU64::new(0) }
    }
}

impl Traffic {
    /// A call comes in.
    pub(crate) fn enter(&self) -> Answering<'_> {
        self.answering.fetch_add(1, Ordering::Relaxed);
        Answering(self)
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether a client is being answered, or was a moment ago.
    fn busy(&self) -> bool {
        let ended = self.ended.load(Ordering::Relaxed);
        self.answering.load(Ordering::Relaxed) > 0
            || (ended > 0 && Duration::from_millis(self.millis().saturating_sub(ended)) < LINGER)
    }

    /// Waits while clients are there, so long that what `worked` for a time has no more than its `share` of all time.
    pub(crate) fn give_way(&self, worked: Duration, share: f64, cancelled: &AtomicBool) {
        let pause = worked.mul_f64((1.0 / share.clamp(0.001, 1.0) - 1.0).max(0.0)).min(LONGEST);
        let until = Instant::now() + pause;
        while self.busy() && !cancelled.load(Ordering::Relaxed) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(LOOK));
        }
    }
}

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        self.0.ended.store(self.0.millis().max(1), Ordering::Relaxed);
        self.0.answering.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_clients_are_waited_for_and_never_longer_than_the_share_asks() {
        let (traffic, going) = (Traffic::default(), AtomicBool::new(false));
        let waited = |share: f64| {
            let begun = Instant::now();
            traffic.give_way(Duration::from_millis(10), share, &going);
            begun.elapsed()
        };
        assert!(!traffic.busy());
        waited(0.001);
        let call = traffic.enter();
        assert!(traffic.busy());
        assert!(waited(0.1) >= Duration::from_millis(90), "nine times what it worked");
        waited(1.0);
        drop(call);
        assert!(traffic.busy(), "a client that has just been answered may ask again");
        // Nobody comes: it ends long before the second it would wait for a client.
        traffic.give_way(Duration::from_secs(1), 0.001, &going);
        assert!(!traffic.busy());
        let _call = traffic.enter();
        going.store(true, Ordering::Relaxed);
        traffic.give_way(Duration::from_secs(1), 0.001, &going);
    }
}
