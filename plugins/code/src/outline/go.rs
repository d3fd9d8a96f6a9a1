//! Go: `func`, `type`, `const`, `import` at the top of a file.

use super::{Found, Scope, Source};
use crate::outline::lex::Kind;

pub(super) fn scan(source: &Source<'_>, scope: &Scope, found: &mut Found) {
    let mut at = scope.start;
    while at < scope.end {
        at = match source.word(at) {
            "func" => function(source, scope, at, found),
            "type" => grouped(source, at, |spec, end| type_spec(source, scope, at, (spec, end), found)),
            "import" => grouped(source, at, |spec, end| import(source, (spec, end), found)),
            "const" => grouped(source, at, |spec, end| constant(source, scope, at, (spec, end), found)),
            _ => source.skip(at),
        };
    }
}

/// Calls for the one thing after a keyword, or for each line in its brackets; answers where to go on.
fn grouped(source: &Source<'_>, at: usize, mut each: impl FnMut(usize, usize)) -> usize {
    if !source.is(at + 1, b'(') {
        let end = line_end(source, at + 1, source.tokens.len());
        each(at + 1, end);
        return end.max(at + 1);
    }
    let close = source.close(at + 1);
    let mut spec = at + 2;
    while spec < close {
        let end = line_end(source, spec, close).max(spec + 1);
        each(spec, end);
        spec = end + usize::from(source.is(end, b';'));
    }
    close + 1
}

/// The end of what begins at a token: the next token that begins a line outside of brackets, or a `;`.
fn line_end(source: &Source<'_>, from: usize, end: usize) -> usize {
    let mut at = source.skip(from);
    while at < end && !source.is(at, b';') && !source.tokens.get(at).is_some_and(|token| token.first) {
        at = source.skip(at);
    }
    at.min(end)
}

fn function(source: &Source<'_>, scope: &Scope, at: usize, found: &mut Found) -> usize {
    let (mut name_at, mut owner) = (at + 1, "");
    if source.is(name_at, b'(') {
        let close = source.close(name_at);
        // `(r *List[T])`: the last word outside of the type's own brackets.
        let mut token = name_at + 1;
        while token < close {
            if !source.word(token).is_empty() {
                owner = source.word(token);
            }
            token = source.skip(token);
        }
        name_at = close + 1;
    }
    let name = source.word(name_at);
    if name.is_empty() {
        return at + 1;
    }
    let mut head = name_at + 1;
    while head < scope.end {
        // A brace after `struct` or `interface` is a type's.
        let of_type = matches!(source.word(head - 1), "struct" | "interface");
        if source.is(head, b'{') && !of_type {
            break;
        }
        if head > name_at + 2 && source.tokens.get(head).is_some_and(|token| token.first) {
            // A declaration without a body.
            break;
        }
        head = source.skip(head);
    }
    let kind = if owner.is_empty() { "function" } else { "method" };
    let (last, body) = match source.is(head, b'{') {
        true => (source.close(head), Some((head + 1, source.close(head)))),
        false => (head.saturating_sub(1), None),
    };
    let mut unit = source.unit(kind, name, scope, (at, last), head);
    owner.clone_into(&mut unit.owner);
    unit.complexity = body.map(|_| 1);
    found.add(unit, body);
    last + 1
}

fn type_spec(source: &Source<'_>, scope: &Scope, keyword: usize, (at, end): (usize, usize), found: &mut Found) {
    let name = source.word(at);
    if name.is_empty() {
        return;
    }
    let generic = if source.is(at + 1, b'[') { source.skip(at + 1) } else { at + 1 };
    let kind = match source.word(generic) {
        "struct" => "struct",
        "interface" => "interface",
        _ => "type",
    };
    let brace = (at..end).find(|at| source.is(*at, b'{')).unwrap_or(end);
    let start = if keyword + 1 == at { keyword } else { at };
    found.add(source.unit(kind, name, scope, (start, end.saturating_sub(1)), brace), None);
}

fn constant(source: &Source<'_>, scope: &Scope, keyword: usize, (at, end): (usize, usize), found: &mut Found) {
    let name = source.word(at);
    if !name.is_empty() && name != "_" {
        let start = if keyword + 1 == at { keyword } else { at };
        found.add(source.unit("constant", name, scope, (start, end.saturating_sub(1)), end), None);
    }
}

fn import(source: &Source<'_>, (at, end): (usize, usize), found: &mut Found) {
    let Some(path) = (at..end).find(|at| source.tokens.get(*at).is_some_and(|token| token.kind == Kind::Text)) else {
        return;
    };
    let alias = if path > at { source.word(at) } else { "" };
    found.import(source.string(path), if alias == "_" { "" } else { alias }, source.line(path));
}
