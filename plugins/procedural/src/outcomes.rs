//! How an execution ended.

use serde::{Deserialize, Serialize};

/// The outcomes that can be recorded. One that is still going on is recorded when it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It did what it should.
    #[default]
    Success,
    /// It did not.
    Failure,
    /// Some of it.
    Partial,
}

impl Outcome {
    /// All of them, as the manifest lists them.
    pub const NAMES: [&str; 3] = ["success", "failure", "partial"];

    /// As rows hold it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Partial => "partial",
        }
    }

    /// Reads a row's text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Success, Self::Failure, Self::Partial].into_iter().find(|outcome| outcome.name() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    #[test]
    fn names_read_back() {
        for name in Outcome::NAMES {
            assert_eq!(Outcome::parse(name).map(Outcome::name), Some(name));
        }
        assert_eq!(Outcome::parse("ongoing"), None);
    }
}
