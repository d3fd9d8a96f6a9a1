//! Python: declarations by indentation.

use super::{Found, Scope, Source};
use crate::outline::lex::Kind;

/// Columns of a tab.
const TAB: usize = 8;

/// A logical line: its tokens and how far it is indented.
struct Line {
    start: usize,
    end: usize,
    indent: usize,
}

pub(super) fn scan(source: &Source<'_>, scope: &Scope, found: &mut Found) {
    // Bodies lie within the lines of the whole; one pass over the lines with a stack of what is open.
    if scope.depth > 0 {
        return;
    }
    let lines = lines(source, scope.start, scope.end);
    let mut open: Vec<(usize, usize, bool)> = Vec::new();
    let mut decorated: Option<usize> = None;
    for (nth, line) in lines.iter().enumerate() {
        while open.last().is_some_and(|(indent, ..)| *indent >= line.indent) {
            open.pop();
        }
        if source.is(line.start, b'@') {
            decorated.get_or_insert(line.start);
            continue;
        }
        let head = line.start + usize::from(source.word(line.start) == "async" && source.word(line.start + 1) == "def");
        match source.word(head) {
            kind @ ("def" | "class") => {
                let (indent, start) = (line.indent, decorated.take().unwrap_or(line.start));
                let end = lines
                    .iter()
                    .skip(nth + 1)
                    .find(|later| later.indent <= indent)
                    .map_or(scope.end, |later| later.start);
                let container = open.last();
                let kind = match (kind, container) {
                    ("class", _) => "class",
                    (_, Some((.., true))) => "method",
                    _ => "function",
                };
                let inner = Scope { container: container.map(|(_, nth, _)| *nth), ..*scope };
                let Some(place) = declare(source, &inner, (kind, head), (start, line, end), found) else { continue };
                open.push((indent, place, kind == "class"));
            }
            "import" => plain_import(source, line, found),
            "from" => from_import(source, line, found),
            _ => {
                let name = source.word(line.start);
                let assigned = source.is(line.start + 1, b'=') || source.is(line.start + 1, b':');
                if open.is_empty() && line.indent == 0 && assigned && is_constant(name) {
                    let mut unit =
                        source.unit("constant", name, scope, (line.start, line.end.saturating_sub(1)), line.end);
                    unit.doc = source.doc(line.start);
                    found.add(unit, None);
                }
            }
        }
        decorated = None;
    }
}

fn is_constant(name: &str) -> bool {
    name.len() > 1
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        && name.starts_with(|c: char| c.is_ascii_uppercase())
}

/// Logical lines: brackets and a backslash at the end of a line join lines.
fn lines(source: &Source<'_>, start: usize, end: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut at, mut begin) = (start, start);
    while at < end {
        let token = source.tokens.get(at);
        let joined = at.checked_sub(1).is_some_and(|before| source.is(before, b'\\'));
        if token.is_some_and(|token| token.first) && at > begin && !joined {
            lines.push((begin, at));
            begin = at;
        }
        at = source.skip(at);
    }
    if begin < end {
        lines.push((begin, end));
    }
    lines.into_iter().map(|(start, end)| Line { start, end, indent: indent(source, start) }).collect()
}

fn indent(source: &Source<'_>, at: usize) -> usize {
    let start = source.tokens.get(at).map_or(0, |token| token.start);
    let line = source.text.get(..start).unwrap_or_default();
    let line = line.rsplit('\n').next().unwrap_or_default();
    line.chars().fold(0, |column, c| if c == '\t' { (column / TAB + 1) * TAB } else { column + 1 })
}

/// Adds a function or class; the words at `head` are its keyword and its name.
fn declare(
    source: &Source<'_>,
    scope: &Scope,
    (kind, head): (&'static str, usize),
    (start, line, end): (usize, &Line, usize),
    found: &mut Found,
) -> Option<usize> {
    let name = Some(source.word(head + 1)).filter(|name| !name.is_empty())?;
    let mut colon = head + 2;
    while colon < line.end && !source.is(colon, b':') {
        colon = source.skip(colon);
    }
    let mut unit = source.unit(kind, name, scope, (line.start, end.saturating_sub(1)), colon);
    let body = (colon + 1).min(end);
    let doc = source.tokens.get(body).filter(|token| token.kind == Kind::Text);
    unit.doc = match doc {
        Some(token) => docstring(source.text.get(token.start..token.end).unwrap_or_default()),
        None => source.doc(start),
    };
    if kind != "class" {
        unit.complexity = Some(1);
    }
    Some(found.add(unit, Some((body, end))))
}

fn docstring(text: &str) -> String {
    let text = text.trim_start_matches(|c: char| c.is_ascii_alphabetic()).trim_matches(['"', '\'']);
    text.lines().map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// `a.b` from a token on; answers it and the token after it.
fn dotted(source: &Source<'_>, from: usize, end: usize) -> (String, usize) {
    let mut at = from;
    while at < end
        && (source.is(at, b'.') || !source.word(at).is_empty() && !matches!(source.word(at), "import" | "as"))
    {
        at += 1;
    }
    (source.slice(from, at).replace(' ', ""), at)
}

fn plain_import(source: &Source<'_>, line: &Line, found: &mut Found) {
    let mut at = line.start + 1;
    while at < line.end {
        let (module, after) = dotted(source, at, line.end);
        let alias = if source.word(after) == "as" { source.word(after + 1) } else { "" };
        found.import(&module, alias, source.line(line.start));
        let next = (after..line.end).find(|at| source.is(*at, b','));
        at = next.map_or(line.end, |comma| comma + 1);
    }
}

fn from_import(source: &Source<'_>, line: &Line, found: &mut Found) {
    let (module, at) = dotted(source, line.start + 1, line.end);
    if source.word(at) != "import" {
        return;
    }
    let names = at + 1 + usize::from(source.is(at + 1, b'('));
    let mut begins = true;
    for at in names..line.end {
        if source.is(at, b',') {
            begins = true;
        } else if begins && !source.word(at).is_empty() {
            let alias = if source.word(at + 1) == "as" { source.word(at + 2) } else { source.word(at) };
            found.import(&module, alias, source.line(line.start));
            begins = false;
        } else if begins && source.is(at, b'*') {
            found.import(&module, "*", source.line(line.start));
        }
    }
}
