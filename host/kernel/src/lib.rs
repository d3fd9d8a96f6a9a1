//! The kernel: catalog of operations, dispatch as one transaction, scheduling, swap. It knows no layer by name.

mod api;
mod background;
mod budget;
mod catalog;
mod consolidation;
mod dispatch;
mod host_operations;
mod kernel;
mod layers;
mod manage;
mod swap;
mod testkit;
mod traffic;
mod transfer;
mod validate;
mod workers;

pub use api::{
    CallAnswer, CallError, CallRequest, Effect, Health, LayerHealth, Operation, Principal, Progress, ProgressSink,
};
pub use budget::{LlmBudget, Spending};
pub use catalog::Catalog;
pub use consolidation::{
    CollectionFacts, Compare, Comparison, Consolidate, ConsolidationOptions, Facts, Mode, PatchFault, Pin, Pinned,
    Promoted, PromotionRule, Quality, Quota, Replayed, RowFacts, RunReport, Trial, Trigger, UnitReport, When,
};
pub use kernel::{Kernel, KernelOptions, LayerOptions};
pub use manage::{Forget, Undone};
pub use swap::Swapped;
pub use testkit::{Check, Kit, RecordedJob, Report, test_component};
pub use transfer::{ExportedRow, Selection};
