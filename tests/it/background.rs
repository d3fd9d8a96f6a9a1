//! Schedules and events: durable, and each once, however many processes look. Vectors that come late.

use crate::hostile::changed;
use crate::support::{Host, layer, options};
use memstrata_kernel::Kernel;
use memstrata_models::{Embedder, ModelError, ModelId, Role, StaticEmbedding};
use memstrata_store::{Control, Schedule};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A host whose layer fires `tick` every second and hears its own event `seen`; both write a row.
fn host(folder: &Arc<TempDir>, background: bool) -> Host {
    let wasm = changed(|told| {
        told["schedules"] =
            json!([{"name": "tick", "every_ms": 1000, "operation": "good", "arguments": {"text": "tick"}}]);
        // What hears an event gets the event as its arguments.
        told["operations"]["good"]["input"] = json!({"type": "object"});
        told["events"] = json!([{"name": "hear", "on": "hostile.seen", "operation": "good"}]);
    });
    let mut options = options(folder.path(), BTreeMap::from([("hostile".to_owned(), layer(&wasm))]));
    options.background = background;
    let host = Host { kernel: Kernel::start(options).unwrap(), _folder: Arc::clone(folder) };
    assert_eq!(host.kernel.health().status, "healthy", "{:?}", host.kernel.health().layers);
    host
}

/// A folder in which a layer's schedule `tick`, an hour apart, is due at once; with that due time.
fn due_now() -> (Arc<TempDir>, Control, u64) {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let control = Control::open(folder.path()).unwrap();
    control.ensure_schedule("default", "hostile", "tick", 0).unwrap();
    let due_at = control.due().unwrap()[0].due_at;
    (folder, control, due_at)
}

#[test]
fn a_due_time_takes_effect_once_though_its_host_died_before_it_said_so() {
    let (folder, control, due_at) = due_now();
    let wasm = changed(|told| {
        told["schedules"] =
            json!([{"name": "tick", "every_ms": 3_600_000, "operation": "good", "arguments": {"text": "tick"}}]);
    });
    let options = options(folder.path(), BTreeMap::from([("hostile".to_owned(), layer(&wasm))]));
    let host = Host { kernel: Kernel::start(options).unwrap(), _folder: folder };
    let fired = || {
        let until = Instant::now() + Duration::from_secs(30);
        while !control.due().unwrap().is_empty() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(control.due().unwrap().is_empty());
        rows(&host).0
    };
    assert_eq!(fired(), 1);
    let next =
        Schedule { space: "default".into(), layer: "hostile".into(), name: "tick".into(), due_at: due_at + 3_600_000 };
    assert!(control.advance(&next, due_at).unwrap(), "back to where it was when the work was done");
    assert_eq!(fired(), 1, "what was done for this due time is not done again");
}

#[test]
fn a_scheduled_operation_runs_in_one_host_at_a_time() {
    let (folder, control, _) = due_now();
    let wasm = changed(|told| {
        told["schedules"] =
            json!([{"name": "tick", "every_ms": 3_600_000, "operation": "batch_flood", "arguments": {"entries": 1}}]);
    });
    // Slow, so that all three would be in the middle of it.
    let line = Line::slow(Duration::from_millis(2_500));
    let hosts = [(); 3].map(|()| {
        let mut options = options(folder.path(), BTreeMap::from([("hostile".to_owned(), layer(&wasm))]));
        options.embedder = line.clone();
        Host { kernel: Kernel::start(options).unwrap(), _folder: Arc::clone(&folder) }
    });
    let until = Instant::now() + Duration::from_secs(30);
    while !control.due().unwrap().is_empty() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(hosts);
    assert_eq!(line.budgets.lock().unwrap().len(), 1, "it ran once");
}

/// Rows written by ticks, and by anything else.
fn rows(host: &Host) -> (usize, usize) {
    let space = host.kernel.open_space("default").unwrap();
    let rows: Vec<Value> = (1..5000)
        .filter_map(|id| space.row_known_at(id, u64::MAX >> 12).ok()?.1)
        .filter(|row| row.get("text").is_some())
        .collect();
    let ticks = rows.iter().filter(|row| row["text"] == "tick").count();
    (ticks, rows.len() - ticks)
}

#[test]
fn a_schedule_fires_once_for_all_who_look() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let started = Instant::now();
    let hosts = [host(&folder, true), host(&folder, true), host(&folder, true)];
    std::thread::sleep(Duration::from_millis(4_500));
    let (ticks, _) = rows(&hosts[0]);
    let most = usize::try_from(started.elapsed().as_secs()).unwrap() + 1;
    assert!(ticks >= 2, "{ticks} in {:?}", started.elapsed());
    assert!(ticks <= most, "{ticks} in {:?}: three hosts fire as often as one", started.elapsed());
}

#[test]
fn a_scheduled_operation_that_changes_nothing_leaves_nothing_in_the_journal() {
    let (folder, control, _) = due_now();
    let wasm = changed(|told| {
        told["schedules"] = json!([{"name": "tick", "every_ms": 3_600_000, "operation": "use_interface", "arguments": {"interface": "harmless"}}]);
    });
    let options = options(folder.path(), BTreeMap::from([("hostile".to_owned(), layer(&wasm))]));
    let host = Host { kernel: Kernel::start(options).unwrap(), _folder: folder };
    let until = Instant::now() + Duration::from_secs(30);
    while !control.due().unwrap().is_empty() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(control.due().unwrap().is_empty(), "it has run");
    assert_eq!(host.kernel.open_space("default").unwrap().latest().unwrap(), 0);
}

