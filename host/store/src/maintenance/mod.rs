//! Care of a space: backup and restore, verification, rebuilding what is derived, vectors that come later.

mod backup;
mod indexes;
mod vectors;
mod verify;

pub use backup::Backup;
pub use indexes::IndexUse;
pub use vectors::PendingText;
pub use verify::Verified;
