//! `remember`, acknowledged and durable, from 16 clients, with and without group commit.

use crate::sample::{Sample, Sentences, bundled, options, request, row};
use memstrata_kernel::Kernel;
use memstrata_store::Durability;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const CLIENTS: usize = 16;
const WRITES: usize = 200;

pub fn run() -> anyhow::Result<()> {
    let mut rates = Vec::new();
    for group in [64, 1] {
        let folder = tempfile::tempdir_in(std::env::current_dir()?)?;
        let kernel = Kernel::start(options(folder.path(), bundled(), Durability::Full, group))?;
        let times: Arc<Mutex<Vec<Duration>>> = Arc::default();
        let begun = Instant::now();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (kernel, times) = (kernel.clone(), Arc::clone(&times));
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                    let mut sentences = Sentences::new();
                    let mut own = Vec::with_capacity(WRITES);
                    for nth in 0..WRITES {
                        let content = format!("client {client} number {nth}: {}", sentences.next());
                        let begun = Instant::now();
                        runtime
                            .block_on(kernel.call(request("semantic.remember", json!({ "content": content }))))
                            .unwrap();
                        own.push(begun.elapsed());
                    }
                    times.lock().unwrap().extend(own);
                })
            })
            .collect();
        clients.into_iter().for_each(|client| client.join().unwrap());
        let rate = (CLIENTS * WRITES) as f64 / begun.elapsed().as_secs_f64();
        let sample = Sample::from(std::mem::take(&mut times.lock().unwrap()));
        let how = if group > 1 { "group commit" } else { "each alone" };
        row(&format!("remember, durable, {CLIENTS} clients, {how}"), &format!("{}; {rate:.0} a second", sample.line()));
        rates.push(rate);
        kernel.stop();
    }
    row("group commit against each alone", &format!("{:.1} times the throughput", rates[0] / rates[1]));
    Ok(())
}
