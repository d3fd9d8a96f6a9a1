//! The background: follows swaps, delivers events, fires schedules, fills in late vectors, writes statistics down.

use crate::api::{CallError, CallRequest, Principal};
use crate::consolidation::records::HOST;
use crate::dispatch::Commission;
use crate::kernel::{Kernel, now_ms};
use crate::layers::LayerSet;
use memstrata_store::{Due, Space};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// How often it looks: what another process published is served within 250 ms.
const TICK: Duration = Duration::from_millis(100);
/// Between two heartbeats, and two writings of statistics.
const BEAT: Duration = Duration::from_secs(1);
/// Between two clean-ups.
const TIDY: Duration = Duration::from_secs(600);
/// A write-ahead log of so many bytes means that a reader holds it, and is told.
const LOG_ALARM: u64 = 256 << 20;
/// Events delivered in one round of one subscriber.
const ROUND: usize = 100;
/// Texts embedded at a time.
const TEXTS: usize = 64;
/// How long the right to fill in vectors, or to run a schedule, is held.
const LEASE_MS: u64 = 150_000;
/// After the embedder failed.
const EMBED_PAUSE: Duration = Duration::from_secs(5);
/// How often an event's operation is tried before the event is passed over.
const TRIES: u32 = 3;

/// The thread; dropping it ends it.
pub(crate) struct Background {
    thread: Option<std::thread::JoinHandle<()>>,
    stop: tokio::sync::oneshot::Sender<()>,
    wake: crossbeam_channel::Sender<()>,
}

impl Background {
    pub(crate) fn start(kernel: Kernel) -> Result<Self, CallError> {
        let unavailable =
            |error: std::io::Error| CallError::new("unavailable.background", format!("no background: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(unavailable)?;
        let (stop, mut stopped) = tokio::sync::oneshot::channel();
        let wake = kernel.shared.work.0.clone();
        let thread = std::thread::Builder::new().name("background".into()).spawn(move || {
            let mut state = State::default();
            let woken = kernel.shared.work.1.clone();
            while stopped.try_recv() == Err(tokio::sync::oneshot::error::TryRecvError::Empty) {
                state.round(&kernel, &runtime);
                _ = woken.recv_timeout(TICK);
            }
        });
        Ok(Self { thread: Some(thread.map_err(unavailable)?), stop, wake })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let (closed, _) = tokio::sync::oneshot::channel();
        _ = std::mem::replace(&mut self.stop, closed).send(());
        // It would else sleep to the end of its tick.
        _ = self.wake.try_send(());
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            _ = thread.join();
        }
    }
}

#[derive(Default)]
struct State {
    changes: Option<i64>,
    beat: Option<Instant>,
    tidied: Option<Instant>,
    embed_after: Option<Instant>,
    /// Failures of the event a subscriber is at, by space and subscriber.
    failures: HashMap<(String, String), (u64, u32)>,
    /// What is known of open spaces, by name.
    known: HashMap<String, Known>,
}

/// What is known of a space since it was opened.
struct Known {
    space: Weak<Space>,
    /// Up to which commit nobody has an event to come, and of which layers that holds.
    quiet: Option<(u64, Weak<LayerSet>)>,
}

/// Whether a time has come; notes that it has.
fn due(last: &mut Option<Instant>, every: Duration) -> bool {
    let due = last.is_none_or(|last| last.elapsed() >= every);
    if due {
        *last = Some(Instant::now());
    }
    due
}

impl State {
    fn round(&mut self, kernel: &Kernel, runtime: &tokio::runtime::Runtime) {
        let told = |what: &str, result: Result<(), CallError>| {
            if let Err(error) = result {
                tracing::warn!(%error, what, "background work failed; it is tried again");
            }
        };
        let changes = kernel.shared.control.changes().ok();
        if changes != self.changes {
            self.changes = changes;
            told("follow", kernel.follow());
        }
        let beat = due(&mut self.beat, BEAT);
        let tidy = due(&mut self.tidied, TIDY);
        if beat {
            kernel.beat();
            told("schedules", fire_schedules(kernel, runtime));
        }
        for space in kernel.shared.spaces.opened() {
            if kernel.shared.stopping.load(Ordering::Acquire) {
                return;
            }
            told("indexes", self.meet(&space));
            told("events", self.deliver(kernel, &space, runtime));
            if beat {
                told("statistics", space.flush_usage().map_err(CallError::from));
                told("vectors", self.fill(kernel, &space));
            }
            if tidy {
                match space.tend_log() {
                    Ok(bytes) if bytes > LOG_ALARM => tracing::warn!(
                        space = space.name(),
                        bytes,
                        "the write-ahead log grows: a long read, perhaps of another program, keeps it from the file"
                    ),
                    other => told("log", other.map(|_| ()).map_err(CallError::from)),
                }
                told("idempotency", space.expire_idempotency().map_err(CallError::from));
                told("events", space.expire_events().map(|_| ()).map_err(CallError::from));
            }
        }
    }

