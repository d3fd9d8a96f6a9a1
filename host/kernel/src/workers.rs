//! The pools of worker threads: guests and host functions are synchronous, so calls run on threads of their own.

use crate::api::CallError;
use crossbeam_channel::{Sender, TrySendError, bounded};
use std::panic::AssertUnwindSafe;

type Job = Box<dyn FnOnce() + Send>;

/// A bounded pool with a bounded queue in front.
pub(crate) struct Workers {
    jobs: Option<Sender<Job>>,
    threads: Vec<std::thread::JoinHandle<()>>,
    name: &'static str,
}

impl Workers {
    pub(crate) fn start(name: &'static str, threads: usize, queue: usize) -> Result<Self, CallError> {
        let (sender, receiver) = bounded::<Job>(queue);
        let spawn = |nth: usize| {
            let receiver = receiver.clone();
            std::thread::Builder::new().name(format!("{name}-{nth}")).spawn(move || {
                for job in receiver {
                    // A panic here is a fault of the host; it must not cost a worker.
                    if std::panic::catch_unwind(AssertUnwindSafe(job)).is_err() {
                        tracing::error!("a call panicked");
                    }
                }
            })
        };
        let threads = (0..threads.max(1)).map(spawn).collect::<Result<_, _>>();
        let threads =
            threads.map_err(|error| CallError::new("unavailable.worker", format!("no worker threads: {error}")))?;
        Ok(Self { jobs: Some(sender), threads, name })
    }

    /// Runs work on the pool and awaits its answer.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, CallError> + Send + 'static,
    ) -> Result<T, CallError> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.send(Box::new(move || _ = reply.send(work())))?;
        answer.await.unwrap_or_else(|_| Err(CallError::new("internal", "the call failed in the host; see the log")))
    }

    fn send(&self, job: Job) -> Result<(), CallError> {
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => {
                let mut error =
                    CallError::new("unavailable.queue", format!("too many {} calls wait; call again", self.name));
                error.retry_after_ms = Some(100);
                error
            }
            TrySendError::Disconnected(_) => stopped(),
        })
    }
}

fn stopped() -> CallError {
    CallError::new("unavailable.host", "the host is shutting down")
}

impl Drop for Workers {
    fn drop(&mut self) {
        drop(self.jobs.take());
        let me = std::thread::current().id();
        // The last handle may be dropped by a job of the pool itself, which cannot wait for its own end.
        for thread in self.threads.drain(..).filter(|thread| thread.thread().id() != me) {
            _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_costs_its_call_and_no_worker() {
        let workers = Workers::start("test", 1, 4).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let panics = || -> Result<(), CallError> { panic!("on purpose") };
        assert_eq!(runtime.block_on(workers.run(panics)).unwrap_err().code, "internal");
        assert_eq!(runtime.block_on(workers.run(|| Ok(7))).unwrap(), 7);
    }
}
