//! The time inside a guest: it runs while wasm runs, and stands still in every host function, however the two nest.

use std::time::{Duration, Instant};
use wasmtime::CallHook;

/// Follows wasmtime's call hooks. Lowering a host function's answer runs the guest again, in its `realloc`, and that may call back
/// into wasmtime (to grow memory, to look at the epoch): a moment of entry kept until the return would be lost there.
#[derive(Debug, Default)]
pub(crate) struct Stopwatch {
    passed: Duration,
    running: Option<Instant>,
}

impl Stopwatch {
    /// Follows a change between guest and host.
    pub(crate) fn hook(&mut self, hook: CallHook, now: Instant) {
        self.passed = self.time(now);
        self.running = match hook {
            CallHook::CallingWasm | CallHook::ReturningFromHost => Some(now),
            CallHook::CallingHost | CallHook::ReturningFromWasm => None,
        };
    }

    /// The time the guest itself has run by now.
    pub(crate) fn time(&self, now: Instant) -> Duration {
        self.passed + self.running.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_functions_cost_the_guest_nothing_even_where_they_run_it_again() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut watch = Stopwatch::default();
        assert_eq!(watch.time(at(0)), Duration::ZERO);
        for (ms, hook) in [
            (10, CallHook::CallingWasm),
            (20, CallHook::CallingHost),
            // After 1,000 ms the host function lowers its answer: the guest's `realloc` runs for 3 ms, in which memory grows.
            (1_020, CallHook::CallingWasm),
            (1_021, CallHook::CallingHost),
            (1_121, CallHook::ReturningFromHost),
            (1_123, CallHook::ReturningFromWasm),
            (1_200, CallHook::ReturningFromHost),
        ] {
            watch.hook(hook, at(ms));
        }
        assert_eq!(watch.time(at(1_205)), Duration::from_millis(10 + 3 + 5));
        watch.hook(CallHook::ReturningFromWasm, at(1_210));
        assert_eq!(watch.time(at(9_000)), Duration::from_millis(10 + 3 + 10));
    }
}
