//! Messages: who speaks, what one costs, and which of them fit a budget.

use crate::row;
use memstrata_sdk::{Value, json};

/// Who speaks.
pub const ROLES: [&str; 4] = ["user", "assistant", "system", "tool"];

/// Tokens of a text by the rule of thumb of four characters a token (requirements 1.14), rounded up.
#[must_use]
pub fn estimate(text: &str) -> u64 {
    (text.chars().count() as u64).div_ceil(4)
}

/// How many of the newest messages fit the budget: the newest always does, so that a long one is not lost.
///
/// `newest_first`: tokens of each message.
#[must_use]
pub fn fitting(newest_first: impl IntoIterator<Item = u64>, budget: u64) -> usize {
    let mut spent = 0_u64;
    let mut count = 0;
    for tokens in newest_first {
        spent = spent.saturating_add(tokens);
        if count > 0 && spent > budget {
            break;
        }
        count += 1;
    }
    count
}

/// The message a thread waits for an answer to: the last one of the user, if nobody but the system has spoken since.
///
/// `newest_first`: rows of messages.
#[must_use]
pub fn unanswered(newest_first: &[Value]) -> Option<&Value> {
    let last = newest_first.iter().find(|message| row::text(message, "role") != "system")?;
    (row::text(last, "role") == "user").then_some(last)
}

/// A message as answers show it; longer content than `clip` characters is cut.
#[must_use]
pub fn show(message: &Value, clip: Option<usize>) -> Value {
    let content = row::text(message, "content");
    let content = clip.map_or_else(|| content.to_owned(), |most| row::clip(content, most));
    let mut shown = json!({
        "id": row::id(message), "position": row::int(message, "position"), "role": row::text(message, "role"),
        "content": content, "tokens": row::int(message, "tokens"), "at": row::int(message, "at"),
    });
    let metadata = message.get("metadata").filter(|metadata| !metadata.is_null());
    if let (Some(shown), Some(metadata)) = (shown.as_object_mut(), metadata) {
        shown.insert("metadata".into(), metadata.clone());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_characters_are_a_token_rounded_up() {
        for (text, tokens) in [("", 0), ("a", 1), ("four", 1), ("fives", 2), ("größe", 2)] {
            assert_eq!(estimate(text), tokens, "{text}");
        }
    }

    #[test]
    fn the_newest_always_fits_and_no_gap_is_left() {
        assert_eq!(fitting([500, 1], 100), 1);
        assert_eq!(fitting([40, 60, 1], 100), 2);
        // The small one behind a large one is not taken: a conversation is read without holes.
        assert_eq!(fitting([40, 100, 1], 100), 1);
        assert_eq!(fitting([], 100), 0);
        assert_eq!(fitting([u64::MAX, u64::MAX], 100), 1);
    }

    #[test]
    fn a_user_who_spoke_last_waits() {
        let message = |role: &str| json!({"role": role, "content": role});
        assert!(unanswered(&[message("user"), message("assistant")]).is_some());
        assert!(unanswered(&[message("system"), message("user")]).is_some());
        assert!(unanswered(&[message("assistant"), message("user")]).is_none());
        assert!(unanswered(&[message("tool"), message("user")]).is_none());
        assert!(unanswered(&[]).is_none());
    }

    #[test]
    fn content_is_cut_only_if_asked() {
        let message = json!({"id": 1, "position": 1, "role": "user", "content": "hello there", "tokens": 3, "at": 5});
        assert_eq!(show(&message, Some(6))["content"], "hello…");
        assert_eq!(show(&message, None)["content"], "hello there");
        assert!(show(&message, None).get("metadata").is_none());
    }
}
