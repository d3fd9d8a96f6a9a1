//! An empty operation on a fresh instance, and the same function native.

use crate::sample::{Sample, layer, row};
use memstrata_runtime::{CallContext, Limits, Models, Runtime};
use memstrata_store::Deadline;
use serde_json::Map;
use std::sync::Arc;
use std::time::Duration;

const ARGUMENTS: &str = "{}";

/// What the guest's operation does: hands its arguments back.
fn native(arguments: &str) -> String {
    arguments.to_owned()
}

pub fn run() -> anyhow::Result<()> {
    let (_, wasm) = memstrata_tests::GUESTS.iter().find(|(name, _)| *name == "empty").expect("the empty guest");
    let runtime = Arc::new(Runtime::new(Limits::default(), 4, None).map_err(anyhow::Error::msg)?);
    let grants = layer(*wasm).grants;
    let plugin = runtime.load("bench", *wasm, &grants, &Map::new())?;
    let call = || {
        let context = CallContext {
            session: None,
            models: Models::default(),
            deadline: Deadline::within(Duration::from_secs(5)),
            now: 0,
            seed: 1,
            progress: None,
        };
        plugin.call("echo", ARGUMENTS, context).unwrap()
    };
    let guest = Sample::of(20_000, |_| drop(call()));
    let native = Sample::of(20_000, |_| drop(std::hint::black_box(native(ARGUMENTS))));
    row("empty operation, fresh instance", &guest.line());
    row("the same function native", &native.line());
    let ratio = guest.quantile(0.5) / native.quantile(0.5);
    row("ratio of the medians", &format!("{ratio:.0}"));
    Ok(())
}
