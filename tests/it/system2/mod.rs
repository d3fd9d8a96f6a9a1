//! System 2 through a real host: a model of each provider is asked and must be borne out; whatever is wrong with it, System 1
//! stands alone and the run says so.

mod server;

use crate::support::{Host, bundled_layers, options};
use memstrata_kernel::{Consolidate, Kernel, KernelOptions, LlmBudget, Principal, RunReport};
use memstrata_models::{HttpLlm, ProviderConfig, ProviderKind, Secret};
use serde_json::{Value, json};
use server::{INPUT, Mood, OUTPUT, Server};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

const KINDS: [ProviderKind; 4] =
    [ProviderKind::Ollama, ProviderKind::OpenAi, ProviderKind::Anthropic, ProviderKind::Gemini];
const KEY: &str = "sk-hidden";

/// A host with the bundled layers and `dual_process`, which may ask a model.
fn host_in(folder: Arc<tempfile::TempDir>, change: impl FnOnce(&mut KernelOptions)) -> Host {
    let mut layers = bundled_layers();
    let strategy = layers.get_mut("dual_process").unwrap();
    strategy.grants.interfaces = ["store-read", "llm"].map(str::to_owned).into();
    strategy.grants.reads = BTreeSet::from(["episodic.events".to_owned(), "semantic.memories".to_owned()]);
    strategy.grants.writes = strategy.grants.reads.clone();
    let mut options = options(folder.path(), layers);
    options.background = false;
    change(&mut options);
    Host { kernel: Kernel::start(options).unwrap(), _folder: folder }
}

fn host(change: impl FnOnce(&mut KernelOptions)) -> Host {
    let host = host_in(Arc::new(tempfile::tempdir().unwrap()), change);
    fill(&host);
    host
}

/// A session the heuristics find nothing in, and one with a decision.
fn fill(host: &Host) {
    for who in ["support", "sales", "the forum", "a survey", "the newsletter"] {
        let content = format!("users ask for dark mode in the editor, says {who}");
        host.ok("episodic.record_event", json!({"content": content, "event_type": "conversation", "session_id": "a"}));
    }
    host.ok(
        "episodic.record_event",
        json!({"content": "Ship the editor on Fridays", "event_type": "decision", "session_id": "b", "outcome": "success"}),
    );
}

/// A model at a server that is given up soon.
fn model(kind: ProviderKind, server: &Server, change: impl FnOnce(&mut ProviderConfig)) -> Arc<HttpLlm> {
    let mut config = ProviderConfig { retries: 0, ..ProviderConfig::new(kind, server.url(), "test-model") };
    change(&mut config);
    Arc::new(HttpLlm::new(&config, Some(Secret::new(KEY))).unwrap())
}

fn run(host: &Host) -> RunReport {
    let asked =
        Consolidate { strategy: Some("dual_process".into()), ..Consolidate::new("default", Principal::local()) };
    host.kernel.consolidate(&asked).unwrap()
}

/// The record of a run, as an operator sees it.
fn record(host: &Host, run: &RunReport) -> Value {
    host.kernel.runs("default", &Principal::local(), Some(&run.run), 1).unwrap()[0].clone()
}

/// A run's number over its two units.
fn sum(record: &Value, measure: &str) -> f64 {
    record["measures"][measure].as_f64().unwrap() * 2.0
}

/// Derived memories.
fn derived(host: &Host) -> Vec<Value> {
    let found =
        host.ok("retrieval.recall", json!({"query": "dark mode editor Fridays", "detail": "full", "limit": 20}));
    let rows = found["hits"].as_array().unwrap().iter().map(|hit| hit["row"].clone());
    rows.filter(|row| row["tags"].as_array().is_some_and(|tags| tags.contains(&json!("consolidation")))).collect()
}

fn by_system2(row: &Value) -> bool {
    row["tags"].as_array().unwrap().contains(&json!("system-2"))
}

/// Every unit of the run is what it was, though there is no model now.
fn replays(host: &Host, run: &RunReport) {
    let replayed = host.kernel.replay("default", &run.run, &Principal::local()).unwrap();
    assert_eq!(replayed.len(), 2);
    assert!(replayed.iter().all(|unit| unit.same), "{replayed:?}");
}

