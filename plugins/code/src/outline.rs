//! The outline reader: declarations, what they call, imports; from words and brackets, without a grammar of the language.

pub mod go;
pub mod lex;
pub mod python;
pub mod rust;
pub mod script;
pub mod statement;

use crate::language::{Language, is_keyword};
use crate::unit::{Import, Outline, Unit, counted};
use lex::{Comment, Kind, Lexed, Token};
use std::collections::BTreeSet;

/// Declarations within declarations, at most.
const MOST_DEPTH: u32 = 50;

/// Tokens and brackets of the head of a declaration, at most: what does not end is not looked through again and again.
const MOST_HEAD: usize = 1_000;
/// Bytes of a text between tokens that is looked at.
const MOST_SLICE: usize = 4_000;

/// A text with its tokens and the other end of each bracket.
pub struct Source<'a> {
    text: &'a str,
    language: Language,
    tokens: Vec<Token>,
    comments: Vec<Comment>,
    /// Of an opening bracket: its closing one, or the number of tokens.
    close: Vec<usize>,
}

/// A unit and where its body lies.
struct Draft {
    unit: Unit,
    /// Tokens of its body, the end not included.
    body: Option<(usize, usize)>,
}

/// A place where declarations are looked for.
#[derive(Debug, Clone, Copy)]
struct Scope {
    start: usize,
    end: usize,
    /// The draft it is the body of.
    container: Option<usize>,
    /// Whether the container is a type: functions in it are methods.
    of_type: bool,
    depth: u32,
}

/// What a reader has found so far.
#[derive(Default)]
struct Found {
    drafts: Vec<Draft>,
    imports: Vec<Import>,
    scopes: Vec<Scope>,
    too_deep: bool,
}

impl Found {
    /// Adds a unit; answers its place.
    fn add(&mut self, unit: Unit, body: Option<(usize, usize)>) -> usize {
        self.drafts.push(Draft { unit, body });
        self.drafts.len() - 1
    }

    /// Looks for declarations in a body later.
    fn enter(&mut self, outer: &Scope, (start, end): (usize, usize), container: usize, of_type: bool) {
        if outer.depth >= MOST_DEPTH {
            self.too_deep = true;
            return;
        }
        self.scopes.push(Scope { start, end, container: Some(container), of_type, depth: outer.depth + 1 });
    }

    fn import(&mut self, module: &str, name: &str, line: u32) {
        let last =
            |text: &str| text.rsplit(['/', '.', ':']).find(|part| !part.is_empty()).unwrap_or_default().to_owned();
        let name = if name.is_empty() { last(module) } else { name.to_owned() };
        if !module.is_empty() && !name.is_empty() {
            self.imports.push(Import { module: module.chars().take(400).collect(), name, line });
        }
    }
}

/// Reads a text of any of the languages. It never fails: what is not understood is passed over.
#[must_use]
pub fn read(text: &str, language: Language) -> Outline {
    let source = Source::new(text, language);
    let mut found = Found::default();
    found.scopes.push(Scope { start: 0, end: source.tokens.len(), container: None, of_type: false, depth: 0 });
    while let Some(scope) = found.scopes.pop() {
        match language {
            Language::Python => python::scan(&source, &scope, &mut found),
            Language::JavaScript | Language::TypeScript => script::scan(&source, &scope, &mut found),
            Language::Rust => rust::scan(&source, &scope, &mut found),
            Language::Go => go::scan(&source, &scope, &mut found),
            Language::Java | Language::C | Language::Cpp => statement::scan(&source, &scope, &mut found),
        }
    }
    source.finish(found)
}

impl<'a> Source<'a> {
    fn new(text: &'a str, language: Language) -> Self {
        let Lexed { tokens, comments } = lex::lex(text, language);
        let close = pairs(&tokens);
        Self { text, language, tokens, comments, close }
    }

