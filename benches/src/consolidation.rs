//! A consolidation run: its time, its memory, what recalls feel of it, the validator alone, and what the sandbox costs.
//!
//! `MEMSTRATA_BENCH_EVENTS` says over how many events the large run goes, 100,000 if it is not set.

use crate::sample::{Sample, Sentences, bundled, options, request, row};
use memstrata_consolidation_rules::dual_process::{Settings, propose};
use memstrata_consolidation_rules::{event, measure};
use memstrata_kernel::{
    CollectionFacts, Consolidate, ConsolidationOptions, Facts, Kernel, KernelOptions, Mode, Principal, RowFacts,
    RunReport,
};
use memstrata_runtime::{Change, Patch, Step};
use memstrata_store::{Deadline, Durability, Namespace, Query, ReadLimits, SessionOptions};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

const SMALL: usize = 1_000;
/// Events of the run that recalls are timed beside.
const BESIDE: usize = 10_000;
/// Events of one session: so many are a unit.
const SESSION: usize = 20;
/// Recalls that are timed.
const RECALLS: usize = 1_000;
const STRATEGY: &str = "dual_process";
const OUTCOMES: [&str; 3] = ["failure", "success", "partial"];
const KINDS: [&str; 5] = ["test_run", "file_change", "decision", "error", "action"];

pub fn run() -> anyhow::Result<()> {
    let large = std::env::var("MEMSTRATA_BENCH_EVENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    alone(SMALL)?;
    alone(large)?;
    // Never waiting, and as it comes.
    for share in [1.0, ConsolidationOptions::default().busy_share] {
        beside_recalls(share)?;
    }
    validator()
}

/// A host with events in it.
fn host(folder: &Path, events: usize, busy_share: f64) -> anyhow::Result<(Kernel, Runtime)> {
    let consolidation = ConsolidationOptions { busy_share, ..ConsolidationOptions::default() };
    let options = KernelOptions { consolidation, ..options(folder, bundled(), Durability::Full, 64) };
    let kernel = Kernel::start(options)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    record(&kernel, &runtime, events);
    Ok((kernel, runtime))
}

/// A run over so many events, with nothing else going on.
fn alone(events: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir_in(std::env::current_dir()?)?;
    let (kernel, _runtime) = host(folder.path(), events, 1.0)?;
    let native = native(&kernel, events)?.as_secs_f64() * 1000.0;
    let (before, watch) = (anonymous(), Watch::start());
    let (report, took) = consolidate(&kernel)?;
    let (peak, after) = (watch.end(), anonymous());
    let more = |kb: u64| kb.saturating_sub(before) as f64 / 1024.0;
    row(
        &format!("run of {STRATEGY} over {events} events, {} units, durable", report.units),
        &format!(
            "{:.2} s, {:.0} events a second; {} rows made",
            took.as_secs_f64(),
            events as f64 / took.as_secs_f64(),
            report.created
        ),
    );
    row(
        &format!("memory of the run over {events} events"),
        &format!("{:.1} MB more at most, {:.1} MB of it stay: the index of the new rows", more(peak), more(after)),
    );
    let more_time = report.guest_ms - native;
    row(
        "the same rules in the component and native",
        &format!(
            "{:.0} ms, {native:.0} ms ({:.2} times); the whole run takes {:+.1} % longer for it",
            report.guest_ms,
            report.guest_ms / native,
            100.0 * more_time / (took.as_secs_f64() * 1000.0 - more_time)
        ),
    );
    kernel.stop();
    Ok(())
}

/// What recalls feel of a run, and the run of recalls.
fn beside_recalls(busy_share: f64) -> anyhow::Result<()> {
    let folder = tempfile::tempdir_in(std::env::current_dir()?)?;
    let (kernel, runtime) = host(folder.path(), BESIDE, busy_share)?;
    let recall = |nth: usize| {
        let arguments = json!({ "query": format!("what was changed after test number {}", nth % 97) });
        runtime.block_on(kernel.call(request("retrieval.recall", arguments))).unwrap();
    };
    // The index of a large space loads in the background.
    recall(0);
    std::thread::sleep(Duration::from_secs(3));
    let before = Sample::of(RECALLS, recall);
    let over = Arc::new(AtomicBool::new(false));
    let running = {
        let (kernel, over) = (kernel.clone(), Arc::clone(&over));
        std::thread::spawn(move || {
            let ran = consolidate(&kernel);
            over.store(true, Ordering::Relaxed);
            ran
        })
    };
    let mut times = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        recall(times.len());
        times.push(begun.elapsed());
    }
    let (report, took) = running.join().expect("the run's thread")?;
    // It has made rows, which recalls look through as well: what is compared is the same space.
    let (busy, after) = (Sample::from(times), Sample::of(RECALLS, recall));
    row(&format!("recall beside {BESIDE} events, quiet, before the run"), &before.line());
    row(&format!("the same beside these and {} new memories, after the run", report.created), &after.line());
    row(
        &format!("recall, one after another, while the run goes on with `busy_share` {busy_share}"),
        &format!(
            "{}; p95 {:.2} times that after it, {:.2} times that before; its {} units took {:.0} s",
            busy.line(),
            busy.quantile(0.95) / after.quantile(0.95),
            busy.quantile(0.95) / before.quantile(0.95),
            report.units,
            took.as_secs_f64()
        ),
    );
    kernel.stop();
    Ok(())
}

