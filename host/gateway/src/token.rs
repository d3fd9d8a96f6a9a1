//! Bearer tokens: kept as SHA-256, compared in constant time.

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// A token whose secret was read; only its digest is kept.
#[derive(Clone)]
pub struct ResolvedToken {
    name: String,
    sha256: [u8; 32],
}

impl std::fmt::Debug for ResolvedToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A digest of a weak secret can be searched for, so not even that is shown.
        formatter.debug_struct("ResolvedToken").field("name", &self.name).finish_non_exhaustive()
    }
}

impl ResolvedToken {
    /// A token of the configuration's `name` whose secret is `secret`; white space around it is dropped.
    #[must_use]
    pub fn new(name: impl Into<String>, secret: &str) -> Self {
        Self { name: name.into(), sha256: digest(secret.trim()) }
    }

    /// A token of which only the SHA-256 is known.
    #[must_use]
    pub fn from_sha256(name: impl Into<String>, sha256: [u8; 32]) -> Self {
        Self { name: name.into(), sha256 }
    }

    /// Its name in the configuration.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether no secret was given at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.sha256 == digest("")
    }
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// The index of the token whose secret is `presented`. Every token is looked at, so time says nothing about which matched.
pub(crate) fn find(tokens: &[ResolvedToken], presented: &str) -> Option<usize> {
    let presented = digest(presented);
    let mut found = None;
    for (index, token) in tokens.iter().enumerate() {
        let equal: Choice = token.sha256.ct_eq(&presented);
        if bool::from(equal) {
            found = Some(index);
        }
    }
    found
}

/// The secret in an `Authorization` header's value, if it is a bearer token.
pub(crate) fn bearer(header: &str) -> Option<&str> {
    let (scheme, secret) = header.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_by_its_secret_only() {
        let tokens = [ResolvedToken::new("a", "one\n"), ResolvedToken::new("b", "two")];
        assert_eq!(find(&tokens, "one"), Some(0));
        assert_eq!(find(&tokens, "two"), Some(1));
        assert_eq!(find(&tokens, "On"), None);
        assert_eq!(find(&[], "one"), None);
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", ResolvedToken::new("a", "hunter2"));
        assert!(shown.contains('a') && !shown.contains("hunter2") && !shown.contains("sha256"), "{shown}");
    }

    #[test]
    fn bearer_is_read_from_the_header() {
        for (header, secret) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Basic abc", None),
            ("Bearer", None),
            ("Bearer ", None),
        ] {
            assert_eq!(bearer(header), secret, "{header}");
        }
    }
}
