//! Finds keys, tokens, e-mail addresses and card numbers in texts, and shows them masked only.
//!
//! The forms of keys are those their issuers document; detect-secrets and gitleaks use the same prefixes.

use crate::luhn::is_card;

/// Something sensitive in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// `email`, `card_number`, `private_key`, `password`, or the kind of key.
    pub kind: &'static str,
    /// Enough to recognise it, too little to use it.
    pub masked: String,
    /// Where it begins, in bytes.
    pub at: usize,
}

/// Keys by prefix: kind, prefix, least number of characters after it.
const KEYS: [(&str, &str, usize); 14] = [
    ("aws_access_key", "AKIA", 16),
    ("aws_access_key", "ASIA", 16),
    ("github_token", "ghp_", 36),
    ("github_token", "gho_", 36),
    ("github_token", "ghs_", 36),
    ("github_token", "github_pat_", 22),
    ("gitlab_token", "glpat-", 20),
    ("slack_token", "xoxb-", 20),
    ("slack_token", "xoxp-", 20),
    ("google_api_key", "AIza", 35),
    ("stripe_key", "sk_live_", 16),
    ("stripe_key", "rk_live_", 16),
    ("model_api_key", "sk-", 20),
    ("npm_token", "npm_", 36),
];

/// Words before `=` or `:` whose value is a secret.
const SECRET_NAMES: [&str; 9] =
    ["password", "passwd", "pwd", "secret", "api_key", "apikey", "access_token", "auth_token", "private_key"];

/// Values that stand for a secret and are none.
const PLACEHOLDERS: [&str; 10] =
    ["example", "changeme", "placeholder", "your_", "your-", "xxxx", "todo", "redacted", "dummy", "<"];

fn is_key_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// The first characters of a secret, and how long it is.
fn masked(secret: &str, shown: usize) -> String {
    let head: String = secret.chars().take(shown).collect();
    format!("{head}*** ({} characters)", secret.chars().count())
}

/// All of them, in the order of the text; none is found twice.
#[must_use]
pub fn find(text: &str) -> Vec<Found> {
    let mut found = keys(text);
    found.extend(private_keys(text));
    found.extend(json_web_tokens(text));
    found.extend(emails(text));
    found.extend(cards(text));
    for secret in assigned(text) {
        // A key with a known form is told as what it is.
        if !found.iter().any(|known| known.at == secret.at) {
            found.push(secret);
        }
    }
    found.sort_by_key(|found| found.at);
    found
}

fn starts_word(text: &str, at: usize) -> bool {
    !text.get(..at).and_then(|head| head.chars().next_back()).is_some_and(is_key_char)
}

fn keys(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for (kind, prefix, least) in KEYS {
        for (at, _) in text.match_indices(prefix) {
            let Some(rest) = text.get(at + prefix.len()..) else { continue };
            let length = rest.find(|c: char| !is_key_char(c)).unwrap_or(rest.len());
            let body = rest.get(..length).unwrap_or_default();
            // A word of letters only is a name, not a key.
            if starts_word(text, at) && length >= least && body.contains(|c: char| c.is_ascii_digit()) {
                let whole = text.get(at..at + prefix.len() + length).unwrap_or_default();
                found.push(Found { kind, masked: masked(whole, prefix.len()), at });
            }
        }
    }
    found
}

fn private_keys(text: &str) -> Vec<Found> {
    text.match_indices("-----BEGIN ")
        .filter(|(at, _)| {
            text.get(*at..).and_then(|rest| rest.lines().next()).is_some_and(|line| line.contains("PRIVATE KEY-----"))
        })
        .map(|(at, _)| Found { kind: "private_key", masked: "-----BEGIN *** PRIVATE KEY-----".into(), at })
        .collect()
}

/// Three parts of base64url, the first two beginning as JSON objects do (RFC 7519).
fn json_web_tokens(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("eyJ") {
        let Some(rest) = text.get(at..).filter(|_| starts_word(text, at)) else { continue };
        let length = rest.find(|c: char| !is_key_char(c) && c != '.').unwrap_or(rest.len());
        let token = rest.get(..length).unwrap_or_default();
        let parts: Vec<&str> = token.split('.').collect();
        if let [head, body, _] = parts.as_slice()
            && head.len() > 10
            && body.starts_with("eyJ")
        {
            found.push(Found { kind: "json_web_token", masked: masked(token, 3), at });
        }
    }
    found
}

