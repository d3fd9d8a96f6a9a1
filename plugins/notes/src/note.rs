//! What a note is made of: its title and its tags.

/// Longest text of a note or content of a version, in characters.
pub const MOST_TEXT: u32 = 20_000;
/// Longest title, in characters.
pub const MOST_TITLE: u32 = 300;
/// Longest tag, in characters, and tags of a note, at most.
pub const MOST_TAG: u32 = 60;
/// See [`MOST_TAG`].
pub const MOST_TAGS: usize = 20;
/// Characters of a title that is taken from the text.
const TAKEN: usize = 80;

/// The title of a text that was given none: its first line that says something, without the marks of a heading.
#[must_use]
pub fn title_of(text: &str) -> String {
    let says = |line: &&str| line.chars().any(char::is_alphanumeric);
    let line = text.lines().find(says).unwrap_or(text).trim_start_matches('#').trim();
    memstrata_sdk::row::clip(line, TAKEN)
}

/// Tags without blanks around them, each once, in their order; none that is blank.
#[must_use]
pub fn clean_tags(tags: &[String]) -> Vec<String> {
    let mut clean: Vec<String> = Vec::with_capacity(tags.len());
    for tag in tags.iter().map(|tag| tag.trim()).filter(|tag| !tag.is_empty()) {
        if clean.iter().all(|known| known != tag) {
            clean.push(tag.to_owned());
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_first_line_that_says_something() {
        assert_eq!(title_of("\n---\n## Tabs, not spaces\nAda prefers them."), "Tabs, not spaces");
        assert_eq!(title_of("Ada prefers tabs."), "Ada prefers tabs.");
        assert_eq!(title_of(&"ä".repeat(100)).chars().count(), 81);
        assert_eq!(title_of("..."), "...");
    }

    #[test]
    fn tags_are_trimmed_and_come_once() {
        let given = [" rust", "rust ", "", "  ", "Wasm"].map(str::to_owned);
        assert_eq!(clean_tags(&given), ["rust", "Wasm"]);
    }
}
