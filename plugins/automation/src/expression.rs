//! Conditions as people write them: `exit_code != 0 and (tool = "cargo" or tool matches "make*")`.
//!
//! A recursive descent over tokens: `or` binds least, then `and`, then `not`; a path alone asks whether it is there and neither
//! false, 0 nor empty.

use crate::condition::{Condition, operator};
use memstrata_sdk::{Fault, Value, json};

/// Tokens of one expression.
const MOST: usize = 400;
/// Nesting of one expression.
const DEEPEST: usize = 12;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// A path, a name or an operator written as a word.
    Word(String),
    Literal(Value),
    Sign(&'static str),
}

/// Longest first, so that `<=` is not read as `<`.
const SIGNS: [&str; 15] = ["==", "!=", "<=", ">=", "&&", "||", "=", "<", ">", "!", "(", ")", "[", "]", ","];

fn bad(reason: impl std::fmt::Display) -> Fault {
    Fault::new(
        "invalid.condition",
        format!("the condition cannot be read: {reason}; write such as `exit_code != 0 and tool = \"cargo\"`"),
    )
}

fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if found.len() >= MOST {
            return Err(bad("it is too long"));
        }
        if first == '"' || first == '\'' {
            let (word, after) = quoted(rest, first)?;
            found.push(Token::Literal(json!(word)));
            rest = after;
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            found.push(Token::Sign(sign));
            rest = rest.get(sign.len()..).unwrap_or_default();
        } else {
            let end = rest
                .char_indices()
                .find(|(_, c)| c.is_whitespace() || "=!<>&|()[],\"'".contains(*c))
                .map_or(rest.len(), |(at, _)| at);
            if end == 0 {
                return Err(bad(format!("`{first}` means nothing here")));
            }
            let (word, after) = rest.split_at(end);
            found.push(match word {
                "true" => Token::Literal(json!(true)),
                "false" => Token::Literal(json!(false)),
                "null" | "none" => Token::Literal(Value::Null),
                _ => match serde_json::from_str::<serde_json::Number>(word) {
                    Ok(number) => Token::Literal(Value::Number(number)),
                    Err(_) => Token::Word(word.to_owned()),
                },
            });
            rest = after;
        }
        rest = rest.trim_start();
    }
    Ok(found)
}

/// A text in quotes, and what follows it; a backslash keeps the next letter.
fn quoted(rest: &str, quote: char) -> Result<(String, &str), Fault> {
    let mut word = String::new();
    let mut letters = rest.char_indices().skip(1);
    while let Some((at, c)) = letters.next() {
        match c {
            '\\' => word.extend(letters.next().map(|(_, kept)| kept)),
            c if c == quote => return Ok((word, rest.get(at + c.len_utf8()..).unwrap_or_default())),
            c => word.push(c),
        }
    }
    Err(bad("a quote is not closed"))
}

struct Reader {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

impl Reader {
    fn take_word(&mut self, words: &[&str]) -> bool {
        let fits = match self.tokens.peek() {
            Some(Token::Word(word)) => words.iter().any(|known| known.eq_ignore_ascii_case(word)),
            Some(Token::Sign(sign)) => words.contains(sign),
            _ => false,
        };
        if fits {
            self.tokens.next();
        }
        fits
    }

