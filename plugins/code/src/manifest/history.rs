//! Operations on git and on what was changed last.

use super::{boolean, integer, limit, objects, operation, repo, string, strings};
use memstrata_sdk::json;
use memstrata_sdk::schema::{self as s, Named};

pub(super) fn operations() -> Vec<Named> {
    vec![
        operation(
            "get_git_status",
            (
                "read",
                "Branch, head commit and changed files of the git repositories of granted folders.",
                "Files are compared with git's index: by time and size, and where these differ by content, up to 8 MB a call; `compared` counts how. Staged changes and untracked files are not looked for.",
            ),
            (&json!({"repo_path": repo()}), &[]),
            (&json!({"repositories": objects(), "without": objects()}), &["repositories", "without"]),
            &json!([{"arguments": {}, "fault": "not-found.folder", "note": "No folder is granted here."}]),
        ),
        operation(
            "get_recent_files",
            (
                "read",
                "Files of granted folders that were changed last.",
                "By the time of their last change, looked up now; at most 20,000 entries, and `complete` says whether that was all.",
            ),
            (&json!({"limit": limit(10), "repo_path": repo()}), &[]),
            (
                &json!({"files": objects(), "count": integer(), "looked_at": integer(), "complete": boolean()}),
                &["files", "count", "looked_at", "complete"],
            ),
            &json!([{"arguments": {"limit": 3}, "fault": "not-found.folder"}]),
        ),
        operation(
            "get_file_changes",
            (
                "read",
                "The commits that changed a file, newest first.",
                "From HEAD along first parents, at most 2,000 commits a call; `next_cursor` goes on. Renames are not followed. Objects are checked against their ids: damage is an error, never history.",
            ),
            (
                &json!({"file_path": s::text("The file, in the folder or with its name before it.", 1_000), "limit": limit(20), "repo_path": repo(),
                     "cursor": s::maybe_text("`next_cursor` of the page before.", 100)}),
                &["file_path"],
            ),
            (
                &json!({"path": string(), "changes": objects(), "count": integer(), "commits_looked_at": integer(), "next_cursor": {"type": ["string", "null"]}, "notes": strings()}),
                &["path", "changes", "count", "commits_looked_at", "next_cursor", "notes"],
            ),
            &json!([{"arguments": {"file_path": "demo/src/main.rs"}, "fault": "not-found.folder"}]),
        ),
    ]
}
