//! Cutting a text into chunks along its structure: headings, paragraphs, sentences, words, in this order of preference.
//!
//! A chunk has at most 512 tokens and repeats at most 50 of the one before. A token is taken to be four bytes, the usual
//! estimate for English text: no model's own tokens are counted.

use text_splitter::{Characters, ChunkConfig, ChunkSizer, MarkdownSplitter, TextSplitter};

/// Tokens of a chunk, at most.
pub const TOKENS: usize = 512;
/// Tokens a chunk repeats of the one before, at most.
pub const OVERLAP: usize = 50;
/// Chunks of one document, at most: what one call may write.
pub const MOST: usize = 4_000;
/// Bytes given to the splitter at once.
const WINDOW: usize = 32 * 1_024;

/// A piece of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Its text.
    pub text: String,
    /// The headings it stands under, outermost first, joined by ` > `.
    pub heading: String,
    /// Where it begins, in bytes.
    pub begin: usize,
    /// Its first line, from 1.
    pub first_line: usize,
    /// Its last line.
    pub last_line: usize,
}

/// Four bytes are a token.
struct Tokens;

impl ChunkSizer for Tokens {
    fn size(&self, chunk: &str) -> usize {
        chunk.len().div_ceil(4)
    }
}

/// Tokens of a text.
#[must_use]
pub fn tokens(text: &str) -> usize {
    Tokens.size(text)
}

/// Cuts a text of a type (see [`crate::kind`]).
#[must_use]
pub fn split(text: &str, kind: &str) -> Vec<Chunk> {
    let pieces = pieces(text, kind);
    let headings = if kind == "markdown" { headings(text) } else { Vec::new() };
    let (mut at, mut line) = (0, 1);
    let mut chunks = Vec::with_capacity(pieces.len());
    for (begin, piece) in pieces {
        // Chunks overlap, so a piece may begin before the end of the last; lines are counted from its own beginning.
        line += newlines(text.get(at..begin).unwrap_or_default());
        at = begin.max(at);
        chunks.push(Chunk {
            text: piece.to_owned(),
            heading: path(&headings, begin + piece.len().min(1)),
            begin,
            first_line: line,
            last_line: line + newlines(piece.trim_end()),
        });
    }
    chunks
}

/// Sizes of chunks; the overlap is below the size, so it is always there.
fn config() -> Option<ChunkConfig<Tokens>> {
    // The default sizer names the type.
    let config: ChunkConfig<Characters> = ChunkConfig::new(TOKENS);
    config.with_sizer(Tokens).with_overlap(OVERLAP).ok()
}

/// The pieces of a text and where each begins. The splitter's time grows with the square of a text that has no
/// paragraphs, so it is given a window at a time; the next window begins with the last piece of the one before.
fn pieces<'a>(text: &'a str, kind: &str) -> Vec<(usize, &'a str)> {
    let (Some(markdown), Some(plain)) = (config().map(MarkdownSplitter::new), config().map(TextSplitter::new)) else {
        return Vec::new();
    };
    let (mut pieces, mut from) = (Vec::new(), 0);
    while pieces.len() < MOST {
        let to = text.floor_char_boundary(from + WINDOW);
        let window = text.get(from..to).unwrap_or_default();
        let mut found: Vec<(usize, &str)> = match kind {
            "markdown" => markdown.chunk_indices(window).collect(),
            _ => plain.chunk_indices(window).collect(),
        };
        let next = if to >= text.len() {
            None
        } else if found.len() > 1 {
            found.pop().map(|(begin, _)| from + begin)
        } else {
            Some(to)
        };
        pieces.extend(found.into_iter().map(|(begin, piece)| (from + begin, piece)));
        match next {
            Some(next) => from = next,
            None => break,
        }
    }
    pieces.truncate(MOST);
    pieces
}

/// Chunks that follow each other as one text: what two of them share stands once.
pub fn joined<'a>(pieces: impl IntoIterator<Item = (usize, &'a str)>) -> String {
    let (mut all, mut end) = (String::new(), None);
    for (begin, piece) in pieces {
        let shared = end.map_or(0, |end: usize| end.saturating_sub(begin));
        if end.is_some_and(|end| end < begin) {
            all.push('\n');
        }
        all.push_str(piece.get(shared..).unwrap_or_default());
        end = end.max(Some(begin + piece.len()));
    }
    all
}

