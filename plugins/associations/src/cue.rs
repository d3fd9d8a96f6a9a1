//! Cues: words and phrases that memories are associated with.

/// Longest cue, in characters.
pub const MOST: u32 = 200;

/// What two spellings of one cue share: small letters, one blank between words. None of a text without words.
#[must_use]
pub fn key(text: &str) -> Option<String> {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_share_a_key() {
        assert_eq!(key("  Release\n Day ").as_deref(), Some("release day"));
        assert_eq!(key(" \t"), None);
    }
}
