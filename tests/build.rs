//! Builds the test guests.

fn main() -> std::process::ExitCode {
    match memstrata_guest_build::embed(
        "guests.rs",
        &[("empty", "memstrata-empty"), ("hostile", "memstrata-hostile"), ("strategist", "memstrata-strategist")],
        &["tests/guests"],
    ) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            std::process::ExitCode::FAILURE
        }
    }
}
