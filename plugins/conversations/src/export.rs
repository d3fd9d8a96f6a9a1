//! Where an export goes on: behind a message of a conversation, or, once all messages are told, among conversations without any.

use memstrata_sdk::Fault;

/// The end of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Behind this message: the conversation, and its position there. `(0, 0)` is the beginning.
    Message(u64, u64),
    /// Behind this conversation of those without messages; 0 is before the first.
    Empty(u64),
}

impl Place {
    /// As a cursor: `42.7`, or `empty.42`.
    #[must_use]
    pub fn cursor(self) -> String {
        match self {
            Self::Message(conversation, position) => format!("{conversation}.{position}"),
            Self::Empty(conversation) => format!("empty.{conversation}"),
        }
    }

    /// Reads a cursor; none is the beginning.
    ///
    /// # Errors
    /// `invalid.cursor` for a text no page ended with.
    pub fn read(cursor: Option<&str>) -> Result<Self, Fault> {
        let Some(cursor) = cursor else { return Ok(Self::Message(0, 0)) };
        let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number < 1 << 53);
        let place = match cursor.split_once('.') {
            Some(("empty", id)) => number(id).map(Self::Empty),
            Some((id, position)) => number(id).zip(number(position)).map(|(id, position)| Self::Message(id, position)),
            None => None,
        };
        place.ok_or_else(|| Fault::new("invalid.cursor", "the cursor is damaged: start again without one"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back() {
        assert_eq!(Place::read(None).unwrap(), Place::Message(0, 0));
        for place in [Place::Message(42, 7), Place::Empty(0), Place::Empty(42)] {
            assert_eq!(Place::read(Some(&place.cursor())).unwrap(), place);
        }
        for bad in ["", "42", "x.7", "42.x", "empty.", "-1.2", "1.2.3", "9007199254740992.1"] {
            assert_eq!(Place::read(Some(bad)).unwrap_err().code, "invalid.cursor", "{bad}");
        }
    }
}
