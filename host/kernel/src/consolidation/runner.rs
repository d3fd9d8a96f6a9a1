//! The thread on which runs begin by themselves: due times, rows that wait, events, and runs that were cut off.

use super::lease::Held;
use super::records::{HOST, RUNS, host_session, record_meta};
use super::triggers::{Trigger, Wanted, When};
use super::{Compare, Consolidate, Mode};
use crate::api::{CallError, Principal};
use crate::kernel::{Kernel, now_ms};
use memstrata_store::{CommitMeta, Condition, Due, Query, Schedule, Space, WriteSet};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often it looks.
const TICK: Duration = Duration::from_millis(500);
/// How often an event's run is tried before the event is passed over.
const TRIES: u32 = 3;
/// Events dealt with in one look at a space.
const ROUND: usize = 10;

/// The thread; dropping it cancels its run and waits for it.
pub(crate) struct Runner {
    thread: Option<std::thread::JoinHandle<()>>,
    cancelled: Arc<AtomicBool>,
    stop: Option<crossbeam_channel::Sender<()>>,
}

impl Runner {
    pub(crate) fn start(kernel: Kernel) -> Result<Self, CallError> {
        let (stop, stopped) = crossbeam_channel::bounded::<()>(0);
        let cancelled = Arc::new(AtomicBool::new(false));
        let mut looks = Looks {
            kernel,
            cancelled: Arc::clone(&cancelled),
            failures: HashMap::new(),
            waiting: HashMap::new(),
            said: HashMap::new(),
        };
        let look = move || {
            while stopped.recv_timeout(TICK) == Err(crossbeam_channel::RecvTimeoutError::Timeout) {
                looks.round();
            }
        };
        let thread = std::thread::Builder::new().name("consolidation".into()).spawn(look);
        let thread = thread.map_err(|error| {
            CallError::new("unavailable.background", format!("no thread for consolidation: {error}"))
        })?;
        Ok(Self { thread: Some(thread), cancelled, stop: Some(stop) })
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.cancelled.store(true, Ordering::Relaxed);
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            _ = thread.join();
        }
    }
}

/// Rows that wait, and when the newest of them came.
type Waiting = (u64, Option<u64>);

struct Looks {
    kernel: Kernel,
    cancelled: Arc<AtomicBool>,
    /// Failures of the event a trigger is at, by space and subscriber.
    failures: HashMap<(String, String), (u64, u64, u32)>,
    /// What waited in a space for a trigger, and the journal's sequence when that was counted.
    waiting: HashMap<(String, String), (u64, Waiting)>,
    /// The fault told last of each part of the work: one that stays is told once.
    said: HashMap<String, String>,
}