#[test]
fn a_model_of_each_provider_is_asked_borne_out_told_and_replayed() {
    let prices = LlmBudget { price_input: 3.0, price_output: 15.0, ..LlmBudget::default() };
    for kind in KINDS {
        let server = Server::start(kind, Mood::Honest);
        let host = host(|options| {
            options.llm = Some(model(kind, &server, |_| ()));
            options.llm_budget = prices.clone();
        });
        let report = run(&host);
        let told = record(&host, &report);
        assert_eq!((report.status, report.applied, report.created), ("done", 2, 2), "{kind:?}: {:?}", report.error);
        for (measure, value) in
            [("prompts", 1.0), ("prompts-failed", 0.0), ("prompts-broken", 0.0), ("claims", 1.0), ("claims-kept", 1.0)]
        {
            assert_eq!(sum(&told, measure), value, "{kind:?}: {measure}");
        }
        assert_eq!(told["tokens"], INPUT + OUTPUT, "{kind:?}");
        assert!((told["money"].as_f64().unwrap() - 0.0006).abs() < 1e-9, "{kind:?}: {}", told["money"]);

        let derived = derived(&host);
        let claimed = derived.iter().find(|row| by_system2(row)).unwrap();
        assert_eq!(claimed["content"], "Users ask for dark mode in the editor");
        assert_eq!(claimed["sources"].as_array().unwrap().len(), 5, "it cites what bears it out");

        let asked = server.asked();
        assert_eq!(asked.len(), 1, "{kind:?}: a single event is not worth a prompt");
        match kind {
            ProviderKind::Anthropic => assert_eq!(asked[0]["thinking"]["budget_tokens"], 5_000),
            ProviderKind::Gemini => {
                assert_eq!(asked[0]["generationConfig"]["thinkingConfig"]["thinkingBudget"], 5_000);
            }
            _ => {}
        }
        let spending = host.kernel.health().llm.unwrap();
        assert_eq!((spending.tokens_today, spending.prompts_today), (INPUT + OUTPUT, 1));
        assert_eq!(spending.money_today, Some(0.0006));

        drop(server);
        replays(&host, &report);
        assert!(!told.to_string().contains(KEY));
    }
}

#[test]
fn whatever_is_wrong_with_a_model_system_1_stands_alone_and_the_run_says_so() {
    // What is wrong, and the prompts not answered, answered with what cannot be read, and answered with lies.
    let faults = [
        (Mood::Status(503), 1.0, 0.0, 0.0),
        (Mood::Status(401), 1.0, 0.0, 0.0),
        (Mood::Slow(2_000), 1.0, 0.0, 0.0),
        (Mood::Broken, 1.0, 0.0, 0.0),
        (Mood::Wordy, 1.0, 0.0, 0.0),
        (Mood::Chatty, 0.0, 1.0, 0.0),
        (Mood::Inventing, 0.0, 1.0, 0.0),
        (Mood::Lying, 0.0, 0.0, 1.0),
    ];
    for kind in KINDS {
        for (mood, failed, broken, claims) in faults {
            let server = Server::start(kind, mood);
            let host = host(|options| {
                options.llm = Some(model(kind, &server, |config| config.timeout_ms = 400));
            });
            alone(&host, &format!("{kind:?} {mood:?}"), [failed, broken, claims]);
            assert_eq!(server.asked().len(), 1, "{kind:?} {mood:?}");
        }
    }
}

/// A run in which System 1 stands alone.
fn alone(host: &Host, what: &str, [failed, broken, claims]: [f64; 3]) {
    let report = run(host);
    let told = record(host, &report);
    assert_eq!((&told["status"], report.applied, report.created), (&json!("done"), 2, 1), "{what}: {:?}", report.error);
    for (measure, value) in [
        ("prompts", 1.0),
        ("prompts-failed", failed),
        ("prompts-broken", broken),
        ("claims", claims),
        ("claims-kept", 0.0),
    ] {
        assert_eq!(sum(&told, measure), value, "{what}: {measure}");
    }
    let derived = derived(host);
    assert_eq!(derived.len(), 1, "{what}");
    assert!(!by_system2(&derived[0]), "{what}");
    assert_eq!(run(host).units, 0, "{what}: its events are consolidated");
    replays(host, &report);
}