    /// Takes note of a space that was opened since; its large indexes are loaded ahead of its first search.
    fn meet(&mut self, space: &Arc<Space>) -> Result<(), CallError> {
        let same = Arc::downgrade(space);
        if self.known.get(space.name()).is_none_or(|known| !known.space.ptr_eq(&same)) {
            self.known.insert(space.name().to_owned(), Known { space: same, quiet: None });
            space.warm()?;
        }
        Ok(())
    }

    /// Runs the operations of subscribers for the events that have come since.
    fn deliver(
        &mut self,
        kernel: &Kernel,
        space: &Arc<Space>,
        runtime: &tokio::runtime::Runtime,
    ) -> Result<(), CallError> {
        let layers = kernel.shared.layers.load_full();
        let newest = space.latest()?;
        let state = (newest, Arc::downgrade(&layers));
        let quiet = self.known.get(space.name()).and_then(|known| known.quiet.as_ref());
        if quiet.is_some_and(|(seq, of)| *seq == state.0 && of.ptr_eq(&state.1)) {
            return Ok(());
        }
        let mut all = true;
        for (name, layer) in &layers.layers {
            for event in &layer.plugin.manifest().events {
                let subscriber = format!("{name}.{}", event.name);
                for _ in 0..ROUND {
                    let Some(delivery) = space.next_due(&subscriber, &event.on)? else { break };
                    all = false;
                    let operation = format!("{name}.{}", event.operation);
                    if !self.deliver_one(kernel, space, runtime, &subscriber, &event.on, operation, &delivery) {
                        break;
                    }
                }
            }
        }
        if all && let Some(known) = self.known.get_mut(space.name()) {
            known.quiet = Some(state);
        }
        Ok(())
    }

    /// Delivers one event; whether the subscriber may go on to the next.
    #[expect(
        clippy::too_many_arguments,
        reason = "one delivery's parts; a struct would be built once and taken apart once"
    )]
    fn deliver_one(
        &mut self,
        kernel: &Kernel,
        space: &Arc<Space>,
        runtime: &tokio::runtime::Runtime,
        subscriber: &str,
        on: &str,
        operation: String,
        delivery: &Due,
    ) -> bool {
        let arguments = json!({
            "event": on, "seq": delivery.seq, "at": delivery.at, "collection": on.split(':').next(),
            "id": delivery.id, "payload": delivery.payload,
        });
        let Value::Object(mut arguments) = arguments else { return false };
        arguments.retain(|_, value| !value.is_null());
        let acknowledges = Some((subscriber.to_owned(), delivery.seq, delivery.n));
        let commission = Commission { acknowledges: acknowledges.clone(), ..Commission::default() };
        let called =
            runtime.block_on(kernel.commissioned(request(space.name(), "event", operation, arguments), commission));
        let key = (space.name().to_owned(), subscriber.to_owned());
        let Err(error) = called else {
            self.failures.remove(&key);
            return true;
        };
        // Another process has delivered it.
        if error.code == "conflict.delivered" {
            return true;
        }
        let (seq, failures) = self.failures.entry(key.clone()).or_insert((delivery.seq, 0));
        if *seq != delivery.seq {
            (*seq, *failures) = (delivery.seq, 0);
        }
        *failures += 1;
        if *failures < TRIES {
            return false;
        }
        tracing::error!(%error, subscriber, seq = delivery.seq, "the event is passed over: its operation fails");
        self.failures.remove(&key);
        let meta = memstrata_store::CommitMeta {
            kind: "call".into(),
            principal: "event".into(),
            operation: "pass_over".into(),
            acknowledges,
            ..Default::default()
        };
        space.commit(memstrata_store::WriteSet::default(), meta, None).is_ok()
    }

    /// Adds vectors that are still owed.
    fn fill(&mut self, kernel: &Kernel, space: &Arc<Space>) -> Result<(), CallError> {
        if self.embed_after.is_some_and(|after| Instant::now() < after) || space.pending()? == 0 {
            return Ok(());
        }
        let lease = format!("vectors:{}", space.name());
        let Some(lease) = kernel.shared.control.acquire(&lease, &kernel.shared.process, LEASE_MS)? else {
            return Ok(());
        };
        let filled = kernel.fill_some(space);
        kernel.shared.control.release(&lease)?;
        if let Err(error) = filled {
            self.embed_after = Some(Instant::now() + EMBED_PAUSE);
            return Err(error);
        }
        Ok(())
    }
}

