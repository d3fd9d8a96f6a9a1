//! What goes with a write-set to the writer, and what comes back.

/// Who wrote, by what, and why: the journal's metadata.
#[derive(Debug, Clone, Default)]
pub struct CommitMeta {
    /// `call`, `undo`, `import` or `derive`.
    pub kind: String,
    /// Who asked.
    pub principal: String,
    /// The layer that ran.
    pub layer: String,
    /// Digest of the component that wrote.
    pub component: String,
    /// The operation.
    pub operation: String,
    /// Hash of its arguments.
    pub arguments: String,
    /// Makes a repetition of the call answer what this one did.
    pub idempotent: Option<Idempotent>,
    /// Acknowledges an event for a subscriber, in the same commit: name, sequence, number in it.
    pub acknowledges: Option<(String, u64, u64)>,
    /// The lease under which a scheduled call runs: its name and fencing token.
    pub lease: Option<(String, u64)>,
}

/// An idempotency key with the answer to repeat.
#[derive(Debug, Clone)]
pub struct Idempotent {
    /// The caller's key, unique per principal.
    pub key: String,
    /// Hash of the arguments: another call must not take the key.
    pub arguments: String,
    /// The answer as JSON text.
    pub result: String,
}

/// A commit that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// Its place in the journal; 0 if there was nothing to write.
    pub seq: u64,
    /// When, ms UTC.
    pub at: u64,
    /// Rows of it that still wait for their vector.
    pub embed_pending: u64,
}
