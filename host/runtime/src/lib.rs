//! The runtime: loads components, links what is granted, limits and calls them. The only floor that knows wasmtime.

mod bindings;
mod cache;
mod call;
mod capability;
mod code;
mod engine;
mod error;
mod grants;
mod held;
mod limits;
mod lint;
mod manifest;
mod patch;
mod plugin;
mod refused;
mod state;
mod stderr;
mod stopwatch;
mod strategy_bindings;
mod wasi;
mod wasm;

pub use call::{CallContext, CallOutput, Models, ProgressFn, Proposal};
pub use capability::{Folders, MOST_CLUSTERED, average_link};
pub use engine::Runtime;
pub use error::{CallFailure, LoadError};
pub use grants::Grants;
pub use limits::Limits;
pub use lint::{json_fits, schema_faults};
pub use manifest::{
    Example, Manifest, OperationEffect, OperationSpec, ScheduleSpec, Setup, StrategySpec, SubscriptionSpec, UnitSpec,
};
pub use patch::{Change, Patch, RowName, Step};
pub use plugin::Plugin;
pub use wasm::{Wasm, digest_of};
