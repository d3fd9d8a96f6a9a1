//! Which files of a folder are documents, and when a change is taken.

/// A file is taken when it has not changed for so long: writers write in several steps.
pub const DEBOUNCE_MS: u64 = 5_000;
/// The first pause after a failure; each further one is twice as long.
const FIRST_PAUSE_MS: u64 = 30_000;
/// The longest pause.
const LONGEST_PAUSE_MS: u64 = 86_400_000;

/// What is never a document: hidden files and what tools make.
pub const EXCLUDED: [&str; 5] = ["**/.*", "**/target", "**/node_modules", "**/__pycache__", "**/*.lock"];

/// Whether a path (of a file or a folder) is left out.
#[must_use]
pub fn excluded(path: &str, patterns: &[String]) -> bool {
    patterns.iter().any(|pattern| fast_glob::glob_match(pattern, path))
}

/// Whether a file is one of those wanted; no pattern wants all.
#[must_use]
pub fn included(path: &str, patterns: &[String]) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| fast_glob::glob_match(pattern, path))
}

/// Whether a file is none of those wanted, or it or a directory over it is left out.
#[must_use]
pub fn left_out(path: &str, include: &[String], exclude: &[String]) -> bool {
    let over = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
    over.chain([path]).any(|part| excluded(part, exclude)) || !included(path, include)
}

/// Whether a file's last change is old enough.
#[must_use]
pub fn settled(modified: u64, now: u64) -> bool {
    // A time in the future is a clock that is wrong; waiting for it would never end.
    modified > now || now - modified >= DEBOUNCE_MS
}

/// How long to wait after so many failures, ms.
#[must_use]
pub fn pause(attempts: u64) -> u64 {
    FIRST_PAUSE_MS.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(LONGEST_PAUSE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(patterns: &[&str]) -> Vec<String> {
        patterns.iter().map(|pattern| (*pattern).to_owned()).collect()
    }

    #[test]
    fn hidden_files_and_what_tools_make_are_left_out() {
        let patterns = owned(&EXCLUDED);
        for path in [".git", "a/.env", "target", "web/node_modules", "Cargo.lock"] {
            assert!(excluded(path, &patterns), "{path}");
        }
        for path in ["README.md", "src/targets.rs", "a/b.c"] {
            assert!(!excluded(path, &patterns), "{path}");
        }
        assert!(
            included("a/b.md", &[])
                && included("a/b.md", &owned(&["**/*.md"]))
                && !included("a/b.rs", &owned(&["**/*.md"]))
        );
    }

    #[test]
    fn what_lies_in_a_folder_left_out_is_left_out() {
        let exclude = owned(&["**/old"]);
        assert!(left_out("a/old/b.md", &[], &exclude) && left_out("b.rs", &owned(&["**/*.md"]), &[]));
        assert!(!left_out("a/b.md", &owned(&["**/*.md"]), &exclude));
    }

    #[test]
    fn changes_wait_and_pauses_grow() {
        assert!(!settled(10_000, 14_999) && settled(10_000, 15_000) && settled(20_000, 10_000));
        assert_eq!((pause(1), pause(2), pause(3)), (30_000, 60_000, 120_000));
        assert_eq!(pause(60), 86_400_000);
    }
}
