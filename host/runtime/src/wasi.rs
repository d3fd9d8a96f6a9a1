//! An inert WASI 0.2: no environment, no input, no output; the call's frozen clock and seed; sleeps return at once; of
//! standard error the last lines are kept for the report of a failure. Files and sockets are [`refused`].
//!
//! Components of many languages import it for their standard library, and get nothing from it.

use crate::refused;
use crate::state::CallState;
use crate::stderr::Stderr;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use std::time::Duration;
use wasmtime::component::{Component, HasData, Linker, Resource, ResourceTable, types};
use wasmtime::{Engine, StoreContextMut};
use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView as _};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView as _};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_io::poll::{DynPollable, Pollable, subscribe};

/// Of the monotonic clock, in nanoseconds.
const MILLISECOND: u64 = 1_000_000;

/// The frozen clock.
struct Frozen(u64);

impl Frozen {
    fn nanos(&self) -> u64 {
        self.0.saturating_mul(MILLISECOND)
    }
}

impl HostWallClock for Frozen {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }
    fn now(&self) -> Duration {
        Duration::from_millis(self.0)
    }
}

impl HostMonotonicClock for Frozen {
    fn resolution(&self) -> u64 {
        MILLISECOND
    }
    fn now(&self) -> u64 {
        self.nanos()
    }
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let (now, seed) = (self.now, self.seed);
        let (ctx, _) = self.wasi.get_or_insert_with(|| {
            let stderr = Stderr::default();
            let ctx = WasiCtx::builder()
                .stderr(stderr.clone())
                .wall_clock(Frozen(now))
                .monotonic_clock(Frozen(now))
                .secure_random(StdRng::seed_from_u64(seed))
                .insecure_random(StdRng::seed_from_u64(seed))
                .insecure_random_seed(u128::from(seed))
                .max_random_size(1 << 16)
                .build();
            (ctx, stderr)
        });
        WasiCtxView { ctx, table: &mut self.table }
    }
}

/// A sleep that is over.
struct Over;

#[async_trait::async_trait]
impl Pollable for Over {
    async fn ready(&mut self) {}
}

fn over(table: &mut ResourceTable) -> wasmtime::Result<Resource<DynPollable>> {
    let over = table.push(Over)?;
    subscribe(table, over)
}

/// What needs no care: it sees nothing but [`WasiView::ctx`].
fn add_harmless(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    use wasmtime_wasi::p2::bindings::{cli, clocks, random, sync};
    use wasmtime_wasi_io::bindings::wasi::io::error;

    fn io(state: &mut CallState) -> &mut ResourceTable {
        &mut state.table
    }
    error::add_to_linker::<_, Io>(linker, io)?;
    sync::io::poll::add_to_linker::<_, Io>(linker, io)?;
    sync::io::streams::add_to_linker::<_, Io>(linker, io)?;
    clocks::wall_clock::add_to_linker::<_, WasiClocks>(linker, CallState::clocks)?;
    clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(linker, CallState::clocks)?;
    random::random::add_to_linker::<_, WasiRandom>(linker, CallState::random)?;
    random::insecure::add_to_linker::<_, WasiRandom>(linker, CallState::random)?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, CallState::random)?;
    cli::exit::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::environment::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::stdin::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::stdout::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::stderr::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, CallState::cli)
}

/// Streams and polls work on the table of handles alone.
struct Io;

impl HasData for Io {
    type Data<'a> = &'a mut ResourceTable;
}

/// Adds the inert WASI to a linker, with the clock's sleeps replaced for the versions the component imports.
pub(crate) fn add_to_linker(
    linker: &mut Linker<CallState>,
    engine: &Engine,
    component: &Component,
) -> wasmtime::Result<()> {
    add_harmless(linker)?;
    refused::add_to_linker(linker, engine, component)?;
    linker.allow_shadowing(true);
    for (name, item) in component.component_type().imports(engine) {
        let types::ComponentItem::ComponentInstance(instance) = item.ty else { continue };
        if !name.starts_with("wasi:clocks/monotonic-clock@") {
            continue;
        }
        // An instance of this very version hides the compatible one of another version: it must be whole.
        let functions: Vec<String> = instance.exports(engine).map(|(name, _)| name.to_owned()).collect();
        let mut linked = linker.instance(name)?;
        for function in &functions {
            match function.as_str() {
                "now" => linked.func_wrap(function, |store: StoreContextMut<'_, CallState>, (): ()| {
                    Ok((Frozen(store.data().now).nanos(),))
                })?,
                "resolution" => {
                    linked.func_wrap(function, |_: StoreContextMut<'_, CallState>, (): ()| Ok((MILLISECOND,)))?
                }
                name if name.starts_with("subscribe-") => {
                    linked.func_wrap(name, |mut store: StoreContextMut<'_, CallState>, (_,): (u64,)| {
                        Ok((over(&mut store.data_mut().table)?,))
                    })?;
                }
                _ => {}
            }
        }
    }
    linker.allow_shadowing(false);
    Ok(())
}