#[test]
fn an_event_outlives_its_host_and_is_delivered_once() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    {
        let quiet = host(&folder, false);
        for _ in 0..5 {
            quiet.ok("hostile.use_interface", json!({"interface": "events"}));
        }
        assert_eq!(rows(&quiet).1, 0, "nobody works on events here");
    }
    let hosts = [host(&folder, true), host(&folder, true)];
    let until = Instant::now() + Duration::from_secs(30);
    while rows(&hosts[0]).1 < 5 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(rows(&hosts[1]).1, 5, "each once");
}

/// The built-in model behind a line that may be cut, as if it were a provider on the network.
struct Line {
    model: StaticEmbedding,
    cut: AtomicBool,
    /// How long each answer takes.
    pause: Duration,
    /// The time it had, each time it was asked.
    budgets: Mutex<Vec<Duration>>,
}

impl Line {
    fn new(cut: bool) -> Arc<Self> {
        let model = StaticEmbedding::builtin().unwrap();
        Arc::new(Self { model, cut: AtomicBool::new(cut), pause: Duration::ZERO, budgets: Mutex::default() })
    }

    fn slow(pause: Duration) -> Arc<Self> {
        let model = StaticEmbedding::builtin().unwrap();
        Arc::new(Self { model, cut: AtomicBool::new(false), pause, budgets: Mutex::default() })
    }
}

impl Embedder for Line {
    fn model(&self) -> &ModelId {
        self.model.model()
    }

    fn dimension(&self) -> usize {
        self.model.dimension()
    }

    fn local(&self) -> bool {
        false
    }

    fn embed(&self, texts: &[&str], budget: Duration) -> Result<Vec<Option<Vec<f32>>>, ModelError> {
        self.budgets.lock().unwrap().push(budget);
        std::thread::sleep(self.pause);
        if self.cut.load(Ordering::Relaxed) {
            return Err(ModelError::Unavailable {
                role: Role::Embedder,
                provider: "test".into(),
                reason: "the line is cut".into(),
                retry_after: None,
            });
        }
        self.model.embed(texts, budget)
    }
}

#[test]
fn while_the_embedder_is_down_writes_succeed_search_says_so_and_vectors_follow() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let line = Line::new(true);
    let mut options = options(folder.path(), crate::support::bundled_layers());
    options.embedder = line.clone();
    let host = Host { kernel: Kernel::start(options).unwrap(), _folder: folder };
    let written =
        host.call("semantic.remember", json!({"content": "The spare key lies under the blue flower pot"})).unwrap();
    assert_eq!(written.embed_pending, 1);
    let found = host.ok("retrieval.recall", json!({"query": "spare key"}));
    assert_eq!(found["found"], 1, "words are found: {found}");
    assert!(found["notes"].to_string().contains("text only"), "{found}");
    let space = host.kernel.open_space("default").unwrap();
    assert_eq!(space.pending().unwrap(), 1);

    line.cut.store(false, Ordering::Relaxed);
    let until = Instant::now() + Duration::from_secs(30);
    while space.pending().unwrap() > 0 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(space.pending().unwrap(), 0, "the vector followed");
    let found =
        host.ok("retrieval.recall", json!({"query": "where to find the thing that opens the door, near plants"}));
    assert!(!found.to_string().contains("text only"), "{found}");
}

#[test]
fn an_embedder_on_the_network_holds_nobody_up() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let line = Line::new(false);
    let wasm = crate::support::guest("hostile");
    let mut options = options(folder.path(), BTreeMap::from([("hostile".to_owned(), layer(wasm))]));
    options.embedder = line.clone();
    (options.background, options.limits.wall_ms) = (false, 4_000);
    let host = Host { kernel: Kernel::start(options).unwrap(), _folder: folder };
    for (operation, arguments, most) in [
        ("hostile.good", json!({}), 1_000),
        ("hostile.find", json!({"text": "cat", "collection": "items"}), 1_500),
        ("hostile.batch_flood", json!({"entries": 3}), 4_000),
    ] {
        host.ok(operation, arguments);
        let budgets = std::mem::take(&mut *line.budgets.lock().unwrap());
        assert!(!budgets.is_empty() && budgets.iter().all(|it| *it <= Duration::from_millis(most)), "{budgets:?}");
    }
}

#[test]
fn an_event_whose_operation_always_fails_is_passed_over() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let wasm = changed(|told| told["events"] = json!([{"name": "hear", "on": "hostile.seen", "operation": "panic"}]));
    let options = options(folder.path(), BTreeMap::from([("hostile".to_owned(), layer(&wasm))]));
    let host = Host { kernel: Kernel::start(options).unwrap(), _folder: folder };
    let space = host.kernel.open_space("default").unwrap();
    host.ok("hostile.use_interface", json!({"interface": "events"}));
    assert!(space.next_due("hostile.hear", "hostile.seen").unwrap().is_some());
    let until = Instant::now() + Duration::from_secs(30);
    while space.next_due("hostile.hear", "hostile.seen").unwrap().is_some() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(space.next_due("hostile.hear", "hostile.seen").unwrap(), None, "it was tried, and passed over");
    host.ok("hostile.good", json!({}));
}

#[test]
fn a_stopped_host_says_so() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let host = host(&folder, false);
    host.kernel.stop();
    assert_eq!(host.call("hostile.good", json!({})).unwrap_err().code, "unavailable.host");
}
