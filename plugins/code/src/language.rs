//! The languages that are read, and how their words look.

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// Rust.
    Rust,
    /// Python 3.
    Python,
    /// JavaScript, JSX too.
    JavaScript,
    /// TypeScript, TSX too.
    TypeScript,
    /// Go.
    Go,
    /// Java.
    Java,
    /// C.
    C,
    /// C++.
    Cpp,
}

/// Their names, as answers and arguments have them.
pub const LANGUAGES: [(Language, &str); 8] = [
    (Language::Rust, "rust"),
    (Language::Python, "python"),
    (Language::JavaScript, "javascript"),
    (Language::TypeScript, "typescript"),
    (Language::Go, "go"),
    (Language::Java, "java"),
    (Language::C, "c"),
    (Language::Cpp, "c++"),
];

/// Extensions and what they mean. A `.h` is read as C++: what C has, C++ has, for an outline.
const EXTENSIONS: [(&str, Language); 23] = [
    ("rs", Language::Rust),
    ("py", Language::Python),
    ("pyi", Language::Python),
    ("js", Language::JavaScript),
    ("mjs", Language::JavaScript),
    ("cjs", Language::JavaScript),
    ("jsx", Language::JavaScript),
    ("ts", Language::TypeScript),
    ("mts", Language::TypeScript),
    ("cts", Language::TypeScript),
    ("tsx", Language::TypeScript),
    ("go", Language::Go),
    ("java", Language::Java),
    ("c", Language::C),
    ("h", Language::Cpp),
    ("cc", Language::Cpp),
    ("cpp", Language::Cpp),
    ("cxx", Language::Cpp),
    ("c++", Language::Cpp),
    ("hh", Language::Cpp),
    ("hpp", Language::Cpp),
    ("hxx", Language::Cpp),
    ("ipp", Language::Cpp),
];

/// Words that look like calls before a bracket and are none.
const KEYWORDS: [&str; 37] = [
    "if",
    "for",
    "while",
    "switch",
    "return",
    "catch",
    "match",
    "sizeof",
    "alignof",
    "typeof",
    "await",
    "yield",
    "new",
    "delete",
    "throw",
    "in",
    "and",
    "or",
    "not",
    "is",
    "elif",
    "except",
    "with",
    "assert",
    "lambda",
    "del",
    "raise",
    "func",
    "function",
    "fn",
    "else",
    "do",
    "case",
    "loop",
    "super",
    "defer",
    "synchronized",
];

impl Language {
    /// The language of a path, by its extension.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next()?;
        let (stem, extension) = name.rsplit_once('.')?;
        let extension = extension.to_ascii_lowercase();
        let found = EXTENSIONS.iter().find(|(known, _)| *known == extension);
        found.filter(|_| !stem.is_empty()).map(|(_, language)| *language)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        LANGUAGES.iter().find(|(language, _)| *language == self).map_or("", |(_, name)| name)
    }

    /// The language of a name; common other names too.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        let name = match name.as_str() {
            "cpp" | "cxx" => "c++",
            "js" => "javascript",
            "ts" => "typescript",
            "py" => "python",
            "rs" => "rust",
            "golang" => "go",
            other => other,
        };
        LANGUAGES.iter().find(|(_, known)| *known == name).map(|(language, _)| *language)
    }

    /// What joins the parts of a qualified name.
    #[must_use]
    pub fn joint(self) -> &'static str {
        match self {
            Self::Rust | Self::C | Self::Cpp => "::",
            _ => ".",
        }
    }

    /// Whether it is JavaScript or TypeScript.
    #[must_use]
    pub fn is_script(self) -> bool {
        matches!(self, Self::JavaScript | Self::TypeScript)
    }

    /// Whether it is C or C++.
    #[must_use]
    pub fn is_c(self) -> bool {
        matches!(self, Self::C | Self::Cpp)
    }
}

/// Whether a word before a bracket is part of the language and no call.
#[must_use]
pub fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_tell_the_language() {
        for (path, language) in [
            ("src/main.rs", Some(Language::Rust)),
            ("a/b.test.TSX", Some(Language::TypeScript)),
            ("x.h", Some(Language::Cpp)),
            ("README.md", None),
            (".py", None),
            ("Makefile", None),
        ] {
            assert_eq!(Language::of(path), language, "{path}");
        }
        assert_eq!(Language::named("Python"), Some(Language::Python));
        assert_eq!(Language::named("cpp"), Some(Language::Cpp));
        assert_eq!(Language::named("cobol"), None);
    }
}
