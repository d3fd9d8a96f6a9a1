//! A lexer for outlines: words, marks, strings and comments of a language, each with its line.

use crate::language::Language;

/// Bytes of a regular expression, at most: a `/` that nothing closes is not looked after for long.
const MOST_REGEX: usize = 1_000;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A name or a keyword.
    Word,
    /// A number.
    Number,
    /// A string, a character or a regular expression.
    Text,
    /// One character of punctuation.
    Mark(u8),
    /// A line of the C preprocessor.
    Directive,
}

/// A token: where it lies in the text, and on which line it begins.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// First byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    /// Line of its first byte, from 1.
    pub line: u32,
    /// Whether nothing but white space is before it on its line.
    pub first: bool,
}

/// A comment.
#[derive(Debug, Clone, Copy)]
pub struct Comment {
    /// First byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    /// Line of its first byte.
    pub line: u32,
    /// Line of its last byte.
    pub last: u32,
    /// Whether it begins its line.
    pub first: bool,
}

/// Tokens and comments of a text.
#[derive(Debug, Default)]
pub struct Lexed {
    /// Everything that is no comment.
    pub tokens: Vec<Token>,
    /// Comments.
    pub comments: Vec<Comment>,
}

struct Lexer<'a> {
    bytes: &'a [u8],
    language: Language,
    at: usize,
    line: u32,
    first: bool,
    out: Lexed,
}

