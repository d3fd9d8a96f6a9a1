//! Step 7 of 7: the space's one writer. Write-sets that wait together share one commit.
//!
//! Each write-set is a savepoint in its group's transaction: a failing one rolls back alone, a failing COMMIT fails
//! all of them, and nobody is told "done" before COMMIT has returned.

mod apply;
mod derived;
mod row;

pub(crate) use derived::{bytes, context, load_vector, neighbours, rebuild_collection, stored_context};

use crate::commit::{CommitMeta, Committed};
use crate::database::Embedding;
use crate::error::{Result, StoreError};
use crate::space::SpaceOptions;
use crate::write_set::WriteSet;
use crossbeam_channel::{Receiver, Sender, bounded};
use rusqlite::{Connection, TransactionBehavior};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Work that needs the writer's connection for itself.
pub(crate) type Exclusive = Box<dyn FnOnce(&mut Connection) + Send>;

/// A write-set on its way to disk.
struct Pending {
    write_set: WriteSet,
    meta: CommitMeta,
    /// Set by a caller that has gone: counts until the writer starts the write-set.
    cancelled: Option<Arc<AtomicBool>>,
    reply: Sender<Result<Committed>>,
}

enum Job {
    Commit(Box<Pending>),
    Exclusive(Exclusive),
}

/// What the thread needs to know of its space.
struct Charge {
    space: String,
    model: String,
    dimension: usize,
    /// Write-sets that share one commit, at most.
    group: usize,
    commits: Arc<AtomicU64>,
}

/// The handle to the writer thread; dropping it drains the queue and ends the thread.
pub(crate) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<std::thread::JoinHandle<()>>,
    commits: Arc<AtomicU64>,
}

/// How many jobs may wait.
const QUEUE: usize = 1024;

impl Writer {
    pub(crate) fn start(connection: Connection, name: &str, options: &SpaceOptions) -> Result<Self> {
        let (sender, receiver) = bounded(QUEUE);
        let commits = Arc::new(AtomicU64::new(0));
        let charge = Charge {
            space: name.to_owned(),
            model: options.model.clone(),
            dimension: options.dimension,
            group: options.group_commit.max(1),
            commits: Arc::clone(&commits),
        };
        let thread = std::thread::Builder::new()
            .name(format!("writer-{name}"))
            .spawn(move || run(connection, &receiver, &charge))
            .map_err(|error| StoreError::Unavailable(format!("no thread for the writer: {error}")))?;
        Ok(Self { jobs: Some(sender), thread: Some(thread), commits })
    }

    /// Commits of write-sets so far.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    fn send(&self, job: Job) -> Result<()> {
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.try_send(job).map_err(|error| match error {
            crossbeam_channel::TrySendError::Full(_) => {
                StoreError::Unavailable("too many writes wait; call again in a moment".into())
            }
            crossbeam_channel::TrySendError::Disconnected(_) => stopped(),
        })
    }

    /// Commits a write-set and waits for it to be durable.
    pub(crate) fn commit(
        &self,
        write_set: WriteSet,
        meta: CommitMeta,
        cancelled: Option<Arc<AtomicBool>>,
    ) -> Result<Committed> {
        let (reply, answer) = bounded(1);
        self.send(Job::Commit(Box::new(Pending { write_set, meta, cancelled, reply })))?;
        answer.recv().map_err(|_| stopped())?
    }

    /// Runs work on the writer's connection, in a transaction of its own that commits if it answers ok.
    pub(crate) fn transact<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.exclusive(move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let answer = work(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        })
    }

    /// Runs work on the writer's connection, outside a transaction.
    pub(crate) fn exclusive<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = bounded(1);
        self.send(Job::Exclusive(Box::new(move |connection| {
            // The asker may have gone; the work stands all the same.
            _ = reply.send(work(connection));
        })))?;
        answer.recv().map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a writer thread panicked");
        }
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the space is closed; call again".into())
}

