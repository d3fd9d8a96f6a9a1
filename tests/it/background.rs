//! Schedules and events: durable, and each once, however many processes look. Vectors that come late.

use crate::hostile::changed;
use crate::support::{Host, layer, options};
use memstrata_kernel::Kernel;
use memstrata_models::{Embedder, ModelError, ModelId, Role, StaticEmbedding};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
    let line = Arc::new(Line { model: StaticEmbedding::builtin().unwrap(), cut: AtomicBool::new(true) });
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
