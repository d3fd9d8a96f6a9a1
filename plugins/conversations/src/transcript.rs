//! A conversation as text: Markdown for people, JSON Lines for programs.

use memstrata_sdk::row;
use memstrata_sdk::{Value, json, when};

/// The forms of an export.
pub const FORMATS: [&str; 3] = ["json", "markdown", "jsonl"];

fn role(message: &Value) -> String {
    let role = row::text(message, "role");
    let mut letters = role.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A heading with the title, then each message under its speaker. Content is kept word for word in a block quote, so that
/// headings in it are not taken for those of the document.
#[must_use]
pub fn markdown(thread: &Value, messages: &[Value]) -> String {
    let mut out = format!("# {}\n\n", row::text(thread, "title").replace('\n', " "));
    let said = |field: &str| row::int(thread, field).map(when::iso).unwrap_or_default();
    out.push_str(&format!(
        "{}, {}, started {}\n",
        row::reference(row::id(thread)),
        row::text(thread, "status"),
        said("created_at")
    ));
    for message in messages {
        let at = row::int(message, "at").map(when::iso).unwrap_or_default();
        let position = row::int(message, "position").unwrap_or_default();
        out.push_str(&format!("\n**{position}. {}** ({at})\n\n", role(message)));
        for line in row::text(message, "content").lines() {
            out.push_str(if line.is_empty() { ">" } else { "> " });
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// One line a message, each complete by itself: `conversation`, `title`, `position`, `role`, `content`, `tokens`, `at`.
#[must_use]
pub fn lines(thread: &Value, messages: &[Value]) -> String {
    let mut out = String::new();
    for message in messages {
        let line = json!({
            "conversation": row::id(thread), "title": row::text(thread, "title"), "position": row::int(message, "position"),
            "role": row::text(message, "role"), "content": row::text(message, "content"),
            "tokens": row::int(message, "tokens"), "at": row::int(message, "at"),
        });
        out.push_str(&line.to_string());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk() -> (Value, Vec<Value>) {
        let thread = json!({"id": 7, "title": "Release\nplan", "status": "active", "created_at": 86_400_000});
        let message = |position: u64, role: &str, content: &str| json!({"id": position + 10, "position": position, "role": role, "content": content, "tokens": 2, "at": 86_460_000});
        (thread, vec![message(1, "user", "# Not a heading\n\nof ours"), message(2, "assistant", "Yes \"so\"\n")])
    }

    #[test]
    fn markdown_keeps_content_apart_from_its_own_headings() {
        let (thread, messages) = talk();
        let text = markdown(&thread, &messages);
        assert!(text.starts_with("# Release plan\n\nm:7, active, started 1970-01-02\n"), "{text}");
        assert!(text.contains("**1. User** (1970-01-02T00:01Z)\n\n> # Not a heading\n>\n> of ours\n"), "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with("# ")).count(), 1);
    }

    #[test]
    fn each_line_reads_back_by_itself() {
        let (thread, messages) = talk();
        let text = lines(&thread, &messages);
        let read: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read.len(), 2);
        assert_eq!(read[1]["content"], "Yes \"so\"\n");
        assert_eq!(read[0]["conversation"], 7);
    }
}
