//! Collections: what a manifest declares, checked, and what the host makes of it.

use crate::error::{Result, StoreError};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The fields every row carries besides its declared ones.
pub const SYSTEM_FIELDS: [&str; 10] = [
    "id",
    "version",
    "namespace",
    "created_at",
    "updated_at",
    "deleted_at",
    "valid_from",
    "valid_to",
    "sources",
    "component",
];

/// A collection as a manifest declares it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CollectionSpec {
    /// One sentence.
    #[serde(default)]
    pub summary: String,
    /// The declared fields, in the author's order.
    pub fields: IndexMap<String, FieldSpec>,
    /// Lists of fields, each an index.
    #[serde(default)]
    pub indexes: Vec<Vec<String>>,
    /// Named lists of fields that no two live rows share.
    #[serde(default)]
    pub unique: BTreeMap<String, Vec<String>>,
    /// How rows show up in a recall over all layers.
    #[serde(default)]
    pub recall: Option<RecallView>,
    /// Rows found by their neighbours too.
    #[serde(default)]
    pub sequence: Option<Sequence>,
    /// Its rows are raw evidence: a consolidation may mark them, and never changes or ends one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub raw: bool,
    /// Fields a consolidation may set on any row: notes on what was done with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<String>,
}

/// A declared field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldSpec {
    /// The type of its values.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether a row must have it.
    #[serde(default)]
    pub required: bool,
    /// Its value when an inserted row has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
    /// The closed list of a text field's values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
    /// Full-text search.
    #[serde(default)]
    pub search: bool,
    /// A vector, made by the host on write.
    #[serde(default)]
    pub embed: bool,
    /// The longest value of a text, list or json field, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<usize>,
    /// A text field whose SHA-256 (hex, runs of white space as one blank) the host puts here where a writer gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest_of: Option<String>,
}

/// The longest value when a field does not say: 50 KB.
pub(crate) const DEFAULT_MAX_BYTES: usize = 50 * 1024;
/// The longest value a field may ask for: 1 MiB.
const MOST_BYTES: usize = 1 << 20;

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// UTF-8 text.
    Text,
    /// An integer within 2^53-1.
    Integer,
    /// A finite number.
    Number,
    /// True or false.
    Boolean,
    /// Milliseconds UTC.
    Time,
    /// The id of a row.
    Ref,
    /// A JSON list of strings or numbers.
    List,
    /// Any JSON.
    Json,
}

impl FieldType {
    /// The type of its column.
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Text | Self::List | Self::Json => "TEXT",
            Self::Integer | Self::Boolean | Self::Time | Self::Ref => "INTEGER",
            Self::Number => "REAL",
        }
    }
}

/// The fields a recall over all layers shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecallView {
    /// What was remembered.
    pub text: String,
    /// A short name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// When it happened; `created_at` otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// How far to believe it, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<String>,
    /// What sort of memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// A conversation or a log: rows with one key, in an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// The field that names the sequence.
    pub key: String,
    /// The field that orders it.
    pub order: String,
}

