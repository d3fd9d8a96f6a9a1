//! The life of a session: created, active and paused in turn, terminated, archived.

use memstrata_sdk::Fault;

/// Where a session can be.
pub const STATUSES: [&str; 5] = ["created", "active", "paused", "terminated", "archived"];
/// Where it still takes events and state.
pub const OPEN: [&str; 3] = ["created", "active", "paused"];
/// How long a terminated session waits for the archive, in days, unless the settings say otherwise.
pub const ARCHIVE_AFTER_DAYS: u64 = 30;

/// Whether a session in this status takes events and state.
#[must_use]
pub fn is_open(status: &str) -> bool {
    OPEN.contains(&status)
}

/// The statuses a session may go to from one.
#[must_use]
pub fn next(status: &str) -> &'static [&'static str] {
    match status {
        "created" => &["active", "terminated"],
        "active" => &["paused", "terminated"],
        "paused" => &["active", "terminated"],
        "terminated" => &["archived"],
        _ => &[],
    }
}

/// Checks a change of status.
///
/// # Errors
/// `conflict.status`, with the statuses that are possible.
pub fn check(from: &str, to: &str) -> Result<(), Fault> {
    let possible = next(from);
    if possible.contains(&to) {
        return Ok(());
    }
    let hint =
        if possible.is_empty() { "nothing follows".to_owned() } else { format!("try {}", possible.join(" or ")) };
    Err(Fault::new("conflict.status", format!("a session that is {from} cannot become {to}: {hint}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_stated_changes_are_possible() {
        let possible = [
            ("created", "active"),
            ("created", "terminated"),
            ("active", "paused"),
            ("active", "terminated"),
            ("paused", "active"),
            ("paused", "terminated"),
            ("terminated", "archived"),
        ];
        for from in STATUSES {
            for to in STATUSES {
                assert_eq!(check(from, to).is_ok(), possible.contains(&(from, to)), "{from} to {to}");
            }
        }
        assert!(STATUSES.iter().filter(|status| is_open(status)).eq(OPEN.iter()));
    }

    #[test]
    fn a_refusal_says_what_is_possible() {
        let message = check("created", "paused").err().map(|fault| fault.message).unwrap_or_default();
        assert!(message.contains("active or terminated"), "{message}");
    }
}
