//! Sharing a scan or a load among threads, where it is large enough to be worth starting them.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use super::segment::{ROWS, Segment};
use super::top::Top;

/// Rows for each thread of a scan. At 1,000,000 rows a second thread saves about 1 ms of 4, and nothing on a busy machine.
const SCANNED_PER_THREAD: usize = 1024 * 1024;
/// Rows for each thread of a load, where every row costs some microseconds.
const LOADED_PER_THREAD: usize = 32 * 1024;

/// Runs `scan` over runs of segments, in `threads` threads (0: as many as are useful), and merges what they keep. `scan` gets
/// the segments and the slot of their first row.
pub(super) fn scan(
    segments: &[Segment],
    threads: usize,
    limit: usize,
    scan: impl Fn(&[Segment], u32) -> Top + Sync,
) -> Top {
    let threads = chosen(threads, segments.len() * ROWS / SCANNED_PER_THREAD);
    let share = segments.len().div_ceil(threads).max(1);
    let mut runs = segments.chunks(share).zip((0..).step_by(share * ROWS));
    let Some((own, _)) = runs.next() else {
        return Top::new(limit);
    };
    thread::scope(|scope| {
        let scan = &scan;
        let others: Vec<_> = runs
            .map(|(run, first)| {
                let thread = thread::Builder::new().spawn_scoped(scope, move || scan(run, first));
                (run, first, thread)
            })
            .collect();
        let mut top = scan(own, 0);
        for (run, first, thread) in others {
            top.merge(match thread.map(thread::ScopedJoinHandle::join) {
                Ok(Ok(found)) => found,
                Ok(Err(panic)) => std::panic::resume_unwind(panic),
                // No thread to be had: the caller's own does it.
                Err(_) => scan(run, first),
            });
        }
        top
    })
}

/// Does work of one segment each, in `threads` threads (0: as many as are useful); each thread has a buffer of its own.
pub(super) fn each<T: Send>(work: Vec<T>, threads: usize, work_on: impl Fn(T, &mut Vec<f32>) + Sync) {
    let threads = chosen(threads, work.len() * ROWS / LOADED_PER_THREAD);
    let threads = threads.min(work.len());
    let queue = Mutex::new(work);
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let run = || {
        let mut scratch = Vec::new();
        while let Some(item) = next() {
            work_on(item, &mut scratch);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            // Where no thread is to be had, the others do its share.
            let _ = thread::Builder::new().spawn_scoped(scope, run);
        }
        run();
    });
}

/// The threads asked for; for 0, the useful ones, as far as there are processors.
fn chosen(threads: usize, useful: usize) -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    match threads {
        0 => useful.clamp(1, *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))),
        asked => asked,
    }
}
