//! Jobs for a strategy: edge cases made from the declaration of the collection it consolidates, and recorded rows.

use super::RecordedJob;
use memstrata_runtime::{StrategySpec, UnitSpec};
use memstrata_store::{CollectionSpec, Condition, FieldSpec, FieldType, SYSTEM_FIELDS};
use serde_json::{Map, Value, json};

/// Rows a strategy is asked about.
pub(super) struct Job {
    /// What checks call it.
    pub(super) name: String,
    pub(super) rows: Vec<Map<String, Value>>,
    /// Made up from the declaration: it may be that no unit comes of it.
    pub(super) made_up: bool,
}

/// Of the job with a few rows.
const FEW: u64 = 24;
/// The time of the first made-up row: 2025-11-24T16:00:00Z.
const BEGIN: u64 = 1_764_000_000_000;
const MINUTE: u64 = 60_000;
/// The largest integer JSON carries exactly.
const MOST_INTEGER: i64 = (1 << 53) - 1;
/// Bytes of the longest made-up text.
const LONG: usize = 20_000;

/// What made-up rows are like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// As a careful writer fills them.
    Plain,
    /// Texts nobody expects.
    Odd,
    /// Only what must be there.
    Sparse,
    /// The least and the greatest values.
    Extreme,
    /// All the same.
    Equal,
}

/// Texts nobody expects.
const ODD: [&str; 14] = [
    "",
    " \t\r\n ",
    "\u{0}\u{1}\u{7}\u{1b}[31m\u{7f}",
    "\u{202e}txet desrever",
    "e\u{301}a\u{308} \u{200b}\u{200d}\u{feff}",
    "🦀 👩‍👩‍👧‍👦 \u{1f1e9}\u{1f1ea}",
    "\u{ffff}\u{10ffff}",
    "\"quoted\" \\ back \u{2028} {\"json\": [",
    "日本語のテキスト。句読点、あり",
    "naïve Straße İstanbul ǅ ﬁ ß",
    "' OR 1=1 -- %s ${x} {{y}} <b>",
    "m:1 new:0 m:99999999",
    "a\nb\r\nc\u{85}d",
    "NaN null undefined None -0 1e999",
];

/// Subjects and objects of plain texts: some words come again, as they do in life.
const WORDS: [&str; 10] =
    ["parser", "database", "migration", "release", "test suite", "cache", "login page", "report", "index", "backup"];
const DEEDS: [&str; 7] =
    ["wrote the", "fixed the", "reviewed the", "broke the", "measured the", "asked about the", "removed the"];

/// Makes rows that fit a collection, and the strategy's filter as far as it can be met.
struct Maker<'a> {
    collection: &'a CollectionSpec,
    strategy: &'a StrategySpec,
    /// Values the filter wants.
    wanted: Map<String, Value>,
}

/// The edge cases, from nothing to much.
pub(super) fn edge_cases(collection: &CollectionSpec, strategy: &StrategySpec, many: u64) -> Vec<Job> {
    let maker = Maker::new(collection, strategy);
    let job = |name: &str, kind, count| Job {
        name: name.to_owned(),
        rows: (0..count).map(|nth| maker.row(nth, kind, count)).collect(),
        made_up: true,
    };
    vec![
        job("no rows", Kind::Plain, 0),
        job("one row", Kind::Plain, 1),
        job("a few rows", Kind::Plain, FEW),
        job("odd texts", Kind::Odd, ODD.len() as u64 + 2),
        job("missing fields", Kind::Sparse, FEW),
        job("extreme numbers", Kind::Extreme, FEW),
        job("equal rows", Kind::Equal, 6),
        job("many rows", Kind::Plain, many),
    ]
}