    fn any(&mut self, depth: usize) -> Result<Condition, Fault> {
        let mut parts = vec![self.all(depth)?];
        while self.take_word(&["or", "||"]) {
            parts.push(self.all(depth)?);
        }
        Ok(one_or(parts, Condition::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Condition, Fault> {
        let mut parts = vec![self.unary(depth)?];
        while self.take_word(&["and", "&&"]) {
            parts.push(self.unary(depth)?);
        }
        Ok(one_or(parts, Condition::All))
    }

    fn unary(&mut self, depth: usize) -> Result<Condition, Fault> {
        if depth > DEEPEST {
            return Err(bad(format!("it nests more than {DEEPEST} deep")));
        }
        if self.take_word(&["not", "!"]) {
            return Ok(Condition::Not(Box::new(self.unary(depth + 1)?)));
        }
        if self.take_word(&["("]) {
            let inner = self.any(depth + 1)?;
            return if self.take_word(&[")"]) { Ok(inner) } else { Err(bad("a `)` is missing")) };
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Condition, Fault> {
        let path = match self.tokens.next() {
            Some(Token::Word(word)) if !["and", "or", "not"].contains(&word.to_lowercase().as_str()) => word,
            Some(other) => return Err(bad(format!("a path was expected, not {other:?}"))),
            None => return Err(bad("it ends too early")),
        };
        let name = match self.tokens.peek() {
            Some(Token::Sign(sign)) => operator(sign),
            Some(Token::Word(word)) => operator(&word.to_lowercase()),
            _ => None,
        };
        let Some(name) = name else {
            let there = Condition::compare(&path, "in", json!([null, false, 0, ""]))?;
            return Ok(Condition::Not(Box::new(there)));
        };
        self.tokens.next();
        if name == "exists" {
            return Condition::compare(&path, name, json!(true));
        }
        let value = self.value()?;
        Condition::compare(&path, name, value)
    }

    fn value(&mut self) -> Result<Value, Fault> {
        match self.tokens.next() {
            Some(Token::Literal(value)) => Ok(value),
            // A bare word is a text: `status = failed`.
            Some(Token::Word(word)) => Ok(json!(word)),
            Some(Token::Sign("[")) => {
                let mut items = Vec::new();
                loop {
                    match self.tokens.next() {
                        Some(Token::Sign("]")) => return Ok(json!(items)),
                        Some(Token::Sign(",")) => {}
                        Some(Token::Literal(value)) => items.push(value),
                        Some(Token::Word(word)) => items.push(json!(word)),
                        _ => return Err(bad("a `]` is missing")),
                    }
                }
            }
            _ => Err(bad("a value is missing")),
        }
    }
}

fn one_or(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.len() {
        1 => parts.remove(0),
        _ => join(parts),
    }
}

/// Reads an expression.
///
/// # Errors
/// `invalid.condition` that says what is wrong.
pub fn read(text: &str) -> Result<Condition, Fault> {
    let mut reader = Reader { tokens: tokens(text)?.into_iter().peekable() };
    let condition = reader.any(0)?;
    match reader.tokens.next() {
        None => Ok(condition),
        Some(left) => Err(bad(format!("{left:?} is left over"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn expressions_hold_as_they_read() {
        let data =
            json!({"code": 2, "tool": "cargo test", "ok": false, "n": 0, "tags": ["ci"], "why": "it's \"late\""});
        for (text, expected) in [
            ("code = 2", true),
            ("code==2", true),
            ("code != 2", false),
            ("code>1&&code<3", true),
            ("ok", false),
            ("not ok", true),
            ("!ok", true),
            ("n", false),
            ("missing", false),
            ("tool", true),
            ("tool exists", true),
            ("missing exists or code >= 2", true),
            ("code = 9 or code = 2 and ok", false),
            ("(code = 9 or code = 2) and not ok", true),
            ("tool matches 'cargo*'", true),
            ("tool contains TEST", true),
            ("code in [1, 2]", true),
            ("tags contains ci", true),
            ("ok = false", true),
            ("missing = null", true),
            ("code > -1.5", true),
            (r#"why = "it's \"late\"""#, true),
            ("CODE = 2", false),
            ("code = 2 AND tool EXISTS", true),
        ] {
            assert_eq!(read(text).unwrap().holds(&data), expected, "{text}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for bad in [
            "",
            "=",
            "a =",
            "a = 1 b",
            "(a = 1",
            "a = 'x",
            "and",
            "a in 5",
            "a in [1",
            "a = 1 and",
            "\"a\" = 1",
            &"not ".repeat(50),
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read(&format!("{}a", "(".repeat(40))).is_err());
        assert!(read(&"a or ".repeat(500)).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let _ = read(&text);
        }

        #[test]
        fn no_tokens_panic(text in "(a|=|<=|\\(|\\)|not |and |or |in |\\[|\\]|,|'x'|1| ){0,20}") {
            let _ = read(&text);
        }
    }
}
