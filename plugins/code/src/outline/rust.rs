//! Rust by outline: for files the exact reader cannot take.

use super::{Found, Scope, Source};

pub(super) fn scan(source: &Source<'_>, scope: &Scope, found: &mut Found) {
    let mut at = scope.start;
    // Where the attributes and modifiers of the item begin.
    let mut begin: Option<usize> = None;
    while at < scope.end {
        let start = begin.unwrap_or(at);
        let word = source.word(at);
        let name = source.word(at + 1);
        at = match word {
            "fn" if !name.is_empty() => function(source, scope, (start, at), found),
            "struct" | "enum" | "union" | "trait" | "mod" | "impl" if !name.is_empty() || source.is(at + 1, b'<') => {
                container(source, scope, (start, at), found)
            }
            "type" | "static" | "const"
                if !name.is_empty() && name != "fn" && !(word == "const" && is_modifier(name)) =>
            {
                let name_at = at + 1 + usize::from(name == "mut");
                let end = source.statement_end(at, scope.end);
                let kind = if word == "type" { "type" } else { "constant" };
                if source.word(name_at) != "_" {
                    found.add(item(source, kind, source.word(name_at), scope, (start, at, end), end), None);
                }
                end + 1
            }
            "use" => {
                let end = source.statement_end(at, scope.end);
                imports(source, (at + 1, end), found);
                end + 1
            }
            "macro_rules" if source.is(at + 1, b'!') && !source.word(at + 2).is_empty() => {
                let end = source.close(at + 3);
                found.add(item(source, "macro", source.word(at + 2), scope, (start, at, end), at + 3), None);
                end + 1
            }
            _ => {
                let attribute = source.is(at, b'#') && source.is(at + 1, b'[');
                if attribute || is_modifier(word) {
                    begin = Some(start);
                    at = if attribute { source.skip(at + 1) } else { at + 1 };
                    // `pub(crate)`
                    if word == "pub" && source.is(at, b'(') {
                        at = source.skip(at);
                    }
                    continue;
                }
                // Strings belong to `extern "C"`.
                if begin.is_none() || source.string(at).is_empty() {
                    begin = None;
                }
                at + 1
            }
        };
        if !matches!(word, "") {
            begin = None;
        }
    }
}

fn is_modifier(word: &str) -> bool {
    matches!(word, "pub" | "const" | "async" | "unsafe" | "extern" | "default")
}

/// A unit whose comment stands above its attributes and whose head begins with its first modifier.
fn item(
    source: &Source<'_>,
    kind: &'static str,
    name: &str,
    scope: &Scope,
    (start, at, last): (usize, usize, usize),
    head: usize,
) -> crate::unit::Unit {
    let mut from = start;
    while from < at && source.is(from, b'#') {
        from = source.skip(from + 1);
    }
    let mut unit = source.unit(kind, name, scope, (from, last), head);
    unit.doc = source.doc(start);
    unit
}

/// The first brace or `;` of an item.
fn head_end(source: &Source<'_>, from: usize, end: usize) -> usize {
    source.seek(from, end, |at| source.is(at, b'{') || source.is(at, b';'))
}

fn function(source: &Source<'_>, scope: &Scope, (start, at): (usize, usize), found: &mut Found) -> usize {
    let head = head_end(source, at, scope.end);
    let has_body = source.is(head, b'{');
    let last = if has_body { source.close(head) } else { head };
    let kind = if scope.of_type { "method" } else { "function" };
    let mut unit = item(source, kind, source.word(at + 1), scope, (start, at, last), head);
    unit.complexity = has_body.then_some(1);
    let body = has_body.then_some((head + 1, last));
    let place = found.add(unit, body);
    if let Some(body) = body {
        found.enter(scope, body, place, false);
    }
    last + 1
}

fn container(source: &Source<'_>, scope: &Scope, (start, at): (usize, usize), found: &mut Found) -> usize {
    let head = head_end(source, at, scope.end);
    let has_body = source.is(head, b'{');
    let last = if has_body { source.close(head) } else { head };
    let (kind, name) = match source.word(at) {
        "impl" => ("impl", implemented(source, at, head)),
        "enum" => ("enum", source.word(at + 1)),
        "trait" => ("trait", source.word(at + 1)),
        "mod" => ("module", source.word(at + 1)),
        _ => ("struct", source.word(at + 1)),
    };
    if name.is_empty() {
        return at + 1;
    }
    let place = found.add(item(source, kind, name, scope, (start, at, last), head), None);
    if has_body && matches!(kind, "impl" | "trait" | "module") {
        found.enter(scope, (head + 1, last), place, kind != "module");
    }
    last + 1
}

/// The type an `impl` is for: the last part of its path.
fn implemented<'a>(source: &Source<'a>, at: usize, head: usize) -> &'a str {
    let mut angle = 0i32;
    let mut name = "";
    for at in at + 1..head.min(at + super::MOST_HEAD) {
        // `->` closes nothing.
        let arrow = source.is(at, b'>') && source.is(at - 1, b'-');
        angle += i32::from(source.is(at, b'<')) - i32::from(source.is(at, b'>') && !arrow);
        match source.word(at) {
            _ if angle > 0 => {}
            "" | "dyn" | "mut" | "const" => {}
            "where" => break,
            "for" => name = "",
            word => name = word,
        }
    }
    name
}

/// `a::{b, c::d as e}`: each name with the path before it. The braces are walked with a stack, not by recursion.
fn imports(source: &Source<'_>, (start, end): (usize, usize), found: &mut Found) {
    let mut prefixes: Vec<String> = Vec::new();
    let mut path = String::new();
    let mut at = start;
    let flush = |path: &mut String, alias: &str, at: usize, found: &mut Found| {
        let whole = std::mem::take(path);
        let module = whole.strip_suffix("::self").unwrap_or(&whole);
        found.import(module, alias, source.line(at));
    };
    let mut alias = "";
    while at < end {
        if source.is(at, b'{') {
            prefixes.push(path.clone());
        } else if source.is(at, b',') || source.is(at, b'}') {
            let prefix = prefixes.last().map_or("", String::as_str);
            if path != prefix {
                flush(&mut path, alias, at, found);
            }
            alias = "";
            if source.is(at, b'}') {
                // Behind the group nothing is left to be said of its path.
                prefixes.pop();
                path = prefixes.last().cloned().unwrap_or_default();
                at += 1;
                continue;
            }
            path = prefix.to_owned();
        } else if source.word(at) == "as" {
            alias = source.word(at + 1);
            at += 1;
        } else if let Some(token) = source.tokens.get(at).filter(|_| path.len() < 400) {
            path.push_str(source.text.get(token.start..token.end).unwrap_or_default());
        }
        at += 1;
    }
    if prefixes.is_empty() && !path.is_empty() {
        flush(&mut path, alias, start, found);
    }
}
