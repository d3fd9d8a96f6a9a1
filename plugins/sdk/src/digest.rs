//! Digests: of bytes, and the one the host keeps in a field that is `digest_of` a text.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Bytes as hex digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// SHA-256 (hex) of bytes as they are: white space counts.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

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
    hex(&hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::{digest, sha256};

    #[test]
    fn white_space_does_not_matter_and_case_does() {
        assert_eq!(digest(" Ada  likes\ntabs "), digest("Ada likes tabs"));
        assert_ne!(digest("the US"), digest("the us"));
        assert_ne!(digest("ab c"), digest("a bc"));
        assert_eq!(digest("").len(), 64);
    }

    #[test]
    fn a_known_value() {
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((digest("abc"), sha256(b"abc")), (known.to_owned(), known.to_owned()));
        assert_ne!(sha256(b"a  b"), sha256(b"a b"));
    }
}
