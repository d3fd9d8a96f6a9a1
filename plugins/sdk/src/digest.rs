//! The digest the host keeps in a field that is `digest_of` a text.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// SHA-256 (hex) of a text with white space collapsed: re-wrapped text is the same, other letters are not.
/// Case is kept: `US` and `us` differ.
#[must_use]
pub fn digest(text: &str) -> String {
    let mut hasher = Sha256::new();
    for (nth, word) in text.split_whitespace().enumerate() {
        if nth > 0 {
            hasher.update(b" ");
        }
        hasher.update(word.as_bytes());
    }
    let mut hex = String::with_capacity(64);
    for byte in hasher.finalize() {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn white_space_does_not_matter_and_case_does() {
        assert_eq!(digest(" Ada  likes\ntabs "), digest("Ada likes tabs"));
        assert_ne!(digest("the US"), digest("the us"));
        assert_ne!(digest("ab c"), digest("a bc"));
        assert_eq!(digest("").len(), 64);
    }

    #[test]
    fn a_known_value() {
        assert_eq!(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
