//! Step 6 of 7: the small interfaces: `hints`, `events`, `clock`, `random`, `log`, `settings`, `budget`, `progress`.

use super::Answer;
use crate::bindings::memstrata::plugin::{budget, clock, events, hints, log, progress, random, settings};
use crate::error::HostError;
use crate::state::CallState;
use std::time::Duration;

/// Left of the budget when a component should come to an end.
const SOON: Duration = Duration::from_millis(50);
/// The longest line of the log.
const MOST_LINE: usize = 2000;
/// Random bytes in one call.
const MOST_BYTES: u32 = 1 << 16;

impl hints::Host for CallState {
    fn touch(&mut self, ids: Vec<u64>) -> Answer<()> {
        if self.identity.proposes {
            return Err(HostError::fault("denied.write", "a strategy proposes; it leaves no traces of use"));
        }
        Ok(self.granted("hints")?.touch(&ids)?)
    }

    fn usage(&mut self, ids: Vec<u64>) -> Answer<Vec<(u64, u64)>> {
        Ok(self.granted("hints")?.usage(&ids)?)
    }
}

impl events::Host for CallState {
    fn emit(&mut self, name: String, payload: String) -> Answer<()> {
        Ok(self.granted("events")?.emit(&name, &payload)?)
    }
}

impl clock::Host for CallState {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.now)
    }
}

impl random::Host for CallState {
    fn next(&mut self) -> wasmtime::Result<u64> {
        Ok(self.next_random())
    }

    fn bytes(&mut self, count: u32) -> wasmtime::Result<Vec<u8>> {
        let count = count.min(MOST_BYTES) as usize;
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend(self.next_random().to_le_bytes());
        }
        bytes.truncate(count);
        Ok(bytes)
    }
}

impl log::Host for CallState {
    fn write(&mut self, level: String, message: String) -> wasmtime::Result<()> {
        let Some(left) = self.log_lines.checked_sub(1) else { return Ok(()) };
        self.log_lines = left;
        let layer = &self.identity.layer;
        let message: String = message.chars().take(MOST_LINE).flat_map(char::escape_default).collect();
        match level.as_str() {
            "error" => tracing::error!(target: "plugin", %layer, "{message}"),
            "warn" => tracing::warn!(target: "plugin", %layer, "{message}"),
            "debug" => tracing::debug!(target: "plugin", %layer, "{message}"),
            "trace" => tracing::trace!(target: "plugin", %layer, "{message}"),
            _ => tracing::info!(target: "plugin", %layer, "{message}"),
        }
        if left == 0 {
            tracing::warn!(target: "plugin", %layer, "further lines of this call are dropped");
        }
        Ok(())
    }
}

impl settings::Host for CallState {
    fn get(&mut self) -> wasmtime::Result<String> {
        Ok(self.identity.settings.clone())
    }
}

impl budget::Host for CallState {
    fn remaining_ms(&mut self) -> wasmtime::Result<u64> {
        let guest = Duration::from_millis(self.limits.guest_ms).saturating_sub(self.guest_time());
        Ok(u64::try_from(self.deadline.remaining().min(guest).as_millis()).unwrap_or(u64::MAX))
    }

    fn should_stop(&mut self) -> wasmtime::Result<bool> {
        let guest = Duration::from_millis(self.limits.guest_ms).saturating_sub(self.guest_time());
        Ok(self.deadline.over() || self.deadline.remaining().min(guest) < SOON)
    }
}

impl progress::Host for CallState {
    fn report(&mut self, done: u64, total: u64, message: String) -> wasmtime::Result<()> {
        if let Some(sink) = &self.progress {
            let message: String = message.chars().take(200).collect();
            sink(done, total, &message);
        }
        Ok(())
    }
}