#[test]
fn without_a_model_or_a_grant_system_1_stands_alone() {
    alone(&host(|_| ()), "no model", [1.0, 0.0, 0.0]);
    let server = Server::start(ProviderKind::Ollama, Mood::Honest);
    let ungranted = host(|options| {
        options.llm = Some(model(ProviderKind::Ollama, &server, |_| ()));
        options.layers.get_mut("dual_process").unwrap().grants.interfaces.remove("llm");
    });
    alone(&ungranted, "no grant", [1.0, 0.0, 0.0]);
    assert!(server.asked().is_empty());
}

#[test]
fn who_is_down_altogether_is_no_failure_of_the_run() {
    let server = Server::start(ProviderKind::OpenAi, Mood::Honest);
    let llm = model(ProviderKind::OpenAi, &server, |_| ());
    drop(server);
    alone(&host(|options| options.llm = Some(llm)), "nobody listens", [1.0, 0.0, 0.0]);
}

#[test]
fn what_a_model_takes_is_no_time_of_the_component() {
    let server = Server::start(ProviderKind::Ollama, Mood::Slow(1_500));
    let host = host(|options| {
        options.llm = Some(model(ProviderKind::Ollama, &server, |_| ()));
        options.limits.guest_ms = 700;
    });
    let report = run(&host);
    assert_eq!((report.status, report.created), ("done", 2), "{:?}", report.error);
    assert!(report.guest_ms < 700.0, "{}", report.guest_ms);
}

#[test]
fn a_model_slower_than_the_call_leaves_time_to_end_it() {
    let server = Server::start(ProviderKind::Anthropic, Mood::Slow(20_000));
    let host = host(|options| {
        options.llm = Some(model(ProviderKind::Anthropic, &server, |config| config.timeout_ms = 600_000));
        options.limits.slow_wall_ms = 6_000;
    });
    let start = Instant::now();
    alone(&host, "slower than the call", [1.0, 0.0, 0.0]);
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

#[test]
fn over_budget_nobody_is_asked_and_the_day_counts_over_restarts() {
    let unasked = |what: &str, llm_budget: LlmBudget| {
        let server = Server::start(ProviderKind::Gemini, Mood::Honest);
        let host = host(|options| {
            options.llm = Some(model(ProviderKind::Gemini, &server, |_| ()));
            options.llm_budget = llm_budget;
        });
        alone(&host, what, [1.0, 0.0, 0.0]);
        assert!(server.asked().is_empty(), "{what}");
        assert_eq!(host.kernel.health().llm.unwrap().tokens_today, 0, "{what}");
    };
    let prices = LlmBudget { price_input: 3.0, price_output: 15.0, ..LlmBudget::default() };
    unasked("tokens of the day", LlmBudget { tokens_per_day: 5_000, ..LlmBudget::default() });
    unasked("money of the day", LlmBudget { money_per_day: Some(0.01), ..prices.clone() });
    unasked("money of the call", LlmBudget { money_per_call: Some(0.01), ..prices });

    // What one process has used, the next one counts.
    let server = Server::start(ProviderKind::Ollama, Mood::Honest);
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let open = |tokens_per_day| {
        host_in(Arc::clone(&folder), |options| {
            options.llm = Some(model(ProviderKind::Ollama, &server, |_| ()));
            options.llm_budget = LlmBudget { tokens_per_day, ..LlmBudget::default() };
        })
    };
    // A prompt of these events takes less at its worst, and more than half of it.
    let most = 10_000;
    let first = open(most);
    fill(&first);
    assert_eq!((run(&first).status, server.asked().len()), ("done", 1));
    drop(first);
    let second = open(INPUT + OUTPUT + most / 2);
    assert_eq!(second.kernel.health().llm.unwrap().tokens_today, INPUT + OUTPUT, "a restart forgets nothing");
    fill(&second);
    let told = record(&second, &run(&second));
    assert_eq!((sum(&told, "prompts"), sum(&told, "prompts-failed")), (1.0, 1.0), "{told}");
    assert_eq!(server.asked().len(), 1);
}
