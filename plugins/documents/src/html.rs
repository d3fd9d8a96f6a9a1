//! The readable text of a web page: no tags, scripts or styles, entities decoded, its title.

/// Elements whose content nobody reads.
const SILENT: [&str; 6] = ["script", "style", "noscript", "template", "svg", "title"];
/// Elements that end a line.
const BLOCKS: [&str; 22] = [
    "p",
    "div",
    "br",
    "li",
    "ul",
    "ol",
    "table",
    "tr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "section",
    "article",
    "header",
    "footer",
    "pre",
    "blockquote",
    "hr",
    "main",
];

/// A page's title and its text.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// The content of its title element.
    pub title: Option<String>,
    /// Its text; blocks are lines.
    pub text: String,
}

/// Reads a page. Broken markup is read as far as it goes.
#[must_use]
pub fn read(source: &str) -> Page {
    let (mut text, mut rest) = (String::with_capacity(source.len() / 2), source);
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        text.push_str(&decode(before));
        if let Some(comment) = tag.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        // What begins with no letter, `/`, `!` or `?` is no tag.
        let tagged = tag.get(1..).unwrap_or_default();
        if !tagged.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
            text.push('<');
            rest = tagged;
            continue;
        }
        let Some((inside, after)) = end(tagged) else {
            rest = "";
            break;
        };
        let name = name(inside);
        rest = after;
        if SILENT.contains(&name.as_str()) && !inside.starts_with('/') && !inside.ends_with('/') {
            rest = past(after, &name);
        } else if BLOCKS.contains(&name.as_str()) {
            text.push('\n');
        }
    }
    text.push_str(&decode(rest));
    Page { title: title(source), text: tidy(&text) }
}

/// A tag's inside and what follows it; a `>` in quotes does not end it.
fn end(tag: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    let at = tag.bytes().position(|byte| {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
        quote.is_none() && byte == b'>'
    });
    // A quote that is never closed ends nothing: then the first `>` does.
    let at = at.or_else(|| tag.find('>'))?;
    Some((tag.get(..at)?, tag.get(at + 1..)?))
}

/// The name of a tag in small letters.
fn name(inside: &str) -> String {
    let inside = inside.trim_start_matches('/');
    inside.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// What follows the end of an element.
fn past<'a>(source: &'a str, name: &str) -> &'a str {
    let mut rest = source;
    while let Some((_, tag)) = rest.split_once("</") {
        if self::name(tag) == name {
            return tag.split_once('>').map_or("", |(_, after)| after);
        }
        rest = tag;
    }
    ""
}

fn title(source: &str) -> Option<String> {
    let lower = source.to_ascii_lowercase();
    let begin = lower.find("<title")?;
    let begin = begin + lower.get(begin..)?.find('>')? + 1;
    let end = begin + lower.get(begin..)?.find("</title")?;
    let title = tidy(&decode(source.get(begin..end)?));
    (!title.is_empty()).then_some(title)
}

/// Blanks within a line become one, and at most one line in a row is empty.
fn tidy(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if !line.is_empty() || lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(line);
        }
    }
    lines.join("\n").trim().to_owned()
}

/// Replaces the usual entities and the numbered ones; what is none stays.
fn decode(text: &str) -> String {
    const NAMED: [(&str, &str); 12] = [
        ("amp", "&"),
        ("lt", "<"),
        ("gt", ">"),
        ("quot", "\""),
        ("apos", "'"),
        ("nbsp", " "),
        ("mdash", "—"),
        ("ndash", "–"),
        ("hellip", "…"),
        ("copy", "©"),
        ("rsquo", "’"),
        ("lsquo", "‘"),
    ];
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let near = after.bytes().take(11).position(|byte| byte == b';');
        let entity = near.and_then(|end| Some((after.get(..end)?, after.get(end + 1..)?)));
        let decoded = entity.and_then(|(name, tail)| {
            let number = name.strip_prefix('#').and_then(|number| match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok(),
                None => number.parse().ok(),
            });
            let named = NAMED.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
            Some((named.or_else(|| number.and_then(char::from_u32).map(String::from))?, tail))
        });
        match decoded {
            Some((text, tail)) => {
                out.push_str(&text);
                rest = tail;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_what_a_reader_sees() {
        let page = read(
            "<html><head><title>Tea &amp; trains</title><style>p{}</style></head><body><h1>Tea</h1><p>Green&nbsp;tea &lt;hot&gt; &#8211; &#x74;oo &unknown; &</p>\
             <!-- <p>hidden</p> --><script>if (a < b) { x('</p>') }</script><ul><li>one<li>two</ul></body></html>",
        );
        assert_eq!(page.title.as_deref(), Some("Tea & trains"));
        assert_eq!(page.text, "Tea\n\nGreen tea <hot> – too &unknown; &\n\none\ntwo");
    }

    #[test]
    fn broken_markup_ends_and_never_panics() {
        for source in ["<", "<p", "<script>x", "<!-- x", "a &", "&#xffffffff;", "<title>x", "&;", "<é>"] {
            _ = read(source);
        }
        assert_eq!(read("<p>if a < b then tea</p><p>next</p>").text, "if a < b then tea\n\nnext");
        assert_eq!(
            read("<!doctype html><head><title>T</title><meta x><body><p>Hello").text,
            "Hello",
            "no end of the head"
        );
        assert_eq!(read("<header>Top</header><script>x</scripts></script>end").text, "Top\nend");
        assert_eq!(read("<p title=\"x > y\">Tea</p><p title='>>'>hot</p><p a=\">b").text, "Tea\n\nhot\n\nb");
        assert_eq!(read(&"&".repeat(300_000)).text.len(), 300_000);
        assert_eq!(read("").text, "");
    }
}
