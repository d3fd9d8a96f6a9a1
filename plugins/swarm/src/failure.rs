//! Groups error messages: what varies from run to run is masked, so that equal faults read equal, and words name a class.
//!
//! The masking is the first step of log parsers such as Drain (He, Zhu, Zheng, Lyu, 2017), without its tree: messages here are short.

use std::collections::BTreeMap;

/// Characters of a message that count.
const MOST: usize = 300;

/// Classes by words that messages of the class have; the first class that fits is taken.
const CLASSES: [(&str, &[&str]); 9] = [
    ("timeout", &["timeout", "timed out", "deadline", "time limit"]),
    ("permission", &["permission", "denied", "forbidden", "unauthorized", "not allowed", "401", "403"]),
    ("missing", &["not found", "no such", "missing", "does not exist", "404", "undefined", "unresolved"]),
    ("network", &["connection", "network", "dns", "unreachable", "refused", "reset by peer", "socket", "502", "503"]),
    ("resource", &["out of memory", "memory", "disk", "no space", "quota", "rate limit", "too many"]),
    ("test", &["assertion", "assert", "test failed", "expected", "mismatch"]),
    (
        "syntax",
        &["syntax", "parse", "unexpected token", "invalid json", "malformed", "compile", "type error", "typeerror"],
    ),
    ("conflict", &["conflict", "already exists", "duplicate", "locked", "deadlock"]),
    ("input", &["invalid", "bad request", "out of range", "must be", "required"]),
];

/// The message with numbers, hexadecimal words, quoted texts and paths masked, lower case, one line, at most 300 characters.
#[must_use]
pub fn signature(message: &str) -> String {
    let mut masked = String::new();
    let mut quote: Option<char> = None;
    let mut unquoted = String::new();
    for c in message.chars().take(4 * MOST) {
        match quote {
            Some(open) if c == open => {
                quote = None;
                unquoted.push_str("<text>");
            }
            Some(_) => {}
            // An apostrophe inside of a word opens nothing.
            None if matches!(c, '"' | '`') || (c == '\'' && !unquoted.ends_with(char::is_alphanumeric)) => {
                quote = Some(c)
            }
            None => unquoted.push(c),
        }
    }
    if quote.is_some() {
        unquoted.push_str("<text>");
    }
    for word in unquoted.split_whitespace() {
        if !masked.is_empty() {
            masked.push(' ');
        }
        masked.push_str(&word_of(word));
    }
    masked.to_lowercase().chars().take(MOST).collect()
}

fn word_of(word: &str) -> String {
    let core = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '/');
    if core.matches('/').count() >= 1 || core.contains('\\') {
        return word.replace(core, "<path>");
    }
    let hex = core.trim_start_matches("0x");
    if core.starts_with("0x")
        || (hex.len() >= 7
            && hex.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
            && hex.contains(|c: char| c.is_ascii_digit()))
    {
        return word.replace(core, "<id>");
    }
    let mut out = String::new();
    let mut in_number = false;
    for c in word.chars() {
        if c.is_ascii_digit() {
            if !in_number {
                out.push('#');
            }
            in_number = true;
        } else {
            in_number = false;
            out.push(c);
        }
    }
    out
}

/// The class of a message; `other` if no word of a class is in it.
#[must_use]
pub fn class(message: &str) -> &'static str {
    let lower = message.to_lowercase();
    let has = |word: &&str| {
        lower.match_indices(*word).any(|(at, _)| {
            let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
            edge(lower.get(..at).and_then(|head| head.chars().next_back()))
                && edge(lower.get(at + word.len()..).and_then(|tail| tail.chars().next()))
        })
    };
    CLASSES.iter().find(|(_, words)| words.iter().any(has)).map_or("other", |(class, _)| *class)
}

/// The names of all classes.
pub fn classes() -> impl Iterator<Item = &'static str> {
    CLASSES.iter().map(|(class, _)| *class).chain(["other"])
}

