//! Cursors of this layer's lists: they carry the instant the first page was read at, so that all pages agree.

/// What a cursor says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The instant (ms UTC) whose valid rows are listed.
    pub at: u64,
    /// The host's cursor.
    pub rest: String,
}

impl Cursor {
    /// The text a caller gets.
    #[must_use]
    pub fn encode(at: u64, rest: &str) -> String {
        format!("{at}~{rest}")
    }

    /// Reads what [`Cursor::encode`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, rest) = text.split_once('~')?;
        Some(Self { at: at.parse().ok()?, rest: rest.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back() {
        let cursor = Cursor::parse(&Cursor::encode(17, "ab~c"));
        assert_eq!(cursor, Some(Cursor { at: 17, rest: "ab~c".into() }));
        assert_eq!(Cursor::parse("x~y"), None);
        assert_eq!(Cursor::parse(""), None);
    }
}