impl CollectionSpec {
    /// Every fault of the declaration, in words.
    #[must_use]
    pub fn faults(&self, name: &str) -> Vec<String> {
        let mut faults = Vec::new();
        let mut say = |fault: String| faults.push(format!("collection `{name}`: {fault}"));
        if !is_name(name, 31) {
            say("its name must be [a-z][a-z0-9_]{0,30} without `__`".into());
        }
        if self.fields.is_empty() {
            say("it declares no fields".into());
        }
        for (field, spec) in &self.fields {
            if !is_name(field, 40) || SYSTEM_FIELDS.contains(&field.as_str()) {
                say(format!("field `{field}` must be [a-z][a-z0-9_]{{0,39}} and no system field"));
            }
            if (spec.search || spec.embed || spec.values.is_some()) && spec.kind != FieldType::Text {
                say(format!("field `{field}`: search, embed and values are for text"));
            }
            if spec.max_bytes.is_some_and(|most| most > MOST_BYTES) {
                say(format!("field `{field}`: max_bytes is at most {MOST_BYTES}"));
            }
            let text = |name: &String| self.fields.get(name).is_some_and(|field| field.kind == FieldType::Text);
            if spec.digest_of.as_ref().is_some_and(|source| spec.kind != FieldType::Text || !text(source)) {
                say(format!("field `{field}`: digest_of is for text and names a text field"));
            }
            if let Some(default) = &spec.default
                && let Err(error) = crate::row::to_sql(field, spec, default)
            {
                say(format!("field `{field}`: its default does not fit: {error}"));
            }
        }
        if self.fields.values().filter(|spec| spec.embed).count() > 1 {
            say("one field may be embedded, not more".into());
        }
        let known = |field: &str| self.fields.contains_key(field) || SYSTEM_FIELDS.contains(&field);
        let view = self.recall.iter().flat_map(|view| {
            [Some(&view.text), view.title.as_ref(), view.time.as_ref(), view.trust.as_ref(), view.kind.as_ref()]
        });
        let used = (self.indexes.iter().flatten())
            .chain(self.unique.values().flatten())
            .chain(view.flatten())
            .chain(self.sequence.iter().flat_map(|sequence| [&sequence.key, &sequence.order]))
            .chain(&self.marks);
        for field in used.filter(|field| !known(field)) {
            say(format!("there is no field `{field}`"));
        }
        if self.sequence.is_some() && !self.fields.values().any(|spec| spec.search) {
            say("a sequence needs a field with search".into());
        }
        for (key, fields) in &self.unique {
            if !is_name(key, 40) || fields.is_empty() {
                say(format!("unique key `{key}` must be [a-z][a-z0-9_]{{0,39}} and name at least one field"));
            }
        }
        faults
    }

    /// Why `newer` cannot take this one's place without losing rows, in words; empty if it can.
    pub(crate) fn breaks(&self, newer: &Self) -> Vec<String> {
        let mut faults = Vec::new();
        for (field, old) in &self.fields {
            match newer.fields.get(field) {
                None => faults.push(format!("field `{field}` is gone")),
                Some(new) if new.kind != old.kind => faults.push(format!("field `{field}` has another type")),
                Some(new) if new.embed != old.embed || new.search != old.search => {
                    faults.push(format!("field `{field}` changed `search` or `embed`"));
                }
                Some(new) if new.required && !old.required => {
                    faults.push(format!("field `{field}` became required"));
                }
                Some(_) => {}
            }
        }
        for (field, new) in &newer.fields {
            if !self.fields.contains_key(field) && (new.required && new.default.is_none() || new.search || new.embed) {
                faults.push(format!("new field `{field}` must be optional, without `search` and `embed`"));
            }
        }
        if newer.unique != self.unique {
            faults.push("unique keys changed".into());
        }
        if newer.sequence != self.sequence {
            faults.push("`sequence` changed".into());
        }
        faults
    }
}

/// Whether a text is a lower-case name of at most `most` bytes without a double underscore.
#[must_use]
pub(crate) fn is_name(text: &str, most: usize) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && text.len() <= most
        && !text.contains("__")
}

/// A column of a collection's table.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: FieldType,
}

/// Positions of the system columns in [`Collection::columns`].
pub(crate) mod at {
    pub(crate) const ID: usize = 0;
    pub(crate) const VERSION: usize = 1;
    pub(crate) const NAMESPACE: usize = 2;
    pub(crate) const CREATED: usize = 3;
    pub(crate) const UPDATED: usize = 4;
    pub(crate) const DELETED: usize = 5;
    pub(crate) const VALID_FROM: usize = 6;
    pub(crate) const VALID_TO: usize = 7;
    pub(crate) const SOURCES: usize = 8;
    pub(crate) const COMPONENT: usize = 9;
    pub(crate) const FIELDS: usize = 10;
}

