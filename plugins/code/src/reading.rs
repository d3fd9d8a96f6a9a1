//! A file's bytes become an outline, or a sentence that says why not.

use crate::language::Language;
use crate::unit::Outline;
use crate::{outline, rust};

/// Bytes of a file that is read, at most.
pub const MOST_BYTES: u64 = 1_000_000;
/// Bytes of a line, at most: longer ones are made by machines.
const MOST_LINE: usize = 20_000;

/// Lines of a file by what is in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lines {
    /// All.
    pub total: u32,
    /// With more than comments.
    pub code: u32,
    /// With comments alone.
    pub comment: u32,
    /// With nothing.
    pub blank: u32,
}

/// A file as it was read.
#[derive(Debug)]
pub struct Reading {
    /// Its declarations.
    pub outline: Outline,
    /// Its lines.
    pub lines: Lines,
}

/// Reads a file's bytes. Rust that is not well-formed, or too deep, is read by outline, with a note.
///
/// # Errors
/// A sentence for a file that holds no text to read: binary, not UTF-8, made by a machine.
pub fn read(bytes: &[u8], language: Language) -> Result<Reading, String> {
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("it has more than {MOST_BYTES} bytes"));
    }
    if bytes.contains(&0) {
        return Err("it is no text: it has NUL bytes".into());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| format!("it is no UTF-8 text: {error}"))?;
    if let Some(at) = text.lines().position(|line| line.len() > MOST_LINE) {
        return Err(format!("line {} has more than {MOST_LINE} bytes: it looks made by a machine", at + 1));
    }
    let mut outline = match language {
        Language::Rust => rust::read(text).unwrap_or_else(|reason| {
            let mut outline = outline::read(text, language);
            outline.notes.push(format!("read by outline: {}", reason.chars().take(300).collect::<String>()));
            outline
        }),
        _ => outline::read(text, language),
    };
    outline.bound();
    Ok(Reading { outline, lines: lines(text, language) })
}

/// Counts lines.
fn lines(text: &str, language: Language) -> Lines {
    let lexed = outline::lex::lex(text, language);
    let total = text.lines().count();
    // What each line holds: nothing, comments, code.
    let mut kinds = vec![0u8; total];
    let mut mark = |first: usize, last: usize, kind: u8| {
        for line in first..=last {
            if let Some(held) = line.checked_sub(1).and_then(|line| kinds.get_mut(line)) {
                *held = (*held).max(kind);
            }
        }
    };
    for comment in &lexed.comments {
        mark(comment.line as usize, comment.last as usize, 1);
    }
    for token in &lexed.tokens {
        let more = text.get(token.start..token.end).unwrap_or_default().matches('\n').count();
        mark(token.line as usize, token.line as usize + more, 2);
    }
    let count = |kind: u8| u32::try_from(kinds.iter().filter(|held| **held == kind).count()).unwrap_or(u32::MAX);
    Lines { total: u32::try_from(total).unwrap_or(u32::MAX), code: count(2), comment: count(1), blank: count(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_refused_with_its_reason() {
        let told = |bytes: &[u8]| read(bytes, Language::Python).unwrap_err();
        assert!(told(b"a\0b").contains("NUL"));
        assert!(told(b"a = '\xff'").contains("UTF-8"));
        assert!(
            told(&b"a\n".iter().copied().chain(std::iter::repeat_n(b'x', 20_001)).collect::<Vec<_>>())
                .contains("line 2")
        );
        assert!(told(&vec![b'\n'; 1_000_001]).contains("1000000"));
    }

    #[test]
    fn broken_rust_is_read_by_outline_and_told() {
        let reading = read(b"fn good() {}\nfn bad( {\n", Language::Rust).unwrap();
        assert_eq!(reading.outline.parser, "outline");
        assert_eq!(reading.outline.units[0].name, "good");
        assert!(reading.outline.notes[0].contains("read by outline"));
        assert_eq!(read(b"fn good() {}", Language::Rust).unwrap().outline.parser, "exact");
    }

    #[test]
    fn lines_are_told_apart() {
        let text = "# a\n\nx = '''\n\nb'''  # c\n";
        let lines = read(text.as_bytes(), Language::Python).unwrap().lines;
        assert_eq!((lines.total, lines.code, lines.comment, lines.blank), (5, 3, 1, 1));
    }
}
