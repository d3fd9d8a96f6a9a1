//! The content hash that makes a memory unique in its namespace.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// SHA-256 (hex) of the content with white space collapsed: re-wrapped text is the same memory, other letters are not.
/// Case is kept: `US` and `us` differ.
#[must_use]
pub fn content_hash(content: &str) -> String {
    let mut hasher = Sha256::new();
    for (nth, word) in content.split_whitespace().enumerate() {
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

/// The hash of a memory that is no longer current. The id makes it differ from every current one, so that what was
/// once superseded can be remembered again (Paris, London, Paris).
#[must_use]
pub fn retired_hash(hash: &str, id: u64) -> String {
    format!("{}#{id}", hash.split('#').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_does_not_matter_and_case_does() {
        assert_eq!(content_hash(" Ada  likes\ntabs "), content_hash("Ada likes tabs"));
        assert_ne!(content_hash("the US"), content_hash("the us"));
        assert_ne!(content_hash("ab c"), content_hash("a bc"));
        assert_eq!(content_hash("").len(), 64);
    }

    #[test]
    fn a_known_value() {
        assert_eq!(content_hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn retiring_twice_is_retiring_once() {
        let once = retired_hash("aa", 7);
        assert_eq!(once, "aa#7");
        assert_eq!(retired_hash(&once, 7), once);
    }
}
