//! Reading a file of memories: which format it has, line by line or as one document; every fault with its place.

use super::{Call, Kind, PlacedRow, Record, foreign};
use memstrata_kernel::ExportedRow;
use serde_json::{Map, Value};
use std::io::BufRead;

/// A format of files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    #[default]
    /// JSON lines, an object each: `text`, and what else it has; `kind` says which kind of record it is
    Jsonl,
    /// The file of the reference MCP memory server: entities and relations as JSON lines
    McpMemory,
    /// An export of mem0
    Mem0,
    /// A data export of Claude: conversations.json or memories.json
    Claude,
    /// An export of ours
    Memstrata,
    /// JSON lines, a call each: `{"operation": .., "arguments": {..}}`
    Calls,
}

/// The first key of the first line of our own exports.
pub(crate) const HEADER: &str = "memstrata_export";

/// How a file is read.
#[derive(Debug)]
pub(crate) struct Reading {
    /// The format; found out if none.
    pub(crate) format: Option<Format>,
    /// What a JSON line without `kind` is.
    pub(crate) kind: Kind,
    /// Fields of JSON lines under other names: ours, theirs.
    pub(crate) names: Vec<(String, String)>,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) format: Format,
    pub(crate) records: Vec<Record>,
    pub(crate) rows: Vec<PlacedRow>,
    pub(crate) calls: Vec<(Call, String)>,
    /// Messages without a text.
    pub(crate) empty: usize,
    /// What could not be read, with its place.
    pub(crate) faults: Vec<String>,
}

/// Reads a whole file.
///
/// # Errors
/// When it cannot be read, is empty, or has none of the formats.
pub(crate) fn read(source: &mut dyn BufRead, reading: &Reading) -> Result<Content, String> {
    let mut text = String::new();
    source.read_to_string(&mut text).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => "it is not UTF-8 text; is it packed? Unpack it first".to_owned(),
        _ => error.to_string(),
    })?;
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err("it is empty".into());
    }
    // A document that is one JSON value over several lines, or one line: a list or an object of lists.
    let lines: Vec<(usize, &str)> =
        text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(|(at, line)| (at + 1, line)).collect();
    let first: Option<Value> = lines.first().and_then(|(_, line)| serde_json::from_str(line).ok());
    // Who names a format of lines has lines, whatever the first one looks like.
    let lined = [Format::Jsonl, Format::Calls, Format::Memstrata];
    let by_lines = reading.format.is_some_and(|format| lined.contains(&format)) && !text.trim_start().starts_with('[')
        || matches!(&first, Some(Value::Object(first)) if lines.len() > 1 || !foreign::is_document(first));
    if by_lines {
        let format = reading.format.unwrap_or_else(|| first.as_ref().map_or(Format::Jsonl, of_line));
        return Ok(by_line(&lines, format, reading));
    }
    let document: Value = serde_json::from_str(text)
        .map_err(|error| format!("it is neither JSON lines nor one JSON document: {error}"))?;
    let format = match reading.format {
        Some(format) => format,
        None => foreign::of_document(&document).ok_or(
            "it is JSON, but of no format known here; `--format` names them: an export of mem0 has `results` or `memories`, one of Claude \
             `chat_messages` or `conversations_memory`",
        )?,
    };
    let mut content = Content { format, ..Content::default() };
    match (format, document) {
        (Format::Mem0, document) => foreign::mem0(document, &mut content),
        (Format::Claude, document) => foreign::claude(document, &mut content),
        (Format::McpMemory, document) => foreign::memory_document(document, &mut content),
        (_, Value::Array(items)) => {
            for (at, item) in items.into_iter().enumerate() {
                value(item, format, reading, format!("item {}", at + 1), &mut content);
            }
        }
        (_, other) => value(other, format, reading, "the document".into(), &mut content),
    }
    Ok(content)
}

