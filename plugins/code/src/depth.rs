//! How deep a Rust text is nested, before a parser that recurses is let at it: a guest's stack is small, and a call that runs
//! out of it is lost as a whole.
//!
//! The measure is an upper bound made from tokens alone. Each open bracket weighs, and each token of the statement it stands in
//! that may nest what follows: `!!!!x`, `a = b = c`, `else if`, `Box<Box<..`, `|| || x`. What ends a statement ends its weight.

use crate::language::Language;
use crate::outline::lex::{Kind, Token, lex};

/// The most that is given to the parser: measured in the component with 256 KiB of stack, none of three dozen ways
/// to nest used it up at 590, while some did at 1150.
pub const MOST: u32 = 350;

/// Of a bracket, and of a bar.
const BRACKET: u32 = 8;
/// Of a `<` that is not closed yet: arguments of types take twice the stack of brackets.
const ANGLE: u32 = 20;
/// Of a token that may stand before an operand.
const PREFIX: u32 = 4;
/// Of one that does: `&&&x` and `&&&T` take the most stack for a token.
const UNARY: u32 = 16;

/// What is open at one level of brackets.
#[derive(Default, Clone, Copy)]
struct Level {
    /// Weight of the expression so far.
    run: u32,
    /// `<` without their `>`.
    angles: u32,
    /// Bars of closures.
    bars: u32,
}

impl Level {
    fn weight(self) -> u32 {
        self.run.saturating_add(self.angles.saturating_mul(ANGLE)).saturating_add(self.bars.saturating_mul(BRACKET))
    }
}

/// The weight of the heaviest place.
#[must_use]
pub fn weight(text: &str) -> u32 {
    let tokens = lex(text, Language::Rust).tokens;
    let mut levels = vec![Level::default()];
    let (mut below, mut most) = (0u32, 0u32);
    for (at, token) in tokens.iter().enumerate() {
        let Some(level) = levels.last_mut() else { break };
        let word = text.get(token.start..token.end).unwrap_or_default();
        match token.kind {
            Kind::Mark(b'(' | b'[' | b'{') => {
                level.run += 1;
                below = below.saturating_add(level.weight() + BRACKET);
                levels.push(Level::default());
            }
            Kind::Mark(mark @ (b')' | b']' | b'}')) => {
                if levels.len() > 1 {
                    levels.pop();
                }
                if let Some(level) = levels.last_mut() {
                    below = below.saturating_sub(level.weight() + BRACKET);
                    if mark == b'}' && ends(text, tokens.get(at + 1)) {
                        *level = Level::default();
                    }
                }
            }
            Kind::Mark(b';') => *level = Level::default(),
            Kind::Mark(b',') => level.run = 0,
            Kind::Mark(b'>') if at > 0 && tokens.get(at - 1).is_some_and(|before| before.kind == Kind::Mark(b'=')) => {
                *level = Level::default();
            }
            Kind::Mark(b'<') => level.angles += 1,
            Kind::Mark(b'>')
                if !(at > 0 && tokens.get(at - 1).is_some_and(|before| before.kind == Kind::Mark(b'-'))) =>
            {
                level.angles = level.angles.saturating_sub(1)
            }
            Kind::Mark(b'|') => level.bars += 1,
            Kind::Mark(b'!' | b'-' | b'*' | b'&') if !operand(text, &tokens, at) => level.run += UNARY,
            Kind::Mark(b'!' | b'-' | b'*' | b'&' | b'=') => level.run += PREFIX,
            Kind::Word if is_prefix(word) => level.run += PREFIX,
            _ => level.run += 1,
        }
        let here = levels.last().copied().unwrap_or_default().weight();
        most = most.max(below.saturating_add(here));
    }
    most
}

/// Whether the token before ends an operand: then a mark joins two, and nests nothing.
fn operand(text: &str, tokens: &[Token], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).and_then(|at| tokens.get(at)) else { return false };
    match before.kind {
        Kind::Word => {
            let lifetime = at >= 2 && tokens.get(at - 2).is_some_and(|quote| quote.kind == Kind::Mark(b'\''));
            let word = text.get(before.start..before.end).unwrap_or_default();
            !lifetime && !is_prefix(word) && !matches!(word, "mut" | "as" | "where" | "ref")
        }
        Kind::Mark(mark) => b")]}?".contains(&mark),
        _ => true,
    }
}

/// Words that may stand before an operand.
fn is_prefix(word: &str) -> bool {
    matches!(
        word,
        "return"
            | "break"
            | "else"
            | "move"
            | "dyn"
            | "impl"
            | "for"
            | "if"
            | "while"
            | "match"
            | "loop"
            | "let"
            | "async"
            | "unsafe"
            | "const"
            | "static"
            | "in"
            | "yield"
    )
}

/// Whether a statement ends with the `}` before this token.
fn ends(text: &str, next: Option<&Token>) -> bool {
    let Some(next) = next else { return true };
    match next.kind {
        Kind::Word => !matches!(text.get(next.start..next.end), Some("else" | "as")),
        Kind::Mark(mark) => b"#)]},;".contains(&mark),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nests_weighs() {
        for (before, piece, after) in [
            ("const X: u8 = ", "(", "1"),
            ("const X: bool = ", "!", "true;"),
            ("const X: u8 = ", "- ", "1;"),
            ("fn f() { ", "a = ", "1 }"),
            ("fn f() { if a {} ", "else if b {} ", "}"),
            ("type A = ", "Box<", ";"),
            ("type A = ", "T<u8, ", ";"),
            ("type A = ", "&", "u8;"),
            ("type A = ", "&'a mut ", "u8;"),
            ("type A = ", "*const ", "u8;"),
            ("type A = ", "fn() -> ", "u8;"),
            ("fn f() { ", "|a, b| ", "1 }"),
            ("fn f() { ", "return ", "1 }"),
            ("", "mod a { ", ""),
            ("fn f() { a", ".b()", "}"),
            ("fn f() { a", " + a", "}"),
        ] {
            let text = format!("{before}{}{after}", piece.repeat(400));
            assert!(weight(&text) > MOST, "{piece}: {}", weight(&text));
        }
    }

    #[test]
    fn common_code_is_light() {
        let arms = "A | B if x && y => Some(Foo::bar(1, |a| a + 1)?), ".repeat(500);
        let text = format!("fn f() {{ match x {{ {arms} }} }}\n").repeat(3);
        assert!(weight(&text) < 200, "{}", weight(&text));
        let own = include_str!("outline.rs");
        assert!(weight(own) < 300, "{}", weight(own));
    }
}
