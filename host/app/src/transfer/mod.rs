//! What other memories wrote, read as records of four kinds; the configuration says which operation takes each.

mod foreign;
mod format;
pub(crate) mod markdown;
mod report;

pub(crate) use format::{Content, Format, HEADER, Reading, read};
pub(crate) use report::Report;

use indexmap::IndexMap;
use memstrata_kernel::ExportedRow;
use serde::Deserialize;
use serde_json::{Map, Value};

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Kind {
    /// A thing with a name: `name`, `type`, `observations`
    Entity,
    /// How one thing stands to another: `from`, `type`, `to`
    Relation,
    /// Something known: `text`, and `time`, `tags`, `namespace`, `topic`
    Memory,
    /// Something that happened: as a memory, with `session`, `event_type`, `id`
    Event,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Entity, Self::Relation, Self::Memory, Self::Event];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Entity => "entity",
            Self::Relation => "relation",
            Self::Memory => "memory",
            Self::Event => "event",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One thing to remember.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    pub(crate) kind: Kind,
    /// Its fields, as [`Kind`] names them; others may be there too.
    pub(crate) fields: Map<String, Value>,
    /// Where it stands in the file, for people.
    pub(crate) place: String,
}

/// A call of an operation, as a file of calls has it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    /// `layer.operation`, or a tool's name.
    pub(crate) operation: String,
    #[serde(default)]
    pub(crate) arguments: Map<String, Value>,
}

/// A row of our own export and where it stands.
pub(crate) type PlacedRow = (ExportedRow, String);

/// Which operation takes a kind of record: a section `[imports.KIND]` of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Import {
    /// `layer.operation`.
    pub(crate) operation: String,
    /// The argument that takes a list of records; without one each record is a call.
    #[serde(default)]
    pub(crate) list: Option<String>,
    /// Records in one call.
    #[serde(default = "one")]
    pub(crate) size: usize,
    /// Arguments of the record: their name, and the field of the record that becomes it.
    pub(crate) arguments: IndexMap<String, String>,
    /// The argument that takes the fields nobody named, as an object.
    #[serde(default)]
    pub(crate) rest: Option<String>,
}

fn one() -> usize {
    1
}

impl Import {
    /// A record's arguments, and the names of its fields that have no place in them.
    pub(crate) fn arguments(&self, record: &Record) -> (Map<String, Value>, Vec<String>) {
        let mut left = record.fields.clone();
        let mut arguments = Map::new();
        for (argument, field) in &self.arguments {
            if let Some(value) = left.remove(field)
                && !value.is_null()
            {
                arguments.insert(argument.clone(), value);
            }
        }
        left.retain(|_, value| !value.is_null());
        match &self.rest {
            Some(rest) if !left.is_empty() => {
                arguments.insert(rest.clone(), Value::Object(left));
                (arguments, Vec::new())
            }
            _ => (arguments, left.into_iter().map(|(name, _)| name).collect()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_become_arguments_and_what_has_no_place_is_told() {
        let mut import: Import =
            toml::from_str("operation = \"diary.write\"\narguments = { content = \"text\", at = \"time\" }").unwrap();
        let fields = json!({"text": "tea", "time": null, "mood": "calm", "gone": null}).as_object().unwrap().clone();
        let record = Record { kind: Kind::Memory, fields, place: "line 1".into() };
        let (arguments, dropped) = import.arguments(&record);
        assert_eq!(Value::from(arguments), json!({"content": "tea"}));
        assert_eq!(dropped, ["mood"]);
        import.rest = Some("metadata".into());
        let (arguments, dropped) = import.arguments(&record);
        assert_eq!(Value::from(arguments), json!({"content": "tea", "metadata": {"mood": "calm"}}));
        assert!(dropped.is_empty());
    }
}
