//! kill -9 at any moment loses no acknowledged write and leaves no half-applied one.

use crate::running::Server;
use memstrata_store::{Query, Space, SpaceOptions};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Rows written by one call of the batch writers.
const BATCH: usize = 5;

/// How often the host is killed: more by `MEMSTRATA_KILLS`.
fn kills() -> usize {
    std::env::var("MEMSTRATA_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(12)
}

#[test]
fn no_acknowledged_write_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let acknowledged: Arc<Mutex<HashMap<u64, String>>> = Arc::default();
    // Moments spread over the life of a round, so that start, load and mid-write are all hit.
    for round in 0..kills() {
        let server = Arc::new(Server::start(folder.path(), &[]));
        let end = Instant::now() + Duration::from_millis(40 + (round as u64 * 67) % 400);
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (server, acknowledged) = (Arc::clone(&server), Arc::clone(&acknowledged));
                std::thread::spawn(move || {
                    for nth in 0.. {
                        let name = format!("round {round} writer {writer} number {nth}");
                        let ids = if writer == 0 { write_batch(&server, &name) } else { write_one(&server, &name) };
                        let Some(ids) = ids else { return };
                        acknowledged.lock().unwrap().extend(ids);
                    }
                })
            })
            .collect();
        std::thread::sleep(end.saturating_duration_since(Instant::now()));
        let pid = server.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-9", &pid]).status().unwrap().success());
        for writer in writers {
            writer.join().unwrap();
        }
    }
    let acknowledged = acknowledged.lock().unwrap();
    assert!(acknowledged.len() > kills(), "the host was hardly written to: {}", acknowledged.len());
    check(folder.path(), &acknowledged);
}

fn write_one(server: &Server, name: &str) -> Option<Vec<(u64, String)>> {
    Some(vec![(server.remember(name)?, name.to_owned())])
}

fn write_batch(server: &Server, name: &str) -> Option<Vec<(u64, String)>> {
    let contents: Vec<String> = (0..BATCH).map(|part| format!("{name} part {part}")).collect();
    let memories: Vec<Value> = contents.iter().map(|content| json!({ "content": content })).collect();
    let (status, answer) = server.post("/tools/semantic.remember_many", &json!({ "items": memories }))?;
    assert_eq!(status, 200, "{answer}");
    let ids = answer["items"].as_array().unwrap().iter().map(|one| one["id"].as_u64().unwrap());
    Some(ids.zip(contents).collect())
}

/// Every acknowledged row is there with its text, every batch is whole or absent, and the space verifies.
fn check(folder: &Path, acknowledged: &HashMap<u64, String>) {
    // Started once more and ended well, the space belongs to the configured model and its log is in the file.
    assert!(Server::start(folder, &[]).terminate().success());
    let path = folder.join("data/spaces/default.db");
    let model = memstrata_models::StaticEmbedding::builtin().unwrap();
    let options =
        SpaceOptions { model: memstrata_models::Embedder::model(&model).to_string(), ..SpaceOptions::default() };
    let space = Arc::new(Space::open(&path, "default", &options).unwrap());
    let mut stored: HashMap<u64, String> = HashMap::new();
    let mut session = space.session(crate::two_hosts::session_options());
    let mut query = Query::new(space.collection("semantic.memories").unwrap());
    query.limit(1000);
    loop {
        let page = session.rows(&query).unwrap();
        for row in &page.rows {
            let row: Value = serde_json::from_str(row).unwrap();
            stored.insert(row["id"].as_u64().unwrap(), row["content"].as_str().unwrap().to_owned());
        }
        let Some(next) = page.next else { break };
        query.after(&next);
    }
    for (id, content) in acknowledged {
        assert_eq!(stored.get(id), Some(content), "row {id} was acknowledged");
    }
    let mut batches: HashMap<&str, usize> = HashMap::new();
    for content in stored.values() {
        if let Some((batch, _)) = content.split_once(" part ") {
            *batches.entry(batch).or_default() += 1;
        }
    }
    assert!(!batches.is_empty());
    for (batch, rows) in batches {
        assert_eq!(rows, BATCH, "{batch} is half there");
    }
    drop(session);
    assert_eq!(space.verify().unwrap().faults, Vec::<String>::new());
}
