//! Namespaces: soft scopes inside a space, colon-separated segments, compared by whole segments.

use crate::error::{Result, StoreError};

/// The longest namespace, in bytes.
const MOST_BYTES: usize = 200;

/// A checked namespace; the empty one covers all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Namespace(String);

impl Namespace {
    /// Checks a namespace: segments of `[A-Za-z0-9_.@/-]`, joined by `:`.
    ///
    /// # Errors
    /// `invalid.argument` when a segment is empty or has another character, or the whole is over 200 bytes.
    pub fn parse(text: &str) -> Result<Self> {
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '@' | '/' | '-');
        let sound = text.is_empty()
            || text.len() <= MOST_BYTES
                && text.split(':').all(|segment| !segment.is_empty() && segment.chars().all(allowed));
        if sound {
            Ok(Self(text.to_owned()))
        } else {
            Err(StoreError::Invalid(format!(
                "namespace `{}` must be segments of letters, digits and _ . @ / - joined by `:`, at most {MOST_BYTES} bytes",
                text.chars().take(60).collect::<String>()
            )))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is this namespace or below it: `user:alice` covers `user:alice:prefs`, never `user:alice2`.
    #[must_use]
    pub fn covers(&self, other: &str) -> bool {
        self.0.is_empty()
            || other.strip_prefix(self.0.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    }

    /// The condition in SQL and its parameters: a range, so that an index on `namespace` serves it.
    pub(crate) fn sql(&self, column: &str) -> Option<(String, [String; 3])> {
        if self.0.is_empty() {
            return None;
        }
        // `;` is the character after `:`, so the range holds exactly what starts with "prefix:".
        Some((
            format!("({column} = ? OR ({column} >= ? AND {column} < ?))"),
            [self.0.clone(), format!("{}:", self.0), format!("{};", self.0)],
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::Namespace;

    #[test]
    fn covers_whole_segments_only() {
        let alice = Namespace::parse("user:alice").unwrap();
        for (other, covered) in
            [("user:alice", true), ("user:alice:prefs", true), ("user:alice2", false), ("user", false), ("", false)]
        {
            assert_eq!(alice.covers(other), covered, "{other}");
        }
        assert!(Namespace::default().covers("anything"));
    }

    #[test]
    fn refuses_empty_segments_and_odd_characters() {
        for bad in [":", "a:", ":a", "a::b", "a b", "a%", "a\n", "a;b"] {
            assert!(Namespace::parse(bad).is_err(), "{bad}");
        }
        assert!(Namespace::parse(&"a".repeat(201)).is_err());
    }
}
