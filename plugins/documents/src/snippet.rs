//! A part of a text with the words of a question marked.

/// Characters of a snippet, about.
const LENGTH: usize = 240;
/// Letters two words must share to be marked: endings differ.
const STEM: usize = 5;

/// The part of a text with most words of the query, each marked as `**word**`.
#[must_use]
pub fn snippet(text: &str, query: &str) -> String {
    let wanted: Vec<String> = words(query).map(|(_, word)| stem(word)).filter(|word| word.len() > 2).collect();
    let found: Vec<(usize, &str)> = words(text).filter(|(_, word)| wanted.contains(&stem(word))).collect();
    let within = |begin: usize| found.iter().filter(|(at, _)| (begin..begin + LENGTH).contains(at)).count();
    let best = found.iter().map(|(at, _)| *at).max_by_key(|at| (within(*at), std::cmp::Reverse(*at))).unwrap_or(0);
    let begin = before(text, best.saturating_sub(40));
    let end = after(text, begin + LENGTH);
    let mut out = String::from(if begin > 0 { "…" } else { "" });
    let mut at = begin;
    for (place, word) in found.iter().filter(|(place, word)| *place >= begin && place + word.len() <= end) {
        out.push_str(text.get(at..*place).unwrap_or_default());
        out.push_str(&format!("**{word}**"));
        at = place + word.len();
    }
    out.push_str(text.get(at..end).unwrap_or_default());
    out.push_str(if end < text.len() { "…" } else { "" });
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Words with the place they begin at.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let base = text.as_ptr() as usize;
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr() as usize - base, word))
}

fn stem(word: &str) -> String {
    word.to_lowercase().chars().take(STEM).collect()
}

/// The beginning of the word at a place.
fn before(text: &str, place: usize) -> usize {
    let mut place = place.min(text.len());
    while place > 0
        && (!text.is_char_boundary(place) || !text.get(..place).is_some_and(|t| t.ends_with(char::is_whitespace)))
    {
        place -= 1;
    }
    place
}

/// The end of the word at a place.
fn after(text: &str, place: usize) -> usize {
    let mut place = place.min(text.len());
    while place < text.len()
        && (!text.is_char_boundary(place) || !text.get(place..).is_some_and(|t| t.starts_with(char::is_whitespace)))
    {
        place += 1;
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_question_are_marked_where_they_stand_close() {
        assert_eq!(snippet("We drink green tea.", "green teas"), "We drink **green** tea.");
        let text = format!("tea {} Green trains carry tea to Kyoto. {}", "words ".repeat(100), "words ".repeat(100));
        let cut = snippet(&text, "which trains carry green tea");
        assert!(cut.contains("**Green** **trains** **carry** **tea** to Kyoto") && cut.starts_with('…'), "{cut}");
        assert!(cut.len() < 400);
    }

    #[test]
    fn a_text_without_the_words_begins_at_its_beginning() {
        assert_eq!(snippet("nothing here", "zebra"), "nothing here");
        _ = snippet(&"日本語".repeat(500), "日本語");
        assert_eq!(snippet("", "x"), "");
    }
}