impl Kernel {
    /// Embeds and stores one batch of owed vectors; answers how many texts it took.
    pub(crate) fn fill_some(&self, space: &Arc<Space>) -> Result<usize, CallError> {
        let texts = space.pending_texts(TEXTS)?;
        if texts.is_empty() {
            return Ok(0);
        }
        let list: Vec<&str> = texts.iter().map(|text| text.text.as_str()).collect();
        let vectors = self
            .shared
            .embedder
            .embed(&list, Duration::from_secs(60))
            .map_err(|error| CallError::new(error.code(), error.to_string()))?;
        let count = texts.len();
        space.fill(texts.into_iter().zip(vectors).collect())?;
        Ok(count)
    }
}

/// Runs what is due. The commit carries an idempotency key of the due time: it takes effect once, whoever runs it.
fn fire_schedules(kernel: &Kernel, runtime: &tokio::runtime::Runtime) -> Result<(), CallError> {
    // The host's own are consolidation's (`runner.rs`).
    for due in kernel.shared.control.due()?.into_iter().filter(|due| due.layer != HOST) {
        let layers = kernel.shared.layers.load_full();
        let found = layers.layers.get(&due.layer).and_then(|layer| {
            layer.plugin.manifest().schedules.iter().find(|schedule| schedule.name == due.name).cloned()
        });
        let Some(schedule) = found else {
            // Its component is gone: look again in an hour.
            kernel.shared.control.advance(&due, now_ms() + 3_600_000)?;
            continue;
        };
        let name = format!("schedule:{}:{}.{}", due.space, due.layer, due.name);
        let Some(lease) = kernel.shared.control.acquire(&name, &kernel.shared.process, LEASE_MS)? else { continue };
        let mut arguments = schedule.arguments.clone();
        arguments.insert("idempotency_key".into(), format!("{}.{}@{}", due.layer, due.name, due.due_at).into());
        let operation = format!("{}.{}", due.layer, schedule.operation);
        let commission = Commission { lease: Some((lease.name.clone(), lease.token)), ..Commission::default() };
        let called =
            runtime.block_on(kernel.commissioned(request(&due.space, "schedule", operation, arguments), commission));
        if let Err(error) = called {
            tracing::error!(%error, schedule = %name, "a scheduled operation failed; it runs again when next due");
        }
        // Missed times are not made up for: one run covers them.
        kernel.shared.control.advance(&due, (due.due_at + schedule.every_ms).max(now_ms() + schedule.every_ms / 2))?;
        kernel.shared.control.release(&lease)?;
    }
    Ok(())
}

/// A call of the host itself.
fn request(space: &str, principal: &str, operation: String, arguments: Map<String, Value>) -> CallRequest {
    CallRequest {
        space: space.to_owned(),
        principal: Principal { name: principal.into(), ..Principal::local() },
        operation,
        arguments,
        dry_run: false,
        cancelled: Arc::default(),
        progress: None,
    }
}
