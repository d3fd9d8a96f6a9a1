//! The runs that go on in this process: an end of the host cancels them and waits.

use crate::kernel::lock;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an end waits for runs that were cancelled: a model may have to be waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// See the module.
#[derive(Default)]
pub(crate) struct Running {
    runs: Mutex<Entered>,
    left: Condvar,
}

#[derive(Default)]
struct Entered {
    flags: HashMap<u64, Arc<AtomicBool>>,
    next: u64,
    ending: bool,
}

/// A run that goes on, until this is dropped.
pub(super) struct Going<'a> {
    running: &'a Running,
    number: u64,
}

impl Running {
    /// Notes that a run goes on; one that comes while the host ends is cancelled at once.
    pub(super) fn enter(&self, cancelled: &Arc<AtomicBool>) -> Going<'_> {
        let mut entered = lock(&self.runs);
        let number = entered.next;
        entered.next += 1;
        entered.flags.insert(number, Arc::clone(cancelled));
        if entered.ending {
            cancelled.store(true, Ordering::Relaxed);
        }
        Going { running: self, number }
    }

    /// Cancels all runs and waits until they have written down how far they came.
    pub(crate) fn end(&self) {
        let until = Instant::now() + PATIENCE;
        let mut entered = lock(&self.runs);
        entered.ending = true;
        entered.flags.values().for_each(|flag| flag.store(true, Ordering::Relaxed));
        while !entered.flags.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                tracing::warn!("a consolidation does not end; it is resumed at the next start");
                return;
            }
            entered = self.left.wait_timeout(entered, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Going<'_> {
    fn drop(&mut self) {
        lock(&self.running.runs).flags.remove(&self.number);
        self.running.left.notify_all();
    }
}
