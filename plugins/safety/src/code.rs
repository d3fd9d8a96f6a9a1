//! Looks through source code line by line for patterns that are unsafe, each with the CWE it belongs to.
//!
//! Rules are in [`crate::code_rules`]. They read single lines and know no data flow, so a finding is a place to look at, not a proof.

use crate::code_rules::RULES;

/// A family of languages, by the end of a file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `.py`
    Python,
    /// `.js .ts .jsx .tsx .mjs .html .vue`
    Script,
    /// `.c .h .cc .cpp .hpp`
    C,
    /// `.rs`
    Rust,
    /// `.sh .bash`
    Shell,
    /// Any other, and none given: rules of all languages hold.
    Other,
}

impl Language {
    /// By a file's name.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let end = path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        match end.as_str() {
            "py" | "pyi" => Self::Python,
            "js" | "ts" | "jsx" | "tsx" | "mjs" | "cjs" | "html" | "vue" => Self::Script,
            "c" | "h" | "cc" | "cpp" | "hpp" | "cxx" => Self::C,
            "rs" => Self::Rust,
            "sh" | "bash" | "zsh" => Self::Shell,
            _ => Self::Other,
        }
    }
}

/// What a rule says about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// From 1.
    pub line: usize,
    /// The rule's name.
    pub rule: &'static str,
    /// Common Weakness Enumeration, such as `CWE-89`.
    pub cwe: &'static str,
    /// `critical`, `high`, `medium` or `low`.
    pub severity: &'static str,
    /// What to do instead.
    pub fix: &'static str,
    /// The line, or what of it may be shown.
    pub excerpt: String,
}

/// A line as rules see it.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// All of it.
    pub text: &'a str,
    /// Without a comment that fills it or ends it.
    pub code: &'a str,
    /// The language.
    pub language: Language,
}

impl<'a> Line<'a> {
    /// A line of a language.
    #[must_use]
    pub fn new(text: &'a str, language: Language) -> Self {
        Self { text, code: code_of(text, language), language }
    }

    /// Whether a name is called: `name(`, not as the end of a longer name.
    #[must_use]
    pub fn calls(&self, name: &str) -> bool {
        self.code.match_indices(name).any(|(at, _)| {
            let before = self.code.get(..at).and_then(|head| head.chars().next_back());
            let after = self.code.get(at + name.len()..).unwrap_or_default().trim_start();
            after.starts_with('(')
                && !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || (c == '.' && !name.contains('.')))
        })
    }

    /// Whether a name is called, also as a method of something.
    #[must_use]
    pub fn calls_method(&self, name: &str) -> bool {
        self.code.match_indices(name).any(|(at, _)| {
            let before = self.code.get(..at).and_then(|head| head.chars().next_back());
            let after = self.code.get(at + name.len()..).unwrap_or_default().trim_start();
            after.starts_with('(') && !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
        })
    }

    /// Whether a text is there, blanks left out on both sides.
    #[must_use]
    pub fn has_packed(&self, text: &str) -> bool {
        let packed: String = self.code.chars().filter(|c| !c.is_whitespace()).collect();
        packed.contains(text)
    }

    /// Whether a word is there, whatever its case.
    #[must_use]
    pub fn has_word(&self, word: &str) -> bool {
        self.code.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|found| found == word)
    }

    /// Whether a string is put together with a variable: `" +`, `f"..{`, `" %`, `.format(`, `${`, `format!`.
    #[must_use]
    pub fn builds_string(&self) -> bool {
        let joined = [
            "\" +", "' +", "\"+", "'+", "+ \"", "+ '", "\" %", "' %", ".format(", "${", "format!(", "sprintf(",
            "\" ..", "` +",
        ];
        let python = ["f\"", "f'"].iter().any(|mark| self.code.contains(mark)) && self.code.contains('{');
        joined.iter().any(|mark| self.code.contains(mark)) || python
    }
}

/// The line without a comment: a mark outside of quotes ends it.
fn code_of(text: &str, language: Language) -> &str {
    let marks: &[&str] = match language {
        Language::Python | Language::Shell => &["#"],
        Language::Script | Language::C | Language::Rust => &["//"],
        Language::Other => &["//", "#", "--"],
    };
    let trimmed = text.trim_start();
    if trimmed.starts_with("/*") || trimmed.starts_with("* ") {
        return "";
    }
    let mut quote: Option<char> = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) => {
                if !escaped && c == open {
                    quote = None;
                }
                escaped = !escaped && c == '\\';
            }
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            // Of an unknown language, only a comment that begins the line is sure to be one.
            None if marks.iter().any(|mark| text.get(at..).is_some_and(|rest| rest.starts_with(mark)))
                && (language != Language::Other || text.get(..at).is_some_and(|head| head.trim().is_empty())) =>
            {
                return text.get(..at).unwrap_or_default();
            }
            None => {}
        }
    }
    text
}

