//! Patches without ids: the number of each row in its job stands for its id, so that patches over two spaces can be compared.

use memstrata_runtime::Patch;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// Numbers of rows, by id.
pub(super) struct Labels {
    pub(super) rows: HashMap<u64, usize>,
    /// Fields whose values are ids.
    pub(super) refs: BTreeSet<String>,
}

impl Labels {
    /// The steps of a patch, and last its measures. Lists of ids are sets: they are sorted.
    pub(super) fn of(&self, patch: &Patch) -> Vec<Value> {
        let steps = patch.steps.iter().map(|step| match serde_json::to_value(step).unwrap_or_default() {
            Value::Object(fields) => fields
                .into_iter()
                .map(|(field, value)| {
                    let value = self.part(&field, value);
                    (field, value)
                })
                .collect(),
            other => other,
        });
        steps.chain([json!(patch.measures)]).collect()
    }

    fn part(&self, field: &str, value: Value) -> Value {
        match value {
            Value::Array(ids) if matches!(field, "evidence" | "rows" | "to") => {
                let mut ids: Vec<Value> = ids.into_iter().map(|id| self.id(id)).collect();
                ids.sort_by_key(Value::to_string);
                json!(ids)
            }
            Value::Number(_) if field == "row" || self.refs.contains(field) => self.id(value),
            Value::Object(fields) => fields
                .into_iter()
                .map(|(field, value)| {
                    let value = self.part(&field, value);
                    (field, value)
                })
                .collect(),
            other => self.text(other),
        }
    }

    fn id(&self, id: Value) -> Value {
        match id.as_u64().and_then(|id| self.rows.get(&id)) {
            Some(label) => json!(format!("row {label}")),
            None => id,
        }
    }

    /// A text that names rows, `m:42`, wherever it does.
    fn text(&self, value: Value) -> Value {
        match value {
            Value::String(text) => {
                let mut parts = text.split("m:");
                let mut named = parts.next().unwrap_or_default().to_owned();
                for part in parts {
                    let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
                    let (digits, rest) = part.split_at(end);
                    match digits.parse().ok().and_then(|id: u64| self.rows.get(&id)) {
                        Some(label) => named.push_str(&format!("row {label}{rest}")),
                        None => named.push_str(&format!("m:{part}")),
                    }
                }
                json!(named)
            }
            Value::Array(items) => items.into_iter().map(|item| self.text(item)).collect(),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_runtime::{Change, RowName, Step};

    #[test]
    fn a_row_is_named_by_its_number_wherever_a_patch_names_it() {
        let labels = Labels { rows: HashMap::from([(41, 0), (42, 1)]), refs: BTreeSet::from(["supersedes".into()]) };
        let step =
            |change, evidence: &[u64]| Step { change, evidence: evidence.to_vec(), reason: "m:41, m:7 and m:".into() };
        let row = json!({"n": 42, "supersedes": 42, "content": "of m:42"});
        let create = Change::Create { collection: "a.b".into(), row: row.as_object().cloned().unwrap_or_default() };
        let patch = Patch {
            steps: vec![step(create, &[42, 41]), step(Change::Supersede { row: 41, by: RowName::Row(42) }, &[])],
            ..Patch::default()
        };
        let told = labels.of(&patch);
        assert_eq!(told[0]["evidence"], json!(["row 0", "row 1"]));
        assert_eq!(told[0]["row"], json!({"n": 42, "supersedes": "row 1", "content": "of row 1"}));
        assert_eq!(told[0]["reason"], "row 0, m:7 and m:");
        assert_eq!((&told[1]["row"], &told[1]["by"]), (&json!("row 0"), &json!("row 1")));
        assert_eq!(told.len(), 3);
    }
}