/// Whether the chunks end before the text does.
#[must_use]
pub fn is_cut(text: &str, chunks: &[Chunk]) -> bool {
    chunks.len() >= MOST && chunks.last().is_some_and(|last| last.begin + last.text.len() < text.trim_end().len())
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// The headings of a Markdown text: where each begins, its level, its words. Fenced code has none.
fn headings(text: &str) -> Vec<(usize, usize, String)> {
    let (mut found, mut at, mut fenced) = (Vec::new(), 0, false);
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            fenced = !fenced;
        }
        let level = trimmed.bytes().take_while(|byte| *byte == b'#').count();
        let words = trimmed.trim_matches(['#', ' ', '\t', '\r', '\n']);
        if !fenced && (1..=6).contains(&level) && !words.is_empty() && trimmed.as_bytes().get(level) == Some(&b' ') {
            found.push((at, level, words.to_owned()));
        }
        at += line.len();
    }
    found
}

/// The headings over a place.
fn path(headings: &[(usize, usize, String)], place: usize) -> String {
    let mut over: Vec<&(usize, usize, String)> = Vec::new();
    for heading in headings.iter().take_while(|(at, ..)| *at < place) {
        over.retain(|(_, level, _)| *level < heading.1);
        over.push(heading);
    }
    over.iter().map(|(.., words)| words.as_str()).collect::<Vec<_>>().join(" > ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_small_cover_the_text_and_know_their_lines() {
        let text: String =
            (1..=400).map(|number| format!("Line {number} says something about tea and trains.\n")).collect();
        let chunks = split(&text, "text");
        assert!(chunks.len() > 5);
        for chunk in &chunks {
            assert!(tokens(&chunk.text) <= TOKENS, "{}", tokens(&chunk.text));
            assert_eq!(text.get(chunk.begin..chunk.begin + chunk.text.len()), Some(chunk.text.as_str()));
            assert!(chunk.text.starts_with(&format!("Line {} ", chunk.first_line)), "{chunk:?}");
            assert!(chunk.text.contains(&format!("Line {} ", chunk.last_line)), "{chunk:?}");
        }
        for pair in chunks.windows(2) {
            assert!(pair[1].begin <= pair[0].begin + pair[0].text.len() + 1, "nothing lies between two chunks");
        }
        assert_eq!(chunks.last().unwrap().last_line, 400);
    }

    #[test]
    fn a_chunk_of_markdown_knows_its_headings() {
        let long = "Words about it. ".repeat(150);
        let text = format!(
            "# Tea\n\n{long}\n\n## Green\n\n{long}\n\n```\n# no heading\n```\n\n# Trains\n\n{long}{long}Short.\n"
        );
        let chunks = split(&text, "markdown");
        let of = |words: &str| chunks.iter().find(|chunk| chunk.text.contains(words)).unwrap().heading.clone();
        assert_eq!(of("## Green"), "Tea > Green");
        assert_eq!(of("Short."), "Trains");
        assert_eq!(of("# no heading"), "Tea > Green");
    }

    #[test]
    fn chunks_that_overlap_make_the_text_again() {
        let text: String = (1..=300).map(|number| format!("Sentence {number} is here. ")).collect();
        let chunks = split(&text, "text");
        assert!(chunks.windows(2).any(|pair| pair[1].begin < pair[0].begin + pair[0].text.len()), "some is repeated");
        let whole = joined(chunks.iter().map(|chunk| (chunk.begin, chunk.text.as_str())));
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&whole), words(&text));
    }

    #[test]
    fn a_text_with_too_many_chunks_is_known_to_be_cut() {
        let long = "Tea. ".repeat(MOST * TOKENS * 4 / 5 + 10_000);
        let chunks = split(&long, "text");
        assert_eq!(chunks.len(), MOST);
        assert!(is_cut(&long, &chunks) && !is_cut("short", &split("short", "text")));
    }

    #[test]
    fn a_text_of_several_windows_is_cut_without_a_seam() {
        for kind in ["text", "markdown"] {
            let text: String = (1..=9_000).map(|number| format!("word{number} ")).collect();
            assert!(text.len() > 2 * WINDOW);
            let chunks = split(&text, kind);
            let whole = joined(chunks.iter().map(|chunk| (chunk.begin, chunk.text.as_str())));
            assert_eq!(whole.split_whitespace().count(), 9_000, "nothing is lost or doubled");
            let small = chunks.iter().filter(|chunk| tokens(&chunk.text) < TOKENS / 2).count();
            assert!(small <= 1, "a window's end makes no small chunk");
        }
    }

    #[test]
    fn hostile_texts_are_cut_too() {
        assert_eq!(split("", "text"), []);
        assert_eq!(split("   \n\n ", "markdown"), []);
        let one = "x".repeat(10_000);
        assert!(split(&one, "text").iter().all(|chunk| tokens(&chunk.text) <= TOKENS));
        let wide = "日本語".repeat(3_000);
        assert!(split(&wide, "markdown").len() > 10);
    }
}