/// The thread: takes what waits, in order, and commits it in groups.
fn run(mut connection: Connection, jobs: &Receiver<Job>, charge: &Charge) {
    let mut held = None;
    while let Some(job) = held.take().or_else(|| jobs.recv().ok()) {
        match job {
            Job::Exclusive(work) => work(&mut connection),
            Job::Commit(first) => {
                let mut pending = vec![*first];
                while pending.len() < charge.group {
                    match jobs.try_recv() {
                        Ok(Job::Commit(next)) => pending.push(*next),
                        Ok(exclusive) => {
                            held = Some(exclusive);
                            break;
                        }
                        Err(_) => break,
                    }
                }
                commit_group(&mut connection, pending, charge);
            }
        }
    }
    // A tidy end: the write-ahead log goes into the file, so that the file alone is the space. Without waiting for readers: those of
    // another process may be calls that wait for their own commit, which this checkpoint would hold up until one side gives up.
    if let Err(error) = connection.execute_batch("PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::debug!(%error, "checkpoint at close");
    }
}

/// One transaction for many write-sets.
fn commit_group(connection: &mut Connection, pending: Vec<Pending>, charge: &Charge) {
    let mut answers = Vec::with_capacity(pending.len());
    match apply_group(connection, pending, charge, &mut answers) {
        Ok(()) => answers.into_iter().for_each(|(reply, answer)| _ = reply.send(answer)),
        Err(error) => {
            tracing::error!(%error, "a group commit failed");
            let message = error.message();
            for (reply, answer) in answers {
                let answer = match answer {
                    Err(own) => Err(own),
                    Ok(_) => Err(StoreError::Unavailable(message.clone())),
                };
                _ = reply.send(answer);
            }
        }
    }
}

type Answers = Vec<(Sender<Result<Committed>>, Result<Committed>)>;

fn apply_group(
    connection: &mut Connection,
    pending: Vec<Pending>,
    charge: &Charge,
    answers: &mut Answers,
) -> Result<()> {
    let mut group = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(group) => group,
        Err(error) => {
            let message = StoreError::Sqlite(error).message();
            for one in pending {
                answers.push((one.reply, Err(StoreError::Unavailable(message.clone()))));
            }
            return Ok(());
        }
    };
    // Another process may have embedded the space anew since this one opened it.
    let refusal = Embedding::of(&group)?.refusal(&charge.space, &charge.model, charge.dimension);
    for one in pending {
        let gone = one.cancelled.as_ref().is_some_and(|flag| flag.load(Ordering::Acquire));
        let answer = if gone {
            Err(StoreError::Cancelled)
        } else if let Some(refusal) = &refusal {
            Err(StoreError::Incompatible(refusal.clone()))
        } else {
            // A savepoint that is dropped before its commit rolls back.
            (group.savepoint().map_err(StoreError::from)).and_then(|savepoint| {
                let committed = apply::write_set(&savepoint, &one.write_set, &one.meta)?;
                savepoint.commit()?;
                Ok(committed)
            })
        };
        answers.push((one.reply, answer));
    }
    // A group in which all failed has nothing to make durable.
    if answers.iter().any(|(_, answer)| answer.is_ok()) {
        group.commit()?;
        charge.commits.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Adds vectors that came late and journals them; answers how many still fitted their row.
pub(crate) fn fill_vectors(
    connection: &Connection,
    collection: &Arc<crate::Collection>,
    vectors: &[(i64, i64, Option<Vec<f32>>)],
) -> Result<usize> {
    let mut filled = Vec::new();
    let next = apply::next(connection)?;
    for (id, version, vector) in vectors {
        if derived::fill_vector(connection, collection, *id, *version, vector.as_deref(), next.0)? {
            filled.push((*id, *version));
        }
    }
    if !filled.is_empty() {
        apply::journal_derived(connection, next, collection.number, &filled)?;
    }
    Ok(filled.len())
}