/// The format a file has whose first line is this.
fn of_line(first: &Value) -> Format {
    let has = |key: &str| first.get(key).is_some();
    let kind = first.get("type").and_then(Value::as_str);
    match kind {
        _ if has(HEADER) => Format::Memstrata,
        _ if has("operation") && (has("arguments") || first.as_object().is_some_and(|line| line.len() == 1)) => {
            Format::Calls
        }
        Some("entity") if has("entityType") => Format::McpMemory,
        Some("relation") if has("relationType") => Format::McpMemory,
        _ => Format::Jsonl,
    }
}

fn by_line(lines: &[(usize, &str)], format: Format, reading: &Reading) -> Content {
    let mut content = Content { format, ..Content::default() };
    for (at, line) in lines {
        let place = format!("line {at}");
        match serde_json::from_str(line) {
            Ok(item) => value(item, format, reading, place, &mut content),
            Err(error) => content.faults.push(format!("{place}: no JSON: {error}")),
        }
    }
    content
}

/// One value of a file.
fn value(item: Value, format: Format, reading: &Reading, place: String, content: &mut Content) {
    let Value::Object(item) = item else {
        content.faults.push(format!("{place}: no JSON object"));
        return;
    };
    match format {
        Format::Memstrata if item.contains_key(HEADER) => {}
        Format::Memstrata => match serde_json::from_value::<ExportedRow>(item.into()) {
            Ok(row) => content.rows.push((row, place)),
            Err(error) => content.faults.push(format!("{place}: no row of an export: {error}")),
        },
        Format::Calls => match serde_json::from_value(item.into()) {
            Ok(call) => content.calls.push((call, place)),
            Err(error) => content.faults.push(format!("{place}: no call: {error}")),
        },
        Format::McpMemory => push(foreign::memory_line(item, place), content),
        Format::Mem0 => push(foreign::mem0_item(item, place), content),
        Format::Claude => foreign::claude(Value::Array(vec![item.into()]), content),
        Format::Jsonl => push(plain(item, reading, place), content),
    }
}

pub(super) fn push(record: Result<Record, String>, content: &mut Content) {
    match record {
        Ok(record) => content.records.push(record),
        Err(fault) => content.faults.push(fault),
    }
}

/// What the text and the time of a record are often called.
const TEXTS: [&str; 5] = ["content", "memory", "message", "body", "subject"];
const TIMES: [&str; 4] = ["timestamp", "created_at", "createdAt", "date"];

/// A line of plain JSON lines.
fn plain(mut item: Map<String, Value>, reading: &Reading, place: String) -> Result<Record, String> {
    for (ours, theirs) in &reading.names {
        if let Some(value) = item.remove(theirs) {
            // What had our name before keeps it with a mark.
            if let Some(other) = item.insert(ours.clone(), value) {
                item.insert(format!("other_{ours}"), other);
            }
        }
    }
    let kind = match item.remove("kind") {
        None => reading.kind,
        Some(named) => named.as_str().and_then(Kind::parse).ok_or_else(|| {
            format!(
                "{place}: `kind` is {named}; it is entity, relation, memory or event, or rename the field with --field"
            )
        })?,
    };
    for (ours, usual) in [("text", &TEXTS[..]), ("time", &TIMES[..])] {
        if !item.contains_key(ours)
            && let Some(value) = usual.iter().find_map(|name| item.remove(*name))
        {
            item.insert(ours.into(), value);
        }
    }
    if let Some(time) = item.get_mut("time") {
        *time = instant(time);
    }
    let needs: &[&str] = match kind {
        Kind::Entity => &["name", "type"],
        Kind::Relation => &["from", "type", "to"],
        Kind::Memory | Kind::Event => &["text"],
    };
    let lacks = |need: &&&str| item.get(**need).and_then(Value::as_str).is_none_or(|text| text.trim().is_empty());
    if let Some(lacking) = needs.iter().find(lacks) {
        let has: Vec<&str> = item.keys().map(String::as_str).collect();
        let has = has.join(", ");
        return Err(format!(
            "{place}: a record of kind {} needs a text `{lacking}`; it has {has}; name the field with --field {lacking}=NAME",
            kind.name()
        ));
    }
    Ok(Record { kind, fields: item, place })
}

