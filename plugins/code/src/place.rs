//! Which files of a folder are looked at, and how callers name a place in it.

/// What is never source: hidden files, what tools make, what others wrote.
pub const EXCLUDED: [&str; 9] = [
    "**/.*",
    "**/target",
    "**/node_modules",
    "**/__pycache__",
    "**/site-packages",
    "**/venv",
    "**/vendor",
    "**/dist",
    "**/*.min.js",
];

/// A place: a folder, and a path in it; no folder means all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The granted folder's name, or the label given units have.
    pub folder: Option<String>,
    /// Segments joined by `/`; empty for the whole folder.
    pub path: String,
}

impl Place {
    /// Reads `name`, `name/sub`, `.` or nothing.
    ///
    /// # Errors
    /// A sentence for a path that climbs.
    pub fn parse(text: &str) -> Result<Self, String> {
        let segments: Vec<&str> = text.split('/').filter(|segment| !segment.is_empty() && *segment != ".").collect();
        if segments.contains(&"..") {
            return Err(format!("`{text}` climbs with `..`: name a granted folder and a path below it"));
        }
        let folder = segments.first().map(|first| (*first).to_owned());
        Ok(Self { folder, path: segments.get(1..).unwrap_or_default().join("/") })
    }

    /// As it is shown.
    #[must_use]
    pub fn shown(&self) -> String {
        match (&self.folder, self.path.as_str()) {
            (None, _) => String::new(),
            (Some(folder), "") => folder.clone(),
            (Some(folder), path) => format!("{folder}/{path}"),
        }
    }
}

/// Whether a path (of a file or a folder) is left out.
#[must_use]
pub fn excluded(path: &str, patterns: &[String]) -> bool {
    patterns.iter().any(|pattern| fast_glob::glob_match(pattern, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_and_shown() {
        for (text, folder, path) in [
            ("", None, ""),
            (".", None, ""),
            ("repo", Some("repo"), ""),
            ("/repo/src//a.rs/", Some("repo"), "src/a.rs"),
            ("./repo/./src", Some("repo"), "src"),
        ] {
            let place = Place::parse(text).unwrap();
            assert_eq!((place.folder.as_deref(), place.path.as_str()), (folder, path), "{text}");
        }
        assert!(Place::parse("repo/../x").is_err());
        assert_eq!(Place::parse("/repo/src/").unwrap().shown(), "repo/src");
    }

    #[test]
    fn what_is_no_source_is_left_out() {
        let patterns = EXCLUDED.map(str::to_owned);
        for path in [".git", "a/.env", "target", "web/node_modules", "x/app.min.js"] {
            assert!(excluded(path, &patterns), "{path}");
        }
        assert!(!excluded("src/targets.rs", &patterns));
    }
}
