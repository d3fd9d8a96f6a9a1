//! Builds the bundled components; a failure is told in plain words.

fn main() -> std::process::ExitCode {
    let packages =
        [("episodic", "memstrata-episodic"), ("semantic", "memstrata-semantic"), ("retrieval", "memstrata-retrieval")];
    match memstrata_guest_build::embed(
        "bundled.rs",
        &packages,
        &["plugins/episodic", "plugins/semantic", "plugins/retrieval"],
    ) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            std::process::ExitCode::FAILURE
        }
    }
}
