//! Patterns of triggers: globs over paths, phrases over text.
//!
//! Globs follow gitignore: `*` stays inside a segment, `**` crosses segments, `?` is one character, `{a,b}` alternatives; a glob
//! without `/` is about the file's name, one with `/` about the end of the path. Phrases are whole words whatever the case, so that `pr`
//! is not found in `project`; `*` stands for anything, `|` parts alternatives.

/// Alternatives a glob may expand to.
const MOST_ALTERNATIVES: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    One(char),
    Any,
    Star,
    DoubleStar,
}

/// A path with `/` between segments and nothing redundant in front.
#[must_use]
pub fn normalise(path: &str) -> String {
    let path = path.trim().replace('\\', "/");
    let mut path = path.as_str();
    while let Some(rest) = path.strip_prefix("./") {
        path = rest;
    }
    path.to_owned()
}

/// Whether two paths name one file: equal, or one is the other's end by whole segments (a relative and an absolute path).
#[must_use]
pub fn same_file(a: &str, b: &str) -> bool {
    let (a, b) = (normalise(a), normalise(b));
    let ends =
        |long: &str, short: &str| !short.is_empty() && long.strip_suffix(short).is_some_and(|rest| rest.ends_with('/'));
    a == b || ends(&a, &b) || ends(&b, &a)
}

/// Whether a glob fits a path.
#[must_use]
pub fn glob(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (normalise(pattern), normalise(path));
    let mut alternatives = vec![];
    expand(&pattern, &mut alternatives);
    if !pattern.contains('/') {
        let name = path.rsplit('/').next().unwrap_or_default();
        return alternatives.iter().any(|alternative| fits(&tokens(alternative), name));
    }
    let absolute = pattern.starts_with('/');
    let starts = std::iter::once(0).chain(path.match_indices('/').map(|(at, _)| at + 1).filter(|_| !absolute));
    let tails: Vec<&str> = starts.filter_map(|at| path.get(at..)).collect();
    alternatives.iter().any(|alternative| {
        let tokens = tokens(alternative);
        tails.iter().any(|tail| fits(&tokens, tail))
    })
}

/// Writes out `{a,b}`, and `**/` as nothing or as any folders.
fn expand(pattern: &str, out: &mut Vec<String>) {
    if out.len() >= MOST_ALTERNATIVES {
        return;
    }
    let braces = pattern.find('{').and_then(|open| Some((open, open + pattern.get(open..)?.find('}')?)));
    if let Some((open, close)) = braces {
        let (head, tail) = (pattern.get(..open).unwrap_or_default(), pattern.get(close + 1..).unwrap_or_default());
        for choice in pattern.get(open + 1..close).unwrap_or_default().split(',') {
            expand(&format!("{head}{choice}{tail}"), out);
        }
        return;
    }
    // `\0` marks a `**/` that was written out already.
    match pattern.find("**/") {
        Some(at) => {
            let (head, tail) = (pattern.get(..at).unwrap_or_default(), pattern.get(at + 3..).unwrap_or_default());
            expand(&format!("{head}{tail}"), out);
            expand(&format!("{head}\0/{tail}"), out);
        }
        None => out.push(pattern.replace('\0', "**")),
    }
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for c in pattern.chars() {
        match (c, tokens.last()) {
            ('*', Some(Token::Star | Token::DoubleStar)) => {
                tokens.pop();
                tokens.push(Token::DoubleStar);
            }
            ('*', _) => tokens.push(Token::Star),
            ('?', _) => tokens.push(Token::Any),
            (c, _) => tokens.push(Token::One(c)),
        }
    }
    tokens
}

/// Follows all ways through the tokens at once (K. Thompson, "Regular expression search algorithm", 1968): time is the product of the lengths.
fn fits(tokens: &[Token], text: &str) -> bool {
    let mut now = vec![false; tokens.len() + 1];
    let reach = |at: usize, states: &mut Vec<bool>| {
        let mut at = at;
        while let Some(state) = states.get_mut(at) {
            *state = true;
            match tokens.get(at) {
                Some(Token::Star | Token::DoubleStar) => at += 1,
                _ => break,
            }
        }
    };
    reach(0, &mut now);
    for c in text.chars() {
        let mut next = vec![false; tokens.len() + 1];
        for (at, token) in tokens.iter().enumerate() {
            if now.get(at) != Some(&true) {
                continue;
            }
            match token {
                Token::One(wanted) if *wanted == c => reach(at + 1, &mut next),
                Token::Any if c != '/' => reach(at + 1, &mut next),
                Token::Star if c != '/' => reach(at, &mut next),
                Token::DoubleStar => reach(at, &mut next),
                _ => {}
            }
        }
        now = next;
    }
    now.last() == Some(&true)
}

