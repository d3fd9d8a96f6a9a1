//! Messages: who speaks, what one costs, and which of them fit a budget.

use crate::room::{self, Room};
use memstrata_sdk::{Value, json, row};

/// Who speaks.
pub const ROLES: [&str; 4] = ["user", "assistant", "system", "tool"];

/// Tokens of a text by the rule of thumb of four characters a token (requirements 1.14), rounded up.
#[must_use]
pub fn estimate(text: &str) -> u64 {
    (text.chars().count() as u64).div_ceil(4)
}

/// Messages that resuming and recovering answer at most.
pub const MOST_SHOWN: usize = 200;

/// How many of the newest messages, newest first, an answer of so many tokens shows: also bounded in number and in bytes, since
/// callers may say that a message costs nothing.
#[must_use]
pub fn window(newest_first: &[Value], budget: u64) -> usize {
    let tokens = fitting(newest_first.iter().map(|message| row::int(message, "tokens").unwrap_or_default()), budget);
    let mut room = Room::new(MOST_SHOWN, room::MESSAGES);
    tokens.min(newest_first.iter().take_while(|message| room.takes(room::size(message))).count())
}

/// Whether a message sent again under its key is the one that is stored.
#[must_use]
pub fn same(stored: &Value, role: &str, content: &str) -> bool {
    row::text(stored, "role") == role && row::text(stored, "content") == content
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

/// A message as answers show it. With `clip`, in short: content is cut after so many characters, and metadata left out.
#[must_use]
pub fn show(message: &Value, clip: Option<usize>) -> Value {
    let content = row::text(message, "content");
    let content = clip.map_or_else(|| content.to_owned(), |most| row::clip(content, most));
    let mut shown = json!({
        "id": row::id(message), "position": row::int(message, "position"), "role": row::text(message, "role"),
        "content": content, "tokens": row::int(message, "tokens"), "at": row::int(message, "at"),
    });
    let metadata = message.get("metadata").filter(|metadata| !metadata.is_null() && clip.is_none());
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
    fn a_window_is_bounded_where_tokens_bound_nothing() {
        let free = |bytes: usize| json!({"tokens": 0, "content": "x".repeat(bytes)});
        assert_eq!(window(&vec![free(10); 300], 1), MOST_SHOWN);
        assert_eq!(window(&vec![free(200_000); 9], 1), 2);
        assert_eq!(window(&[free(600_000), free(1)], 1), 1);
        let dear = json!({"tokens": 60, "content": "x"});
        assert_eq!(window(&[dear.clone(), dear], 100), 1);
        assert_eq!(window(&[], 100), 0);
    }

    #[test]
    fn a_key_stands_for_one_message() {
        let stored = json!({"role": "user", "content": "Hello"});
        assert!(same(&stored, "user", "Hello"));
        assert!(!same(&stored, "user", "Hallo") && !same(&stored, "tool", "Hello"));
    }

    #[test]
    fn content_is_cut_only_if_asked() {
        let mut message =
            json!({"id": 1, "position": 1, "role": "user", "content": "hello there", "tokens": 3, "at": 5});
        assert_eq!(show(&message, Some(6))["content"], "hello…");
        assert_eq!(show(&message, None)["content"], "hello there");
        assert!(show(&message, None).get("metadata").is_none());
        message["metadata"] = json!({"model": "m"});
        assert_eq!(show(&message, None)["metadata"], json!({"model": "m"}));
        assert!(show(&message, Some(6)).get("metadata").is_none());
    }
}