/// Reads recorded rows.
///
/// # Errors
/// What is wrong with the first line that is none, and where.
pub(super) fn recorded(job: &RecordedJob, collection: &CollectionSpec, strategy: &StrategySpec) -> Result<Job, String> {
    let maker = Maker::new(collection, strategy);
    let mut rows = Vec::new();
    for (nth, line) in job.lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let told = |fault: String| format!("line {}: {fault}", nth + 1);
        let row: Value = serde_json::from_str(line).map_err(|error| told(format!("it is no JSON: {error}")))?;
        let Value::Object(mut row) = row else { return Err(told("a row is a JSON object".into())) };
        // What the host says of a stored row is not written again; where it holds, and since when, is.
        let kept = ["namespace", "valid_from", "valid_to"];
        row.retain(|field, value| {
            !value.is_null() && (!SYSTEM_FIELDS.contains(&field.as_str()) || kept.contains(&field.as_str()))
        });
        for field in row.keys().filter(|field| !kept.contains(&field.as_str())) {
            if !collection.fields.contains_key(field) {
                return Err(told(format!("`{}` has no field `{field}`", strategy.collection)));
            }
        }
        for (field, value) in maker.row(rows.len() as u64, Kind::Sparse, FEW) {
            let required = collection.fields.get(&field).is_some_and(|spec| spec.required && spec.default.is_none());
            if required && !row.contains_key(&field) {
                row.insert(field, value);
            }
        }
        rows.push(row);
    }
    Ok(Job { name: job.name.clone(), rows, made_up: false })
}

impl<'a> Maker<'a> {
    fn new(collection: &'a CollectionSpec, strategy: &'a StrategySpec) -> Self {
        let mut wanted = Map::new();
        let filter = strategy.filter.as_ref().and_then(|filter| Condition::parse(&filter.to_string()).ok());
        if let Some(filter) = &filter {
            meet(filter, collection, &mut wanted);
        }
        Self { collection, strategy, wanted }
    }

    /// The nth row of a job of `count` rows. Where units are rows with the same value, there are ten of them, or less.
    fn row(&self, nth: u64, kind: Kind, count: u64) -> Map<String, Value> {
        let in_unit = (count / 10).max(FEW / 3);
        let mut row = Map::new();
        for (name, field) in &self.collection.fields {
            let value = match self.wanted.get(name) {
                Some(value) => value.clone(),
                None => self.value(name, field, nth, (kind, in_unit)),
            };
            if !value.is_null() {
                row.insert(name.clone(), value);
            }
        }
        row
    }

    fn value(&self, name: &str, field: &FieldSpec, nth: u64, (kind, in_unit): (Kind, u64)) -> Value {
        let unique = self.collection.unique.values().any(|fields| fields.iter().any(|one| one == name));
        // The host makes the digest, but where that of different texts would be the same.
        if field.digest_of.is_some() && !(unique && matches!(kind, Kind::Equal | Kind::Odd)) {
            return Value::Null;
        }
        if unique && field.kind == FieldType::Text && field.values.is_none() {
            return json!(format!("{:064x}", nth + 1));
        }
        if kind == Kind::Sparse && !field.required {
            return Value::Null;
        }
        if let Some(values) = &field.values {
            let at = if kind == Kind::Equal { 0 } else { nth as usize % values.len().max(1) };
            return values.get(at).map_or(Value::Null, |value| json!(value));
        }
        let nth_of_kind = if kind == Kind::Equal && !unique { 0 } else { nth };
        self.grouped(name, field, nth_of_kind, (kind, in_unit))
            .unwrap_or_else(|| self.of_type(name, field, nth_of_kind, kind))
    }

    /// The value of a field by which units are cut or ordered.
    fn grouped(&self, name: &str, field: &FieldSpec, nth: u64, (kind, in_unit): (Kind, u64)) -> Option<Value> {
        let time = match &self.strategy.units {
            UnitSpec::Field { field: shared, .. } if shared == name => {
                return match field.kind {
                    FieldType::Text if kind == Kind::Odd => Some(odd(field, nth / 4)),
                    FieldType::Text => Some(json!(format!("unit-{}", nth / in_unit))),
                    FieldType::Integer => Some(json!(nth / in_unit)),
                    _ => None,
                };
            }
            UnitSpec::Field { order, .. } | UnitSpec::Page { order } if order == name => BEGIN + nth * MINUTE,
            UnitSpec::Window { field: window, every_ms } if window == name => BEGIN + nth * (every_ms / in_unit).max(1),
            _ => return None,
        };
        (kind != Kind::Extreme && matches!(field.kind, FieldType::Time | FieldType::Integer | FieldType::Number))
            .then(|| json!(time))
    }

