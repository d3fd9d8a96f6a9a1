//! Builds the bundled components and compresses them: a third of their size. A failure is told in plain words.

use std::path::Path;

/// Deflate's level: as small as it gets, once a build.
const LEVEL: u8 = 9;

fn bundle(packages: &[(&str, &str)], watched: &[&str]) -> Result<(), String> {
    let built: Vec<&str> = packages.iter().map(|(_, package)| *package).collect();
    let files = memstrata_guest_build::components(&built, watched)?;
    let out = std::env::var("OUT_DIR").map_err(|_| "OUT_DIR is not set")?;
    let mut source = String::from("&[\n");
    for ((name, _), file) in packages.iter().zip(files) {
        let wasm = std::fs::read(&file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
        let path = Path::new(&out).join(format!("{name}.deflate"));
        std::fs::write(&path, miniz_oxide::deflate::compress_to_vec(&wasm, LEVEL))
            .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        source.push_str(&format!("    ({name:?}, include_bytes!({:?})),\n", path.display().to_string()));
    }
    source.push_str("]\n");
    let list = Path::new(&out).join("bundled.rs");
    std::fs::write(&list, source).map_err(|error| format!("{} cannot be written: {error}", list.display()))
}

fn main() -> std::process::ExitCode {
    let packages = [
        ("episodic", "memstrata-episodic"),
        ("semantic", "memstrata-semantic"),
        ("retrieval", "memstrata-retrieval"),
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
