//! Policies: which actions are allowed, denied, or want approval; the strictest of the first rank wins.

use serde::Deserialize;

/// What a policy says; stricter ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Go on.
    Allow,
    /// Ask somebody first.
    RequireApproval,
    /// Do not.
    Deny,
}

/// The names of decisions.
pub const DECISIONS: [&str; 3] = ["allow", "require_approval", "deny"];

impl Decision {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::RequireApproval => "require_approval",
            Self::Deny => "deny",
        }
    }

    /// By its name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Allow, Self::RequireApproval, Self::Deny].into_iter().find(|decision| decision.name() == name)
    }
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its row.
    pub id: u64,
    /// `delete *|drop table`: see [`matches`].
    pub pattern: String,
    /// What it says.
    pub decision: Decision,
    /// 1 is the first rank.
    pub priority: u64,
}

/// Whether an action fits a pattern. Alternatives are separated by `|`. One without `*` is a phrase of whole words found anywhere; one with
/// `*` must fit all of the action, `*` standing for anything. Case does not count.
#[must_use]
pub fn matches(pattern: &str, action: &str) -> bool {
    let action = action.to_lowercase();
    pattern.to_lowercase().split('|').map(str::trim).filter(|alternative| !alternative.is_empty()).any(|alternative| {
        if alternative.contains('*') { glob(alternative, &action) } else { phrase(alternative, &action) }
    })
}

fn phrase(phrase: &str, text: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(phrase).any(|(at, _)| {
        edge(text.get(..at).and_then(|head| head.chars().next_back()))
            && edge(text.get(at + phrase.len()..).and_then(|tail| tail.chars().next()))
    })
}

/// The parts between stars must come in order, the first at the start and the last at the end. Taking the earliest place of each is enough.
fn glob(pattern: &str, text: &str) -> bool {
    let parts: Vec<&str> = pattern.split('*').collect();
    let (Some((first, rest)), Some(last)) = (parts.split_first(), parts.last()) else { return false };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let middle = rest.get(..rest.len().saturating_sub(1)).unwrap_or_default();
    for part in middle {
        let Some(at) = left.find(part) else { return false };
        left = left.get(at + part.len()..).unwrap_or_default();
    }
    left.ends_with(last)
}

/// Of the policies that fit, the one that decides: the lowest priority number, then the strictest, then the oldest.
#[must_use]
pub fn deciding<'a>(policies: &[&'a Policy]) -> Option<&'a Policy> {
    policies.iter().copied().min_by_key(|policy| (policy.priority, std::cmp::Reverse(policy.decision), policy.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_are_phrases_or_globs() {
        for (pattern, action, fits) in [
            ("delete", "Delete the branch", true),
            ("delete", "undeleted rows", false),
            ("drop table|truncate", "please TRUNCATE it", true),
            ("deploy *", "deploy to prod", true),
            ("deploy *", "redeploy to prod", false),
            ("*prod*", "deploy to production", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("ab*ab", "ab", false),
            ("*", "anything", true),
            ("|", "anything", false),
        ] {
            assert_eq!(matches(pattern, action), fits, "{pattern} / {action}");
        }
    }

    #[test]
    fn the_first_rank_decides_and_the_strictest_in_it() {
        let policy = |id, priority, decision| Policy { id, pattern: "*".into(), decision, priority };
        let (a, b, c) =
            (policy(1, 5, Decision::Deny), policy(2, 1, Decision::Allow), policy(3, 1, Decision::RequireApproval));
        assert_eq!(deciding(&[&a, &b, &c]).map(|policy| policy.id), Some(3));
        assert_eq!(deciding(&[&a]).map(|policy| policy.id), Some(1));
        assert_eq!(deciding(&[]), None);
        assert!(DECISIONS.iter().all(|name| Decision::parse(name).is_some_and(|decision| decision.name() == *name)));
    }

    proptest! {
        #[test]
        fn what_stars_stand_for_does_not_matter(a in "[a-c]{0,4}", b in "[a-c]{0,4}", x in "[a-c]{0,5}") {
            let (pattern, text) = (format!("{a}*{b}"), format!("{a}{x}{b}"));
            prop_assert!(matches(&pattern, &text));
        }
    }
}
