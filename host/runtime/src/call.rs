//! Step 5 of 7: one call is one fresh instance, with a deadline, limits, and nothing left of it afterwards.

use crate::bindings::FullLayer;
use crate::code::World;
use crate::error::CallFailure;
use crate::limits::Limits;
use crate::patch::Patch;
use crate::plugin::Plugin;
use crate::state::CallState;
use crate::strategy_bindings::FullStrategy;
use memstrata_models::{Embedder, Llm};
use memstrata_store::{Deadline, Session, WriteSet};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use wasmtime::{PoolConcurrencyLimitError, Store, Trap, UpdateDeadline};

/// Receives progress: done, total, message.
pub type ProgressFn = Arc<dyn Fn(u64, u64, &str) + Send + Sync>;

/// The models of a call, and the answers already given in it: a retried call is answered the same.
#[derive(Clone, Default)]
pub struct Models {
    /// Makes vectors of texts.
    pub embedder: Option<Arc<dyn Embedder>>,
    /// Completes prompts.
    pub llm: Option<Arc<dyn Llm>>,
    /// Answers given, by prompt.
    pub answers: Arc<Mutex<HashMap<String, String>>>,
}

/// What a call gets.
pub struct CallContext {
    /// What it sees and stages.
    pub session: Option<Session>,
    /// Its models.
    pub models: Models,
    /// When it must end.
    pub deadline: Deadline,
    /// Its frozen clock, ms UTC.
    pub now: u64,
    /// Its seed.
    pub seed: u64,
    /// Where progress goes.
    pub progress: Option<ProgressFn>,
}

/// What a call leaves.
pub struct CallOutput {
    /// The answer: JSON text.
    pub answer: String,
    /// What it staged.
    pub write_set: WriteSet,
    /// Time inside the guest.
    pub guest: Duration,
    /// Time from instantiation to answer.
    pub wall: Duration,
    /// Greatest linear memory, bytes.
    pub memory: usize,
}

/// What a strategy proposes for one unit.
pub struct Proposal {
    /// The patch.
    pub patch: Patch,
    /// Time inside the guest.
    pub guest: Duration,
    /// Greatest linear memory, bytes.
    pub memory: usize,
    /// Tokens of language models it used.
    pub tokens: u32,
}

/// An instance of either world.
enum Instance {
    Layer(FullLayer),
    Strategy(FullStrategy),
}

impl Plugin {
    /// Runs one operation on a fresh instance.
    ///
    /// # Errors
    /// The guest's fault, or the limit that ended the call. What it staged is then gone.
    pub fn call(&self, operation: &str, arguments: &str, context: CallContext) -> Result<CallOutput, CallFailure> {
        let started = Instant::now();
        let (answer, state) = self.run(context, |instance, store| match instance {
            Instance::Layer(layer) => layer.call_call(store, operation, arguments),
            Instance::Strategy(_) => Err(wasmtime::Error::msg("a strategy has no operations")),
        })?;
        let answer = answer?;
        let most = self.runtime.limits().output_bytes;
        if answer.len() > most {
            return Err(CallFailure::new(
                "limit.output",
                format!("the answer has {} bytes, at most {most} are passed on; ask for less", answer.len()),
            ));
        }
        let (guest, memory) = (state.guest_time(), state.limiter.peak);
        let write_set = state.session.map(Session::finish).unwrap_or_default();
        Ok(CallOutput { answer, write_set, guest, wall: started.elapsed(), memory })
    }

    /// Asks a strategy for its patch of one unit, on a fresh instance.
    ///
    /// # Errors
    /// The guest's fault, or the limit that ended the call.
    pub fn propose(&self, job: &str, context: CallContext) -> Result<Proposal, CallFailure> {
        let (patch, mut state) = self.run(context, |instance, store| match instance {
            Instance::Layer(_) => Err(wasmtime::Error::msg("a layer proposes nothing")),
            Instance::Strategy(strategy) => strategy.memstrata_plugin_proposing().call_propose(store, job),
        })?;
        let patch = match state.table.delete(patch?) {
            Ok(handle) => handle.into_patch(),
            Err(_) => return Err(CallFailure::new("plugin.answer", "the component answered a patch it had dropped")),
        };
        let tokens = state.limits.llm_tokens.saturating_sub(state.llm_tokens);
        Ok(Proposal { patch, guest: state.guest_time(), memory: state.limiter.peak, tokens })
    }

    /// Calls `manifest`, which gets `guest_ms` of time inside the component.
    pub(crate) fn run_manifest(&self, context: CallContext, guest_ms: u64) -> Result<String, CallFailure> {
        let mut limits = self.runtime.limits().clone();
        limits.guest_ms = guest_ms;
        let (manifest, _) = self.run_within(limits, context, |instance, store| match instance {
            Instance::Layer(layer) => layer.call_manifest(store),
            Instance::Strategy(strategy) => strategy.call_manifest(store),
        })?;
        Ok(manifest)
    }

