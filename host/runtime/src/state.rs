//! What one call carries through wasmtime: its session, models, limits, and the table of host resources.

use crate::call::{CallContext, Models, ProgressFn};
use crate::error::HostError;
use crate::held::Held;
use crate::limits::{Limiter, Limits};
use crate::plugin::Identity;
use crate::stderr::Stderr;
use crate::stopwatch::Stopwatch;
use memstrata_store::{Collection, Deadline, Session};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::WasiCtx;

/// The data of a call's wasmtime store.
pub(crate) struct CallState {
    pub(crate) table: ResourceTable,
    pub(crate) limiter: Limiter,
    pub(crate) held: Held,
    /// Made when the guest first asks something of WASI: most never do.
    pub(crate) wasi: Option<(WasiCtx, Stderr)>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) limits: Limits,
    /// None while a manifest is read: then everything is denied.
    pub(crate) session: Option<Session>,
    pub(crate) models: Models,
    pub(crate) deadline: Deadline,
    pub(crate) now: u64,
    pub(crate) random: u64,
    pub(crate) seed: u64,
    pub(crate) progress: Option<ProgressFn>,
    pub(crate) log_lines: u32,
    pub(crate) llm_tokens: u32,
    /// Time no language model gets: a tenth, for the guest to end with what it has when one is slow.
    pub(crate) kept_back: Duration,
    /// What the guest is charged for.
    pub(crate) stopwatch: Stopwatch,
    /// Why the epoch callback ended the call.
    pub(crate) stopped: Option<&'static str>,
}

impl CallState {
    pub(crate) fn new(identity: Arc<Identity>, limits: Limits, memory_bytes: usize, context: CallContext) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles);
        Self {
            table,
            limiter: Limiter { memory_bytes, table_elements: limits.table_elements, ..Limiter::default() },
            held: Held::new(limits.held_bytes),
            wasi: None,
            identity,
            session: context.session,
            models: context.models,
            kept_back: context.deadline.remaining() / 10,
            deadline: context.deadline,
            now: context.now,
            random: context.seed,
            seed: context.seed,
            progress: context.progress,
            log_lines: limits.log_lines,
            llm_tokens: limits.llm_tokens,
            limits,
            stopwatch: Stopwatch::default(),
            stopped: None,
        }
    }

    /// The session, if this interface is granted: every capability function asks first.
    pub(crate) fn granted(&mut self, interface: &str) -> Result<&mut Session, HostError> {
        if !self.identity.grants.interface(interface) {
            return Err(HostError::fault(
                format!("denied.{interface}"),
                format!("`{}` was not granted `{interface}`; the operator can grant it", self.identity.layer),
            ));
        }
        self.session.as_mut().ok_or_else(|| {
            HostError::fault(format!("denied.{interface}"), "nothing is granted while the manifest is read")
        })
    }

    /// A collection this component may read.
    pub(crate) fn readable(&mut self, interface: &str, name: &str) -> Result<Arc<Collection>, HostError> {
        let identity = Arc::clone(&self.identity);
        let session = self.granted(interface)?;
        let name = identity.full_name(name);
        if !identity.may_read(&name) {
            return Err(HostError::fault(
                "denied.read",
                format!(
                    "`{}` was not granted to read `{name}`; add it to its `reads` in the configuration",
                    identity.layer
                ),
            ));
        }
        Ok(session.space().collection(&name)?)
    }

    /// A collection this component may write.
    pub(crate) fn writable(&mut self, name: &str) -> Result<Arc<Collection>, HostError> {
        let identity = Arc::clone(&self.identity);
        let session = self.granted("store-write")?;
        let name = identity.full_name(name);
        if !identity.may_write(&name) {
            return Err(HostError::fault(
                "denied.write",
                format!(
                    "`{}` was not granted to write `{name}`; add it to its `writes` in the configuration",
                    identity.layer
                ),
            ));
        }
        Ok(session.space().collection(&name)?)
    }

    /// Notes what a host resource keeps for the guest; too much ends the call.
    pub(crate) fn keep<T: 'static>(&mut self, handle: &Resource<T>, bytes: usize) -> wasmtime::Result<()> {
        if self.held.keep(handle.rep(), bytes) {
            return Ok(());
        }
        self.limiter.refused = Some("held");
        Err(wasmtime::Error::msg("host resources keep too much"))
    }

    /// The time the guest itself has run.
    pub(crate) fn guest_time(&self) -> Duration {
        self.stopwatch.time(Instant::now())
    }

    /// The next number of the call's seed: splitmix64 (Steele, Lea, Flood, OOPSLA 2014).
    pub(crate) fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