/// What may be done about failures of a class or kind.
#[must_use]
pub fn advice(class: &str) -> &'static str {
    match class {
        "timeout" => "Raise max_execution_timeout_seconds, or split the task into smaller ones.",
        "permission" => "Give the agent the right it lacks before the next try; trying again alone does not help.",
        "missing" => "Make what is missing a task of its own and let this one depend on it.",
        "network" => "Passing trouble as a rule: keep max_retries, and look at the service if it goes on.",
        "resource" => "Run fewer agents at once, or give the machine more of what ran out.",
        "test" => "The work itself is wrong: hand the failing test to the agent with the task's input_data.",
        "syntax" => "The input or the code made does not parse: check it before the task is queued.",
        "conflict" => "Two tasks change one thing: name it in `resources`, or order them with a dependency.",
        "input" => "Correct input_data: the same input fails the same way.",
        _ => "Read the messages; no rule of ours names their class.",
    }
}

/// One recorded failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The task.
    pub task: u64,
    /// Its agent type.
    pub agent_type: String,
    /// The message's signature.
    pub signature: String,
    /// The message's class.
    pub class: String,
    /// When, ms UTC.
    pub at: u64,
}

/// Failures with one signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The signature.
    pub signature: String,
    /// Its class.
    pub class: String,
    /// How often.
    pub count: usize,
    /// Of which tasks, ascending, each once.
    pub tasks: Vec<u64>,
    /// Of which agent types, in order, each once.
    pub agent_types: Vec<String>,
    /// First and last time.
    pub first: u64,
    /// See `first`.
    pub last: u64,
}

/// The patterns, the most frequent first, then by signature.
#[must_use]
pub fn patterns(failures: &[Failure]) -> Vec<Pattern> {
    let mut groups: BTreeMap<&str, Vec<&Failure>> = BTreeMap::new();
    for failure in failures {
        groups.entry(&failure.signature).or_default().push(failure);
    }
    let mut patterns: Vec<Pattern> = groups
        .into_iter()
        .map(|(signature, group)| {
            let mut tasks: Vec<u64> = group.iter().map(|failure| failure.task).collect();
            let mut agent_types: Vec<String> = group.iter().map(|failure| failure.agent_type.clone()).collect();
            tasks.sort_unstable();
            tasks.dedup();
            agent_types.sort_unstable();
            agent_types.dedup();
            Pattern {
                signature: signature.to_owned(),
                class: group.first().map(|failure| failure.class.clone()).unwrap_or_default(),
                count: group.len(),
                tasks,
                agent_types,
                first: group.iter().map(|failure| failure.at).min().unwrap_or_default(),
                last: group.iter().map(|failure| failure.at).max().unwrap_or_default(),
            }
        })
        .collect();
    patterns.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.signature.cmp(&b.signature)));
    patterns
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_varies_is_masked() {
        for (message, wanted) in [
            ("Timeout after 300 ms", "timeout after # ms"),
            ("cannot open /tmp/a/b.rs: no such file", "cannot open <path>: no such file"),
            ("key 'abc' not found", "key <text> not found"),
            ("commit deadbeef01 is gone", "commit <id> is gone"),
            ("can't read it", "can't read it"),
            ("open \"x", "open <text>"),
        ] {
            assert_eq!(signature(message), wanted);
        }
    }

    #[test]
    fn classes_go_by_whole_words() {
        for (message, wanted) in [
            ("Operation timed out", "timeout"),
            ("HTTP 403", "permission"),
            ("error 14030", "other"),
            ("assertion failed: left == right", "test"),
            ("file not found", "missing"),
            ("something odd", "other"),
        ] {
            assert_eq!(class(message), wanted, "{message}");
        }
    }

    #[test]
    fn equal_signatures_are_one_pattern() {
        let failure = |task, message: &str, at| Failure {
            task,
            agent_type: "general".into(),
            signature: signature(message),
            class: class(message).into(),
            at,
        };
        let found =
            patterns(&[failure(2, "timeout after 3 s", 5), failure(1, "odd", 6), failure(2, "timeout after 9 s", 9)]);
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].count, found[0].tasks.as_slice(), found[0].first, found[0].last),
            (2, [2].as_slice(), 5, 9)
        );
    }

    proptest! {
        #[test]
        fn any_message_has_a_signature(message in "\\PC{0,400}") {
            prop_assert!(signature(&message).chars().count() <= 300);
            prop_assert!(classes().any(|known| known == class(&message)));
        }
    }
}
