//! What host resources keep for a guest: it must be limited, for the guest's own memory does not grow by it.

use std::collections::HashMap;

/// The ledger of one call: bytes by resource.
#[derive(Debug, Default)]
pub(crate) struct Held {
    most: usize,
    total: usize,
    by: HashMap<u32, usize>,
}

impl Held {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// Notes more bytes of a resource; false if that is too much.
    pub(crate) fn keep(&mut self, resource: u32, bytes: usize) -> bool {
        self.total = self.total.saturating_add(bytes);
        let one = self.by.entry(resource).or_default();
        *one = one.saturating_add(bytes);
        self.total <= self.most
    }

    /// The resource is gone.
    pub(crate) fn let_go(&mut self, resource: u32) {
        self.total = self.total.saturating_sub(self.by.remove(&resource).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_let_go_counts_no_more() {
        let mut held = Held::new(100);
        assert!(held.keep(1, 60) && held.keep(1, 40));
        assert!(!held.keep(2, 1));
        held.let_go(1);
        assert!(held.keep(2, 99));
    }
}
