//! What a document is, by its name and its first bytes.

/// Types of documents.
pub const KINDS: [&str; 5] = ["markdown", "text", "code", "html", "pdf"];

/// Bytes looked at for a NUL.
const LOOK: usize = 8_000;

/// Extensions of code and the language they mean.
const CODE: [(&str, &str); 34] = [
    ("bash", "shell"),
    ("c", "c"),
    ("cc", "c++"),
    ("cpp", "c++"),
    ("cs", "c#"),
    ("css", "css"),
    ("ex", "elixir"),
    ("go", "go"),
    ("h", "c"),
    ("hpp", "c++"),
    ("java", "java"),
    ("js", "javascript"),
    ("json", "json"),
    ("jsx", "javascript"),
    ("kt", "kotlin"),
    ("lua", "lua"),
    ("mjs", "javascript"),
    ("php", "php"),
    ("pl", "perl"),
    ("proto", "protobuf"),
    ("py", "python"),
    ("r", "r"),
    ("rb", "ruby"),
    ("rs", "rust"),
    ("scala", "scala"),
    ("sh", "shell"),
    ("sql", "sql"),
    ("swift", "swift"),
    ("toml", "toml"),
    ("ts", "typescript"),
    ("tsx", "typescript"),
    ("wit", "wit"),
    ("yaml", "yaml"),
    ("yml", "yaml"),
];

/// The extension of a path, in small letters; empty if it has none.
fn extension(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default()
}

/// The type and, of code, the language a path means; what is not known is text.
#[must_use]
pub fn of(path: &str) -> (&'static str, Option<&'static str>) {
    let extension = extension(path);
    match extension.as_str() {
        "md" | "markdown" | "mdx" => ("markdown", None),
        "html" | "htm" | "xhtml" => ("html", None),
        "pdf" => ("pdf", None),
        other => match CODE.iter().find(|(known, _)| *known == other) {
            Some((_, language)) => ("code", Some(language)),
            None => ("text", None),
        },
    }
}

/// Whether a file is a PDF, by its name or its first bytes.
#[must_use]
pub fn is_pdf(path: &str, bytes: &[u8]) -> bool {
    extension(path) == "pdf" || bytes.starts_with(b"%PDF-")
}

/// The text of a file's bytes, for all but PDFs (see [`crate::pdf`]).
///
/// # Errors
/// A sentence for one that holds no text.
pub fn text(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.iter().take(LOOK).any(|byte| *byte == 0) {
        return Err("it is no text: it has NUL bytes".into());
    }
    String::from_utf8(bytes).map_err(|error| format!("it is no UTF-8 text: {}", error.utf8_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_type() {
        for (path, kind) in [
            ("a/README.md", ("markdown", None)),
            ("src/main.RS", ("code", Some("rust"))),
            ("page.htm", ("html", None)),
            ("papers/tea.PDF", ("pdf", None)),
            ("LICENSE", ("text", None)),
            ("a.b/notes", ("text", None)),
        ] {
            assert_eq!(of(path), kind, "{path}");
        }
    }

    #[test]
    fn what_is_no_text_is_told() {
        assert_eq!(text(b"gr\xc3\xbcn".to_vec()).unwrap(), "grün");
        assert!(text(b"a\0b".to_vec()).unwrap_err().contains("NUL"));
        assert!(text(vec![0xff, 0xfe, b'a']).unwrap_err().contains("UTF-8"));
        assert!(is_pdf("a.Pdf", b"") && is_pdf("a", b"%PDF-1.7") && !is_pdf("pdf", b"% PDF"));
    }
}
