//! A provider key that no log, error or debug output can show.

use std::fmt;

use ureq::http::HeaderValue;

/// A bearer key. It is neither `Display` nor `Serialize`, and `Debug` prints `[secret]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a key as read from an environment variable or a file; white space around it is cut off.
    pub fn new(key: &str) -> Self {
        Self(key.trim().to_owned())
    }

    /// The value of the header that carries it, after `prefix`; `None` if the key is empty or holds characters no header
    /// may carry. The value is marked sensitive, so that the HTTP client does not print it either.
    pub(super) fn header(&self, prefix: &str) -> Option<HeaderValue> {
        if self.0.is_empty() || !self.0.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let mut value = HeaderValue::from_str(&format!("{prefix}{}", self.0)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// A provider's words with the key blotted out, in case it quotes it.
    pub(super) fn blot(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, "[secret]") }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_printed() {
        let key = Secret::new(" sk-123\n");
        assert_eq!(format!("{key:?} {:?}", Some(&key)), "[secret] Some([secret])");
        assert!(!format!("{:?}", key.header("Bearer ").unwrap()).contains("sk-123"));
        assert_eq!(key.blot("bad key sk-123."), "bad key [secret].");
    }

    #[test]
    fn keys_that_would_break_the_header_are_refused() {
        for bad in ["", "  ", "a b", "a\nb", "ä"] {
            assert_eq!(Secret::new(bad).header(""), None, "{bad:?}");
        }
    }
}