    /// The text of a token that is a word; empty of others.
    fn word(&self, at: usize) -> &'a str {
        match self.tokens.get(at) {
            Some(token) if token.kind == Kind::Word => self.text.get(token.start..token.end).unwrap_or_default(),
            _ => "",
        }
    }

    /// The text of a string without its quotes.
    fn string(&self, at: usize) -> &'a str {
        match self.tokens.get(at) {
            Some(token) if token.kind == Kind::Text => {
                let text = self.text.get(token.start..token.end).unwrap_or_default();
                text.trim_matches(['"', '\'', '`'])
            }
            _ => "",
        }
    }

    fn is(&self, at: usize, mark: u8) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind == Kind::Mark(mark))
    }

    fn line(&self, at: usize) -> u32 {
        self.tokens.get(at).or(self.tokens.last()).map_or(1, |token| token.line)
    }

    /// The line a token ends on.
    fn last_line(&self, at: usize) -> u32 {
        let Some(token) = self.tokens.get(at).or(self.tokens.last()) else { return 1 };
        let lines = self.text.get(token.start..token.end).unwrap_or_default().matches('\n').count();
        token.line + u32::try_from(lines).unwrap_or_default()
    }

    /// The closing bracket of an opening one.
    fn close(&self, at: usize) -> usize {
        self.close.get(at).copied().unwrap_or(at).max(at)
    }

    /// Where to go on after a token: behind its bracket, if it opens one.
    fn skip(&self, at: usize) -> usize {
        self.close(at) + 1
    }

    /// The text from a token to before another, in one line.
    fn slice(&self, from: usize, to: usize) -> String {
        let start = self.tokens.get(from).map_or(0, |token| token.start);
        let end = to.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(start, |token| token.end);
        let text = self.text.get(start..end.max(start)).unwrap_or_default();
        crate::unit::one_line(text.get(..text.floor_char_boundary(MOST_SLICE)).unwrap_or_default())
    }

    /// The comments right above a token, without their marks.
    fn doc(&self, at: usize) -> String {
        let Some(token) = self.tokens.get(at) else { return String::new() };
        let before = self.comments.partition_point(|comment| comment.start < token.start);
        let mut line = token.line;
        let mut lines = Vec::new();
        for comment in self.comments.get(..before).unwrap_or_default().iter().rev() {
            if !comment.first || comment.last + 1 < line || comment.last >= line && line != token.line {
                break;
            }
            line = comment.line;
            lines.push(plain(self.text.get(comment.start..comment.end).unwrap_or_default()));
            if lines.len() >= 200 {
                break;
            }
        }
        lines.reverse();
        lines.join("\n").trim().to_owned()
    }

    /// A unit between two tokens, the last one included.
    fn unit(&self, kind: &'static str, name: &str, scope: &Scope, span: (usize, usize), head_end: usize) -> Unit {
        Unit {
            kind,
            name: name.to_owned(),
            container: scope.container,
            signature: self.slice(span.0, head_end),
            doc: self.doc(span.0),
            first: self.line(span.0),
            last: self.last_line(span.1.min(self.tokens.len().saturating_sub(1))),
            ..Unit::default()
        }
    }

    /// The first token of one level for which `found` holds, from a token on; `end`, or where the head has grown too long.
    fn seek(&self, from: usize, end: usize, found: impl Fn(usize) -> bool) -> usize {
        let mut at = from;
        for _ in 0..MOST_HEAD {
            if at >= end || found(at) {
                break;
            }
            at = self.skip(at);
        }
        at.min(end.max(from))
    }

    /// The end of a statement: its `;`, or the end of the scope.
    fn statement_end(&self, from: usize, end: usize) -> usize {
        let mut at = from;
        while at < end && !self.is(at, b';') {
            at = self.skip(at);
        }
        at.min(end)
    }

    /// Gives every callable what lies in it and in no callable within it, orders the units and makes the outline.
    fn finish(&self, found: Found) -> Outline {
        let Found { mut drafts, mut imports, too_deep, .. } = found;
        let modules: BTreeSet<&str> = imports.iter().map(|import| import.name.as_str()).collect();
        let mut bodies: Vec<(usize, usize, usize)> = drafts
            .iter()
            .enumerate()
            .filter(|(_, draft)| draft.unit.complexity.is_some())
            .filter_map(|(nth, draft)| draft.body.map(|(start, end)| (start, end, nth)))
            .collect();
        bodies.sort_unstable_by_key(|(start, end, nth)| (*start, std::cmp::Reverse(*end), *nth));
        let mut open: Vec<(usize, usize)> = Vec::new();
        let mut calls = vec![Vec::new(); drafts.len()];
        let mut next = bodies.into_iter().peekable();
        for at in 0..self.tokens.len() {
            while open.last().is_some_and(|(end, _)| *end <= at) {
                open.pop();
            }
            while let Some((_, end, nth)) = next.next_if(|(start, ..)| *start <= at) {
                open.push((end, nth));
            }
            let Some((_, nth)) = open.last() else { continue };
            if self.decides(at)
                && let Some(complexity) = drafts.get_mut(*nth).and_then(|draft| draft.unit.complexity.as_mut())
            {
                *complexity += 1;
            }
            if let (Some(call), Some(list)) = (self.call(at, &modules), calls.get_mut(*nth)) {
                list.push(call);
            }
        }
        for (draft, calls) in drafts.iter_mut().zip(calls) {
            draft.unit.calls = counted(calls);
        }
        imports.sort();
        imports.dedup();
        let notes = if too_deep {
            vec![format!("declarations deeper than {MOST_DEPTH} levels are left out")]
        } else {
            Vec::new()
        };
        Outline { parser: "outline", units: in_order(drafts), imports, notes }
    }

    /// Whether a token is a decision point.
    fn decides(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at) else { return false };
        match token.kind {
            Kind::Word => {
                let word = self.word(at);
                // A name after a point is a field.
                let field = at.checked_sub(1).is_some_and(|before| self.is(before, b'.'));
                !field
                    && match self.language {
                        Language::Python => {
                            matches!(word, "if" | "elif" | "for" | "while" | "except" | "and" | "or" | "case")
                        }
                        Language::Rust => matches!(word, "if" | "while" | "for"),
                        _ => matches!(word, "if" | "for" | "while" | "case" | "catch"),
                    }
            }
            Kind::Mark(mark @ (b'&' | b'|')) if self.language != Language::Python => {
                let joined = |a: usize, b: usize| {
                    self.tokens.get(a).zip(self.tokens.get(b)).is_some_and(|(a, b)| a.end == b.start)
                };
                // The second of two; what follows is an operand, so that a closure without parameters is none.
                at > 0
                    && self.is(at - 1, mark)
                    && joined(at - 1, at)
                    && !(at > 1 && self.is(at - 2, mark) && joined(at - 2, at - 1))
            }
            Kind::Mark(b'?') => match self.language {
                Language::Python | Language::Go => false,
                Language::Rust => true,
                // `?.`, `?:`, the first of `??` and the types of optional parameters decide nothing.
                _ => !b".:?),>".iter().any(|mark| self.is(at + 1, *mark)),
            },
            Kind::Mark(b'=') if self.language == Language::Rust => self.is(at + 1, b'>'),
            _ => false,
        }
    }

    /// The call that begins with this word, with what it is called on.
    fn call(&self, at: usize, modules: &BTreeSet<&str>) -> Option<(String, String)> {
        let name = self.word(at);
        if name.is_empty() || is_keyword(name) {
            return None;
        }
        let called = self.is(at + 1, b'(')
            || (self.language == Language::Rust
                && self.is(at + 1, b'!')
                && (self.is(at + 2, b'(') || self.is(at + 2, b'[') || self.is(at + 2, b'{')));
        let declared =
            matches!(self.word(at.checked_sub(1).unwrap_or(usize::MAX)), "fn" | "func" | "function" | "def" | "class");
        if !called || declared {
            return None;
        }
        let path = at >= 3 && self.is(at - 1, b':') && self.is(at - 2, b':');
        let field = at >= 2 && self.is(at - 1, b'.')
            || self.language.is_c() && at >= 3 && self.is(at - 1, b'>') && self.is(at - 2, b'-');
        let on = match (path, field) {
            (true, _) => self.word(at - 3),
            (_, true) => self.word(at - 2 - usize::from(self.is(at - 1, b'>'))),
            _ => "",
        };
        let whole = field && at >= 3 && (self.is(at - 3, b'.') || self.is(at - 3, b')'));
        let qualifier = match on {
            "self" | "this" | "cls" | "Self" if !whole => "self",
            on if path || modules.contains(on) || on.starts_with(|letter: char| letter.is_uppercase()) => on,
            _ => "",
        };
        Some((name.to_owned(), qualifier.to_owned()))
    }
}

