//! Builds the bundled components and compresses them as one archive: an eighth of their size. A failure is told in plain words.

use sha2::{Digest, Sha256};
use std::path::Path;

/// As small as it gets, once a build; a window of 8 MB finds in one component what stands in another.
const LEVEL: i32 = 19;

fn bundle(packages: &[(&str, &str)], watched: &[&str]) -> Result<(), String> {
    let built: Vec<&str> = packages.iter().map(|(_, package)| *package).collect();
    let files = memstrata_guest_build::components(&built, watched)?;
    let out = std::env::var("OUT_DIR").map_err(|_| "OUT_DIR is not set")?;
    let (mut places, mut all) = (String::from("&[\n"), Vec::new());
    for ((name, _), file) in packages.iter().zip(files) {
        let wasm = std::fs::read(&file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
        let digest: String = Sha256::digest(&wasm).iter().map(|byte| format!("{byte:02x}")).collect();
        let (begin, end) = (all.len(), all.len() + wasm.len());
        all.extend(wasm);
        places
            .push_str(&format!("    Bundled {{ name: {name:?}, digest: {digest:?}, begin: {begin}, end: {end} }},\n"));
    }
    places.push_str("]\n");
    let archive =
        zstd::bulk::compress(&all, LEVEL).map_err(|error| format!("the components do not compress: {error}"))?;
    for (name, bytes) in [("places.rs", places.as_bytes()), ("components.zst", &archive)] {
        let path = Path::new(&out).join(name);
        std::fs::write(&path, bytes).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    }
    Ok(())
}

fn main() -> std::process::ExitCode {
    let packages = [
        ("episodic", "memstrata-episodic"),
        ("semantic", "memstrata-semantic"),
        ("retrieval", "memstrata-retrieval"),
        ("working_memory", "memstrata-working"),
        ("procedural", "memstrata-procedural"),
        ("prospective", "memstrata-prospective"),
        ("graph", "memstrata-graph"),
        ("planning", "memstrata-planning"),
        ("meta", "memstrata-meta"),
        ("sessions", "memstrata-sessions"),
        ("entries", "memstrata-entries"),
        ("documents", "memstrata-documents"),
        ("swarm", "memstrata-swarm"),
        ("safety", "memstrata-safety"),
        ("notes", "memstrata-notes"),
        ("associations", "memstrata-associations"),
        ("conversations", "memstrata-conversations"),
        ("automation", "memstrata-automation"),
        ("code", "memstrata-code"),
        ("consolidation", "memstrata-consolidation-layer"),
        ("dual_process", "memstrata-dual-process"),
        ("temporal", "memstrata-temporal"),
        ("semantic_cluster", "memstrata-semantic-cluster"),
        ("deduplicate", "memstrata-deduplicate"),
        ("decay", "memstrata-decay"),
    ];
    let watched = packages.map(|(_, package)| package.replacen("memstrata-", "plugins/", 1));
    let mut watched: Vec<&str> = watched.iter().map(String::as_str).collect();
    watched.push("plugins/consolidation");
    match bundle(&packages, &watched) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            std::process::ExitCode::FAILURE
        }
    }
}
