//! JavaScript and TypeScript: functions, arrows with a name, classes and their members, interfaces, enums, types, imports.

use super::{Found, MOST_HEAD, Scope, Source};
use crate::outline::lex::Kind;

/// Tokens an import has, at most.
const MOST_IMPORT: usize = 1_000;

pub(super) fn scan(source: &Source<'_>, scope: &Scope, found: &mut Found) {
    let mut at = scope.start;
    while at < scope.end {
        at = if scope.of_type { member(source, scope, at, found) } else { statement(source, scope, at, found) }
            .max(at + 1);
    }
}

/// A body and where its function ends.
struct Body {
    /// The token after the head.
    head: usize,
    inner: (usize, usize),
    last: usize,
}

fn statement(source: &Source<'_>, scope: &Scope, at: usize, found: &mut Found) -> usize {
    // A name after a point is a property.
    if at > 0 && source.is(at - 1, b'.') {
        return at + 1;
    }
    let name = source.word(at + 1);
    match source.word(at) {
        "function" => function(source, scope, at, found),
        "class" if !name.is_empty() => {
            let head = brace(source, at + 1, scope.end);
            let name = if name == "extends" { assigned_name(source, at) } else { name };
            declare(source, scope, ("class", name), (at, head), found)
        }
        "interface" if !name.is_empty() => {
            declare(source, scope, ("interface", name), (at, brace(source, at + 1, scope.end)), found)
        }
        "enum" if source.is(at + 2, b'{') => declare(source, scope, ("enum", name), (at, at + 2), found),
        "namespace" | "module" if !name.is_empty() && source.is(brace(source, at + 1, scope.end), b'{') => {
            declare(source, scope, ("module", name), (at, brace(source, at + 1, scope.end)), found)
        }
        "type" if !name.is_empty() && (source.is(at + 2, b'=') || source.is(at + 2, b'<')) => {
            let end = expression_end(source, at + 2, scope.end);
            found.add(source.unit("type", name, scope, (at, end.saturating_sub(1)), end), None);
            end
        }
        "const" | "let" | "var" if !name.is_empty() => variable(source, scope, at, found),
        "import" => import(source, at, scope.end, found),
        "require" if source.is(at + 1, b'(') => {
            found.import(source.string(at + 2), "", source.line(at));
            at + 1
        }
        "export" if source.is(at + 1, b'*') || source.is(at + 1, b'{') => {
            let from = if source.is(at + 1, b'{') { source.skip(at + 1) } else { at + 2 };
            if source.word(from) == "from" { import(source, at, scope.end, found) } else { at + 1 }
        }
        _ if source.is(at, b'=') && at > 1 && source.is(at - 2, b'.') => {
            let name = source.word(at - 1);
            match value(source, at + 1, scope.end).filter(|_| !name.is_empty()) {
                Some(body) => callable(source, scope, ("function", name, at - 1), body, found),
                None => at + 1,
            }
        }
        _ => at + 1,
    }
}

/// The next `{` outside of other brackets; `end` if there is none.
fn brace(source: &Source<'_>, from: usize, end: usize) -> usize {
    source.seek(from, end, |at| source.is(at, b'{') || source.is(at, b';'))
}

/// `name` in `name = function`.
fn assigned_name<'a>(source: &Source<'a>, at: usize) -> &'a str {
    if at > 1 && source.is(at - 1, b'=') { source.word(at - 2) } else { "" }
}