/// A collection of a space: its declaration and the names of its tables.
#[derive(Debug)]
pub struct Collection {
    /// Its number in the space: what the journal and the id table say.
    pub(crate) number: i64,
    /// The layer that owns it.
    pub(crate) layer: String,
    /// `layer.collection`.
    pub(crate) name: String,
    pub(crate) spec: CollectionSpec,
    /// System columns, then the declared fields.
    pub(crate) columns: Vec<Column>,
    /// The table of live and soft-deleted rows; quoted names hang on it.
    pub(crate) table: String,
    /// Declared text fields with search.
    pub(crate) searched: Vec<usize>,
    /// The embedded field.
    pub(crate) embedded: Option<usize>,
}

impl Collection {
    pub(crate) fn new(number: i64, layer: &str, name: &str, spec: CollectionSpec) -> Self {
        let system = SYSTEM_FIELDS.iter().map(|name| Column {
            name: (*name).to_owned(),
            kind: match *name {
                "namespace" | "component" => FieldType::Text,
                "sources" => FieldType::List,
                "id" | "version" => FieldType::Integer,
                _ => FieldType::Time,
            },
        });
        let declared = spec.fields.iter().map(|(name, field)| Column { name: name.clone(), kind: field.kind });
        let place = |chosen: fn(&FieldSpec) -> bool| {
            (spec.fields.values().enumerate())
                .filter(move |(_, field)| chosen(field))
                .map(|(index, _)| index + at::FIELDS)
        };
        Self {
            number,
            layer: layer.to_owned(),
            name: format!("{layer}.{name}"),
            columns: system.chain(declared).collect(),
            table: format!("{layer}__{name}"),
            searched: place(|field| field.search).collect(),
            embedded: place(|field| field.embed).next(),
            spec,
        }
    }

    /// `layer.collection`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The layer that owns it.
    #[must_use]
    pub fn layer(&self) -> &str {
        &self.layer
    }

    /// Its declaration.
    #[must_use]
    pub fn spec(&self) -> &CollectionSpec {
        &self.spec
    }

    /// Whether a new row fits: its fields are known, of their types, and none that is required is missing.
    ///
    /// # Errors
    /// `invalid.argument` or `limit.text`, naming the field.
    pub fn check_row(&self, row: &serde_json::Map<String, serde_json::Value>) -> Result<()> {
        crate::row::new_values(self, row).map(drop)
    }

    /// Whether some fields of a row may be set to these values.
    ///
    /// # Errors
    /// As [`Collection::check_row`].
    pub fn check_fields(&self, fields: &serde_json::Map<String, serde_json::Value>) -> Result<()> {
        crate::row::settable(self, fields).map(drop)
    }

    /// The place of a field in [`Collection::columns`].
    pub(crate) fn column(&self, field: &str) -> Result<(usize, &Column)> {
        (self.columns.iter().enumerate())
            .find(|(_, column)| column.name == field)
            .ok_or_else(|| StoreError::Condition(format!("`{}` has no field `{field}`", self.name)))
    }

    /// All columns, quoted, comma-separated, with a prefix such as `t.`.
    pub(crate) fn column_list(&self, prefix: &str) -> String {
        let mut list = String::new();
        for column in &self.columns {
            if !list.is_empty() {
                list.push(',');
            }
            list.push_str(prefix);
            list.push('"');
            list.push_str(&column.name);
            list.push('"');
        }
        list
    }

    /// The name of the temporary table of a call's staged rows. Its fields are in the name: connections outlive a migration.
    pub(crate) fn staged_table(&self) -> String {
        format!("{}__staged_{}", self.table, self.columns.len())
    }

    /// Whether a column has a value in every row. A required field has: one that comes later must have a default.
    pub(crate) fn is_never_null(&self, place: usize) -> bool {
        let declared = place.checked_sub(at::FIELDS).and_then(|field| self.spec.fields.get_index(field));
        place <= at::UPDATED || declared.is_some_and(|(_, spec)| spec.required)
    }

    /// The column of the recall view's time.
    pub(crate) fn time_column(&self) -> &str {
        (self.spec.recall.as_ref()).and_then(|view| view.time.as_deref()).unwrap_or("created_at")
    }
}
