//! Vector search through the store, re-scoring included, beside sqlite-vec's own scan of the same rows.

use crate::sample::{Sample, Sentences, row};
use memstrata_models::{Embedder as _, StaticEmbedding};
use memstrata_store::{
    CollectionSpec, CommitMeta, Deadline, Durability, Namespace, ReadLimits, SearchRequest, SessionOptions, Space,
    SpaceOptions,
};
use rusqlite::Connection;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::{Duration, Instant};

const BATCH: usize = 10_000;

fn session_options() -> SessionOptions {
    SessionOptions {
        layer: "bench".into(),
        component: "bench".into(),
        scope: Namespace::default(),
        now: 0,
        deadline: Deadline::within(Duration::from_secs(600)),
        limits: ReadLimits { rows_written: BATCH, bytes_written: 1 << 30, ..ReadLimits::default() },
        binding: String::new(),
        read_only: false,
        as_of: None,
    }
}

fn fill(space: &Arc<Space>, model: &StaticEmbedding, sentences: &mut Sentences, rows: usize) -> anyhow::Result<()> {
    let collection = space.collection("bench.texts")?;
    for _ in 0..rows / BATCH {
        let texts: Vec<String> = (0..BATCH).map(|_| sentences.next()).collect();
        let list: Vec<&str> = texts.iter().map(String::as_str).collect();
        let vectors = model.embed(&list, Duration::from_secs(60))?;
        let mut session = space.session(session_options());
        let mut ids = Vec::with_capacity(BATCH);
        for text in &texts {
            ids.push(session.insert(&collection, Map::from_iter([("text".to_owned(), Value::from(text.as_str()))]))?);
        }
        let mut write_set = session.finish();
        ids.into_iter().zip(vectors).for_each(|(id, vector)| write_set.set_vector(id, vector));
        space.commit(write_set, CommitMeta { kind: "import".into(), ..CommitMeta::default() }, None)?;
    }
    Ok(())
}

fn nearest(space: &Arc<Space>, vector: &[f32]) -> Vec<u64> {
    let mut session = space.session(session_options());
    let mut request = SearchRequest::new("");
    request.vector = Some(vector.to_vec());
    request.collections.push(space.collection("bench.texts").unwrap());
    for channel in ["text", "context", "time", "graph"] {
        request.weight(channel, 0.0).unwrap();
    }
    request.limit(10);
    session.search(&request).unwrap().hits.into_iter().map(|hit| hit.id).collect()
}

fn sqlite_vec(connection: &Connection, vector: &[f32]) -> Vec<u64> {
    let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
    let mut statement = connection
        .prepare_cached("SELECT id FROM bench__texts__vec WHERE embedding MATCH ? AND k = 10 ORDER BY distance")
        .unwrap();
    let ids = statement.query_map([bytes], |row| row.get::<_, i64>(0)).unwrap();
    ids.map(|id| id.unwrap().unsigned_abs()).collect()
}

pub fn run() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bench.db");
    let model = StaticEmbedding::builtin()?;
    let options = SpaceOptions {
        durability: Durability::Process,
        model: model.model().to_string(),
        dimension: model.dimension(),
        ..SpaceOptions::default()
    };
    let space = Arc::new(Space::open(&path, "bench", &options)?);
    let spec: CollectionSpec = serde_json::from_str(r#"{"fields":{"text":{"type":"text","embed":true}}}"#)?;
    space.ensure_collections("bench", &[("texts".to_owned(), spec)].into_iter().collect())?;
    let mut sentences = Sentences::new();
    let mut filled = 0;
    for (size, label) in [(100_000, "100k"), (1_000_000, "1M")] {
        fill(&space, &model, &mut sentences, size - filled)?;
        filled = size;
        let texts: Vec<String> = (0..100).map(|_| sentences.next()).collect();
        let list: Vec<&str> = texts.iter().map(String::as_str).collect();
        let queries: Vec<Vec<f32>> = model.embed(&list, Duration::from_secs(10))?.into_iter().flatten().collect();
        // The first search starts the load; then it is waited for.
        let begun = Instant::now();
        nearest(&space, &queries[0]);
        while space.index_bytes() == 0 && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(50));
        }
        let loaded = begun.elapsed();
        nearest(&space, &queries[0]);
        let own = Sample::of(300, |nth| drop(nearest(&space, &queries[nth % queries.len()])));
        let connection = Connection::open(&path)?;
        connection.execute_batch("PRAGMA mmap_size = 268435456; PRAGMA cache_size = -65536")?;
        let theirs = Sample::of(20, |nth| drop(sqlite_vec(&connection, &queries[nth % queries.len()])));
        let mut found = 0;
        for query in queries.iter().take(50) {
            let exact = sqlite_vec(&connection, query);
            found += nearest(&space, query).iter().filter(|id| exact.contains(id)).count();
        }
        let ratio = theirs.quantile(0.5) / own.quantile(0.5);
        row(&format!("vector search, {label} x {}, k = 10", model.dimension()), &own.line());
        row(
            &format!("sqlite-vec's scan of the same rows, {label}"),
            &format!("{}; {ratio:.0} times slower", theirs.line()),
        );
        row(&format!("recall@10 against exact, {label}"), &format!("{:.3} (50 queries)", found as f64 / 500.0));
        let bytes = space.index_bytes() as f64 / size as f64;
        row(
            &format!("index, {label}"),
            &format!("{bytes:.0} bytes a vector, loaded within {:.1} s", loaded.as_secs_f64()),
        );
    }
    Ok(())
}
