//! What the store's tests share: a space in a temporary folder with two collections, and an embedder of words.

use indexmap::IndexMap;
use memstrata_store::{
    Collection, CollectionSpec, CommitMeta, Committed, Condition, Deadline, Durability, Namespace, Query, ReadLimits,
    Session, SessionOptions, Space, SpaceOptions, StoreError, WriteSet,
};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

pub const DIMENSION: usize = 16;

/// One place a word: texts with common words are near each other. None for a text without words.
pub fn embed(text: &str) -> Option<Vec<f32>> {
    let mut vector = vec![0.0_f32; DIMENSION];
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for byte in word.to_lowercase().bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        hash ^= hash >> 29;
        vector[(hash % DIMENSION as u64) as usize] += if hash & 0x100 == 0 { 1.0 } else { -1.0 };
    }
    vector.iter().any(|part| *part != 0.0).then_some(vector)
}

pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

pub fn parse(row: &str) -> Value {
    serde_json::from_str(row).unwrap()
}

pub fn notes_spec() -> Value {
    json!({
        "fields": {
            "slug": { "type": "text" },
            "title": { "type": "text", "required": true, "search": true },
            "body": { "type": "text", "search": true, "embed": true, "max_bytes": 2000 },
            "kind": { "type": "text", "values": ["fact", "task", "idea"], "default": "fact" },
            "stars": { "type": "integer" },
            "score": { "type": "number" },
            "done": { "type": "boolean", "default": false },
            "happened": { "type": "time" },
            "parent": { "type": "ref" },
            "tags": { "type": "list" },
            "extra": { "type": "json" }
        },
        "indexes": [["kind", "stars"], ["happened"]],
        "unique": { "by_slug": ["slug"] },
        "recall": { "text": "body", "title": "title", "time": "happened", "kind": "kind" }
    })
}

pub fn turns_spec() -> Value {
    json!({
        "fields": {
            "session": { "type": "text", "required": true },
            "position": { "type": "integer", "required": true },
            "text": { "type": "text", "search": true, "embed": true }
        },
        "recall": { "text": "text" },
        "sequence": { "key": "session", "order": "position" }
    })
}

pub fn specs(specs: &[(&str, Value)]) -> IndexMap<String, CollectionSpec> {
    specs.iter().map(|(name, spec)| ((*name).to_owned(), serde_json::from_value(spec.clone()).unwrap())).collect()
}

/// Not synced: a test's temporary folder need not outlive the power.
pub fn options() -> SpaceOptions {
    SpaceOptions {
        durability: Durability::Process,
        model: "words@1".into(),
        dimension: DIMENSION,
        ..SpaceOptions::default()
    }
}

pub fn session_options() -> SessionOptions {
    SessionOptions {
        layer: "lab".into(),
        component: "sha256:one".into(),
        scope: Namespace::default(),
        now: now(),
        deadline: Deadline::within(Duration::from_secs(60)),
        limits: ReadLimits::default(),
        binding: "space|principal|operation".into(),
        read_only: false,
        as_of: None,
    }
}

/// Milliseconds UTC.
pub fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64
}

/// Waits until the clock of the journal has moved on, and tells the instant between.
pub fn tick() -> u64 {
    std::thread::sleep(Duration::from_millis(3));
    let instant = now();
    std::thread::sleep(Duration::from_millis(3));
    instant
}

pub struct Lab {
    pub folder: TempDir,
    pub space: Arc<Space>,
    pub notes: Arc<Collection>,
    pub turns: Arc<Collection>,
}

pub fn lab() -> Lab {
    Lab::with(&options())
}

impl Lab {
    pub fn with(options: &SpaceOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let space = open(&folder.path().join("lab.db"), options).unwrap();
        space.ensure_collections("lab", &specs(&[("notes", notes_spec()), ("turns", turns_spec())])).unwrap();
        let (notes, turns) = (space.collection("lab.notes").unwrap(), space.collection("lab.turns").unwrap());
        Self { folder, space, notes, turns }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Another handle on the same file, as another process has.
    pub fn second(&self) -> Arc<Space> {
        open(self.space.path(), &options()).unwrap()
    }

    /// A connection behind the store's back.
    pub fn raw(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(self.space.path()).unwrap();
        connection.busy_timeout(Duration::from_secs(5)).unwrap();
        connection
    }

    pub fn session(&self) -> Session {
        self.space.session(session_options())
    }

    pub fn note(&self, row: Value) -> u64 {
        let mut session = self.session();
        let id = session.insert(&self.notes, object(row)).unwrap();
        commit(session).unwrap();
        id
    }

    pub fn say(&self, session: &str, position: u64, text: &str) -> u64 {
        let mut call = self.session();
        let row = json!({ "session": session, "position": position, "text": text });
        let id = call.insert(&self.turns, object(row)).unwrap();
        commit(call).unwrap();
        id
    }

    pub fn get(&self, id: u64) -> Option<Value> {
        let collection = self.space.owner(id).ok()?;
        self.session().get(&collection, id).unwrap().map(|row| parse(&row))
    }

    /// One call that commits.
    pub fn write(&self, stage: impl FnOnce(&mut Session)) -> Committed {
        let mut session = self.session();
        stage(&mut session);
        commit(session).unwrap()
    }
}

pub fn open(path: &std::path::Path, options: &SpaceOptions) -> Result<Arc<Space>, StoreError> {
    Space::open(path, "lab", options).map(Arc::new)
}

pub fn meta() -> CommitMeta {
    CommitMeta {
        kind: "call".into(),
        principal: "tester".into(),
        layer: "lab".into(),
        component: "sha256:one".into(),
        operation: "test".into(),
        arguments: "hash".into(),
        ..CommitMeta::default()
    }
}

/// Gives each new text its vector, as the host does between the guest's return and the commit.
pub fn embedded(mut write_set: WriteSet) -> WriteSet {
    let vectors: Vec<_> = write_set.texts_to_embed().into_iter().map(|(id, text)| (id, embed(text))).collect();
    for (id, vector) in vectors {
        write_set.set_vector(id, vector);
    }
    write_set
}

pub fn commit(session: Session) -> Result<Committed, StoreError> {
    commit_as(session, meta())
}

pub fn commit_as(session: Session, meta: CommitMeta) -> Result<Committed, StoreError> {
    let space = Arc::clone(session.space());
    space.commit(embedded(session.finish()), meta, None)
}

pub fn query(collection: &Arc<Collection>, condition: &Value) -> Query {
    let mut query = Query::new(Arc::clone(collection));
    query.filter(Condition::parse(&condition.to_string()).unwrap()).unwrap();
    query
}

/// All faults, for an assertion that shows them.
pub fn faults(space: &Space) -> Vec<String> {
    space.verify().unwrap().faults
}

pub fn code<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    result.unwrap_err().code()
}