impl Looks {
    fn over(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed) || self.kernel.shared.stopping.load(Ordering::Acquire)
    }

    fn round(&mut self) {
        let resumed = self.resume();
        self.tell("resume", resumed);
        let fired = self.schedules();
        self.tell("schedules", fired);
        for space in self.kernel.shared.spaces.opened() {
            for trigger in self.kernel.shared.options.consolidation.triggers.clone() {
                if self.over() {
                    return;
                }
                if trigger.concerns(space.name()) {
                    let looked = self.look(&space, &trigger);
                    self.tell(&format!("{} in {}", trigger.name(), space.name()), looked);
                }
            }
        }
    }

    fn tell(&mut self, what: &str, result: Result<(), CallError>) {
        let Err(error) = result else {
            self.said.remove(what);
            return;
        };
        let told = self.said.insert(what.to_owned(), error.to_string());
        if told.as_deref() != Some(error.to_string().as_str()) {
            tracing::warn!(%error, what, "a consolidation did not begin; it is tried again");
        }
    }

    /// Runs whose process is gone go on here.
    fn resume(&self) -> Result<(), CallError> {
        let abandoned = self.kernel.abandoned()?;
        let mut spaces: BTreeSet<String> = abandoned.iter().cloned().collect();
        let mut first = Ok(());
        spaces.extend(self.kernel.shared.spaces.opened().iter().map(|space| space.name().to_owned()));
        for name in spaces {
            if self.over() {
                return Ok(());
            }
            // As for due times.
            if let Err(error) = self.resume_in(&name, abandoned.contains(&name)) {
                first = first.and(Err(error));
            }
        }
        first
    }

    fn resume_in(&self, name: &str, abandoned: bool) -> Result<(), CallError> {
        let space = match self.kernel.space(name) {
            Ok(space) => space,
            // Removed since.
            Err(error) if error.code == "not-found.space" => return Ok(()),
            Err(error) => return Err(error),
        };
        if !self.kernel.has_cut_off(&space)? && !abandoned {
            return Ok(());
        }
        // Taking the lease and giving it back also says that nothing is left to do.
        match self.kernel.only_one(&space) {
            Ok(lease) => self.kernel.resume_cut_off(&space, &lease, &self.cancelled),
            Err(error) if error.code == "conflict.running" => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Starts a run for each due time, over all processes once.
    fn schedules(&self) -> Result<(), CallError> {
        let mut first = Ok(());
        for due in self.kernel.shared.control.due()?.into_iter().filter(|due| due.layer == HOST) {
            let triggers = &self.kernel.shared.options.consolidation.triggers;
            let ours = |trigger: &&Trigger| trigger.name() == due.name && trigger.concerns(&due.space);
            // One of another configuration is for the processes that have it.
            let Some(trigger) = triggers.iter().find(ours) else { continue };
            if self.over() {
                return Ok(());
            }
            // A space that cannot be opened keeps no other from its runs.
            if let Err(error) = self.fire(&due, trigger) {
                first = first.and(Err(error));
            }
        }
        first
    }

    fn fire(&self, due: &Schedule, trigger: &Trigger) -> Result<(), CallError> {
        let Some(_lease) = Held::take(&self.kernel, &format!("trigger:{}:{}", due.space, due.name))? else {
            return Ok(());
        };
        // Another process may have been quicker.
        if !self.kernel.shared.control.due()?.contains(due) {
            return Ok(());
        }
        let cause = format!("schedule:{}@{}", due.name, due.due_at);
        if !self.has_run(&due.space, &cause)? {
            match self.run(&due.space, trigger, cause, Wanted::default(), None) {
                Ok(()) => {}
                // The due time stays until the run that is on has ended.
                Err(error) if error.code == "conflict.running" => return Ok(()),
                Err(_) if self.over() => return Ok(()),
                Err(error) => {
                    tracing::error!(%error, space = due.space, trigger = due.name, "a run failed; the next one is when it is due");
                }
            }
        }
        if let Some(next) = trigger.next_due(due.due_at, now_ms()) {
            self.kernel.shared.control.advance(due, next)?;
        }
        Ok(())
    }

    /// Whether a due time has had its run: the process that began it may have ended before it could say so.
    fn has_run(&self, space: &str, cause: &str) -> Result<bool, CallError> {
        let space = self.kernel.space(space)?;
        let mut session = host_session(&self.kernel, &space, now_ms());
        let mut runs = Query::new(space.collection(RUNS)?);
        runs.filter(Condition::parse(&json!(["trigger", "=", cause]).to_string())?)?;
        Ok(session.count(&runs)? > 0)
    }

    /// Looks whether a trigger that needs no clock has something to do in a space.
    fn look(&mut self, space: &Arc<Space>, trigger: &Trigger) -> Result<(), CallError> {
        match &trigger.when {
            When::Daily { .. } | When::Every { .. } => Ok(()),
            When::Event { name } => self.deliver(space, trigger, name),
            When::Rows { .. } | When::Idle { .. } => {
                let key = (space.name().to_owned(), trigger.name());
                let latest = space.latest()?;
                let waiting = match self.waiting.get(&key) {
                    Some((counted, waiting)) if *counted == latest => *waiting,
                    _ => self.count(space, trigger)?,
                };
                self.waiting.insert(key, (latest, waiting));
                if !wants(trigger, waiting) {
                    return Ok(());
                }
                let name = format!("trigger:{}:{}", space.name(), trigger.name());
                let Some(_lease) = Held::take(&self.kernel, &name)? else { return Ok(()) };
                // Another process may have been quicker.
                if !wants(trigger, self.count(space, trigger)?) {
                    return Ok(());
                }
                match self.run(space.name(), trigger, trigger.when.to_string(), Wanted::default(), None) {
                    Err(error) if error.code == "conflict.running" => Ok(()),
                    other => other,
                }
            }
        }
    }

    fn count(&self, space: &Arc<Space>, trigger: &Trigger) -> Result<Waiting, CallError> {
        let name = match &trigger.strategy {
            Some(name) => name.clone(),
            None => self.kernel.active_in(space)?,
        };
        let layer = self.kernel.strategy(&name)?;
        self.kernel.waiting(space, &layer)
    }

    /// Runs for the events that have come since; each is acknowledged by the commit that says its run has begun.
    fn deliver(&mut self, space: &Arc<Space>, trigger: &Trigger, event: &str) -> Result<(), CallError> {
        let subscriber = trigger.subscriber();
        for _ in 0..ROUND {
            let Some(delivery) = space.next_due(&subscriber, event)? else { return Ok(()) };
            if self.over() {
                return Ok(());
            }
            let key = (space.name().to_owned(), subscriber.clone());
            match self.answer(space, trigger, event, &delivery) {
                Ok(()) => _ = self.failures.remove(&key),
                // Another process has it.
                Err(error) if error.code == "conflict.delivered" => {}
                Err(error) if error.code == "conflict.running" => return Ok(()),
                Err(_) if self.over() => return Ok(()),
                Err(error) => {
                    let failed = self.failures.entry(key.clone()).or_default();
                    if (failed.0, failed.1) != (delivery.seq, delivery.n) {
                        *failed = (delivery.seq, delivery.n, 0);
                    }
                    failed.2 += 1;
                    if failed.2 < TRIES {
                        return Err(error);
                    }
                    tracing::error!(%error, subscriber, seq = delivery.seq, "the event is passed over: its run does not begin");
                    self.failures.remove(&key);
                    acknowledge(space, &subscriber, &delivery)?;
                }
            }
        }
        Ok(())
    }

    fn answer(&self, space: &Arc<Space>, trigger: &Trigger, event: &str, delivery: &Due) -> Result<(), CallError> {
        let wanted = Wanted::of(delivery)?;
        let cause = match &wanted.request {
            Some(request) => format!("event:{event}#{request}"),
            None => format!("event:{event}"),
        };
        let dry = wanted.dry_run;
        let subscriber = trigger.subscriber();
        // A dry run leaves no record to acknowledge it with.
        let acknowledges = (!dry).then(|| (subscriber.clone(), delivery.seq, delivery.n));
        self.run(space.name(), trigger, cause, wanted, acknowledges)?;
        if dry { acknowledge(space, &subscriber, delivery) } else { Ok(()) }
    }

    fn run(
        &self,
        space: &str,
        trigger: &Trigger,
        cause: String,
        wanted: Wanted,
        acknowledges: Option<(String, u64, u64)>,
    ) -> Result<(), CallError> {
        let request = Consolidate {
            space: space.to_owned(),
            strategy: wanted.strategy.or_else(|| trigger.strategy.clone()),
            namespace: wanted.namespace.unwrap_or_default(),
            since: wanted.since,
            again: wanted.again,
            mode: if wanted.dry_run { Mode::DryRun } else { Mode::Apply },
            trigger: cause,
            principal: Principal { name: HOST.into(), ..Principal::local() },
            cancelled: Arc::clone(&self.cancelled),
            progress: None,
        };
        if request.strategy.is_none() && request.mode == Mode::Apply {
            self.shadow(&request)?;
        }
        let report = self.kernel.consolidate_for(&request, acknowledges)?;
        tracing::info!(
            run = report.run,
            strategy = report.strategy,
            space,
            trigger = request.trigger,
            status = report.status,
            units = report.units,
            created = report.created,
            "a run has ended"
        );
        Ok(())
    }
}

impl Looks {
    /// Tries the candidates before the active strategy runs, under the right to run: once, and not again and again while another
    /// run goes on. What goes wrong there keeps no run from beginning.
    fn shadow(&self, request: &Consolidate) -> Result<(), CallError> {
        if self.kernel.shared.options.consolidation.candidates.is_empty() {
            return Ok(());
        }
        let _only = self.kernel.only_one(&self.kernel.space(&request.space)?)?;
        let compare = Compare {
            namespace: request.namespace.clone(),
            since: request.since,
            trigger: request.trigger.clone(),
            cancelled: Arc::clone(&request.cancelled),
            ..Compare::new(&request.space, request.principal.clone())
        };
        if let Err(error) = self.kernel.shadow_before(&compare) {
            tracing::warn!(%error, space = request.space, "the candidates were not tried");
        }
        Ok(())
    }
}

/// Whether a trigger fires for so many rows that wait, the newest of them that old.
fn wants(trigger: &Trigger, (rows, newest): Waiting) -> bool {
    match trigger.when {
        When::Rows { rows: wanted } => rows >= wanted,
        When::Idle { ms } => newest.is_some_and(|newest| newest + ms <= now_ms()),
        _ => false,
    }
}

/// Moves a trigger on past an event without a run's record.
fn acknowledge(space: &Arc<Space>, subscriber: &str, delivery: &Due) -> Result<(), CallError> {
    let acknowledges = Some((subscriber.to_owned(), delivery.seq, delivery.n));
    space.commit(WriteSet::default(), CommitMeta { acknowledges, ..record_meta(HOST) }, None)?;
    Ok(())
}