    fn run<T>(
        &self,
        context: CallContext,
        call: impl FnOnce(&Instance, &mut Store<CallState>) -> wasmtime::Result<T>,
    ) -> Result<(T, CallState), CallFailure> {
        let mut limits = self.runtime.limits().clone();
        if self.manifest().slow() {
            limits.guest_ms = limits.slow_guest_ms;
        }
        self.run_within(limits, context, call)
    }

    fn run_within<T>(
        &self,
        limits: Limits,
        context: CallContext,
        call: impl FnOnce(&Instance, &mut Store<CallState>) -> wasmtime::Result<T>,
    ) -> Result<(T, CallState), CallFailure> {
        let code = self.code()?;
        let guest_budget = Duration::from_millis(limits.guest_ms);
        let (host_call_bytes, handles) = (limits.host_call_bytes, limits.handles);
        let state = CallState::new(Arc::clone(&self.identity), limits, code.memory_bytes, context);
        let mut store = Store::new(&code.engine, state);
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(host_call_bytes);
        store.set_max_component_handles(handles);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |mut store| {
            let state = store.data_mut();
            state.stopped = match state.deadline.check() {
                Err(error) if error.code() == "cancelled" => Some("cancelled"),
                Err(_) => Some("wall"),
                Ok(()) if state.guest_time() > guest_budget => Some("guest"),
                Ok(()) => None,
            };
            match state.stopped {
                Some(_) => Err(Trap::Interrupt.into()),
                None => Ok(UpdateDeadline::Continue(1)),
            }
        });
        store.call_hook(|mut store, hook| {
            store.data_mut().stopwatch.hook(hook, Instant::now());
            Ok(())
        });
        let instance = match &code.world {
            World::Layer(pre) => pre.instantiate(&mut store).map(Instance::Layer),
            World::Strategy(pre) => pre.instantiate(&mut store).map(Instance::Strategy),
        };
        let called = instance.and_then(|instance| call(&instance, &mut store));
        match called {
            Ok(answer) => Ok((answer, store.into_data())),
            Err(error) => Err(self.failure(&error, store.data())),
        }
    }

    /// What a client may know of a trap; the rest goes to the log.
    fn failure(&self, error: &wasmtime::Error, state: &CallState) -> CallFailure {
        let said = state.wasi.as_ref().map(|(_, stderr)| stderr.last_words()).unwrap_or_default();
        tracing::info!(layer = %self.identity.layer, error = format!("{error:?}"), "a call ended in a trap");
        if !said.is_empty() && state.stopped.is_none() {
            tracing::warn!(layer = %self.identity.layer, stderr = said, "a component failed and said why");
        }
        let trapped = |what: &str| CallFailure {
            said: said.clone(),
            ..CallFailure::new("plugin.trap", format!("{what}; see the log"))
        };
        let limits = &state.limits;
        if let Some(stopped) = state.stopped {
            return match stopped {
                "cancelled" => CallFailure::new("cancelled", "the call was cancelled"),
                "guest" => CallFailure::new(
                    "budget.time",
                    format!("the component ran for {} ms without an answer and was stopped", limits.guest_ms),
                ),
                _ => CallFailure::new("budget.time", "the call ran out of time and was stopped"),
            };
        }
        if let Some(what) = state.limiter.refused {
            let (most, of) = match what {
                "memory" => (state.limiter.memory_bytes, "bytes of memory"),
                "held" => (limits.held_bytes, "bytes kept in host resources"),
                _ => (state.limiter.table_elements, "elements in a table"),
            };
            return CallFailure::new(format!("limit.{what}"), format!("the component wanted more than {most} {of}"));
        }
        if error.is::<PoolConcurrencyLimitError>() {
            let mut failure = CallFailure::new("unavailable.slot", "all instances are in use; call again in a moment");
            failure.retry_after_ms = Some(50);
            return failure;
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::StackOverflow) => {
                CallFailure::new("limit.stack", "the component recursed too deep and was stopped")
            }
            Some(Trap::UnreachableCodeReached) => trapped("the component panicked"),
            Some(Trap::MemoryOutOfBounds) => {
                trapped("the component reached outside its memory, as it does when it recurses too deep")
            }
            Some(_) => trapped("the component failed"),
            None => {
                let text = format!("{error:#}");
                if text.contains("fuel") {
                    let most = limits.host_call_bytes;
                    CallFailure::new("limit.host-call", format!("the component passed more than {most} bytes at once"))
                } else if error.is::<wasmtime::component::ResourceTableError>() || text.contains("handle limit") {
                    CallFailure::new(
                        "limit.handles",
                        format!("the component held more than {} handles", limits.handles),
                    )
                } else {
                    trapped("the component failed")
                }
            }
        }
    }
}