    fn of_type(&self, name: &str, field: &FieldSpec, nth: u64, kind: Kind) -> Value {
        let pick = |choices: &[Value]| choices.get(nth as usize % choices.len().max(1)).cloned().unwrap_or_default();
        let view = self.collection.recall.as_ref();
        // By declaration it says how far to believe a row, 0 to 1.
        if view.is_some_and(|view| view.trust.as_deref() == Some(name)) {
            return if kind == Kind::Extreme { pick(&[json!(0.0), json!(1.0), json!(5e-324)]) } else { json!(0.9) };
        }
        match (field.kind, kind) {
            (FieldType::Text, Kind::Odd) => odd(field, nth),
            (FieldType::Text, _) => json!(sentence(nth)),
            (FieldType::Integer, Kind::Extreme) => {
                pick(&[json!(MOST_INTEGER), json!(-MOST_INTEGER), json!(0), json!(-1)])
            }
            (FieldType::Integer, _) => json!(nth % 100),
            (FieldType::Number, Kind::Extreme) => {
                pick(&[json!(1e300), json!(-1e300), json!(5e-324), json!(-0.0), json!(0.1)])
            }
            (FieldType::Number, _) => json!((nth % 10) as f64 / 10.0),
            (FieldType::Time, Kind::Extreme) => pick(&[json!(0), json!(MOST_INTEGER), json!(1)]),
            (FieldType::Time, _) => json!(BEGIN + nth * MINUTE),
            (FieldType::Boolean, _) => json!(nth.is_multiple_of(2)),
            (FieldType::List, Kind::Odd) => json!(ODD),
            (FieldType::List, Kind::Extreme) => pick(&[json!([]), json!([MOST_INTEGER, 1e300])]),
            (FieldType::List, _) => json!([turn(&WORDS, nth)]),
            (FieldType::Json, Kind::Odd | Kind::Extreme) => {
                pick(&[json!([[[[]]]]), json!({"": {"a": [1e300, null]}}), json!(""), json!(false)])
            }
            (FieldType::Json, _) => json!({ "nth": nth }),
            // The rows of a job cite nothing, but where they must.
            (FieldType::Ref, _) if field.required => json!(1),
            (FieldType::Ref, _) => Value::Null,
        }
    }
}

/// A sentence; no two of the first thousands are equal.
fn sentence(nth: u64) -> String {
    format!("{} {}, {nth} of many", turn(&DEEDS, nth), turn(&WORDS, nth / 3))
}

/// The words of a list in turn.
fn turn(words: &[&'static str], nth: u64) -> &'static str {
    words.get(nth as usize % words.len().max(1)).copied().unwrap_or_default()
}

/// One of the odd texts, then a long one of letters, and a long one without a blank.
fn odd(field: &FieldSpec, nth: u64) -> Value {
    let most = field.max_bytes.unwrap_or(LONG).min(LONG);
    let text = match ODD.get(nth as usize) {
        Some(text) => (*text).to_owned(),
        None if nth.is_multiple_of(2) => "word ".repeat(most / 5),
        None => "é".repeat(most / 2),
    };
    if text.len() > most { json!("") } else { json!(text) }
}

/// Values with which a condition holds, as far as they are easily found.
fn meet(condition: &Condition, collection: &CollectionSpec, wanted: &mut Map<String, Value>) {
    match condition {
        Condition::All(all) => all.iter().for_each(|one| meet(one, collection, wanted)),
        Condition::Any(any) => any.iter().take(1).for_each(|one| meet(one, collection, wanted)),
        Condition::Not(_) => {}
        Condition::Compare { field, operator, value } => {
            let moved = |by: f64| match value.as_i64() {
                Some(integer) => json!(integer + by as i64),
                None => value.as_f64().map_or(Value::Null, |number| json!(number + by)),
            };
            let found = match operator.as_str() {
                "=" | "<=" | ">=" | "prefix" | "contains" => value.clone(),
                ">" => moved(1.0),
                "<" => moved(-1.0),
                "in" => value.get(0).cloned().unwrap_or_default(),
                "has" => json!([value]),
                "!=" => {
                    let values = collection.fields.get(field).and_then(|spec| spec.values.as_ref());
                    match values.into_iter().flatten().find(|other| json!(other) != *value) {
                        Some(other) => json!(other),
                        None => return,
                    }
                }
                _ => return,
            };
            wanted.insert(field.clone(), found);
        }
    }
}