/// Reads a text. What is not closed ends with its line or with the text: nothing is refused.
#[must_use]
pub fn lex(text: &str, language: Language) -> Lexed {
    let mut lexer = Lexer { bytes: text.as_bytes(), language, at: 0, line: 1, first: true, out: Lexed::default() };
    lexer.run();
    lexer.out
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or_default()
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Goes on to a byte and counts the lines between.
    fn go(&mut self, to: usize) {
        let to = to.min(self.bytes.len()).max(self.at);
        let lines = self.bytes.get(self.at..to).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count();
        self.line += u32::try_from(lines).unwrap_or_default();
        self.at = to;
    }

    fn push(&mut self, kind: Kind, end: usize) {
        let (start, line, first) = (self.at, self.line, self.first);
        // Always forward, so that every text ends.
        self.go(end.max(start + 1));
        self.out.tokens.push(Token { kind, start, end: self.at, line, first });
        self.first = false;
    }

    fn comment(&mut self, end: usize) {
        let (start, line, first) = (self.at, self.line, self.first);
        self.go(end);
        self.out.comments.push(Comment { start, end: self.at, line, last: self.line, first });
    }

    fn run(&mut self) {
        while self.at < self.bytes.len() {
            let byte = self.peek(0);
            match byte {
                b'\n' => {
                    self.go(self.at + 1);
                    self.first = true;
                }
                _ if byte.is_ascii_whitespace() => self.at += 1,
                b'#' if self.language == Language::Python => self.comment(self.line_end(self.at)),
                b'#' if self.language.is_c() && self.first => self.push(Kind::Directive, self.directive_end()),
                b'/' if self.language != Language::Python && self.peek(1) == b'/' => {
                    self.comment(self.line_end(self.at));
                }
                b'/' if self.language != Language::Python && self.peek(1) == b'*' => self.comment(self.block_end()),
                b'/' if self.language.is_script() && self.regex_may_begin() => match self.regex_end() {
                    Some(end) => self.push(Kind::Text, end),
                    None => self.push(Kind::Mark(byte), self.at + 1),
                },
                b'"' | b'\'' | b'`' => self.string(0),
                _ if is_word(byte) => self.word(),
                _ if byte.is_ascii_digit() => {
                    let len = self
                        .rest()
                        .iter()
                        .take_while(|byte| is_word(**byte) || byte.is_ascii_digit() || **byte == b'.');
                    let end = self.at + len.count();
                    self.push(Kind::Number, end);
                }
                _ => self.push(Kind::Mark(byte), self.at + 1),
            }
        }
    }

    fn word(&mut self) {
        let len = self.rest().iter().take_while(|byte| is_word(**byte) || byte.is_ascii_digit()).count();
        let word = self.rest().get(..len).unwrap_or_default();
        let quote = self.peek(len);
        // Prefixes of strings belong to the string.
        let prefix = match self.language {
            Language::Python => {
                len <= 2 && word.iter().all(|byte| b"rRbBfFuUtT".contains(byte)) && (quote == b'"' || quote == b'\'')
            }
            Language::Rust => {
                (matches!(word, b"r" | b"br" | b"cr")
                    && (quote == b'"' || (quote == b'#' && self.raw_rust(len).is_some())))
                    || (matches!(word, b"b" | b"c") && quote == b'"')
            }
            Language::C | Language::Cpp => {
                quote == b'"' && matches!(word, b"R" | b"L" | b"u" | b"U" | b"u8" | b"LR" | b"uR" | b"UR" | b"u8R")
            }
            _ => false,
        };
        if prefix { self.string(len) } else { self.push(Kind::Word, self.at + len) }
    }

    /// Where a raw string of Rust ends whose prefix has so many bytes.
    fn raw_rust(&self, prefix: usize) -> Option<usize> {
        let rest = self.rest().get(prefix..)?;
        let hashes = rest.iter().take_while(|byte| **byte == b'#').count();
        (rest.get(hashes) == Some(&b'"')).then_some(())?;
        let close: Vec<u8> = [b'"'].into_iter().chain(std::iter::repeat_n(b'#', hashes)).collect();
        let from = self.at + prefix + hashes + 1;
        Some(find(self.bytes, from, &close).map_or(self.bytes.len(), |at| at + close.len()))
    }

    /// A string whose prefix has so many bytes.
    fn string(&mut self, prefix: usize) {
        let open = self.at + prefix;
        let quote = self.peek(prefix);
        let word = self.rest().get(..prefix).unwrap_or_default();
        let triple = self.rest().get(prefix..prefix + 3).is_some_and(|three| three.iter().all(|byte| *byte == quote));
        let end = match self.language {
            Language::Python if triple => self.quoted_end(open + 3, &[quote; 3], true),
            Language::Java if triple && quote == b'"' => self.quoted_end(open + 3, b"\"\"\"", true),
            Language::Go if quote == b'`' => find(self.bytes, open + 1, b"`").map_or(self.bytes.len(), |at| at + 1),
            Language::JavaScript | Language::TypeScript if quote == b'`' => self.template_end(open),
            Language::Rust if word.contains(&b'r') => self.raw_rust(prefix).unwrap_or(open + 1),
            Language::Rust if quote == b'"' => self.quoted_end(open + 1, b"\"", true),
            Language::Rust if quote == b'\'' => match self.rust_char_end(open) {
                Some(end) => end,
                // A lifetime: its mark alone.
                None => return self.push(Kind::Mark(quote), open + 1),
            },
            Language::C | Language::Cpp if word.contains(&b'R') => self.raw_cpp(open),
            // A digit separator of C++ stands within a number and comes here only when it is none.
            _ if quote == b'`' => return self.push(Kind::Mark(quote), open + 1),
            _ => self.quoted_end(open + 1, &[quote], false),
        };
        self.push(Kind::Text, end);
    }

    /// Where a string ends that began before `from`; one of a single line ends with it.
    fn quoted_end(&self, from: usize, close: &[u8], lines: bool) -> usize {
        let mut at = from;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'\\' => at += 2,
                b'\n' if !lines => return at,
                _ if self.bytes.get(at..at + close.len()) == Some(close) => return at + close.len(),
                _ => at += 1,
            }
        }
        self.bytes.len()
    }

    fn rust_char_end(&self, open: usize) -> Option<usize> {
        if self.bytes.get(open + 1) == Some(&b'\\') {
            return Some(self.quoted_end(open + 1, b"'", false));
        }
        // One character of at most four bytes, then the quote.
        let first = self.bytes.get(open + 1).copied().filter(|byte| *byte != b'\n')?;
        let width = match first {
            0..0x80 => 1,
            0x80..0xe0 => 2,
            0xe0..0xf0 => 3,
            _ => 4,
        };
        (self.bytes.get(open + 1 + width) == Some(&b'\'')).then_some(open + 2 + width)
    }

    fn raw_cpp(&self, open: usize) -> usize {
        let rest = self.bytes.get(open + 1..).unwrap_or_default();
        // The delimiter has at most 16 characters.
        let Some(length) = rest.iter().take(17).position(|byte| *byte == b'(') else {
            return self.quoted_end(open + 1, b"\"", false);
        };
        let delimiter = rest.get(..length).unwrap_or_default();
        let close = [b")".as_slice(), delimiter, b"\""].concat();
        find(self.bytes, open + 1 + length, &close).map_or(self.bytes.len(), |at| at + close.len())
    }

    /// The end of a template string, with the expressions in it and templates in these.
    fn template_end(&self, open: usize) -> usize {
        // What is open: the text of a template (none), or an expression with so many braces of its own.
        let mut levels: Vec<Option<u32>> = vec![None];
        let mut at = open + 1;
        while let Some(byte) = self.bytes.get(at) {
            at += 1;
            match (levels.last_mut(), byte) {
                (None, _) => return at - 1,
                (Some(None), b'\\') => at += 1,
                (Some(None), b'`') => {
                    levels.pop();
                    if levels.is_empty() {
                        return at;
                    }
                }
                (Some(None), b'$') if self.bytes.get(at) == Some(&b'{') => {
                    at += 1;
                    levels.push(Some(0));
                }
                (Some(Some(braces)), b'{') => *braces += 1,
                (Some(Some(0)), b'}') => _ = levels.pop(),
                (Some(Some(braces)), b'}') => *braces -= 1,
                (Some(Some(_)), b'"' | b'\'') => at = self.quoted_end(at, &[*byte], false),
                (Some(Some(_)), b'`') => levels.push(None),
                _ => {}
            }
        }
        self.bytes.len()
    }

    fn line_end(&self, from: usize) -> usize {
        find(self.bytes, from, b"\n").unwrap_or(self.bytes.len())
    }

    fn directive_end(&self) -> usize {
        let mut from = self.at;
        loop {
            let end = self.line_end(from);
            let line = self.bytes.get(from..end).unwrap_or_default().trim_ascii_end();
            if !line.ends_with(b"\\") || end >= self.bytes.len() {
                return end;
            }
            from = end + 1;
        }
    }

    fn block_end(&self) -> usize {
        let (mut at, mut depth) = (self.at + 2, 1u32);
        while at < self.bytes.len() {
            match self.bytes.get(at..at + 2) {
                Some(b"*/") => {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        return at;
                    }
                }
                Some(b"/*") if self.language == Language::Rust => {
                    depth += 1;
                    at += 2;
                }
                _ => at += 1,
            }
        }
        self.bytes.len()
    }

    /// Whether a `/` begins a regular expression: after what cannot end an expression.
    fn regex_may_begin(&self) -> bool {
        let Some(before) = self.out.tokens.last() else { return true };
        match before.kind {
            Kind::Mark(mark) => !b")]}".contains(&mark),
            Kind::Word => matches!(
                self.bytes.get(before.start..before.end),
                Some(
                    b"return"
                        | b"typeof"
                        | b"case"
                        | b"in"
                        | b"of"
                        | b"delete"
                        | b"void"
                        | b"throw"
                        | b"new"
                        | b"else"
                        | b"do"
                        | b"await"
                        | b"yield"
                )
            ),
            _ => false,
        }
    }

    fn regex_end(&self) -> Option<usize> {
        let (mut at, mut class) = (self.at + 1, false);
        loop {
            match self.bytes.get(at).filter(|_| at < self.at + MOST_REGEX)? {
                b'\n' => return None,
                b'\\' => at += 1,
                b'[' => class = true,
                b']' => class = false,
                b'/' if !class => return Some(at + 1),
                _ => {}
            }
            at += 1;
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(what.len()).position(|window| window == what).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, language: Language) -> Vec<&str> {
        let tokens = lex(text, language).tokens;
        tokens.iter().filter(|token| token.kind == Kind::Word).map(|token| &text[token.start..token.end]).collect()
    }

    #[test]
    fn words_in_strings_and_comments_are_none() {
        for (language, text) in [
            (Language::Rust, "a 'b /* no /* no */ no */ r#\"no \" no\"# '\\'' 'x' b\"no\" // no\nc"),
            (Language::Python, "a '''no\nno''' rb'no' # no\nb f\"no {no}\" c"),
            (Language::JavaScript, "a = /no[/]no/ ; `no ${x + `no ${y}`} no` ; b / c"),
            (Language::Go, "a `no\nno \\` 'n' b \"no\\\"no\" c"),
            (Language::Java, "a \"\"\"\nno \"no\" no\"\"\" b 'c' c"),
            (Language::Cpp, "#define no \\\n no\na R\"x(no)\" no)x\" b 'n' c"),
        ] {
            let found = words(text, language);
            assert!(!found.contains(&"no"), "{language:?}: {found:?}");
            assert!(["a", "b", "c"].iter().all(|word| found.contains(word)), "{language:?}: {found:?}");
        }
    }

    #[test]
    fn lines_are_counted_through_everything() {
        let text = "a\n/* x\n y */ b \"\"\"q\nq\"\"\" c\n";
        let lexed = lex(text, Language::Java);
        let lines: Vec<(u32, bool)> = lexed.tokens.iter().map(|token| (token.line, token.first)).collect();
        assert_eq!(lines, [(1, true), (3, true), (3, false), (4, false)]);
        assert_eq!((lexed.comments[0].line, lexed.comments[0].last), (2, 3));
    }

    #[test]
    fn what_is_not_closed_ends() {
        for language in crate::language::LANGUAGES.map(|(language, _)| language) {
            for text in [
                "\"abc\nd",
                "'abc\nd",
                "`abc",
                "/* abc",
                "r#\"abc",
                "R\"x(abc",
                "\"\"\"abc",
                "/abc\nd",
                "'\\",
                "\"\\",
                "#\\",
            ] {
                let lexed = lex(text, language);
                assert!(lexed.tokens.iter().all(|token| token.end <= text.len() && token.start < token.end));
            }
        }
    }
}