/// Sessions of things that were tried, failed and worked.
fn record(kernel: &Kernel, runtime: &Runtime, events: usize) {
    let mut sentences = Sentences::new();
    for first in (0..events).step_by(100) {
        let batch: Vec<Value> = (first..(first + 100).min(events))
            .map(|nth| {
                json!({
                    "content": sentences.next(), "event_type": KINDS[nth % KINDS.len()],
                    "outcome": OUTCOMES[nth % OUTCOMES.len()], "session_id": format!("s{}", nth / SESSION),
                    "timestamp": 1_700_000_000_000_u64 + nth as u64 * 60_000,
                })
            })
            .collect();
        let arguments = json!({ "events": batch });
        runtime.block_on(kernel.call(request("episodic.batch_record_events", arguments))).unwrap();
    }
}

fn consolidate(kernel: &Kernel) -> anyhow::Result<(RunReport, Duration)> {
    let begun = Instant::now();
    let report = kernel.consolidate(&Consolidate {
        strategy: Some(STRATEGY.into()),
        mode: Mode::Apply,
        ..Consolidate::new("default", Principal::local())
    })?;
    let (failed, error) = (report.failed, &report.error);
    anyhow::ensure!(report.status == "done" && failed == 0, "{failed} units failed: {error:?}");
    Ok((report, begun.elapsed()))
}

/// What the component does of a run, outside of it: rows read as JSON, rules, proposals written as JSON. The store is not timed,
/// as it is not in the component's time.
fn native(kernel: &Kernel, events: usize) -> anyhow::Result<Duration> {
    let space = kernel.open_space("default")?;
    let mut session = space.session(SessionOptions {
        layer: "bench".into(),
        component: "bench".into(),
        scope: Namespace::default(),
        now: 0,
        deadline: Deadline::within(Duration::from_secs(60)),
        limits: ReadLimits::default(),
        binding: String::new(),
        read_only: true,
        as_of: None,
    });
    let mut sessions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut query = Query::new(space.collection("episodic.events")?);
    query.limit(1_000);
    query.select(&event::FIELDS.map(str::to_owned))?;
    loop {
        let page = session.rows(&query)?;
        for text in page.rows {
            let row: Value = serde_json::from_str(&text)?;
            sessions.entry(row["session_id"].as_str().unwrap_or_default().to_owned()).or_default().push(text);
        }
        let Some(next) = page.next else { break };
        query.after(&next);
    }
    let found = sessions.values().map(Vec::len).sum::<usize>();
    anyhow::ensure!(found == events, "of {events} events {found} were recorded");
    let settings = Settings::default();
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let begun = Instant::now();
        for texts in sessions.values() {
            let rows: Vec<Value> = texts.iter().map(|text| serde_json::from_str(text)).collect::<Result<_, _>>()?;
            let events = event::events(&rows);
            let mut known = |_: &[&str]| Vec::new();
            let outcome = propose(&events, &mut known, &settings, 1_800_000_000_000, &mut |_: &str| None);
            let measures = measure::quality(&events, &outcome.report).measures().to_vec();
            let told: Vec<String> =
                outcome.proposals.iter().map(|proposal| serde_json::to_string(proposal).unwrap()).collect();
            std::hint::black_box((told, measures));
        }
        best = best.min(begun.elapsed());
    }
    Ok(best)
}

/// The validator over patches of sound proposals, whose facts are known.
fn validator() -> anyhow::Result<()> {
    const STEPS: usize = 1_000;
    let folder = tempfile::tempdir()?;
    let kernel = Kernel::start(options(folder.path(), bundled(), Durability::Process, 64))?;
    let space = kernel.open_space("default")?;
    let collection = |name: &str| -> anyhow::Result<(String, CollectionFacts)> {
        Ok((name.to_owned(), CollectionFacts { collection: space.collection(name)?, writable: true, quota: 1_000 }))
    };
    let event = |id: u64| {
        let facts = RowFacts {
            collection: "episodic.events".into(),
            version: 1,
            ended: false,
            trust: 0.9,
            sources: Vec::new(),
            namespace: String::new(),
        };
        (id, facts)
    };
    let facts = Facts {
        rows: (1..=STEPS as u64 * 3).map(event).collect::<HashMap<_, _>>(),
        collections: [collection("episodic.events")?, collection("semantic.memories")?].into(),
    };
    let step = |nth: u64| {
        let content = format!("what was learnt from three events, number {nth}");
        let row = json!({ "content": content, "memory_type": "pattern", "confidence": 0.5, "tags": ["a", "b"] });
        Step {
            change: Change::Create { collection: "semantic.memories".into(), row: row.as_object().cloned().unwrap() },
            evidence: (nth * 3 + 1..=nth * 3 + 3).collect(),
            reason: "they belong together".into(),
        }
    };
    let patch = Patch { steps: (0..STEPS as u64).map(step).collect(), ..Patch::default() };
    let count = AtomicU64::new(0);
    let sample = Sample::of(200, |_| {
        count.fetch_add(facts.faults(std::hint::black_box(&patch)).len() as u64, Ordering::Relaxed);
    });
    anyhow::ensure!(count.load(Ordering::Relaxed) == 0, "the proposals are sound: {:?}", facts.faults(&patch).first());
    let rate = STEPS as f64 / sample.quantile(0.5) * 1e6;
    row("the validator: new rows with three pieces of evidence", &format!("{rate:.0} proposals a second"));
    kernel.stop();
    Ok(())
}

/// A number of this process, kB.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn anonymous() -> u64 {
    status("RssAnon")
}

/// Looks at the memory of this process until it is ended.
struct Watch {
    thread: std::thread::JoinHandle<u64>,
    over: Arc<AtomicBool>,
}

impl Watch {
    fn start() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&over);
        let look = move || {
            let mut most = 0;
            while !ended.load(Ordering::Relaxed) {
                most = most.max(anonymous());
                std::thread::sleep(Duration::from_millis(20));
            }
            most
        };
        Self { thread: std::thread::spawn(look), over }
    }

    /// The most it saw, kB.
    fn end(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().expect("the watch")
    }
}
