//! Builds the bundled components; a failure is told in plain words.

fn main() -> std::process::ExitCode {
    let packages = [
        ("episodic", "memstrata-episodic"),
        ("semantic", "memstrata-semantic"),
        ("retrieval", "memstrata-retrieval"),
        ("dual_process", "memstrata-dual-process"),
        ("temporal", "memstrata-temporal"),
        ("semantic_cluster", "memstrata-semantic-cluster"),
        ("deduplicate", "memstrata-deduplicate"),
        ("decay", "memstrata-decay"),
    ];
    let watched = packages.map(|(_, package)| package.replacen("memstrata-", "plugins/", 1));
    let mut watched: Vec<&str> = watched.iter().map(String::as_str).collect();
    watched.push("plugins/consolidation");
    match memstrata_guest_build::embed("bundled.rs", &packages, &watched) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            std::process::ExitCode::FAILURE
        }
    }
}
