//! Templates: text with `{{variables}}`, read into parts and filled. A filled-in value is never read again, so no value can
//! bring in a variable of its own. `\{{` stands for the two braces themselves.

use crate::parameter::is_name;
use crate::words::clip;
use memstrata_sdk::Fault;
use std::collections::BTreeMap;

/// A filled template is no longer than this, in bytes.
pub const MOST_FILLED: usize = 200_000;

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text that stays.
    Text(String),
    /// The name of a variable.
    Variable(String),
}

/// Reads a template. `what` names it in faults: `the template`, `step 2`.
///
/// # Errors
/// `invalid.template`: braces that do not close, or hold no name.
pub fn parse(what: &str, text: &str) -> Result<Vec<Part>, Fault> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("\\{{") {
            plain.push_str("{{");
            rest = after;
        } else if let Some(after) = rest.strip_prefix("{{") {
            let Some((inside, after)) = after.split_once("}}") else {
                return Err(Fault::new(
                    "invalid.template",
                    format!(
                        "in {what}, `{}` has no `}}}}`: close it, or write `\\{{{{` for the braces themselves",
                        clip(rest, 30)
                    ),
                ));
            };
            let name = inside.trim();
            if !is_name(name) {
                return Err(Fault::new(
                    "invalid.template",
                    format!(
                        "in {what}, `{{{{{}}}}}` holds no name: use letters, digits and `_`, or write `\\{{{{` for the braces themselves",
                        clip(inside, 40)
                    ),
                ));
            }
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Variable(name.to_owned()));
            rest = after;
        } else {
            plain.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    Ok(parts)
}

/// The variables of a template in order, each once.
#[must_use]
pub fn variables(parts: &[Part]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for part in parts {
        if let Part::Variable(name) = part
            && !names.contains(&name.as_str())
        {
            names.push(name);
        }
    }
    names
}

/// The text with values in place of variables; one without a value leaves nothing.
///
/// # Errors
/// `invalid.argument` if it grows over [`MOST_FILLED`].
pub fn fill(parts: &[Part], values: &BTreeMap<String, String>) -> Result<String, Fault> {
    let mut filled = String::new();
    for part in parts {
        filled.push_str(match part {
            Part::Text(text) => text,
            Part::Variable(name) => values.get(name).map_or("", String::as_str),
        });
        if filled.len() > MOST_FILLED {
            return Err(Fault::invalid(format!("filled in, it is over {MOST_FILLED} bytes: give shorter values")));
        }
    }
    Ok(filled)
}

/// Text that [`parse`] reads back as itself.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace("{{", "\\{{")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(template: &str, values: &[(&str, &str)]) -> String {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        fill(&parse("the template", template).unwrap(), &values).unwrap()
    }

    #[test]
    fn variables_are_replaced_and_escaped_braces_stay() {
        assert_eq!(
            filled("git push {{remote}} {{ branch }}", &[("remote", "origin"), ("branch", "main")]),
            "git push origin main"
        );
        assert_eq!(filled("key: $\\{{ secrets.KEY }} {{x}}", &[("x", "1")]), "key: ${{ secrets.KEY }} 1");
    }

    #[test]
    fn a_value_is_not_read_again() {
        assert_eq!(filled("{{a}}-{{b}}", &[("a", "{{b}}"), ("b", "x")]), "{{b}}-x");
    }

    #[test]
    fn what_is_wrong_is_shown() {
        for (text, said) in
            [("a {{b", "has no `}}`"), ("{{}}", "holds no name"), ("{{a b}}", "holds no name"), ("{{1}}", "letters")]
        {
            let fault = parse("step 2", text).unwrap_err();
            assert_eq!(fault.code, "invalid.template");
            assert!(fault.message.contains(said) && fault.message.contains("step 2"), "{}", fault.message);
        }
    }

    #[test]
    fn each_variable_is_told_once() {
        assert_eq!(variables(&parse("t", "{{b}} {{a}} {{b}}").unwrap()), ["b", "a"]);
    }

    #[test]
    fn growth_is_bounded() {
        let parts = parse("t", &"{{a}}".repeat(1000)).unwrap();
        let values = BTreeMap::from([("a".to_owned(), "x".repeat(1000))]);
        assert_eq!(fill(&parts, &values).unwrap_err().code, "invalid.argument");
    }

    proptest! {
        #[test]
        fn escaped_text_reads_back(text in "[a\\\\{} ]{0,20}") {
            prop_assert_eq!(filled(&escape(&text), &[]), text);
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,40}") {
            let _ = parse("t", &text);
        }
    }
}