fn declare(
    source: &Source<'_>,
    scope: &Scope,
    (kind, name): (&'static str, &str),
    (at, head): (usize, usize),
    found: &mut Found,
) -> usize {
    if name.is_empty() || !source.is(head, b'{') {
        return at + 1;
    }
    let last = source.close(head);
    let start = beginning(source, at);
    let place = found.add(source.unit(kind, name, scope, (start, last), head), None);
    if kind == "class" || kind == "module" {
        found.enter(scope, (head + 1, last), place, kind == "class");
    }
    last + 1
}

/// The first of the modifiers before a token.
fn beginning(source: &Source<'_>, at: usize) -> usize {
    let mut start = at;
    while start > 0
        && matches!(
            source.word(start - 1),
            "export" | "default" | "async" | "abstract" | "declare" | "const" | "let" | "var"
        )
    {
        start -= 1;
    }
    start
}

fn function(source: &Source<'_>, scope: &Scope, at: usize, found: &mut Found) -> usize {
    let name_at = at + 1 + usize::from(source.is(at + 1, b'*'));
    let own = source.word(name_at);
    let name = if own.is_empty() { assigned_name(source, at) } else { own };
    match body(source, name_at, scope.end).filter(|_| !name.is_empty()) {
        Some(body) => callable(source, scope, ("function", name, beginning(source, at)), body, found),
        None => at + 1,
    }
}

/// The body of a function whose parameters come after a token.
fn body(source: &Source<'_>, from: usize, end: usize) -> Option<Body> {
    let at =
        (from..end.min(from + MOST_HEAD)).find(|at| [b'(', b'{', b';'].iter().any(|mark| source.is(*at, *mark)))?;
    if !source.is(at, b'(') {
        return None;
    }
    let mut head = source.skip(at);
    for _ in 0..MOST_HEAD {
        if head >= end || source.is(head, b';') {
            return None;
        }
        // A brace after one of these is a type's.
        let of_type = b":|&<,".iter().any(|mark| source.is(head - 1, *mark));
        if source.is(head, b'{') && !of_type {
            let last = source.close(head);
            return Some(Body { head, inner: (head + 1, last), last });
        }
        let next_declaration = source.tokens.get(head).is_some_and(|token| token.first) && !source.is(head, b'{');
        if next_declaration && !source.is(head, b':') && !source.is(head - 1, b':') && !source.is(head, b'|') {
            return None;
        }
        head = source.skip(head);
    }
    None
}

/// The body of a value that is a function or an arrow.
fn value(source: &Source<'_>, at: usize, end: usize) -> Option<Body> {
    let at = at + usize::from(source.word(at) == "async");
    if source.word(at) == "function" {
        return body(source, at + 1, end);
    }
    let mut arrow = match source.is(at, b'(') {
        true => source.skip(at),
        false if source.is(at, b'<') => {
            let open = (at..end.min(at + 100)).find(|at| source.is(*at, b'('))?;
            source.skip(open)
        }
        false if !source.word(at).is_empty() => at + 1,
        false => return None,
    };
    if source.is(arrow, b':') {
        // The type of what it answers.
        arrow = source.seek(arrow, end, |at| [b';', b'=', b','].iter().any(|mark| source.is(at, *mark)));
    }
    if !(source.is(arrow, b'=') && source.is(arrow + 1, b'>')) || arrow >= end {
        return None;
    }
    let head = arrow + 2;
    if source.is(head, b'{') {
        let last = source.close(head);
        return Some(Body { head, inner: (head + 1, last), last });
    }
    let after = expression_end(source, head, end);
    Some(Body { head, inner: (head, after), last: after.saturating_sub(1) })
}

/// Where an expression ends: at `;` or `,`, at the bracket around it, or with a line that nothing joins to the next.
fn expression_end(source: &Source<'_>, from: usize, end: usize) -> usize {
    let joins = |at: usize| match source.tokens.get(at).map(|token| token.kind) {
        Some(Kind::Mark(mark)) => !b")]};".contains(&mark),
        _ => false,
    };
    source.seek(from, end, |at| {
        let closing = [b')', b']', b'}'].iter().any(|mark| source.is(at, *mark));
        let first = source.tokens.get(at).is_some_and(|token| token.first);
        let begins = matches!(source.tokens.get(at).map(|token| token.kind), Some(Kind::Mark(mark)) if b".?:|&+-*/=<>".contains(&mark));
        source.is(at, b';') || source.is(at, b',') || at > from && (closing || first && !joins(at - 1) && !begins)
    })
}

fn callable(
    source: &Source<'_>,
    scope: &Scope,
    (kind, name, start): (&'static str, &str, usize),
    body: Body,
    found: &mut Found,
) -> usize {
    let mut unit = source.unit(kind, name, scope, (start, body.last), body.head);
    unit.complexity = Some(1);
    let place = found.add(unit, Some(body.inner));
    found.enter(scope, body.inner, place, false);
    body.last + 1
}

fn variable(source: &Source<'_>, scope: &Scope, at: usize, found: &mut Found) -> usize {
    let name = source.word(at + 1);
    let mut equal = at + 2;
    if source.is(equal, b':') {
        equal =
            source.seek(equal, scope.end, |at| source.is(at, b';') || source.is(at, b'=') && !source.is(at + 1, b'>'));
    }
    if !source.is(equal, b'=') {
        return at + 1;
    }
    if let Some(body) = value(source, equal + 1, scope.end) {
        return callable(source, scope, ("function", name, beginning(source, at)), body, found);
    }
    if source.word(equal + 1) == "require" && source.is(equal + 2, b'(') {
        found.import(source.string(equal + 3), name, source.line(at));
        return equal + 2;
    }
    let constant = name.len() > 1 && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if scope.container.is_none() && source.word(at) == "const" && constant {
        let end = expression_end(source, equal + 1, scope.end);
        found.add(source.unit("constant", name, scope, (beginning(source, at), end.saturating_sub(1)), end), None);
    }
    equal + 1
}

fn import(source: &Source<'_>, at: usize, end: usize, found: &mut Found) -> usize {
    let line = source.line(at);
    if source.is(at + 1, b'(') {
        found.import(source.string(at + 2), "", line);
        return at + 1;
    }
    let is_text = |at: usize| source.tokens.get(at).is_some_and(|token| token.kind == Kind::Text);
    let Some(from) = (at + 1..end.min(at + MOST_IMPORT)).find(|at| is_text(*at) || source.is(*at, b';')) else {
        return at + 1;
    };
    if !is_text(from) {
        return from;
    }
    let mut any = false;
    for at in at + 1..from {
        let word = source.word(at);
        let renamed = source.word(at + 1) == "as";
        if word.is_empty() || renamed || matches!(word, "from" | "as" | "type" | "typeof") {
            continue;
        }
        found.import(source.string(from), word, line);
        any = true;
    }
    if !any {
        found.import(source.string(from), "", line);
    }
    from + 1
}

fn member(source: &Source<'_>, scope: &Scope, from: usize, found: &mut Found) -> usize {
    let mut at = from;
    while source.is(at, b'@') {
        at += 2;
        while source.is(at, b'.') {
            at += 2;
        }
        if source.is(at, b'(') {
            at = source.skip(at);
        }
    }
    let is_modifier = |at: usize| {
        matches!(
            source.word(at),
            "static"
                | "async"
                | "get"
                | "set"
                | "public"
                | "private"
                | "protected"
                | "readonly"
                | "abstract"
                | "override"
                | "declare"
                | "accessor"
        ) && (!source.word(at + 1).is_empty() || [b'#', b'*', b'['].iter().any(|mark| source.is(at + 1, *mark)))
    };
    let start = at;
    while is_modifier(at) {
        at += 1;
    }
    while source.is(at, b'#') || source.is(at, b'*') {
        at += 1;
    }
    let name = if source.word(at).is_empty() { source.string(at) } else { source.word(at) };
    if name.is_empty() || at >= scope.end {
        return source.skip(at);
    }
    let mut next = at + 1;
    while source.is(next, b'?') || source.is(next, b'!') {
        next += 1;
    }
    if source.is(next, b'(') || source.is(next, b'<') {
        return match body(source, next, scope.end) {
            Some(body) => callable(source, scope, ("method", name, start), body, found),
            // An overload or an abstract method.
            None => field_end(source, next, scope.end),
        };
    }
    let end = field_end(source, next, scope.end);
    if let Some(equal) =
        (next..end).find(|at| source.is(*at, b'=') && !source.is(*at + 1, b'>') && !source.is(*at - 1, b'='))
        && let Some(body) = value(source, equal + 1, scope.end)
    {
        return callable(source, scope, ("method", name, start), body, found);
    }
    end
}

/// Where a field ends.
fn field_end(source: &Source<'_>, from: usize, end: usize) -> usize {
    let at = expression_end(source, from, end);
    at + usize::from(source.is(at, b';') || source.is(at, b','))
}
