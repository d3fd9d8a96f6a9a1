//! The right to do a piece of work over all processes: held as long as this process lives, and free soon after it died.

use crate::api::CallError;
use crate::kernel::Kernel;
use memstrata_store::Lease;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a lease outlives a holder that was killed.
pub(crate) const LEASE_MS: u64 = 12_000;
/// How often it is renewed: it survives a few renewals that come late.
const RENEW: Duration = Duration::from_secs(3);

/// A lease and the thread that renews it; dropping it gives the lease back.
pub(crate) struct Held {
    kernel: Kernel,
    lease: Lease,
    lost: Arc<AtomicBool>,
    stop: Option<crossbeam_channel::Sender<()>>,
    keeper: Option<std::thread::JoinHandle<()>>,
}

impl Held {
    /// Takes a lease, if nobody holds it.
    ///
    /// # Errors
    /// When the database fails or there is no thread.
    pub(super) fn take(kernel: &Kernel, name: &str) -> Result<Option<Self>, CallError> {
        // A holder for each lease: two of one process exclude each other too.
        let holder = format!("{}/{:08x}", kernel.shared.process, rand::random::<u32>());
        let Some(lease) = kernel.shared.control.acquire(name, &holder, LEASE_MS)? else { return Ok(None) };
        let (stop, stopped) = crossbeam_channel::bounded::<()>(0);
        let lost = Arc::new(AtomicBool::new(false));
        let mut held = Self { kernel: kernel.clone(), lease, lost: Arc::clone(&lost), stop: Some(stop), keeper: None };
        let (kernel, lease) = (kernel.clone(), held.lease.clone());
        let keep = move || {
            while stopped.recv_timeout(RENEW) == Err(crossbeam_channel::RecvTimeoutError::Timeout) {
                match kernel.shared.control.acquire(&lease.name, &lease.holder, LEASE_MS) {
                    Ok(Some(renewed)) if renewed.token == lease.token => {}
                    // Ran out while this process slept: somebody else may have begun.
                    Ok(_) => return lost.store(true, Ordering::Release),
                    Err(error) => tracing::warn!(%error, lease = %lease.name, "a lease was not renewed; tried again"),
                }
            }
        };
        let keeper = std::thread::Builder::new().name("lease".into()).spawn(keep);
        held.keeper = Some(keeper.map_err(|error| CallError::new("unavailable.host", format!("no thread: {error}")))?);
        Ok(Some(held))
    }

    /// # Errors
    /// `unavailable.taken-over` when another process may have begun the same work.
    pub(super) fn check(&self) -> Result<(), CallError> {
        if self.lost.load(Ordering::Acquire) {
            return Err(CallError::new(
                "unavailable.taken-over",
                "this process slept too long and another has taken the work over; it goes on there",
            ));
        }
        Ok(())
    }

    /// What commits are fenced with: one of an older holder is refused.
    pub(super) fn fence(&self) -> (String, u64) {
        (self.lease.name.clone(), self.lease.token)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(keeper) = self.keeper.take() {
            _ = keeper.join();
        }
        if let Err(error) = self.kernel.shared.control.release(&self.lease) {
            tracing::debug!(%error, lease = %self.lease.name, "the lease runs out by itself");
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]
mod tests {
    use super::*;
    use crate::consolidation::ConsolidationOptions;
    use crate::kernel::KernelOptions;
    use memstrata_models::StaticEmbedding;
    use memstrata_runtime::Limits;
    use memstrata_store::SpaceOptions;
    use std::time::Instant;

    fn kernel(folder: &std::path::Path) -> Kernel {
        Kernel::start(KernelOptions {
            data: folder.to_owned(),
            cache: None,
            spaces: SpaceOptions::default(),
            limits: Limits::default(),
            layers: std::collections::BTreeMap::new(),
            embedder: Arc::new(StaticEmbedding::builtin().unwrap()),
            llm: None,
            llm_budget: crate::budget::LlmBudget::default(),
            workers: 1,
            slow_workers: 1,
            queue: 1,
            default_space: "default".into(),
            background: false,
            consolidation: ConsolidationOptions::default(),
        })
        .unwrap()
    }

    #[test]
    fn a_lease_outlasts_its_term_while_it_is_held_and_a_lost_one_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let kernel = kernel(folder.path());
        let held = Held::take(&kernel, "work").unwrap().unwrap();
        assert!(Held::take(&kernel, "work").unwrap().is_none(), "two of one process exclude each other");
        std::thread::sleep(Duration::from_millis(LEASE_MS + 1_000));
        assert!(Held::take(&kernel, "work").unwrap().is_none(), "it was renewed");
        held.check().unwrap();

        // Another process has found it run out.
        kernel.shared.control.release(&held.lease).unwrap();
        let other = kernel.shared.control.acquire("work", "another process", 60_000).unwrap().unwrap();
        assert!(other.token > held.fence().1);
        let until = Instant::now() + Duration::from_secs(30);
        while held.check().is_ok() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(held.check().unwrap_err().code, "unavailable.taken-over");
        drop(held);
        let kept = kernel.shared.control.acquire("work", "a third", 1).unwrap();
        assert!(kept.is_none(), "giving a lost lease back takes nothing from who holds it");
        kernel.stop();
    }

    #[test]
    fn a_lease_is_free_once_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let kernel = kernel(folder.path());
        drop(Held::take(&kernel, "work").unwrap().unwrap());
        assert!(Held::take(&kernel, "work").unwrap().is_some());
        kernel.stop();
    }
}