/// Numbers of seconds become milliseconds; everything else is left to the operation to read.
pub(super) fn instant(time: &Value) -> Value {
    // Seconds reach this in the year 5138, milliseconds did in 1973.
    const SECONDS_END: f64 = 1e11;
    match time.as_f64() {
        Some(number) if number < SECONDS_END => Value::from((number * 1000.0).round() as i64),
        Some(number) => Value::from(number.round() as i64),
        None => time.clone(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic in a test is its failure")]
mod tests {
    use super::*;
    use serde_json::json;

    fn reading() -> Reading {
        Reading { format: None, kind: Kind::Memory, names: Vec::new() }
    }

    fn records(text: &str) -> Content {
        read(&mut text.as_bytes(), &reading()).unwrap()
    }

    #[test]
    fn lines_are_read_by_their_usual_names_and_faults_have_their_place() {
        let content = records(
            "{\"content\": \"Ada likes tea\", \"tags\": [\"tea\"], \"created_at\": \"2026-01-02T03:04:05Z\"}\n\n\
             {\"text\": \"It broke\", \"kind\": \"event\", \"timestamp\": 1668641302}\n{oops\n[1]\n{\"mood\": 1}\n{\"text\": \"x\", \"kind\": \"rumour\"}\n",
        );
        assert_eq!(content.format, Format::Jsonl);
        assert_eq!(content.records.len(), 2);
        assert_eq!(content.records[0].fields["text"], "Ada likes tea");
        assert_eq!(content.records[0].fields["time"], "2026-01-02T03:04:05Z");
        assert_eq!(
            (content.records[1].kind, &content.records[1].fields["time"]),
            (Kind::Event, &json!(1_668_641_302_000_i64))
        );
        let faults = content.faults.join("\n");
        for part in [
            "line 4: no JSON",
            "line 5: no JSON object",
            "line 6: a record of kind memory needs a text `text`; it has mood",
            "line 7: `kind`",
        ] {
            assert!(faults.contains(part), "{part} in {faults}");
        }
    }

    #[test]
    fn fields_are_renamed_as_the_caller_says() {
        let names = vec![("text".to_owned(), "summary".to_owned())];
        let reading = Reading { names, kind: Kind::Event, format: Some(Format::Jsonl) };
        let content = read(&mut "{\"summary\": \"Tea\", \"content\": \"other\"}".as_bytes(), &reading).unwrap();
        assert_eq!((content.records[0].kind, &content.records[0].fields["text"]), (Kind::Event, &json!("Tea")));
        assert_eq!(content.records[0].fields["content"], "other");
    }

    #[test]
    fn each_format_is_known_by_its_first_line() {
        let of = |text: &str| records(text).format;
        assert_eq!(of("{\"memstrata_export\": 1}\n{\"collection\": \"a.b\", \"row\": {\"id\": 1}}"), Format::Memstrata);
        assert_eq!(of("{\"operation\": \"a.b\", \"arguments\": {}}"), Format::Calls);
        assert_eq!(
            of("{\"type\":\"entity\",\"name\":\"Ada\",\"entityType\":\"person\",\"observations\":[]}"),
            Format::McpMemory
        );
        assert_eq!(of("[{\"memory\": \"likes tea\", \"user_id\": \"ada\", \"id\": \"1\"}]"), Format::Mem0);
        assert_eq!(of("{\"results\": [{\"memory\": \"likes tea\"}]}"), Format::Mem0);
        assert_eq!(of("[{\"uuid\": \"1\", \"chat_messages\": []}]"), Format::Claude);
        assert_eq!(of("[{\"conversations_memory\": \"**Work**\"}]"), Format::Claude);
    }

    #[test]
    fn what_is_no_file_of_memories_is_told() {
        for (bytes, part) in [
            (&b""[..], "empty"),
            (b" \n", "empty"),
            (b"PK\x03\x04\xff\xfe", "UTF-8"),
            (b"hello", "neither JSON lines"),
            (b"{\"weather\": {}, \"results_of\": []}\n", "needs a text"),
            (b"[[1], 2]", "no format known"),
        ] {
            let mut bytes = bytes;
            let error = match read(&mut bytes, &reading()) {
                Ok(content) => content.faults.join("; "),
                Err(error) => error,
            };
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
