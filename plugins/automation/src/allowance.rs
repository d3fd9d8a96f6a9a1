//! What one call may do: so many actions, so many bytes of what they are; and how a long list of what was done is kept.
//!
//! The host refuses rows and answers that are too large, and with them all that the call did: so firings stop before.

use memstrata_sdk::{Value, json};

/// Actions of one call, those of all hooks, rules and workflows it leads to.
pub const MOST_ACTIONS: usize = 500;
/// Bytes of these actions: as many as one hook, rule or workflow may have, each as large as may be.
pub const MOST_BYTES: usize = crate::action::MOST * crate::action::MOST_FILLED;
/// Bytes of the list of what was done that are kept with a firing.
pub const MOST_DONE: usize = 60_000;

/// What is left of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    actions: usize,
    bytes: usize,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { actions: MOST_ACTIONS, bytes: MOST_BYTES }
    }
}

impl Allowance {
    /// Whether an action of these bytes may still be done; if so it is counted.
    pub fn takes(&mut self, bytes: usize) -> bool {
        if self.actions == 0 || bytes > self.bytes {
            return false;
        }
        self.actions -= 1;
        self.bytes -= bytes;
        true
    }
}

/// The first entries of a list that stay within so many bytes, and how many were left out.
#[must_use]
pub fn kept(list: &[Value], most: usize) -> Vec<Value> {
    let mut bytes = 0_usize;
    let fits = list.iter().take_while(|entry| {
        bytes = bytes.saturating_add(entry.to_string().len());
        bytes <= most
    });
    let mut kept: Vec<Value> = fits.cloned().collect();
    if kept.len() < list.len() {
        kept.push(json!({"left_out": list.len() - kept.len()}));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_and_bytes_both_run_out() {
        let mut all = Allowance::default();
        assert_eq!((0..600).filter(|_| all.takes(10)).count(), MOST_ACTIONS);
        let mut all = Allowance::default();
        assert!(all.takes(MOST_BYTES) && !all.takes(1) && all.takes(0));
    }

    #[test]
    fn a_long_list_says_what_it_leaves_out() {
        let entries = vec![json!("12345678"); 5];
        assert_eq!(kept(&entries, 50), entries);
        assert_eq!(kept(&entries, 29), [json!("12345678"), json!("12345678"), json!({"left_out": 3})]);
        assert!(kept(&[], 0).is_empty());
    }
}
