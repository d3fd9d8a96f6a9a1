//! Java, C and C++: what a statement at the level of declarations declares.

use super::{Found, Scope, Source};
use crate::language::Language;
use crate::outline::lex::Kind;

pub(super) fn scan(source: &Source<'_>, scope: &Scope, found: &mut Found) {
    let mut at = scope.start;
    while at < scope.end {
        at = statement(source, scope, at, found).max(at + 1);
    }
}

/// What is known of a statement while it is read.
#[derive(Default)]
struct Seen {
    /// The keyword of a type and the place of its name.
    of_type: Option<(&'static str, usize)>,
    /// The name before the first bracket.
    candidate: Option<usize>,
    /// After its parameters.
    after_parameters: bool,
    /// After a `:` behind the parameters: values of members follow.
    initialisers: bool,
    assigned: bool,
}

fn statement(source: &Source<'_>, scope: &Scope, from: usize, found: &mut Found) -> usize {
    let begin = annotations(source, from, scope.end);
    if begin >= scope.end {
        return scope.end;
    }
    match source.word(begin) {
        "import" | "package" | "using" => return import(source, scope, begin, found),
        // `extern "C" {`
        "extern" if !source.string(begin + 1).is_empty() && source.is(begin + 2, b'{') => return begin + 3,
        "namespace" => return namespace(source, scope, begin, found),
        "public" | "private" | "protected" if source.is(begin + 1, b':') => return begin + 2,
        "template" if source.is(begin + 1, b'<') => return begin + 1 + angles(source, begin + 1, scope.end),
        _ => {}
    }
    if source.tokens.get(begin).is_some_and(|token| token.kind == Kind::Directive) {
        directive(source, scope, begin, found);
        return begin + 1;
    }
    if source.is(begin, b'}') || source.is(begin, b';') {
        return begin + 1;
    }
    let mut seen = Seen::default();
    let mut at = begin;
    while at < scope.end {
        if source.tokens.get(at).is_some_and(|token| token.kind == Kind::Directive) {
            // A condition of the preprocessor within a statement.
            at += 1;
            continue;
        }
        if source.is(at, b';') {
            ended(source, scope, (from, begin, at), &seen, found);
            return at + 1;
        }
        if source.is(at, b'{') {
            let inner = seen.initialisers && !source.is(at - 1, b')') && !source.is(at - 1, b'}');
            if !inner && !seen.assigned {
                return braced(source, scope, (from, begin, at), &seen, found);
            }
            at = source.skip(at);
            continue;
        }
        if source.is(at, b'}') {
            // A bracket nothing opened here.
            return at + 1;
        }
        at = look(source, at, &mut seen);
    }
    scope.end
}

/// Takes notice of a token; answers where to go on.
fn look(source: &Source<'_>, at: usize, seen: &mut Seen) -> usize {
    let java = source.language == Language::Java;
    let operator = (1..=3).any(|back| at >= back && source.word(at - back) == "operator");
    match source.word(at) {
        "class" | "interface" | "enum" | "record" | "struct" | "union"
            if seen.of_type.is_none() && !seen.assigned && seen.candidate.is_none() =>
        {
            let scoped = usize::from(matches!(source.word(at + 1), "class" | "struct"));
            let name = at + 1 + scoped;
            let kind = match source.word(at) {
                "class" | "record" => "class",
                "interface" => "interface",
                "enum" => "enum",
                _ => "struct",
            };
            // `record` is a name like any other where no name follows.
            if !source.word(name).is_empty() || (!java && source.is(name, b'{')) {
                seen.of_type = Some((kind, name));
            }
            return at + 1;
        }
        _ => {}
    }
    if source.is(at, b'=') && !operator && !seen.after_parameters {
        seen.assigned = true;
    }
    if source.is(at, b':') && seen.after_parameters && !source.is(at + 1, b':') && !source.is(at - 1, b':') {
        seen.initialisers = true;
    }
    if source.is(at, b'(') && !seen.assigned && !seen.after_parameters {
        let name = at.checked_sub(1).filter(|before| is_name(source, *before));
        if let Some(name) = name.filter(|name| !is_attribute(source.word(*name))) {
            // `operator()(..)`: the second bracket has the parameters.
            if source.word(name) == "operator" {
                seen.candidate = Some(name);
                return if source.is(at + 1, b')') && source.is(at + 2, b'(') {
                    seen.after_parameters = true;
                    source.skip(at + 2)
                } else {
                    source.skip(at)
                };
            }
            seen.candidate = Some(name);
            seen.after_parameters = true;
        } else if let Some(name) =
            (1..=3).filter_map(|back| at.checked_sub(back)).find(|at| source.word(*at) == "operator")
        {
            seen.candidate = Some(name);
            seen.after_parameters = true;
        }
    }
    source.skip(at)
}

fn is_name(source: &Source<'_>, at: usize) -> bool {
    !source.word(at).is_empty()
}

fn is_attribute(word: &str) -> bool {
    matches!(
        word,
        "__attribute__"
            | "__declspec"
            | "decltype"
            | "alignas"
            | "noexcept"
            | "explicit"
            | "requires"
            | "if"
            | "while"
            | "for"
            | "switch"
            | "return"
            | "sizeof"
            | "static_assert"
    )
}

/// Passes over `@Name(..)` and `[[..]]`.
fn annotations(source: &Source<'_>, from: usize, end: usize) -> usize {
    let mut at = from;
    loop {
        if source.is(at, b'@') && source.word(at + 1) != "interface" && at < end {
            at += 2;
            while source.is(at, b'.') {
                at += 2;
            }
            if source.is(at, b'(') {
                at = source.skip(at);
            }
        } else if source.is(at, b'[') && source.is(at + 1, b'[') {
            at = source.skip(at);
        } else {
            return at;
        }
    }
}

/// How many tokens `<..>` has.
fn angles(source: &Source<'_>, from: usize, end: usize) -> usize {
    let (mut at, mut depth) = (from, 0i32);
    while at < end {
        depth += i32::from(source.is(at, b'<')) - i32::from(source.is(at, b'>'));
        if depth <= 0 || source.is(at, b';') || source.is(at, b'{') {
            return at + 1 - from;
        }
        at = source.skip(at);
    }
    at - from
}

fn import(source: &Source<'_>, scope: &Scope, at: usize, found: &mut Found) -> usize {
    let end = source.statement_end(at, scope.end);
    match source.word(at) {
        "import" => {
            let start = at + 1 + usize::from(source.word(at + 1) == "static");
            let path = source.slice(start, end).replace(' ', "");
            let name = if path.ends_with(".*") { "*" } else { "" };
            found.import(path.trim_end_matches(".*"), name, source.line(at));
        }
        "using" if source.is(at + 2, b'=') && !source.word(at + 1).is_empty() => {
            found.add(source.unit("type", source.word(at + 1), scope, (at, end), end), None);
        }
        _ => {}
    }
    end + 1
}

fn namespace(source: &Source<'_>, scope: &Scope, at: usize, found: &mut Found) -> usize {
    let mut head = at + 1;
    while head < scope.end && !source.is(head, b'{') && !source.is(head, b';') {
        head = source.skip(head);
    }
    if !source.is(head, b'{') {
        return head + 1;
    }
    let name = source.slice(at + 1, head).replace(' ', "");
    if name.is_empty() {
        // Without a name: what is in it is read as if it stood outside.
        return head + 1;
    }
    let last = source.close(head);
    let place = found.add(source.unit("module", &name, scope, (at, last), head), None);
    found.enter(scope, (head + 1, last), place, false);
    last + 1
}

fn directive(source: &Source<'_>, scope: &Scope, at: usize, found: &mut Found) {
    let Some(token) = source.tokens.get(at) else { return };
    let text = source.text.get(token.start..token.end).unwrap_or_default();
    let text = text.trim_start_matches('#').trim_start();
    if let Some(path) = text.strip_prefix("include") {
        let path = path.trim();
        let end = path.find(['>', ' ']).unwrap_or(path.len());
        found.import(
            path.get(..end).unwrap_or_default().trim_matches(['<', '"', '>']),
            path.rsplit('/').next().unwrap_or(path).trim_matches(['<', '"', '>']),
            token.line,
        );
    } else if let Some(rest) = text.strip_prefix("define") {
        let rest = rest.trim_start();
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let name = rest.get(..length).unwrap_or_default();
        let value = rest.get(length..).unwrap_or_default().trim();
        // A guard of a header has no value.
        if !name.is_empty() && !value.is_empty() {
            let kind =
                if value.starts_with('(') && rest.get(length..length + 1) == Some("(") { "macro" } else { "constant" };
            found.add(source.unit(kind, name, scope, (at, at), at + 1), None);
        }
    }
}

/// The name of a function at a place, and the type before it: `Type::name`, `~Type`, `operator==`.
fn function_name(source: &Source<'_>, at: usize) -> (String, String) {
    let mut name = source.word(at).to_owned();
    if name == "operator" {
        let mut mark = at + 1;
        while let Some(token) = source.tokens.get(mark).filter(|token| mark < at + 4 && token.kind != Kind::Mark(b'('))
        {
            name.push_str(source.text.get(token.start..token.end).unwrap_or_default());
            mark += 1;
        }
        if name == "operator" {
            name.push_str("()");
        }
    }
    let mut before = at;
    if before > 0 && source.is(before - 1, b'~') {
        name.insert(0, '~');
        before -= 1;
    }
    let owner = if before >= 3 && source.is(before - 1, b':') && source.is(before - 2, b':') {
        source.word(before - 3)
    } else {
        ""
    };
    (name, owner.to_owned())
}

fn callable(
    source: &Source<'_>,
    scope: &Scope,
    (from, begin, last): (usize, usize, usize),
    (name, head): (usize, usize),
    body: Option<(usize, usize)>,
    found: &mut Found,
) {
    let (name, owner) = function_name(source, name);
    let kind = if scope.of_type || !owner.is_empty() { "method" } else { "function" };
    let mut unit = source.unit(kind, &name, scope, (begin, last), head);
    unit.doc = source.doc(from);
    unit.owner = owner;
    unit.complexity = body.map(|_| 1);
    found.add(unit, body);
}

/// A statement that ends with its `;`.
fn ended(source: &Source<'_>, scope: &Scope, (from, begin, at): (usize, usize, usize), seen: &Seen, found: &mut Found) {
    if source.word(begin) == "typedef" {
        let name = at - 1;
        if is_name(source, name) {
            found.add(source.unit("type", source.word(name), scope, (begin, at), at), None);
        }
        return;
    }
    let Some(name) = seen.candidate.filter(|_| seen.after_parameters && seen.of_type.is_none()) else { return };
    // A declaration has a type before its name; a use of a macro has none.
    let typed = name > begin
        && (is_name(source, name - 1)
            || source.is(name - 1, b'*')
            || source.is(name - 1, b'&')
            || source.is(name - 1, b'>')
            || source.is(name - 1, b']'));
    if typed && !matches!(source.word(begin), "return" | "throw" | "new" | "delete" | "goto" | "using" | "friend") {
        callable(source, scope, (from, begin, at), (name, at), None, found);
    }
}

/// A statement with a body.
fn braced(
    source: &Source<'_>,
    scope: &Scope,
    (from, begin, at): (usize, usize, usize),
    seen: &Seen,
    found: &mut Found,
) -> usize {
    let last = source.close(at);
    if let Some(name) = seen.candidate.filter(|_| {
        seen.after_parameters
            && seen.of_type.is_none_or(|(_, type_name)| type_name < begin || seen.candidate != Some(type_name))
    }) && seen.of_type.is_none_or(|(kind, _)| kind == "struct" || kind == "enum" && source.language.is_c())
    {
        callable(source, scope, (from, begin, last), (name, at), Some((at + 1, last)), found);
        return last + 1;
    }
    let Some((kind, name)) = seen.of_type else { return last + 1 };
    let typedef = source.word(begin) == "typedef";
    let own = source.word(name);
    let name = match (own, typedef) {
        ("", true) => source.word(last + 1),
        (own, _) => own,
    };
    // What stands behind the body up to the `;` declares variables, or names the type.
    let after = match source.language {
        Language::Java => last + 1,
        _ => source.statement_end(last + 1, scope.end) + 1,
    };
    if name.is_empty() {
        return after;
    }
    let mut unit = source.unit(kind, name, scope, (begin, last), at);
    unit.doc = source.doc(from);
    let place = found.add(unit, None);
    let inner = match kind {
        // Constants of a Java enum come before the first `;`.
        "enum" if source.language == Language::Java => (source.statement_end(at + 1, last) + 1).min(last),
        "enum" => last,
        _ => at + 1,
    };
    found.enter(scope, (inner, last), place, true);
    after
}
