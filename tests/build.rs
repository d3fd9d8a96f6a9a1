//! Builds the test guests, and the layers that are not bundled yet.

fn main() -> std::process::ExitCode {
    match memstrata_guest_build::embed(
        "guests.rs",
        &[
            ("empty", "memstrata-empty"),
            ("hostile", "memstrata-hostile"),
            ("strategist", "memstrata-strategist"),
            ("graph", "memstrata-graph"),
            ("procedural", "memstrata-procedural"),
            ("prospective", "memstrata-prospective"),
            ("working", "memstrata-working"),
        ],
        &["tests/guests", "plugins/graph", "plugins/procedural", "plugins/prospective", "plugins/working"],
    ) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            std::process::ExitCode::FAILURE
        }
    }
}