/// The findings in a text, by line, then by the order of the rules; at most `most`, and whether there were more.
#[must_use]
pub fn analyze(code: &str, path: &str, most: usize) -> (Vec<Finding>, bool) {
    let language = Language::of(path);
    let mut findings = Vec::new();
    for (number, text) in (1..).zip(code.lines()) {
        // A line longer than this is made by a machine.
        let text = text.char_indices().nth(2_000).and_then(|(end, _)| text.get(..end)).unwrap_or(text);
        let line = Line::new(text, language);
        for rule in RULES.iter().filter(|rule| {
            rule.languages.is_empty() || language == Language::Other || rule.languages.contains(&language)
        }) {
            if !(rule.check)(&line) {
                continue;
            }
            if findings.len() >= most {
                return (findings, true);
            }
            let excerpt = if rule.secret { hidden(text) } else { crate::row::clip(text.trim(), 160) };
            findings.push(Finding {
                line: number,
                rule: rule.name,
                cwe: rule.cwe,
                severity: rule.severity,
                fix: rule.fix,
                excerpt,
            });
        }
    }
    (findings, false)
}

/// What of a line with a secret may be shown: the secrets masked, nothing else of the line.
fn hidden(text: &str) -> String {
    let found = crate::sensitive::find(text);
    found
        .iter()
        .filter(|found| found.kind != "email")
        .map(|found| format!("{}: {}", found.kind, found.masked))
        .collect::<Vec<_>>()
        .join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rules(code: &str, path: &str) -> Vec<(usize, &'static str, &'static str)> {
        analyze(code, path, 100).0.iter().map(|found| (found.line, found.rule, found.cwe)).collect()
    }

    #[test]
    fn each_rule_finds_its_example_and_leaves_the_fix() {
        for (path, bad, rule, good) in [
            ("a.py", "x = eval(text)", "eval", "x = ast.literal_eval(text)"),
            ("a.js", "const f = new Function(text)", "eval", "const f = table[name]"),
            ("a.py", "os.system('ls ' + path)", "command-injection", "subprocess.run(['ls', path])"),
            ("a.py", "subprocess.run(cmd, shell=True)", "command-injection", "subprocess.run(cmd)"),
            (
                "a.py",
                "db.execute(\"SELECT * FROM t WHERE id = \" + id)",
                "sql-injection",
                "db.execute(\"SELECT * FROM t WHERE id = ?\", (id,))",
            ),
            (
                "a.rs",
                "let q = format!(\"DELETE FROM t WHERE id = {id}\");",
                "sql-injection",
                "let q = \"DELETE FROM t WHERE id = ?\";",
            ),
            ("a.py", "data = pickle.loads(body)", "insecure-deserialization", "data = json.loads(body)"),
            ("a.py", "yaml.load(body)", "insecure-deserialization", "yaml.load(body, Loader=yaml.SafeLoader)"),
            ("a.py", "h = hashlib.md5(text)", "weak-hash", "h = hashlib.sha256(text)"),
            (
                "a.java",
                "Cipher.getInstance(\"AES/ECB/PKCS5Padding\")",
                "weak-cipher",
                "Cipher.getInstance(\"AES/GCM/NoPadding\")",
            ),
            ("a.js", "const token = Math.random()", "weak-random", "const token = crypto.randomUUID()"),
            ("a.py", "requests.get(url, verify=False)", "tls-not-verified", "requests.get(url)"),
            ("a.js", "el.innerHTML = text", "cross-site-scripting", "el.textContent = text"),
            ("a.py", "open(request.args['name'])", "path-traversal", "open(known[name])"),
            ("a.py", "app.run(debug=True)", "debug-mode", "app.run()"),
            ("a.sh", "chmod 777 /srv", "world-writable", "chmod 750 /srv"),
            ("a.c", "strcpy(to, from);", "unbounded-copy", "strlcpy(to, from, n);"),
            ("a.py", "p = tempfile.mktemp()", "temporary-file", "p = tempfile.mkstemp()"),
            ("a.py", "url = 'http://api.shop.com/v1'", "clear-text", "url = 'http://localhost:8000'"),
            ("a.py", "password = 'hunter2hunter2'", "hard-coded-secret", "password = os.environ['P']"),
        ] {
            assert!(rules(bad, path).iter().any(|(_, found, _)| *found == rule), "{bad}: {:?}", rules(bad, path));
            assert!(rules(good, path).is_empty(), "{good}: {:?}", rules(good, path));
        }
    }

    #[test]
    fn lines_are_counted_and_comments_left() {
        let code = "# eval(x) is bad\nx = 1\ny = eval(z)  # yes\n";
        assert_eq!(rules(code, "a.py"), [(3, "eval", "CWE-95")]);
        assert_eq!(rules("// eval(x)", "a.js"), []);
        assert_eq!(rules("model.eval()", "a.py"), []);
        assert_eq!(rules("strcpy(a, b)", "a.py"), [], "a rule of C");
    }

    #[test]
    fn a_secret_is_never_shown() {
        let (found, _) = analyze("password = 'hunter2hunter2'", "a.py", 10);
        assert_eq!(found.len(), 1);
        assert!(!found[0].excerpt.contains("hunter2"), "{found:?}");
    }

    #[test]
    fn every_rule_names_a_cwe_and_a_fix() {
        for rule in RULES {
            assert!(rule.cwe.strip_prefix("CWE-").is_some_and(|n| n.parse::<u32>().is_ok()), "{}", rule.name);
            assert!(
                rule.fix.ends_with('.') && ["critical", "high", "medium", "low"].contains(&rule.severity),
                "{}",
                rule.name
            );
        }
    }

    proptest! {
        #[test]
        fn any_code_is_read(code in "[ -~\\n\u{e9}]{0,300}") {
            let (found, _) = analyze(&code, "a.txt", 1_000);
            prop_assert!(found.iter().all(|found| found.line >= 1 && found.line <= code.lines().count()));
        }
    }
}
