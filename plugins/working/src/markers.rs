//! Signs in a text of where it belongs: of time past, of doing, of what is still to come, of asking, of files.
//!
//! Athena searched its lists as substrings and counted a bare "at" or "on" as time; "task" then hits "multitasking" and
//! nearly every sentence is an event. Here whole words and phrases count, and a noun ("the build") is no action.

use crate::words::words;

const TEMPORAL: [&str; 26] = [
    "yesterday",
    "today",
    "ago",
    "earlier",
    "last week",
    "last month",
    "last night",
    "last year",
    "last time",
    "this morning",
    "this afternoon",
    "happened",
    "occurred",
    "during",
    "while",
    "when",
    "before",
    "after",
    "since",
    "until",
    "just now",
    "on monday",
    "on tuesday",
    "on wednesday",
    "on thursday",
    "on friday",
];

const ACTIONS: [&str; 29] = [
    "implement",
    "fix",
    "create",
    "update",
    "delete",
    "test",
    "deploy",
    "configure",
    "setup",
    "set up",
    "build",
    "run",
    "execute",
    "install",
    "compile",
    "debug",
    "refactor",
    "optimize",
    "how to",
    "step",
    "steps",
    "procedure",
    "workflow",
    "process",
    "first",
    "then",
    "finally",
    "click",
    "restart",
];

const FUTURE: [&str; 22] = [
    "will",
    "todo",
    "to do",
    "task",
    "reminder",
    "remind",
    "scheduled",
    "plan",
    "need to",
    "needs to",
    "should",
    "must",
    "going to",
    "next",
    "later",
    "upcoming",
    "deadline",
    "due",
    "tomorrow",
    "don't forget",
    "remember to",
    "goal",
];

const QUESTIONS: [&str; 7] = ["how", "what", "why", "when", "where", "which", "who"];
/// After one of these, `build` or `test` names a thing.
const DETERMINERS: [&str; 9] = ["a", "an", "the", "this", "that", "our", "my", "your", "each"];

/// What was found in a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markers {
    /// Signs of time past, `temporal`.
    pub temporal: Vec<String>,
    /// Signs of doing.
    pub action: Vec<String>,
    /// Signs of what is to come.
    pub future: Vec<String>,
    /// Whether it asks.
    pub question: bool,
    /// Whether it names files.
    pub file: bool,
}

fn phrases(words: &[String], phrases: &[&str], nouns_count: bool) -> Vec<String> {
    let mut found = Vec::new();
    for phrase in phrases {
        let wanted: Vec<&str> = phrase.split(' ').collect();
        let at = words.windows(wanted.len()).enumerate().find(|(at, window)| {
            let before = at.checked_sub(1).and_then(|before| words.get(before));
            let noun = before.is_some_and(|word| DETERMINERS.contains(&word.as_str()));
            window.iter().zip(&wanted).all(|(word, wanted)| word == wanted) && (nouns_count || !noun)
        });
        if at.is_some() {
            found.push((*phrase).to_owned());
        }
    }
    found
}

fn digits(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// `9:30`, `2026-11-25`, and either of them joined by a `T`.
fn is_time(token: &str) -> bool {
    let token = token.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let date = |text: &str| {
        let parts: Vec<&str> = text.split('-').collect();
        matches!(parts.as_slice(), [y, m, d] if digits(y, 4, 4) && digits(m, 1, 2) && digits(d, 1, 2))
    };
    let clock = |text: &str| {
        let mut parts = text.trim_end_matches(char::is_alphabetic).split(':');
        let (hour, minute) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        digits(hour, 1, 2) && digits(minute, 2, 2)
    };
    date(token) || clock(token) || token.split_once('T').is_some_and(|(day, _)| date(day))
}

/// `src/main.rs`, `/etc/hosts`, `C:\temp`, `notes.md`; not `and/or`, not `e.g`.
fn is_file(token: &str) -> bool {
    let token = token.trim_matches(|c: char| !c.is_alphanumeric() && c != '/' && c != '\\' && c != '.');
    let token = token.trim_end_matches('.');
    let extension = token.rsplit_once('.').is_some_and(|(name, extension)| {
        name.len() >= 2
            && name.chars().any(char::is_alphabetic)
            && (1..=5).contains(&extension.len())
            && extension.bytes().all(|b| b.is_ascii_alphanumeric())
            && extension.bytes().any(|b| b.is_ascii_alphabetic())
            && !name.contains('@')
    });
    let slashes = token.matches(['/', '\\']).count();
    let rooted = token.starts_with('/') || token.starts_with("./") || token.starts_with("~/");
    !token.contains("://") && (extension || slashes >= 2 || rooted && token.len() > 1 || token.contains(":\\"))
}

/// Reads the signs in a text.
#[must_use]
pub fn markers(text: &str) -> Markers {
    let all = words(text);
    let mut temporal = phrases(&all, &TEMPORAL, true);
    if text.split_whitespace().any(is_time) {
        temporal.push("a date or time".into());
    }
    let first = all.first().map(String::as_str).unwrap_or_default();
    Markers {
        temporal,
        action: phrases(&all, &ACTIONS, false),
        future: phrases(&all, &FUTURE, true),
        question: text.contains('?') || QUESTIONS.contains(&first),
        file: text.split_whitespace().any(is_file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_count_and_substrings_do_not() {
        let found = markers("Multitasking is willpower; contest the planet");
        assert_eq!(found, Markers::default());
        assert_eq!(markers("We will plan it").future, ["will", "plan"]);
        assert_eq!(markers("last week it failed").temporal, ["last week"]);
    }

    #[test]
    fn a_noun_is_no_action() {
        assert!(markers("The build takes nine minutes").action.is_empty());
        assert_eq!(markers("Run the build, then deploy").action, ["deploy", "run", "then"]);
    }

    #[test]
    fn times_files_and_questions() {
        for (text, time) in
            [("failed at 09:30", true), ("on 2026-11-25.", true), ("2026-11-25T10:00Z", true), ("1:2:x", false)]
        {
            assert_eq!(markers(text).temporal.contains(&"a date or time".to_owned()), time, "{text}");
        }
        for (text, file) in [
            ("see src/main.rs", true),
            ("edit notes.md, please", true),
            ("in /etc/hosts", true),
            ("this and/or that", false),
            ("e.g. this one.", false),
            ("version 1.5", false),
            ("https://example.org/a/b", false),
        ] {
            assert_eq!(markers(text).file, file, "{text}");
        }
        assert!(markers("How does it work").question && markers("Ready?").question);
        assert!(!markers("Show how it works").question);
    }
}
