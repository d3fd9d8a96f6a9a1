//! The best `limit` of a stream of scored slots, with a threshold that rises while the stream is read.

/// The best scored slots so far. A larger score is better, of equal scores the smaller slot; so the outcome does not
/// depend on the order of the stream or on how threads share it.
#[derive(Debug)]
pub(super) struct Top {
    limit: usize,
    /// Score and slot as one number that orders as they do; up to twice `limit` are kept before the worse half goes,
    /// which costs less than a heap.
    keys: Vec<u64>,
    floor: u64,
    threshold: f32,
}

impl Top {
    /// An empty selection; a `limit` of 0 keeps one.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), keys: Vec::new(), floor: 0, threshold: f32::NEG_INFINITY }
    }

    /// A score below this can be skipped without a [`Top::push`].
    #[inline]
    pub(super) fn threshold(&self) -> f32 {
        self.threshold
    }

    /// Takes one slot with its score (not NaN).
    #[inline]
    pub(super) fn push(&mut self, score: f32, slot: u32) {
        self.push_key((u64::from(ordered(score)) << 32) | u64::from(!slot));
    }

    /// Takes everything from another selection.
    pub(super) fn merge(&mut self, other: Self) {
        for key in other.keys {
            self.push_key(key);
        }
    }

    /// The best slots, in ascending order of slot.
    pub(super) fn into_slots(mut self) -> Vec<u32> {
        self.prune();
        let mut slots: Vec<u32> = self.keys.into_iter().map(slot).collect();
        slots.sort_unstable();
        slots
    }

    #[inline]
    fn push_key(&mut self, key: u64) {
        if key > self.floor {
            self.keys.push(key);
            if self.keys.len() >= self.limit.saturating_mul(2) {
                self.prune();
            }
        }
    }

    fn prune(&mut self) {
        if self.keys.len() > self.limit {
            let (_, worst, _) = self.keys.select_nth_unstable_by(self.limit - 1, |a, b| b.cmp(a));
            self.floor = *worst;
            self.threshold = score(self.floor);
            self.keys.truncate(self.limit);
        }
    }
}

/// The bits of a float, changed so that they order as the floats do.
fn ordered(score: f32) -> u32 {
    let bits = score.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

fn score(key: u64) -> f32 {
    let bits = (key >> 32) as u32;
    f32::from_bits(if bits >> 31 == 1 { bits & !(1 << 31) } else { !bits })
}

fn slot(key: u64) -> u32 {
    !(key as u32)
}