/// Whether one of a pattern's phrases is in a text.
#[must_use]
pub fn phrase(pattern: &str, text: &str) -> bool {
    let text = text.to_lowercase();
    pattern.to_lowercase().split('|').map(str::trim).filter(|phrase| !phrase.is_empty()).any(|one| has(one, &text))
}

fn has(pattern: &str, text: &str) -> bool {
    let parts: Vec<&str> = pattern.split('*').map(str::trim).collect();
    let last = parts.len() - 1;
    let mut from = 0;
    for (nth, part) in parts.iter().enumerate() {
        if part.is_empty() {
            continue;
        }
        let (starts, ends) = (nth == 0, nth == last);
        let found = text.get(from..).into_iter().flat_map(|rest| rest.match_indices(part)).find_map(|(at, _)| {
            let (start, end) = (from + at, from + at + part.len());
            let whole = (!starts || is_edge(text, start)) && (!ends || is_edge(text, end));
            whole.then_some(end)
        });
        match found {
            Some(end) => from = end,
            None => return false,
        }
    }
    parts.iter().any(|part| !part.is_empty())
}

/// Whether a place in a text is not inside a word.
fn is_edge(text: &str, at: usize) -> bool {
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let before = text.get(..at).and_then(|text| text.chars().next_back());
    let after = text.get(at..).and_then(|text| text.chars().next());
    !(word(before) && word(after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn globs_follow_gitignore() {
        for (pattern, path, fit) in [
            ("*.rs", "src/main.rs", true),
            ("*.rs", "src/main.rs.bak", false),
            ("main.?s", "a/b/main.rs", true),
            ("src/*.rs", "src/main.rs", true),
            ("src/*.rs", "src/guest/mod.rs", false),
            ("src/*.rs", "/home/ada/p/src/main.rs", true),
            ("/src/*.rs", "/home/src/main.rs", false),
            ("src/**/*.rs", "src/main.rs", true),
            ("src/**/*.rs", "src/a/b/main.rs", true),
            ("src/**", "src/a/b", true),
            ("**/tests/**", "tests/it/main.rs", true),
            ("**/tests/**", "plugin/tests/x", true),
            ("**/tests/**", "contests/x", false),
            ("*.{md,txt}", "docs/a.txt", true),
            ("*.{md,txt}", "docs/a.rs", false),
            ("src\\*.rs", "./src\\a.rs", true),
            ("", "a", false),
        ] {
            assert_eq!(glob(pattern, path), fit, "{pattern} {path}");
        }
    }

    #[test]
    fn a_relative_path_names_an_absolute_one() {
        assert!(same_file("src/a.rs", "/p/src/a.rs"));
        assert!(same_file("./a.rs", "a.rs"));
        assert!(!same_file("a.rs", "ba.rs"));
        assert!(!same_file("", "a.rs"));
    }

    #[test]
    fn phrases_are_whole_words() {
        for (pattern, text, found) in [
            ("pr", "the project", false),
            ("pr", "Opened PR 12", true),
            ("login * failed", "The LOGIN of Ada has failed.", true),
            ("login * failed", "failed login", false),
            ("build broken|tests red", "all tests red again", true),
            ("deploy*", "redeployed", false),
            ("deploy*", "Deployment done", true),
            ("*ment", "Deployment done", true),
            ("c++", "written in c++", true),
            ("*", "anything", false),
            ("", "anything", false),
        ] {
            assert_eq!(phrase(pattern, text), found, "{pattern:?} in {text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_path_without_wildcards_fits_itself(path in "[a-z]{1,5}(/[a-z.]{1,6}){0,4}") {
            prop_assert!(glob(&path, &path));
        }

        #[test]
        fn odd_patterns_never_panic(pattern in "\\PC{0,40}", text in "\\PC{0,60}") {
            let _ = (glob(&pattern, &text), phrase(&pattern, &text));
        }

        #[test]
        fn many_stars_take_no_time(stars in 1usize..60) {
            prop_assert!(!glob(&"*a".repeat(stars), &"a".repeat(300).replace("aa", "ab")) || stars <= 300);
        }
    }
}