fn emails(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        let (Some(head), Some(tail)) = (text.get(..at), text.get(at + 1..)) else { continue };
        let local = |c: char| c.is_ascii_alphanumeric() || "._%+-".contains(c);
        let start = head.char_indices().rev().take_while(|(_, c)| local(*c)).last().map_or(at, |(start, _)| start);
        let end = tail.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-')).unwrap_or(tail.len());
        let domain = tail.get(..end).unwrap_or_default().trim_end_matches(['.', '-']);
        let top = domain.rsplit('.').next().unwrap_or_default();
        let name = head.get(start..).unwrap_or_default();
        if !name.is_empty() && domain.contains('.') && top.len() >= 2 && top.chars().all(|c| c.is_ascii_alphabetic()) {
            let first: String = name.chars().take(1).collect();
            found.push(Found { kind: "email", masked: format!("{first}***@{domain}"), at: start });
        }
    }
    found
}

fn cards(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let (mut digits, mut start, mut last) = (String::new(), 0, ' ');
    for (at, c) in text.char_indices().chain([(text.len(), '\n')]) {
        if c.is_ascii_digit() {
            if digits.is_empty() {
                start = at;
            }
            digits.push(c);
        } else if !(matches!(c, ' ' | '-') && last.is_ascii_digit()) {
            if is_card(&digits) && starts_word(text, start) && !is_key_char(c) {
                let tail = digits.get(digits.len() - 4..).unwrap_or_default();
                found.push(Found { kind: "card_number", masked: format!("**** {tail}"), at: start });
            }
            digits.clear();
        }
        last = c;
    }
    found
}

/// Values of 8 characters and more that are given to a name such as `password`.
#[must_use]
pub fn assigned(text: &str) -> Vec<Found> {
    let lower = text.to_ascii_lowercase();
    let mut found: Vec<Found> = Vec::new();
    for name in SECRET_NAMES {
        for (at, _) in lower.match_indices(name) {
            let Some(rest) = text.get(at + name.len()..) else { continue };
            let after = rest.trim_start_matches(|c: char| is_key_char(c)).trim_start_matches(['"', '\'']).trim_start();
            let Some(value) = after
                .strip_prefix("=>")
                .or_else(|| after.strip_prefix(":="))
                .or_else(|| after.strip_prefix(['=', ':']))
            else {
                continue;
            };
            let value = value.trim_start_matches([' ', '\t']);
            let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) else { continue };
            let Some(secret) = value.get(1..).and_then(|value| value.split(quote).next()) else { continue };
            let low = secret.to_ascii_lowercase();
            let is_word = secret.contains(char::is_whitespace)
                || PLACEHOLDERS.iter().any(|word| low.contains(word))
                || secret.contains("${")
                || secret.contains("{{");
            let begin = text.len() - value.len() + 1;
            if secret.len() >= 8
                && !is_word
                && value.get(1 + secret.len()..).is_some_and(|end| end.starts_with(quote))
                && !found.iter().any(|known| known.at == begin)
            {
                found.push(Found { kind: "password", masked: masked(secret, 1), at: begin });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kinds(text: &str) -> Vec<&'static str> {
        find(text).iter().map(|found| found.kind).collect()
    }

    #[test]
    fn each_kind_is_found() {
        let digits = "a1b2c3d4".repeat(5);
        for (text, kind) in [
            ("mail ann.lee@shop.example.com now".to_owned(), "email"),
            ("card 4111 1111 1111 1111.".to_owned(), "card_number"),
            ("4111-1111-1111-1111".to_owned(), "card_number"),
            ("id AKIAIOSFODNN7ABCDEFG".to_owned(), "aws_access_key"),
            (format!("ghp_{digits}"), "github_token"),
            ("-----BEGIN RSA PRIVATE KEY-----\nabc".to_owned(), "private_key"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc".to_owned(), "json_web_token"),
            ("password = \"hunter2hunter2\"".to_owned(), "password"),
            ("\"api_key\": 'k9d8f7g6h5'".to_owned(), "password"),
        ] {
            assert_eq!(kinds(&text), [kind], "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_left() {
        for text in [
            "4111 1111 1111 1112",
            "order 12345678901234567890123",
            "user@localhost",
            "@decorator.name",
            "password = os.environ['X']",
            "password = \"${SECRET_VALUE}\"",
            "password: \"changeme-now\"",
            "sk-learn-is-a-library-of-python",
            "the AKIA prefix",
        ] {
            assert_eq!(kinds(text), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn nothing_is_shown_whole() {
        let secret = "hunter2hunter2";
        let found = find(&format!("password = \"{secret}\", ann@shop.com, 4111111111111111"));
        assert_eq!(found.len(), 3);
        for one in &found {
            assert!(
                !one.masked.contains(secret) && !one.masked.contains("ann@") && !one.masked.contains("41111"),
                "{one:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[ -~@\\n\u{e9}]{0,200}") {
            for found in find(&text) {
                prop_assert!(found.at <= text.len());
            }
        }
    }
}