/// The other end of each bracket. One that nothing closes reaches to the end; one that nothing opened is passed over.
fn pairs(tokens: &[Token]) -> Vec<usize> {
    let mut close: Vec<usize> = (0..tokens.len()).collect();
    let mut open: Vec<(usize, u8)> = Vec::new();
    // How many of each kind are open: whether to look for one is known without looking.
    let mut counts = [0u32; 3];
    let kind = |mark: u8| match mark {
        b'(' | b')' => 0,
        b'[' | b']' => 1,
        _ => 2,
    };
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Mark(mark @ (b'(' | b'[' | b'{')) => {
                open.push((at, mark));
                if let Some(count) = counts.get_mut(kind(mark)) {
                    *count += 1;
                }
            }
            Kind::Mark(mark @ (b')' | b']' | b'}')) if counts.get(kind(mark)).is_some_and(|count| *count > 0) => {
                while let Some((begin, opened)) = open.pop() {
                    if let Some(count) = counts.get_mut(kind(opened)) {
                        *count -= 1;
                    }
                    if let Some(close) = close.get_mut(begin) {
                        *close = at;
                    }
                    if kind(opened) == kind(mark) {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    for (begin, _) in open {
        if let Some(close) = close.get_mut(begin) {
            *close = tokens.len();
        }
    }
    close
}

/// Units in the order of the text, containers by their new places.
fn in_order(drafts: Vec<Draft>) -> Vec<Unit> {
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    // A container is found before what is in it and begins no later.
    order.sort_by_key(|nth| drafts.get(*nth).map_or((0, *nth), |draft| (draft.unit.first, *nth)));
    let mut place = vec![0; drafts.len()];
    for (new, old) in order.iter().enumerate() {
        if let Some(place) = place.get_mut(*old) {
            *place = new;
        }
    }
    let mut units: Vec<Option<Unit>> = drafts.into_iter().map(|draft| Some(draft.unit)).collect();
    let mut out = Vec::with_capacity(units.len());
    for old in order {
        if let Some(mut unit) = units.get_mut(old).and_then(Option::take) {
            unit.container = unit.container.and_then(|at| place.get(at).copied());
            out.push(unit);
        }
    }
    out
}

/// A comment without its marks.
fn plain(comment: &str) -> String {
    let body = comment.trim_start_matches("/*").trim_end_matches("*/");
    let line = |line: &str| {
        let line = line.trim();
        let line = line.trim_start_matches(['/', '#', '!', '*']);
        line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned()
    };
    body.lines().map(line).collect::<Vec<_>>().join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests;
