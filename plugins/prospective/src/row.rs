//! Reads fields out of a row, and the references (`m:42`) that callers see.

pub use memstrata_sdk::row::{clip, flag, id, int, minutes, number, reference, references, round, text, texts};

/// A note added below the earlier ones.
#[must_use]
pub fn appended(old: &str, note: &str) -> String {
    let note = note.trim();
    match (old.is_empty(), note.is_empty()) {
        (_, true) => old.to_owned(),
        (true, false) => note.to_owned(),
        (false, false) => format!("{old}\n{note}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_stand_below_each_other() {
        assert_eq!(appended("", " a "), "a");
        assert_eq!(appended("a", "b"), "a\nb");
        assert_eq!(appended("a", " "), "a");
    }
}
